"""Knows no domain: what every domain stands on."""
