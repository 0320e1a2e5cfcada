"""Figures somebody answers for: which one is in force for a unit, and how it is carried along lineage (DESIGN 5)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from math import floor

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.coverage.models import DeclaredFigure
from app.identity.models import Account, Person, UnitEdge
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
    """A unit another one came from, with everything the old one went into: (unit, code, share or None if unknown)."""

    unit_id: int
    parts: tuple[tuple[int, str, float | None], ...]


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


def latest(
    figures: Iterable[Declared], reference: date, known_at: datetime | None = None, since: date | None = None
) -> dict[tuple[str, int], Declared]:
    """For each subject and unit the figure in force: the latest as-of day not after the reference date, then the last
    recorded. What a later row corrects no longer counts. `since`: older figures say nothing about the period."""
    known = [one for one in figures if known_at is None or one.recorded_at <= known_at]
    corrected = {one.corrects_id for one in known}
    fitting = [
        one
        for one in known
        if one.id not in corrected and one.as_of <= reference and (since is None or one.as_of >= since)
    ]
    return {(one.subject, one.unit_id): one for one in sorted(fitting, key=lambda one: (one.as_of, one.id))}


def in_force_for(
    unit_id: int,
    own: Mapping[int, Declared],
    origins: Mapping[int, Sequence[Origin]],
    children: Mapping[int, Sequence[int]],
    *,
    may_sum: bool,
) -> Declared | None:
    """The unit's own figure; else carried by lineage; else the sum of its children if every one has one (reading 6).

    `own`: the figures in force of one subject by unit. A unit made of several declares anew. `may_sum` is off for
    percentages, which are never added.
    """
    if unit_id in own:
        return own[unit_id]
    came_from = origins.get(unit_id, ())
    if len(came_from) == 1:
        before = in_force_for(came_from[0].unit_id, own, origins, {}, may_sum=may_sum)
        if before and (carried := _carried(before, unit_id, came_from[0], may_share=may_sum)):
            return carried
    below = children.get(unit_id, ())
    if not may_sum or not below:
        return None
    parts = [in_force_for(child, own, origins, children, may_sum=True) for child in below]
    return _sum([part for part in parts if part], unit_id) if all(parts) else None


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
    """What each unit came from through all edges until a day."""
    rows = db.execute(
        select(UnitEdge.from_unit_id, UnitEdge.to_unit_id, UnitEdge.share).where(
            UnitEdge.effective_on <= day, UnitEdge.from_unit_id != UnitEdge.to_unit_id
        )
    )
    leaving: dict[int, list[tuple[int, float | None]]] = defaultdict(list)
    for source, target, share in rows:
        if target is not None:
            leaving[source].append((target, share))
    # Codes settle ties between the parts of a split; nothing else needs them.
    split = {target for parts in leaving.values() if len(parts) > 1 for target, _share in parts}
    codes = {unit_id: unit.code for unit_id, unit in unit_queries.units_by_id(db, split, day).items()}
    origins: dict[int, list[Origin]] = defaultdict(list)
    for source, parts in leaving.items():
        told = tuple((target, codes.get(target, ""), share) for target, share in parts)
        for target, _share in parts:
            origins[target].append(Origin(source, told))
    return origins


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
