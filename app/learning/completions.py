"""Completions: immutable rows that say who completed what, how and when, with the posts of that day (DESIGN 4.4)."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalogue.models import CourseVersion
from app.catalogue.queries import valid_until_of_task
from app.catalogue.source import CompletionRule
from app.core import audit, clock
from app.core.errors import Invalid
from app.core.events import emit
from app.core.i18n import lazy as _
from app.identity.people_queries import posts_on
from app.identity.taking_turns import take_turns
from app.learning.events import CompletionAnnulled, CourseCompleted
from app.learning.models import Completion, CompletionAnnulment, CompletionPost

HOW = ("online", "class", "group", "exam", "evidence")


class CompletedInFuture(Invalid):
    text = _("Ngày hoàn thành không thể sau ngày hôm nay.")


def record_completion(
    db: Session,
    *,
    person_id: int,
    course_version_id: int,
    how: str,
    completed_on: date,
    occasion: str = "",
    score_percent: float | None = None,
    enrolment_id: int | None = None,
) -> Completion:
    """Write a completion with all posts the person held on `completed_on`, as known now, and announce CourseCompleted.

    A second completion of the same version in the same way on the same `occasion` (models.Completion) returns the first
    one, unchanged and unannounced. `completed_on` is a day in Vietnam, not after today. `how` is one of HOW.
    """
    version = db.get_one(CourseVersion, course_version_id)
    return _record(
        db,
        Completion(
            person_id=person_id, enrolment_id=enrolment_id, course_id=version.course_id, course_version_id=version.id,
            how=how, occasion=occasion, completed_on=completed_on, score_percent=score_percent, hours=version.hours,
            valid_until=CompletionRule.of(version.completion_rule).valid_until(completed_on),
        ),
    )  # fmt: skip


def record_outside(
    db: Session,
    *,
    person_id: int,
    programme_code: str,
    title: str,
    how: str,
    occasion: str,
    completed_on: date,
    hours: float,
    score_percent: float | None = None,
) -> Completion:
    """As `record_completion`, for what was learned of a training task outside of our courses."""
    return _record(
        db,
        Completion(
            person_id=person_id, programme_code=programme_code, title=title, how=how, occasion=occasion,
            completed_on=completed_on, hours=hours, score_percent=score_percent,
            valid_until=valid_until_of_task(db, programme_code, completed_on),
        ),
    )  # fmt: skip


def _record(db: Session, completion: Completion) -> Completion:
    if completion.completed_on > clock.today():
        raise CompletedInFuture
    if completion.how not in HOW:
        raise ValueError(completion.how)
    take_turns(db, [completion.person_id])
    same = ("person_id", "course_version_id", "programme_code", "how", "occasion")
    known = db.scalars(
        select(Completion).where(
            *(getattr(Completion, name).is_not_distinct_from(getattr(completion, name)) for name in same)
        )
    ).one_or_none()
    if known is not None:
        return known
    completion.recorded_at = clock.now()
    completion.posts = [
        CompletionPost(
            affiliation_id=post.affiliation_id,
            unit_id=post.unit_id,
            title=post.title,
            is_primary=post.is_primary,
            started_on=post.started_on,
            audiences=list(post.audiences),
        )
        for post in posts_on(db, completion.person_id, completion.completed_on)
    ]
    db.add(completion)
    db.flush()
    emit(db, CourseCompleted(completion.id, completion.person_id))
    return completion


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
