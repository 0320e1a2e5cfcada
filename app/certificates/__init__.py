"""Issue, PDF, public verification."""
