"""What the plans ask: indicators, their versions, populations, and what ships with the product."""
