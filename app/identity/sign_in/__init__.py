"""Accounts: signing in and up, passwords, sessions, and who was here when."""
