"""The dashboard of every indicator, and its file."""

import csv
import io
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from app.core import clock
from app.core.db import Session
from app.coverage.counting.figures import Question, overview
from app.coverage.models import DeclaredFigure
from tests import factories
from tests.browser import Browser

TODAY = date(2026, 11, 21)


@pytest.fixture
def reader(db: Session, browser: Browser) -> Browser:
    done = factories.person(db, "Lê Thị Đủ")
    factories.post(db, done)
    factories.completion(db, done, factories.course(db), date(2026, 3, 10))
    factories.civil_servant(db, "congchuc")
    db.commit()
    return browser.sign_in("congchuc")


def rows_of(page: str) -> dict[str, str]:
    """Each indicator's row of the table, by code."""
    rows = re.findall(r"<tr>.*?</tr>", page, re.DOTALL)
    return {found.group(): row for row in rows if (found := re.search(r"B[GND]-[A-Z-]+(?= · )", row))}


def test_every_indicator_stands_there_and_says_where_its_number_comes_from(reader: Browser) -> None:
    rows = rows_of(reader.get("/coverage?on=2026-11-21").text)
    assert len(rows) == 27
    assert "hệ thống tự tính" in rows["BG-CBCC"]
    assert "50%" in rows["BG-CBCC"]
    assert "1 trên 2 người" in rows["BG-CBCC"]
    assert "chưa đạt" in rows["BG-CBCC"]
    assert "<svg" in rows["BG-CBCC"]
    assert "đơn vị khai báo" in rows["BG-STEM"]
    assert "chưa có số khai báo" in rows["BG-STEM"]
    assert "khảo sát, nhập tay" in rows["BG-NGUOIDAN"]
    assert "Trên nền tảng: 0 người hoàn thành" in rows["BG-NGUOIDAN"]
    assert "VNeID, nhập tay" in rows["BD-VNEID"]
    assert "≈ 1.300 người (dự báo)" in rows["BG-NC-NGUOIDAN"]
    assert "không đo" in rows["BG-NC-NGUOIDAN"]
    assert "Chúng tôi không tự sửa" in rows["BG-NC-NGUOIDAN"]
    assert "%" not in rows["BD-DOANHNGHIEP"].split("≥")[0], "no denominator, no percentage"
    for code, row in rows.items():
        assert f"/coverage/{code}/definition" in row


@pytest.mark.parametrize(("kind", "count"), [("", 27), ("computed", 8), ("entered", 13), ("not_measured", 6)])
def test_the_three_kinds_can_be_looked_at_apart(reader: Browser, kind: str, count: int) -> None:
    assert len(rows_of(reader.get(f"/coverage?on=2026-11-21&kind={kind}").text)) == count


def test_a_year_chooses_the_targets_and_the_indicators(reader: Browser) -> None:
    of_2024 = rows_of(reader.get("/coverage?year=2024").text)
    assert not any(code.startswith("BD-") for code in of_2024), "that plan began in 2025"
    assert "năm này chưa có mục tiêu" in of_2024["BG-CBCC"]
    assert "≥ 50%" in of_2024["BG-DULIEU"], "cumulative: the next milestone"
    of_2030 = rows_of(reader.get("/coverage?year=2030&on=2026-11-21").text)
    assert "kỳ chưa bắt đầu" in of_2030["BG-CBCC"]
    assert "chưa đạt" in of_2030["BG-DULIEU"]
    assert reader.get("/coverage?year=hai-nghin").status_code == 422


@pytest.mark.parametrize("code", ["BG-CBCC", "BG-NGUOIDAN", "BG-STEM", "BN-MANGLUOI", "BG-NC-CQNN", "BD-VNEID"])
def test_every_kind_of_indicator_has_a_page_that_defines_it(reader: Browser, code: str) -> None:
    page = reader.get(f"/coverage/{code}/definition").text
    assert "Chỗ kế hoạch để ngỏ và cách hiểu" in page
    assert "Tính như thế nào" in page
    assert f"{code}-20" in page, "the rows of the plan it came from"


def test_what_is_only_declared_leads_to_its_definition(reader: Browser) -> None:
    assert "Số đã khai báo" in reader.get("/coverage/BG-STEM").text
    assert reader.get("/coverage/BG-KHAC").status_code == 404
    assert reader.get("/coverage/BG-KHAC/definition").status_code == 404


def test_the_pages_say_as_json_what_they_show(reader: Browser) -> None:
    listed = reader.get("/coverage?on=2026-11-21", headers={"accept": "application/json"}).json()["indicators"]
    assert len(listed) == 27
    alone = reader.get("/coverage/BG-STEM?on=2026-11-21", headers={"accept": "application/json"}).json()
    assert alone["figure_source"] == "declared"
    assert alone["declared"] is None
    assert {**alone, "children": None} == {**next(o for o in listed if o["indicator"] == "BG-STEM"), "children": None}


def test_file_command_and_page_hold_the_same_figures(
    db: Session, reader: Browser, command: Callable[..., int], tmp_path: Path
) -> None:
    found = {one.definition.code: one for one in overview(db, Question("", "24", TODAY))}
    db.rollback()
    text = reader.get("/coverage/table.csv?on=2026-11-21").content.decode("utf-8-sig")
    rows = {row["Mã chỉ tiêu"]: row for row in csv.DictReader(io.StringIO(text))}
    assert rows.keys() == found.keys()
    assert (rows["BG-CBCC"]["Tử số"], rows["BG-CBCC"]["Mẫu số"], rows["BG-CBCC"]["Tỷ lệ"]) == ("1", "2", "0.5")
    assert rows["BG-NC-LAODONG"]["Đánh giá"] == "không đo"
    out = tmp_path / "chi-tieu.csv"
    assert command("export", "indicators", "--on", "2026-11-21", "--out", str(out)) == 0
    assert out.read_text(encoding="utf-8-sig").splitlines() == text.splitlines()
    book = openpyxl.load_workbook(io.BytesIO(reader.get("/coverage/table.xlsx?on=2026-11-21").content))
    sheet = {row[0]: row for row in book.worksheets[0].iter_rows(min_row=4, values_only=True)}
    assert (sheet["BG-CBCC"][7], sheet["BG-CBCC"][8], sheet["BG-CBCC"][9]) == (1, 2, 0.5)
    assert reader.get("/coverage/table.pdf").status_code == 404


def test_a_half_measured_indicator_is_never_called_met(db: Session) -> None:
    specialist = factories.person(db)
    factories.post(db, specialist, "09187", audiences=("CNTT",))
    factories.completion(db, specialist, factories.course(db, tags=("ATTT",)), date(2026, 3, 1))
    found = {one.definition.code: one for one in overview(db, Question("", "24", TODAY))}
    assert found["BN-CNTT"].ratio == 1
    assert found["BN-CNTT"].met is None
    assert "partial" in found["BN-CNTT"].flags


def test_more_than_all_is_shown_and_flagged(db: Session) -> None:
    for _number in range(2):
        worker = factories.person(db)
        factories.post(db, worker, audiences=("LDDN",))
        factories.completion(db, worker, factories.course(db, f"K{_number}"), date(2026, 3, 1))
    db.add(
        DeclaredFigure(
            subject="LDDN", unit_id=factories.unit_id(db, "24"), as_of=date(2026, 1, 1), value=1, source="số bịa",
            recorded_at=clock.now(),
        )
    )  # fmt: skip
    db.flush()
    found = {one.definition.code: one for one in overview(db, Question("", "24", TODAY))}
    assert found["BD-DOANHNGHIEP"].ratio == 2
    assert found["BD-DOANHNGHIEP"].flags == ("over_100", "estimate")
