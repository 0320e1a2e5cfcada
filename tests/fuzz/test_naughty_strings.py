"""Texts that have broken programs (naughty.yaml), typed into every field of every form and every query."""

import html
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote, urlencode

import httpx
import pytest
import yaml
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from app.core.jobs import Worker
from app.core.text import nfc
from app.main import CRONS, JOBS
from tests.access.declarations import DECLARED, Declared
from tests.access.stage import Stage
from tests.access.world import ANONYMOUS
from tests.fuzz.answers import assert_proper
from tests.fuzz.conftest import EXAMPLES
from tests.fuzz.described import described
from tests.fuzz.test_odd_requests import somebody
from tests.identity.workbooks import good, rows_of, workbook

pytestmark = [
    pytest.mark.xdist_group("fuzz"),
    pytest.mark.filterwarnings("ignore:Duplicate Operation ID"),  # HEAD and GET of one function
]

WRITTEN = yaml.safe_load(Path(__file__).with_name("naughty.yaml").read_text(encoding="utf-8"))
NAUGHTY: tuple[str, ...] = (
    *(text for group in WRITTEN.values() for text in group),
    "ngày " * 2000,
    "x" * 10_000,
    "9" * 5000,
)
# What is between the braces of a template, had somebody worked it out.
WORKED_OUT = str(31337 * 3)

FORMS = [declared for declared in DECLARED if declared.form or declared.files or declared.json]
# Each field by itself: a form with two wrong fields may never look at the second.
FIELDS = [(declared, name) for declared in FORMS for name in sorted({**declared.form, **(declared.json or {})})]
QUERIES = sorted({declared.path for declared in DECLARED if not declared.is_unsafe})
# Where what was typed is shown afterwards, and who looks.
SHOWN: Mapping[str, tuple[str, ...]] = {
    "/studio/{slug}/lessons/new": ("/studio/khoa-thu", "/studio/khoa-thu/publish"),
    "/studio/{slug}/lessons/{key}/edit": (
        "/studio/khoa-thu",
        "/studio/khoa-thu/publish",
        "/studio/khoa-thu/lessons/THU.1.1/edit",
    ),
    "/coverage/{indicator}/figures": ("/coverage/BG-NGUOIDAN", "/coverage", "/coverage/table.csv"),
    "/people/imports": ("/people/imports",),
    "/exports": ("/exports",),
    "/attempts/{attempt_id}/answers": ("/attempts/{open_attempt}",),
}


def some(of: str) -> tuple[str, ...]:
    """A part of the list, another one for each field: everything is tried somewhere, and everywhere in `make proof`."""
    step = max(1, 40 // EXAMPLES)
    return NAUGHTY[sum(of.encode()) % step :: step]


@pytest.mark.parametrize(("declared", "field"), FIELDS, ids=str)
def test_a_field_takes_any_text_or_says_what_is_wrong(stage: Stage, declared: Declared, field: str) -> None:
    persona = somebody(declared) if ANONYMOUS not in declared.allowed else ANONYMOUS
    with stage.copied():
        for number, text in enumerate(some(f"{declared}{field}")):
            answer = type_in(stage, persona, declared, {field: text}, number)
            if answer.status_code == 303:
                shown = look(stage, persona, answer.headers["location"])
                if field in ("title", "role", "source_title", "source"):
                    assert nfc(text)[:30] in html.unescape(shown.text)
        look_around(stage, persona, declared)


@pytest.mark.parametrize("declared", [one for one in FORMS if one.files], ids=str)
def test_a_file_may_be_called_anything(stage: Stage, declared: Declared) -> None:
    persona = somebody(declared)
    (slot, (_name, held)), *_more = declared.files.items()
    with stage.copied():
        for number, text in enumerate(some(str(declared))):
            answer = type_in(stage, persona, replace(declared, files={slot: (_sent(text), held)}), {}, number)
            if answer.status_code == 303:
                look(stage, persona, answer.headers["location"])
        look_around(stage, persona, declared)


@pytest.mark.parametrize("path", QUERIES)
def test_a_query_may_say_anything(stage: Stage, path: str) -> None:
    declared = next(one for one in DECLARED if one.path == path and not one.is_unsafe)
    asked = [one["name"] for one in described(stage).raw_schema["paths"][path]["get"].get("parameters", ())
             if one["in"] == "query"]  # fmt: skip
    before = stage.everything()
    for name in asked:
        for text in some(path + name):
            written = quote(text.encode("utf-8", "surrogatepass"))
            url = stage.world.fill(declared.url)
            look(stage, somebody(declared), f"{url}{'&' if '?' in url else '?'}{name}={written}", declared)
            look(stage, somebody(declared), f"{url.partition('?')[0]}?{name}={written}", declared, as_json=True)
    assert stage.everything() == before


def test_what_a_workbook_says_stays_text(stage: Stage) -> None:
    """Every cell of an import with every text that a workbook can hold: checked, shown, sent back and applied."""
    writable = [text for text in NAUGHTY if not ILLEGAL_CHARACTERS_RE.search(text) and _sent(text) == text]
    rows = [
        good(number) | {column: text}
        for number, (column, text) in enumerate(
            (column, text) for column in good(0) for text in (some(column) if column != "Họ và tên" else NAUGHTY)
            if text in writable
        )
    ]  # fmt: skip
    persona = "province_admin"
    with stage.copied():
        token = stage.callers[persona].token
        sent = stage.ask(
            persona, "POST", "/people/imports", params={"csrf_token": token},
            files={"file": ("danh-sach.xlsx", workbook(rows))},
        )  # fmt: skip
        page = sent.headers["location"]
        work(stage)
        for query in ("", "?page=2", "?outcome=rejected", "?outcome=created"):
            look(stage, persona, page + query)
        applied = stage.ask(persona, "POST", f"{page}/apply", data={"csrf_token": token})
        assert applied.status_code == 303
        work(stage)
        look(stage, persona, page)
        for people in ("/people", "/people?page=2", "/people?q=naughty"):
            look(stage, persona, people)
        result = stage.ask(persona, "GET", f"{page}/result.xlsx")
        said = rows_of(result.content)
        assert len(said) == len(rows)


def test_what_was_typed_leaves_as_text_in_tables(stage: Stage) -> None:
    """A declared figure's source stands in the dashboard's table; no cell of it may run."""
    declared = next(one for one in FORMS if one.path == "/coverage/{indicator}/figures")
    with stage.copied():
        for number, text in enumerate(WRITTEN["formulas"]):
            type_in(stage, "province_admin", declared, {"source": text}, number)
        table = stage.ask("province_admin", "GET", "/coverage/table.csv").text
    for line in table.splitlines():
        assert not re.search(r'(^|,)"?[=+@\t\r]', line), line


# --- how it is done -----------------------------------------------------------------------------------------------


def type_in(stage: Stage, persona: str, declared: Declared, typed: Mapping[str, str], number: int) -> httpx.Response:
    """Send the declared form with these fields instead of its own, as the page of that form would."""
    call = declared.request(stage.world, stage.callers[persona].token)
    if "json" in call:
        body = json.dumps(call.pop("json") | typed).encode()
        call |= {"content": body, "headers": call["headers"] | {"content-type": "application/json"}}
    else:
        # One address of mail for one account.
        form = {name: value.replace("moi@", f"moi{number}@") for name, value in call.pop("data").items()} | typed
        if "base_version" in form and "base_version" not in typed:
            form["base_version"] = _newest_version(stage, persona, call["url"])
        if "files" in call:
            call["data"] = {name: value.encode("utf-8", "surrogatepass") for name, value in form.items()}
        else:
            call["content"] = urlencode(form, errors="surrogatepass").encode()
            call["headers"] |= {"content-type": "application/x-www-form-urlencoded"}
    answer = stage.ask(persona, declared.method, **call)
    assert_proper(answer)
    assert WORKED_OUT not in answer.text
    assert answer.status_code in (200, 204, 303, 403, 404, 409, 422), (typed, answer.status_code)
    return answer


def look(
    stage: Stage, persona: str, url: str, declared: Declared | None = None, *, as_json: bool = False
) -> httpx.Response:
    headers = {"accept": "application/json" if as_json else "text/html"}
    answer = stage.ask(persona, "GET", url, headers=headers)
    assert_proper(answer)
    assert WORKED_OUT not in answer.text
    return answer


def look_around(stage: Stage, persona: str, declared: Declared) -> None:
    """The pages that list what was typed."""
    for url in SHOWN.get(declared.path, ()):
        assert look(stage, persona, stage.world.fill(url)).status_code in (200, 303)


def work(stage: Stage) -> None:
    """Do what is waiting in the background."""
    Worker(stage.app.state.database, stage.app.state.storage, JOBS, CRONS).run_all()


def _newest_version(stage: Stage, persona: str, url: str) -> str:
    page = stage.ask(persona, "GET", url.partition("?")[0]).text
    found = re.search(r'name="base_version" value="(\d+)"', page)
    assert found is not None
    return found.group(1)


def _sent(text: str) -> str:
    """As far as a file's name and a workbook can hold it."""
    return text.encode("utf-8", "replace").decode()
