"""What is typed is kept before it is saved, offered when the form is opened again, and gone when it is saved."""

from datetime import timedelta

from sqlalchemy import func, select

from app.authoring.drafting import KEPT_DAYS, LessonDraft
from app.core import clock
from app.core.db import Database
from app.core.jobs import Worker, enqueue
from tests.authoring.conftest import BODY
from tests.authoring.test_studio import LESSON, NEW, send
from tests.browser import Browser

EDIT, DRAFT = "/studio/ky-so/lessons/KS01.1.1/edit", "/studio/ky-so/lessons/KS01.1.1/draft"
TYPED = LESSON | {"body": f"{BODY}\n\nĐang viết dở câu n", "base_version": "1"}
OFFER = "Anh/chị có bản đang viết dở"


def test_what_was_typed_is_offered_on_another_device_and_gone_once_saved(author: Browser, publisher: Browser) -> None:
    author.get(EDIT)
    kept = author.post(DRAFT, TYPED)
    assert kept.status_code == 200
    assert kept.text.startswith("Đã giữ lúc ")
    assert OFFER in author.get(EDIT).text
    assert "Đang viết dở câu n" not in author.get(EDIT).text
    assert OFFER not in publisher.get(EDIT).text
    going_on = author.get(f"{EDIT}?draft=1").text
    assert "Đang viết dở câu n" in going_on
    assert "Anh Bình, công chức địa chính" in going_on
    assert OFFER not in going_on
    send(author, EDIT, {"body": f"{BODY}\n\nViết xong rồi."})
    assert OFFER not in author.get(EDIT).text


def test_a_new_lesson_is_kept_too_and_can_be_thrown_away(author: Browser) -> None:
    author.get(NEW)
    author.post(f"{NEW}/draft", TYPED)
    assert "Đang viết dở câu n" in author.get(f"{NEW}?draft=1").text
    author.post(f"{NEW}/draft/forget", {})
    assert OFFER not in author.get(NEW).text


def test_what_the_lesson_says_anyway_is_not_offered(author: Browser) -> None:
    send(author, EDIT)
    author.post(DRAFT, LESSON | {"picture_alt": "", "video_title": ""})
    assert OFFER not in author.get(EDIT).text


def test_a_text_out_of_all_measure_is_refused(author: Browser) -> None:
    author.get(EDIT)
    assert author.post(DRAFT, TYPED | {"body": "x" * 400_000}).status_code == 413


def test_nobody_came_back_for_a_month(author: Browser, database: Database, worker: Worker) -> None:
    author.get(EDIT)
    author.post(DRAFT, TYPED)
    with clock.frozen(clock.now() + timedelta(days=KEPT_DAYS + 1)):
        with database.writing() as db:
            enqueue(db, "authoring.forget_drafts")
        worker.run_all()
        with database.reading() as db:
            assert db.scalar(select(func.count()).select_from(LessonDraft)) == 0
