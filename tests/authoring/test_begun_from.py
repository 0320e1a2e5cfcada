"""The version a form says it began from: one of the course itself, whatever else bears the lesson's key."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from app.authoring import service
from app.authoring.lesson_form import LessonFields
from app.catalogue.models import Course
from app.catalogue.queries import newest_version
from app.catalogue.service import save_version
from app.catalogue.stored import own_source, source_of
from app.core.db import Session
from app.core.errors import Conflict, NotFound
from app.core.storage import Storage
from app.identity.models import Account
from app.identity.sign_in.accounts import actor_of
from tests import factories
from tests.authoring.conftest import BODY, StudioCourse
from tests.catalogue import making


def test_nobody_begins_from_a_lesson_of_another_course(
    db: Session, storage: Storage, studio_course: StudioCourse, tmp_path: Path
) -> None:
    """Its files would come along: drafts of another unit, though both lessons bear one key."""
    secret = making.picture(tmp_path)
    lesson = making.lesson(key="KS01.1.1", markdown=f"{BODY}\n![Sơ đồ mật]({secret.name})\n", files=(secret,))
    other = save_version(db, storage, making.course(lesson), factories.unit_id(db, factories.BAC_GIANG), None)
    account = db.scalars(select(Account).where(Account.username == "tacgia")).one()
    course = db.get_one(Course, studio_course.course_id)
    newest = newest_version(db, course)
    [(module, own)] = [(module, one) for module in source_of(db, newest.id).modules for one in module.lessons]
    fields = LessonFields.of_lesson(module.folder, own, other.id)
    with pytest.raises(Conflict):
        service.save_lesson(
            db,
            storage,
            actor_of(db, account.id),
            course,
            replace(fields, body=f"![Sơ đồ]({secret.name})\n\n{BODY}"),
            own.key,
            {},
        )
    assert newest_version(db, course) is newest
    with pytest.raises(NotFound):
        own_source(db, course, other.id)
