"""What reports take from the year's plan and the log of publicity; and the list of people with certificates."""

import io
from collections.abc import Callable
from datetime import date

import docx
import openpyxl
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.access import Actor
from app.core.audit import AuditEntry
from app.core.errors import Invalid
from app.coverage.planning import campaigns, nominating, spending, years
from app.coverage.planning.campaigns import Activity
from app.coverage.planning.models import PlanYear
from app.coverage.planning.spending import Spent
from app.coverage.planning.years import Decided, Share
from app.coverage.reports import people_form
from app.coverage.reports.filling import Wish, draft
from app.coverage.reports.frames import Cell
from app.coverage.reports.people_form import PeopleWish, people_report
from app.identity.models import Person
from app.identity.units import unit_queries
from tests import factories
from tests.browser import Browser
from tests.coverage.planning.conftest import ELSEWHERE, HERE, TASK


def row(db: Session, form: str, words: str, period: str = "2026", unit: str = "24") -> tuple[Cell, ...]:
    report = draft(db, "24", Wish((form,), period, unit, has_body=False))
    (found,) = [one for one in report.annexes[0].rows if words in str(one[1])]
    return found


def test_b02_prints_size_and_money_by_the_decisions_of_the_cut_off(
    db: Session, admin: Actor, approved: PlanYear
) -> None:
    here, words = factories.unit_id(db, HERE), "khai thác nền tảng số"
    spending.enter(db, admin, approved, Spent(TASK, here, 3_600_000, date(2026, 8, 1), "Ủy nhiệm chi số 1"), {})
    years.share_out(db, admin, approved, TASK, {here: Share(4, 20_000_000)})
    years.decide(db, admin, approved, Decided("88/QĐ-UBND", date(2026, 9, 1)), {})
    cells = row(db, "B02", words)
    assert (cells[4], cells[11], cells[12]) == (7, 120, 4)
    before = row(db, "B02", words, "2026-H1")
    assert (before[4], before[11], before[12]) == (5, 120, 0), "nothing was amended or spent by then"
    assert row(db, "B02", words, unit=HERE)[4] == 4
    total = row(db, "B02", "Cộng")
    assert (total[4], total[11], total[12]) == (7, 120, 4)
    assert row(db, "B02", "hệ thống thông tin cơ sở")[4] is None, "a broadcast has no size"
    year_before = row(db, "B02", words, "2025")
    assert (year_before[4], year_before[11], year_before[12]) == (None, None, None), "that year has no plan"


def test_b03_prints_quotas_and_people_sent_and_b04_whom_teams_guided(
    db: Session, admin: Actor, manager: Actor, approved: PlanYear, staff: list[Person]
) -> None:
    here, day = factories.unit_id(db, HERE), date(2026, 5, 1)
    nominating.nominate(db, manager, approved, TASK, here, [staff[0].id, staff[1].id])
    campaigns.log(
        db, manager, Activity("P10-TCNSCD", "guidance", "Hướng dẫn tại nhà văn hóa", here, day, day, 3, 42), {}
    )
    assert row(db, "B03", "Phường Bắc Giang")[3:5] == (2, 2)
    assert row(db, "B03", "Cộng")[3:5] == (5, 2)
    assert row(db, "B04", "Phường Bắc Giang")[8] == 42
    elsewhere = unit_queries.unit_on(db, ELSEWHERE, day)
    assert elsewhere is not None
    assert row(db, "B04", elsewhere.name)[8] is None, "who has declared nothing has not declared none"


@pytest.fixture
def certified(db: Session, staff: list[Person]) -> None:
    """An and Bình of Phường Bắc Giang completed the course in 2026, somebody elsewhere too."""
    course, other = factories.course(db, "K4", programme=TASK), factories.course(db, "K5")
    stranger = factories.person(db, "Người nơi khác")
    factories.post(db, stranger, ELSEWHERE, started_on=date(2025, 8, 1))
    for holder in (*staff[:2], stranger):
        factories.completion(db, holder, course, date(2026, 3, 1))
    factories.completion(db, staff[2], other, date(2026, 3, 1))
    db.commit()


@pytest.mark.usefixtures("certified")
def test_b05_lists_people_with_valid_papers_of_the_own_units_in_the_columns_of_the_form(
    db: Session, manager: Actor, admin: Actor
) -> None:
    unit = unit_queries.unit_on(db, "24", date(2026, 11, 21))
    assert unit is not None
    wish = PeopleWish("K4", date(2026, 11, 21), date(2026, 11, 21))
    mine, all_of_them = (people_report(db, actor, unit, wish).annexes[0] for actor in (manager, admin))
    assert [cells[1] for cells in mine.rows] == ["Lê Thị An", "Phạm Bình"]
    assert len(all_of_them.rows) == 3
    cells = mine.rows[0]
    assert (cells[0], cells[4], cells[6], cells[7], cells[8]) == (1, "Chuyên viên", "Khóa thử K4", 90.0, "2026-03-01")
    assert len(mine.columns) == len(cells) == 11
    assert people_report(db, admin, unit, PeopleWish("K4", date(2026, 1, 1), date(2026, 11, 20))).annexes[0].rows == ()
    with pytest.raises(Invalid):
        people_report(db, admin, unit, PeopleWish("K4", date(2026, 2, 1), date(2026, 1, 1)))


@pytest.mark.usefixtures("certified")
def test_too_many_people_for_a_list_are_refused_with_what_to_do(
    db: Session, admin: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people_form, "MOST_PEOPLE", 2)
    unit = unit_queries.unit_on(db, "24", date(2026, 11, 21))
    assert unit is not None
    with pytest.raises(Invalid) as refused:
        people_report(db, admin, unit, PeopleWish("K4", date(2026, 1, 1), date(2026, 11, 21)))
    assert "khoảng ngày ngắn hơn" in refused.value.fields["last"]


@pytest.mark.usefixtures("certified")
def test_the_list_is_taken_as_word_and_excel_and_who_took_it_is_on_record(
    db: Session, manager: Actor, new_browser: Callable[[], Browser]
) -> None:
    db.commit()
    browser = new_browser().sign_in("phutrach")
    page = browser.get("/reports/people?course=K4&first=2026-01-01&last=2026-11-21")
    assert "Lê Thị An" in page.text
    assert "Người nơi khác" not in page.text
    url = f"/reports/people/file.{{}}?course=K4&first=2026-01-01&last=2026-11-21&unit={HERE}"
    book = openpyxl.load_workbook(io.BytesIO(browser.post(url.format("xlsx")).content))
    texts = [str(cell.value) for line in book["B05"].iter_rows() for cell in line if cell.value is not None]
    assert "Lê Thị An" in texts
    assert any("2 người" in text for text in texts)
    paper = docx.Document(io.BytesIO(browser.post(url.format("docx")).content))
    assert "Phạm Bình" in [cell.text for table in paper.tables for line in table.rows for cell in line.cells]
    assert db.scalars(select(AuditEntry.details).where(AuditEntry.action == "report.people")).all() == [
        {"count": 2}, {"count": 2}
    ]  # fmt: skip
    db.rollback()
    assert browser.get(f"/reports/people?course=K4&unit={ELSEWHERE}").status_code == 404
    wrong = browser.get("/reports/people?course=K4&first=mai")
    assert wrong.status_code == 422
    assert 'value="mai"' in wrong.text
