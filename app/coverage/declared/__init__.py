"""Figures somebody answers for: entered, in force, carried along lineage."""
