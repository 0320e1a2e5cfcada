"""Facts media announces."""

from dataclasses import dataclass

from app.core.events import Event


@dataclass(frozen=True)
class AssetReady(Event):
    """All renditions of an asset are in place."""

    asset_id: int


@dataclass(frozen=True)
class DocumentReady(Event):
    """An office file can be shown, or only be downloaded; `words` are those of each page, or what could be read."""

    asset_id: int
    words: tuple[str, ...]
    is_paged: bool
