"""Everything the platform holds about people: the list of all domains, told by `main`."""

from collections.abc import Sequence

from app.core.personal import Holding

_holdings: list[Holding] = []


def wire_holdings(holdings: Sequence[Holding]) -> None:
    """All domains that hold something about people. `main.PERSONAL`."""
    _holdings[:] = holdings


def holdings() -> Sequence[Holding]:
    """In the order people read them; erasing goes the other way round, identity last."""
    return _holdings
