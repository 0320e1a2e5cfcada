"""HTTP ranges (RFC 9110, section 14) as players use them: one range, or the whole."""

import re
from dataclasses import dataclass

_ONE_RANGE = re.compile(r"bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.IGNORECASE)


class RangeNotSatisfiable(Exception):
    """The range begins after the end of the file."""


@dataclass(frozen=True)
class Part:
    """Bytes `start` to `end` of a file, `end` exclusive."""

    start: int
    end: int


def wanted_part(header: str | None, size: int) -> Part | None:
    """The part a Range header asks for; None means the whole file.

    Several ranges and what we do not understand get the whole file, as the RFC allows. Raises RangeNotSatisfiable.
    """
    found = _ONE_RANGE.fullmatch(header or "")
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        length = min(int(last), size)
        if length == 0:
            raise RangeNotSatisfiable
        return Part(size - length, size)
    start, end = int(first), min(int(last) + 1, size) if last else size
    if last and int(last) < start:
        return None
    if start >= size:
        raise RangeNotSatisfiable
    return Part(start, end)
