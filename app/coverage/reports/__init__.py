"""Reports the province signs: drafted from the figures, edited, frozen when they are issued."""
