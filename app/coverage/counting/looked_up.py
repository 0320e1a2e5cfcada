"""Figures looked up in the balances (settling.py), with what has come since: one statement for any number of units."""

import json
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from datetime import date, timedelta
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
from app.coverage.counting.balances import annual_versions, month_of, on_day
from app.coverage.counting.standing_tree import book_of
from app.coverage.models import (
    CoverageBalance,
    CoverageMonth,
    CoveragePlace,
    CoverageUnsettled,
    IndicatorVersion,
)
from app.identity.models import Unit

# Whoever has many days has some of these.
_LATELY_DAYS = 14
# Instead of a month: what waits to be moved counts on its own day and all after it.
_NO_MONTH = cast(null(), Date)


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
    """Units whose balance is one of a subtree, and units by themselves; `days` ascend."""
    found: dict[date, VersionSums] = {day: {version_id: {} for version_id in version_ids} for day in days}
    if not version_ids or not (subtrees or alone) or not days:
        return found
    annual = remembered(db, ("annual versions", tuple(version_ids)), lambda: annual_versions(db))
    is_sqlite = db.get_bind().dialect.name == "sqlite"

    def count(day: date, unit_id: int, version_id: int, since: date, sums: Sums) -> None:
        of = found[day][version_id]
        of[unit_id] = of.get(unit_id, Sums()) + on_day(sums, since, day, is_annual=version_id in annual)

    months = [month_of(day) for day in days]
    # Each once: what an array names twice is found twice.
    asked = {
        "version_ids": list(set(version_ids)), "subtrees": list(set(subtrees)), "alone": list(set(alone)),
        "first": months[0], "last": days[-1], "end": month_of(months[-1] + timedelta(days=31)),
    }  # fmt: skip
    statement = _by_month(has_subtrees=bool(subtrees), has_alone=bool(alone), is_sqlite=is_sqlite)
    # Where something changed in the month of a day, but later.
    too_late: dict[date, set[tuple[int, int]]] = defaultdict(set)
    for until, unit_id, version_id, since, *measures in db.connection().execute(statement, asked):
        sums = Sums(*measures)
        if until is None:
            for day in days[bisect_left(days, since) :]:
                count(day, unit_id, version_id, since, sums)
            continue
        for day in days[bisect_left(months, month_of(since)) : bisect_right(months, until)]:
            if since <= day:
                count(day, unit_id, version_id, since, sums)
            else:
                too_late[day].add((unit_id, version_id))
    if too_late:
        for day, unit_id, version_id, since, sums in _before(db, too_late, set(subtrees), is_sqlite=is_sqlite):
            count(day, unit_id, version_id, since, sums)
    return found


def _before(
    db: Session, wanted: Mapping[date, Set[tuple[int, int]]], subtrees: Set[int], *, is_sqlite: bool
) -> Iterator[tuple[date, int, int, date, Sums]]:
    """For each day, unit and version the last balance up to it and since when, where there is one."""
    pairs = frozenset[tuple[int, int]]().union(*wanted.values())
    units, days = {unit_id for unit_id, _version in pairs}, sorted(wanted)
    with_others, alone = list(units & subtrees), list(units - subtrees)
    asked = {
        "version_ids": list({version_id for _unit, version_id in pairs}), "subtrees": with_others, "alone": alone,
        "days": json.dumps([day.isoformat() for day in days]) if is_sqlite else days,
    }  # fmt: skip
    statement = _by_day(has_subtrees=bool(with_others), has_alone=bool(alone), is_sqlite=is_sqlite)
    for day, unit_id, version_id, since, *measures in db.connection().execute(statement, asked):
        if (unit_id, version_id) in wanted[day]:
            yield day, unit_id, version_id, since, Sums(*measures)


# --- statements, each built once ----------------------------------------------------------------------------------

_COLUMNS = ("unit_id", "indicator_version_id", "day", "roster", "coverage", "output")


@lru_cache
def _by_month(*, has_subtrees: bool, has_alone: bool, is_sqlite: bool) -> CompoundSelect[Any]:
    """All balances that stand at the end of a month from `first` until before `end`, and what waits up to `last`.

    Without the parts that have nothing to find: PostgreSQL would plan them all the same.
    """
    under = _under_on_sqlite if is_sqlite else _under_on_postgresql
    waiting = _waiting(is_sqlite=is_sqlite)
    alone = waiting.where(_among(CoverageUnsettled.unit_id, "alone", is_sqlite=is_sqlite)).subquery()
    parts = [_months("subtrees", is_sqlite=is_sqlite), under(waiting.subquery())] if has_subtrees else []
    own = [_months("alone", is_sqlite=is_sqlite), select(_NO_MONTH, *alone.c)] if has_alone else []
    return union_all(*parts, *own)


@lru_cache
def _by_day(*, has_subtrees: bool, has_alone: bool, is_sqlite: bool) -> CompoundSelect[Any]:
    last = _last_on_sqlite if is_sqlite else _last_on_postgresql
    return union_all(*([last("subtrees")] if has_subtrees else []), *([last("alone")] if has_alone else []))


def _months(names: str, *, is_sqlite: bool) -> Select[Any]:
    """A range of the key for each unit and version, for any number of months."""
    return select(CoverageMonth.until, *(getattr(CoverageMonth, name) for name in _COLUMNS)).where(
        _among(CoverageMonth.unit_id, names, is_sqlite=is_sqlite),
        CoverageMonth.is_subtree == literal(names == "subtrees"),
        _among(CoverageMonth.indicator_version_id, "version_ids", is_sqlite=is_sqlite),
        CoverageMonth.until >= bindparam("first", type_=Date),
        CoverageMonth.day < bindparam("end", type_=Date),
    )


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
    return select(_NO_MONTH, *about[:2], type_coerce(own.c.day, Date), *measures).group_by(*about)


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
