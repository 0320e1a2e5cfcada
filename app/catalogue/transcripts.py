"""The words of a caption file, for reading instead of watching and for those who cannot hear."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import unescape
from typing import Any

from app.core.text import fold
from app.media.captions import read_captions

_TAG = re.compile(r"</?[ibu]>")


@dataclass(frozen=True)
class SpokenLine:
    """What is said or shown from `start_s` on, as plain text."""

    start_s: float
    text: str


def spoken_lines(captions: bytes, file_name: str) -> list[SpokenLine]:
    """One line a cue. Raises media's CaptionsInvalid."""
    return [
        SpokenLine(cue.start_ms / 1000, " ".join(unescape(_TAG.sub("", cue.text)).split()))
        for cue in read_captions(captions, file_name)
    ]


def line_id(block_id: str, language: str, number: int) -> str:
    """What a line is called in the page of its lesson, so that an address can point at it; `number` counts from 1."""
    return f"{block_id}-{language}-{number}"


def place_of(blocks: Iterable[Mapping[str, Any]], words: str) -> str:
    """The `line_id` of the first line in the stored blocks that holds the folded words; empty if none does."""
    for block in blocks:
        for language, track in block.get("tracks", {}).items():
            for number, line in enumerate(track["lines"], start=1):
                if words in fold(line):
                    return line_id(block["id"], language, number)
    return ""
