"""Reviewing a course before it is published (docs/studio.md): sent, decided on, talked about block by block."""
