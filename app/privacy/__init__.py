"""What people may ask about their own data (law 91/2025), and the desk that answers in time."""
