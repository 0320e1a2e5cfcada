"""Figures of the tasks from the first of January until yesterday, counted every night for all units at once.

Distinct people of a span do not add up over its days, and somebody who moves counts in both places and once above
them; so nothing is carried on from the day before, but all is counted again. What a page shows of it is said to be
of that hour. Any other span is counted when it is asked for (programme_queries.py).

Each night some units are counted again by themselves, as a page would; whatever is kept of the year is shown only if
they come to the same.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from app.catalogue.models import CourseVersion
from app.certificates.models import Certificate, CertificateRevocation
from app.core import clock
from app.core.access import UnitClosure, closure_on
from app.core.db import Database
from app.coverage.counting.figures import REBUILDING
from app.coverage.counting.first_post import is_first_post
from app.coverage.programmes.models import ProgrammeCount, ProgrammeSum
from app.coverage.programmes.programme_queries import (
    TOTAL,
    Activity,
    ProgrammeReport,
    activity_of,
    asked_unit,
    enrolments_between,
    is_whole,
    post_at_enrolment,
    programme_report,
    subtree,
    task_rows,
)
from app.identity.models import Affiliation
from app.identity.units import unit_queries
from app.learning.models import Completion, CompletionAnnulment, CompletionPost

FIRST_YEAR = 2024
# Fewer enrolments and completions than these are counted in some milliseconds, and then up to this moment.
_MANY = 5_000
# So many at a time that on SQLite, where writers take turns, nobody waits for long.
_ROWS = 2_000
# So many units of each year are counted twice, others every night.
_AGAIN = 4

# Unit, None for everybody; and task.
_Key = tuple[int | None, str]


def newest_count(db: Session, year: int) -> ProgrammeCount | None:
    """The last one that is whole, and right as far as it was counted twice."""
    return db.scalar(
        select(ProgrammeCount)
        .where(ProgrammeCount.counted_at.is_not(None), ProgrammeCount.last.between(*_bounds(year)))
        .where(ProgrammeCount.differing == 0)
        .order_by(ProgrammeCount.id.desc())
        .limit(1)
    )


def kept_day(db: Session, year: int, unit_code: str) -> date | None:
    """Until which the year was counted at night; None if it was not, or if the unit is newer."""
    count = newest_count(db, year)
    return count.last if count and unit_queries.unit_on(db, unit_code, count.last) else None


def kept_report(db: Session, province_code: str, unit_code: str, first: date, last: date) -> ProgrammeReport:
    """As `programme_report`, whose figures are looked up where they were counted at night."""
    count = newest_count(db, last.year)
    if count is None or (first, last) != (date(last.year, 1, 1), count.last):
        return programme_report(db, province_code, unit_code, first, last)
    unit = asked_unit(db, province_code, unit_code, last)
    whole = is_whole(unit, province_code)
    found = _kept_of(db, count.id, None if whole else unit.unit_id)
    total = found.get(TOTAL, Activity())
    return ProgrammeReport(first, last, unit, whole, task_rows(db, found), total, count.counted_at)


def count_years(database: Database, many: int = _MANY) -> int:
    """Count this year until yesterday and the years before again; returns how many sums are kept.

    A year with fewer enrolments and completions than `many` is left to the pages. Can be killed at any point: pages
    read the count before until the new one is whole.
    """
    yesterday = clock.today() - timedelta(days=1)
    with database.alone("coverage.count_programmes"):
        return sum(
            _count_year(database, min(date(year, 12, 31), yesterday), many)
            for year in range(FIRST_YEAR, yesterday.year + 1)
        )


def _count_year(database: Database, last: date, many: int) -> int:
    with database.reading() as db:
        everybody = activity_of(db, date(last.year, 1, 1), last)
        is_worth = everybody[TOTAL].enrolments + everybody[TOTAL].completions >= many
        sums = {(None, code): one for code, one in everybody.items()} | _by_unit(db, last) if is_worth else {}
        again = {unit_id: _counted_again(db, unit_id, last) for unit_id in _chosen(db, sums, last)} if is_worth else {}
    count_id = _keep(database, last, sums, again) if is_worth else None
    _forget_others(database, last.year, count_id)
    return len(sums)


def _chosen(db: Session, sums: Iterable[_Key], last: date) -> list[int]:
    """Units spread over all that have something or stand above others, others every night; none while everybody is
    judged again."""
    if db.scalar(select(REBUILDING)):
        return []
    above = db.scalars(select(UnitClosure.ancestor_id).where(closure_on(last), UnitClosure.depth > 0).distinct())
    unit_ids = sorted({*above, *(unit_id for unit_id, _code in sums if unit_id is not None)})
    step = -(-len(unit_ids) // _AGAIN)
    return unit_ids[clock.today().toordinal() % step :: step] if unit_ids else []


def _counted_again(db: Session, unit_id: int, last: date) -> dict[str, Activity]:
    found = activity_of(db, date(last.year, 1, 1), last, subtree(unit_id, last))
    return {code: one for code, one in found.items() if one != Activity()}


def _keep(
    database: Database, last: date, sums: dict[_Key, Activity], again: Mapping[int, Mapping[str, Activity]]
) -> int:  # fmt: skip
    """The id of the new count. What was written of the units that were counted again is compared with that."""
    now = clock.now()
    with database.writing() as db:
        count = ProgrammeCount(last=last, counted_at=None)
        db.add(count)
        db.flush()
        count_id = count.id
    rows = [
        {"count_id": count_id, "unit_id": unit_id, "programme_code": code, **vars(one)}
        for (unit_id, code), one in sums.items()
    ]
    for at in range(0, len(rows), _ROWS):
        with database.writing() as db:
            db.execute(insert(ProgrammeSum), rows[at : at + _ROWS])
    with database.writing() as db:
        written = {unit_id: _kept_of(db, count_id, unit_id) for unit_id in again}
        differing = sum(written[unit_id] != again[unit_id] for unit_id in again)
        db.execute(
            update(ProgrammeCount)
            .where(ProgrammeCount.id == count_id)
            .values(counted_at=now, checked=len(again), differing=differing)
        )
    return count_id


def _kept_of(db: Session, count_id: int, unit_id: int | None) -> dict[str, Activity]:
    """By task; `unit_id` None: of everybody."""
    sums = db.scalars(
        select(ProgrammeSum).where(
            ProgrammeSum.count_id == count_id,
            ProgrammeSum.unit_id.is_(None) if unit_id is None else ProgrammeSum.unit_id == unit_id,
        )
    )
    return {one.programme_code: Activity(one.enrolments, one.people, one.completions, one.certificates) for one in sums}


def _forget_others(database: Database, year: int, count_id: int | None) -> None:
    """Counts of the year that are older or were never finished; from the first step on no page reads them."""
    with database.writing() as db:
        of_year = db.scalars(select(ProgrammeCount.id).where(ProgrammeCount.last.between(*_bounds(year))))
        others = [one for one in of_year if one != count_id]
        db.execute(update(ProgrammeCount).where(ProgrammeCount.id.in_(others)).values(counted_at=None))
    some = select(ProgrammeSum.id).where(ProgrammeSum.count_id.in_(others)).limit(_ROWS)
    is_left = True
    while is_left:
        with database.writing() as db:
            gone = delete(ProgrammeSum).where(ProgrammeSum.id.in_(some)).returning(ProgrammeSum.id)
            is_left = bool(db.scalars(gone).all())
    with database.writing() as db:
        db.execute(delete(ProgrammeCount).where(ProgrammeCount.id.in_(others)))


def _by_unit(db: Session, last: date) -> dict[_Key, Activity]:
    """Of each unit and below, on the tree of the last day."""
    first = date(last.year, 1, 1)
    above: dict[int, list[int]] = defaultdict(list)
    for ancestor_id, unit_id in db.execute(_places(last)):
        above[unit_id].append(ancestor_id)
    people, enrolments = _enrolled(db, first, last)
    completions = _summed(above, db.execute(_completions(first, last)))
    certificates = _summed(above, db.execute(_certificates(first, last)))
    return {
        key: Activity(enrolments[key], people[key], completions[key], certificates[key])
        for key in {*enrolments, *completions, *certificates}
    }


def _places(day: date) -> Any:
    """Ancestor and descendant, each pair once."""
    return (
        select(UnitClosure.ancestor_id, UnitClosure.descendant_id)
        .where(closure_on(day), UnitClosure.carried != "before")
        .distinct()
    )


def _enrolled(db: Session, first: date, last: date) -> tuple[Counter[_Key], Counter[_Key]]:
    """Distinct people, and enrolments."""
    posts = (
        enrolments_between(first, last)
        .add_columns(Affiliation.unit_id)
        .join(Affiliation, Affiliation.id == post_at_enrolment(db))
        .subquery()
    )
    place = _places(last).subquery()
    among = (
        select(place.c.ancestor_id, func.count(posts.c.person_id.distinct()), func.count())
        .select_from(posts)
        .join(place, place.c.descendant_id == posts.c.unit_id)
        .group_by(place.c.ancestor_id)
    )
    people: Counter[_Key] = Counter()
    enrolments: Counter[_Key] = Counter()
    for unit_id, humans, times in db.execute(among):
        people[unit_id, TOTAL], enrolments[unit_id, TOTAL] = humans, times
    for unit_id, humans, times, code in db.execute(among.add_columns(posts.c.code).group_by(posts.c.code)):
        people[unit_id, code], enrolments[unit_id, code] = humans, times
    return people, enrolments


def _completions(first: date, last: date) -> Any:
    """Task, unit, and how many completions count at it."""
    task = func.coalesce(CourseVersion.programme_code, Completion.programme_code)
    return (
        select(task, CompletionPost.unit_id, func.count())
        .select_from(Completion)
        .join(CompletionPost, CompletionPost.completion_id == Completion.id)
        .outerjoin(CourseVersion, CourseVersion.id == Completion.course_version_id)
        .outerjoin(CompletionAnnulment, CompletionAnnulment.completion_id == Completion.id)
        .where(CompletionAnnulment.completion_id.is_(None), task.is_not(None), is_first_post())
        .where(Completion.completed_on >= first, Completion.completed_on <= last)
        .group_by(task, CompletionPost.unit_id)
    )


def _certificates(first: date, last: date) -> Any:
    """Task, unit, and how many first editions that stand count at it."""
    return (
        select(CourseVersion.programme_code, CompletionPost.unit_id, func.count())
        .select_from(Certificate)
        .join(Completion, Completion.id == Certificate.completion_id)
        .join(CompletionPost, CompletionPost.completion_id == Completion.id)
        .join(CourseVersion, CourseVersion.id == Completion.course_version_id)
        .outerjoin(CertificateRevocation, CertificateRevocation.certificate_id == Certificate.id)
        .where(CertificateRevocation.certificate_id.is_(None), Certificate.edition == 1)
        .where(CourseVersion.programme_code.is_not(None), is_first_post())
        .where(Certificate.issued_on >= first, Certificate.issued_on <= last)
        .group_by(CourseVersion.programme_code, CompletionPost.unit_id)
    )


def _summed(above: dict[int, list[int]], rows: Iterable[Any]) -> Counter[_Key]:
    """At every unit what counts at it and below."""
    found: Counter[_Key] = Counter()
    for code, unit_id, count in rows:
        for ancestor_id in above[unit_id]:
            found[ancestor_id, code] += count
            found[ancestor_id, TOTAL] += count
    return found


def _bounds(year: int) -> tuple[date, date]:
    return date(year, 1, 1), date(year, 12, 31)
