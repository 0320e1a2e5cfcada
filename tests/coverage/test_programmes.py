"""The training tasks: what the plan says of each, and what came of it, counted in four different ways."""

import csv
import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from app.admin.health import Check, work_checks
from app.core import clock
from app.core.access import UnitClosure
from app.core.db import Database, Session
from app.core.storage import Storage
from app.coverage.programmes import kept as at_night
from app.coverage.programmes.kept import count_years, kept_report, newest_count
from app.coverage.programmes.models import ProgrammeSum
from app.coverage.programmes.programme_queries import Activity, programme_report
from app.learning import completions
from app.learning.service import enrol
from tests import factories
from tests.browser import Browser

YEAR = (date(2026, 1, 1), date(2026, 11, 21))
HERE, ELSEWHERE = "07210", "07228"


@pytest.fixture
def activity(db: Session) -> None:
    """Two courses of task 4 and one of task 15. An takes all three and completes two; Bình enrols late on New Year's
    eve by the clock of Greenwich; Chi has no post; Dũng's completion is annulled."""
    four = factories.course(db, "K4", programme="P04-NENTANG")
    four_too = factories.course(db, "K4B", programme="P04-NENTANG")
    fifteen = factories.course(db, "K15", programme="P15-NGUOIDAN")
    an, binh, chi, dung = (factories.person(db, name) for name in ("An", "Bình", "Chi", "Dũng"))
    factories.post(db, an, HERE, started_on=date(2025, 8, 1), ended_on=date(2026, 6, 30))
    factories.post(db, an, ELSEWHERE, started_on=date(2026, 7, 1))
    factories.post(db, an, "09187", started_on=date(2025, 9, 1), is_primary=False)
    for holder in (binh, dung):
        factories.post(db, holder, ELSEWHERE, started_on=date(2025, 8, 1))
    with clock.frozen(datetime(2025, 12, 31, 18, tzinfo=UTC)):  # 01:00 on 1 January in Vietnam
        enrol(db, binh.id, four.course_id)
    with clock.frozen(datetime(2026, 3, 1, tzinfo=UTC)):
        for version in (four, four_too, fifteen):
            enrol(db, an.id, version.course_id)
        enrol(db, chi.id, fifteen.course_id)
        enrol(db, dung.id, four.course_id)
    with clock.frozen(datetime(2026, 8, 2, tzinfo=UTC)):
        factories.completion(db, an, four, date(2026, 3, 5))
        factories.completion(db, an, fifteen, date(2026, 8, 1))
        done = factories.completion(db, dung, four, date(2026, 3, 5))
        completions.annul_completion(db, done, None, "nhập nhầm", fraud=False)
    db.flush()


def at(db: Session, unit: str, first: date = YEAR[0], last: date = YEAR[1]) -> dict[str, Activity]:
    report = programme_report(db, "24", unit, first, last)
    return {row.plan.code: row.activity for row in report.rows} | {"total": report.total}


@pytest.mark.usefixtures("activity")
def test_enrolments_people_completions_and_certificates_are_four_numbers(db: Session) -> None:
    found = at(db, "")
    assert found["P04-NENTANG"] == Activity(enrolments=4, people=3, completions=1, certificates=1)
    assert found["P15-NGUOIDAN"] == Activity(enrolments=2, people=2, completions=1, certificates=1)
    assert found["P01-LANHDAO"] == Activity()
    assert found["total"] == Activity(enrolments=6, people=4, completions=2, certificates=2), "An is one person"


@pytest.mark.usefixtures("activity")
def test_a_unit_counts_people_at_their_one_post_of_the_day(db: Session) -> None:
    here, there, second = at(db, HERE), at(db, ELSEWHERE), at(db, "09187")
    assert here["P04-NENTANG"] == Activity(2, 1, 1, 1), "An worked here in March"
    assert here["P15-NGUOIDAN"] == Activity(1, 1, 0, 0)
    assert there["P04-NENTANG"] == Activity(2, 2, 0, 0), "Bình and Dũng; what was annulled is gone"
    assert there["P15-NGUOIDAN"] == Activity(0, 0, 1, 1), "An completed it after moving here"
    assert second["total"] == Activity(), "the second post of An counts nobody"


@pytest.mark.usefixtures("activity")
def test_the_span_is_in_days_of_vietnam(db: Session) -> None:
    assert at(db, "", date(2025, 1, 1), date(2025, 12, 31))["total"] == Activity()
    assert at(db, "", date(2026, 1, 1), date(2026, 1, 1))["P04-NENTANG"] == Activity(1, 1, 0, 0)
    assert at(db, "", date(2026, 3, 5), date(2026, 3, 5))["total"] == Activity(0, 0, 1, 0), "issued in August"


@pytest.mark.usefixtures("activity")
def test_what_is_kept_at_night_is_what_is_counted_now(db: Session, database: Database) -> None:
    db.commit()
    with clock.frozen(datetime(2026, 11, 22, 3, tzinfo=UTC)):
        count_years(database, many=1)
        count_years(database, many=1)
    count = newest_count(db, 2026)
    assert count is not None
    assert (count.last, newest_count(db, 2025)) == (YEAR[1], None), "nothing was done in 2025"
    for unit in ("24", HERE, ELSEWHERE, "09187"):
        kept = kept_report(db, "24", unit, *YEAR)
        assert kept.counted_at == count.counted_at
        assert replace(kept, counted_at=None) == programme_report(db, "24", unit, *YEAR)
    assert kept_report(db, "24", "", *YEAR).total == Activity(enrolments=6, people=4, completions=2, certificates=2)
    assert not kept_report(db, "24", "", YEAR[0], date(2026, 11, 22)).counted_at, "another span is counted now"


@pytest.mark.usefixtures("activity")
def test_units_are_counted_twice_at_night_and_nothing_is_shown_of_what_differs(
    db: Session, database: Database, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told() -> Check:
        db.expire_all()
        [check] = [check for check in work_checks(db, storage) if check.name == "programmes"]
        db.rollback()
        return check

    db.commit()
    assert told().text.startswith("chưa đếm sẵn")
    monkeypatch.setattr(at_night, "_AGAIN", 1000)
    with clock.frozen(datetime(2026, 11, 22, 3, tzinfo=UTC)):
        count_years(database, many=1)
        assert re.fullmatch(r"lần 22/11/2026 10:00: \d+ đơn vị đếm lại, bằng nhau", told().text)
        # The count of all units goes wrong.
        places = at_night._places
        monkeypatch.setattr(at_night, "_places", lambda day: places(day).where(UnitClosure.depth == 0))
        count_years(database, many=1)
        assert newest_count(db, 2026) is None
        assert not told().ok
        assert "đơn vị đếm lại ra số khác" in told().text
        assert kept_report(db, "24", "", *YEAR) == programme_report(db, "24", "", *YEAR)


@pytest.mark.usefixtures("activity")
def test_few_rows_are_counted_while_the_page_is_made_and_older_counts_go(db: Session, database: Database) -> None:
    db.commit()
    with clock.frozen(datetime(2026, 11, 22, 3, tzinfo=UTC)):
        assert count_years(database, many=1) > 0
        assert count_years(database, many=1000) == 0
    assert newest_count(db, 2026) is None
    assert not db.scalars(select(ProgrammeSum)).all()


@pytest.mark.usefixtures("activity")
def test_a_page_says_until_when_and_at_what_hour_it_was_counted(
    db: Session, database: Database, browser: Browser
) -> None:
    factories.civil_servant(db, "congchuc")
    db.commit()
    with clock.frozen(datetime(2026, 11, 22, 3, tzinfo=UTC)):
        count_years(database, many=1)
        browser.sign_in("congchuc")
        page = browser.get("/programmes/P04-NENTANG").text
        assert "đến 21/11/2026" in page
        assert "Đếm lúc 22/11/2026 10:00" in page
        assert "Đếm lúc" not in browser.get("/programmes?first=2026-01-01&last=2026-11-22").text


@pytest.mark.usefixtures("activity")
def test_all_sixteen_rows_stand_on_the_page_with_the_note_on_money(
    db: Session, browser: Browser, command: Callable[..., int], tmp_path: Path
) -> None:
    factories.civil_servant(db, "congchuc")
    db.commit()
    browser.sign_in("congchuc")
    page = browser.get("/programmes?first=2026-01-01&last=2026-11-21").text
    assert page.count('<a href="/programmes/P') == 16
    assert "17.150 triệu đồng, còn đề án ghi tổng 23.950 triệu đồng" in page
    text = browser.get("/programmes/table.csv?first=2026-01-01&last=2026-11-21").content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 17
    assert [row["Số"] for row in rows[:5]] == ["1", "2", "3.1", "3.2", "4"]
    assert (rows[4]["Lượt ghi danh"], rows[4]["Người không trùng"], rows[4]["Lượt hoàn thành"]) == ("4", "3", "1")
    out = tmp_path / "nhiem-vu.csv"
    words = ("export", "programmes", "--from", "2026-01-01", "--to", "2026-11-21", "--out", str(out))
    assert command(*words) == 0
    assert out.read_text(encoding="utf-8-sig").splitlines() == text.splitlines()


def test_a_task_shows_the_plan_its_successor_its_courses_and_its_indicators(db: Session, browser: Browser) -> None:
    factories.course(db, "K4", programme="P04-NENTANG")
    factories.civil_servant(db, "congchuc")
    db.commit()
    browser.sign_in("congchuc")
    page = browser.get("/programmes/P04-NENTANG").text
    for words in (
        "5.000 cán bộ", "3.500 triệu đồng", "Sở Thông tin và Truyền thông", "Sở Khoa học và Công nghệ",
        "từ 01/03/2025", "Khóa thử K4", "/coverage/BG-CNTT/definition",
    ):  # fmt: skip
        assert words in page
    assert "Theo quy định của cơ sở đào tạo" in browser.get("/programmes/P03A-DAIHOC").text
    assert "Chưa có khóa học nào" in browser.get("/programmes/P03A-DAIHOC").text


@pytest.mark.parametrize(
    ("url", "status", "text"),
    [
        ("/programmes/P99", 404, "Không có nhiệm vụ đào tạo"),
        ("/programmes?unit=khong-co", 404, "không có đơn vị nào mang mã"),
        ("/programmes?first=hom-qua", 422, "không phải là ngày"),
        ("/programmes?first=2026-05-01&last=2026-04-01", 422, "Ngày cuối phải sau ngày đầu"),
        ("/programmes/table.pdf", 404, "Không tìm thấy"),
    ],
)
def test_odd_questions_get_clear_answers(db: Session, browser: Browser, url: str, status: int, text: str) -> None:
    factories.civil_servant(db, "congchuc")
    db.commit()
    browser.sign_in("congchuc")
    answer = browser.get(url)
    assert answer.status_code == status
    assert text in answer.text
