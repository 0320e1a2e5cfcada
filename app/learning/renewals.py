"""Renewal: completing the shorter course a course names (học cập nhật) completes that course anew."""

from collections.abc import Collection, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalogue.models import Course, CourseVersion
from app.identity.records import belongs_to, records_by_holder
from app.learning.completions import Learned, annul_completion, record_completions
from app.learning.events import CompletionAnnulled, CoursesCompleted
from app.learning.models import Completion, CompletionAnnulment


def renew_on_completion(db: Session, event: CoursesCompleted) -> None:
    """What was completed before is completed again, at the same version, on the day of the renewal.

    Who never completed the course has nothing to renew.
    """
    by = CourseVersion.completion_rule["renewal"].as_string()
    renewed = db.execute(
        select(Course.id, by).join(CourseVersion, CourseVersion.id == Course.published_version_id).where(by != "")
    ).all()
    if not renewed:
        return
    done = db.execute(
        select(Completion, Course.slug)
        .join(Course, Course.id == Completion.course_id)
        .where(Completion.id.in_(event.completion_ids), Course.slug.in_({slug for _course, slug in renewed}))
        .order_by(Completion.id)
    ).all()
    humans = records_by_holder(db, {one.person_id for one, _slug in done})
    shown_as = {record: holder_id for holder_id, records in humans.items() for record in records}
    before = _last_versions(db, shown_as, {course_id for course_id, _slug in renewed})
    again = [
        Learned(one.person_id, version_id, one.how, one.completed_on, _occasion(one.id), one.score_percent)
        for one, slug in done
        for course_id, renewal in renewed
        if renewal == slug and (version_id := before.get((shown_as[one.person_id], course_id)))
    ]
    record_completions(db, again)


def annul_renewals(db: Session, event: CompletionAnnulled) -> None:
    """What the annulled completion renewed is not renewed."""
    annulment = db.get_one(CompletionAnnulment, event.completion_id)
    renewed = select(Completion).where(
        belongs_to(Completion.person_id, event.person_id), Completion.occasion == _occasion(event.completion_id)
    )
    for completion in db.scalars(renewed).all():
        annul_completion(db, completion, annulment.account_id, annulment.reason, fraud=event.fraud)


def _occasion(completion_id: int) -> str:
    return f"renewal:{completion_id}"


def _last_versions(
    db: Session, shown_as: Mapping[int, int], course_ids: Collection[int]
) -> dict[tuple[int, int], int]:  # fmt: skip
    """Which version of each course each person completed last, by (person as shown, course)."""
    rows = db.execute(
        select(Completion.person_id, Completion.course_id, Completion.course_version_id)
        .outerjoin(CompletionAnnulment, CompletionAnnulment.completion_id == Completion.id)
        .where(Completion.person_id.in_(shown_as), Completion.course_id.in_(course_ids))
        .where(CompletionAnnulment.completion_id.is_(None))
        .order_by(Completion.completed_on, Completion.id)
    )
    return {
        (shown_as[person_id], course_id): version_id
        for person_id, course_id, version_id in rows
        if course_id and version_id
    }
