"""A class that was held is recorded afterwards, and everybody who took part has completed what it taught."""

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalogue.source import CompletionRule
from app.classes.models import Attendance, HeldClass
from app.classes.queries import attendees, class_view
from app.classes.service import present
from app.core.audit import AuditEntry
from app.core.db import Database
from app.core.jobs import Worker
from app.identity.lists.people_lists import WHO
from app.identity.models import Account, Person
from app.identity.people.merging import merge, pair_of
from app.identity.sign_in.accounts import actor_of
from app.learning.models import Completion, CompletionAnnulment, PartMet
from tests import factories
from tests.browser import Browser
from tests.identity.workbooks import rows_of, workbook
from tests.learning import making

TYPED = {
    "title": "Tập huấn tổ công nghệ số", "subject": "task:P04-NENTANG", "first_on": "14/03/2026",
    "last_on": "15/03/2026", "place": "Hội trường phường", "hours": "6", "unit": factories.BAC_GIANG,
    "teachers": "Cô Giáo Thử",
}  # fmt: skip
KINH_BAC = "09187"


@pytest.fixture
def manager(db: Session) -> Account:
    holder = factories.person(db, "Phạm Văn Ghi")
    factories.post(db, holder)
    return factories.account(db, holder, "phu-trach", role="unit_manager", at=factories.BAC_GIANG)


@pytest.fixture
def people(db: Session, manager: Account) -> list[Person]:
    """Two colleagues of the unit, and one of another."""
    names = (
        ("le.hoa", factories.BAC_GIANG, "Lê Thị Hoa"),
        ("do.tu", factories.BAC_GIANG, "Đỗ Văn Tú"),
        ("ngo.xa", KINH_BAC, "Ngô Văn Xa"),
    )
    found = [factories.civil_servant(db, username, code, name).person for username, code, name in names]
    db.commit()
    return found


@pytest.fixture
def clerk(people: list[Person], new_browser: Callable[[], Browser]) -> Browser:
    return new_browser().sign_in("phu-trach")


def record(clerk: Browser, **typed: str) -> str:
    """The address of the new class."""
    page = clerk.post("/classes/new", TYPED | typed)
    assert page.status_code == 200, page.text
    return page.url.path


def completions(database: Database) -> list[Completion]:
    with database.reading() as db:
        found = list(db.scalars(select(Completion).order_by(Completion.id)))
        db.expunge_all()
    return found


@pytest.mark.parametrize(("months", "until"), [((6, 12), date(2027, 3, 15)), ((6, None), None), ((), None)])
def test_a_class_of_a_task_counts_as_long_as_the_longest_of_its_courses(
    db: Session, clerk: Browser, database: Database, people: list[Person], months: tuple[int | None, ...],
    until: date | None,
) -> None:  # fmt: skip
    for number, valid_months in enumerate(months):
        rule = CompletionRule(valid_months=valid_months)
        making.course(db, making.READ, slug=f"khoa-{number}", completion=rule, programme="P04-NENTANG")
    db.commit()
    clerk.post(f"{record(clerk)}/attendees", {"ref": people[0].ref})
    assert [one.valid_until for one in completions(database)] == [until]


def test_a_class_is_corrected_but_not_what_results_say(
    clerk: Browser, database: Database, people: list[Person]
) -> None:
    url = record(clerk)
    assert clerk.post(f"{url}/edit", TYPED | {"last_on": "16/03/2026", "hours": "8"}).url.path == url
    clerk.post(f"{url}/attendees", {"ref": people[0].ref})
    page = clerk.get(f"{url}/edit").text
    assert "1 người đã được tính hoàn thành" in page
    assert 'name="last_on"' not in page
    wrong = clerk.post(f"{url}/edit", TYPED | {"last_on": "17/03/2026", "hours": "8"})
    assert wrong.status_code == 422
    assert "Không đổi được nữa" in wrong.text
    mended = {name: value for name, value in TYPED.items() if name not in ("subject", "last_on", "hours")}
    clerk.post(f"{url}/edit", mended | {"title": "Tập huấn tổ công nghệ số cộng đồng", "first_on": "15/03/2026"})
    assert "15/03/2026 đến 16/03/2026" in clerk.get(url).text
    (done,) = completions(database)
    assert (done.title, done.completed_on, done.hours) == ("Tập huấn tổ công nghệ số", date(2026, 3, 16), 8)
    with database.reading() as db:
        corrections = db.scalars(
            select(AuditEntry.details).where(AuditEntry.action == "class.correct").order_by(AuditEntry.id)
        )
        assert [one["changed"] for one in corrections] == [["hours", "last_on"], ["first_on", "title"]]
    clerk.post(f"{url}/attendees/1/remove", {"reason": "Ghi sai ngày của lớp"})
    clerk.post(f"{url}/edit", TYPED)
    clerk.post(f"{url}/attendees", {"ref": people[0].ref})
    assert [one.completed_on.day for one in completions(database)] == [16, 15]


def test_who_is_picked_has_completed_on_the_last_day(clerk: Browser, database: Database, people: list[Person]) -> None:
    url = record(clerk)
    assert "Lê Thị Hoa" in clerk.get(f"{url}?q=hoa").text
    clerk.post(f"{url}/attendees", {"ref": people[0].ref})
    clerk.post(f"{url}/attendees", {"ref": people[0].ref})
    (done,) = completions(database)
    assert (done.person_id, done.how, done.programme_code, done.title, done.hours, done.completed_on) == (
        people[0].id, "class", "P04-NENTANG", "Tập huấn tổ công nghệ số", 6, date(2026, 3, 15),
    )  # fmt: skip
    assert "Người dự lớp: 1" in clerk.get(url).text
    assert "Tập huấn tổ công nghệ số" in clerk.get("/classes").text


def test_who_is_out_of_reach_or_oneself_is_not_added(
    clerk: Browser, database: Database, people: list[Person], manager: Account
) -> None:
    url = record(clerk)
    assert clerk.post(f"{url}/attendees", {"ref": people[2].ref}).status_code == 404
    assert clerk.post(f"{url}/attendees", {"ref": manager.person.ref}).status_code == 403
    assert completions(database) == []


def test_removing_needs_a_reason_and_ends_what_it_brought(
    clerk: Browser, database: Database, people: list[Person]
) -> None:
    url = record(clerk)
    clerk.post(f"{url}/attendees", {"ref": people[0].ref})
    with database.reading() as db:
        attendance_id = db.scalars(select(Attendance.id)).one()
    page = clerk.post(f"{url}/attendees/{attendance_id}/remove", {"reason": ""})
    assert page.status_code == 422
    assert "Hãy ghi lý do" in page.text
    assert "Ghi nhầm người" in clerk.post(f"{url}/attendees/{attendance_id}/remove", {"reason": "Ghi nhầm người"}).text
    clerk.post(f"{url}/attendees", {"ref": people[0].ref})
    first, again = completions(database)
    with database.reading() as db:
        assert list(db.scalars(select(CompletionAnnulment.completion_id))) == [first.id]
    assert again.person_id == people[0].id


def test_a_list_of_attendees_is_checked_then_applied(
    clerk: Browser, database: Database, people: list[Person], worker: Worker
) -> None:
    url = record(clerk)
    rows = [
        {"Họ và tên": "Lê Thị Hoa", "Tên đăng nhập": "le.hoa"},
        {"Họ và tên": "Đỗ Văn Tú", "Tên đăng nhập": "do.tu"},
        {"Họ và tên": "Ngô Văn Xa", "Tên đăng nhập": "ngo.xa"},
        {"Họ và tên": "Lê Thị Hoa", "Tên đăng nhập": "le.hoa"},
        {"Họ và tên": "Lê Thị Hoa"},
    ]
    checked = clerk.post(f"{url}/lists", files={"file": ("ds.xlsx", workbook(rows, tuple(WHO)))}).url.path
    worker.run_all()
    found = [row["Kết quả"] for row in rows_of(clerk.get(f"{checked}/result.xlsx").content)]
    assert found == ["Thêm mới", "Thêm mới", "Cần xác nhận", "Đã có", "Không nhập"]
    assert completions(database) == []
    applied = clerk.post(f"{checked}/apply").url.path
    worker.run_all()
    assert {one.person_id for one in completions(database)} == {people[0].id, people[1].id}
    assert "Người dự lớp đã được tính hoàn thành" in clerk.get(applied).text
    assert "Người dự lớp: 2" in clerk.get(url).text


def test_a_list_belongs_to_its_class(clerk: Browser) -> None:
    one, other = record(clerk), record(clerk, title="Một lớp khác")
    content = workbook([{"Họ và tên": "Lê Thị Hoa", "Tên đăng nhập": "le.hoa"}], tuple(WHO))
    checked = clerk.post(f"{one}/lists", files={"file": ("ds.xlsx", content)}).url.path
    assert clerk.get(checked).status_code == 200
    assert clerk.get(checked.replace(one, other)).status_code == 404


def test_a_class_of_a_course_completes_it_or_is_the_part_it_asks_for(
    db: Session, clerk: Browser, database: Database, people: list[Person]
) -> None:
    plain = making.course(db, making.READ, slug="thuong")
    asks = making.course(db, making.READ, slug="can-lop", completion=CompletionRule(in_person=True))
    db.commit()
    for slug in ("THUONG", "CAN-LOP"):
        url = record(clerk, subject=f"course:{slug}")
        clerk.post(f"{url}/attendees", {"ref": people[0].ref})
    (done,) = completions(database)
    assert (done.course_version_id, done.how) == (plain.id, "class")
    with database.reading() as reading:
        (part,) = reading.scalars(select(PartMet))
        assert (part.course_id, part.kind, part.met_on) == (asks.course_id, "in_person", date(2026, 3, 15))


def test_the_papers_of_a_class_are_taken_from_the_register_together(
    db: Session, clerk: Browser, people: list[Person]
) -> None:
    making.course(db, making.READ, slug="thuong")
    db.commit()
    one, other = (record(clerk, subject="course:THUONG", title=title) for title in ("Lớp một", "Lớp hai"))
    clerk.post(f"{one}/attendees", {"ref": people[0].ref})
    clerk.post(f"{other}/attendees", {"ref": people[1].ref})
    url = f"/certificates?course=THUONG&group=class:{one.rpartition('/')[2]}"
    assert url.replace("&", "&amp;") in clerk.get(one).text
    papers = clerk.get(url).text
    assert "1 giấy, 1 còn hiệu lực" in papers
    assert people[0].name in papers
    assert people[1].name not in papers
    assert "2 giấy" in clerk.get("/certificates?course=THUONG").text
    for unknown in ("class:0", "class:x", "nhom:1", "exam:1"):
        assert "0 giấy" in clerk.get(f"/certificates?group={unknown}").text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"first_on": "hôm qua", "last_on": ""}, "Hãy ghi ngày đầu"),
        ({"first_on": "16/03/2026"}, "Ngày đầu không thể sau ngày cuối."),
        ({"last_on": "15/03/2099"}, "Chỉ ghi lớp đã kết thúc."),
        ({"hours": "nhiều"}, "Hãy ghi số giờ học"),
        ({"unit": KINH_BAC}, "không thuộc phạm vi"),
        ({"unit": "khong"}, "không có đơn vị nào mang mã"),
        ({"subject": "task:KHONG"}, "Hãy chọn nhiệm vụ đào tạo"),
        ({"teachers": ""}, "giảng viên"),
    ],
)
def test_what_cannot_be_recorded_comes_back_with_what_was_typed(
    clerk: Browser, database: Database, typed: dict[str, str], said: str
) -> None:
    page = clerk.post("/classes/new", TYPED | typed)
    assert page.status_code == 422
    assert said in page.text
    assert "Hội trường phường" in page.text
    with database.reading() as db:
        assert db.scalars(select(HeldClass)).all() == []


def test_attendees_see_the_class_on_their_own_page(
    clerk: Browser, new_browser: Callable[[], Browser], people: list[Person]
) -> None:
    url = record(clerk)
    clerk.post(f"{url}/attendees", {"ref": people[0].ref})
    assert "Tập huấn tổ công nghệ số" in new_browser().sign_in("le.hoa").get("/my").text


def test_who_was_recorded_under_two_merged_records_is_one_person(
    db: Session, clerk: Browser, people: list[Person]
) -> None:
    url = record(clerk)
    for person in people[:2]:
        clerk.post(f"{url}/attendees", {"ref": person.ref})
    admin = actor_of(db, factories.account(db, username="quantri", role="province_admin").id)
    assert admin is not None
    merge(db, admin, pair_of(people[0], people[1]), [], "một người, hai hồ sơ")
    db.flush()
    held = db.scalars(select(HeldClass)).one()
    assert len(attendees(db, held)) == 1
    assert class_view(db, held).attendees == 1
    assert present(db, held, people[1].id) is not None
    db.commit()
    assert clerk.get(url).status_code == 200
