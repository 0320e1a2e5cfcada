"""What counts at a unit after each day: kept for every unit, so that a figure is looked up and not added up.

An entry moves all balances from its day on; here is how, as pure rules, and how rows follow.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.coverage.counting.amounts import Sums
from app.coverage.indicators.definitions import definitions
from app.coverage.models import CoverageBalance

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
    rows = []
    for account, steps in sorted(added.items()):
        is_annual = account.version_id in annual
        kept = _kept_since(connection, account, min(steps))
        all_steps = defaultdict(Sums, steps_of(kept, is_annual=is_annual))
        for day, step in steps.items():
            all_steps[day] += step
        moved = balances_of(all_steps, is_annual=is_annual)
        rows += [_row(account, day, sums) for day, sums in moved.items() if kept.get(day) != sums]
    store(db, rows)


def store(db: Session, rows: Sequence[Mapping[str, object]]) -> None:
    """Write rows of CoverageBalance over those that are there."""
    if not rows:
        return
    upsert = postgresql.insert if db.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = upsert(CoverageBalance)
    measures = {name: statement.excluded[name] for name in ("roster", "coverage", "output")}
    keys = ("unit_id", "is_subtree", "indicator_version_id", "day")
    db.connection().execute(statement.on_conflict_do_update(index_elements=list(keys), set_=measures), rows)


def rows_of(account: Account, balances: Balances) -> Iterable[dict[str, object]]:
    """The rows of CoverageBalance that keep them."""
    return (_row(account, day, sums) for day, sums in balances.items())


def add_new(db: Session, rows: Sequence[Mapping[str, object]]) -> None:
    """Write rows of accounts that have none yet."""
    if rows:
        db.connection().execute(insert(CoverageBalance), rows)


def _row(account: Account, day: date, sums: Sums) -> dict[str, object]:
    return {
        "unit_id": account.unit_id, "is_subtree": account.is_subtree, "indicator_version_id": account.version_id,
        "day": day, "roster": sums.roster, "coverage": sums.coverage, "output": sums.output,
    }  # fmt: skip


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
