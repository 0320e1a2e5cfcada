"""Figures somebody answers for: which one is in force for a unit, and how it is carried along lineage (DESIGN 5)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from math import floor

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.coverage.models import DeclaredFigure
from app.identity.models import Account, Person, UnitEdge, UnitVersion
from app.identity.units import unit_queries


@dataclass(frozen=True)
class Declared:
    """A declared number; `by` is who entered it, "" for what came with the plan. `how`: own, carried or summed."""

    id: int
    subject: str
    unit_id: int
    as_of: date
    value: float
    is_approximate: bool
    source: str
    recorded_at: datetime
    by: str
    corrects_id: int | None
    how: str = "own"


@dataclass(frozen=True)
class Origin:
    """A unit another one came from, or got a part of, with everything the old one went into that day.

    `parts`: (unit, code, share or None if unknown); the old unit is among them if it lived on. `begins`: the other one
    began with it; False for one that was there already.
    """

    unit_id: int
    parts: tuple[tuple[int, str, float | None], ...]
    on: date = date.min
    begins: bool = True

    @property
    def lives_on(self) -> bool:
        return any(unit_id == self.unit_id for unit_id, _code, _share in self.parts)


def history(db: Session, subjects: Collection[str]) -> list[Declared]:
    """Everything ever declared for these subjects, newest entry first."""
    rows = db.execute(
        select(DeclaredFigure, Person.name)
        .outerjoin(Account, Account.id == DeclaredFigure.account_id)
        .outerjoin(Person, Person.id == Account.person_id)
        .where(DeclaredFigure.subject.in_(subjects))
        .order_by(DeclaredFigure.recorded_at.desc(), DeclaredFigure.id.desc())
    )
    return [
        Declared(
            row.id, row.subject, row.unit_id, row.as_of, row.value, row.is_approximate, row.source, row.recorded_at,
            name or "", row.corrects_id,
        )
        for row, name in rows
    ]  # fmt: skip


def in_time(
    figures: Iterable[Declared], reference: date, known_at: datetime | None = None, since: date | None = None
) -> dict[tuple[str, int], list[Declared]]:
    """For each subject and unit its figures in order of as-of days not after the reference date, then of recording:
    the last one is in force. What a later row corrects no longer counts. `since`: older figures say nothing about the
    period."""
    known = [one for one in figures if known_at is None or one.recorded_at <= known_at]
    corrected = {one.corrects_id for one in known}
    fitting = [
        one
        for one in known
        if one.id not in corrected and one.as_of <= reference and (since is None or one.as_of >= since)
    ]
    found: dict[tuple[str, int], list[Declared]] = defaultdict(list)
    for one in sorted(fitting, key=lambda one: (one.as_of, one.id)):
        found[one.subject, one.unit_id].append(one)
    return dict(found)


def in_force_for(
    unit_id: int,
    own: Mapping[int, Sequence[Declared]],
    origins: Mapping[int, Sequence[Origin]],
    children: Mapping[int, Sequence[int]],
    *,
    may_sum: bool,
) -> Declared | None:
    """The unit's own figure; else carried by lineage; else the sum of its children if every one has one (reading 6).

    `own`: the figures of one subject by unit, in order of time. A unit made of several declares anew. What a unit gave
    away or got since its figure, with a published share, is taken off or added. `may_sum` is off for percentages,
    which are never added.
    """
    if found := _followed(unit_id, own, origins, date.max, may_sum=may_sum):
        return found
    below = children.get(unit_id, ())
    if not may_sum or not below:
        return None
    parts = [in_force_for(child, own, origins, children, may_sum=True) for child in below]
    return _sum([part for part in parts if part], unit_id) if all(parts) else None


def _followed(
    unit_id: int,
    own: Mapping[int, Sequence[Declared]],
    origins: Mapping[int, Sequence[Origin]],
    before: date,
    *,
    may_sum: bool,
) -> Declared | None:
    """What was in force for the unit before a day by its own figures and by lineage alone."""
    events = [one for one in origins.get(unit_id, ()) if one.on < before]

    def handed_over(origin: Origin) -> Declared | None:
        # A unit that lives on may have declared since: what it is now says nothing of what it gave away then.
        until = origin.on if origin.lives_on else before
        given = _followed(origin.unit_id, own, origins, until, may_sum=may_sum)
        return _carried(given, unit_id, origin, may_share=may_sum) if given else None

    figure = next((one for one in reversed(own.get(unit_id, ())) if one.as_of < before), None)
    since = figure.as_of if figure else date.min
    if figure is None:
        made_of = [one for one in events if one.begins and one.unit_id != unit_id]
        if len(made_of) == 1:
            figure, since = handed_over(made_of[0]), made_of[0].on
    for event in sorted(events, key=lambda event: event.on):
        if figure is None or event.on <= since or not event.lives_on:
            continue
        if event.unit_id == unit_id:
            figure = _carried(figure, unit_id, event, may_share=may_sum) or figure
        elif part := handed_over(event):
            figure = replace(figure, value=figure.value + part.value, how="carried")
    return figure


def largest_remainder(total: int, parts: Sequence[tuple[int, str, float]]) -> dict[int, int]:
    """Divide a whole number by shares into whole numbers that add up; parts are (unit, code, share).

    What is left after rounding down goes to the largest remainders, ties to the lowest code (DESIGN 5).
    """
    given = {unit_id: floor(total * share) for unit_id, _code, share in parts}
    left = round(sum(total * share for _unit, _code, share in parts)) - sum(given.values())
    by_need = sorted(parts, key=lambda part: (-(round(total * part[2] - given[part[0]], 9)), part[1]))
    for unit_id, _code, _share in by_need[:left]:
        given[unit_id] += 1
    return given


def lineage(db: Session, day: date) -> dict[int, list[Origin]]:
    """What each unit came from, got parts of or gave parts of itself away from, through all edges until a day."""
    rows = db.execute(
        select(UnitEdge.effective_on, UnitEdge.from_unit_id, UnitEdge.to_unit_id, UnitEdge.share)
        .where(UnitEdge.effective_on <= day)
        .order_by(UnitEdge.id)
    )
    leaving: dict[tuple[int, date], list[tuple[int, float | None]]] = defaultdict(list)
    for on, source, target, share in rows:
        if target is not None:
            leaving[source, on].append((target, share))
    # Nothing left a unit that only lived on.
    leaving = {key: parts for key, parts in leaving.items() if any(target != key[0] for target, _share in parts)}
    # Codes settle ties between the parts of a split; nothing else needs them.
    split = {target for parts in leaving.values() if len(parts) > 1 for target, _share in parts}
    codes = {unit_id: unit.code for unit_id, unit in unit_queries.units_by_id(db, split, day).items()}
    began = dict(
        db.execute(select(UnitVersion.unit_id, func.min(UnitVersion.valid_from)).group_by(UnitVersion.unit_id)).all()
    )
    origins: dict[int, list[Origin]] = defaultdict(list)
    for (source, on), parts in leaving.items():
        told = tuple((target, codes.get(target, ""), share) for target, share in parts)
        for target, _share in parts:
            origins[target].append(Origin(source, told, on, began[target] >= on))
    return origins


def last_shared(db: Session, day: date) -> dict[int, date]:
    """Units that gave away or got a published part of a unit, with the last such day until a day."""
    rows = db.execute(
        select(UnitEdge.effective_on, UnitEdge.from_unit_id, UnitEdge.to_unit_id)
        .where(UnitEdge.share < 1, UnitEdge.effective_on <= day)
        .order_by(UnitEdge.effective_on)
    )
    return {unit_id: on for on, *units in rows for unit_id in units if unit_id is not None}


def _carried(before: Declared, unit_id: int, origin: Origin, *, may_share: bool) -> Declared | None:
    """Whole into the one unit it went into; of a split the part whose share is published."""
    if len(origin.parts) == 1:
        return replace(before, unit_id=unit_id, how="carried")
    shares = [(part, code, share) for part, code, share in origin.parts if share is not None]
    if not may_share or len(shares) < len(origin.parts):
        return None
    return replace(
        before, unit_id=unit_id, value=largest_remainder(round(before.value), shares)[unit_id], how="carried"
    )


def _sum(parts: Sequence[Declared], unit_id: int) -> Declared:
    """As of the oldest of its parts, known since the last of them."""
    oldest = min(parts, key=lambda part: part.as_of)
    return replace(
        oldest, unit_id=unit_id, value=sum(part.value for part in parts), how="summed",
        is_approximate=any(part.is_approximate for part in parts), recorded_at=max(part.recorded_at for part in parts),
    )  # fmt: skip
