"""Figures looked up in the balances (settling.py), with what has come since: one statement for any number of units."""

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Date,
    FromClause,
    Select,
    and_,
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

from app.core.memory import remembered
from app.coverage.counting.amounts import Sums, VersionSums
from app.coverage.counting.balances import annual_versions, on_day
from app.coverage.models import CoverageBalance, CoverageBook, CoveragePlace, CoverageUnsettled, IndicatorVersion
from app.identity.models import Unit

# Instead of the day asked for: what waits to be moved counts on its own day and all after it.
_NO_DAY = cast(null(), Date)


def sums_with_subtrees(
    db: Session, version_ids: Sequence[int], unit_ids: Iterable[int], days: Sequence[date], map_on: date
) -> dict[date, VersionSums] | None:
    """For each day what counts under each unit on the map, in the year of the day; units without anything left out.

    None where the balances are not those of this map: then it has to be added up.
    """
    with_others = _units_with_others(db, map_on)
    if with_others is None:
        return None
    wanted = set(unit_ids)
    return _looked_up(db, version_ids, wanted & with_others, wanted - with_others, days)


def sums_alone(
    db: Session, version_ids: Sequence[int], unit_ids: Collection[int], day: date
) -> VersionSums | None:  # fmt: skip
    """The same of units without what is under them, which no map changes; None where there are no balances."""
    if not _sees_one_moment(db) or not db.scalar(select(CoverageBook.is_made)):
        return None
    return _looked_up(db, version_ids, (), unit_ids, [day])[day]


def _units_with_others(db: Session, map_on: date) -> frozenset[int] | None:
    if not _sees_one_moment(db):
        return None
    number = db.connection().scalar(_BOOK, {"map_on": map_on})
    if number is None:
        return None
    key = ("units with others under them", number)
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
    asked = {
        "version_ids": list(version_ids), "subtrees": list(subtrees), "alone": list(alone), "last": days[-1],
        "days": json.dumps([day.isoformat() for day in days]) if is_sqlite else list(days),
    }  # fmt: skip
    statement = _statement(_last_on_sqlite if is_sqlite else _last_on_postgresql)
    for asked_day, unit_id, version_id, since, *measures in db.connection().execute(statement, asked):
        if unit_id is None:
            continue
        is_annual, sums = version_id in annual, Sums(*map(int, measures))
        for day in [asked_day] if asked_day else [day for day in days if day >= since]:
            of = found[day][version_id]
            of[unit_id] = of.get(unit_id, Sums()) + on_day(sums, since, day, is_annual=is_annual)
    return found


# --- statements, each built once ----------------------------------------------------------------------------------

_MAP_ON = bindparam("map_on", type_=Date)
_BOOK = select(CoverageBook.map_number).where(
    CoverageBook.is_made, CoverageBook.map_number == CoverageBook.tree_number, CoverageBook.map_from <= _MAP_ON,
    CoverageBook.map_to > _MAP_ON,
)  # fmt: skip
_VERSIONS: BindParameter[Any] = bindparam("version_ids", expanding=True)
_COLUMNS = ("unit_id", "indicator_version_id", "day", "roster", "coverage", "output")


@lru_cache
def _statement(last: Callable[[str], Select[Any]]) -> CompoundSelect[Any]:
    return union_all(last("subtrees"), last("alone"), _since_then_under(), _since_then_alone())


def _last_on_postgresql(names: str) -> Select[Any]:
    """The last balance up to each day, of each unit by each version: one step down an index, however many there are."""
    days = func.unnest(bindparam("days", type_=ARRAY(Date))).table_valued(column("value", Date)).render_derived()
    up_to = select(CoverageBalance).where(*_up_to(CoverageBalance, days.c.value, names))
    last = up_to.correlate(Unit, IndicatorVersion, days).order_by(CoverageBalance.day.desc()).limit(1).lateral()
    each = orm_join(_each(days, names), last, true())
    return select(days.c.value, *(last.c[name] for name in _COLUMNS)).select_from(each)


def _last_on_sqlite(names: str) -> Select[Any]:
    """The same where there is no LATERAL: the day by itself, then its row. The join is an outer one for the order it
    keeps; else the balances of all days are read before the last is asked for."""
    days = func.json_each(bindparam("days")).table_valued("value")
    earlier = aliased(CoverageBalance)
    last = select(func.max(earlier.day)).where(*_up_to(earlier, days.c.value, names)).correlate_except(earlier)
    kept = and_(*_up_to(CoverageBalance, None, names), CoverageBalance.day == last.scalar_subquery())
    each = orm_join(_each(days, names), CoverageBalance, kept, isouter=True)
    columns = (getattr(CoverageBalance, name) for name in _COLUMNS)
    return select(type_coerce(days.c.value, Date), *columns).select_from(each)


def _each(days: FromClause, names: str) -> Any:
    """Every day with every unit and every version."""
    units = Unit.id.in_(bindparam(names, expanding=True))
    return orm_join(orm_join(days, Unit, units), IndicatorVersion, IndicatorVersion.id.in_(_VERSIONS))


def _up_to(balance: type[CoverageBalance], day: ColumnElement[Any] | None, names: str) -> list[ColumnElement[bool]]:
    of = [
        balance.unit_id == Unit.id, balance.is_subtree == literal(names == "subtrees"),
        balance.indicator_version_id == IndicatorVersion.id,
    ]  # fmt: skip
    return of if day is None else [*of, balance.day <= day]


def _since_then_alone() -> Select[Any]:
    """What was entered up to the last day and waits to be moved: some minutes of it at most."""
    own = _waiting().where(CoverageUnsettled.unit_id.in_(bindparam("alone", expanding=True))).subquery()
    return select(_NO_DAY, *own.c)


def _since_then_under() -> Select[Any]:
    own = _waiting().subquery()
    return (
        select(
            _NO_DAY, CoveragePlace.ancestor_id, own.c.indicator_version_id, type_coerce(own.c.day, Date),
            *(func.sum(own.c[name]) for name in ("roster", "coverage", "output")),
        )
        .join(CoveragePlace, CoveragePlace.descendant_id == own.c.unit_id)
        .where(CoveragePlace.ancestor_id.in_(bindparam("subtrees", expanding=True)))
        .group_by(CoveragePlace.ancestor_id, own.c.indicator_version_id, own.c.day)
    )  # fmt: skip


def _waiting() -> Select[*tuple[Any, ...]]:
    """By unit, version and day, summed before the tree is asked about them."""
    about = CoverageUnsettled.unit_id, CoverageUnsettled.indicator_version_id, CoverageUnsettled.day
    measures = (CoverageUnsettled.roster, CoverageUnsettled.coverage, CoverageUnsettled.output)
    return (
        select(*about, *(func.sum(measure).label(measure.key) for measure in measures))
        .where(CoverageUnsettled.indicator_version_id.in_(_VERSIONS), CoverageUnsettled.day <= bindparam("last"))
        .group_by(*about)
    )
