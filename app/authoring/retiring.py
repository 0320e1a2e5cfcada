"""Taking a published course out of the catalogue, and bringing it back: what it means for whom, and doing it."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.assignments.models import Assignment
from app.authoring.queries import may_publish
from app.authoring.review.deciding import take_turns_at
from app.catalogue import service
from app.catalogue.models import Course
from app.catalogue.queries import newest_version, retired_on
from app.core.access import Actor
from app.core.errors import Conflict, Forbidden
from app.core.i18n import lazy as _
from app.learning.version_queries import completed_count, studying_by_version


@dataclass(frozen=True)
class RetirePage:
    """`assignment_count`: given to people still, so the course cannot be retired before they have ended."""

    slug: str
    title: str
    retired_on: date | None
    studying_count: int
    completed_count: int
    assignment_count: int


def retire_page(db: Session, actor: Actor, course: Course) -> RetirePage:
    """Raises Forbidden for who may not publish the course, Conflict for one that was never published."""
    _must_publish(db, actor, course)
    if course.published_version_id is None:
        raise Conflict(_("Khóa học chưa công bố lần nào nên không có gì để ngừng."))
    return RetirePage(
        slug=course.slug,
        title=newest_version(db, course).title,
        retired_on=retired_on(db, course.id),
        studying_count=sum(studying_by_version(db, course.id).values()),
        completed_count=completed_count(db, course.id),
        assignment_count=_open_assignments(db, course),
    )


def retire(db: Session, actor: Actor, course: Course) -> None:
    """Raises as `retire_page`, and Conflict while somebody is assigned the course."""
    _must_publish(db, actor, course)
    take_turns_at(db, course)
    if count := _open_assignments(db, course):
        raise Conflict(
            _("Còn %(count)s lần giao học đang mở dùng khóa này. Kết thúc các lần ấy trước, rồi ngừng khóa học."),
            count=count,
        )
    service.retire(db, course, actor.account_id)


def bring_back(db: Session, actor: Actor, course: Course) -> None:
    _must_publish(db, actor, course)
    service.bring_back(db, course, actor.account_id)


def _must_publish(db: Session, actor: Actor, course: Course) -> None:
    if not may_publish(db, actor, course):
        raise Forbidden(_("Chỉ người có quyền công bố của đơn vị mới ngừng hay mở lại khóa học."))


def _open_assignments(db: Session, course: Course) -> int:
    query = select(func.count()).where(Assignment.course_id == course.id, Assignment.ended_at.is_(None))
    return db.scalar(query) or 0
