"""The pages where figures are read."""
