"""Rounds in which units declare results: asked, answered with papers, approved or sent back, reminded."""
