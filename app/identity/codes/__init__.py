"""One-time codes: what opens an account once, to set a password of one's own."""
