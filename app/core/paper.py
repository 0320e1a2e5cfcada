"""What papers of ours are set in, whichever domain makes them."""

from functools import lru_cache
from typing import TYPE_CHECKING

from app.core.settings import ROOT

# Loaded with the first paper made: 7 MB, needed where papers are.
if TYPE_CHECKING:
    import typst

FONTS = ROOT / "app" / "core" / "fonts"


@lru_cache(maxsize=1)
def fonts() -> "typst.Fonts":
    """These fonts and no others."""
    import typst

    return typst.Fonts(include_system_fonts=False, font_paths=[str(FONTS)])
