"""Statements are compiled once in a process, not once for each test's database: that was a tenth of the CPU or more."""

from typing import Any

from sqlalchemy import Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

_KEPT = 1500
_compiled: dict[type, LRUCache[Any, Any]] = {}


def share_compiled() -> None:
    """What one engine has compiled serves all later engines of its kind."""
    made = Engine.__init__

    def make(engine: Engine, pool: Any, dialect: Any, *arguments: Any, **options: Any) -> None:
        made(engine, pool, dialect, *arguments, **options)
        engine._compiled_cache = _compiled.setdefault(type(dialect), LRUCache(_KEPT))

    Engine.__init__ = make  # type: ignore[method-assign]
    # A compiled statement is kept under the dialect it was compiled for, and each engine has a dialect of its own.
    DefaultDialect.__eq__ = lambda self, other: type(self) is type(other)  # type: ignore[method-assign]
    DefaultDialect.__hash__ = lambda self: hash(type(self))  # type: ignore[method-assign]
