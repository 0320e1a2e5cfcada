"""Enrolment, progress, attempts, completions."""
