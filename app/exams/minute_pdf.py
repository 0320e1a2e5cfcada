"""The minute as PDF/A-2a and PDF/UA-1."""

import json
from pathlib import Path
from typing import Any, cast

import typst

from app.core.paper import fonts
from app.exams.minutes import Minute

_LAYOUT = Path(__file__).parent / "minute.typ"


def render(minute: Minute) -> bytes:
    """A4 upright."""
    files: dict[str, bytes] = {"main": _LAYOUT.read_bytes(), "minute.json": json.dumps(minute.as_json()).encode()}
    # The stubs do not know that several files may be given.
    return typst.compile(cast(Any, files), font_paths=fonts(), ignore_system_fonts=True, pdf_standards=["a-2a", "ua-1"])
