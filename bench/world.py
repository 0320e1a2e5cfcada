"""What a measurement runs on: a simulated province, a course of forty lessons, and people who learn in it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalogue import service as catalogue
from app.catalogue.models import Course, LessonVersion
from app.catalogue.source import CourseSource, LessonSource, ModuleSource
from app.core import clock
from app.core.db import Database
from app.core.settings import Settings
from app.core.storage import storage_of
from app.identity.people import people
from app.identity.sign_in.accounts import find_candidate, new_account, sign_in
from app.identity.sign_in.passwords import hash_password
from app.identity.units import unit_queries
from app.learning.models import Enrolment
from app.learning.service import enrol
from tests.postgresql import OwnServer

LEARNERS = 128
PASSWORD = "mat-khau-cua-phep-do-1"
COURSE, LESSON, QUIZ_LESSON = "khoa-do-40-bai", "DO40.3.2", "DO40.1.5"
# A commune of the province's tree.
UNIT = "07210"
_DURABLE = {
    "fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "autovacuum": "on", "max_connections": "50",
    "max_wal_size": "2GB",
}  # fmt: skip


@dataclass(frozen=True)
class Learner:
    """Somebody signed in and enrolled; `enrolment_id` in the starter course, whose lesson `video` names."""

    username: str
    session: str
    enrolment_id: int


@dataclass(frozen=True)
class Video:
    """A video of a starter course: where progress is saved."""

    course: str
    lesson: str
    block: str


@dataclass(frozen=True)
class World:
    environment: dict[str, str]
    learners: list[Learner]
    video: Video

    @property
    def database(self) -> Database:
        return Database(self.environment["DATABASE_URL"])


@contextmanager
def postgresql() -> Iterator[OwnServer]:
    """A server of our own that keeps what it acknowledged, as one in production does."""
    server = OwnServer(_DURABLE)
    try:
        yield server
    finally:
        server.stop()


def make_world(folder: Path, database_url: str, people_count: int) -> World:
    """Seed, simulate so many people, then add ours; the simulation is the longest part."""
    environment = environment_of(folder, database_url)
    for words in (["seed"], ["simulate", "--people", str(people_count), "--seed", "1"]):
        operate(environment, *words)
    # What follows needs the keys the server will have.
    os.environ.update(environment)
    database = Database(database_url)
    with database.writing() as db:
        _forty_lessons(db)
        video, course_id = _some_video(db)
    with database.writing() as db:
        password_hash = hash_password(PASSWORD)
        learners = [_learner(db, number, password_hash, course_id) for number in range(LEARNERS)]
    database.dispose()
    return World(environment, learners, video)


def environment_of(folder: Path, database_url: str) -> dict[str, str]:
    """The settings of an installation in a folder."""
    return {
        "DATA_DIR": str(folder), "MEDIA_URL": f"file://{folder}/media", "DATABASE_URL": database_url, "DEMO": "0",
        "HOST": "127.0.0.1", "WORKERS": "0", "SECRET_KEY": "for-the-bench", "FIELD_KEY": "for-the-bench",
        "PUBLIC_URL": "", "SECOND_FACTOR_FROM": "9999-01-01", "SIGN_IN_LIMIT": "1000000/minute", "LOG_LEVEL": "error",
    }  # fmt: skip


def operate(environment: dict[str, str], *words: str) -> None:
    """The command line there; raises RuntimeError if it fails."""
    done = subprocess.run(
        [sys.executable, "-m", "app", *words], env=os.environ | environment, capture_output=True, text=True
    )
    if done.returncode > 1:
        raise RuntimeError(f"{' '.join(words)}: {done.stdout}{done.stderr}")


def _learner(db: Session, number: int, password_hash: str, starter_id: int) -> Learner:
    person = people.add_person(db, name="Người Đo Thử")
    unit = unit_queries.unit_on(db, UNIT, clock.today())
    assert unit, UNIT
    people.add_affiliation(
        db, person, unit.unit_id, title="Chuyên viên", audiences=["CBCC"], started_on=clock.today().replace(day=1)
    )
    username = f"nguoi-do-{number}"
    db.add(new_account(person, username, password_hash, must_change=False))
    db.flush()
    forty_id = db.scalars(select(Course.id).where(Course.slug == COURSE)).one()
    enrol(db, person.id, forty_id)
    enrolment: Enrolment = enrol(db, person.id, starter_id)
    candidate = find_candidate(db, username)
    assert candidate
    return Learner(username, sign_in(db, candidate), enrolment.id)


def _some_video(db: Session) -> tuple[Video, int]:
    rows = db.execute(
        select(Course.slug, Course.id, LessonVersion.key, LessonVersion.blocks)
        .join(LessonVersion, LessonVersion.course_version_id == Course.published_version_id)
        .where(LessonVersion.has_video)
        .order_by(Course.id, LessonVersion.id)
    )
    for slug, course_id, key, blocks in rows:
        for block in blocks:
            if block["kind"] == "video":
                return Video(slug, key, block["id"]), course_id
    raise RuntimeError("no starter course has a video")


def _forty_lessons(db: Session) -> None:
    modules = tuple(
        ModuleSource(
            f"{module:02}-hoc-phan",
            f"Học phần đo {module}",
            "Biết mỗi trang tốn bao nhiêu thời gian của máy chủ.",
            tuple(_lesson(module, number) for number in range(1, 6)),
        )
        for module in range(1, 9)
    )
    unit = unit_queries.unit_on(db, "24", clock.today())
    assert unit
    source = CourseSource(
        slug=COURSE, code="DO40", title="Khóa học bốn mươi bài để đo", summary="Dùng cho phép đo, không có nội dung.",
        access="assigned", hours=6.5, owner="Nhóm đo", contact="", modules=modules, audiences=("CBCC",),
    )  # fmt: skip
    storage = storage_of(Settings().media_url)
    catalogue.publish(db, catalogue.save_version(db, storage, source, unit.unit_id, None), None)


def _lesson(module: int, number: int) -> LessonSource:
    sentence = "Câu này chỉ để trang bài học dài như một bài học thật. "
    return LessonSource(
        key=f"DO40.{module}.{number}",
        stem=f"{number:02}-bai-do",
        title=f"Bài đo số {number} của học phần {module}",
        minutes=10,
        markdown="\n\n".join(f"## Mục {part}\n\n{sentence * 12}" for part in range(1, 6)) + "\n",
        objectives=("Đo được một trang.", "Đọc được bảng kết quả."),
        quiz={"pass_percent": 70, "shuffle": True, "questions": [_question(n) for n in range(10)]}
        if number == 5
        else None,
    )


def _question(number: int) -> dict[str, object]:
    return {
        "id": f"q{number}",
        "kind": "single",
        "text": f"Câu hỏi đo số {number} hỏi điều gì?",
        "options": [{"id": sign, "text": f"Phương án {sign}", "right": sign == "a"} for sign in "abcd"],
        "explanation": "Phương án a đúng vì phép đo quy định như vậy.",
    }
