"""Facts media announces."""

from dataclasses import dataclass

from app.core.events import Event


@dataclass(frozen=True)
class AssetReady(Event):
    """All renditions of an asset are in place."""

    asset_id: int
