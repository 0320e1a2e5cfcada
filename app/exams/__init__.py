"""Exams (sát hạch): sittings in a room, whoever sits them and whoever watches, results by skill, the minute."""
