"""Renewal: completing the shorter course a course names (học cập nhật) completes that course anew."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalogue.models import Course
from app.catalogue.queries import course_version, published_version_ids
from app.learning.completions import annul_completion, record_completion
from app.learning.events import CompletionAnnulled, CourseCompleted
from app.learning.models import Completion, CompletionAnnulment


def renew_on_completion(db: Session, event: CourseCompleted) -> None:
    """What was completed before is completed again, at the same version, on the day of the renewal.

    Who never completed the course has nothing to renew.
    """
    done = db.get_one(Completion, event.completion_id)
    if done.course_id is None:
        return
    views = [course_version(db, version_id) for version_id in published_version_ids(db)]
    if not any(view.completion.renewal for view in views):
        return
    slug = db.get_one(Course, done.course_id).slug
    for view in views:
        if view.completion.renewal == slug and (last := _last_completion(db, done.person_id, view.course_id)):
            assert last.course_version_id is not None
            record_completion(
                db, person_id=done.person_id, course_version_id=last.course_version_id, how=done.how,
                occasion=_occasion(done.id), completed_on=done.completed_on, score_percent=done.score_percent,
            )  # fmt: skip


def annul_renewals(db: Session, event: CompletionAnnulled) -> None:
    """What the annulled completion renewed is not renewed."""
    annulment = db.get_one(CompletionAnnulment, event.completion_id)
    renewed = select(Completion).where(
        Completion.person_id == event.person_id, Completion.occasion == _occasion(event.completion_id)
    )
    for completion in db.scalars(renewed).all():
        annul_completion(db, completion, annulment.account_id, annulment.reason, fraud=event.fraud)


def _occasion(completion_id: int) -> str:
    return f"renewal:{completion_id}"


def _last_completion(db: Session, person_id: int, course_id: int) -> Completion | None:
    return db.scalars(
        select(Completion)
        .outerjoin(CompletionAnnulment, CompletionAnnulment.completion_id == Completion.id)
        .where(Completion.person_id == person_id, Completion.course_id == course_id)
        .where(CompletionAnnulment.completion_id.is_(None))
        .order_by(Completion.completed_on.desc(), Completion.id.desc())
        .limit(1)
    ).first()
