"""Keeps the ledger true: compares what a person's figures should consist of with what stands there, and appends.

Entries are never changed. Roll-ups are moved in the same transaction, so a dashboard costs by units, not by people.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.core import clock
from app.coverage.definitions import Definition, definitions
from app.coverage.facts import completions_of, posts_of_people
from app.coverage.judging import CompletionFact, EntryKey, PostFact, Scope, desired_entries
from app.coverage.models import CoverageEntry, CoverageRollup
from app.coverage.periods import half_month
from app.identity import unit_queries

_CHUNK = 500


@dataclass
class Difference:
    """What a reconciliation had to append."""

    people: int = 0
    entries: int = 0


def reconcile(db: Session, person_ids: Iterable[int], cause: str) -> Difference:
    """Make the entries of these people right for every computed indicator; a second call appends nothing."""
    changed = Difference()
    ids = sorted(set(person_ids))
    for start in range(0, len(ids), _CHUNK):
        _reconcile_chunk(db, ids[start : start + _CHUNK], cause, changed)
    db.flush()
    return changed


def _reconcile_chunk(db: Session, person_ids: Sequence[int], cause: str, changed: Difference) -> None:
    posts = posts_of_people(db, person_ids)
    completions = completions_of(db, person_ids)
    scopes: dict[str, Scope] = {}
    entries: list[dict[str, Any]] = []
    for definition in definitions(db):
        scope = _scope(db, definition, posts, completions, scopes)
        standing = _standing(db, definition.version_id, person_ids)
        for person_id in person_ids:
            wanted = desired_entries(definition, scope, posts.get(person_id, []), completions.get(person_id, []))
            missing = Counter(wanted)
            missing.subtract(standing.get(person_id, Counter()))
            steps = {key: step for key, step in missing.items() if step}
            if steps:
                entries += _entries(definition.version_id, person_id, steps, cause)
                changed.people += 1

    changed.entries += len(entries)
    _append(db, entries)


def _scope(
    db: Session, definition: Definition, posts: dict[int, list[PostFact]], completions: dict[int, list[CompletionFact]],
    known: dict[str, Scope],
) -> Scope | None:  # fmt: skip
    """Days on which the units concerned belong to the indicator's former province; None covers everything."""
    province = definition.former_province
    if province is None:
        return None
    if province not in known:
        units = {post.unit_id for own in posts.values() for post in own}
        units |= {post.unit_id for own in completions.values() for fact in own for post in fact.posts}
        known[province] = unit_queries.former_province_stays(db, sorted(units), province)
    return known[province]


def _standing(db: Session, version_id: int, person_ids: Sequence[int]) -> dict[int, Counter[EntryKey]]:
    """The net sum of what the ledger holds, by person."""
    rows = db.execute(
        select(
            CoverageEntry.person_id, CoverageEntry.measure, CoverageEntry.period, CoverageEntry.unit_id,
            CoverageEntry.effective_on, CoverageEntry.completion_id, func.sum(CoverageEntry.sign),
        )
        .where(CoverageEntry.indicator_version_id == version_id, CoverageEntry.person_id.in_(person_ids))
        .group_by(
            CoverageEntry.person_id, CoverageEntry.measure, CoverageEntry.period, CoverageEntry.unit_id,
            CoverageEntry.effective_on, CoverageEntry.completion_id,
        )
    )  # fmt: skip
    standing: dict[int, Counter[EntryKey]] = defaultdict(Counter)
    for person_id, measure, period, unit_id, effective_on, completion_id, total in rows:
        standing[person_id][EntryKey(measure, period, unit_id, effective_on, completion_id)] = int(total)
    return standing


def _entries(version_id: int, person_id: int, steps: dict[EntryKey, int], cause: str) -> Iterator[dict[str, Any]]:
    """Rows to append, in the order of the days they take effect."""
    now = clock.now()
    for key, step in sorted(steps.items(), key=lambda item: (item[0].effective_on, item[1])):
        for _ in range(abs(step)):
            yield {
                "indicator_version_id": version_id, "measure": key.measure, "period": key.period,
                "person_id": person_id, "unit_id": key.unit_id, "completion_id": key.completion_id,
                "sign": 1 if step > 0 else -1, "effective_on": key.effective_on, "recorded_at": now, "cause": cause,
            }  # fmt: skip


def _append(db: Session, entries: list[dict[str, Any]]) -> None:
    """Write entries and move the roll-ups by their sums, in two statements."""
    if not entries:
        return
    db.execute(insert(CoverageEntry), entries)
    sums: Counter[tuple[int, str, str, int, date]] = Counter()
    for entry in entries:
        half = half_month(entry["effective_on"])
        sums[entry["indicator_version_id"], entry["measure"], entry["period"], entry["unit_id"], half] += entry["sign"]
    names = ("indicator_version_id", "measure", "period", "unit_id", "half_month")
    # In a fixed order, so that two transactions moving the same sums wait for each other instead of dead-locking.
    moved = [dict(zip(names, key, strict=True), total=total) for key, total in sorted(sums.items()) if total]
    if not moved:
        return
    upsert = postgresql.insert if db.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = upsert(CoverageRollup)
    db.execute(
        statement.on_conflict_do_update(
            index_elements=list(names), set_={"total": CoverageRollup.total + statement.excluded.total}
        ),
        moved,
    )
