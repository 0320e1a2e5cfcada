"""Figures looked up in the balances (settling.py), with what has come since: one statement for any number of units."""

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Date,
    Select,
    SQLColumnExpression,
    Subquery,
    and_,
    any_,
    bindparam,
    cast,
    column,
    func,
    literal,
    null,
    select,
    true,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import Session, aliased
from sqlalchemy.orm import join as orm_join
from sqlalchemy.types import TypeEngine

from app.core.memory import remembered
from app.coverage.counting.amounts import Sums, VersionSums
from app.coverage.counting.balances import annual_versions, on_day
from app.coverage.counting.standing_tree import book_of
from app.coverage.models import CoverageBalance, CoveragePlace, CoverageUnsettled, IndicatorVersion
from app.identity.models import Unit

# Whoever has many days has some of these.
_LATELY_DAYS = 14
# Instead of the day asked for: what waits to be moved counts on its own day and all after it.
_NO_DAY = cast(null(), Date)


def sums_with_subtrees(
    db: Session, version_ids: Sequence[int], unit_ids: Iterable[int], days: Sequence[date], map_on: date
) -> dict[date, VersionSums] | None:
    """For each day what counts under each unit on the map, in the year of the day; units without anything left out.

    None where the balances are not those of this map: then it has to be added up.
    """
    with_others = units_with_others(db, map_on)
    if with_others is None:
        return None
    wanted = set(unit_ids)
    return _looked_up(db, version_ids, wanted & with_others, wanted - with_others, days)


def sums_alone(
    db: Session, version_ids: Sequence[int], unit_ids: Collection[int], day: date
) -> VersionSums | None:  # fmt: skip
    """The same of units without what is under them, which no map changes; None where there are no balances."""
    book = book_of(db)
    if not _sees_one_moment(db) or book is None or not book.is_made:
        return None
    return _looked_up(db, version_ids, (), unit_ids, [day])[day]


def units_with_others(db: Session, map_on: date) -> frozenset[int] | None:
    """The units whose balance is one of a subtree; None where the balances are not those of this map."""
    if not _sees_one_moment(db):
        return None
    book = book_of(db)
    if book is None or not book.is_of(map_on):
        return None
    key = ("units with others under them", book.map_number)
    return remembered(db, key, lambda: frozenset(db.scalars(select(CoveragePlace.ancestor_id).distinct())))


def _sees_one_moment(db: Session) -> bool:
    """Whether nothing is settled between two statements: on PostgreSQL a session that writes sees what others do."""
    return bool(db.info.get("reads_only")) or db.get_bind().dialect.name == "sqlite"


def _looked_up(
    db: Session, version_ids: Sequence[int], subtrees: Collection[int], alone: Collection[int], days: Sequence[date]
) -> dict[date, VersionSums]:
    found: dict[date, VersionSums] = {day: {version_id: {} for version_id in version_ids} for day in days}
    if not version_ids or not (subtrees or alone) or not days:
        return found
    annual = remembered(db, ("annual versions", tuple(version_ids)), lambda: annual_versions(db))
    is_sqlite = db.get_bind().dialect.name == "sqlite"
    # Each once: what an array names twice is found twice.
    asked = {
        "version_ids": list(set(version_ids)), "subtrees": list(set(subtrees)), "alone": list(set(alone)),
        "last": days[-1],
        "days": json.dumps([day.isoformat() for day in days]) if is_sqlite else list(days),
    }  # fmt: skip
    statement = _statement(has_subtrees=bool(subtrees), has_alone=bool(alone), is_sqlite=is_sqlite)
    for asked_day, unit_id, version_id, since, *measures in db.connection().execute(statement, asked):
        if unit_id is None:
            continue
        is_annual, sums = version_id in annual, Sums(*measures)
        for day in [asked_day] if asked_day else [day for day in days if day >= since]:
            of = found[day][version_id]
            of[unit_id] = of.get(unit_id, Sums()) + on_day(sums, since, day, is_annual=is_annual)
    return found


# --- statements, each built once ----------------------------------------------------------------------------------

_COLUMNS = ("unit_id", "indicator_version_id", "day", "roster", "coverage", "output")


@lru_cache
def _statement(*, has_subtrees: bool, has_alone: bool, is_sqlite: bool) -> CompoundSelect[Any]:
    """Without the parts that have nothing to find: PostgreSQL would plan them all the same."""
    last, under = (_last_on_sqlite, _under_on_sqlite) if is_sqlite else (_last_on_postgresql, _under_on_postgresql)
    waiting = _waiting(is_sqlite=is_sqlite)
    alone = waiting.where(_among(CoverageUnsettled.unit_id, "alone", is_sqlite=is_sqlite)).subquery()
    parts = [last("subtrees"), under(waiting.subquery())] if has_subtrees else []
    return union_all(*parts, *([last("alone"), select(_NO_DAY, *alone.c)] if has_alone else []))


def _among(number: SQLColumnExpression[int], names: str, *, is_sqlite: bool) -> ColumnElement[bool]:
    """On PostgreSQL an array: the statement reads the same however many there are, so that it stays prepared."""
    return number.in_(bindparam(names, expanding=True)) if is_sqlite else number == any_(_array(names, BigInteger))


def _array(names: str, kind: type[TypeEngine[Any]]) -> BindParameter[Any]:
    return bindparam(names, type_=ARRAY(kind))


def _last_on_postgresql(names: str) -> Select[Any]:
    """The last balance up to each day, of each unit by each version: a step down an index, however many there are.

    A scan backwards reads what fits of its page of the index, hundreds of days where much happens: of whoever has
    others under them the last weeks are looked at first.
    """
    days, units, versions = (
        func.unnest(_array(of, kind)).table_valued(column("value", kind)).render_derived()
        for of, kind in (("days", Date), (names, BigInteger), ("version_ids", BigInteger))
    )
    of = _of(CoverageBalance, units.c.value, versions.c.value, names)
    latest = select(CoverageBalance).where(*of, CoverageBalance.day <= days.c.value)
    latest = latest.correlate(days, units, versions).order_by(CoverageBalance.day.desc()).limit(1)
    each = orm_join(orm_join(days, units, true()), versions, true())
    if names == "alone":
        last = latest.lateral()
        return select(days.c.value, *(last.c[name] for name in _COLUMNS)).select_from(orm_join(each, last, true()))
    lately = latest.where(CoverageBalance.day > days.c.value - _LATELY_DAYS).lateral()
    before = latest.where(lately.c.day.is_(None)).correlate(days, units, versions, lately).lateral()
    both = orm_join(orm_join(each, lately, true(), isouter=True), before, true(), isouter=True)
    columns = (func.coalesce(lately.c[name], before.c[name]) for name in _COLUMNS)
    return select(days.c.value, *columns).select_from(both)


def _last_on_sqlite(names: str) -> Select[Any]:
    """The same where there is no LATERAL: the day by itself, then its row. The join is an outer one for the order it
    keeps; else the balances of all days are read before the last is asked for."""
    days = func.json_each(bindparam("days")).table_valued("value")
    earlier = aliased(CoverageBalance)
    of = _of(earlier, Unit.id, IndicatorVersion.id, names)
    last = select(func.max(earlier.day)).where(*of, earlier.day <= days.c.value).correlate_except(earlier)
    kept = and_(
        *_of(CoverageBalance, Unit.id, IndicatorVersion.id, names), CoverageBalance.day == last.scalar_subquery()
    )
    units = orm_join(days, Unit, _among(Unit.id, names, is_sqlite=True))
    each = orm_join(units, IndicatorVersion, _among(IndicatorVersion.id, "version_ids", is_sqlite=True))
    columns = (getattr(CoverageBalance, name) for name in _COLUMNS)
    return select(type_coerce(days.c.value, Date), *columns).select_from(
        orm_join(each, CoverageBalance, kept, isouter=True)
    )


def _of(
    balance: type[CoverageBalance], unit_id: SQLColumnExpression[int], version_id: SQLColumnExpression[int], names: str
) -> list[ColumnElement[bool]]:  # fmt: skip
    return [
        balance.unit_id == unit_id, balance.is_subtree == literal(names == "subtrees"),
        balance.indicator_version_id == version_id,
    ]  # fmt: skip


def _under_on_postgresql(own: Subquery) -> Select[Any]:
    """OFFSET keeps the planner from reading all places to join them with the few units that have something waiting."""
    places = select(CoveragePlace.ancestor_id).where(CoveragePlace.descendant_id == own.c.unit_id)
    above = places.correlate(own).offset(0).lateral()
    return (
        _summed(own, above.c.ancestor_id)
        .select_from(orm_join(own, above, true()))
        .where(_among(above.c.ancestor_id, "subtrees", is_sqlite=False))
    )


def _under_on_sqlite(own: Subquery) -> Select[Any]:
    """Plus nothing keeps SQLite from asking each unit for each of the subtrees, instead of for the few above it."""
    return (
        _summed(own, CoveragePlace.ancestor_id)
        .join(CoveragePlace, CoveragePlace.descendant_id == own.c.unit_id)
        .where(_among(CoveragePlace.ancestor_id + 0, "subtrees", is_sqlite=True))
    )


def _summed(own: Subquery, ancestor_id: SQLColumnExpression[int]) -> Select[Any]:
    about = ancestor_id, own.c.indicator_version_id, own.c.day
    measures = (_sum(own.c[name]) for name in ("roster", "coverage", "output"))
    return select(_NO_DAY, *about[:2], type_coerce(own.c.day, Date), *measures).group_by(*about)


def _sum(measure: SQLColumnExpression[int]) -> ColumnElement[int]:
    """PostgreSQL sums to a numeric, and with it would hand over each balance of the statement as a Decimal."""
    return cast(func.sum(measure), BigInteger)


def _waiting(*, is_sqlite: bool) -> Select[*tuple[Any, ...]]:
    """What was entered up to the last day and waits to be moved, some minutes of it at most; by unit, version and day,
    summed before the tree is asked about them."""
    about = CoverageUnsettled.unit_id, CoverageUnsettled.indicator_version_id, CoverageUnsettled.day
    measures = (CoverageUnsettled.roster, CoverageUnsettled.coverage, CoverageUnsettled.output)
    return (
        select(*about, *(_sum(measure).label(measure.key) for measure in measures))
        .where(_among(CoverageUnsettled.indicator_version_id, "version_ids", is_sqlite=is_sqlite))
        .where(CoverageUnsettled.day <= bindparam("last"))
        .group_by(*about)
    )
