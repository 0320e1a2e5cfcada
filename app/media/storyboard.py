"""Small pictures of a whole video on one sheet: the row under the video by which one finds a place in it.

One picture for every so many seconds, row by row. The name of the file says how many seconds, its size how large.
"""

import io
import re
from dataclasses import dataclass
from math import ceil, floor
from pathlib import Path
from typing import Any

from PIL import Image

from app.media.images import Picture

COLUMNS = 10
# A video shorter than this is seen sooner than searched.
SHORTEST_S = 20
# However long the video: a sheet stays near 100 kB (measured: 52 slides full of words 104, 50 grainy pictures 76).
MOST_PICTURES = 60
_SHORTEST_STEP_S = 2
_BOX_PX = (160, 120)
SHEET_NAME = "storyboard.bmp"
_NAME = re.compile(r"storyboard-(\d+)s\b")


@dataclass(frozen=True)
class Storyboard:
    """A sheet of `count` pictures of `width` by `height` pixels, COLUMNS in a row, one for every `every_s` seconds."""

    every_s: int
    count: int
    width: int
    height: int

    @property
    def rows(self) -> int:
        return ceil(self.count / COLUMNS)

    @property
    def name(self) -> str:
        return f"storyboard-{self.every_s}s.webp"


def storyboard(duration_s: float, width: int, height: int) -> Storyboard | None:
    """The sheet for a video of that size; none for a short one."""
    if duration_s < SHORTEST_S:
        return None
    every_s = max(_SHORTEST_STEP_S, ceil(duration_s / MOST_PICTURES))
    scale = min(_BOX_PX[0] / width, _BOX_PX[1] / height, 1)
    return Storyboard(every_s, _count(duration_s, every_s), max(2, round(width * scale)), max(2, round(height * scale)))


def read_name(name: str, duration_s: float, sheet_width: int, sheet_height: int) -> Storyboard | None:
    """The sheet a file of that name and size in pixels is; none if it is no storyboard."""
    found = _NAME.match(name)
    if not found:
        return None
    every_s = int(found[1])
    count = _count(duration_s, every_s)
    return Storyboard(every_s, count, sheet_width // COLUMNS, sheet_height // ceil(count / COLUMNS))


def drawn(picture: Any, board: Storyboard) -> Any:
    """The filters that make the one picture of the sheet of a video's pictures."""
    # Rounded up, a moment of the sheet is the picture that was shown at that moment.
    chosen = picture.filter("fps", f"1/{board.every_s}", round="up")
    return chosen.filter("scale", board.width, board.height).filter("tile", f"{COLUMNS}x{board.rows}")


OPTIONS: dict[str, Any] = {"f": "image2", "c:v": "bmp", "frames:v": 1, "update": 1}


def encoded(sheet: Path) -> Picture:
    """The sheet ffmpeg drew, made small."""
    with Image.open(sheet, formats=["BMP"]) as image:
        data = io.BytesIO()
        image.convert("RGB").save(data, "WEBP", quality=40, method=2)
        return Picture(data.getvalue(), "image/webp", image.width, image.height)


def _count(duration_s: float, every_s: int) -> int:
    # A picture of the last tenth of a second may be missing from the file.
    return floor(max(duration_s - 0.1, 0) / every_s) + 1
