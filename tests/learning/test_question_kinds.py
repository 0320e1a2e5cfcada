"""New kinds of questions over HTTP: their fields, their pictures and sounds, and what waits for a person."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.authoring.folder import load_course
from app.catalogue import questions
from app.catalogue.models import Course
from app.catalogue.service import publish
from app.core.db import Database
from app.core.storage import Storage
from app.learning.models import Attempt, LessonFinish
from app.learning.service import enrol
from app.media.models import Asset
from tests import factories
from tests.authoring.folders import PICTURE, QUIZ, SLUG, SVG, good_folder, write
from tests.browser import Browser
from tests.catalogue.samples import SAMPLES
from tests.media.samples import ffmpeg

SOUND = "01-mo-dau/01-loi-goi.mp3"
URL = f"/learn/{SLUG}/HS01.1.1/quiz"


class Sitting:
    """Somebody in front of an open paper of every kind, with a picture and a sound."""

    def __init__(self, browser: Browser, database: Database, url: str) -> None:
        self.browser, self.database, self.url = browser, database, url

    @property
    def attempt(self) -> Attempt:
        with self.database.reading() as db:
            attempt = db.scalars(select(Attempt)).one()
            db.expunge_all()
        return attempt

    def form(self, *left_out: str) -> dict[str, list[str]]:
        """What earns everything, as the page's form sends it."""
        return {
            questions.field_name(question["id"], part): values
            for question in self.attempt.paper["questions"]
            if question["kind"] not in left_out
            for part, values in questions.solution(question).items()
        }


def load(db: Session, storage: Storage, folder: Path) -> None:
    publish(db, load_course(db, storage, folder, None), None)
    db.commit()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = good_folder(tmp_path / "courses")
    ffmpeg("-f", "lavfi", "-i", "sine=frequency=440:duration=1", folder / SOUND)
    asked = {kind: dict(question) for kind, question in SAMPLES.items()}
    asked["single"]["text"] += "\n![Ba hình vuông nối nhau](01-vong-hop.svg)"
    asked["short_text"]["text"] += ' ![Cuộc gọi lạ](01-loi-goi.mp3 "Chào bác, cháu ở ngân hàng.")'
    quiz = {"pass_percent": 70, "questions": list(asked.values())}
    write(folder.parent, f"{SLUG}/{QUIZ}", yaml.safe_dump(quiz, allow_unicode=True))
    return folder


@pytest.fixture
def sitting(
    folder: Path, db: Session, storage: Storage, database: Database, new_browser: Callable[[], Browser]
) -> Sitting:
    load(db, storage, folder)
    account = factories.civil_servant(db)
    enrol(db, account.person_id, db.scalars(select(Course.id).where(Course.slug == SLUG)).one())
    db.commit()
    browser = new_browser().sign_in(account.username)
    return Sitting(browser, database, browser.post(URL).url.path)


def test_each_gap_and_row_is_saved_in_a_field_of_its_own(sitting: Sitting) -> None:
    asked = {question["kind"]: question for question in sitting.attempt.paper["questions"]}
    fields = {"question": "vd-cloze", "vd-cloze:1": "12", "vd-cloze:2": "", "seq": "1"}
    saved = sitting.browser.htmx_post(f"{sitting.url}/answers", fields)
    assert "Đã trả lời 1 trên 10 câu" in saved.text
    row = questions.solution(asked["ordering"])
    sitting.browser.htmx_post(
        f"{sitting.url}/answers",
        {"question": "vd-ordering", "seq": "2"} | {f"vd-ordering:{part}": values for part, values in row.items()},
    )
    assert sitting.attempt.answers["vd-cloze"] == {"1": "12"}
    assert questions.grade(asked["ordering"], sitting.attempt.answers["vd-ordering"]) == 1
    assert 'value="12"' in sitting.browser.get(sitting.url).text
    refused = sitting.browser.htmx_post(f"{sitting.url}/answers", {"question": "vd-cloze", "vd-cloze:9": "x"})
    assert refused.status_code == 422


def test_without_scripts_all_kinds_are_handed_in_at_once_and_an_essay_waits(
    sitting: Sitting, database: Database
) -> None:
    page = sitting.browser.post(f"{sitting.url}/submit", sitting.form()).text
    assert "Đang chờ chấm" in page
    assert "Người chấm thuộc Sở Khoa học và Công nghệ" in page
    assert "Bài tốt nêu dấu hiệu trước" not in page
    attempt = sitting.attempt
    assert attempt.result is not None
    assert (attempt.passed, attempt.result["percent"], attempt.result["score"], attempt.result["max"]) == (
        None, None, 10.0, 15,
    )  # fmt: skip
    with database.reading() as db:
        assert db.scalars(select(LessonFinish)).all() == []
    assert "chờ chấm" in sitting.browser.get(URL).text
    assert "đang chờ người chấm" in sitting.browser.get(URL.removesuffix("/quiz")).text


def test_an_essay_left_empty_waits_for_nobody(sitting: Sitting) -> None:
    page = sitting.browser.post(f"{sitting.url}/submit", sitting.form("essay", "true_false")).text
    assert "Chưa đạt" in page
    assert "60%" in page
    assert sitting.attempt.passed is False


def test_the_open_paper_says_nothing_of_what_is_right(sitting: Sitting) -> None:
    page = sitting.browser.get(sitting.url).text
    for secret in ("Chụp lại tin nhắn", "chấp nhận lệch", "mười hai", "Được trọn điểm", "Đuôi", "định danh điện tử,"):
        assert secret not in page
    for question in SAMPLES.values():
        assert question["explanation"] not in page


def test_pictures_and_sounds_of_a_paper_stay_when_the_lessons_files_are_replaced(
    sitting: Sitting, folder: Path, db: Session, storage: Storage
) -> None:
    page = sitting.browser.get(sitting.url).text
    picture, sound = (
        f"/media/{one.public_id}/{name}"
        for file_name, name in ((PICTURE, "image.svg"), (SOUND, "sound.mp3"))
        for one in db.scalars(select(Asset).where(Asset.file_name == Path(file_name).name))
    )
    assert f'<img src="{picture}"' in page
    assert 'alt="Ba hình vuông nối nhau"' in page
    assert f'<audio class="sound" controls preload="none" src="{sound}" aria-label="Cuộc gọi lạ">' in page
    assert "Chào bác, cháu ở ngân hàng." in page
    assert sitting.browser.get(picture).headers["content-type"] == "image/svg+xml"
    assert sitting.browser.get(sound).headers["content-type"] == "audio/mpeg"
    (folder / PICTURE).write_text(SVG.replace("40", "50"), encoding="utf-8")
    load(db, storage, folder)
    assert sitting.browser.get(sitting.url).text.count(picture) == page.count(picture) > 0
