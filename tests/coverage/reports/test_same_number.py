"""Screen, CSV, XLSX, DOCX, PDF and JSON of the same question give the same number."""

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime

import openpyxl
import pypdfium2
import pytest
from docx import Document

from app.core import clock
from app.core.db import Session
from app.coverage.reports.as_docx import as_docx
from app.coverage.reports.frames import Report, as_json
from app.coverage.reports.printing import as_pdf, as_xlsx
from tests import factories
from tests.browser import Browser

CODE = "BG-CBCC"


@pytest.mark.usefixtures("province")
def test_every_output_says_three_of_six_are_half(db: Session, browser: Browser, made: Callable[..., Report]) -> None:
    factories.civil_servant(db, "congchuc", code="07228")
    db.commit()
    report = made("2026", forms=("B01",))
    db.rollback()
    with clock.frozen(datetime(2026, 11, 21, 3, tzinfo=UTC)):
        browser.sign_in("congchuc")
        screen = browser.get(f"/coverage/{CODE}?on=2026-11-21&period=2026").text
        table = browser.get("/coverage/table.csv?year=2026&on=2026-11-21").content.decode("utf-8-sig")
        api = browser.get(
            f"/coverage/{CODE}?on=2026-11-21&period=2026", headers={"accept": "application/json"}
        ).json()["coverage"]  # fmt: skip
    # The civil servant who looks is a member of the roster, too.
    done, all_, percent = 3, 6, "50"
    assert (api["numerator"], api["denominator"]) == (done, all_)
    assert f"{done} trên {all_} người" in screen
    assert f"{percent}%" in screen
    (line,) = [row for row in csv.DictReader(io.StringIO(table)) if row["Mã chỉ tiêu"] == CODE]
    assert (line["Tử số"], line["Mẫu số"]) == (str(done), str(all_))

    (frozen,) = [row for row in json.loads(as_json(report))["annexes"][0]["rows"] if f"({CODE})" in row[1]]
    assert (frozen[7], frozen[4], frozen[8]) == (done, all_, 50.0)

    sheet = openpyxl.load_workbook(io.BytesIO(as_xlsx(report)))["B01"]
    (cells,) = [row for row in sheet.iter_rows(values_only=True) if f"({CODE})" in str(row[1])]
    assert (cells[7], cells[4], cells[8]) == (done, all_, 50.0)

    rows = Document(io.BytesIO(as_docx(report))).tables[-1].rows
    (words,) = [[cell.text for cell in row.cells] for row in rows if f"({CODE})" in row.cells[1].text]
    assert (words[7], words[4], words[8]) == (str(done), str(all_), "50,0")

    with pypdfium2.PdfDocument(as_pdf(report)) as pdf:
        text = " ".join(pdf[at].get_textpage().get_text_range() for at in range(len(pdf)))
    assert f"{done}/{all_} người, {percent},0%, mục tiêu 100%, chưa đạt" in " ".join(text.split())
