"""Accounts, sign-in, people, roles down the unit tree, units with history, affiliations, imports of people."""
