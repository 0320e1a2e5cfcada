"""Home, my learning."""
