"""What an operator sees and may do: health, background work, the audit; and that nobody else may."""

import re
import shutil
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy import select, text, update
from starlette.testclient import TestClient

from app import __version__
from app.admin import health
from app.core import audit, clock, jobs
from app.core.audit import AuditEntry
from app.core.db import Database, Session
from app.core.jobs import Job
from app.core.settings import Settings
from app.core.storage import LocalStorage
from app.coverage.models import CoveragePending
from app.main import create_app
from app.runtime import Runtime
from tests import factories
from tests.browser import BASE_URL, Browser
from tests.seeded import Seeded

PAGES = ["/admin", "/admin/jobs", "/admin/audit", "/admin/access"]


@pytest.fixture
def operator(db: Session, browser: Browser) -> Browser:
    factories.account(db, username="vanhanh", role="operator")
    db.commit()
    return browser.sign_in("vanhanh")


def add_job(db: Session, state: str = "queued", kind: str = "test.work", **values: object) -> int:
    job_id = jobs.enqueue(db, kind)
    assert job_id is not None
    if state in jobs.FINISHED:
        values = {"finished_at": clock.now()} | values
    db.execute(update(Job).where(Job.id == job_id).values(state=state, **values))
    db.commit()
    return job_id


def state_of(database: Database, job_id: int) -> tuple[str, bool]:
    with database.reading() as db:
        job = db.get_one(Job, job_id)
        return job.state, job.cancel_requested


def acts(database: Database, kind: str = "job") -> list[tuple[str, str]]:
    with database.reading() as db:
        entries = db.scalars(select(AuditEntry).where(AuditEntry.subject_kind == kind).order_by(AuditEntry.id))
        return [(entry.action, entry.subject_id) for entry in entries]


# --- health for load balancers ----------------------------------------------------------------------------------------


def ready(settings: Settings) -> tuple[int, dict[str, bool]]:
    with closing(Runtime(settings)) as runtime, TestClient(create_app(runtime), base_url=BASE_URL) as client:
        response = client.get("/readyz")
        assert client.get("/healthz").json() == {"status": "ok", "version": __version__}, "alive in any case"
    body = response.json()
    assert body["status"] == ("ready" if response.status_code == 200 else "not ready")
    return response.status_code, body["checks"]


def test_a_sound_installation_is_ready(settings: Settings) -> None:
    assert ready(settings) == (200, {"database": True, "storage": True})


def test_a_database_that_was_never_migrated_is_not_ready(settings: Settings, tmp_path: Path, seeded: Seeded) -> None:
    with seeded.empty(tmp_path) as url:
        settings.database_url = url
        assert ready(settings) == (503, {"database": False, "storage": True})


def test_a_database_of_another_version_is_not_ready(settings: Settings, db: Session) -> None:
    db.execute(text("UPDATE alembic_version SET version_num = 'older'"))
    db.commit()
    assert ready(settings) == (503, {"database": False, "storage": True})


@pytest.mark.databases("sqlite")
def test_a_database_that_cannot_be_read_is_not_ready(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "test.db").write_bytes(b"this was a database " * 1000)
    assert ready(settings) == (503, {"database": False, "storage": True})


def test_a_storage_that_is_missing_is_not_ready(settings: Settings, tmp_path: Path) -> None:
    """A mount that is not there: a file, or nothing that can be made, where the folder should be."""
    (tmp_path / "media").write_bytes(b"")
    assert ready(settings) == (503, {"database": True, "storage": False})


def test_little_room_is_for_the_operator_not_for_the_load_balancer(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Taking every server out of service would stop the reading that still works."""
    monkeypatch.setattr(LocalStorage, "free_bytes", lambda _self: 10 * 1024 * 1024)
    assert ready(settings)[0] == 200


def test_health_needs_no_session_and_tells_no_details(browser: Browser) -> None:
    for path in ("/healthz", "/readyz"):
        response = browser.client.get(path)
        assert response.status_code == 200
        assert "set-cookie" not in response.headers
        assert "sqlite" not in response.text
        assert browser.client.head(path).status_code == 200


# --- the page of health -----------------------------------------------------------------------------------------------


def rows_of(page: str) -> dict[str, str]:
    """Title to state and details, of the table on /admin."""
    rows = {}
    for row in re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL):
        cells = [" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in re.findall(r"<td.*?</td>", row, re.DOTALL)]
        if cells:
            rows[cells[0]] = " · ".join(cells[1:])
    return rows


def test_a_sound_installation_shows_all_well(operator: Browser) -> None:
    page = operator.get("/admin")
    assert page.status_code == 200
    assert __version__ in page.text
    rows = rows_of(page.text)
    assert list(rows) == [
        "Cơ sở dữ liệu", "Nơi giữ tệp", "Chỗ trống", "Hàng chờ", "Việc nền hỏng", "Chỉ tiêu", "Đối chiếu chỉ tiêu",
        "Số dư chỉ tiêu", "Nhiệm vụ đào tạo", "Thư đi", "Nhật ký quản trị",
    ]  # fmt: skip
    assert "cần xử lý" not in page.text


def test_what_needs_a_hand_is_shown(
    operator: Browser, db: Session, monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    holder = factories.person(db)
    add_job(db, run_at=clock.now() - timedelta(minutes=16))
    add_job(db, "failed", error="hỏng")
    add_job(db, "failed", error="hỏng từ lâu", finished_at=clock.now() - timedelta(days=8))
    db.add(CoveragePending(person_id=holder.id, reason="x", created_at=clock.now(), tries=1))
    db.commit()
    monkeypatch.setattr(LocalStorage, "free_bytes", lambda _self: 10 * 1024 * 1024)
    rows = rows_of(operator.get("/admin").text)
    assert rows["Hàng chờ"] == "cần xử lý · 1 việc chờ quá 15 phút"
    assert rows["Việc nền hỏng"] == "cần xử lý · 1 việc không làm được trong 7 ngày qua"
    assert rows["Chỉ tiêu"] == "cần xử lý · 1 người chưa tính xong vào chỉ tiêu"
    assert rows["Chỗ trống"] == "cần xử lý · nơi giữ tệp chỉ còn trống 10,0 MB"
    assert rows["Nơi giữ tệp"] == "tốt · đọc và ghi được"


def test_a_storage_that_is_missing_is_shown(operator: Browser, settings: Settings) -> None:
    root = Path(settings.media_url.removeprefix("file://"))
    shutil.rmtree(root, ignore_errors=True)
    root.write_bytes(b"")
    rows = rows_of(operator.get("/admin").text)
    assert rows["Nơi giữ tệp"] == "cần xử lý · không mở hoặc không ghi được nơi giữ tệp"
    assert "Chỗ trống" not in rows


def test_every_check_has_a_title(db: Session, database: Database, settings: Settings) -> None:
    storage = Runtime(settings).storage
    names = [check.name for check in (*health.essential_checks(database, storage), *health.work_checks(db, storage))]
    assert names == list(health.titles())


# --- background work --------------------------------------------------------------------------------------------------


def test_jobs_are_shown_newest_first_with_what_became_of_them(operator: Browser, db: Session) -> None:
    add_job(db, "done", "test.old")
    add_job(db, "running", "test.video", progress_ratio=0.25, progress_text="Đang chuyển mã", subject="asset:7")
    add_job(db, "failed", "test.bad", error="Tệp <hỏng> & cụt")
    page = operator.get("/admin/jobs").text
    assert page.index("test.bad") < page.index("test.video") < page.index("test.old")
    assert "Đang chuyển mã" in page
    assert "asset:7" in page
    assert "Tệp &lt;hỏng&gt; &amp; cụt" in page
    assert 'hx-trigger="every 3s"' in page, "while something runs the page follows it"


def test_jobs_are_filtered_by_state_and_counted(operator: Browser, db: Session) -> None:
    for state, kind in (("queued", "test.a"), ("failed", "test.b"), ("failed", "test.c"), ("done", "test.d")):
        add_job(db, state, kind)
    page = operator.get("/admin/jobs?state=failed").text
    assert ("test.b" in page, "test.c" in page, "test.a" in page, "test.d" in page) == (True, True, False, False)
    assert "hỏng (2)" in page
    assert "đang chờ (1)" in page
    assert "đang chạy (0)" in page
    assert "every 3s" not in page
    part = operator.get("/admin/jobs?state=failed", headers={"hx-request": "true"}).text
    assert "test.b" in part
    assert "<html" not in part
    assert "Không có việc nào" in operator.get("/admin/jobs?state=cancelled").text
    assert operator.get("/admin/jobs?state=la-gi").status_code == 200


def test_a_waiting_job_is_stopped_and_a_running_one_asked_to(
    operator: Browser, db: Session, database: Database
) -> None:
    waiting, running = add_job(db), add_job(db, "running")
    page = operator.post(f"/admin/jobs/{waiting}/cancel")
    assert "Đã yêu cầu dừng công việc." in page.text
    operator.post(f"/admin/jobs/{running}/cancel")
    assert state_of(database, waiting) == ("cancelled", False)
    assert state_of(database, running) == ("running", True)
    assert acts(database) == [("job.cancel", str(waiting)), ("job.cancel", str(running))]


@pytest.mark.parametrize("state", jobs.FINISHED)
def test_what_is_over_cannot_be_stopped_and_the_page_says_so(
    operator: Browser, db: Session, database: Database, state: str
) -> None:
    """Another tab was faster, or the job was."""
    job_id = add_job(db, state)
    response = operator.post(f"/admin/jobs/{job_id}/cancel")
    assert response.status_code == 409
    assert "đã kết thúc" in response.text
    assert (state_of(database, job_id), acts(database)) == ((state, False), [])


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_what_failed_or_was_stopped_waits_again(operator: Browser, db: Session, database: Database, state: str) -> None:
    job_id = add_job(db, state, error="hỏng", attempts=5)
    assert "Công việc đã được xếp lại vào hàng chờ." in operator.post(f"/admin/jobs/{job_id}/retry").text
    assert state_of(database, job_id) == ("queued", False)
    assert acts(database) == [("job.retry", str(job_id))]


@pytest.mark.parametrize("state", ["queued", "running", "done"])
def test_what_needs_no_second_try_gets_none(operator: Browser, db: Session, database: Database, state: str) -> None:
    job_id = add_job(db, state)
    assert operator.post(f"/admin/jobs/{job_id}/retry").status_code == 409
    assert (state_of(database, job_id), acts(database)) == ((state, False), [])


def test_the_buttons_of_a_job_are_those_that_work(operator: Browser, db: Session) -> None:
    for state in ("queued", "running", "done", "failed", "cancelled"):
        job_id = add_job(db, state)
        page = operator.get("/admin/jobs").text
        assert (f"/admin/jobs/{job_id}/cancel" in page) == (state in ("queued", "running"))
        assert (f"/admin/jobs/{job_id}/retry" in page) == (state in ("failed", "cancelled"))


@pytest.mark.parametrize("verb", ["cancel", "retry"])
def test_a_job_that_is_not_there_is_not_found(operator: Browser, verb: str) -> None:
    assert operator.post(f"/admin/jobs/999999/{verb}").status_code == 404
    assert operator.post(f"/admin/jobs/x/{verb}").status_code == 404


# --- who did what -----------------------------------------------------------------------------------------------------


def test_the_audit_shows_who_did_what_newest_first_without_names(operator: Browser, db: Session) -> None:
    account = factories.account(db, factories.person(db, "Trần Thị Bí Mật"), "bimat")
    with clock.frozen(clock.now() - timedelta(hours=1)):
        audit.record(db, "test.first", "course", 7, account_id=account.id)
    audit.record(db, "test.second", "job", 8)
    db.commit()
    page = operator.get("/admin/audit").text
    assert page.index("test.second") < page.index("test.first")
    assert f"#{account.id}" in page
    assert "hệ thống" in page
    assert "Bí Mật" not in page
    assert "bimat" not in page


def test_a_long_audit_has_pages_and_none_beyond_the_last(operator: Browser, db: Session) -> None:
    for number in range(120):
        audit.record(db, "test.many", "thing", f"so-{number}")
    db.commit()
    assert "so-119" in operator.get("/admin/audit").text
    last = operator.get("/admin/audit?page=3").text
    assert "so-0<" in last.replace(" ", "")
    assert "so-119" not in last
    for page in ("4", "999999999999999999999999"):
        assert "so-0<" in operator.get(f"/admin/audit?page={page}").text.replace(" ", "")
    for page in ("0", "-5"):
        assert "so-119" in operator.get(f"/admin/audit?page={page}").text
    assert operator.get("/admin/audit?page=x").status_code == 404


# --- everybody else ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES)
def test_anonymous_goes_to_sign_in_and_comes_back(browser: Browser, page: str) -> None:
    response = browser.client.get(page, follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (303, f"/sign-in?next={page}")


@pytest.mark.parametrize("role", [None, "unit_manager", "author", "content_admin"])
def test_nobody_else_sees_or_does_anything_here(
    new_browser: Callable[[], Browser], db: Session, database: Database, role: str | None
) -> None:
    account = factories.account(db, role=role)
    waiting, failed = add_job(db, kind="test.hidden"), add_job(db, "failed", "test.hidden")
    browser = new_browser().sign_in(account.username)
    for page in PAGES:
        response = browser.get(page)
        assert response.status_code == 403, page
        assert "test.hidden" not in response.text
    assert browser.post(f"/admin/jobs/{waiting}/cancel").status_code == 403
    assert browser.post(f"/admin/jobs/{failed}/retry").status_code == 403
    assert browser.post("/admin/jobs/999999/retry").status_code == 403, "not even whether a job exists"
    assert (state_of(database, waiting)[0], state_of(database, failed)[0]) == ("queued", "failed")
    assert acts(database) == []


def test_an_anonymous_change_changes_nothing(browser: Browser, db: Session, database: Database) -> None:
    job_id = add_job(db)
    response = browser.post(f"/admin/jobs/{job_id}/cancel", follow=False)
    assert (response.status_code, response.headers["location"]) == (303, "/sign-in")
    assert state_of(database, job_id) == ("queued", False)


@pytest.mark.parametrize("role", ["operator", "province_admin"])
def test_those_who_may_find_the_way_here(new_browser: Callable[[], Browser], db: Session, role: str) -> None:
    account = factories.account(db, role=role)
    db.commit()
    browser = new_browser().sign_in(account.username)
    home = browser.get("/admin").text
    for page in PAGES[1:]:
        assert f'href="{page}"' in home
        assert browser.get(page).status_code == 200


def test_a_change_needs_a_form_of_ours(operator: Browser, db: Session, database: Database) -> None:
    job_id = add_job(db)
    assert operator.client.post(f"/admin/jobs/{job_id}/cancel").status_code == 403
    assert state_of(database, job_id) == ("queued", False)


def test_health_of_the_running_application(app: FastAPI, browser: Browser) -> None:
    """The checks use the application's own database and storage."""
    assert browser.client.get("/readyz").json() == {"status": "ready", "checks": {"database": True, "storage": True}}
    app.state.database.dispose()
