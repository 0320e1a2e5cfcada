"""A sitting with its organiser, an invigilator and three people who may sit it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalogue.models import CourseVersion
from app.core import clock
from app.core.db import Database
from app.exams.models import ExamCandidate, ExamSitting
from app.identity.models import Account
from tests import factories
from tests.browser import Browser
from tests.learning import making

# 08:00 to 10:00 in Vietnam.
OPENS, CLOSES = datetime(2026, 12, 1, 1, 0, tzinfo=UTC), datetime(2026, 12, 1, 3, 0, tzinfo=UTC)
BEFORE = datetime(2026, 11, 25, 1, 0, tzinfo=UTC)
DURING = datetime(2026, 12, 1, 1, 30, tzinfo=UTC)
RIGHT = {"q1": "o2", "q2": "false", "q3": ["o1", "o2"]}
NAMES = {"le.an": "Lê Thị An", "do.binh": "Đỗ Văn Bình", "ngo.chi": "Ngô Thị Chi"}


@pytest.fixture
def staff(db: Session) -> dict[str, Account]:
    made = {}
    for username, name, role in (
        ("to-chuc", "Phạm Văn Tổ Chức", "unit_manager"),
        ("giam-thi", "Vũ Thị Giám Thị", "instructor"),
        ("duoc-cu", "Hồ Văn Được Cử", None),
    ):
        holder = factories.person(db, name)
        factories.post(db, holder)
        made[username] = factories.account(db, holder, username, role=role, at=factories.BAC_GIANG)
    db.commit()
    return made


@pytest.fixture
def people(db: Session) -> dict[str, Account]:
    made = {username: factories.civil_servant(db, username, name=name) for username, name in NAMES.items()}
    db.commit()
    return made


@pytest.fixture
def version(db: Session) -> CourseVersion:
    questions = [dict(one) for one in making.QUESTIONS]
    questions[0]["skill"], questions[1]["skill"] = "KNS1.2", "KNS4"
    made = making.course(
        db, making.READ, making.Lesson("L3", has_text=False, questions=tuple(questions)), certificate_rule="none"
    )
    db.commit()
    return made


@pytest.fixture
def typed(version: CourseVersion) -> dict[str, str]:
    """The form of a sitting, as its organiser types it."""
    return {
        "title": "Sát hạch kỹ năng số đợt 1", "subject": f"{version.id}:L3", "day": "01/12/2026", "opens": "08:00",
        "closes": "10:00", "minutes": "45", "pass_percent": "70", "place": "Phòng máy 2", "unit": factories.BAC_GIANG,
    }  # fmt: skip


class Room:
    """Everybody of one sitting, each in a browser of their own."""

    def __init__(self, database: Database, new_browser: Callable[[], Browser], url: str) -> None:
        self.database, self._new, self.url, self._browsers = database, new_browser, url, dict[str, Browser]()

    @property
    def my_url(self) -> str:
        return f"/my{self.url}"

    def browser(self, username: str) -> Browser:
        if username not in self._browsers:
            self._browsers[username] = self._new().sign_in(username)
        return self._browsers[username]

    def sitting(self) -> ExamSitting:
        with self.database.reading() as db:
            found = db.get_one(ExamSitting, int(self.url.rsplit("/", 1)[1]))
            db.expunge_all()
        return found

    def candidate(self, username: str) -> ExamCandidate:
        with self.database.reading() as db:
            found = db.scalars(
                select(ExamCandidate)
                .join(Account, Account.person_id == ExamCandidate.person_id)
                .where(Account.username == username)
            ).one()
            db.expunge_all()
        return found

    def enter(self, username: str, code: str = "") -> Any:
        return self.browser(username).post(f"{self.my_url}/enter", {"code": code or self.sitting().room_code})

    def check(self, username: str) -> Any:
        url = f"{self.url}/candidates/{self.candidate(username).id}/check"
        return self.browser("giam-thi").post(url, {"note": ""})

    def begin(self, username: str) -> Any:
        self.enter(username)
        self.check(username)
        return self.browser(username).post(f"{self.my_url}/begin")

    def submit(self, username: str, answers: dict[str, Any]) -> Any:
        return self.browser(username).post(f"{self.my_url}/submit", answers)

    def close(self) -> Any:
        return self.browser("giam-thi").post(f"{self.url}/close")


@pytest.fixture
def room(
    database: Database, new_browser: Callable[[], Browser], staff: dict[str, Account], people: dict[str, Account],
    typed: dict[str, str],
) -> Room:  # fmt: skip
    """Planned, with everybody on its list."""
    organiser = new_browser().sign_in("to-chuc")
    with clock.frozen(BEFORE):
        page = organiser.post("/exams/new", typed)
        assert page.status_code == 200, page.text
        url = page.url.path
        added = organiser.post(f"{url}/candidates", {"people": "le.an\ndo.binh\nngo.chi"})
        assert added.status_code == 200, added.text
    return Room(database, new_browser, url)
