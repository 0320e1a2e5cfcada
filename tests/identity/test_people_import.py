"""Lists of people: what a row says, who is already known, what is written, what the result says."""

import io
from datetime import date, datetime

import openpyxl
import pytest
from sqlalchemy import MetaData, func, select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.db import Database
from app.core.errors import Invalid
from app.identity import sealing
from app.identity.lists.people_import import COLUMNS, KnownUnit, Register, parse_row
from app.identity.lists.people_import_service import load_register
from app.identity.lists.people_report import ImportReport, RowReport
from app.identity.lists.people_sheet import read_people_bytes, result_bytes, template_bytes
from app.identity.models import Account, Affiliation, Person
from app.identity.people.people import add_person, find_person
from app.identity.sign_in import passwords
from tests import factories
from tests.identity.importing import import_people
from tests.identity.workbooks import GOOD, Row, good, rows_of, workbook

TODAY = date(2026, 11, 21)
REGISTER = Register(
    {
        "07210": KnownUnit(
            1, "07210", "Phường Bắc Giang", frozenset({"phuong bac giang", "bac giang"}), date(2025, 7, 1)
        )
    },
    {"cbcc": "CBCC", "can bo, cong chuc, vien chuc": "CBCC", "cntt": "CNTT"},
)


def parsed(changes: Row):  # type: ignore[no-untyped-def]
    row = GOOD | changes
    return parse_row([row[name] for name in COLUMNS], REGISTER, TODAY)  # type: ignore[misc]


# --- one row ------------------------------------------------------------------------------------------------------


def test_a_good_row_is_read_without_a_word() -> None:
    row = parsed({})
    assert (row.name, row.sex, row.birth_date, row.phone) == ("Nguyễn Văn An", "male", date(1985, 2, 3), "+84912345678")
    assert (row.identity, row.email, row.audiences) == ("024085001234", "an@vidu.example", ("CBCC",))
    assert row.unit is not None
    assert row.started_on == date(2026, 1, 5)
    assert not row.repairs + row.notes + row.doubts + row.refusals


@pytest.mark.parametrize(
    ("changes", "attribute", "value", "words"),
    [
        ({"Họ và tên": "NGUYỄN VĂN AN"}, "name", "Nguyễn Văn An", "viết lại chữ hoa"),
        ({"Họ và tên": "nguyễn  văn an "}, "name", "Nguyễn Văn An", "viết lại chữ hoa"),
        ({"Điện thoại": 912345678.0}, "phone", "+84912345678", "thiếu số 0"),
        ({"Mã đơn vị": 7210.0}, "unit_code", "07210", "thiếu số 0"),
        ({"Ngày sinh": 31081.0}, "birth_date", date(1985, 2, 3), "số thứ tự ngày"),
    ],
)
def test_what_excel_spoilt_is_repaired_and_said(changes: Row, attribute: str, value: object, words: str) -> None:
    row = parsed(changes)
    assert getattr(row, attribute) == value
    assert [words in text for text in row.repairs] == [True]
    assert not row.doubts + row.refusals


def test_lost_zeros_of_an_identity_number_are_only_proposed() -> None:
    row = parsed({"Số CCCD": 24085001234.0})
    assert (row.identity, row.lost_zeros, row.repairs) == ("024085001234", True, [])
    assert row.about == {"Số giấy tờ “24085001234” có lẽ mất số 0 ở đầu: 024085001234.": "Số CCCD"}


@pytest.mark.parametrize(
    ("changes", "attribute", "value"),
    [
        ({"Ngày sinh": datetime(1985, 2, 3)}, "birth_date", date(1985, 2, 3)),
        ({"Ngày sinh": "3-2-1985"}, "birth_date", date(1985, 2, 3)),
        ({"Ngày sinh": "1985-02-03"}, "birth_date", date(1985, 2, 3)),
        ({"Ngày sinh": "1985"}, "birth_year", 1985),
        ({"Ngày sinh": 1985.0}, "birth_date", None),
        ({"Ngày sinh": None}, "birth_year", 1985),
        ({"Giới tính": None}, "sex", "male"),
        ({"Giới tính": "NAM"}, "sex", "male"),
        ({"Số CCCD": "024 085 001 234"}, "identity", "024085001234"),
        ({"Số CCCD": "121234567"}, "identity", "121234567"),
        ({"Số CCCD": None}, "identity", ""),
        ({"Điện thoại": "+84 912 345 678"}, "phone", "+84912345678"),
        ({"Email": " AN@Vidu.example "}, "email", "an@vidu.example"),
        ({"Tên đơn vị": "phuong bac giang"}, "unit_name", "phuong bac giang"),
        ({"Tên đơn vị": "UBND phường Bắc Giang"}, "unit_code", "07210"),
        ({"Lãnh đạo (x)": "X"}, "is_leader", True),
        ({"Nhóm đối tượng": "cbcc; CNTT;"}, "audiences", ("CBCC", "CNTT")),
        ({"Nhóm đối tượng": "Cán bộ, công chức, viên chức"}, "audiences", ("CBCC",)),
        ({"Nhóm đối tượng": None}, "audiences", ()),
        ({"Ngày bắt đầu": date(2026, 1, 5)}, "started_on", date(2026, 1, 5)),
        ({"Ngày bắt đầu": None}, "started_on", None),
        ({"Chức vụ": '=HYPERLINK("http://x")'}, "title", '=HYPERLINK("http://x")'),
    ],
)
def test_the_many_ways_to_write_a_cell(changes: Row, attribute: str, value: object) -> None:
    row = parsed(changes)
    assert getattr(row, attribute) == value
    assert not row.refusals + row.doubts + row.repairs


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"Họ và tên": None}, "Thiếu họ và tên"),
        ({"Họ và tên": "=1+1"}, "chỉ gồm chữ cái"),
        ({"Ngày sinh": "31/02/1985"}, "không đọc được"),
        ({"Ngày sinh": "03/02/2030"}, "không thể đúng"),
        ({"Ngày sinh": "1850"}, "không thể đúng"),
        ({"Giới tính": "Khác lạ"}, "Nam hoặc Nữ"),
        ({"Số CCCD": "1234"}, "12 chữ số"),
        ({"Số CCCD": "024085 00123X"}, "12 chữ số"),
        ({"Điện thoại": "0912"}, "Số điện thoại"),
        ({"Email": "an tại nhà"}, "Email"),
        ({"Mã đơn vị": None}, "Thiếu mã đơn vị"),
        ({"Mã đơn vị": "99999"}, "Không có đơn vị"),
        ({"Lãnh đạo (x)": "có lẽ"}, "Cột Lãnh đạo"),
        ({"Nhóm đối tượng": "CBCC; LẠ"}, "Không có nhóm đối tượng: LẠ"),
        ({"Ngày bắt đầu": "hôm qua"}, "không đọc được"),
        ({"Ngày bắt đầu": "05/01/2226"}, "không thể đúng"),
        ({"Chức vụ": "x" * 121}, "dài quá"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(changes: Row, words: str) -> None:
    assert [words in text for text in parsed(changes).refusals] == [True]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"Họ và tên": "An"}, "chỉ có một chữ"),
        ({"Giới tính": "Nữ"}, "Giới tính không khớp"),
        ({"Ngày sinh": "03/02/1984"}, "Năm sinh không khớp"),
        ({"Tên đơn vị": "Xã Đa Mai"}, "Mã 07210 hôm nay là Phường Bắc Giang"),
        ({"Tên đơn vị": None}, "Thiếu tên đơn vị"),
    ],
)
def test_what_contradicts_itself_waits_for_confirmation(changes: Row, words: str) -> None:
    row = parsed(changes)
    assert [words in text for text in row.doubts] == [True]
    assert not row.refusals


# --- the file -----------------------------------------------------------------------------------------------------


def test_the_template_is_accepted_but_empty() -> None:
    with pytest.raises(Invalid, match="chưa có dòng dữ liệu"):
        read_people_bytes(template_bytes(), "mau.xlsx")


def test_missing_columns_are_named() -> None:
    columns = [name for name in COLUMNS if name not in ("Email", "Mã đơn vị")]
    with pytest.raises(Invalid, match="thiếu cột: Email, Mã đơn vị"):
        read_people_bytes(workbook([GOOD], columns), "a.xlsx")


@pytest.mark.parametrize("columns", [COLUMNS[::-1], [*COLUMNS, "Ghi chú"]])
def test_columns_in_another_order_or_number_are_refused(columns: list[str]) -> None:
    with pytest.raises(Invalid, match="đúng thứ tự"):
        read_people_bytes(workbook([GOOD], columns), "a.xlsx")


@pytest.mark.parametrize("content", [b"", b"STT\nTen", b"PK\x03\x04 no archive", b"%PDF-1.7"])
def test_a_fake_workbook_is_refused(content: bytes) -> None:
    with pytest.raises(Invalid, match="không phải bảng tính"):
        read_people_bytes(content, "fake.xlsx")


def test_the_header_may_stand_below_empty_lines_and_rows_keep_their_numbers() -> None:
    sheet = read_people_bytes(workbook([GOOD, {}, good(2)], before=2), "a.xlsx")
    assert [row.number for row in sheet.rows] == [4, 6]
    assert sheet.sheet == "Danh sách"


# --- who is who ---------------------------------------------------------------------------------------------------


def run(db: Session, *rows: Row, dry_run: bool = False, allowed: set[int] | None = None) -> list[RowReport]:
    return list(report(db, *rows, dry_run=dry_run, allowed=allowed).rows)


def report(db: Session, *rows: Row, dry_run: bool = False, allowed: set[int] | None = None) -> ImportReport:
    sheet = read_people_bytes(workbook(rows), "danh-sach.xlsx")
    return import_people(db, sheet, allowed_units=allowed, dry_run=dry_run)


def posts(db: Session, row: RowReport) -> list[Affiliation]:
    return list(
        db.scalars(
            select(Affiliation)
            .join(Person)
            .where(Person.ref == row.person)
            .order_by(Affiliation.started_on, Affiliation.id)
        )
    )


def test_a_new_person_gets_a_post_audiences_and_an_account(db: Session) -> None:
    [row] = run(db, GOOD | {"Lãnh đạo (x)": "x", "Nhóm đối tượng": "CBCC;LANHDAO"})
    assert (row.outcome, row.row, row.messages) == ("created", 2, ())
    person = db.scalars(select(Person).where(Person.ref == row.person)).one()
    assert sealing.unseal(person).identity == "024085001234"
    [post] = posts(db, row)
    assert (post.title, post.is_leader, post.is_primary, post.started_on) == (
        "Chuyên viên",
        True,
        True,
        date(2026, 1, 5),
    )
    assert {link.audience_code for link in post.audiences} == {"CBCC", "LANHDAO"}
    account = db.scalars(select(Account).where(Account.person_id == person.id)).one()
    assert (row.username, account.username, account.must_change_password) == ("annv", "annv", True)
    assert passwords.verify(account.password_hash, row.password) is passwords.Verdict.RIGHT
    assert len(row.password.replace("-", "")) == 18
    assert row.password not in repr(account.__dict__)


def test_importing_a_file_again_changes_nothing(db: Session) -> None:
    bare = {"Số CCCD": None, "Điện thoại": None, "Email": None, "Ngày sinh": "09/09/1979"}
    rows = [*(good(number) for number in range(5)), GOOD | bare]
    first = run(db, *rows)
    second = run(db, *rows)
    assert [row.outcome for row in first] == ["created"] * 6
    assert [row.outcome for row in second] == ["matched"] * 6
    assert [row.person for row in first] == [row.person for row in second]
    assert db.scalar(select(func.count()).select_from(Affiliation)) == 6


@pytest.mark.parametrize("kept", ["Số CCCD", "Điện thoại", "Email"])
def test_a_person_is_found_by_any_one_of_the_three(db: Session, kept: str) -> None:
    [first] = run(db, GOOD)
    others = {name: None for name in ("Số CCCD", "Điện thoại", "Email") if name != kept}
    [second] = run(db, GOOD | others)
    assert (second.outcome, second.person) == ("matched", first.person)


def test_numbers_of_two_people_in_one_row_wait(db: Session) -> None:
    run(db, good(1), good(2))
    [row] = run(db, good(1) | {"Điện thoại": good(2)["Điện thoại"]})
    assert row.outcome == "needs_confirmation"
    assert "những người khác nhau" in row.messages[0]
    assert row.person == ""


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"Họ và tên": "Trần Thị Bình", "Giới tính": "Nữ", "Số CCCD": None}, "đang thuộc về Nguyễn Văn An"),
        ({"Số CCCD": "024085009999"}, "lại khác với hồ sơ"),
        ({"Số CCCD": None, "Ngày sinh": "01/01/1990"}, "lại khác với hồ sơ"),
    ],
)
def test_a_shared_phone_does_not_make_two_people_one(db: Session, changes: Row, words: str) -> None:
    run(db, GOOD)
    [row] = run(db, GOOD | changes)
    assert row.outcome == "needs_confirmation"
    assert words in row.messages[0]


@pytest.mark.parametrize("by", ["Điện thoại", "Email"])
def test_nobody_of_a_list_is_taken_for_somebody_who_signed_up_alone(db: Session, by: str) -> None:
    contact = {"phone": str(GOOD["Điện thoại"])} if by == "Điện thoại" else {"email": str(GOOD["Email"])}
    stranger = add_person(db, name=str(GOOD["Họ và tên"]), birth_year=1985, **contact)  # type: ignore[arg-type]
    stranger.signed_up_at = clock.now()
    factories.post(db, stranger, audiences=("NGUOIDAN",), title="")
    [row] = run(db, GOOD)
    assert (row.outcome, row.person) == ("needs_confirmation", "")
    assert "tự đăng ký, chưa xác minh" in row.messages[0]
    [without] = run(db, GOOD | {"Điện thoại": None, "Email": None})
    assert without.outcome == "created"
    assert without.person != stranger.ref


def test_a_row_without_numbers_is_matched_by_name_birth_and_unit(db: Session) -> None:
    bare = {"Số CCCD": None, "Điện thoại": None, "Email": None}
    first, other = run(db, GOOD | bare, GOOD | bare | {"Ngày sinh": "04/05/1990"})
    assert [first.outcome, other.outcome] == ["created", "created"], "another birth date is another person"
    [again] = run(db, GOOD | bare)
    assert (again.outcome, again.person) == ("matched", first.person)
    [unclear] = run(db, GOOD | bare | {"Ngày sinh": None})
    run(db, good(7), good(8))
    [one_of_two] = run(db, GOOD | bare)
    for row in (unclear, one_of_two):
        assert row.outcome == "needs_confirmation"
        assert "người cùng tên" in row.messages[0]


def test_the_same_person_twice_in_a_file_is_one_person(db: Session) -> None:
    first, second = run(db, GOOD, GOOD | {"Email": None, "STT": 2})
    assert (second.outcome, second.person) == ("matched", first.person)
    assert "Trùng người với dòng 2." in second.messages
    assert second.password == ""
    assert len(posts(db, first)) == 1


def test_what_was_missing_is_filled_and_what_is_known_stays(db: Session) -> None:
    [first] = run(db, GOOD | {"Email": None})
    [second] = run(db, GOOD | {"Điện thoại": "0987654321"})
    assert second.outcome == "matched"
    assert "giữ số đang lưu" in second.messages[0]
    person = db.scalars(select(Person).where(Person.ref == first.person)).one()
    fields = sealing.unseal(person)
    assert (fields.phone, fields.email) == ("+84912345678", "an@vidu.example")
    assert find_person(db, "email", "an@vidu.example") is person


# --- posts --------------------------------------------------------------------------------------------------------

KINH_BAC = {"Mã đơn vị": "09187", "Tên đơn vị": "Phường Kinh Bắc"}


def test_another_unit_is_a_transfer(db: Session) -> None:
    [first] = run(db, GOOD)
    [second] = run(db, GOOD | KINH_BAC | {"Ngày bắt đầu": "01/06/2026"})
    assert second.outcome == "matched"
    assert "Vị trí trước kết thúc ngày 31/05/2026." in second.messages
    before, after = posts(db, first)
    assert (before.ended_on, after.started_on, after.ended_on) == (date(2026, 5, 31), date(2026, 6, 1), None)
    assert before.end_recorded_at is not None
    [again] = run(db, GOOD | KINH_BAC | {"Ngày bắt đầu": "01/06/2026"})
    assert again.messages == ()
    assert len(posts(db, first)) == 2


def test_a_transfer_cannot_begin_before_the_present_post(db: Session) -> None:
    [first] = run(db, GOOD)
    [row] = run(db, GOOD | KINH_BAC)
    assert row.outcome == "needs_confirmation"
    assert "05/01/2026" in row.messages[0]
    assert len(posts(db, first)) == 1


def test_a_new_title_in_the_same_unit_is_a_new_post(db: Session) -> None:
    [first] = run(db, GOOD)
    run(db, GOOD | {"Chức vụ": "Phó Chủ tịch", "Ngày bắt đầu": "01/03/2026"})
    assert [post.title for post in posts(db, first)] == ["Chuyên viên", "Phó Chủ tịch"]


def test_a_post_cannot_begin_before_its_unit(db: Session) -> None:
    [row] = run(db, GOOD | {"Ngày bắt đầu": "01/03/2020"})
    assert row.outcome == "repaired"
    assert "01/07/2025" in row.messages[0]
    assert posts(db, row)[0].started_on == date(2025, 7, 1)


def test_without_a_start_the_post_begins_on_the_day_of_import(db: Session) -> None:
    with clock.frozen(datetime.fromisoformat("2026-11-21T20:00:00+07:00")):
        [row] = run(db, GOOD | {"Ngày bắt đầu": None})
    assert row.outcome == "repaired"
    assert posts(db, row)[0].started_on == TODAY


def test_a_name_the_unit_bore_before_is_understood(db: Session) -> None:
    # 07375 became a ward on 2026-09-20; lists still say Xã.
    register = load_register(db, TODAY)
    assert register.units["07375"].name == "Phường Lạng Giang"
    [row] = run(db, GOOD | {"Mã đơn vị": "07375", "Tên đơn vị": "Xã Lạng Giang"})
    assert row.outcome == "created"
    assert "Tên đơn vị hôm nay: Phường Lạng Giang." in row.messages


# --- scope --------------------------------------------------------------------------------------------------------


def test_rows_outside_the_scope_say_only_that_the_province_must_confirm(db: Session) -> None:
    bac_giang = factories.unit_id(db)
    run(db, good(1) | KINH_BAC)
    inside, outside, stranger = run(db, good(3), good(2) | KINH_BAC, good(1), allowed={bac_giang})
    assert inside.outcome == "created"
    for row in (outside, stranger):
        assert (row.outcome, row.messages, row.person) == ("needs_confirmation", ("Cần tỉnh xác nhận.",), "")


# --- dry run and result -------------------------------------------------------------------------------------------


def everything(database: Database) -> dict[str, list[object]]:
    metadata = MetaData()
    metadata.reflect(database.engine)
    with database.reading() as db:
        return {name: list(db.execute(select(table))) for name, table in metadata.tables.items()}


def test_a_dry_run_says_the_same_and_changes_nothing(db: Session, database: Database) -> None:
    add_person(db, name="Lê Thị Cũ", phone="0987654321")
    db.commit()
    rows = [GOOD, good(2) | {"Ngày bắt đầu": None}, good(3) | {"Mã đơn vị": "1"}, good(4) | {"Giới tính": "Nữ"}]
    before = everything(database)
    tried = report(db, *rows, dry_run=True)
    db.commit()
    assert everything(database) == before
    assert [row.outcome for row in tried.rows] == ["created", "repaired", "refused", "needs_confirmation"]
    assert not any(row.username or row.password for row in tried.rows)
    assert [row.outcome for row in report(db, *rows).rows] == [row.outcome for row in tried.rows]


def test_the_result_workbook_holds_the_rows_and_what_came_of_them(db: Session) -> None:
    done = report(db, GOOD | {"Chức vụ": "=1+1"}, good(2) | {"Họ và tên": "=cmd|'/c calc'!A1"})
    created, refused = rows_of(result_bytes(done))
    assert created["Họ và tên"] == "Nguyễn Văn An"
    assert (created["Kết quả"], created["Tên đăng nhập"]) == ("Thêm mới", "annv")
    assert created["Mật khẩu lần đầu"] == done.rows[0].password
    assert created["Chức vụ"] == "=1+1"
    assert (refused["Kết quả"], refused["Mật khẩu lần đầu"]) == ("Không nhập", None)
    assert "chỉ gồm chữ cái" in str(refused["Ghi chú"])
    assert db.scalar(select(Affiliation.title).join(Person).where(Person.name == "Nguyễn Văn An")) == "=1+1"


def test_formula_looking_cells_are_text_in_the_result_file(db: Session) -> None:
    content = result_bytes(report(db, GOOD | {"Chức vụ": "=1+1"}))
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    assert {cell.data_type for line in sheet.iter_rows() for cell in line if cell.value is not None} == {"s"}


def test_a_dry_runs_result_has_no_column_for_passwords(db: Session) -> None:
    [row] = rows_of(result_bytes(report(db, GOOD, dry_run=True)))
    assert "Mật khẩu lần đầu" not in row


def test_people_of_one_name_get_different_user_names(db: Session) -> None:
    names = [row.username for row in run(db, *(good(number) for number in range(40)))]
    assert len(set(names)) == 40
    assert names[:2] == ["annv", "annv2"]
    [later] = run(db, good(99))
    assert later.username == "annv41"
