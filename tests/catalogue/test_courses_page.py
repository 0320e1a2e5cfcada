"""The catalogue page, as anyone sees it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from app.catalogue.search import search
from app.catalogue.service import publish, save_version
from app.catalogue.shelf import PAGE_SIZE, shelf
from app.catalogue.source import CourseSource
from app.core.db import Database
from app.core.storage import Storage
from tests import factories
from tests.browser import Browser
from tests.catalogue import making


def put_on_shelf(db: Session, storage: Storage, *sources: CourseSource) -> None:
    for source in sources:
        publish(db, save_version(db, storage, source, factories.unit_id(db, "24"), by=None), by=None)
    db.commit()


@pytest.fixture
def three_courses(db: Session, storage: Storage, tmp_path: Path) -> None:
    put_on_shelf(
        db,
        storage,
        making.course(
            making.lesson("KH04.1.1", "Họp không giấy", "## Nền tảng họp\n\nVăn bản điện tử.\n"),
            slug="nen-tang",
            code="KH04",
            title="Khai thác nền tảng số",
            cover=making.picture(tmp_path),
        ),
        making.course(
            making.lesson("KH08.1.1", "Bài giảng điện tử", "## Mở\n\nNên tăng giờ thực hành.\n"),
            slug="giao-vien",
            code="KH08",
            title="Kỹ năng số cho giáo viên",
            audiences=("GIAOVIEN",),
            hours=6.0,
        ),
        making.course(
            making.lesson("KH15.1.1", "Năm kỹ năng"),
            slug="nguoi-dan",
            code="KH15",
            title="Năm kỹ năng số cơ bản",
            access="open",
            audiences=("NGUOIDAN",),
            certificate_rule="none",
            certificate_title="",
        ),
    )


@pytest.mark.usefixtures("three_courses")
def test_anyone_sees_what_there_is_to_learn(browser: Browser) -> None:
    page = browser.get("/courses")
    assert page.status_code == 200
    for part in (
        'href="/courses/nen-tang"',
        "Khai thác nền tảng số",
        "1 học phần · 1 bài · 30 phút",
        "6 giờ",
        "Mở cho mọi người",
        'src="/media/',
    ):
        assert part in page.text
    assert page.text.count("Có giấy chứng nhận") == 2


@pytest.mark.usefixtures("three_courses")
def test_words_without_marks_find_courses_and_lessons(browser: Browser) -> None:
    page = browser.get("/courses", params={"q": "giao vien"})
    assert "Kỹ năng số cho giáo viên" in page.text
    assert "Khai thác nền tảng số" not in page.text
    assert "1 khóa học có “giao vien”." in page.text
    page = browser.get("/courses", params={"q": "van ban dien tu"})
    assert ">Có trong bài: Họp không giấy</a>" in page.text


@pytest.mark.usefixtures("three_courses")
def test_exact_marks_come_first(db: Session) -> None:
    assert [(hit.slug, hit.lesson_key) for hit in search(db, "nền tảng")] == [
        ("nen-tang", None),
        ("nen-tang", "KH04.1.1"),
        ("giao-vien", "KH08.1.1"),
    ]
    assert search(db, "nên tăng")[0].slug == "giao-vien"
    assert {hit.slug for hit in search(db, "NEN TANG")} == {"nen-tang", "giao-vien"}
    assert search(db, "  ") == []
    assert search(db, "100%") == []


@pytest.mark.usefixtures("three_courses")
def test_words_side_by_side_push_aside_scattered_ones(db: Session) -> None:
    assert {hit.slug for hit in search(db, "so giao")} == {"giao-vien"}
    assert {hit.slug for hit in search(db, "ky nang so")} == {"giao-vien", "nguoi-dan"}
    assert {hit.slug for hit in search(db, "so ky nang")} == {"giao-vien", "nguoi-dan"}


@pytest.mark.usefixtures("three_courses")
def test_an_audience_narrows_the_shelf_and_keeps_the_words(browser: Browser) -> None:
    page = browser.get("/courses", params={"audience": "GIAOVIEN", "q": "kỹ năng"})
    assert "Kỹ năng số cho giáo viên" in page.text
    assert "Năm kỹ năng số cơ bản" not in page.text
    assert 'href="/courses?q=k%E1%BB%B9+n%C4%83ng&amp;audience=GIAOVIEN" aria-current="true"' in page.text


def test_a_skill_leads_from_a_course_to_the_others_that_teach_it(
    browser: Browser, db: Session, storage: Storage
) -> None:
    put_on_shelf(
        db,
        storage,
        making.course(making.lesson("A.1.1"), slug="mot", code="A", title="Dạy thanh toán", skills=("KNS3", "NLS4")),
        making.course(making.lesson("B.1.1"), slug="hai", code="B", title="Dạy việc khác"),
    )
    page = browser.get("/courses/mot")
    assert '<a href="/courses?skill=KNS3">Thanh toán trực tuyến</a>' in page.text
    found = browser.get("/courses?skill=KNS3")
    assert "1 khóa học dạy kỹ năng “Thanh toán trực tuyến”." in found.text
    assert "Dạy việc khác" not in found.text
    assert "Dạy việc khác" in browser.get("/courses?skill=KHONGCO").text
    assert "Học xong có kỹ năng" not in browser.get("/courses/hai").text


@pytest.mark.usefixtures("three_courses")
def test_nothing_found_says_what_to_try(browser: Browser) -> None:
    page = browser.get("/courses", params={"q": "<script>zzz"})
    assert page.status_code == 200
    assert "Không tìm thấy khóa học phù hợp" in page.text
    assert "<script>zzz" not in page.text


def test_an_empty_catalogue_says_so(browser: Browser, db: Session, storage: Storage) -> None:
    save_version(db, storage, making.course(), factories.unit_id(db, "24"), by=None)
    db.commit()
    page = browser.get("/courses")
    assert "Chưa có khóa học nào" in page.text
    assert "Khóa học thử" not in page.text


@pytest.mark.parametrize("wrong", ["page=x", "page=99999999999999999999"])
def test_a_page_number_that_is_none_does_no_harm(browser: Browser, wrong: str) -> None:
    assert browser.get(f"/courses?{wrong}").status_code in (200, 404)


def test_a_long_catalogue_costs_the_same_queries_and_has_pages(
    db: Session, storage: Storage, database: Database
) -> None:
    put_on_shelf(db, storage, making.course())
    with counted(database) as few:
        shelf(db, query="thử", audience="CBCC")
    put_on_shelf(
        db,
        storage,
        *(making.course(making.lesson(f"K{n}.1.1"), slug=f"khoa-{n}", code=f"K{n:02}") for n in range(PAGE_SIZE + 1)),
    )
    with counted(database) as many:
        found = shelf(db, query="thử", audience="CBCC", page=2)
    assert len(few) == len(many) <= 6
    assert (len(found.cards), found.total, found.pages) == (2, PAGE_SIZE + 2, 2)


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith("SELECT"):
            statements.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
