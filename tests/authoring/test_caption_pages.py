"""An author gives a video captions in several languages, from a file or written beside it."""

import re
from collections.abc import Callable
from html import unescape

import pytest
from sqlalchemy import select

from app.catalogue.models import Course, CourseVersion, LessonVersion
from app.catalogue.service import publish, save_version
from app.catalogue.source import FileSource
from app.core import clock
from app.core.db import Database, Session
from app.core.storage import Storage
from app.media.models import Asset, Rendition
from tests import factories
from tests.browser import Browser
from tests.catalogue import making

LESSON = "/studio/khoa-thu/lessons/THU.1.1"
TRACKS = f"{LESSON}/captions"
EDITOR = f"{TRACKS}/phim.mp4/vi"
SRT = (
    "1\r\n00:00:00,000 --> 00:00:02,000\r\nAnh Bình mở ứng dụng.\r\n\r\n"
    "2\r\n00:00:01,500 --> 00:00:04,000\r\nRồi ký.\r\n"
)


@pytest.fixture
def author(new_browser: Callable[[], Browser], db: Session, storage: Storage) -> Browser:
    film = Asset(
        public_id="phim", kind="video", state="ready", file_name="phim.mp4", content_type="video/mp4", size=1000,
        sha256="0" * 64, storage_key="x", duration_s=10.0, created_at=clock.now(),
    )  # fmt: skip
    film.renditions = [
        Rendition(
            name="180p.mp4", content_type="video/mp4", size=1000, width=None, height=None, storage_key="x",
            created_at=clock.now(),
        )
    ]  # fmt: skip
    db.add(film)
    db.flush()
    lesson = making.lesson(
        "THU.1.1", "Mở đầu", "![Phim](phim.mp4)\n", quiz=None, files=(FileSource("phim.mp4", asset_id=film.id),)
    )
    version = save_version(db, storage, making.course(lesson), factories.unit_id(db, "24"), by=None)
    publish(db, version, by=None)
    factories.account(db, username="tacgia", role="author", at="24")
    factories.account(db, username="tacgia-hai", role="author", at="24")
    db.commit()
    return new_browser().sign_in("tacgia")


def give(browser: Browser, name: str, content: bytes, language: str = "vi", video: str = "phim.mp4"):
    fields = {"video": video, "language": language, "base_version": base(browser, TRACKS)}
    return browser.post(TRACKS, fields, files={"file": (name, content)})


def base(browser: Browser, url: str) -> str:
    found = re.search(r'name="base_version" value="(\d+)"', browser.get(url).text)
    assert found is not None
    return found.group(1)


def form(browser: Browser, *rows: tuple[str, str, str], **more: str) -> dict[str, object]:
    columns = zip(*rows, strict=True)
    return (
        dict(zip(("start", "end", "text"), map(list, columns), strict=True))
        | {"base_version": base(browser, EDITOR)}
        | more
    )


def tracks(database: Database) -> dict[str, list[str]]:
    """The words of each language in the newest version."""
    with database.reading() as db:
        newest = select(CourseVersion.id).order_by(CourseVersion.number.desc()).limit(1).scalar_subquery()
        blocks = db.scalar(select(LessonVersion.blocks).where(LessonVersion.course_version_id == newest))
        assert blocks is not None
        return {language: track["lines"] for language, track in blocks[0]["tracks"].items()}


def test_files_of_several_languages_become_tracks_of_the_draft(author: Browser, database: Database) -> None:
    page = give(author, "loi.srt", SRT.encode("utf-16"))
    assert page.url.path == EDITOR
    assert "Đã nhận 2 câu phụ đề" in page.text
    assert "hai câu chồng lên nhau" in page.text, "worth a look, and kept"
    give(author, "anh.vtt", "\ufeffWEBVTT\n\n00:00.000 --> 00:02.000\nThen he signs.\n".encode(), "en")
    assert tracks(database) == {"vi": ["Anh Bình mở ứng dụng.", "Rồi ký."], "en": ["Then he signs."]}
    listed = unescape(author.get(TRACKS).text)
    assert listed.index("Tiếng Việt</b>") < listed.index("English</b>")
    assert "2 câu · 1 câu nên xem lại" in listed
    with database.reading() as db:
        published = db.scalar(
            select(LessonVersion.blocks).join(Course, Course.published_version_id == LessonVersion.course_version_id)
        )
    assert published is not None
    assert published[0]["tracks"] == {}, "learners see what was published"


def test_a_bad_file_is_refused_with_every_place_and_the_old_track_stays(author: Browser, database: Database) -> None:
    give(author, "loi.srt", SRT.encode())
    bad = "WEBVTT\n\n00:05.000 --> 00:03.000\nmột\n\nhai\n"
    page = give(author, "hong.vtt", bad.encode())
    assert page.status_code == 422
    assert "Dòng 3, câu 1: Giờ kết thúc phải sau giờ bắt đầu." in page.text
    assert "Dòng 6, câu 2: Thiếu dòng thời gian" in page.text
    assert len(tracks(database)["vi"]) == 2


def test_captions_are_written_from_nothing_and_buttons_keep_what_was_typed(author: Browser, database: Database) -> None:
    begun = author.post(TRACKS, {"video": "phim.mp4", "language": "vi"}, files={"file": ("", b"")})
    assert begun.url.path == EDITOR
    typed = form(author, ("0:00", "0:04", "Chào anh chị, ta bắt đầu."), do="split:1", cursor="14")
    pressed = author.post(EDITOR, typed)
    assert re.findall(r'name="start" value="([^"]+)"', pressed.text) == ["0:00", "0:02.240"]
    assert 'data-kept="no"' in pressed.text
    assert tracks(database) == {}, "nothing is kept before one saves"
    saved = author.post(EDITOR, form(author, ("0:00", "0:02", "5 < 7 & R&D"), ("0:02", "0:04", "<i>Ký</i>")))
    assert "Đã lưu phụ đề vào bản nháp số 2." in saved.text
    assert tracks(database) == {"vi": ["5 < 7 & R&D", "Ký"]}
    assert "5 &lt; 7 &amp; R&amp;D</textarea>" in saved.text


def test_what_cannot_be_saved_comes_back_as_typed(author: Browser, database: Database) -> None:
    answer = author.post(EDITOR, form(author, ("0:03", "0:01", "Ngược"), ("0:05", "0:06", "Đúng")))
    assert answer.status_code == 422
    assert "Câu 1: Giờ kết thúc phải sau giờ bắt đầu." in answer.text
    assert "Ngược</textarea>" in answer.text
    assert "Đúng</textarea>" in answer.text
    assert author.post(EDITOR, form(author, ("", "", ""))).status_code == 422
    assert (
        author.post(EDITOR, form(author, ("0:00", "0:01", "x" * 900), shift="hai", do="shift")).text.count(
            "Ghi số giây"
        )
        == 1
    )
    assert tracks(database) == {}


def test_a_unit_without_room_keeps_no_more_captions_and_loses_no_word(
    author: Browser, db: Session, database: Database
) -> None:
    factories.without_room(db, factories.unit_id(db, "24"))
    given = give(author, "loi.srt", SRT.encode())
    assert (given.status_code, "Tệp “phim.vi.vtt” nặng" in given.text) == (413, True)
    assert "đơn vị chỉ còn 0 kB trong 1,0 MB" in given.text
    typed = author.post(EDITOR, form(author, ("0:00", "0:02", "Chữ gõ cả buổi")))
    assert (typed.status_code, "đơn vị chỉ còn 0 kB" in typed.text) == (413, True)
    assert "Chữ gõ cả buổi</textarea>" in typed.text
    assert tracks(database) == {}


def test_the_second_of_two_authors_is_told(
    author: Browser, new_browser: Callable[[], Browser], database: Database
) -> None:
    other = new_browser().sign_in("tacgia-hai")
    early = form(other, ("0:00", "0:02", "Của chị"))
    author.post(EDITOR, form(author, ("0:00", "0:02", "Của anh")))
    told = other.post(EDITOR, early)
    assert told.status_code == 409
    assert "vừa được lưu ở nơi khác" in told.text
    assert "Của chị</textarea>" in told.text
    assert tracks(database) == {"vi": ["Của anh"]}


def test_a_track_is_taken_away_from_the_draft(author: Browser, database: Database) -> None:
    give(author, "loi.srt", SRT.encode())
    page = author.post(f"{EDITOR}/remove", {"base_version": base(author, TRACKS)})
    assert "Bản nháp không còn phụ đề Tiếng Việt" in page.text
    assert tracks(database) == {}


def test_what_the_lesson_does_not_show_is_not_found(author: Browser) -> None:
    assert author.get(f"{TRACKS}/khac.mp4/vi").status_code == 404
    assert author.get(f"{TRACKS}/phim.mp4/khong-phai-ma-nao").status_code == 404
    assert give(author, "loi.srt", SRT.encode(), video="khac.mp4").status_code == 404
    assert give(author, "loi.srt", SRT.encode(), language="../x").status_code == 422
