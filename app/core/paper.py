"""Papers of ours, whichever domain makes them: archival PDFs in one typeface, laid out by Typst templates."""

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from app.core.settings import ROOT

# Loaded with the first paper made: 7 MB, needed where papers are.
if TYPE_CHECKING:
    import typst

FONTS = ROOT / "app" / "core" / "fonts"


def typeset(template: Path, given: Mapping[str, Any], *imported: Path) -> bytes:
    """What `template` makes of `given`, which it reads as given.json, as PDF/A-2a and PDF/UA-1; the same each time.

    `imported`: the templates it takes something from.
    """
    import typst

    files = {"main": template.read_bytes(), "given.json": json.dumps(given).encode()}
    files |= {path.name: path.read_bytes() for path in imported}
    # The stubs do not know that several files may be given.
    several = cast(Any, files)
    return typst.compile(several, font_paths=fonts(), ignore_system_fonts=True, pdf_standards=["a-2a", "ua-1"])


def forget_recent() -> None:
    """Let go of what Typst keeps of its last ten papers, in case they come again: 60 MB of one with 500 QR codes."""
    import typst

    for _other in range(11):
        typst.compile(b"")


@lru_cache(maxsize=1)
def fonts() -> "typst.Fonts":
    """These fonts and no others."""
    import typst

    return typst.Fonts(include_system_fonts=False, font_paths=[str(FONTS)])
