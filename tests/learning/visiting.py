"""Somebody without an account: what they open, read, watch and answer in an open course, and how they sign up."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from app.core import clock
from tests.browser import Browser
from tests.learning import making
from tests.learning.making import RIGHT_ANSWERS

# The morning of the 21st in Vietnam.
OPENED = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
PHONE, EMAIL = "0912 000 111", "co.thu@example.vn"
PASSWORD = "mot cau ngan de nho"
BAC_GIANG_KEY = "n07210"
FORM = {
    "name": "Nguyễn Thị Khách",
    "contact": PHONE,
    "place": "bac giang",
    "commune": BAC_GIANG_KEY,
    "group": "citizen",
    "password": PASSWORD,
    "agrees": "1",
}
_STAMP = re.compile(r'data-stamp="([^"]+)"')
_QUIZ = re.compile(r"/attempts/(\d+)/submit")


def at(minutes: float = 0, *, days: float = 0) -> Any:
    """The clock so long after OPENED."""
    return clock.frozen(OPENED + timedelta(days=days, minutes=minutes))


@dataclass
class Visitor:
    """A browser at the open course of making.SLUG; also of somebody who has signed in meanwhile."""

    browser: Browser
    slug: str = making.SLUG

    def url(self, key: str) -> str:
        return f"/learn/{self.slug}/{key}"

    def open(self, key: str) -> str:
        """Open a lesson; the stamp on its page."""
        page = self.browser.get(self.url(key))
        assert page.status_code == 200, page.text
        found = _STAMP.search(page.text)
        assert found
        return found.group(1).replace("&#58;", ":")

    def read(self, key: str, stamp: str) -> httpx.Response:
        return self.browser.post(f"{self.url(key)}/read", {"stamp": stamp})

    def save(self, stamp: str, *spans: tuple[float, float], seq: int = 1, **fields: Any) -> httpx.Response:
        """Report what was played, as the player does."""
        body = {"stamp": stamp, "block": "v1", "client": "trang-1", "seq": seq, "spans": list(spans), "position": 0}
        return self.browser.post_json("/progress", body | fields)

    def answer(self, key: str, answers: dict[str, list[str]] | None = None) -> httpx.Response:
        """Take the quiz of a lesson from its first page to its result."""
        page = self.browser.post(f"{self.url(key)}/quiz")
        found = _QUIZ.search(page.text)
        assert found, page.text
        return self.browser.post(
            f"/attempts/{found.group(1)}/submit", dict(RIGHT_ANSWERS if answers is None else answers)
        )

    def learn_everything(self) -> None:
        """The three lessons of the course, from OPENED on, within ten minutes."""
        with at(0):
            reading, watching = self.open("L1"), self.open("L2")
        with at(5):
            assert self.read("L1", reading).status_code == 200
            assert self.save(watching, (0, 100), position=100).json()["lesson_finished"]
        with at(10):
            assert "Đạt" in self.answer("L3").text

    def sign_up(self, **fields: str) -> httpx.Response:
        self.browser.get("/sign-up")
        return self.browser.post("/sign-up", FORM | fields)
