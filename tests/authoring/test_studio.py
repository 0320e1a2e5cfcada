"""An author adds a lesson in the browser; a content administrator publishes it."""

import errno
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select

from app.authoring.lesson_form import LessonFields, lesson_of
from app.catalogue.models import Course, CourseVersion, LessonVersion
from app.catalogue.queries import course_by_slug, outline
from app.catalogue.source import LessonSource, ModuleSource
from app.core.db import Database
from app.core.jobs import Worker
from app.core.storage import LocalStorage
from app.media.models import Asset
from tests.authoring.conftest import BODY, StudioCourse
from tests.browser import Browser
from tests.media.samples import Samples

NEW = "/studio/ky-so/lessons/new"
LESSON = {
    "module": "01-bat-dau",
    "title": "Ký số trên điện thoại",
    "minutes": "12",
    "objectives": "Ký được một công văn trên điện thoại.\r\nBiết tránh chỗ hay nhầm.",
    "role": "Anh Bình, công chức địa chính",
    "body": BODY.replace("\n", "\r\n"),
    "source_title": "Nghị định về chữ ký điện tử",
    "source_ref": "Nghị định số 23/2025/NĐ-CP",
    "source_url": "",
    "picture_alt": "Màn hình điện thoại có nút Ký số",
    "video_title": "Xem anh Bình ký",
    "document_title": "",
}


def send(browser: Browser, url: str, fields: dict[str, Any] | None = None, **files: Path) -> httpx.Response:
    """Open the lesson form and post it the way its page does: the token in the address, files as parts."""
    base = re.search(r'name="base_version" value="(\d+)"', browser.get(url).text)
    started_from = {"base_version": base.group(1)} if base else {}
    opened = {slot: (path.name, path.read_bytes()) for slot, path in files.items()}
    # An untouched file field is sent as an empty part.
    empty = {slot: ("", b"") for slot in ("picture", "video", "sound", "captions", "document") if slot not in opened}
    return browser.client.post(
        f"{url}?csrf_token={browser.token}",
        data=LESSON | started_from | (fields or {}),
        files=opened | empty,
        follow_redirects=True,
    )


def lesson_titles(database: Database, version_id: int | None = None) -> list[str]:
    with database.reading() as db:
        version = version_id or course_by_slug(db, "ky-so").version_id
        return [one.title for one in outline(db, version).lessons]


def test_an_author_writes_a_lesson_and_a_content_admin_publishes_it(
    author: Browser,
    publisher: Browser,
    new_browser: Callable[[], Browser],
    database: Database,
    worker: Worker,
    samples: Samples,
    tmp_path: Path,
) -> None:
    captions = tmp_path / "loi.srt"
    captions.write_text("1\n00:00:00,000 --> 00:00:01,500\nAnh Bình mở ứng dụng.\n")
    assert "Ký số trong công việc" in author.get("/studio").text
    page = author.get(NEW).text
    assert "tối đa 512,0 MB" in page, "the limit stands there before one chooses"

    saved = send(author, NEW, picture=samples.photo_jpg, video=samples.lecture_mkv, captions=captions)
    assert saved.status_code == 200
    assert saved.url.path == "/studio/ky-so/lessons/KS01.1.2/preview"
    assert "Xem thử bản nháp số 2" in saved.text
    assert 'alt="Màn hình điện thoại có nút Ký số"' in saved.text
    assert "Tệp đang chuẩn bị" in saved.text
    assert lesson_titles(database) == ["Chữ ký số là gì"], "learners see nothing yet"

    blocked = publisher.get("/studio/ky-so/publish").text
    assert "chưa được" in blocked
    assert "Công bố bản 2</button>" not in blocked

    assert worker.run_all() >= 1
    preview = author.get(saved.url.path).text
    assert re.search(r'<source src="/media/[^"]+/180p\.mp4"', preview)
    assert "Anh Bình mở ứng dụng." in preview
    anonymous = new_browser()
    picture = re.search(r'<img src="(/media/[^"]+)"', preview)
    assert picture is not None
    assert anonymous.get(picture.group(1)).status_code == 404, "a draft's files are nobody else's"

    review = publisher.get("/studio/ky-so/publish").text
    assert "Ký số trên điện thoại" in review
    published = publisher.post("/studio/ky-so/publish", {"number": "2", "reason": "Thử."})
    assert "Đã công bố bản 2" in published.text
    assert lesson_titles(database) == ["Chữ ký số là gì", "Ký số trên điện thoại"]
    assert anonymous.get(picture.group(1)).status_code == 200
    with database.reading() as db:
        assert set(db.scalars(select(Asset.is_public))) == {True}


def test_an_author_cannot_publish_and_is_told_who_can(
    author: Browser, database: Database, studio_course: StudioCourse
) -> None:
    send(author, NEW)
    assert "Gửi người có quyền công bố" in author.get("/studio/ky-so/publish").text
    refused = author.post("/studio/ky-so/publish", {"number": "2"})
    assert refused.status_code == 403
    assert "Gửi người có quyền công bố" in refused.text
    with database.reading() as db:
        assert db.get_one(Course, studio_course.course_id).published_version_id == studio_course.version_id


def test_publishing_means_the_version_one_has_looked_at(
    author: Browser, publisher: Browser, database: Database
) -> None:
    send(author, NEW)
    publisher.get("/studio/ky-so/publish")
    send(author, "/studio/ky-so/lessons/KS01.1.2/edit", {"title": "Đổi tên phút chót"})
    late = publisher.post("/studio/ky-so/publish", {"number": "2"})
    assert late.status_code == 409
    assert "bản nháp mới hơn" in late.text
    assert lesson_titles(database) == ["Chữ ký số là gì"]


@pytest.mark.parametrize("end", ["", "Thêm một câu.\n"])
def test_a_saved_text_keeps_what_nobody_touched(end: str) -> None:
    lesson = LessonSource("KS01.1.1", "01-bai", "Bài", 5, "\nMột  \nhai.\n\n", role="Chị Hoa", objectives=("Biết.",))
    module = ModuleSource("01-bat-dau", "Bắt đầu", "Biết", (lesson,))
    fields = LessonFields.of_lesson(module.folder, lesson, 1)
    sent = replace(fields, body=(fields.body + end).replace("\n", "\r\n"))
    saved = lesson_of(sent, module, lesson, lesson.key, lesson.stem, {}).markdown
    assert saved == ("\nMột\nhai.\n\nThêm một câu.\n" if end else lesson.markdown)


def test_a_file_put_into_the_text_gets_a_name_of_its_module_where_it_stands(
    author: Browser, database: Database, samples: Samples
) -> None:
    """The editor sends files ahead, and with the form the names its text shows them by."""
    first = send(author, NEW, picture=samples.photo_jpg)
    with database.reading() as db:
        photo = db.scalars(select(Asset).where(Asset.kind == "image")).one().public_id
    body = "Trước.\n\n![Nút Ký số](man-hinh.webp)\n\n![Video](man-hinh.mp4)\n"
    placed = {"placed_name": ["man-hinh.webp", "man-hinh.mp4", "thua.webp"], "placed_id": [photo, photo, photo]}
    refused = send(author, NEW, placed | {"title": "Bài hai", "body": body})
    assert refused.status_code == 422
    assert "man-hinh.mp4" in refused.text, "a picture is no video, whatever it is called"
    assert refused.text.count('name="placed_id"') == 2

    saved = send(author, NEW, placed | {"title": "Bài hai", "body": body.replace("![Video](man-hinh.mp4)", "Sau.")})
    assert saved.status_code == 200, first.url
    edit = author.get(saved.url.path.replace("preview", "edit")).text
    assert "![Nút Ký số](03-photo.webp)" in edit
    assert edit.count('data-file="') == 1


def test_a_bad_file_is_named_and_nothing_typed_is_lost(author: Browser, database: Database, samples: Samples) -> None:
    for files, field, said in (
        ({"video": "fake_mp4"}, "video", "không phải loại được nhận"),
        ({"video": "headless_mp4"}, "video", "không phải video hoặc đã bị hỏng"),
        ({"video": "cut_mp4"}, "video", "bị cắt cụt"),
        ({"video": "sound_mp4"}, "video", "không có hình"),
        ({"picture": "page_jpg"}, "picture", "không phải loại được nhận"),
        ({"picture": "good_mp4"}, "picture", "Ô này nhận ảnh"),
        ({"video": "good_mp4", "captions": "fake_mp4"}, "captions", "không phải loại được nhận"),
    ):
        answer = send(author, NEW, **{slot: getattr(samples, name) for slot, name in files.items()})
        assert answer.status_code == 422, files
        assert said in answer.text
        assert f'href="#f-{field}"' in answer.text
        for typed in (LESSON["title"], LESSON["role"], LESSON["source_ref"], "Ký rồi mà quên phát hành."):
            assert typed in answer.text
    with database.reading() as db:
        assert db.scalar(select(func.count(CourseVersion.id))) == 1


def test_good_files_stay_attached_while_the_rest_is_mended(
    author: Browser, database: Database, samples: Samples
) -> None:
    first = send(author, NEW, {"picture_alt": ""}, picture=samples.photo_jpg, video=samples.fake_mp4)
    assert first.status_code == 422
    assert "Hãy tả ảnh bằng lời" in first.text, "all that is wrong is said at once"
    kept = re.search(r'name="kept_picture" value="([^"]+)"', first.text)
    assert kept is not None
    assert "photo.webp" in first.text

    second = send(author, NEW, {"kept_picture": kept.group(1)}, video=samples.good_mp4)
    assert second.url.path.endswith("/preview")
    with database.reading() as db:
        assert sorted(db.scalars(select(Asset.file_name))) == ["good.mp4", "photo.webp"]
        files = db.scalars(select(LessonVersion).where(LessonVersion.key == "KS01.1.2")).one().files
        assert sorted(file.name for file in files) == ["02-good.mp4", "02-photo.webp"]


def test_a_kept_file_can_be_dropped(author: Browser, database: Database, samples: Samples) -> None:
    first = send(author, NEW, {"title": ""}, picture=samples.photo_jpg)
    kept = re.search(r'name="kept_picture" value="([^"]+)"', first.text)
    assert kept is not None
    send(author, NEW, {"kept_picture": kept.group(1), "drop_picture": "1"})
    with database.reading() as db:
        assert db.scalars(select(LessonVersion).where(LessonVersion.key == "KS01.1.2")).one().files == []


def test_a_field_that_is_not_right_is_said_beside_it(author: Browser, database: Database) -> None:
    for fields, said in (
        ({"title": ""}, "Hãy đặt tên bài"),
        ({"title": "x" * 201}, "dài quá 200 chữ"),
        ({"minutes": "nhiều"}, "số phút từ 1"),
        ({"minutes": "0"}, "số phút từ 1"),
        ({"objectives": " \n - "}, "ít nhất một điều"),
        ({"role": ""}, "bài kể chuyện của ai"),
        ({"body": "  "}, "Hãy viết nội dung bài"),
        ({"body": "![](anh.png)"}, "chưa có lời tả"),
        ({"body": "![anh](khong-co.png)"}, "chưa có tệp này"),
        ({"source_title": "", "source_ref": ""}, "ít nhất một nguồn"),
        ({"source_title": "Luật", "source_ref": ""}, "cần số hiệu"),
        ({"source_url": "javascript:alert(1)"}, "phải bắt đầu bằng https://"),
        ({"module": "99-khong-co"}, "Hãy chọn học phần"),
    ):
        answer = send(author, NEW, fields)
        assert answer.status_code == 422, fields
        assert said in answer.text
    with database.reading() as db:
        assert db.scalar(select(func.count(CourseVersion.id))) == 1


def test_captions_need_a_video(author: Browser, tmp_path: Path) -> None:
    captions = tmp_path / "loi.vtt"
    captions.write_text("WEBVTT\n\n00:01.000 --> 00:02.000\nChào\n")
    assert "Phụ đề phải đi cùng một video" in send(author, NEW, captions=captions).text


def test_bad_captions_name_their_line(author: Browser, samples: Samples, tmp_path: Path) -> None:
    captions = tmp_path / "loi.vtt"
    captions.write_text("WEBVTT\n\n00:05.000 --> 00:02.000\nChào\n")
    answer = send(author, NEW, video=samples.good_mp4, captions=captions)
    assert "dòng 3: Giờ kết thúc phải sau giờ bắt đầu." in answer.text


def test_the_author_chooses_where_the_picture_stands(author: Browser, database: Database, samples: Samples) -> None:
    body = "Trước ảnh.\r\n\r\n![Nút ký](photo.jpg)\r\n\r\nSau ảnh."
    send(author, NEW, {"body": body}, picture=samples.photo_jpg)
    with database.reading() as db:
        lesson = db.scalars(select(LessonVersion).where(LessonVersion.key == "KS01.1.2")).one()
        assert lesson.markdown == "Trước ảnh.\n\n![Nút ký](02-photo.webp)\n\nSau ảnh.\n"


def test_a_lesson_is_edited_without_touching_what_learners_see(
    author: Browser, database: Database, studio_course: StudioCourse
) -> None:
    url = "/studio/ky-so/lessons/KS01.1.1/edit"
    page = author.get(url).text
    assert "Chị Hoa cần ký số một công văn." in page
    send(author, url, {"title": "Chữ ký số, nói gọn", "base_version": str(studio_course.version_id)})
    assert lesson_titles(database) == ["Chữ ký số là gì"]
    course = author.get("/studio/ky-so").text
    assert "Chữ ký số, nói gọn" in course
    assert "đã sửa" in course


EDIT = "/studio/ky-so/lessons/KS01.1.1/edit"


def test_two_people_at_one_lesson_both_find_their_text(
    author: Browser, publisher: Browser, studio_course: StudioCourse
) -> None:
    base = str(studio_course.version_id)
    send(author, EDIT, {"base_version": base, "body": f"Tác giả mở đầu.\r\n\r\n{BODY}"})
    second = send(publisher, EDIT, {"base_version": base, "body": f"{BODY}\n\nNgười kia kết lại."})
    assert second.url.path.endswith("/preview")
    assert "gộp với phần người khác" in second.text
    assert "Tác giả mở đầu." in second.text
    assert "Người kia kết lại." in second.text


def test_two_people_at_one_place_choose_and_lose_nothing_meanwhile(
    author: Browser, publisher: Browser, studio_course: StudioCourse
) -> None:
    base = str(studio_course.version_id)
    send(author, EDIT, {"title": "Bản của tác giả", "base_version": base})
    mine = {"title": "Bản của người khác", "base_version": base, "body": f"{BODY}\n\nThêm một đoạn."}
    second = send(publisher, EDIT, mine)
    assert second.status_code == 409
    assert all(text in second.text for text in ("Bản của tác giả", "Bản của người khác", "Thêm một đoạn."))
    [pick] = set(re.findall(r'name="(pick_\w+)"', second.text))
    unsure = send(publisher, EDIT, mine | {pick: "khong-ro"})
    assert unsure.status_code == 409
    third = send(publisher, EDIT, mine | {pick: "theirs"})
    assert third.url.path.endswith("/preview")
    assert "Bản của tác giả" in third.text
    assert "Thêm một đoạn." in third.text


def test_a_form_sent_back_for_a_fault_does_not_forget_the_other_author(
    author: Browser, publisher: Browser, studio_course: StudioCourse
) -> None:
    base = str(studio_course.version_id)
    send(author, EDIT, {"base_version": base, "role": "Chị Hoa, văn thư một phường"})
    faulty = send(publisher, EDIT, {"base_version": base, "title": ""})
    assert faulty.status_code == 422
    assert f'name="base_version" value="{base}"' in faulty.text


def test_a_file_over_the_limit_is_refused_with_the_limit(
    app: FastAPI, author: Browser, samples: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(app.state.settings), "upload_limit_bytes", property(lambda self: 20_000))
    answer = send(author, NEW, video=samples.good_mp4)
    assert answer.status_code == 413
    assert "lớn hơn giới hạn" in answer.text
    assert str(LESSON["title"]) in answer.text


def test_a_body_over_the_limit_is_explained(author: Browser) -> None:
    """Without scripts nothing can be kept of it; the page says where the text still is."""
    author.get(NEW)
    answer = author.client.post(
        f"{NEW}?csrf_token={author.token}", content=b"x", headers={"content-length": str(700 * 1024 * 1024)}
    )
    assert answer.status_code == 413
    assert "Quay lại" in answer.text


def test_a_full_disk_is_said_and_keeps_the_text(
    app: FastAPI, author: Browser, database: Database, samples: Samples, tmp_path: Path
) -> None:
    class FullDisk(LocalStorage):
        def put(self, key: str, source: BinaryIO) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    app.state.storage = FullDisk(tmp_path / "media")
    answer = send(author, NEW, picture=samples.photo_jpg)
    assert answer.status_code == 507
    assert "hết chỗ lưu trữ" in answer.text
    assert str(LESSON["title"]) in answer.text
    assert not [path for path in tmp_path.glob("media/**/*") if path.is_file()]
    assert not list(tmp_path.glob("scratch/*"))
    with database.reading() as db:
        assert db.scalar(select(func.count(Asset.id))) == 0


def test_a_script_gets_the_form_alone_and_the_address_to_go_to(author: Browser, samples: Samples) -> None:
    author.client.headers["hx-request"] = "true"
    again = send(author, NEW, {"title": ""})
    assert again.text.lstrip().startswith("<form")
    saved = send(author, NEW)
    assert saved.status_code == 204
    assert saved.headers["hx-redirect"] == "/studio/ky-so/lessons/KS01.1.2/preview"


def test_progress_is_asked_for_until_there_is_no_more(author: Browser, worker: Worker, samples: Samples) -> None:
    preview = send(author, NEW, video=samples.slow_mp4).url.path
    part = author.get(preview, headers={"hx-request": "true"})
    assert 'hx-trigger="every 2s"' in part.text
    assert "<html" not in part.text
    assert "hx-refresh" not in part.headers
    worker.run_all()
    assert author.get(preview, headers={"hx-request": "true"}).headers["hx-refresh"] == "true"


def test_a_transcode_is_stopped_and_tried_again(
    author: Browser, database: Database, worker: Worker, samples: Samples
) -> None:
    preview = send(author, NEW, video=samples.slow_mp4).url.path
    with database.reading() as db:
        public_id = db.scalars(select(Asset.public_id)).one()
    stopped = author.post(f"/studio/ky-so/videos/{public_id}/cancel", {"back": preview})
    assert stopped.url.path == preview
    assert "Đã dừng chuyển mã theo yêu cầu." in stopped.text
    assert "Chuyển mã lại" in stopped.text
    author.post(f"/studio/ky-so/videos/{public_id}/retry", {"back": "https://elsewhere.test"})
    worker.run_all()
    with database.reading() as db:
        assert db.scalars(select(Asset.state)).one() == "ready"


@pytest.mark.parametrize("url", ["/studio/ky-so", NEW, "/studio/ky-so/lessons/KS01.1.1/edit", "/studio/ky-so/publish"])
def test_a_course_of_another_unit_is_not_there(
    new_browser: Callable[[], Browser], studio_course: StudioCourse, url: str
) -> None:
    other = new_browser().sign_in("tacgia-phuong")
    assert other.get(url).status_code == 404
    assert send(other, NEW).status_code == 404
    assert "Ký số trong công việc" not in other.get("/studio").text


def test_learners_and_strangers_have_no_studio(new_browser: Callable[[], Browser], studio_course: StudioCourse) -> None:
    learner = new_browser().sign_in("nguoihoc")
    assert learner.get("/studio").status_code == 403
    assert send(learner, NEW).status_code == 403
    stranger = new_browser()
    assert stranger.get("/studio", follow_redirects=False).status_code == 303


def test_a_form_without_token_is_refused_before_its_files_are_read(
    author: Browser, tmp_path: Path, samples: Samples
) -> None:
    answer = author.client.post(
        f"{NEW}?csrf_token=made-up", data=LESSON, files={"picture": samples.photo_jpg.read_bytes()}
    )
    assert answer.status_code == 403
    assert not (tmp_path / "scratch").exists()


@pytest.fixture(autouse=True)
def no_left_overs(tmp_path: Path) -> Iterator[None]:
    yield
    assert not list(tmp_path.glob("scratch/*"))
