"""In which qualities a video may be watched, and what each costs to download."""

from collections.abc import Iterable
from dataclasses import dataclass

from app.media.ladder import SOUND
from app.media.models import Rendition


@dataclass(frozen=True)
class Quality:
    """One rung of a ladder as a viewer chooses it: `name` as 480p, or "audio"; `side_px` 0 for sound alone.

    `playlist` is the name of its own HLS playlist, `size` in bytes is the whole of it.
    """

    name: str
    side_px: int
    size: int
    playlist: str


def qualities(renditions: Iterable[Rendition]) -> tuple[Quality, ...]:
    """The rungs among these files, sharpest first and sound alone last; none where there is only the one file."""
    found = [
        Quality(rung, 0 if rung == SOUND.name else min(file.width or 0, file.height or 0), file.size, f"{rung}.m3u8")
        for file in renditions
        if (rung := file.name.removesuffix(".m4s")) != file.name
    ]
    return tuple(sorted(found, key=lambda quality: -quality.side_px))
