"""Who saved what: the history of a lesson, two versions side by side, an older one brought back."""

import html
import re

from tests.authoring.conftest import BODY, StudioCourse
from tests.authoring.test_studio import send
from tests.browser import Browser

LESSON = "/studio/ky-so/lessons/KS01.1.1"
EDIT, HISTORY, ARRANGE = (f"{LESSON}/{end}" for end in ("edit", "history", "arrange"))
SHORTER = BODY.replace("Chị Hoa cần ký số một công văn.", "Chị Hoa cần ký số một báo cáo.")


def words(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_a_lesson_tells_who_changed_it_and_what(author: Browser, publisher: Browser) -> None:
    send(author, EDIT, {"title": "Chữ ký số là gì"})
    send(publisher, EDIT, {"title": "Chữ ký số là gì", "body": SHORTER})
    page = author.get(HISTORY).text
    assert [words(one) for one in re.findall(r"<li[^>]*><time>.*?</time><b>(.*?)</b>", page)] == [
        "Bản 3 · Nguyễn Thị Thử", "Bản 2 · Nguyễn Thị Thử", "Bản 1",
    ]  # fmt: skip
    compared = author.get(f"{HISTORY}?old=2&new=3").text
    assert re.findall(r"<(ins|del) class=\"\w+\"><span class=\"vh\">[^<]*</span>([^<]*)<", compared) == [
        ("del", "công văn."), ("ins", "báo cáo."),
    ]  # fmt: skip
    assert "Chữ của bài" in compared
    assert "Tên bài" not in compared
    assert author.get(f"{HISTORY}?old=2&new=9").status_code == 404
    told = words(author.get("/studio/ky-so/history").text)
    assert told.count("Sửa bài Chữ ký số là gì") == 2


def test_an_older_text_comes_back_as_a_new_draft_and_undoes_nobody(
    author: Browser, publisher: Browser, studio_course: StudioCourse
) -> None:
    base = str(studio_course.version_id)
    send(publisher, EDIT, {"title": "Chữ ký số, viết lại", "body": SHORTER})
    page = author.get(f"{HISTORY}?old=1").text
    assert "Lấy lại bài như ở bản 1" in page
    stale = author.post(HISTORY, {"number": "1", "base_version": base})
    assert stale.status_code == 409
    [newest] = re.findall(r'name="base_version" value="(\d+)"', stale.text)
    back = author.post(HISTORY, {"number": "1", "base_version": newest})
    assert back.url.path == f"{LESSON}/preview"
    assert "một công văn." in back.text
    assert words(author.get(HISTORY).text).count("Bản ") == 3


def test_a_lesson_that_was_taken_out_comes_back_with_its_key(author: Browser, studio_course: StudioCourse) -> None:
    author.post(ARRANGE, {"do": "remove", "base_version": str(studio_course.version_id)})
    assert author.get(f"{LESSON}/preview").status_code == 404
    assert "Bỏ bài Chữ ký số là gì" in words(author.get("/studio/ky-so/history").text)
    gone = author.get(HISTORY).text
    assert "đã bị bỏ khỏi bản mới nhất" in gone
    assert author.post(HISTORY, {"number": "1"}).url.path == f"{LESSON}/preview"
    assert author.get("/studio/ky-so/lessons/KS01.9.9/history").status_code == 404
