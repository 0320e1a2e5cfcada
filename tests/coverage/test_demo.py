"""What a trial (DEMO=1) finds on the pages of the plan and of declarations."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from app.core import clock
from app.core.db import Base, Database
from app.core.settings import Settings
from app.identity.demo import DEMO_PASSWORD
from app.main import create_app
from app.runtime import Runtime
from app.seeding import seed_everything
from tests.browser import BASE_URL, Browser


@pytest.fixture
def trial(settings: Settings, tmp_path: Path) -> Iterator[Runtime]:
    with closing(Runtime(settings.model_copy(update={"demo": True, "courses_dir": tmp_path / "none"}))) as trial:
        seed_everything(trial)
        yield trial


@pytest.fixture
def visitor(trial: Runtime) -> Iterator[Browser]:
    with TestClient(create_app(trial), base_url=BASE_URL) as client:
        yield Browser(client)


def rows_of_all_tables(database: Database) -> dict[str, int | None]:
    with database.reading() as db:
        return {
            name: db.scalar(select(func.count()).select_from(table)) for name, table in Base.metadata.tables.items()
        }


def test_a_trial_has_something_on_every_page_of_the_year(visitor: Browser) -> None:
    visitor.sign_in("quantri", DEMO_PASSWORD)
    assert "đã phê duyệt" in visitor.get("/plan").text
    plan = visitor.get(f"/plan/{clock.today().year}").text
    assert "01/QĐ-VIDU" in plan
    assert "12,5" in plan
    assert "Ngày Chuyển đổi số của bản dùng thử" in visitor.get("/campaigns").text
    assert "Nguyễn Văn Mẫu" in visitor.get("/experts").text
    assert "1 trên 99" in visitor.get("/declarations").text
    assert "21.400 người" in visitor.get("/declarations/1").text
    visitor.sign_in("quanly", DEMO_PASSWORD)
    assert "Số người trưởng thành trên địa bàn" in visitor.get("/declarations").text
    desk = visitor.get("/desk").text
    assert "Số người trưởng thành trên địa bàn" in desk
    assert "chưa trả lời" in desk


def test_a_second_start_of_a_trial_adds_nothing(trial: Runtime) -> None:
    before = rows_of_all_tables(trial.database)
    seed_everything(trial)
    assert rows_of_all_tables(trial.database) == before


def test_outside_of_a_trial_there_is_none_of_it(runtime: Runtime, tmp_path: Path) -> None:
    runtime.settings.courses_dir = tmp_path / "none"
    seed_everything(runtime)
    rows = rows_of_all_tables(runtime.database)
    assert [rows[one] for one in ("plan_year", "campaign_activity", "expert", "declaration_round")] == [0] * 4
