"""The year's plan from need to quota, decision, nomination and money; who sees what of it."""

import csv
import io
from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from app.assignments.models import AssignmentMember, AssignmentPick
from app.core.access import Actor
from app.core.errors import Conflict, Invalid
from app.coverage.planning import needs, nominating, spending, years
from app.coverage.planning.models import PlanDecision, PlanLine, PlanNomination, PlanYear
from app.coverage.planning.money import dong_of, million_words
from app.coverage.planning.needs import Need
from app.coverage.planning.plan_queries import PlanFigures, plan_table, units_below
from app.coverage.planning.spending import Spent
from app.coverage.planning.years import Decided, Share
from app.identity.models import Person
from app.identity.people import merging
from app.identity.units import unit_queries
from tests import factories
from tests.browser import Browser
from tests.coverage.planning.conftest import ELSEWHERE, HERE, TASK

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer<<>>\n%%EOF\n"


def figures(db: Session, plan: PlanYear, code: str = "24", task: str = TASK) -> PlanFigures:
    unit = unit_queries.unit_on(db, code, date(2026, 11, 21))
    assert unit is not None
    return next(row.figures for row in plan_table(db, plan, unit, "24").rows if row.task.code == task)


@pytest.mark.parametrize(
    ("typed", "dong", "shown"),
    [
        ("12,5", 12_500_000, "12,5"), ("1.234,000001", 1_234_000_001, "1.234,000001"), ("0", 0, "0"),
        ("20 000", 20_000_000_000, "20.000"), ("12.5", None, ""), ("-3", None, ""), ("", None, ""),
        ("9" * 10, None, ""), ("1,2345678", None, ""),
    ],
)  # fmt: skip
def test_money_is_typed_in_millions_and_kept_to_the_dong(typed: str, dong: int | None, shown: str) -> None:
    assert dong_of(typed) == dong
    if dong is not None:
        assert million_words(dong) == shown


def test_needs_of_units_add_up_above_and_are_suggested_as_quotas_by_largest_remainder(
    db: Session, admin: Actor, manager: Actor, plan: PlanYear
) -> None:
    units = [factories.unit_id(db, code) for code in (HERE, ELSEWHERE, "24")]
    for actor, unit_id, people in zip((manager, admin, admin), units, (5, 3, 2), strict=True):
        needs.say_needs(db, actor, plan, unit_id, {TASK: Need(people, "cả phòng")})
    assert figures(db, plan).need == 10
    assert figures(db, plan, HERE).need == 5
    years.move(db, admin, plan, "quotas")
    assert years.suggest(db, admin, plan, TASK, 7) == 7
    lines = years.lines_of(db, plan, TASK)
    # 3,5 and 2,1 and 1,4 of seven: the last place goes to the largest remainder.
    assert [lines[unit_id].quota for unit_id in units] == [4, 2, 1]
    assert years.suggest(db, admin, plan, TASK, 20) == 10, "nobody is given more than is needed"
    assert figures(db, plan).quota is None, "nothing holds before a decision"


def test_a_plan_takes_needs_only_while_it_asks_for_them(db: Session, admin: Actor, plan: PlanYear) -> None:
    unit_id = factories.unit_id(db, HERE)
    years.move(db, admin, plan, "quotas")
    with pytest.raises(Conflict):
        needs.say_needs(db, admin, plan, unit_id, {TASK: Need(1)})
    years.move(db, admin, plan, "needs")
    assert needs.say_needs(db, admin, plan, unit_id, {TASK: Need(1)}) == 1
    assert needs.say_needs(db, admin, plan, unit_id, {TASK: Need(1)}) == 0, "the same again is no change"
    with pytest.raises(Conflict):
        years.move(db, admin, plan, "closed")
    with pytest.raises(Conflict):
        years.decide(db, admin, plan, Decided("1/QĐ", date(2026, 1, 1)), {})


def test_a_decision_freezes_quotas_and_another_one_changes_them(
    db: Session, admin: Actor, approved: PlanYear
) -> None:  # fmt: skip
    here = factories.unit_id(db, HERE)
    assert figures(db, approved).quota == 5
    assert figures(db, approved).budget_dong == 120_000_000
    assert figures(db, approved, HERE) == PlanFigures(3, 2, 2, 0, 0, 20_000_000, 20_000_000, 0)
    with pytest.raises(Conflict):
        years.decide(db, admin, approved, Decided("5/QĐ-UBND", date(2026, 3, 1)), {})
    years.share_out(db, admin, approved, TASK, {here: Share(4, 20_000_000)})
    assert figures(db, approved, HERE).quota == 2, "prepared is not decided"
    years.decide(db, admin, approved, Decided("88/QĐ-UBND", date(2026, 6, 1)), {})
    assert figures(db, approved, HERE).quota == 4
    db.commit()
    numbers = db.scalars(select(PlanDecision.number).order_by(PlanDecision.id)).all()
    assert numbers == ["1234/QĐ-UBND", "88/QĐ-UBND"]
    for change in ("UPDATE plan_quota SET people = 9", "DELETE FROM plan_decision"):
        with pytest.raises(DatabaseError):
            db.execute(text(change))
        db.rollback()


def test_a_unit_nominates_its_own_people_within_its_quota(
    db: Session, manager: Actor, approved: PlanYear, staff: list[Person]
) -> None:
    here = factories.unit_id(db, HERE)
    stranger = factories.person(db, "Người nơi khác")
    factories.post(db, stranger, ELSEWHERE, started_on=date(2025, 8, 1))
    an, binh, chi, _dung = (one.id for one in staff)
    with pytest.raises(Invalid) as over:
        nominating.nominate(db, manager, approved, TASK, here, [an, binh, chi])
    assert over.value.fields["people"] == "Quá số giao: đơn vị được giao 2 người, đã cử 0, chọn thêm 3."
    with pytest.raises(Invalid) as foreign:
        nominating.nominate(db, manager, approved, TASK, here, [stranger.id])
    assert "không có vị trí ở đơn vị này" in foreign.value.fields["people"]
    assert nominating.nominate(db, manager, approved, TASK, here, [an, binh]) == 2
    assert nominating.nominate(db, manager, approved, TASK, here, [an, binh]) == 0, "again changes nothing"
    with pytest.raises(Invalid):
        nominating.nominate(db, manager, approved, TASK, here, [chi])
    nomination = db.scalars(select(PlanNomination).where(PlanNomination.person_id == an)).one()
    nominating.withdraw(db, manager, approved, nomination, "đi công tác")
    assert nominating.nominate(db, manager, approved, TASK, here, [chi]) == 1
    assert figures(db, approved, HERE).nominated == 2


def test_who_is_nominated_is_given_the_course_and_who_is_withdrawn_is_not(
    db: Session, admin: Actor, manager: Actor, approved: PlanYear, staff: list[Person]
) -> None:
    here, province = factories.unit_id(db, HERE), factories.unit_id(db, "24")
    course = factories.course(db, "K4", programme=TASK)
    an, binh = staff[0].id, staff[1].id
    nominating.nominate(db, manager, approved, TASK, here, [an])
    assignment = nominating.open_course(db, admin, approved, TASK, course.course_id, date(2026, 12, 20), province)
    assert "1234/QĐ-UBND" in assignment.grounds
    nominating.nominate(db, manager, approved, TASK, here, [binh])
    assert set(db.scalars(select(AssignmentPick.person_id))) == {an, binh}
    nomination = db.scalars(select(PlanNomination).where(PlanNomination.person_id == binh)).one()
    nominating.withdraw(db, manager, approved, nomination, "chuyển công tác")
    left = dict(db.execute(select(AssignmentMember.person_id, AssignmentMember.left_on)).all())
    assert left[binh] == date(2026, 11, 21)
    assert set(db.scalars(select(AssignmentPick.person_id))) == {an}
    nominating.nominate(db, manager, approved, TASK, here, [binh])
    assert dict(db.execute(select(AssignmentMember.person_id, AssignmentMember.left_on)).all())[binh] is None
    with pytest.raises(Conflict):
        nominating.open_course(db, admin, approved, TASK, course.course_id, date(2026, 12, 20), province)


def test_done_is_counted_from_completions_of_the_year_never_typed(
    db: Session, manager: Actor, approved: PlanYear, staff: list[Person]
) -> None:
    here = factories.unit_id(db, HERE)
    course, other = factories.course(db, "K4", programme=TASK), factories.course(db, "K15", programme="P15-NGUOIDAN")
    an, binh, chi, dung = staff
    nominating.nominate(db, manager, approved, TASK, here, [an.id, binh.id])
    factories.completion(db, an, course, date(2025, 12, 30))
    factories.completion(db, binh, other, date(2026, 3, 1))
    factories.completion(db, chi, course, date(2026, 3, 1))
    assert figures(db, approved, HERE).done == 0, "another year, another task, and nobody's nomination"
    factories.completion(db, dung, course, date(2026, 5, 1))
    # Binh's other record earned it: one human being.
    merging.merge(db, manager, merging.Pair(binh, dung), (), "nhập hai lần")
    assert (figures(db, approved, HERE).nominated, figures(db, approved, HERE).done) == (2, 1)


def test_a_smaller_quota_than_people_sent_is_refused_with_the_units_named(
    db: Session, admin: Actor, manager: Actor, approved: PlanYear, staff: list[Person]
) -> None:
    here = factories.unit_id(db, HERE)
    nominating.nominate(db, manager, approved, TASK, here, [staff[0].id, staff[1].id])
    years.share_out(db, admin, approved, TASK, {here: Share(1, None)})
    with pytest.raises(Conflict) as refused:
        years.decide(db, admin, approved, Decided("9/QĐ-UBND", date(2026, 6, 1)), {})
    assert f"Phường Bắc Giang ({TASK})" in refused.value.message


def test_money_is_appended_and_a_correction_replaces_the_row_it_names(
    db: Session, admin: Actor, approved: PlanYear
) -> None:
    province = factories.unit_id(db, "24")
    first = spending.enter(
        db, admin, approved, Spent(TASK, province, 30_000_000, date(2026, 3, 1), "Ủy nhiệm chi số 1"), {}
    )
    spending.enter(db, admin, approved, Spent(TASK, province, 500_000, date(2026, 3, 2), "Ủy nhiệm chi số 2"), {})
    assert figures(db, approved).spent_dong == 30_500_000
    right = Spent(TASK, province, 3_000_000, date(2026, 3, 1), "Ủy nhiệm chi số 1", str(first.id))
    spending.enter(db, admin, approved, right, {})
    assert figures(db, approved).spent_dong == 3_500_000
    with pytest.raises(Invalid):
        spending.enter(db, admin, approved, right, {})
    db.commit()
    with pytest.raises(DatabaseError):
        db.execute(text("UPDATE plan_spending SET amount_dong = 1"))
    db.rollback()
    years.move(db, admin, approved, "closed")
    with pytest.raises(Conflict):
        spending.enter(db, admin, approved, Spent(TASK, province, 1, date(2026, 3, 1), "Muộn rồi"), {})


def test_one_task_is_told_by_unit_and_the_rows_add_up(db: Session, approved: PlanYear) -> None:
    province = unit_queries.unit_on(db, "24", date(2026, 11, 21))
    assert province is not None
    rows, whole = units_below(db, approved, TASK, province)
    told = {(row.unit.code, row.is_own): (row.figures.need, row.figures.quota, row.figures.budget_dong) for row in rows}
    assert told == {
        ("24", True): (0, 0, 100_000_000), (HERE, False): (3, 2, 20_000_000), (ELSEWHERE, False): (3, 3, 0)
    }  # fmt: skip
    assert (whole.need, whole.quota, whole.budget_dong) == (6, 5, 120_000_000)


# --- pages ----------------------------------------------------------------------------------------------------------


def test_the_whole_way_in_the_browser(
    db: Session, admin: Actor, manager: Actor, staff: list[Person], new_browser: Callable[[], Browser]
) -> None:
    course_id, here = factories.course(db, "K4", programme=TASK).course_id, factories.unit_id(db, HERE)
    refs = [one.ref for one in staff]
    db.commit()
    province, unit = new_browser().sign_in("tinh"), new_browser().sign_in("phutrach")
    assert "Đã lập kế hoạch năm 2026" in province.post("/plan", {"year": "2026", "due": "2026-12-15"}).text
    assert unit.get("/plan/2026").status_code == 404, "a draft is the province's own"
    province.post("/plan/2026/state", {"state": "needs"})
    wrong = unit.post("/plan/2026/needs", {f"need-{TASK}": "ba", "note-P01-LANHDAO": "hai lãnh đạo"})
    assert wrong.status_code == 422
    assert 'value="ba"' in wrong.text
    assert 'value="hai lãnh đạo"' in wrong.text
    assert "Đã ghi nhu cầu" in unit.post("/plan/2026/needs", {f"need-{TASK}": "3"}).text
    province.post("/plan/2026/state", {"state": "quotas"})
    assert "Đã đề xuất 2 người" in province.post(f"/plan/2026/quotas/{TASK}/suggest", {"cap": "2"}).text
    bad = province.post(f"/plan/2026/quotas/{TASK}", {f"quota-{here}": "hai", f"budget-{here}": "12,5"})
    assert bad.status_code == 422
    assert 'value="hai"' in bad.text
    shares = {f"quota-{here}": "2", f"budget-{here}": "12,5", "add": ELSEWHERE}
    assert "Đã lưu phân bổ" in province.post(f"/plan/2026/quotas/{TASK}", shares).text
    decision = {"number": "1234/QĐ-UBND", "signed_on": "2026-11-20"}
    refused = province.post("/plan/2026/decision", decision, files={"paper": ("a.exe", b"MZ", "application/pdf")})
    assert refused.status_code == 422
    assert 'value="1234/QĐ-UBND"' in refused.text
    paper = {"paper": ("quyet-dinh.pdf", PDF, "application/pdf")}
    page = province.post("/plan/2026/decision", decision, files=paper)
    assert "Số giao nay có hiệu lực" in page.text
    decision_id = db.scalars(select(PlanDecision.id)).one()
    db.rollback()
    assert unit.get(f"/plan/2026/decisions/{decision_id}/paper").content == PDF
    opened = province.post(f"/plan/2026/tasks/{TASK}/course", {"course": str(course_id), "due": "2026-12-20"})
    assert "sẽ được giao khóa" in opened.text
    people = f"/plan/2026/tasks/{TASK}/people?unit={HERE}"
    assert "Lê Thị An" in unit.get(people).text
    three = unit.post(people, {"person": refs[:3]})
    assert three.status_code == 422
    assert "Quá số giao" in three.text
    assert three.text.count(" checked") == 3, "nothing chosen is lost"
    two = unit.post(people, {"person": refs[:2]})
    assert "Đã cử thêm 2 người" in two.text
    sent = db.scalars(select(PlanNomination.id).order_by(PlanNomination.id)).first()
    db.rollback()
    assert "Đã thôi cử" in unit.post(f"/plan/2026/nominations/{sent}/withdraw", {"reason": "ốm"}).text
    assert province.post("/plan/2026/spending", {
        "task": TASK, "amount": "3,25", "spent_on": "2026-11-20", "source": "Ủy nhiệm chi số 9"
    }, files=paper).status_code == 200  # fmt: skip
    text_file = province.get("/plan/2026/table.csv").content.decode("utf-8-sig")
    row = {row["Mã nhiệm vụ"]: row for row in csv.DictReader(io.StringIO(text_file))}[TASK]
    assert (row["Nhu cầu"], row["Số giao"], row["Đã cử"]) == ("3", "2", "1")
    assert (row["Kinh phí được duyệt (triệu đồng)"], row["Kinh phí đã chi (triệu đồng)"]) == ("12.5", "3.25")


def test_a_manager_sees_the_own_units_alone(
    db: Session, admin: Actor, manager: Actor, approved: PlanYear, browser: Browser
) -> None:
    browser.sign_in("phutrach")
    assert "Phường Bắc Giang" in browser.get("/plan/2026").text
    for url in (
        f"/plan/2026?unit={ELSEWHERE}", "/plan/2026?unit=24", f"/plan/2026/needs?unit={ELSEWHERE}",
        f"/plan/2026/tasks/{TASK}/people?unit={ELSEWHERE}", f"/plan/2026/table.csv?unit={ELSEWHERE}",
        f"/plan/2026/spending?unit={ELSEWHERE}", "/plan/2031", f"/plan/2026/tasks/P99?unit={HERE}",
    ):  # fmt: skip
        assert browser.get(url).status_code == 404, url
    assert browser.post("/plan/2026/state", {"state": "closed"}).status_code == 403
    assert browser.get(f"/plan/2026/quotas/{TASK}").status_code == 403


def test_needs_of_many_units_come_from_a_list_all_or_none(
    db: Session, admin: Actor, plan: PlanYear, browser: Browser
) -> None:
    browser.sign_in("tinh")
    lines = f"{TASK}; {HERE}; 12; chuyên viên\n{TASK}; 99999; 3;\nP99; {HERE}; 3;\n{TASK}; {HERE}; ba;"
    wrong = browser.post("/plan/2026/needs/list", {"lines": lines})
    assert wrong.status_code == 422
    for said in ("3 dòng cần sửa", "Dòng 2: không có đơn vị mang mã 99999", "Dòng 3: năm 2026 không có nhiệm vụ P99",
                 "Dòng 4: “ba” không phải là số người", "chuyên viên"):  # fmt: skip
        assert said in wrong.text
    db.rollback()
    assert db.scalars(select(PlanLine)).all() == []
    db.rollback()
    book = browser.get("/plan/2026/needs/template.xlsx")
    assert book.content[:2] == b"PK"
    table = f"Mã nhiệm vụ,Mã đơn vị,Nhu cầu,Ghi chú\n{TASK},{HERE},1.200,\n{TASK},{ELSEWHERE},,\n".encode()
    done = browser.post("/plan/2026/needs/list", files={"file": ("nhu-cau.csv", table, "text/csv")})
    assert "Đã ghi 1 dòng nhu cầu" in done.text
    db.rollback()
    assert [(line.need, line.note) for line in db.scalars(select(PlanLine))] == [(1200, "")]


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"year": "2026"}, "Năm này đã có kế hoạch."), ({"year": "1999"}, "Năm từ 2024"), ({"year": "x"}, "Năm từ"),
        ({"year": "2027", "due": "mai"}, "không phải là ngày"),
    ],
)  # fmt: skip
def test_an_odd_year_gets_a_clear_answer(
    form: dict[str, str], said: str, admin: Actor, plan: PlanYear, browser: Browser
) -> None:
    browser.sign_in("tinh")
    answer = browser.post("/plan", form)
    assert answer.status_code == 422
    assert said in answer.text
