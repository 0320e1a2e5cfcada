"""The texts of a paper with its own pictures and sounds in them."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.catalogue.inline import say
from app.catalogue.questions import Say
from app.media.queries import asset_views


def sayer(db: Session, paper: Mapping[str, Any]) -> Say:
    """What turns the texts of this paper into what a page shows; no query for a paper without files."""
    files: dict[str, int] = paper.get("files", {})
    views = asset_views(db, files.values()) if files else {}
    shown = {name: views[asset_id] for name, asset_id in files.items()}
    return lambda text: say(text, shown)
