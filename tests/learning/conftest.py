"""A learner with a course: Chị Hoa signed in, and things she does."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalogue.models import Course
from app.identity.models import Account
from app.learning.service import enrol
from tests import factories
from tests.browser import Browser
from tests.learning import making

_STAMP = re.compile(r'data-stamp="([^"]+)"')


@dataclass
class Learner:
    """Somebody signed in and enrolled in the course at making.SLUG."""

    browser: Browser
    username: str
    person_id: int
    enrolment_id: int

    def open_lesson(self, key: str) -> str:
        """Open a lesson's page; the stamp on it."""
        response = self.browser.get(f"/learn/{making.SLUG}/{key}")
        assert response.status_code == 200, response.text
        found = _STAMP.search(response.text)
        assert found
        return found.group(1).replace("&#58;", ":")

    def save(self, stamp: str, *spans: tuple[float, float], seq: int = 1, **fields: Any) -> httpx.Response:
        """Report what was played, as the player does."""
        body = {"stamp": stamp, "block": "v1", "client": "trang-1", "seq": seq, "spans": list(spans), "position": 0}
        return self.browser.post_json("/progress", body | fields)

    def read(self, key: str, stamp: str) -> httpx.Response:
        return self.browser.post(f"/learn/{making.SLUG}/{key}/read", {"stamp": stamp})


@pytest.fixture
def new_learner(db: Session, new_browser: Callable[[], Browser]) -> Callable[..., Learner]:
    """`new_learner()` signs another person in; the course must be published before."""

    def make(account: Account | None = None) -> Learner:
        account = account or factories.civil_servant(db)
        course_id = db.scalar(select(Course.id).where(Course.slug == making.SLUG))
        assert course_id is not None
        enrolment = enrol(db, account.person_id, course_id)
        db.commit()
        browser = new_browser().sign_in(account.username)
        return Learner(browser, account.username, account.person_id, enrolment.id)

    return make


@pytest.fixture
def learner(db: Session, new_learner: Callable[..., Learner]) -> Learner:
    """Enrolled in a course of three lessons: one to read, one to watch (100 s), one to answer."""
    making.course(db, making.READ, making.WATCH, making.ANSWER)
    return new_learner()
