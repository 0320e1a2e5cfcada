"""The quiz of a draft, answered in the preview: marked as a learner's, and nothing kept."""

import re
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from app.catalogue.service import save_version
from app.catalogue.source import edited_lesson, with_lesson
from app.catalogue.stored import source_of
from app.core.db import Database, Session
from app.core.storage import Storage
from app.learning.models import Attempt, Enrolment
from tests.authoring.conftest import StudioCourse
from tests.browser import Browser
from tests.catalogue.making import QUIZ

LESSON = "/studio/ky-so/lessons/KS01.1.1"
FRAME = f"{LESSON}/learner"


@pytest.fixture
def draft_with_quiz(db: Session, storage: Storage, studio_course: StudioCourse) -> int:
    """Its version's id; the published one has no quiz."""
    source = source_of(db, studio_course.version_id)
    lesson = edited_lesson(source.lesson("KS01.1.1")[1], quiz=QUIZ)
    second = replace(edited_lesson(lesson, quiz=None), key="KS01.1.2", stem="02-tiep")
    source = with_lesson(with_lesson(source, "01-bat-dau", lesson), "01-bat-dau", second)
    version = save_version(db, storage, source, None, None)
    db.commit()
    return version.id


def right_answers(page: str) -> dict[str, str]:
    """Fields by name, as the page offers them: the option with a certificate, and “wrong” for the statement."""
    fields = {}
    for name, value, label in re.findall(r'<input[^>]*?name="([^"]+)"[^>]*?value="([^"]+)"[^>]*>(.*?)</label>', page):
        if "chứng thư số" in label or "Sai" in label:
            fields[name] = value
    return fields


def test_the_quiz_of_a_draft_is_tried_in_the_preview_and_nothing_is_kept(
    author: Browser, draft_with_quiz: int, database: Database
) -> None:
    shown = author.get(FRAME).text
    assert f'href="{FRAME}/quiz"' in shown
    assert 'href="/studio/ky-so/lessons/KS01.1.2/learner"' in shown
    assert 'href="/learn/' not in shown
    start = author.get(f"{FRAME}/quiz")
    assert "Làm thử, không lưu" in start.text
    assert f'action="{FRAME}/quiz"' in start.text
    opened = author.post(f"{FRAME}/quiz", {})
    assert opened.url.path == f"{FRAME}/paper"
    policy = opened.headers["content-security-policy"]
    assert "form-action 'self'" in policy
    assert policy.endswith("sandbox allow-same-origin allow-forms")
    address = str(opened.url.copy_with(scheme="", host="", port=None)).lstrip("/")
    fields = right_answers(opened.text)
    assert len(fields) == 2
    passed = author.post(f"/{address}", fields)
    assert "100%" in passed.text
    assert "Ký số dùng chứng thư số." in passed.text
    assert "Làm thử, không lưu" in passed.text
    failed = author.post(f"/{address}", {})
    assert "Chưa đạt" in failed.text
    assert "chưa trả lời" in failed.text
    with database.reading() as db:
        assert db.scalar(select(func.count()).select_from(Attempt)) == 0
        assert db.scalar(select(func.count()).select_from(Enrolment)) == 0


def test_what_cannot_be_tried_is_told_or_not_found(author: Browser, draft_with_quiz: int) -> None:
    paper = f"{FRAME}/paper?version={draft_with_quiz}&seed=7"
    name = next(iter(right_answers(author.get(paper).text)))
    odd = author.post(paper, {name: "khong-co"})
    assert odd.status_code == 422
    assert "Làm thử, không lưu" in odd.text
    assert author.get(f"{FRAME}/paper?version=987654").status_code == 404
    assert author.get(FRAME.replace("1.1.1", "1.1.2") + "/quiz").status_code == 404
