"""The page of all rows of the plans."""

import csv
import io

import pytest

from app.core.db import Session
from app.coverage.indicators.plan_data import plan_rows
from app.coverage.indicators.plan_pages import settled_rows
from tests import factories
from tests.browser import Browser


@pytest.fixture
def reader(db: Session, browser: Browser) -> Browser:
    factories.civil_servant(db, "congchuc")
    db.commit()
    return browser.sign_in("congchuc")


def test_every_row_names_its_decision_and_the_indicator_it_became(db: Session, reader: Browser) -> None:
    page = reader.get("/indicators").text
    assert "41 dòng mục tiêu của các kế hoạch thành 27 chỉ tiêu" in page
    for row in plan_rows():
        assert f"<b>{row.code}</b>" in page
        assert f'href="/coverage/{row.indicator}/definition"' in page
    rows = {one.row.code: one for one in settled_rows(db)}
    stem = rows["BG-STEM-2030"]
    assert (stem.target, stem.recurrence) == ("> 80%", "tích lũy")
    assert stem.denominator.startswith("Cơ sở giáo dục")


def test_one_decision_can_be_looked_at_alone(reader: Browser) -> None:
    page = reader.get("/indicators?decision=not_measured").text
    shown = {row.code for row in plan_rows() if f"<b>{row.code}</b>" in page}
    assert shown == {row.code for row in plan_rows() if row.decision == "not_measured"}
    assert "41 dòng" in page, "the sum above the tabs stays that of all rows"


def test_the_file_holds_the_same_rows(reader: Browser) -> None:
    text = reader.get("/indicators/table.csv").content.decode("utf-8-sig")
    table = list(csv.DictReader(io.StringIO(text)))
    assert [row["Dòng của kế hoạch"] for row in table] == [row.code for row in plan_rows()]
    assert reader.get("/indicators/table.xlsx").content.startswith(b"PK")
    assert reader.get("/indicators/table.doc").status_code == 404
