"""The closure of the unit tree as it is stored: computed anew, or only where an act changes it."""

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from sqlalchemy import Select, delete, func, insert, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.core.access import UnitClosure
from app.identity.models import UnitEdge, UnitVersion
from app.identity.units.closure import ClosureRow, Passage, Tenure, closure_rows

_CHUNK = 500
_TENURES = select(UnitVersion.unit_id, UnitVersion.parent_id, UnitVersion.valid_from, UnitVersion.valid_to)
_PASSAGES = select(UnitEdge.effective_on, UnitEdge.from_unit_id, UnitEdge.to_unit_id)
_STORED = select(UnitClosure.id, *(getattr(UnitClosure, name) for name in ClosureRow._fields))


def rebuild_closure(db: Session) -> None:
    """Compute UnitClosure anew from versions and edges; raises BrokenLineage if they contradict themselves."""
    _store(db, closure_of(db), db.execute(_STORED))


def closure_of(db: Session) -> list[ClosureRow]:
    """What UnitClosure should hold."""
    tenures = [Tenure(*row) for row in db.execute(_TENURES)]
    return closure_rows(tenures, [Passage(*row) for row in db.execute(_PASSAGES)])


def update_closure(db: Session, changed: Collection[int]) -> None:
    """`rebuild_closure` for whoever knows that versions and edges of these units alone have changed.

    An act on one unit of 12,000 leaves nearly all where they are. Nothing hangs on a unit that still counts where it
    did (renamed, say), so only what hangs on the others is computed.
    """
    moved = _recompute(db, changed)
    _recompute(db, _hanging_on(db, moved) - set(changed))


def _recompute(db: Session, unit_ids: Collection[int]) -> set[int]:
    """Store where these units count; returns those that on some day count elsewhere than before."""
    tenures, passages = _deciding(db, unit_ids)
    rows = closure_rows(tenures, passages, of=unit_ids, since=db.scalar(select(func.min(UnitVersion.valid_from))))
    return _store(db, rows, _of(db, _STORED, UnitClosure.descendant_id, unit_ids))


def _deciding(db: Session, unit_ids: Collection[int]) -> tuple[list[Tenure], set[Passage]]:
    """All of these units and of those that decide where they count: parents, heirs, predecessors, and theirs."""
    tenures: list[Tenure] = []
    passages: set[Passage] = set()
    known: set[int] = set()
    wanted = set(unit_ids)
    while wanted:
        known |= wanted
        lives = [Tenure(*row) for row in _of(db, _TENURES, UnitVersion.unit_id, wanted)]
        ways = {Passage(*row) for end in (UnitEdge.from_unit_id, UnitEdge.to_unit_id)
                for row in _of(db, _PASSAGES, end, wanted)}  # fmt: skip
        tenures += lives
        passages |= ways
        named = {tenure.parent_id for tenure in lives} | {end for way in ways for end in (way.source_id, way.target_id)}
        wanted = {unit_id for unit_id in named if unit_id is not None} - known
    return tenures, passages


def _hanging_on(db: Session, unit_ids: Collection[int]) -> set[int]:
    """Units that may count elsewhere when these do: what was ever below them, and what any of that went into.

    A unit counts under its heir from the day the heir begins: what went into these themselves may too.
    """
    found: set[int] = set()
    fresh = {*unit_ids, *(row[0] for row in _of(db, select(UnitEdge.from_unit_id), UnitEdge.to_unit_id, unit_ids))}
    while fresh:
        found |= fresh
        below = _of(db, select(UnitClosure.descendant_id).distinct(), UnitClosure.ancestor_id, fresh)
        heirs = _of(db, select(UnitEdge.to_unit_id), UnitEdge.from_unit_id, fresh)
        fresh = {unit_id for (unit_id,) in (*below, *heirs) if unit_id is not None} - found
    return found


def _store(db: Session, rows: Iterable[ClosureRow], stored: Iterable[Any]) -> set[int]:
    """Write what differs; returns the units whose rows did."""
    wanted, known = dict.fromkeys(rows), {ClosureRow(*row): row_id for row_id, *row in stored}
    gone = {row: row_id for row, row_id in known.items() if row not in wanted}
    new = [row for row in wanted if row not in known]
    for some in _chunks(gone.values()):
        db.execute(delete(UnitClosure).where(UnitClosure.id.in_(some)))
    if new:
        db.execute(insert(UnitClosure), [row._asdict() for row in new])
    return {row.descendant_id for row in (*gone, *new)}


def _of(
    db: Session, query: Select[*tuple[Any, ...]], column: InstrumentedAttribute[Any], unit_ids: Collection[int]
) -> Iterator[Any]:
    """The rows of the query where the column names one of these units."""
    for some in _chunks(unit_ids):
        yield from db.execute(query.where(column.in_(some)))


def _chunks(ids: Iterable[int]) -> Iterator[list[int]]:
    some = list(ids)
    return (some[at : at + _CHUNK] for at in range(0, len(some), _CHUNK))
