"""A second reading of DESIGN 5 that shares no code with the first: what every figure should be, and what differs."""
