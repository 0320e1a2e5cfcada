"""Who studies which version of a course: what its publisher is told."""

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from app.learning.models import Completion, Enrolment


def studying_by_version(db: Session, course_id: int) -> dict[int, int]:
    """How many are under way in each version, guests included; who completed the course is not."""
    done = exists().where(Completion.person_id == Enrolment.person_id, Completion.enrolment_id == Enrolment.id)
    rows = db.execute(
        select(Enrolment.course_version_id, func.count())
        .where(Enrolment.course_id == course_id, Enrolment.counts_until.is_(None), ~done)
        .group_by(Enrolment.course_version_id)
    )
    return dict(rows.all())


def completed_count(db: Session, course_id: int) -> int:
    """How many people completed the course, in whatever version and way."""
    return db.scalar(select(func.count(Completion.person_id.distinct())).where(Completion.course_id == course_id)) or 0
