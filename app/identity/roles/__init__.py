"""Roles given at a unit, with their days, and the pages that show them."""
