"""Exports: by job and page, and by command; the same rows in CSV and XLSX."""

import csv
import io
import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from arro3.io import read_parquet
from sqlalchemy import insert, literal, select, update

from app.catalogue.models import CourseVersion
from app.core import clock
from app.core.db import Database, Session
from app.core.jobs import Job, JobContext, Worker, enqueue
from app.core.settings import Settings, get_settings
from app.core.storage import Storage
from app.coverage.exports import making, records
from app.coverage.exports.making import KEPT
from app.coverage.exports.records import Wanted
from app.coverage.models import ExportFile
from app.identity.models import RoleGrant
from app.learning.models import Attempt, Completion
from app.learning.service import enrol
from app.runtime import Runtime
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


@pytest.fixture
def read(browser: Browser, worker: Worker) -> Callable[..., list[dict[str, Any]]]:
    """`read("people", format="jsonl")`: the rows of that export, as whoever signed in gets them."""

    def read(what: str, format: str = "jsonl", **wish: Any) -> list[dict[str, Any]]:
        browser.post("/exports", {"what": what, "format": format} | wish)
        worker.run_all()
        number = max(int(found) for found in re.findall(r'href="/exports/(\d+)"', browser.get("/exports").text))
        content = browser.get(f"/exports/{number}").content
        match format:
            case "jsonl":
                return [json.loads(line) for line in content.decode().splitlines()]
            case "csv":
                return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
            case "parquet":
                columns = read_parquet(io.BytesIO(content)).read_all()
                cells = [[cell.as_py() for cell in columns.column(name)] for name in columns.column_names]
                return [dict(zip(columns.column_names, row, strict=True)) for row in zip(*cells, strict=True)]
            case _:
                rows = openpyxl.load_workbook(io.BytesIO(content)).active.iter_rows(min_row=3, values_only=True)
                names = next(rows)
                return [dict(zip(names, row, strict=True)) for row in rows]

    return read


@pytest.mark.usefixtures("some_completions")
def test_every_format_holds_the_same_rows(browser: Browser, read: Callable[..., list[dict[str, Any]]]) -> None:
    browser.sign_in("tinh")
    lines, packed = read("completions"), read("completions", "parquet")
    assert [row["name"] for row in lines] == ["Nguyễn Văn Một", "=Trần Công Thức", "Lê Thị Nơi Khác"]
    assert lines[0]["completed_on"] == "2026-03-10"
    assert lines[0]["how"] == "online"
    assert packed[0]["completed_on"] == date(2026, 3, 10)
    for name in ("person", "name", "unit", "course", "how", "hours", "score_percent", "state"):
        assert [row[name] for row in packed] == [row[name] for row in lines]
    assert packed[0]["recorded_at"].isoformat() == lines[0]["recorded_at"].replace("Z", "+00:00")
    for format in ("csv", "xlsx"):
        rows = read("completions", format)
        assert [row["Mã người học"] for row in rows] == [row["person"] for row in lines]
        assert [row["Hình thức"] for row in rows] == ["trực tuyến"] * 3
        assert [float(row["Điểm (%)"]) for row in rows] == [row["score_percent"] for row in lines]


@pytest.mark.usefixtures("some_completions")
def test_only_the_columns_chosen_are_there(browser: Browser, read: Callable[..., list[dict[str, Any]]]) -> None:
    browser.sign_in("phutrach")
    assert [list(row) for row in read("completions", columns=["completed_on", "person"])] == [
        ["person", "completed_on"]
    ] * 2
    assert list(read("completions", "csv", columns=["name"])[0]) == ["Họ và tên"]
    refused = browser.post("/exports", {"what": "completions", "format": "csv", "columns": ["sealed"]})
    assert refused.status_code == 422
    assert "Hãy chọn các cột trong danh sách" in refused.text


@pytest.mark.usefixtures("some_completions")
def test_people_and_certificates_are_those_of_the_own_unit(
    browser: Browser, read: Callable[..., list[dict[str, Any]]]
) -> None:
    browser.sign_in("phutrach")
    names = ["Nguyễn Văn Một", "=Trần Công Thức"]
    people = read("people")
    assert [(row["name"], row["unit"], row["audiences"], row["is_primary"]) for row in people[:2]] == [
        (name, "07210", "CBCC", 1) for name in names
    ]
    assert not read("people", last="2025-12-31"), "nobody held a post yet"
    papers = read("certificates")
    assert [row["name"] for row in papers] == names
    assert [row["state"] for row in papers] == ["valid"] * 2
    assert len(read("certificates", unit="07228")) == 0


def test_attempts_are_those_of_the_members(
    browser: Browser, db: Session, read: Callable[..., list[dict[str, Any]]]
) -> None:
    version = factories.course(db)
    for name, code in (("Nguyễn Văn Một", "07210"), ("Lê Thị Nơi Khác", "07228")):
        holder = factories.person(db, name)
        factories.post(db, holder, code)
        taken = enrol(db, holder.id, version.course_id)
        started = datetime(2026, 3, 10, 17, 30, tzinfo=UTC)
        db.add(Attempt(
            enrolment_id=taken.id, lesson_key="bai-1", number=1, course_version_id=version.id, paper={}, answers={},
            answer_seq={}, started_at=started, saved_at=started, submitted_at=started, result={"percent": 66.67},
            passed=False,
        ))  # fmt: skip
    factories.account(db, username="phutrach", role="unit_manager", at="07210")
    db.commit()
    browser.sign_in("phutrach")
    row = read("attempts")[0]
    assert (row["name"], row["lesson"], row["score_percent"], row["passed"]) == ("Nguyễn Văn Một", "bai-1", 66.7, 0)
    # Half past five in the afternoon in London is the next day here.
    assert not read("attempts", last="2026-03-10")
    assert len(read("attempts", first="2026-03-11", last="2026-03-11")) == 1
    assert read("attempts", "csv")[0]["Đạt"] == "chưa đạt"


@pytest.mark.usefixtures("some_completions")
def test_what_the_asker_may_see_is_judged_when_the_file_is_made(browser: Browser, db: Session, worker: Worker) -> None:
    browser.sign_in("phutrach").post("/exports", {"what": "completions", "format": "csv"})
    db.execute(update(RoleGrant).where(RoleGrant.role == "unit_manager").values(ends_on=date(2025, 1, 1)))
    db.commit()
    worker.run_all()
    db.rollback()
    assert db.scalar(select(ExportFile.storage_key)) is None
    assert db.scalar(select(Job.state).where(Job.kind == "coverage.export")) == "failed"


@pytest.mark.usefixtures("some_completions")
def test_rows_so_far_are_told_and_a_stop_is_heard(
    browser: Browser, db: Session, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody asks to stop as soon as rows are told; three are taken to be many."""
    monkeypatch.setattr(records, "_SHORT", 0)
    browser.sign_in("tinh").post("/exports", {"what": "completions", "format": "csv"})
    told = []

    def progress(self: JobContext, ratio: float, text: str = "") -> None:
        told.append(text)
        if "dòng" in text:
            browser.post("/exports/1/cancel")
        self._beat(progress_ratio=ratio, progress_text=text)

    monkeypatch.setattr(JobContext, "progress", progress)
    worker.run_all()
    assert told[-1] == "0 dòng"
    assert "đã dừng" in browser.get("/exports").text
    assert db.scalar(select(ExportFile.storage_key)) is None


@pytest.mark.usefixtures("some_completions")
@pytest.mark.parametrize("what", sorted(records.RECORDS))
@pytest.mark.parametrize("format", ["csv", "xlsx", "parquet", "jsonl"])
def test_many_rows_are_written_as_few_are(
    db: Session, database: Database, tmp_path: Path, what: str, format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By processes of their own, in two parts: the last completion has a number far behind the others."""
    version = db.scalars(select(CourseVersion)).first()
    assert version
    odd = factories.person(db)
    odd.name = 'Phạm "Ngoặc", <kép> &'
    late = factories.completion(db, odd, version, date(2026, 4, 1))
    db.execute(insert(Completion).from_select(
        [column.key for column in Completion.__table__.c],
        select(*(
            {"id": literal(250_000), "occasion": literal("round:2")}.get(column.key, column)
            for column in Completion.__table__.c
        )).where(Completion.id == late.id),
    ))  # fmt: skip
    db.commit()

    def content(name: str) -> bytes:
        path = tmp_path / name
        with database.reading() as reading:
            records.write_records(
                database, reading, records.RECORDS[what], Wanted(), path, format, lambda _rows, _ratio: None
            )
        assert [one.name for one in tmp_path.glob(f"{name}*")] == [name], "no part is left behind"
        if format == "xlsx":
            rows = openpyxl.load_workbook(io.BytesIO(path.read_bytes())).active.iter_rows(values_only=True)
            return repr(list(rows)).encode()
        return path.read_bytes()

    with clock.frozen(clock.now()):
        few = content("few")
        monkeypatch.setattr(records, "_SHORT", 0)
        assert content("many") == few
    if what == "completions" and format == "csv":
        rows = list(csv.reader(io.StringIO(few.decode("utf-8-sig"))))
        assert [row[1] for row in rows[4:]] == ['Phạm "Ngoặc", <kép> &'] * 2


@pytest.mark.usefixtures("some_completions")
def test_a_worker_that_ends_leaves_the_export_to_the_next(browser: Browser, runtime: Runtime, worker: Worker) -> None:
    browser.sign_in("tinh").post("/exports", {"what": "completions", "format": "csv"})
    ending = Worker(runtime.database, runtime.storage, {"coverage.export": making.make_export})
    ending.stop()
    assert ending.run_one()
    assert browser.get("/exports/1").status_code == 409
    worker.run_all()
    assert browser.get("/exports/1").text.count("\n") == 4


@pytest.mark.usefixtures("some_completions")
def test_a_file_of_names_is_kept_for_a_week(browser: Browser, db: Session, worker: Worker, storage: Storage) -> None:
    browser.sign_in("phutrach").post("/exports", {"what": "completions", "format": "csv"})
    enqueue(db, "coverage.forget_exports", delay=KEPT + timedelta(minutes=1))
    db.commit()
    worker.run_all()
    assert browser.get("/exports/1").status_code == 200
    with clock.frozen(clock.now() + KEPT + timedelta(minutes=2)):
        assert browser.get("/exports/1").status_code == 409, "though it was not cleared away yet"
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
    assert json.loads(capsys.readouterr().out) == {"checked": 3, "people": 0, "entries": 0, "indicators": {}}


@pytest.mark.usefixtures("some_completions")
def test_an_output_folder_that_is_not_there_is_said(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("export", "completions", "--out", "/khong/co/ra.csv") == 2
    assert "Không ghi được tệp" in capsys.readouterr().err


def test_settings_of_the_test_reach_the_command(command: Callable[..., int], settings: Settings) -> None:
    command("migrate")
    assert get_settings().database_url == settings.database_url
