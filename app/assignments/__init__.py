"""Assigning courses (giao học): who must learn what by when, who is late, who is excused, who promised."""
