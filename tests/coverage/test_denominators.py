"""Denominators: seen as of a day and as known at another, missing ones named, entered one by one or from a list."""

import io
from datetime import UTC, date, datetime

import pytest
import xlsxwriter
from sqlalchemy import func, select, text
from sqlalchemy.exc import DatabaseError

from app.core.db import Session
from app.coverage.counting.figures import Question, figure
from app.coverage.declared.denominators import Asked, place_rows, population_rows
from app.coverage.declared.models import FigureDocument
from app.coverage.models import DeclaredFigure
from tests import factories
from tests.browser import Browser

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer<<>>\n%%EOF\n"
ONE = {"value": "12.500", "unit": "07210", "as_of": "2026-03-31", "source": "Báo cáo số 05/BC-SNV"}
LINE = "LLLD-24; 07210; 12.500; 31/03/2026; Báo cáo số 05/BC-SNV"


@pytest.fixture
def admin(db: Session, browser: Browser) -> Browser:
    factories.account(db, username="tinh", role="province_admin")
    factories.account(db, username="phutrach", role="unit_manager", at="07210")
    db.commit()
    return browser.sign_in("tinh")


def entered(db: Session) -> list[DeclaredFigure]:
    db.rollback()
    found = list(db.scalars(select(DeclaredFigure).where(DeclaredFigure.account_id.is_not(None))))
    db.rollback()
    return found


def workbook(rows: list[list[str | float]]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return out.getvalue()


def test_what_is_missing_comes_first_with_who_should_supply_it_and_since_when(db: Session) -> None:
    rows = population_rows(db, Asked("24", date(2026, 11, 21)))
    missing = {row.population.code: row for row in rows if row.missing_since}
    assert {"CSGD-24", "CSGD-27", "LLLD-27"} <= missing.keys()
    assert "LLLD-24" not in missing, "the plan gives it, and it is carried along the merger"
    assert missing["LDDN"].missing_since == date(2025, 7, 1), "a merged province declares anew from its own first day"
    assert [row.missing_since is not None for row in rows] == [True] * len(missing) + [False] * (25 - len(missing))
    schools = missing["CSGD-24"]
    assert schools.population.supplier == "Sở Giáo dục và Đào tạo"
    assert "BG-STEM" in schools.indicators
    assert (schools.declared_count, schools.place_count > 30) == (0, True)


def test_the_page_shows_what_was_known_at_the_end_of_a_day(db: Session, admin: Browser) -> None:
    unit_id = factories.unit_id(db)
    day, june, july = date(2026, 3, 31), datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 7, 10, tzinfo=UTC)
    for value, when in ((1111, june), (2222, july)):
        db.add(DeclaredFigure(subject="LLLD-24", unit_id=unit_id, as_of=day, value=value, source="Số bịa",
                              recorded_at=when))  # fmt: skip
    db.commit()
    now = admin.get("/denominators/LLLD-24?on=2026-11-21").text
    assert "2.222" in now
    then = admin.get("/denominators/LLLD-24?on=2026-11-21&known=2026-06-30").text
    assert "1.111" in then
    assert "2.222" not in then


def test_a_figure_with_its_paper_is_appended_and_the_paper_can_be_had(db: Session, admin: Browser) -> None:
    answer = admin.post("/denominators/LLLD-24", ONE, files={"paper": ("bao-cao.pdf", PDF, "application/pdf")})
    assert answer.status_code == 200
    assert "Đã ghi mẫu số" in answer.text
    assert "bao-cao.pdf" in answer.text
    (one,) = entered(db)
    assert (one.value, one.subject, one.source) == (12500, "LLLD-24", "Báo cáo số 05/BC-SNV")
    paper = admin.get(f"/denominators/papers/{one.id}")
    assert paper.content == PDF
    assert "attachment" in paper.headers["content-disposition"]
    assert "sandbox" in paper.headers["content-security-policy"]


def test_a_paper_that_is_none_keeps_the_figure_back_and_what_was_typed(db: Session, admin: Browser) -> None:
    answer = admin.post("/denominators/LLLD-24", ONE, files={"paper": ("a.exe", b"MZ", "application/pdf")})
    assert answer.status_code == 422
    assert "PDF" in answer.text
    assert 'value="12.500"' in answer.text
    assert entered(db) == []


def test_a_workbook_fills_many_units_and_the_figures_use_them(db: Session, admin: Browser) -> None:
    head: list[str | float] = ["Mã mẫu số", "Mã đơn vị", "Tên đơn vị", "Số", "Số của ngày", "Nguồn"]
    rows = [head, ["LDDN", "24", "", 400000, "31/03/2026", "Báo cáo số 06/BC-SNV"], ["LDDN", "07210", "", "", "", ""]]
    answer = admin.post("/denominators/list", files={"file": ("mau-so.xlsx", workbook(rows), "application/x")})
    assert "Đã ghi 1 mẫu số." in answer.text
    found = figure(db, Question("BD-DOANHNGHIEP", "24", date(2026, 11, 21)))
    assert (found.denominator.value, found.denominator.source) == (400000, "Báo cáo số 06/BC-SNV")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("KHONGCO; 07210; 12; 31/03/2026; Báo cáo số 05", "Dòng 2: Không có mẫu số nào mang mã này."),
        ("LLLD-24; khong-co; 12; 31/03/2026; Báo cáo số 05", "Dòng 2: Ngày 31/03/2026 không có đơn vị nào mang mã"),
        ("LLLD-24; 07228; 0; 31/03/2026; Báo cáo số 05", "Dòng 2: Hãy ghi một số nguyên"),
        ("LLLD-24; 07228; 12; 31/03; Báo cáo số 05", "Dòng 2: Hãy ghi ngày của con số"),
        ("LLLD-24; 07228; 12; 31/03/2026; ", "Dòng 2: Hãy ghi văn bản hoặc nguồn"),
        (LINE, "Dòng 2: trùng mẫu số, đơn vị và ngày với dòng 1."),
        ("LLLD-24; 07228; 12", "Dòng 2 cần đúng năm ô"),
    ],
)
def test_one_wrong_line_keeps_all_back_and_is_named(db: Session, admin: Browser, line: str, said: str) -> None:
    answer = admin.post("/denominators/list", {"lines": f"{LINE}\n{line}"})
    assert answer.status_code == 422
    assert said in answer.text
    assert LINE in answer.text, "the lines come back to be corrected"
    assert entered(db) == []
    assert admin.post("/denominators/list", {"lines": LINE}).status_code == 200
    assert len(entered(db)) == 1


def test_the_template_names_every_unit_and_reads_back_as_nothing_to_write(admin: Browser) -> None:
    file = admin.get("/denominators/LLLD-24/template.xlsx")
    assert file.status_code == 200
    answer = admin.post("/denominators/list", files={"file": ("mau.xlsx", file.content, "application/x")})
    assert "ít nhất một dòng đã ghi số" in answer.text


def test_a_merged_unit_is_missing_from_its_own_first_day(db: Session) -> None:
    rows = {row.unit.code: row for row in place_rows(db, "LLLD-27", Asked("24", date(2026, 11, 21)))}
    assert rows["09187"].missing_since is not None
    assert rows["09187"].missing_since >= rows["09187"].unit.valid_from
    assert "07210" not in rows, "of the other former province"


def test_who_may_not_manage_reads_but_declares_nothing(db: Session, admin: Browser) -> None:
    manager = admin.sign_in("phutrach")
    assert "Khai báo một số" not in manager.get("/denominators/LLLD-24").text
    assert manager.post("/denominators/LLLD-24", ONE).status_code == 403
    assert manager.post("/denominators/list", {"lines": LINE}).status_code == 403
    assert entered(db) == []


@pytest.mark.parametrize("url", ["/denominators/KHONG", "/denominators/KHONG/template.xlsx", "/denominators/papers/1"])
def test_what_is_not_there_is_not_found(admin: Browser, url: str) -> None:
    assert admin.get(url).status_code == 404


def test_the_database_refuses_to_change_a_paper(db: Session) -> None:
    figure_id = db.scalar(select(func.max(DeclaredFigure.id)))
    db.add(FigureDocument(figure_id=figure_id, file_name="a.pdf", content_type="application/pdf", sha256="0" * 64,
                          storage_key="documents/a"))  # fmt: skip
    db.flush()
    with pytest.raises(DatabaseError, match="append-only"):
        db.execute(text("UPDATE figure_document SET sha256 = 'x'"))
