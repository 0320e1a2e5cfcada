"""Word documents and presentations read into lessons; pure functions from a checked file to text and pictures."""

from app.authoring.from_office.reading import Picture, Piece, Read
from app.authoring.from_office.slides import read_presentation
from app.authoring.from_office.word import read_document

__all__ = ["Picture", "Piece", "Read", "read_document", "read_presentation"]
