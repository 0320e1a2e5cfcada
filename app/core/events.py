"""News goes up: a domain announces a fact, higher domains react in the same transaction.

`main.HANDLERS` is the only list of who hears what. Handlers write rows and enqueue jobs; they never touch the network.
"""

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy.orm import Session


class Event:
    """Base of all facts; subclasses are frozen dataclasses of ids and values."""


Handler = Callable[[Session, Any], None]

_handlers: dict[type[Event], list[Handler]] = {}


def wire(pairs: Iterable[tuple[type[Event], Handler]]) -> None:
    """Replace the whole wiring; called once per process with `main.HANDLERS`."""
    _handlers.clear()
    for event_type, handler in pairs:
        _handlers.setdefault(event_type, []).append(handler)


def wired() -> dict[type[Event], list[Handler]]:
    """A copy of the wiring, for tests."""
    return {event_type: list(handlers) for event_type, handlers in _handlers.items()}


def emit(db: Session, event: Event) -> None:
    """Tell every handler, in the order of the list; an exception undoes the whole transaction."""
    for handler in _handlers.get(type(event), ()):
        handler(db, event)
