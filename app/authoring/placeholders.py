"""What a start of a course leaves to be written: “[Hãy kể một tình huống có thật.]”. data/starts holds those texts."""

import re

_PLACEHOLDER = re.compile(r"\[Hãy [^\]\n]*\](?!\()")


def placeholders_in(text: str) -> list[tuple[int, str]]:
    """Each one with its line, counted from 1; a link whose words begin so is none."""
    return [
        (number, found.group())
        for number, line in enumerate(text.splitlines(), start=1)
        for found in _PLACEHOLDER.finditer(line)
    ]
