"""Tables for programs: keys of units, pages of rows, and who is refused in which words."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import func, select, update
from starlette.testclient import TestClient

from app.core import clock
from app.core.db import Session
from app.core.jobs import Worker
from app.coverage.exports import api
from app.coverage.exports.models import ApiToken
from app.coverage.exports.records import RECORDS
from app.identity.models import AccessEntry, RoleGrant
from tests import factories
from tests.browser import BASE_URL, Browser

EVERYTHING = ["completions", "people", "certificates", "attempts", "coverage"]


@pytest.fixture
def some_completions(db: Session) -> None:
    version = factories.course(db)
    for name, code in (("Nguyễn Văn Một", "07210"), ("Trần Thị Hai", "07210"), ("Lê Thị Nơi Khác", "07228")):
        holder = factories.person(db, name)
        factories.post(db, holder, code)
        factories.completion(db, holder, version, date(2026, 3, 10))
    factories.account(db, username="phutrach", role="unit_manager", at="07210")
    factories.account(db, username="tinh", role="province_admin")
    db.commit()


def made(browser: Browser, unit: str = "07210", scopes: list[str] = EVERYTHING) -> str:
    page = browser.post("/api-tokens", {"name": "Phần mềm cán bộ", "unit": unit, "scopes": scopes, "days": "30"})
    found = re.search(r"hocso_[\w-]+", page.text)
    assert found, page.text
    return found[0]


@pytest.fixture
def ask(app: FastAPI, browser: Browser) -> Callable[..., Any]:
    """`ask(token, "/api/v1/people", limit=1)`: the answer to a program without any cookie."""
    program = TestClient(app, base_url=BASE_URL, raise_server_exceptions=False)

    def ask(token: str, url: str, **query: object) -> Any:
        headers = {"authorization": f"Bearer {token}", "accept": "text/html"}
        return program.get(url, params={name.rstrip("_"): str(value) for name, value in query.items()}, headers=headers)

    return ask


@pytest.mark.usefixtures("some_completions")
def test_a_key_reads_its_unit_page_by_page(browser: Browser, ask: Callable[..., Any]) -> None:
    token = made(browser.sign_in("phutrach"))
    names, after = [], 0
    while after is not None:
        page = ask(token, "/api/v1/completions", limit=1, after=after, fields="name,completed_on").json()
        names += [row["name"] for row in page["rows"]]
        after = page["next"]
    assert names == ["Nguyễn Văn Một", "Trần Thị Hai"]
    assert ask(token, "/api/v1/completions", limit=1, fields="completed_on").json()["rows"] == [
        {"completed_on": "2026-03-10"}
    ]
    assert ask(token, "/api/v1/completions", to="2026-03-09").json() == {
        "table": "completions", "rows": [], "next": None,
    }  # fmt: skip
    assert ask(token, "/api/v1/people", unit="07228").json()["rows"] == []
    assert set(ask(token, "/api/v1").json()["tables"]) == {"completions", "people", "certificates", "attempts"}


@pytest.mark.usefixtures("some_completions")
def test_page_export_command_and_api_give_the_same_number(
    browser: Browser, worker: Worker, ask: Callable[..., Any], command: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    token = made(browser.sign_in("tinh"), unit="24")
    told = ask(token, "/api/v1/coverage", indicator="BG-CBCC", unit="24", on="2026-06-30").json()
    assert told["coverage"] == {"numerator": 3, "denominator": 3, "ratio": 1.0}
    words = ("coverage", "show", "--indicator", "BG-CBCC", "--unit", "24", "--on", "2026-06-30", "--json")
    assert command(*words) == 0
    assert api.msgspec.json.decode(capsys.readouterr().out) == told
    wish = {"what": "coverage", "indicator": "BG-CBCC", "unit": "24", "last": "2026-06-30", "format": "jsonl"}
    browser.post("/exports", wish)
    worker.run_all()
    rows = [api.msgspec.json.decode(line) for line in browser.get("/exports/1").text.splitlines()]
    figures = {row["unit"]: (row["numerator"], row["denominator"], row["ratio"]) for row in rows}
    assert figures == {
        one["unit"]: tuple(one["coverage"][name] for name in ("numerator", "denominator", "ratio"))
        for one in (told, *told["children"])
    }
    assert "3 trên 3 người" in browser.get("/coverage/BG-CBCC?unit=24&on=2026-06-30").text
    listed = ask(token, "/api/v1/completions", to="2026-06-30").json()["rows"]
    assert len({row["person"] for row in listed}) == told["coverage"]["numerator"]


@pytest.mark.usefixtures("some_completions")
def test_what_is_refused_is_said_to_a_program(browser: Browser, ask: Callable[..., Any]) -> None:
    token = made(browser.sign_in("phutrach"), scopes=["people"])
    for answer, status, words in (
        (ask("hocso_khong-co", "/api/v1/people"), 401, "Bearer"),
        (ask(token, "/api/v1/completions"), 403, "không đọc được bảng completions"),
        (ask(token, "/api/v1/khong-co"), 404, "Không có bảng này"),
        (ask(token, "/api/v1/people", unit="khong-co"), 404, "không có đơn vị nào mang mã"),
        (ask(token, "/api/v1/people", limit="nhiều"), 422, "Hãy ghi một số"),
        (ask(token, "/api/v1/people", sort="name"), 422, "Không có tham số này"),
        (ask(token, "/api/v1/people", fields="sealed"), 422, "sealed"),
        (ask(token, "/api/v1/people", to="hôm qua"), 422, "không phải là ngày"),
    ):
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert words in answer.text


@pytest.mark.usefixtures("some_completions")
def test_a_key_ends_when_it_is_withdrawn_out_of_date_or_its_maker_may_no_more(
    browser: Browser, db: Session, ask: Callable[..., Any]
) -> None:
    tokens = [made(browser.sign_in("phutrach")) for _ in range(2)]
    browser.post("/api-tokens/1/withdraw")
    assert ask(tokens[0], "/api/v1/people").status_code == 401
    assert "đã thu hồi" in browser.get("/api-tokens").text
    assert ask(tokens[1], "/api/v1/people").status_code == 200
    with clock.frozen(clock.now() + timedelta(days=31)):
        assert ask(tokens[1], "/api/v1/people").status_code == 401
    db.execute(update(RoleGrant).where(RoleGrant.role == "unit_manager").values(ends_on=date(2025, 1, 1)))
    db.commit()
    assert ask(tokens[1], "/api/v1/people").status_code == 401


@pytest.mark.usefixtures("some_completions")
def test_a_key_is_shown_once_and_never_kept(browser: Browser, db: Session) -> None:
    token = made(browser.sign_in("phutrach"))
    assert token not in browser.get("/api-tokens").text
    kept = db.scalars(select(ApiToken)).one()
    assert token not in str(vars(kept))
    # Else nobody but this session could write.
    db.rollback()
    refused = browser.post("/api-tokens", {"name": "", "unit": "07228", "days": "7"})
    assert refused.status_code == 422
    for words in ("dùng để làm gì", "đơn vị anh/chị phụ trách", "ít nhất một bảng", "thời hạn trong danh sách"):
        assert words in refused.text


@pytest.mark.usefixtures("some_completions")
def test_every_use_is_in_the_access_log(browser: Browser, app: FastAPI, db: Session, ask: Callable[..., Any]) -> None:
    token = made(browser.sign_in("phutrach"))
    for _ in range(3):
        ask(token, "/api/v1/people")
    # What was noted is written before it returns.
    app.state.token_log.stop()
    assert db.scalar(select(func.count()).select_from(AccessEntry).where(AccessEntry.kind == "api")) == 3
    assert db.scalars(select(ApiToken.last_used_at)).one() is not None


@pytest.mark.usefixtures("some_completions")
def test_a_program_that_asks_too_often_must_wait(
    browser: Browser, ask: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "LIMIT", "2/hour")
    token = made(browser.sign_in("phutrach"))
    answers = [ask(token, "/api/v1/people") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[2].headers["retry-after"]) > 0


def test_the_description_for_machines_names_what_there_is(browser: Browser) -> None:
    """Every table with exactly its fields, every parameter it takes, and nothing but /api/v1."""
    document = browser.get("/api/v1/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert set(document["paths"]) == {"/api/v1", "/api/v1/coverage", *(f"/api/v1/{name}" for name in RECORDS)}
    for name, records in RECORDS.items():
        about = document["paths"][f"/api/v1/{name}"]["get"]
        page = about["responses"]["200"]["content"]["application/json"]["schema"]
        assert list(page["properties"]["rows"]["items"]["properties"]) == [field.name for field in records.fields]
        assert {one["name"] for one in about["parameters"]} == {
            "after", "limit", "fields", "unit", "course", "from", "to"
        }  # fmt: skip


def test_the_guide_explains_every_table_and_parameter(browser: Browser) -> None:
    page = browser.get("/api-guide").text
    assert all(f"/api/v1/{name}" in page for name in RECORDS)
    assert "completed_on" in page
    assert "/api/v1/openapi.json" in page
