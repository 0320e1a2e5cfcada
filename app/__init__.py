"""Học Số: a province's own open online learning platform for digital skills."""

__version__ = "0.1.0"
