"""In which qualities a video may be watched, and what each costs to download."""

from collections.abc import Iterable
from dataclasses import dataclass

from app.media.ladder import SOUND, first_name
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
    found = []
    for file in renditions:
        stem = file.name.removesuffix(".m4s")
        if stem != file.name:
            rung = first_name(file.name).removesuffix(".m4s")
            side_px = 0 if rung == SOUND.name else min(file.width or 0, file.height or 0)
            found.append(Quality(rung, side_px, file.size, f"{stem}.m3u8"))
    return tuple(sorted(found, key=lambda quality: -quality.side_px))
