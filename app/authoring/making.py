"""Verbs of the studio for whole courses: begin one, keep one that was rearranged or is told of anew."""

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.authoring import starting
from app.authoring.course_form import COPY, NewCourseFields, course_begun, new_course_problems
from app.authoring.course_queries import copy_source, new_course_page, usual_contact
from app.catalogue.models import Course, CourseVersion
from app.catalogue.queries import newest_version
from app.catalogue.service import save_version
from app.catalogue.source import CourseSource
from app.catalogue.stored import own_source, source_of
from app.core.access import Actor
from app.core.errors import Conflict, Invalid, NotFound
from app.core.i18n import lazy as _
from app.core.storage import Storage
from app.core.text import whole

Act = Callable[[CourseSource], CourseSource]


def begin_course(db: Session, storage: Storage, actor: Actor, fields: NewCourseFields) -> Course:
    """Keep a new course of the actor's unit as its first draft. Raises Invalid with messages by field."""
    page = new_course_page(db, actor)
    found = new_course_problems(
        fields, units=dict(page.units), audiences=dict(page.audiences), copyable={one.slug for one in page.copyable},
        titles=page.titles,
    )  # fmt: skip
    if found:
        raise Invalid(fields=found)
    pattern = copy_source(db, actor, fields.copy_of) if fields.start == COPY else starting.start(fields.start)
    unit_id = whole(fields.unit) or 0
    taken = [(slug, code) for slug, code in db.execute(select(Course.slug, Course.code))]
    source = course_begun(fields, pattern, dict(page.units)[unit_id], usual_contact(db, unit_id), taken)
    version = save_version(db, storage, source, unit_id, actor.account_id)
    return db.get_one(Course, version.course_id)


def rearrange(
    db: Session, storage: Storage, actor: Actor, course: Course, act: Act, *, base_version: int = 0,
    untouched: Callable[[CourseSource], object] | None = None, hours_follow: bool = True,
) -> CourseVersion:  # fmt: skip
    """Keep the newest version, changed by `act`, as a new draft.

    An act says what to do, not how all should look, so it is made on the newest version whatever page it was pressed
    on. Where that would undo what others did since, `untouched` names the part that must still be as in `base_version`;
    raises Conflict if it is not, and whatever the act raises. The course's hours follow its lessons if `hours_follow`.
    """
    version = newest_version(db, course)
    source = source_of(db, version.id)
    if untouched and base_version != version.id and untouched(source) != _seen(db, course, base_version, untouched):
        raise Conflict(
            _("Phần này vừa được người khác sửa. Trang dưới đây là bản mới nhất; hãy xem rồi làm lại nếu vẫn cần.")
        )
    made = starting.with_hours_of(source, act(source)) if hours_follow else act(source)
    return save_version(db, storage, made, course.unit_id, actor.account_id)


def _seen(
    db: Session, course: Course, version_id: int, part: Callable[[CourseSource], object]
) -> object:  # fmt: skip
    """That part as it was on the page somebody acted on; None where it was not there."""
    try:
        return part(own_source(db, course, version_id))
    except NotFound:
        return None
