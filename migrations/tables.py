"""Imports every table, so that the metadata is whole for migrations and their test."""

from importlib import import_module

from app.core import access, audit, jobs, limiting
from app.core.settings import ROOT

for _models in sorted((ROOT / "app").glob("*/*models.py")):
    import_module(f"app.{_models.parent.name}.{_models.stem}")


def is_compared(_item: object, name: str | None, kind: str, reflected: bool, _other: object) -> bool:
    """Whether alembic compares it with the models: all but what search has on PostgreSQL alone (0003)."""
    return not (kind in ("index", "column") and reflected and (name or "").startswith("search_"))


__all__ = ["access", "audit", "is_compared", "jobs", "limiting"]
