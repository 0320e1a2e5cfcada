"""Documents, office files and sounds of lessons, from the form to what a learner gets."""

import re
from pathlib import Path

import pytest
from sqlalchemy import select

from app.catalogue.models import CourseVersion
from app.catalogue.queries import lesson_demands
from app.core.db import Database
from app.core.jobs import Worker
from app.core.settings import get_settings
from app.learning.rules import VideoState
from tests.authoring.test_studio import NEW, send
from tests.browser import Browser
from tests.media.office_files import docx, xlsx
from tests.media.samples import SOUND, ffmpeg
from tests.media.test_pdf import written


def test_a_document_is_read_page_by_page_once_it_has_a_title(author: Browser, tmp_path: Path) -> None:
    path = tmp_path / "bang-kiem.pdf"
    path.write_bytes(written("Ký đúng chỗ.", "Kiểm lại tên."))
    refused = send(author, NEW, document=path)
    assert refused.status_code == 422
    assert "Hãy đặt tên cho tài liệu." in refused.text
    kept = re.search(r'name="kept_document" value="([^"]+)"', refused.text)
    assert kept, "what was sent need not be sent again"
    page = send(author, NEW, {"document_title": "Bảng kiểm", "kept_document": kept.group(1)}).text
    assert "Trang 2 trên 2" in page
    assert "Kiểm lại tên." in page


def test_wide_pages_are_slides_side_by_side_with_links_from_one_to_the_next(author: Browser, tmp_path: Path) -> None:
    path = tmp_path / "bai-giang.pdf"
    path.write_bytes(written("#set page(flipped: true)\nMột.", "Hai."))
    page = send(author, NEW, {"document_title": "Bài giảng"}, document=path).text
    assert 'class="strip' in page
    (forward,) = re.findall(r'<span class="num">1/2</span><a href="#([^"]+)">Trang sau', page)
    assert f'data-page="2" id="{forward}"' in page
    path.write_bytes(written("Một.", "Hai."))
    assert (
        'class="strip'
        not in send(author, NEW, {"document_title": "Bảng kiểm"}, document=path).text.split("Bảng kiểm")[1]
    )


def test_a_sheet_is_given_to_be_downloaded_under_its_own_name_and_runs_nowhere(author: Browser, tmp_path: Path) -> None:
    path = tmp_path / "Mẫu kê thiết bị.xlsx"
    path.write_bytes(xlsx())
    saved = send(author, NEW, {"download_title": "Mẫu kê thiết bị"}, download=path)
    given = re.search(r'href="(/media/[^"]+/original\.xlsx)" download aria-label="Tải xuống: Mẫu kê', saved.text)
    assert given, "a card with its name and a button"
    file = author.get(given.group(1))
    assert file.content == path.read_bytes()
    assert file.headers["content-disposition"] == 'attachment; filename="mau-ke-thiet-bi.xlsx"'
    assert "sandbox" in file.headers["content-security-policy"]
    path.write_bytes(xlsx({"xl/vbaProject.bin": b"x"}))
    refused = send(author, NEW, {"download_title": "Mẫu kê"}, download=path)
    assert refused.status_code == 422
    assert "mã chạy được" in refused.text


def test_an_office_file_is_read_in_its_lesson_and_found_by_its_words(
    author: Browser, publisher: Browser, worker: Worker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ke-hoach.docx"
    path.write_bytes(docx("Phiếu kiểm kê thiết bị", "Ký tên."))
    (tmp_path / "made.pdf").write_bytes(written("Phiếu kiểm kê thiết bị", "Ký tên."))
    office = tmp_path / "soffice"
    to_folder = 'while [ "$1" != --outdir ]; do shift; done'
    office.write_text(f'#!/bin/sh\n{to_folder}\nmkdir "$2"; cp {tmp_path}/made.pdf "$2"\n')
    office.chmod(0o755)
    monkeypatch.setenv("LIBREOFFICE", str(office))
    get_settings.cache_clear()
    saved = send(author, NEW, {"document_title": "Kế hoạch"}, document=path)
    assert "Tài liệu đang được chuẩn bị" in saved.text
    assert "Xong mới công bố được" in publisher.get("/studio/ky-so/publish").text

    worker.run_all()
    page = author.get(saved.url.path).text
    assert "Trang 2 trên 2" in page
    assert "Tải tệp gốc" in page
    assert "Đã công bố bản 2" in publisher.post("/studio/ky-so/publish", {"number": "2", "reason": "Thử."}).text
    assert "Ký số trên điện thoại" in author.get("/courses?q=kiem+ke+thiet+bi").text
    original = re.search(r'href="(/media/[^"]+/original\.docx)"', page)
    assert original is not None
    given = author.get(original.group(1))
    assert given.content == path.read_bytes()
    assert given.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in given.headers["content-security-policy"]


def test_an_office_file_that_cannot_be_drawn_is_offered_with_a_word_on_how_to_open_it(
    author: Browser, worker: Worker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ke-hoach.docx"
    path.write_bytes(docx("Phiếu kiểm kê thiết bị"))
    monkeypatch.setenv("LIBREOFFICE", str(tmp_path / "khong-co"))
    get_settings.cache_clear()
    saved = send(author, NEW, {"document_title": "Kế hoạch"}, document=path)
    worker.run_all()
    page = author.get(saved.url.path).text
    assert "mở bằng ứng dụng văn phòng" in page
    assert "Tải “ke-hoach.docx” về máy" in page


def test_a_sound_is_heard_read_and_counted_as_a_video_is(
    author: Browser, database: Database, worker: Worker, tmp_path: Path
) -> None:
    spoken, words = tmp_path / "ban-tin.wav", tmp_path / "loi.srt"
    ffmpeg("-f", "lavfi", "-i", SOUND.format(seconds=2), spoken)
    words.write_text("1\n00:00:00,000 --> 00:00:01,500\nHọp thôn lúc bảy giờ.\n")
    saved = send(author, NEW, {"sound_title": "Bản tin thôn"}, sound=spoken, captions=words)
    assert "đang được chuẩn bị" in saved.text
    worker.run_all()
    page = author.get(saved.url.path).text
    assert re.search(r'<audio controls preload="none" src="/media/[^"]+/sound\.m4a" aria-label="Bản tin thôn"', page)
    assert "Tải bản MP3 cho loa truyền thanh" in page
    assert "Họp thôn lúc bảy giờ." in page
    with database.reading() as db:
        newest = db.scalars(select(CourseVersion.id).order_by(CourseVersion.id.desc())).first()
        demands = lesson_demands(db, newest or 0, "KS01.1.2")
    assert [(video.title, video.is_sound) for video in demands.videos] == [("Bản tin thôn", True)]
    assert VideoState("x", "Bản tin thôn", None, is_sound=True).requirement().text.startswith("Âm thanh “Bản tin thôn”")


def test_a_broken_document_is_refused_at_its_field(author: Browser, tmp_path: Path) -> None:
    path = tmp_path / "bang-kiem.pdf"
    path.write_bytes(written("x")[:300])
    refused = send(author, NEW, {"document_title": "Bảng kiểm"}, document=path)
    assert refused.status_code == 422
    assert "đã bị hỏng" in refused.text
