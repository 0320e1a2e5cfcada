"""Founding many units from a list: files and lines read, every wrong line named, shown before it is written, undone."""

import io
from collections.abc import Callable

import pytest
import xlsxwriter
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.errors import Invalid
from app.identity.models import Unit, UnitAct, UnitVersion
from app.identity.units.reorganising import carry_out, preview, undo
from app.identity.units.unit_list import COLUMNS, lines_of_file, lines_of_text, wish_of
from app.identity.units.unit_pages import KIND_NAMES
from tests import factories
from tests.browser import Browser

HERE = factories.BAC_GIANG
LINES = f"""\
TO-1; Tổ công nghệ số thôn Một; team; Tổ; THON-1
THON-1; Thôn Một; Thôn, tổ dân phố; Thôn; {HERE}
TRUONG-1; Trường Tiểu học Thử; truong hoc; Trường; {HERE}
"""
NAMES = {kind: str(name) for kind, name in KIND_NAMES.items()}


def wish(db: Session, text: str = LINES) -> tuple[object, list[str]]:
    return wish_of(db, lines_of_text(text), clock.today(), db.scalars(select(Unit.id)), NAMES)


def workbook(rows: list[list[str]]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return out.getvalue()


def test_units_are_founded_under_each_other_and_taken_back(db: Session) -> None:
    before = db.scalar(select(func.count()).select_from(UnitVersion))
    asked, problems = wish(db)
    assert problems == []
    assert preview(db, asked, clock.today()).problems == ()  # type: ignore[arg-type]
    act = carry_out(db, asked, clock.today(), "01/QĐ", account_id=None)  # type: ignore[arg-type]
    found = {one.code: one for one in db.scalars(select(UnitVersion).where(UnitVersion.resolution == "01/QĐ"))}
    assert {code: one.kind for code, one in found.items()} == {
        "TO-1": "team",
        "THON-1": "village",
        "TRUONG-1": "school",
    }
    assert found["TO-1"].parent_id == found["THON-1"].unit_id
    assert found["THON-1"].parent_id == factories.unit_id(db)
    assert act.told["after"][0].startswith("3 đơn vị: ")
    undo(db, act, account_id=None)
    assert db.scalar(select(func.count()).select_from(UnitVersion)) == before


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("; Thôn Một; village; Thôn; 07210", "Dòng 1: thiếu mã"),
        ("T1; Thôn Một; lang; Thôn; 07210", "không có nhóm “lang”"),
        ("T1; Thôn Một; village; Thôn; khong-co", "không có cấp trên mang mã khong-co"),
        ("T1; Thôn Một; village; Thôn; T1", "quay vòng về chính nó"),
        ("T1/2; Thôn Một; village; Thôn; 07210", "mã không có các dấu"),
    ],
)
def test_a_wrong_line_is_named(db: Session, line: str, said: str) -> None:
    asked, problems = wish(db, line)
    assert asked is None
    assert said in problems[0]


def test_a_code_in_use_or_twice_is_refused_by_the_plan(db: Session) -> None:
    asked, _none = wish(
        db, f"07228; Thôn Trùng; village; Thôn; {HERE}\nX; A; village; Thôn; {HERE}\nX; B; team; Tổ; {HERE}"
    )
    problems = preview(db, asked, clock.today()).problems  # type: ignore[arg-type]
    assert len(problems) == 2
    assert "07228" in problems[0]
    assert "Mã X" in problems[1]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_file_is_read_by_its_head(separator: str) -> None:
    head = ["Loại", "Tên", "Mã", "ghi chú", "Mã cấp trên", "Nhóm"]
    row = ["Thôn", "Thôn Một", "T1", "x", HERE, "village"]
    text = "\r\n".join([separator.join(head), separator.join(row), ""])
    expected = f"T1; Thôn Một; village; Thôn; {HERE}"
    assert lines_of_file(b"\xef\xbb\xbf" + text.encode(), "a.CSV") == expected
    assert lines_of_file(workbook([["DANH SÁCH THÔN"], [], head, row, []]), "a.xlsx") == expected


@pytest.mark.parametrize(
    ("content", "name"), [(b"a,b,c\n1,2,3\n", "a.csv"), ("Mã".encode("utf-16"), "a.csv"), (b"PK", "a.xlsx")]
)
def test_a_file_that_holds_no_list_says_why(content: bytes, name: str) -> None:
    with pytest.raises(Invalid):
        lines_of_file(content, name)
    with pytest.raises(Invalid, match="Dòng 1"):
        lines_of_text("chỉ một ô")


def test_an_administrator_imports_a_list_in_the_browser(db: Session, new_browser: Callable[[], Browser]) -> None:
    factories.account(db, username="quantri", role="province_admin")
    db.commit()
    browser = new_browser().sign_in("quantri")
    browser.get("/units/list")
    file = workbook([list(COLUMNS), ["T1", "Thôn Một", "village", "Thôn", "sai"]])
    wrong = browser.post("/units/list", {"on": "", "decision": ""}, files={"file": ("a.xlsx", file)})
    assert wrong.status_code == 422
    assert "Dòng 1: không có cấp trên mang mã sai" in wrong.text
    assert "T1; Thôn Một; village; Thôn; sai" in wrong.text

    form = {"on": clock.today().isoformat(), "decision": "05/QĐ-UBND", "lines": LINES}
    shown = browser.post("/units/list", form)
    assert "Sẽ lập 3 đơn vị" in shown.text
    assert db.scalar(select(func.count()).select_from(UnitAct)) == 0
    db.rollback()
    seen = shown.text.split('name="seen" value="')[1].split('"')[0]
    done = browser.post("/units/list", form | {"seen": seen})
    assert done.url.path == "/units/acts"
    assert "Đã lập 3 đơn vị" in done.text
    assert "3 đơn vị: " in done.text
    again = browser.post("/units/list", form | {"seen": seen})
    assert again.status_code == 422
    assert "Mã TO-1 đã có đơn vị khác dùng" in again.text
