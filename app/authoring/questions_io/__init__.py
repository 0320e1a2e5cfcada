"""Files of questions of other systems, in and out: pure functions between bytes and questions.

`read(format, content)` and `write(format, questions, files)`; what a format is called is the same on pages and in
commands. Each was written from the format's public description.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from app.authoring.questions_io import aiken, gift, moodle_writing, moodle_xml, sheet, sheet_writing
from app.authoring.questions_io.exchange import Found, LeftOut, Reading, Refused, Written
from app.catalogue.questions import Question

Files = Mapping[str, bytes]


@dataclass(frozen=True)
class Format:
    """`title` is a name and needs no translation; `carries_pictures`: the files themselves, not only their names."""

    title: str
    ending: str
    content_type: str
    read: Callable[[bytes], Reading]
    write: Callable[[Sequence[Question], Files], Written]
    carries_pictures: bool = False


FORMATS = {
    "gift": Format("GIFT", gift.ENDING, gift.CONTENT_TYPE, gift.read, lambda asked, _files: gift.write(asked)),
    "moodle-xml": Format(
        "Moodle XML", moodle_writing.ENDING, moodle_writing.CONTENT_TYPE, moodle_xml.read, moodle_writing.write, True
    ),
    "aiken": Format("Aiken", aiken.ENDING, aiken.CONTENT_TYPE, aiken.read, lambda asked, _files: aiken.write(asked)),
    "xlsx": Format(
        "Excel", sheet.ENDING, sheet.CONTENT_TYPE, sheet.read, lambda asked, _files: sheet_writing.write(asked)
    ),
}


def read(format_name: str, content: bytes) -> Reading:
    """The questions of a file, and what of it cannot be taken. Raises Invalid for a file that is not of this format."""
    return FORMATS[format_name].read(content)


def write(format_name: str, asked: Sequence[Question], files: Files | None = None) -> Written:
    """The questions as a file of this format, `files` by the names their texts use."""
    return FORMATS[format_name].write(asked, files or {})


__all__ = ["FORMATS", "Format", "Found", "LeftOut", "Reading", "Refused", "Written", "read", "write"]
