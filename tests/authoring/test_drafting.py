"""What is typed is kept before it is saved, offered when the form is opened again, and gone when it is saved."""

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select

from app.authoring.drafting import KEPT_DAYS, LessonDraft
from app.authoring.personal import PERSONAL
from app.authoring.presence import GONE_AFTER
from app.core import clock
from app.core.db import Database
from app.core.jobs import Worker, enqueue
from app.identity.models import Account, RoleGrant
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
    assert kept.json()["kept"].startswith("Đã giữ lúc ")
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


def test_authors_hear_of_each_other_while_they_type(author: Browser, publisher: Browser, database: Database) -> None:
    noon = datetime(2026, 11, 23, 14, 5, tzinfo=clock.VIETNAM)
    said = "Nguyễn Thị Thử cũng đang sửa bài này (lúc 14:05)."
    with clock.frozen(noon):
        assert said not in author.get(EDIT).text
        assert author.post(DRAFT, TYPED).json()["others"] == "", "not of oneself"
        assert said in publisher.get(EDIT).text
        assert publisher.post(DRAFT, TYPED).json()["others"] == said
        assert author.post(DRAFT, TYPED).json()["others"] == said
    with clock.frozen(noon + GONE_AFTER):
        assert said not in publisher.get(EDIT).text, "nothing typed for a while"
    with clock.frozen(noon + timedelta(minutes=1)):
        send(author, EDIT)
        assert said not in publisher.get(EDIT).text, "saved"
        assert said in author.get(EDIT).text
        with database.writing() as db:
            account = db.scalars(select(Account).where(Account.username == "xuatban")).one()
            db.execute(delete(RoleGrant).where(RoleGrant.account_id == account.id))
        assert said not in author.get(EDIT).text, "no author any more"


def test_what_is_typed_is_in_the_copy_of_who_typed_it_and_goes_when_they_are_erased(
    author: Browser, publisher: Browser, database: Database
) -> None:
    author.get(EDIT)
    author.post(DRAFT, TYPED)
    publisher.get(EDIT)
    publisher.post(DRAFT, TYPED)
    [held] = [one for one in PERSONAL.tables if one.table is LessonDraft]
    with database.writing() as db:
        person_id = db.scalars(select(Account.person_id).where(Account.username == "tacgia")).one()
        [row] = held.rows(db, person_id)
        assert (row["course"], row["lesson"], row["title"]) == ("KS01", "KS01.1.1", LESSON["title"])
        assert row["text"].endswith("Đang viết dở câu n")
        PERSONAL.erase_person(db, person_id)
        assert held.rows(db, person_id) == []
        assert db.scalar(select(func.count()).select_from(LessonDraft)) == 1
