"""Figures anybody may take: by month, without people, small counts hidden (docs/open-data.md)."""
