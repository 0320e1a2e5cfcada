"""Learning a course again (một đợt học mới): what a year asks for anew, what has run out, what was annulled.

A round is an enrolment of its own, at the version published when it begins. Nothing of an earlier round is moved or
changed: its progress, attempts, completion and certificate stay, and a page still open from it goes on being its page.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalogue.models import Course
from app.catalogue.queries import course_version
from app.catalogue.source import CompletionRule
from app.core import clock
from app.core.errors import Conflict
from app.core.i18n import lazy as _
from app.identity.records import belongs_to
from app.identity.taking_turns import take_turns
from app.learning.models import Completion, CompletionAnnulment, Enrolment
from app.learning.parts import course_demands
from app.learning.service import enrolment_of

# How long before its end a completion asks to be renewed.
RENEWAL_NOTICE = timedelta(days=60)
_A_DAY = timedelta(days=1)

Reason = Literal["year", "validity", "annulled"]


class NothingToRepeat(Conflict):
    title = _("Chưa cần học lại")
    text = _(
        "Đợt học này còn dùng được. Học lại được khi kết quả là của năm trước, sắp hết hoặc đã hết giá trị,"
        " hoặc đã bị hủy."
    )


class Result(NamedTuple):
    """A completion of the course, however it came about."""

    enrolment_id: int | None
    completed_on: date
    valid_until: date | None
    score_percent: float | None
    is_annulled: bool


@dataclass(frozen=True)
class NewRound:
    """A round that may begin now. Classes and exams from `counts_from` on count for it.

    `completed_on` and `valid_until` are of the last result, which the round does not touch.
    """

    number: int
    reason: Reason
    counts_from: date
    completed_on: date
    valid_until: date | None


@dataclass(frozen=True)
class EarlierRound:
    number: int
    began_on: date
    results: tuple[Result, ...]


def why_again(valid: Sequence[tuple[date, date | None]], rule: CompletionRule, today: date) -> Reason | None:
    """Whether completing it today would give what `valid` results, as (completed_on, valid_until), do not.

    They end soon, or have, and a new one counts longer; or none is of this year, by which yearly figures count.
    """
    ends = [until for _on, until in valid if until]
    if len(ends) == len(valid) and (until := max(ends)) < today + RENEWAL_NOTICE:
        new = rule.valid_until(today)
        if new is None or new > until:
            return "validity"
    return "year" if max(on for on, _until in valid).year < today.year else None


def results_of(db: Session, person_id: int, course_id: int) -> list[Result]:
    """All that completed the course, of whatever version, the earliest first."""
    rows = db.execute(
        select(
            Completion.enrolment_id, Completion.completed_on, Completion.valid_until,
            Completion.score_percent, CompletionAnnulment.completion_id.is_not(None),
        )
        .outerjoin(CompletionAnnulment, CompletionAnnulment.completion_id == Completion.id)
        .where(belongs_to(Completion.person_id, person_id), Completion.course_id == course_id)
        .order_by(Completion.completed_on, Completion.id)
    )  # fmt: skip
    return [Result(*row) for row in rows]


def next_round(db: Session, enrolment: Enrolment, results: Sequence[Result] | None = None) -> NewRound | None:
    """The round its learner may begin now, if any: the present one is over, and another would give something new.

    `results` as results_of has them, if they are at hand.
    """
    if enrolment.person_id is None or enrolment.counts_until is not None:
        return None
    found = results_of(db, enrolment.person_id, enrolment.course_id) if results is None else results
    if not any(one.enrolment_id == enrolment.id for one in found):
        return None
    published_id = db.scalar(
        select(Course.published_version_id).where(Course.id == enrolment.course_id, Course.retired_at.is_(None))
    )
    reason = _reason(db, found, published_id) if published_id else None
    # Where something is missing (a lesson of a newer version, a class that was none), that is what is to be done.
    if reason is None or not all(demand.is_done for demand in course_demands(db, enrolment)):
        return None
    today = clock.today()
    valid = [one for one in found if not one.is_annulled] or found
    # A class of this year counts for the round even if it was held before it began, but never twice.
    since = max(date(today.year, 1, 1), max(one.completed_on for one in found) + _A_DAY)
    return NewRound(
        enrolment.round + 1, reason, min(since, today), max(one.completed_on for one in valid),
        max((one.valid_until for one in valid if one.valid_until), default=None),
    )  # fmt: skip


def begin_round(db: Session, enrolment: Enrolment, number: int) -> Enrolment:
    """Begin the round of that number, at the published version; one begun already is returned as it is.

    Raises NothingToRepeat.
    """
    if enrolment.person_id is None:
        raise NothingToRepeat
    take_turns(db, [enrolment.person_id])
    present = enrolment_of(db, enrolment.person_id, enrolment.course_id)
    assert present is not None
    if present.round >= number:
        return present
    offered = next_round(db, present)
    if offered is None or offered.number != number:
        raise NothingToRepeat
    version_id = db.scalar(select(Course.published_version_id).where(Course.id == present.course_id))
    now = clock.now()
    new = Enrolment(
        person_id=present.person_id, course_id=present.course_id, course_version_id=version_id, enrolled_at=now,
        last_active_at=now,
    )  # fmt: skip
    follow(db, present, new, offered)
    return new


def follow(db: Session, present: Enrolment, new: Enrolment, offered: NewRound) -> None:
    """`new`, an enrolment of the same person in the same course, is the round that goes on from here."""
    present.counts_until = offered.counts_from - _A_DAY
    new.round, new.counts_from = offered.number, offered.counts_from
    db.add(new)
    db.flush()


def earlier_rounds(db: Session, enrolment: Enrolment, results: Sequence[Result]) -> tuple[EarlierRound, ...]:
    """The rounds before this one with what each gave, the latest first; no query for the first round."""
    if enrolment.round == 1:
        return ()
    before = db.scalars(
        select(Enrolment)
        .where(
            Enrolment.person_id == enrolment.person_id, Enrolment.course_id == enrolment.course_id,
            Enrolment.round < enrolment.round,
        )
        .order_by(Enrolment.round.desc())
    )  # fmt: skip
    return tuple(
        EarlierRound(one.round, clock.day_of(one.enrolled_at), tuple(each for each in results if _is_of(each, one)))
        for one in before
    )


def _is_of(result: Result, enrolment: Enrolment) -> bool:
    if result.enrolment_id is not None:
        return result.enrolment_id == enrolment.id
    return (enrolment.counts_from or date.min) <= result.completed_on <= (enrolment.counts_until or date.max)


def _reason(db: Session, found: Sequence[Result], version_id: int) -> Reason | None:
    valid = [(one.completed_on, one.valid_until) for one in found if not one.is_annulled]
    return why_again(valid, course_version(db, version_id).completion, clock.today()) if valid else "annulled"
