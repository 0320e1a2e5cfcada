"""The log of publicity, the register of experts, and the short-list for commendation."""

import csv
import io
from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.assignments.rules import Rule
from app.assignments.service import Order, assign
from app.core.access import Actor
from app.core.errors import Invalid
from app.core.jobs import Worker
from app.coverage.planning import campaigns, commendations, experts, nominating
from app.coverage.planning.campaigns import Activity, Asked
from app.coverage.planning.commendations import PersonCriteria, UnitCriteria
from app.coverage.planning.experts import Wanted
from app.coverage.planning.models import CampaignActivity, Expert, PlanYear
from app.identity.models import Person
from app.identity.people import merging
from app.identity.units import unit_queries
from app.identity.units.unit_queries import UnitOnDay
from tests import factories
from tests.browser import Browser
from tests.coverage.planning.conftest import ELSEWHERE, HERE, TASK
from tests.coverage.planning.test_year_plan import PDF

YEAR = Asked(date(2026, 1, 1), date(2026, 11, 21))
FORM = {
    "task": "P13-COSO", "kind": "broadcast", "title": "Loa phường: nộp hồ sơ trực tuyến", "unit": HERE,
    "first_on": "2026-03-01", "last_on": "2026-03-31", "times": "12", "reached": "3.500",
    "link": "https://vi-du.vn/bai",
}  # fmt: skip


def unit(db: Session, code: str = "24") -> UnitOnDay:
    found = unit_queries.unit_on(db, code, date(2026, 11, 21))
    assert found is not None
    return found


def broadcast(db: Session, actor: Actor, code: str, kind: str = "broadcast", reached: int | None = 100) -> None:
    day = date(2026, 5, 1)
    given = Activity("P13-COSO", kind, "Hoạt động thử", factories.unit_id(db, code), day, day, 2, reached)
    campaigns.log(db, actor, given, {})


def test_an_activity_is_logged_with_its_photo_and_summed_by_task_and_unit(
    db: Session, admin: Actor, manager: Actor, new_browser: Callable[[], Browser]
) -> None:
    broadcast(db, admin, ELSEWHERE)
    db.commit()
    browser = new_browser().sign_in("phutrach")
    page = browser.post("/campaigns", FORM, files={"paper": ("anh.pdf", PDF, "application/pdf")})
    for said in ("Đã ghi hoạt động", "3.500 người (đơn vị tự khai)", "12 lần", "31/03/2026", "anh.pdf"):
        assert said in page.text
    assert "Hoạt động thử" not in page.text, "another unit's log is not theirs to see"
    mine = db.scalars(select(CampaignActivity.id).where(CampaignActivity.title.startswith("Loa"))).one()
    db.rollback()
    assert browser.get(f"/campaigns/{mine}/paper").content == PDF
    assert [(one.activities, one.times, one.reached) for one in campaigns.sums_by_task(db, admin, YEAR)] == [
        (2, 14, 3600)
    ]
    assert [one.times for one in campaigns.sums_by_unit(db, admin, YEAR)] == [12, 2]
    db.rollback()
    rows = list(csv.DictReader(io.StringIO(browser.get("/campaigns/table.csv").content.decode("utf-8-sig"))))
    assert [(row["Số lần"], row["Số người tiếp cận (đơn vị tự khai)"]) for row in rows] == [("12", "3500")]
    assert "Chưa bỏ" in browser.post(f"/campaigns/{mine}/withdraw", {"reason": " "}).text
    assert "Đã bỏ" in browser.post(f"/campaigns/{mine}/withdraw", {"reason": "ghi hai lần"}).text
    assert "Loa phường" not in browser.get("/campaigns").text


def test_a_sum_of_people_nobody_said_is_no_zero(db: Session, admin: Actor, new_browser: Callable[[], Browser]) -> None:
    broadcast(db, admin, HERE, reached=None)
    broadcast(db, admin, ELSEWHERE, "campaign", reached=0)
    db.commit()
    assert [one.reached for one in campaigns.sums_by_task(db, admin, YEAR)] == [None, 0]
    db.rollback()
    assert 'data-label="Số người, tự khai">–</td>' in new_browser().sign_in("tinh").get("/campaigns").text


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("task", "P04-NENTANG", "Hãy chọn một nhiệm vụ"), ("kind", "dance", "Hãy chọn một hình thức"),
        ("title", " ", "Hãy ghi tên"), ("unit", ELSEWHERE, "Không có đơn vị nào như vậy"),
        ("last_on", "2026-12-31", "không thể sau hôm nay"), ("last_on", "2026-02-01", "Ngày cuối phải sau"),
        ("first_on", "mai", "không phải là ngày"), ("times", "0", "từ 1"), ("reached", "nhiều", "Hãy ghi số người"),
        ("link", "javascript:alert(1)", "https://"),
    ],
)  # fmt: skip
def test_a_wrong_activity_comes_back_as_it_was_typed(
    db: Session, manager: Actor, browser: Browser, name: str, value: str, said: str
) -> None:
    db.commit()
    browser.sign_in("phutrach")
    answer = browser.post("/campaigns", FORM | {name: value}, files={"paper": ("a.pdf", PDF, "application/pdf")})
    assert answer.status_code == 422
    assert said in answer.text
    if name != "title":
        assert 'value="Loa phường: nộp hồ sơ trực tuyến"' in answer.text
    assert db.scalars(select(CampaignActivity.id)).all() == []


def test_residents_guided_are_summed_by_commune_and_silence_is_not_zero(db: Session, admin: Actor) -> None:
    here, there = factories.unit_id(db, HERE), factories.unit_id(db, ELSEWHERE)
    broadcast(db, admin, HERE, "guidance", 30)
    broadcast(db, admin, HERE, "guidance", 12)
    broadcast(db, admin, HERE, "broadcast", 500)
    broadcast(db, admin, ELSEWHERE, "guidance", None)
    found = campaigns.guided_residents(db, [here, there], date(2026, 1, 1), date(2026, 11, 21), date(2026, 11, 21))
    assert found == {here: 42}


def test_experts_are_ours_or_plain_names_and_each_counts_once(
    db: Session, admin: Actor, manager: Actor, new_browser: Callable[[], Browser]
) -> None:
    factories.civil_servant(db, "chuyengia", name="Đỗ Chuyên Gia")
    day, source = date(2026, 1, 1), "Quyết định số 12/QĐ-SKHCN"
    experts.add(db, admin, Wanted("chuyengia", "", "Dữ liệu", "", "", TASK, source, day))
    for _twice in range(2):
        experts.add(db, admin, Wanted("", "Bùi Văn Ngoài", "An toàn", "Học viện X", "0912 000 111", "", source, day))
    experts.add(db, admin, Wanted("", "Hết Hạn", "Mạng", "", "", "", source, day, date(2026, 6, 30)))
    with pytest.raises(Invalid) as again:
        experts.add(db, admin, Wanted("chuyengia", "", "Khác", "", "", "", source, day))
    assert "who" in again.value.fields
    assert experts.count_on(db, date(2026, 3, 1)) == 3
    assert experts.count_on(db, date(2026, 11, 21)) == 2
    sealed = db.scalars(select(Expert.sealed_contact).where(Expert.name == "Bùi Văn Ngoài")).first()
    assert sealed is not None
    assert b"0912" not in sealed
    db.commit()
    keeper, reader = new_browser().sign_in("tinh"), new_browser().sign_in("phutrach")
    assert "0912 000 111" in keeper.get("/experts").text
    assert "Bùi Văn Ngoài" in reader.get("/experts?q=hoc vien").text
    assert "0912 000 111" not in reader.get("/experts").text
    assert "Sổ chuyên gia của nền tảng: 2 người" in reader.get("/coverage/BG-CHUYENGIA/definition").text
    wrong = keeper.post("/experts", {"name": "Ai Đó", "field": "", "source": "", "started_on": "hôm qua"})
    assert wrong.status_code == 422
    assert 'value="Ai Đó"' in wrong.text


def test_units_are_listed_by_every_criterion_stated_with_the_figures(
    db: Session, admin: Actor, manager: Actor, approved: PlanYear, staff: list[Person], worker: Worker
) -> None:
    course = factories.course(db, "K4", programme=TASK)
    an, binh, *_others = staff
    nominating.nominate(db, manager, approved, TASK, factories.unit_id(db, HERE), [an.id, binh.id])
    order = Order(course.course_id, Rule(factories.unit_id(db, HERE), ("CBCC",)), date(2026, 11, 21))
    assign(db, manager, order)
    db.commit()
    worker.run_all()
    for holder in (an, binh):
        factories.completion(db, holder, course, date(2026, 11, 20))
    broadcast(db, admin, HERE)
    broadcast(db, admin, ELSEWHERE)
    db.commit()

    def listed(**criteria: float) -> dict[str, dict[str, float]]:
        rows = commendations.unit_candidates(db, unit(db), UnitCriteria(**criteria), "BD-CBCC", date(2026, 11, 21))
        return {row.unit.code: dict(row.values) for row in rows}

    assert listed() == {}, "nothing is listed by no criterion"
    assert listed(activities=1) == {HERE: {"activities": 1}, ELSEWHERE: {"activities": 1}}
    assert listed(plan_done=100) == {HERE: {"plan_done": 100.0}}
    assert listed(coverage=50) == {HERE: {"coverage": 50.0}}
    assert listed(coverage=50, on_time=50, activities=1) == {HERE: {"coverage": 50.0, "on_time": 50.0, "activities": 1}}
    assert listed(coverage=50, activities=2) == {}


def test_people_are_listed_with_what_they_did_and_whether_anything_was_late(
    db: Session, admin: Actor, manager: Actor, staff: list[Person], worker: Worker, browser: Browser
) -> None:
    first, second = factories.course(db, "K4", programme=TASK), factories.course(db, "K5")
    an, binh, chi, _dung = staff
    factories.completion(db, an, first, date(2026, 3, 1))
    # Under a record without a post that was merged into hers.
    other = factories.person(db, "Lê An")
    factories.completion(db, other, second, date(2026, 4, 1))
    merging.merge(db, admin, merging.Pair(an, other), (), "một người")
    factories.completion(db, binh, first, date(2026, 3, 1))
    factories.completion(db, chi, first, date(2025, 3, 1))
    order = Order(second.course_id, Rule(factories.unit_id(db, HERE)), date(2026, 11, 21), person_ids=(an.id, binh.id))
    assign(db, manager, order)
    db.commit()
    worker.run_all()

    def listed(**criteria: object) -> list[tuple[str, int, int, int]]:
        wanted = PersonCriteria(**criteria)  # type: ignore[arg-type]
        rows, total = commendations.person_candidates(db, unit(db, HERE), wanted, date(2026, 11, 21))
        assert total == len(rows)
        # Of the whole province they are looked for in another way.
        assert commendations.person_candidates(db, unit(db), wanted, date(2026, 11, 21)) == (rows, total)
        return [(row.name, row.courses, row.assigned, row.late) for row in rows]

    assert listed(courses=1) == [("Lê Thị An", 2, 1, 0), ("Phạm Bình", 1, 1, 1)]
    assert listed(courses=2) == [("Lê Thị An", 2, 1, 0)]
    assert listed(on_time=True) == [("Lê Thị An", 2, 1, 0)]
    assert listed(score=95) == []
    db.rollback()
    browser.sign_in("phutrach")
    page = browser.get("/commendations?what=people&courses=1")
    for said in ("2 đề nghị xem xét", "Lê Thị An", "Chuyên viên, Phường Bắc Giang"):
        assert said in page.text
    table = browser.get("/commendations/table.csv?what=people&courses=1").content.decode("utf-8-sig")
    assert [row["Trễ hạn"] for row in csv.DictReader(io.StringIO(table))] == ["0", "1"]
    wrong = browser.get("/commendations?coverage=150&indicator=XX")
    assert wrong.status_code == 422
    assert 'value="150"' in wrong.text
