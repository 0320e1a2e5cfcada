"""Lists of people worked on row by row: read, checked, mended, applied, taken back."""
