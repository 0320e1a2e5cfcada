"""The words of a caption file, for reading instead of watching and for those who cannot hear."""

import re
from html import unescape

from app.media.captions import read_captions

_TAG = re.compile(r"</?[ibu]>")


def spoken_lines(captions: bytes, file_name: str) -> list[str]:
    """One line a cue, as plain text. Raises media's CaptionsInvalid."""
    return [" ".join(unescape(_TAG.sub("", cue.text)).split()) for cue in read_captions(captions, file_name)]
