"""Settings, jobs, audit views, health."""
