"""Keeps the ledger true: compares what a person's figures should consist of with what stands there, and appends.

Entries are never changed. Roll-ups are moved in the same transaction, so a dashboard costs by units, not by people.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import Insert, bindparam, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.core import clock
from app.core.db import Base
from app.core.prepared import Prepared
from app.coverage.counting.facts import completions_of, posts_of_people, rule_book
from app.coverage.counting.judging import EntryKey, judge
from app.coverage.counting.periods import half_month
from app.coverage.models import CoverageEntry, CoverageRollup, CoverageUnsettled
from app.identity.records import records_by_holder
from app.identity.taking_turns import take_turns

_CHUNK = 500

_KEY = (
    CoverageEntry.person_id, CoverageEntry.indicator_version_id, CoverageEntry.measure, CoverageEntry.period,
    CoverageEntry.unit_id, CoverageEntry.effective_on, CoverageEntry.completion_id,
)  # fmt: skip
_ROLLED_UP = ("indicator_version_id", "measure", "period", "unit_id", "half_month")
_STANDING = Prepared(
    select(*_KEY, func.sum(CoverageEntry.sign))
    .where(
        CoverageEntry.indicator_version_id.in_(bindparam("versions", expanding=True)),
        CoverageEntry.person_id.in_(bindparam("people", expanding=True)),
    )
    .group_by(*_KEY)
)

# Version id -> entry -> sum of its signs.
Standing = Mapping[int, Counter[EntryKey]]


@dataclass
class Difference:
    """What a reconciliation had to append."""

    people: int = 0
    entries: int = 0
    by_version: Counter[int] = field(default_factory=Counter)


def reconcile(db: Session, person_ids: Iterable[int], cause: str) -> Difference:
    """Make the entries of these people right for every counted indicator; a second call appends nothing.

    All records of a human being (identity/records.py) are judged together and counted as the one they are shown as.

    A fixed number of queries per 500 people, whatever the number of indicators.
    """
    changed = Difference()
    records = records_by_holder(db, person_ids)
    aliases = {record for holder_id, kin in records.items() for record in kin if record != holder_id}
    ids = sorted(aliases.union(records))
    # All at once, before the first roll-up is touched: whoever waits for a person then holds no sum that others need.
    for start in range(0, len(ids), _CHUNK):
        take_turns(db, ids[start : start + _CHUNK])
    for start in range(0, len(ids), _CHUNK):
        _reconcile_chunk(db, ids[start : start + _CHUNK], aliases, cause, changed)
    db.flush()
    return changed


def entries_between(
    person_id: int, standing: Standing, wanted: Standing, recorded_at: datetime, cause: str
) -> list[dict[str, Any]]:
    """The rows of CoverageEntry that lead from what stands to what should: what `reconcile` appends for one person.

    For writing in bulk: `standing` is {} for somebody new; a person's history is written as the services would by
    judging after each event (judging.judge) and passing each result on as the `standing` of the next. Give all rows of
    a batch to `append`.
    """
    rows: list[dict[str, Any]] = []
    for version_id in sorted(standing.keys() | wanted.keys()):
        missing = Counter(wanted.get(version_id, {}))
        missing.subtract(standing.get(version_id, {}))
        steps = ((key, step) for key, step in missing.items() if step)
        # In the order of the days they take effect.
        for key, step in sorted(steps, key=lambda item: (item[0].effective_on, item[1])):
            row = {
                "indicator_version_id": version_id, "measure": key.measure, "period": key.period,
                "person_id": person_id, "unit_id": key.unit_id, "completion_id": key.completion_id,
                "sign": 1 if step > 0 else -1, "effective_on": key.effective_on, "recorded_at": recorded_at,
                "cause": cause,
            }  # fmt: skip
            rows += [row] * abs(step)
    return rows


def rollup_sums(entries: Iterable[Mapping[str, Any]]) -> Counter[tuple[int, str, str, int, date]]:
    """What entries add to the roll-ups: (version, measure, period, unit, first day of the half-month) -> sum."""
    sums: Counter[tuple[int, str, str, int, date]] = Counter()
    for entry in entries:
        half = half_month(entry["effective_on"])
        sums[entry["indicator_version_id"], entry["measure"], entry["period"], entry["unit_id"], half] += entry["sign"]
    return sums


def unsettled_sums(entries: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows of CoverageUnsettled for these entries: by version, unit and day, those that add nothing left out."""
    sums: dict[tuple[int, int, date], Counter[str]] = defaultdict(Counter)
    for entry in entries:
        about = entry["indicator_version_id"], entry["unit_id"], entry["effective_on"]
        sums[about][entry["measure"]] += entry["sign"]
    return [
        {
            "indicator_version_id": version_id, "unit_id": unit_id, "day": day,
            "roster": of["roster"], "coverage": of["coverage"], "output": of["output"],
        }
        for (version_id, unit_id, day), of in sorted(sums.items())
        if any(of.values())
    ]  # fmt: skip


def _reconcile_chunk(
    db: Session, person_ids: Sequence[int], aliases: Collection[int], cause: str, changed: Difference
) -> None:
    """What is known of an alias counts for the person it is shown as; in its own name it counts nothing."""
    people = [person_id for person_id in person_ids if person_id not in aliases]
    posts = posts_of_people(db, people)
    completions = completions_of(db, people)
    units = {post.unit_id for own in posts.values() for post in own}
    units |= {post.unit_id for own in completions.values() for fact in own for post in fact.posts}
    rules = rule_book(db, sorted(units))
    standing = _standing(db, [definition.version_id for definition in rules.definitions], person_ids)
    now = clock.now()
    entries: list[dict[str, Any]] = []
    for person_id in person_ids:
        wanted = judge(rules, posts.get(person_id, []), completions.get(person_id, []))
        steps = entries_between(person_id, standing.get(person_id, {}), wanted, now, cause)
        entries += steps
        changed.people += bool(steps)
    changed.entries += len(entries)
    changed.by_version.update(entry["indicator_version_id"] for entry in entries)
    append(db, entries)


def _standing(db: Session, version_ids: Sequence[int], person_ids: Sequence[int]) -> dict[int, Standing]:
    """The net sum of what the ledger holds, by person and version."""
    db.flush()
    rows = _STANDING.all(db, versions=version_ids, people=person_ids)
    standing: dict[int, dict[int, Counter[EntryKey]]] = defaultdict(lambda: defaultdict(Counter))
    for person_id, version_id, measure, period, unit_id, effective_on, completion_id, total in rows:
        key = EntryKey(measure, period, unit_id, effective_on, completion_id)
        standing[person_id][version_id][key] = int(total)
    return dict(standing)


def append(db: Session, entries: Sequence[dict[str, Any]]) -> None:
    """Write entries, move the roll-ups by their sums and note what the balances have yet to take in."""
    if not entries:
        return
    # The plain table: through the class, rows with and without a completion would be sent in hundreds of batches.
    db.execute(insert(Base.metadata.tables[CoverageEntry.__tablename__]), entries)
    if unsettled := unsettled_sums(entries):
        db.execute(insert(CoverageUnsettled), unsettled)
    # In a fixed order, so that two transactions moving the same sums wait for each other instead of dead-locking.
    sums = sorted(rollup_sums(entries).items())
    if moved := [dict(zip(_ROLLED_UP, key, strict=True), total=total) for key, total in sums if total]:
        db.execute(_moving(db.get_bind().dialect.name), moved)


@cache
def _moving(dialect: str) -> Insert:
    """Adds to roll-ups; built once, for it is wanted at every completion and costs more to build than to run."""
    statement = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(CoverageRollup)
    return statement.on_conflict_do_update(
        index_elements=list(_ROLLED_UP), set_={"total": CoverageRollup.total + statement.excluded.total}
    )
