"""Old drafts go at night with what only they used; what somebody goes back to stays, and the history says so."""

import argparse
import io
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.authoring import course_commands
from app.authoring.drafting import LessonDraft
from app.authoring.review.models import CourseReview, LessonComment
from app.catalogue.models import CourseVersion, LessonVersion, ModuleVersion
from app.catalogue.service import save_version
from app.catalogue.source import FileSource, with_lesson
from app.catalogue.stored import source_of
from app.core import clock
from app.core.audit import AuditEntry
from app.core.db import Database, Session
from app.core.jobs import Worker, enqueue
from app.core.storage import Storage
from app.identity.models import Account, Person
from app.media.service import add_asset, store
from app.media.sweeping import unused_assets
from app.runtime import Runtime
from tests.access.world import _png
from tests.authoring.conftest import BODY, StudioCourse
from tests.authoring.test_history import HISTORY, words
from tests.browser import Browser

LONG_AGO = timedelta(days=40)


@pytest.fixture
def drafts(db: Session, storage: Storage, studio_course: StudioCourse) -> None:
    """Versions 2 to 7 on one day forty days ago, the first of them with a picture; version 8 today."""
    then = clock.now().replace(hour=3) - LONG_AGO
    with clock.frozen(then):
        stored = store(storage, io.BytesIO(_png("red")), "con-dau.png", only="image")
        picture = add_asset(db, stored, by=None, unit_id=None)
    for number in range(2, 9):
        with clock.frozen(then + timedelta(minutes=number) if number < 8 else clock.now()):
            text = BODY + ("\n![Con dấu](con-dau.png)\n" if number == 2 else f"\nLần {number}.\n")
            files = (FileSource("con-dau.png", asset_id=picture.id),) if number == 2 else ()
            newest = db.scalars(select(CourseVersion).order_by(CourseVersion.number.desc())).first()
            assert newest is not None
            source = source_of(db, newest.id)
            module, lesson = source.lesson("KS01.1.1")
            lesson = replace(lesson, markdown=text, files=files)
            save_version(db, storage, with_lesson(source, module.folder, lesson), None, None)
    db.commit()


def numbers(db: Session) -> list[int]:
    return list(db.scalars(select(CourseVersion.number).order_by(CourseVersion.number)))


def tidy(database: Database, worker: Worker) -> None:
    with database.writing() as db:
        enqueue(db, "authoring.tidy_drafts")
    worker.run_all()


@pytest.mark.usefixtures("drafts")
def test_what_only_an_old_draft_used_goes_with_it(
    db: Session, database: Database, worker: Worker, author: Browser
) -> None:
    assert not list(unused_assets(db, timedelta(days=30)))
    db.rollback()
    tidy(database, worker)
    assert numbers(db) == [1, 7, 8]
    assert db.scalar(select(func.count()).select_from(ModuleVersion)) == 3
    assert db.scalar(select(func.count()).select_from(LessonVersion)) == 3
    [told] = db.scalars(select(AuditEntry).where(AuditEntry.action == "course.tidy"))
    assert told.details == {"versions": [2, 3, 4, 5, 6]}
    assert [one.file_name for one in unused_assets(db, timedelta(days=30))] == ["con-dau.webp"]
    history = words(author.get("/studio/ky-so/history").text)
    assert "Gồm cả 5 lần lưu nháp trước đó, đã được dọn." in history
    assert "còn lần cuối mỗi ngày của mỗi người" in history
    assert "còn lần cuối mỗi ngày của mỗi người" in words(author.get(HISTORY).text)
    db.rollback()
    tidy(database, worker)
    assert numbers(db) == [1, 7, 8], "again, it changes nothing"


@pytest.mark.usefixtures("drafts")
def test_what_somebody_goes_back_to_stays(
    db: Session, database: Database, worker: Worker, studio_course: StudioCourse
) -> None:
    ids = dict(db.execute(select(CourseVersion.number, CourseVersion.id)).all())
    account = db.scalars(select(Account)).first()
    assert account is not None
    now, course_id = clock.now(), studio_course.course_id
    db.add_all([
        CourseReview(
            course_id=course_id, state="changes", sent_version_id=ids[2], sent_by=account.id, sent_at=now, note="",
            decided_version_id=ids[3], reason="",
        ),
        LessonComment(
            course_id=course_id, lesson_key="KS01.1.1", person_id=db.scalars(select(Person.id)).first(), place="",
            quote="", version_number=4, text="Thiếu ví dụ", written_at=now,
        ),
        LessonDraft(
            course_id=course_id, lesson_key="KS01.1.1", account_id=account.id, saved_at=now,
            typed={"fields": {"base_version": ids[5]}},
        ),
    ])  # fmt: skip
    db.commit()
    tidy(database, worker)
    assert numbers(db) == [1, 2, 3, 4, 5, 7, 8]


def run(runtime: Runtime, *words: str) -> int:
    parser = argparse.ArgumentParser()
    course_commands.register(parser.add_subparsers())
    args = parser.parse_args(["courses", *words])
    return int(args.func(args, runtime))


@pytest.mark.usefixtures("drafts")
def test_the_command_lists_before_it_deletes(db: Session, runtime: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(runtime, "prune") == 0
    assert capsys.readouterr().out.splitlines() == [
        "ky-so\t5\t2 3 4 5 6", "Có 5 bản nháp dọn được. Chưa xóa gì; thêm --apply để xóa.",
    ]  # fmt: skip
    assert len(numbers(db)) == 8
    db.rollback()
    assert run(runtime, "prune", "--days", "60") == 0
    assert capsys.readouterr().out.startswith("Có 0 bản nháp")
    assert run(runtime, "prune", "--apply") == 0
    assert capsys.readouterr().out.endswith("Đã dọn 5 bản nháp.\n")
    assert numbers(db) == [1, 7, 8]
