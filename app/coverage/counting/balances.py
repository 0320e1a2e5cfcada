"""What counts at a unit after each day: kept for every unit, so that a figure is looked up and not added up.

An entry moves all balances from its day on; here is how, as pure rules, and how rows follow.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, and_, bindparam, delete, func, insert, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.coverage.counting.amounts import Sums
from app.coverage.indicators.definitions import definitions
from app.coverage.models import CoverageBalance, CoverageMonth

# Until when the newest balance of an account stands, as a month.
NO_END = date(9999, 12, 1)

_KEY, _MEASURES = ("unit_id", "is_subtree", "indicator_version_id"), ("roster", "coverage", "output")

# Day -> what the entries that take effect then add.
Steps = Mapping[date, Sums]
# Day -> what stands at its end.
Balances = Mapping[date, Sums]


class Account(NamedTuple):
    """Whose balance: a unit by itself or with its subtree, by one version of an indicator."""

    unit_id: int
    is_subtree: bool
    version_id: int


def balances_of(steps: Steps, *, is_annual: bool) -> dict[date, Sums]:
    """What stands at the end of each day on which something was added."""
    found: dict[date, Sums] = {}
    standing, year = Sums(), 0
    for day in sorted(steps):
        if is_annual and day.year != year:
            standing, year = Sums(standing.roster), day.year
        standing += steps[day]
        found[day] = standing
    return found


def steps_of(balances: Balances, *, is_annual: bool) -> dict[date, Sums]:
    """The way back: balances_of(steps_of(balances)) are the same balances."""
    found: dict[date, Sums] = {}
    standing, year = Sums(), 0
    for day in sorted(balances):
        if is_annual and day.year != year:
            standing, year = Sums(standing.roster), day.year
        found[day] = balances[day] - standing
        standing = balances[day]
    return found


def months_of(balances: Balances) -> dict[date, date]:
    """The last day of change of each month, by the month (its first day) through which its balance stands."""
    last = {month_of(day): day for day in sorted(balances)}
    through = [month_of(month - timedelta(days=1)) for month in list(last)[1:]]
    return dict(zip([*through, NO_END], last.values(), strict=True)) if last else {}


def month_of(day: date) -> date:
    """Its first day."""
    return day.replace(day=1)


def on_day(kept: Sums, since: date, day: date, *, is_annual: bool) -> Sums:
    """What a balance kept since a day comes to on a later one."""
    return Sums(kept.roster) if is_annual and since.year != day.year else kept


def annual_versions(db: Session) -> frozenset[int]:
    """The versions counted anew each year. Theirs are the only entries of a year, all on days of that year."""
    return frozenset(one.version_id for one in definitions(db) if one.is_annual)


def move(db: Session, added: Mapping[Account, Steps]) -> None:
    """Add steps to accounts; what is kept from the earliest day on follows. For one writer at a time."""
    annual = annual_versions(db)
    connection = db.connection()
    rows, months, gone = [], [], []
    for account, steps in sorted(added.items()):
        is_annual = account.version_id in annual
        kept = _kept_since(connection, account, min(steps))
        all_steps = defaultdict(Sums, steps_of(kept, is_annual=is_annual))
        for day, step in steps.items():
            all_steps[day] += step
        moved = balances_of(all_steps, is_annual=is_annual)
        rows += [_row(account, day, sums) for day, sums in moved.items() if kept.get(day) != sums]
        # No month before that of the first day kept is touched: it stood until then and still does.
        were, are = months_of(kept), months_of(moved)
        gone += [_key(account) | {"until": until} for until in were.keys() - are.keys()]
        months += [
            _row(account, day, moved[day]) | {"until": until}
            for until, day in are.items()
            if were.get(until) != day or kept[day] != moved[day]
        ]
    if gone:
        connection.execute(_MONTHS_GONE, gone)
    _store(db, CoverageMonth, months, "until")
    _store(db, CoverageBalance, rows, "day")


def add_new(db: Session, found: Mapping[Account, Balances]) -> None:
    """Write the balances of accounts that have none yet."""
    rows = [_row(account, day, sums) for account, of in found.items() for day, sums in of.items()]
    months = [
        _row(account, day, of[day]) | {"until": until}
        for account, of in found.items()
        for until, day in months_of(of).items()
    ]
    if rows:
        db.connection().execute(insert(CoverageBalance), rows)
        db.connection().execute(insert(CoverageMonth), months)


def forget_units(db: Session, unit_ids: Collection[int]) -> None:
    """Whatever is kept of these units, by themselves and with their subtrees."""
    for table in (CoverageBalance, CoverageMonth):
        db.execute(delete(table).where(table.unit_id.in_(unit_ids)))


def months_unlike(db: Session) -> int:
    """How many rows by month say something else than the balance of their day."""
    same_day = and_(*(getattr(CoverageBalance, name) == getattr(CoverageMonth, name) for name in (*_KEY, "day")))
    unlike = [getattr(CoverageBalance, name) != getattr(CoverageMonth, name) for name in _MEASURES]
    return (
        db.scalar(
            select(func.count())
            .select_from(CoverageMonth)
            .outerjoin(CoverageBalance, same_day)
            .where(or_(CoverageBalance.day.is_(None), *unlike))
        )
        or 0
    )


def _store(
    db: Session, table: type[CoverageBalance] | type[CoverageMonth], rows: Sequence[Mapping[str, object]], by: str
) -> None:
    """Write rows over those that are there of the same account and `by`."""
    if not rows:
        return
    upsert = postgresql.insert if db.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = upsert(table)
    keys = [*_KEY, by]
    others = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    db.connection().execute(statement.on_conflict_do_update(index_elements=keys, set_=others), rows)


def _key(account: Account) -> dict[str, object]:
    return dict(zip(_KEY, account, strict=True))


def _row(account: Account, day: date, sums: Sums) -> dict[str, object]:
    return _key(account) | {"day": day, "roster": sums.roster, "coverage": sums.coverage, "output": sums.output}


_MONTHS_GONE = delete(CoverageMonth).where(
    CoverageMonth.unit_id == bindparam("unit_id"), CoverageMonth.is_subtree == bindparam("is_subtree"),
    CoverageMonth.indicator_version_id == bindparam("indicator_version_id"),
    CoverageMonth.until == bindparam("until"),
)  # fmt: skip
_COLUMNS = (CoverageBalance.day, CoverageBalance.roster, CoverageBalance.coverage, CoverageBalance.output)


def _kept_since(connection: Connection, account: Account, day: date) -> dict[date, Sums]:
    """The last balance up to a day and all later ones."""
    of = (
        CoverageBalance.unit_id == account.unit_id, CoverageBalance.is_subtree == account.is_subtree,
        CoverageBalance.indicator_version_id == account.version_id,
    )  # fmt: skip
    before = select(CoverageBalance.day).where(*of, CoverageBalance.day <= day)
    first = before.order_by(CoverageBalance.day.desc()).limit(1).scalar_subquery()
    since = select(*_COLUMNS).where(*of, CoverageBalance.day >= func.coalesce(first, day))
    return {day: Sums(*measures) for day, *measures in connection.execute(since)}
