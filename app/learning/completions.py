"""Completions: immutable rows that say who completed what, how and when, with the posts of that day (DESIGN 4.4).

Many are recorded together, 500 at a time: the statements of that, and of all who hear of it, grow no further.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalogue.queries import CourseView, course_version, valid_until_of_task
from app.core import audit, clock
from app.core.errors import Invalid
from app.core.events import emit
from app.core.i18n import lazy as _
from app.identity.people.people_queries import posts_of
from app.identity.taking_turns import take_turns
from app.learning.events import CompletionAnnulled, CoursesCompleted
from app.learning.models import Completion, CompletionAnnulment, CompletionPost

HOW = ("online", "class", "group", "exam", "evidence")
_CHUNK = 500


class CompletedInFuture(Invalid):
    text = _("Ngày hoàn thành không thể sau ngày hôm nay.")


@dataclass(frozen=True)
class Learned:
    """Somebody completed a version of a course of ours. `completed_on` is a day in Vietnam, `how` one of HOW."""

    person_id: int
    course_version_id: int
    how: str
    completed_on: date
    occasion: str = ""
    score_percent: float | None = None
    enrolment_id: int | None = None


@dataclass(frozen=True)
class LearnedOutside:
    """The same for what was learned of a training task outside of our courses."""

    person_id: int
    programme_code: str
    title: str
    how: str
    occasion: str
    completed_on: date
    hours: float
    score_percent: float | None = None


def record_completion(db: Session, learned: Learned | LearnedOutside) -> Completion:
    """`record_completions` for one."""
    return record_completions(db, [learned])[0]


def record_completions(db: Session, learned: Sequence[Learned | LearnedOutside]) -> list[Completion]:
    """Write a completion for each with all posts the person held that day, as known now; announce CoursesCompleted.

    One answer for each, in order. A second completion of the same in the same way on the same `occasion`
    (models.Completion) is the first one, unchanged and unannounced. Raises CompletedInFuture.
    """
    if any(one.completed_on > clock.today() for one in learned):
        raise CompletedInFuture
    if unknown := {one.how for one in learned}.difference(HOW):
        raise ValueError(unknown)
    versions = {one.course_version_id for one in learned if isinstance(one, Learned)}
    courses = {version_id: course_version(db, version_id) for version_id in versions}
    outside = {(one.programme_code, one.completed_on) for one in learned if isinstance(one, LearnedOutside)}
    ends = {(code, day): valid_until_of_task(db, code, day) for code, day in outside}
    rows = [_row(one, courses, ends) for one in learned]
    known = _known(db, rows)
    new: list[Completion] = []
    for row in rows:
        if known.setdefault(_same(row), row) is row:
            new.append(row)
    for at in range(0, len(new), _CHUNK):
        _write(db, new[at : at + _CHUNK])
    return [known[_same(row)] for row in rows]


def _row(
    learned: Learned | LearnedOutside, courses: Mapping[int, CourseView], ends: Mapping[tuple[str, date], date | None]
) -> Completion:  # fmt: skip
    """`courses` by version; `ends`: the last day of what was learned outside, by task and day."""
    row = Completion(
        person_id=learned.person_id, how=learned.how, occasion=learned.occasion, completed_on=learned.completed_on,
        score_percent=learned.score_percent,
    )  # fmt: skip
    if isinstance(learned, Learned):
        course = courses[learned.course_version_id]
        row.course_id, row.course_version_id, row.hours = course.course_id, course.version_id, course.hours
        row.enrolment_id, row.valid_until = learned.enrolment_id, course.completion.valid_until(learned.completed_on)
    else:
        row.programme_code, row.title, row.hours = learned.programme_code, learned.title, learned.hours
        row.valid_until = ends[learned.programme_code, learned.completed_on]
    return row


def _same(row: Completion) -> tuple[int, int | None, str | None, str, str]:
    """What only one completion may have."""
    return row.person_id, row.course_version_id, row.programme_code, row.how, row.occasion


def _known(db: Session, rows: Sequence[Completion]) -> dict[tuple[int, int | None, str | None, str, str], Completion]:
    """What these people completed in these ways before; nobody else adds to it until the end of the transaction."""
    people = sorted({row.person_id for row in rows})
    take_turns(db, people)
    ways = {row.how for row in rows}
    return {
        _same(row): row
        for at in range(0, len(people), _CHUNK)
        for row in db.scalars(
            select(Completion).where(Completion.person_id.in_(people[at : at + _CHUNK]), Completion.how.in_(ways))
        )
    }


def _write(db: Session, rows: Sequence[Completion]) -> None:
    posts, now = posts_of(db, (row.person_id for row in rows)), clock.now()
    for row in rows:
        row.recorded_at = now
        row.posts = [
            CompletionPost(
                affiliation_id=post.affiliation_id, unit_id=post.unit_id, title=post.title,
                is_primary=post.is_primary, started_on=(post.first or (post.started_on,))[0],
                audiences=list(post.audiences),
            )
            for post in posts[row.person_id]
            if post.held_on(row.completed_on)
        ]  # fmt: skip
    db.add_all(rows)
    db.flush()
    emit(db, CoursesCompleted(tuple(row.id for row in rows), tuple(row.person_id for row in rows)))


def annul_completion(
    db: Session, completion: Completion, by: int | None, reason: str, *, fraud: bool
) -> CompletionAnnulment:
    """End a completion for good; the row itself stays. Annulling again returns the first annulment.

    `by` is an account id; `fraud` also revokes what was issued for it.
    """
    take_turns(db, [completion.person_id])
    known = db.get(CompletionAnnulment, completion.id)
    if known is not None:
        return known
    annulment = CompletionAnnulment(completion_id=completion.id, annulled_at=clock.now(), account_id=by, reason=reason)
    db.add(annulment)
    audit.record(db, "completion.annul", "completion", completion.id, account_id=by, fraud=fraud)
    db.flush()
    emit(db, CompletionAnnulled(completion.id, completion.person_id, fraud))
    return annulment
