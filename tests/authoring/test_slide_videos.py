"""An author without a camera has a video made of a lesson's text, looks at it, and puts it into the draft, or not."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.authoring import jobs as authoring_jobs
from app.authoring.queries import newest_version
from app.catalogue.models import Course
from app.catalogue.service import publish, save_version
from app.catalogue.source import LessonSource
from app.catalogue.stored import source_of
from app.core import jobs
from app.core.db import Database, Session
from app.core.jobs import JobContext, Worker
from app.core.settings import get_settings
from app.core.storage import Storage
from app.media.models import Asset
from tests import factories
from tests.browser import Browser
from tests.catalogue import making

LESSON = "/studio/khoa-thu/lessons/THU.1.1"
SLIDES = f"{LESSON}/slides"


@pytest.fixture(autouse=True)
def own_data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


@pytest.fixture
def making_worker(database: Database, storage: Storage) -> Worker:
    return Worker(database, storage, authoring_jobs.JOBS)


@pytest.fixture
def author(new_browser: Callable[[], Browser], db: Session, storage: Storage) -> Browser:
    version = save_version(db, storage, making.course(making.lesson()), factories.unit_id(db, "24"), by=None)
    publish(db, version, by=None)
    factories.account(db, username="tacgia", role="author", at="24")
    db.commit()
    return new_browser().sign_in("tacgia")


def lesson_of(db: Session) -> LessonSource:
    db.expire_all()
    course = db.query(Course).one()
    lesson = source_of(db, newest_version(db, course).id).lesson("THU.1.1")[1]
    db.commit()
    return lesson


def test_a_lesson_becomes_a_captioned_video_and_enters_the_draft_only_when_its_author_says_so(
    author: Browser, db: Session, making_worker: Worker
) -> None:
    assert f'href="{SLIDES}"' in author.get(f"{LESSON}/preview").text
    assert "Bài này ra 2 trang" in author.get(SLIDES).text
    author.post(SLIDES, {"voice": "silence"})
    author.post(SLIDES, {"voice": "silence"})
    waiting = author.get(SLIDES)
    assert "Đang chờ dựng" in waiting.text
    assert 'hx-trigger="every 2s"' in waiting.text
    assert making_worker.run_all() == 1, "ordered twice, made once"
    before = lesson_of(db)
    assert author.get(SLIDES, headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"
    shown = author.get(SLIDES)
    assert "Video vừa dựng" in shown.text
    assert before.files == (), "nobody has decided yet"
    captions = db.query(Asset).filter_by(kind="caption").one().public_id
    db.commit()
    words = author.get(f"/media/{captions}/captions.vtt", follow_redirects=True).text
    assert "Nêu được ký số là gì." in words

    assert "Đã đặt video vào cuối bài" in author.post(f"{SLIDES}/keep", {}).text
    after = lesson_of(db)
    assert after.markdown.startswith(before.markdown.rstrip())
    video = db.query(Asset).filter_by(kind="video").one()
    assert {file.asset_id for file in after.files} == {asset.id for asset in db.query(Asset)}
    assert (video.unit_id, video.duration_s) == (db.query(Course).one().unit_id, pytest.approx(10, abs=5))
    db.commit()
    assert "Video này đã ở trong bài" in author.get(SLIDES).text
    assert author.post(f"{SLIDES}/keep", {}).status_code == 409


def test_a_video_that_is_stopped_leaves_nothing(
    author: Browser, db: Session, making_worker: Worker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    progress = JobContext.progress

    def stop_midway(context: JobContext, ratio: float, text: str = "") -> None:
        author.post(f"{SLIDES}/stop", {})
        progress(context, ratio, text)

    author.post(SLIDES, {"voice": "silence"})
    monkeypatch.setattr(JobContext, "progress", stop_midway)
    making_worker.run_all()
    course = db.query(Course).one()
    job = jobs.latest(db, f"slides:{course.id}:THU.1.1")
    assert job is not None
    assert job.state == "cancelled"
    assert db.query(Asset).count() == 0
    db.commit()
    assert "Đã dừng theo yêu cầu." in author.get(SLIDES).text
    assert not list(tmp_path.glob("scratch/*"))


def test_a_voice_nobody_has_is_not_found(author: Browser) -> None:
    assert author.post(SLIDES, {"voice": "ca-si"}).status_code == 404
