"""An author without a camera has a video made of a lesson's text, looks at it, and puts it into the draft, or not."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from app.authoring import jobs as authoring_jobs
from app.catalogue.models import Course
from app.catalogue.queries import newest_version
from app.catalogue.service import publish, save_version
from app.catalogue.source import FileSource, LessonSource
from app.catalogue.stored import source_of
from app.core import jobs
from app.core.db import Database, Session
from app.core.jobs import JobContext, Worker
from app.core.settings import get_settings
from app.core.storage import Storage
from app.media.models import Asset
from app.media.service import add_local_file
from tests import factories
from tests.browser import Browser
from tests.catalogue import making

LESSON = "/studio/khoa-thu/lessons/THU.1.1"
SLIDES = f"{LESSON}/slides"
DRAWING = """<?xml version="1.0" encoding="utf-16"?>
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20"><rect width="40" height="20"/></svg>
"""


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
def author(new_browser: Callable[[], Browser], db: Session, storage: Storage, tmp_path: Path) -> Browser:
    """The author of a lesson with two pictures browsers show: a JPEG somebody renamed, and a drawing in UTF-16."""
    Image.new("RGB", (40, 30), "teal").save(tmp_path / "anh.png", "JPEG")
    (tmp_path / "so-do.svg").write_bytes(DRAWING.encode("utf-16"))
    files = [
        FileSource(name, asset_id=add_local_file(db, storage, tmp_path / name).id) for name in ("anh.png", "so-do.svg")
    ]
    text = "## Mở đầu\n\nChữ ký số.\n\n![Con dấu](anh.png)\n\n![Các bước](so-do.svg)\n"
    lesson = making.lesson(markdown=text, files=tuple(files))
    version = save_version(db, storage, making.course(lesson), factories.unit_id(db, "24"), by=None)
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
    assert "Bài này ra 4 trang" in author.get(SLIDES).text
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
    assert len(before.files) == 2, "nobody has decided yet"
    assert "Video thiếu ảnh so-do.svg:" in shown.text, "Typst reads UTF-8 alone; the other one is drawn"
    captions = db.query(Asset).filter_by(kind="caption").one().public_id
    db.commit()
    words = author.get(f"/media/{captions}/captions.vtt", follow_redirects=True).text
    assert "Nêu được ký số là gì." in words

    assert "Đã đặt video vào cuối bài" in author.post(f"{SLIDES}/keep", {}).text
    after = lesson_of(db)
    assert after.markdown.startswith(before.markdown.rstrip())
    video = db.query(Asset).filter_by(kind="video").one()
    assert {file.asset_id for file in after.files} == {asset.id for asset in db.query(Asset)}
    assert (video.unit_id, video.duration_s) == (db.query(Course).one().unit_id, pytest.approx(14, abs=7))
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
    assert {asset.kind for asset in db.query(Asset)} == {"image"}
    db.commit()
    assert "Đã dừng theo yêu cầu." in author.get(SLIDES).text
    assert not list(tmp_path.glob("scratch/*"))


def test_a_video_the_unit_has_no_room_for_is_not_kept(author: Browser, db: Session, making_worker: Worker) -> None:
    factories.without_room(db, db.query(Course).one().unit_id)
    author.post(SLIDES, {"voice": "silence"})
    making_worker.run_all()
    assert "đơn vị chỉ còn 0 kB trong 1,0 MB" in author.get(SLIDES).text
    assert {asset.kind for asset in db.query(Asset)} == {"image"}


def test_a_voice_nobody_has_is_not_found(author: Browser) -> None:
    assert author.post(SLIDES, {"voice": "ca-si"}).status_code == 404
