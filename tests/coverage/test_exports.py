"""Exports: by job and page, and by command; the same rows in CSV and XLSX."""

import csv
import io
import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import openpyxl
import pytest

from app.core import clock
from app.core.db import Session
from app.core.jobs import Worker, enqueue
from app.core.settings import Settings, get_settings
from app.core.storage import Storage
from app.coverage.exports.making import KEPT
from tests import factories
from tests.browser import Browser


@pytest.fixture
def some_completions(db: Session) -> None:
    version = factories.course(db)
    for name, code in (("Nguyễn Văn Một", "07210"), ("=Trần Công Thức", "07210"), ("Lê Thị Nơi Khác", "07228")):
        holder = factories.person(db, name.lstrip("="))
        holder.name = name
        factories.post(db, holder, code)
        factories.completion(db, holder, version, date(2026, 3, 10))
    factories.account(db, username="phutrach", role="unit_manager", at="07210")
    factories.account(db, username="tinh", role="province_admin")
    db.commit()


@pytest.mark.usefixtures("some_completions")
def test_a_manager_takes_away_the_completions_of_the_own_unit(browser: Browser, worker: Worker) -> None:
    browser.sign_in("phutrach")
    browser.post("/exports", {"what": "completions", "format": "xlsx"})
    worker.run_all()
    page = browser.get("/exports").text
    assert "/exports/1" in page
    sheet = openpyxl.load_workbook(io.BytesIO(browser.get("/exports/1").content)).worksheets[0]
    rows = list(sheet.iter_rows(min_row=4, values_only=True))
    assert [row[1] for row in rows] == ["Nguyễn Văn Một", "=Trần Công Thức"]
    assert rows[0][10].date() == date(2026, 3, 10)
    assert rows[0][3] == "Phường Bắc Giang"


@pytest.mark.usefixtures("some_completions")
def test_a_file_of_names_is_kept_for_a_week(browser: Browser, db: Session, worker: Worker, storage: Storage) -> None:
    browser.sign_in("phutrach").post("/exports", {"what": "completions", "format": "csv"})
    enqueue(db, "coverage.forget_exports", delay=KEPT + timedelta(minutes=1))
    db.commit()
    worker.run_all()
    assert browser.get("/exports/1").status_code == 200
    with clock.frozen(clock.now() + KEPT + timedelta(minutes=2)):
        worker.run_all()
        assert not list(storage.all_keys("exports"))
        assert "đã xóa sau 7 ngày" in browser.get("/exports").text
        assert "Hãy xuất lại" in browser.get("/exports/1").text


@pytest.mark.usefixtures("some_completions")
def test_nobody_opens_the_file_of_another(new_browser: Callable[[], Browser], worker: Worker) -> None:
    mine, other = new_browser().sign_in("phutrach"), new_browser().sign_in("tinh")
    mine.post("/exports", {"what": "completions", "format": "csv"})
    worker.run_all()
    assert mine.get("/exports/1").status_code == 200
    assert other.get("/exports/1").status_code == 404
    assert other.post("/exports/1/cancel").status_code == 404


@pytest.mark.usefixtures("some_completions")
def test_the_coverage_table_holds_the_dashboards_figures(browser: Browser, worker: Worker) -> None:
    browser.sign_in("tinh")
    browser.post("/exports", {"what": "coverage", "format": "csv", "indicator": "BG-CBCC", "unit": "24"})
    worker.run_all()
    text = browser.get("/exports/1").content.decode("utf-8-sig")
    rows = {row[0]: row for row in csv.reader(io.StringIO(text))}
    assert rows["24"][2:6] == ["3", "3", "1.0", "0"]
    assert rows["07210"][2:4] == ["2", "2"]


@pytest.mark.usefixtures("some_completions")
def test_the_table_of_another_day_and_map_is_exported_as_it_was_shown(browser: Browser, worker: Worker) -> None:
    browser.sign_in("tinh")
    page = browser.get("/coverage/BG-CBCC?unit=24&on=2026-03-01&map=2025-03-31").text
    link = "/exports?what=coverage&amp;indicator=BG-CBCC&amp;unit=24&amp;on=2026-03-01&amp;map=2025-03-31"
    assert link in page
    form = browser.get(link.replace("&amp;", "&")).text
    assert 'value="2026-03-01"' in form
    assert 'value="2025-03-31"' in form
    wish = {"what": "coverage", "format": "csv", "indicator": "BG-CBCC", "unit": "24"}
    browser.post("/exports", wish | {"last": "2026-03-01", "map": "2025-03-31"})
    worker.run_all()
    rows = {row[1]: row for row in csv.reader(io.StringIO(browser.get("/exports/1").content.decode("utf-8-sig")))}
    assert rows["Tỉnh Bắc Giang"][2:4] == ["3", "0"], "nobody had completed anything by 1 March"


@pytest.mark.usefixtures("some_completions")
@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"unit": "khong-co"}, "không có đơn vị nào mang mã"),
        ({"first": "2026-13-01"}, "không phải là ngày"),
        ({"first": "2026-05-01", "last": "2026-04-01"}, "Ngày cuối phải sau ngày đầu"),
        ({"what": "coverage"}, "Hãy chọn một chỉ tiêu"),
    ],
)
def test_a_wish_that_makes_no_sense_is_explained_and_kept(
    browser: Browser, fields: dict[str, str], message: str
) -> None:
    browser.sign_in("phutrach")
    response = browser.post("/exports", {"what": "completions", "format": "csv"} | fields)
    assert response.status_code == 422
    assert message in response.text
    for value in fields.values():
        assert value in response.text


@pytest.mark.usefixtures("some_completions")
def test_an_export_that_waits_can_be_stopped(browser: Browser, worker: Worker) -> None:
    browser.sign_in("phutrach")
    browser.post("/exports", {"what": "completions", "format": "csv"})
    browser.post("/exports/1/cancel")
    worker.run_all()
    assert "đã dừng" in browser.get("/exports").text
    assert browser.get("/exports/1").status_code == 409


@pytest.mark.usefixtures("some_completions")
def test_the_command_writes_the_same_rows(
    command: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "ra.csv"
    assert command("export", "completions", "--format", "csv", "--out", str(out), "--unit", "07210", "--json") == 0
    assert json.loads(capsys.readouterr().out)["rows"] == 2
    rows = list(csv.reader(io.StringIO(out.read_text(encoding="utf-8-sig"))))
    assert [row[1] for row in rows[1:]] == ["Nguyễn Văn Một", "'=Trần Công Thức"], "no cell may run as a formula"


@pytest.mark.usefixtures("some_completions")
def test_show_prints_one_json_document(command: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    assert command("coverage", "show", "--indicator", "BG-CBCC", "--unit", "07210", "--on", "2026-11-21", "--json") == 0
    assert json.loads(capsys.readouterr().out)["coverage"] == {"numerator": 2, "denominator": 2, "ratio": 1.0}
    assert command("coverage", "show", "--indicator", "BG-KHAC") == 2
    assert "Không có chỉ tiêu" in capsys.readouterr().err


@pytest.mark.usefixtures("some_completions")
def test_rebuild_says_that_there_is_nothing_to_mend(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("coverage", "rebuild", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"checked": 3, "people": 0, "entries": 0}


@pytest.mark.usefixtures("some_completions")
def test_an_output_folder_that_is_not_there_is_said(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("export", "completions", "--out", "/khong/co/ra.csv") == 2
    assert "Không ghi được tệp" in capsys.readouterr().err


def test_settings_of_the_test_reach_the_command(command: Callable[..., int], settings: Settings) -> None:
    command("migrate")
    assert get_settings().database_url == settings.database_url
