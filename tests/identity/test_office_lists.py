"""Lists as offices send them: where the head stands, what columns mean, and what becomes of every row."""

from collections import Counter
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy.orm import Session

from app.core.errors import Invalid
from app.core.tables import Cell
from app.identity.lists.office_columns import Field, field_named
from app.identity.lists.office_mapping import HEAD_ROWS, SheetMapping, guess_mapping
from app.identity.lists.office_rows import RowReader
from app.identity.lists.office_sheets import read_list_bytes
from app.identity.lists.office_units import OfficeUnits
from app.identity.lists.people_import import KnownUnit, ParsedRow, Register
from app.identity.lists.people_import_service import parsed
from app.identity.lists.people_report import ImportReport, SkippedRow
from app.identity.lists.people_sheet import PeopleSheet, SheetRow, result_bytes
from app.identity.lists.unit_names import CalledUnit
from tests.identity.importing import import_people
from tests.identity.messy import messy_workbook
from tests.identity.workbooks import GOOD, rows_of, workbook

TODAY = date(2026, 11, 21)
MERGED = date(2025, 7, 1)
LAST_OF_OLD = date(2025, 6, 30)


def unit(number: int, code: str, name: str, *more: str) -> KnownUnit:
    return KnownUnit(number, code, name, frozenset((*more,)), MERGED)


BAC_GIANG = unit(1, "07210", "Phường Bắc Giang", "phuong bac giang", "bac giang")
LANG_GIANG = unit(3, "07375", "Phường Lạng Giang", "phuong lang giang", "xa lang giang", "lang giang")
DA_MAI = unit(4, "07228", "Phường Đa Mai", "phuong da mai", "da mai")
PHUONG_SON = unit(5, "07612", "Phường Phượng Sơn", "phuong phuong son", "phuong son")
LUC_NAM = unit(6, "07444", "Phường Lục Nam", "phuong luc nam", "luc nam")
KINH_BAC = unit(2, "09187", "Phường Kinh Bắc", "phuong kinh bac", "kinh bac")
TODAYS = (BAC_GIANG, KINH_BAC, LANG_GIANG, DA_MAI, PHUONG_SON, LUC_NAM)
register = Register({known.code: known for known in TODAYS}, {})


def called(code: str, name: str, now: KnownUnit, until: date | None = None) -> CalledUnit:
    return CalledUnit(code, name, name.partition(" ")[0], frozenset(), "", date(2023, 4, 10), until, (now,))


UNITS = OfficeUnits(
    register,
    (
        *(called(known.code, known.name, known) for known in TODAYS),
        called("07375", "Xã Lạng Giang", LANG_GIANG, date(2026, 9, 19)),
        replace(called("07216", "Phường Mỹ Độ", DA_MAI, LAST_OF_OLD), above=frozenset({"thanh pho bac giang"})),
        called("07210", "Phường Hoàng Văn Thụ", BAC_GIANG, LAST_OF_OLD),
        called("07612", "Phường Phượng Sơn", PHUONG_SON, LAST_OF_OLD),
        CalledUnit(
            "07477", "Thị trấn Phương Sơn", "Thị trấn", frozenset(), "Huyện Lục Nam", MERGED, LAST_OF_OLD, (LUC_NAM,)
        ),
    ),
)


def judged(sheet: PeopleSheet) -> dict[tuple[str, int], ParsedRow]:
    """Every row as the import judges it, by sheet and number, without a database."""
    return {(row.sheet, row.number): parsed(UNITS.placed(row), register, TODAY) for row in sheet.rows}


def outcome_of(row: ParsedRow) -> str:
    return "refuse" if row.refusals else "confirm" if row.doubts else "read"


def values_of(row: ParsedRow) -> dict[str, object]:
    named = ("name", "birth_date", "birth_year", "sex", "identity", "phone")
    return {name: getattr(row, name) for name in named} | {"unit": row.unit.code if row.unit else ""}


# --- whole workbooks against their truth --------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_every_row_of_a_messy_workbook_ends_as_its_truth_says(seed: int) -> None:
    messy = messy_workbook(2_000, seed)
    sheet = read_list_bytes(messy.content, "so-lieu.xlsx")
    rows = judged(sheet)
    assert sheet.reading is not None
    skipped = {(row.sheet, row.row): row for row in sheet.reading.skipped}
    assert not rows.keys() & skipped.keys()
    assert rows.keys() | skipped.keys() == messy.truth.keys(), "each row is read or said to be passed over"
    assert all(row.reason and row.text for row in skipped.values())
    assert set(sheet.reading.other_sheets) == set(messy.without_list)
    for place, truth in messy.truth.items():
        if truth.expected == "skip":
            assert place in skipped, place
            continue
        assert outcome_of(rows[place]) == truth.expected, (place, truth, rows[place])
        if truth.expected == "read":
            assert values_of(rows[place]) == truth.values, (place, truth.troubles)
        elif truth.expected == "confirm":
            assert rows[place].identity == truth.values["identity"], "restored as a proposal"


def test_the_database_agrees_and_a_person_met_twice_is_one(db: Session) -> None:
    messy = messy_workbook(240)
    done = import_people(db, read_list_bytes(messy.content, "so-lieu.xlsx"), dry_run=True)
    assert isinstance(done, ImportReport)
    expected = {"refused": "refuse", "needs_confirmation": "confirm"}
    for row in done.rows:
        truth = messy.truth[row.sheet, row.row]
        assert expected.get(row.outcome, "read") == truth.expected, row
        if truth.expected == "read":
            assert row.unit["code"] == truth.values["unit"]
    assert sum("Trùng người" in " ".join(row.messages) for row in done.rows) == 4


def test_the_result_accounts_for_every_row(db: Session) -> None:
    messy = messy_workbook(40)
    rows = rows_of(result_bytes(import_people(db, read_list_bytes(messy.content, "so-lieu.xlsx"), dry_run=True)))
    assert {(row["Trang tính"], int(str(row["Dòng"]))) for row in rows} == messy.truth.keys()
    outcomes = Counter(row["Kết quả"] for row in rows)
    assert outcomes["Bỏ qua"] == sum(truth.expected == "skip" for truth in messy.truth.values())


# --- the head and its columns -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "field"),
    [
        ("HỌ VÀ TÊN", "name"),
        ("Họ tên học sinh", "name"),
        ("Ngày, tháng, năm sinh (dd/mm/yyyy)", "birth"),
        ("NĂM SINH", "birth"),
        ("Năm sinh Nam", "male"),
        ("Giới tính Nữ", "female"),
        ("Nam/Nữ", "sex"),
        ("Số định danh cá nhân", "identity"),
        ("Số CMND/CCCD", "identity"),
        ("ĐTDĐ", "phone"),
        ("Địa chỉ email", "email"),
        ("Đơn vị Mã", "unit_code"),
        ("Cơ quan, đơn vị công tác", "unit_name"),
        ("Chức vụ, chức danh", "title"),
        # What stands beside a field and is none.
        ("Ngày cấp CCCD", None),
        ("Năm", None),
        ("Họ tên cha", None),
        ("Địa chỉ thường trú", None),
        ("Danh sách họ và tên cán bộ, công chức tham gia lớp bồi dưỡng kỹ năng số", None),
        ("", None),
    ],
)
def test_what_the_name_of_a_column_means(label: str, field: Field | None) -> None:
    assert field_named(label) == field


PEOPLE: list[list[Cell]] = [
    [1, "Nguyễn Văn An", "03/02/1985", "0912345678", "Phường Bắc Giang"],
    [2, "Trần Thị Bình", "1990", "912345679", "Phường Kinh Bắc"],
]
HEAD: list[Cell] = ["STT", "Họ và tên", "Ngày sinh", None, "Đơn vị"]


def mapping_of(rows: list[list[Cell]]) -> SheetMapping:
    found = guess_mapping("Danh sách", rows)
    assert found
    return found


def test_a_column_without_a_name_is_told_by_its_values() -> None:
    mapping = mapping_of([HEAD, *PEOPLE])
    phone = mapping.columns[3]
    assert (phone.letter, phone.label, phone.field, phone.sureness) == ("D", "", "phone", "by_look")
    assert phone.examples == ("0912345678", "912345679")
    assert [guess.sureness for guess in mapping.columns] == ["unread", "sure", "sure", "by_look", "sure"]


def test_the_head_may_stand_in_the_fifteenth_row_and_no_lower() -> None:
    titles: list[list[Cell]] = [[None, "DANH SÁCH", None, None, None]] * HEAD_ROWS
    assert mapping_of([*titles[1:], HEAD, *PEOPLE]).head_from == HEAD_ROWS
    assert guess_mapping("Danh sách", [*titles, HEAD, *PEOPLE]) is None


def test_a_guess_can_be_corrected_and_what_cannot_be_is_refused() -> None:
    mapping = mapping_of([HEAD, *PEOPLE])
    mended = mapping.chosen({3: None, 4: "title"})
    mended.check()
    assert mended.fields == {"name": 1, "birth": 2, "title": 4}
    assert [mended.columns[at].sureness for at in (3, 4)] == ["unread", "chosen"]
    with pytest.raises(Invalid, match="hai lần: Họ và tên"):
        mapping.chosen({4: "name"}).check()
    with pytest.raises(Invalid, match="cần một cột họ và tên"):
        mapping.chosen({1: None}).check()


# --- rows ---------------------------------------------------------------------------------------------------------


def read_row(*cells: Cell, after: list[list[Cell]] | None = None) -> SheetRow | SkippedRow | None:
    reader = RowReader(mapping_of([HEAD, *PEOPLE]))
    for line in after or []:
        reader.read(0, line)
    return reader.read(9, cells)


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ((None, "Tổng cộng: 25 người", None, None, None), "Dòng tổng cộng."),
        ((None, "I. Khối Đảng", None, None, None), "Tiêu đề của một nhóm"),
        ((None, "Trường Mầm non Hoa Sen", None, None, None), "Tiêu đề của một nhóm"),
        ((None, None, None, "Chủ tịch", None), "chỗ ký"),
        ((7, None, None, None, None), "không có tên ai"),
        (("STT", "Họ và tên", "Ngày sinh", None, "Đơn vị"), "Tên cột lặp lại"),
    ],
)
def test_who_is_nobody_is_passed_over_with_a_reason(cells: tuple[Cell, ...], reason: str) -> None:
    skipped = read_row(*cells)
    assert isinstance(skipped, SkippedRow)
    assert reason in skipped.reason


def test_a_person_who_looks_like_a_footer_is_read() -> None:
    for cells in (
        [3, "Tống Văn Cộng", None, None, "Phường Bắc Giang"],
        [4, "Trương Thị Tổng", "1980", None, None],
        [5, None, "01/01/1980", "0912345678", "Phường Bắc Giang"],
    ):
        assert isinstance(read_row(*cells, after=[[None, "Tổng cộng", None, 2, None]]), SheetRow), cells


def lists_rows(lines: list[list[Cell]], sheet: str = "Danh sách") -> list[SheetRow | SkippedRow | None]:
    mapping = guess_mapping(sheet, lines)
    assert mapping
    reader = RowReader(mapping)
    return [reader.read(at, line) for at, line in enumerate(lines, start=1) if at > mapping.head_to]


HEAD_WITHOUT_UNIT: list[Cell] = ["STT", "Họ và tên", "Ngày sinh"]


@pytest.mark.parametrize(
    ("titles", "sheet", "unit"),
    [
        (["UBND TỈNH BẮC NINH", "DANH SÁCH CÁN BỘ UBND PHƯỜNG ĐA MAI NĂM 2026"], "Sheet1", "UBND PHƯỜNG ĐA MAI"),
        (["DANH SÁCH HỌC VIÊN", "Đơn vị: Trường Mầm non Hoa Sen."], "Sheet1", "Trường Mầm non Hoa Sen"),
        (["UBND TỈNH BẮC NINH", "SỞ Y TẾ", "DANH SÁCH HỌC VIÊN"], "Sheet1", "SỞ Y TẾ"),
        (["DANH SÁCH HỌC VIÊN"], "Phường Đa Mai", "Phường Đa Mai"),
        (["DANH SÁCH CÁN BỘ, CÔNG CHỨC THAM GIA HỌC TẬP"], "Sheet1", ""),
    ],
    ids=["in the title", "labelled", "letterhead", "name of the sheet", "nowhere"],
)
def test_a_unit_only_above_the_list_is_proposed(titles: list[str], sheet: str, unit: str) -> None:
    lines: list[list[Cell]] = [*([None, title, None] for title in titles), HEAD_WITHOUT_UNIT, [1, "Lê Văn An", "1980"]]
    mapping = guess_mapping(sheet, lines)
    assert mapping
    assert mapping.unit == unit
    [row] = lists_rows(lines, sheet)
    assert isinstance(row, SheetRow)
    assert (row.cells[8] or "") == unit
    assert any("lấy theo tiêu đề" in note for note in row.notes) == bool(unit)


def test_a_heading_gives_its_unit_to_the_rows_below_it_until_the_next() -> None:
    lines: list[list[Cell]] = [
        [None, "UBND phường Đa Mai", None], HEAD_WITHOUT_UNIT,
        ["I", "Văn phòng", None], [1, "Lê Văn An", "1980"],
        [None, "II. Phòng Kinh tế", None], [2, "Lê Văn Bình", "1981"],
        [None, "III. Hợp đồng", None], [3, "Lê Văn Cường", "1982"],
    ]  # fmt: skip
    rows = lists_rows(lines)
    assert [row.cells[8] for row in rows if isinstance(row, SheetRow)] == [
        "Văn phòng, UBND phường Đa Mai", "Phòng Kinh tế, UBND phường Đa Mai", "UBND phường Đa Mai",
    ]  # fmt: skip
    skipped = [row.reason for row in rows if isinstance(row, SkippedRow)]
    assert ["là của" in reason for reason in skipped] == [True, True, False]


@pytest.mark.parametrize(
    ("title", "period"),
    [
        ("(Tính đến ngày 30/6/2025)", (date(2025, 6, 30), date(2025, 6, 30))),
        ("Số liệu đến hết ngày 31 tháng 12 năm 2024", (date(2024, 12, 31), date(2024, 12, 31))),
        ("Năm 2024", (date(2024, 1, 1), date(2024, 12, 31))),
        ("Năm 2024, bổ sung năm 2025", None),
        ("(Kèm theo Quyết định số 5 ngày 3 tháng 2 năm 2024)", None),
        ("DANH SÁCH HỌC VIÊN", None),
    ],
)
def test_the_day_a_list_speaks_of_is_read_from_its_titles(title: str, period: tuple[date, date] | None) -> None:
    mapping = mapping_of([[None, title, None, None, None], HEAD, *PEOPLE])
    assert mapping.period == period


@pytest.mark.parametrize(
    "head",
    [
        [["Họ và tên", "Ngày", "Tháng", "Năm", "Đơn vị"]],
        [["Họ và tên", "Ngày sinh", "Tháng sinh", "Năm sinh", "Đơn vị"]],
        [["Họ và tên", "Ngày sinh", None, None, "Đơn vị"], [None, "Ngày", "Tháng", "Năm", None]],
        [["Họ và tên", "Ngày, tháng, năm sinh", None, None, "Đơn vị"]],
    ],
)
def test_a_birth_over_three_columns(head: list[list[Cell]]) -> None:
    body: list[list[Cell]] = [
        ["Lê Văn An", 15.0, 3.0, 1980.0, "Phường Đa Mai"],
        ["Lê Thị Bình", "31", "12", "85", "Phường Đa Mai"],
        ["Lê Thị Chi", None, None, 1990, "Phường Đa Mai"],
    ]
    rows = [row for row in lists_rows([*head, *body]) if isinstance(row, SheetRow)]
    assert [row.cells[2] for row in rows] == ["15/3/1980", "31/12/85", "1990"]


def test_a_district_and_a_province_in_columns_of_their_own_stand_behind_the_unit() -> None:
    [row] = lists_rows([["Họ và tên", "Xã, phường", "Huyện", "Tỉnh"], ["Lê Văn An", "Xã X", "Huyện Y", "Bắc Giang"]])
    assert isinstance(row, SheetRow)
    assert row.cells[8] == "Xã X, Huyện Y, Bắc Giang"


def test_both_sexes_marked_is_refused() -> None:
    head: list[Cell] = ["Họ và tên", "Nam", "Nữ"]
    rows: list[list[Cell]] = [head, ["Nguyễn Văn An", "x", None], ["Trần Thị Bình", "x", "x"]]
    reader = RowReader(mapping_of(rows))
    one, two = reader.read(2, rows[1]), reader.read(3, rows[2])
    assert isinstance(one, SheetRow)
    assert isinstance(two, SheetRow)
    assert not one.refusals
    assert "Cả hai cột" in two.refusals[0][1]


# --- our template beside them -------------------------------------------------------------------------------------


def test_the_template_is_read_as_ever_and_other_orders_as_an_offices_own() -> None:
    columns = [*reversed(list(GOOD)), "Ghi chú"]
    own, others = read_list_bytes(workbook([GOOD]), "a.xlsx"), read_list_bytes(workbook([GOOD], columns), "b.xlsx")
    assert own.reading is None
    assert others.reading is not None
    one, other = (parsed(sheet.rows[0], register, TODAY) for sheet in (own, others))
    assert values_of(one) == values_of(other)


def test_a_workbook_without_a_list_is_refused_with_what_is_needed() -> None:
    with pytest.raises(Invalid, match="Không tìm thấy danh sách người"):
        read_list_bytes(workbook([GOOD], ["STT", "Email"]), "a.xlsx")
    with pytest.raises(Invalid, match="chưa có dòng dữ liệu"):
        read_list_bytes(workbook([], ["Họ và tên", "Email"]), "a.xlsx")
