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

from app.core.jobs import Worker
from app.core.text import nfc
from app.main import JOBS
from app.timetable import CRONS
from tests.access.declarations import DECLARED, Declared
from tests.access.stage import Stage
from tests.access.world import ANONYMOUS
from tests.fuzz.answers import assert_proper
from tests.fuzz.conftest import some, somebody
from tests.identity.workbooks import good, rows_of, workbook

pytestmark = [
    pytest.mark.xdist_group("fuzz"),
    pytest.mark.by_turns,
    pytest.mark.filterwarnings("ignore:Duplicate Operation ID"),  # HEAD and GET of one function
]

WRITTEN = yaml.safe_load(Path(__file__).with_name("naughty.yaml").read_text(encoding="utf-8"))
NAUGHTY: tuple[str, ...] = (
    *(text for group in WRITTEN.values() for text in group),
    "ngày " * 2000,
    "x" * 10_000,
    "9" * 5000,
)
# XML has no way to write these.
IN_NO_WORKBOOK = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
# What is between the braces of a template, had somebody worked it out.
WORKED_OUT = str(31337 * 3)

FORMS = [declared for declared in DECLARED if declared.form or declared.files or declared.json]
QUERIES = sorted({declared.path for declared in DECLARED if not declared.is_unsafe})
# Fields of the lesson form (authoring/lesson_upload.py) that its declaration leaves out.
LESSON_FIELDS = ("picture_caption", "video_title", "kept_picture", "kept_video", "kept_captions", "drop_picture")
# Where what was typed is shown afterwards.
_STUDIO = ("/studio/khoa-thu", "/studio/khoa-thu/publish")
SHOWN: Mapping[str, tuple[str, ...]] = {
    "/studio/{slug}/lessons/new": _STUDIO,
    "/studio/{slug}/lessons/{key}/edit": (*_STUDIO, "/studio/khoa-thu/lessons/THU.1.1/edit"),
    "/coverage/{indicator}/figures": ("/coverage/BG-NGUOIDAN", "/coverage", "/coverage/table.csv"),
    "/people/imports": ("/people/imports",),
    "/exports": ("/exports",),
    "/attempts/{attempt_id}/answers": ("/attempts/{open_attempt}",),
}
SHOWN_IN_FULL = ("title", "role", "source_title", "source")
# What is right leaves the page: it lists rows that somebody has to look at.
GONE_WHEN_RIGHT = frozenset({"/people/imports/{import_id}/rows/{row_id}"})


@pytest.mark.parametrize("declared", FORMS, ids=str)
def test_a_field_takes_any_text_or_says_what_is_wrong(stage: Stage, declared: Declared) -> None:
    """Each field by itself: a form with two wrong fields may never look at the second."""
    persona = ANONYMOUS if ANONYMOUS in declared.allowed else somebody(declared)
    for field in fields_of(stage, declared):
        with stage.copied():
            for number, text in enumerate(some(NAUGHTY, f"{declared} {field}")):
                answer = type_in(stage, persona, declared, {field: text}, str(number))
                if answer.status_code == 303:
                    page = look(stage, persona, answer.headers["location"])
                    is_shown = field in SHOWN_IN_FULL and declared.path not in GONE_WHEN_RIGHT
                    if is_shown and nfc(_sent(text)) == nfc(text):
                        assert nfc(text)[:30] in nfc(html.unescape(page.text)), (field, text)
            look_around(stage, persona, declared)


@pytest.mark.parametrize("declared", [one for one in FORMS if one.files], ids=str)
def test_a_file_may_be_called_anything(stage: Stage, declared: Declared) -> None:
    persona = somebody(declared)
    ((slot, (_name, held)),) = declared.files.items()
    with stage.copied():
        for number, text in enumerate(some(NAUGHTY, declared)):
            named = replace(declared, files={slot: (_sent(text), held)})
            answer = type_in(stage, persona, named, {}, str(number))
            if answer.status_code == 303:
                look(stage, persona, answer.headers["location"])
        look_around(stage, persona, declared)


@pytest.mark.parametrize("path", QUERIES)
def test_a_query_may_say_anything(stage: Stage, path: str) -> None:
    declared = next(one for one in DECLARED if one.path == path and not one.is_unsafe)
    # What reads its own requests is not described.
    described = stage.app.openapi()["paths"].get(path, {}).get("get", {}).get("parameters", ())
    url = stage.world.fill(declared.url)
    before = stage.everything()
    for name in (one["name"] for one in described if one["in"] == "query"):
        for text in some(NAUGHTY, f"{path} {name}"):
            said = f"{name}={quote(text.encode('utf-8', 'surrogatepass'))}"
            look(stage, somebody(declared), f"{url}{'&' if '?' in url else '?'}{said}")
            look(stage, somebody(declared), f"{url.partition('?')[0]}?{said}", accept="application/json")
    assert stage.everything() == before


def test_what_a_workbook_says_stays_text(stage: Stage) -> None:
    """Every cell of an import with every text that a workbook can hold: checked, shown, sent back and applied."""
    writable = [text for text in NAUGHTY if not IN_NO_WORKBOOK.search(text)]
    cells = [("Họ và tên", text) for text in writable]
    cells += [(column, text) for column in good(0) for text in some(writable, column)]
    rows = [good(number) | {column: text} for number, (column, text) in enumerate(cells)]
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
            type_in(stage, "province_admin", declared, {"source": text}, str(number))
        table = stage.ask("province_admin", "GET", "/coverage/table.csv").text
    for line in table.splitlines():
        assert not re.search(r'(^|,)"?[=+@\t\r]', line), line


# --- how it is done -----------------------------------------------------------------------------------------------


def fields_of(stage: Stage, declared: Declared) -> list[str]:
    """Everything the form may carry, by its description and by its declaration."""
    known = stage.app.openapi()
    body = known["paths"].get(declared.path, {}).get("post", {}).get("requestBody", {"content": {}})
    names = {content["schema"]["$ref"].rpartition("/")[2] for content in body["content"].values()}
    described = {field for name in names for field in known["components"]["schemas"][name]["properties"]}
    more = LESSON_FIELDS if "picture" in declared.files else ()
    return sorted({*described, *declared.form, *(declared.json or {}), *more} - set(declared.files))


def type_in(stage: Stage, persona: str, declared: Declared, typed: Mapping[str, str], attempt: str) -> httpx.Response:
    """Send the declared form with these fields instead of its own, as the page of that form would."""
    call = declared.request(stage.world, stage.callers[persona].token)
    if "json" in call:
        call["content"] = json.dumps(call.pop("json") | dict(typed)).encode()
        call["headers"] |= {"content-type": "application/json"}
    else:
        # One mail address for one account.
        form = {name: value.replace("moi@", f"moi{attempt}@") for name, value in call.pop("data").items()}
        form |= typed
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
    assert answer.status_code in (200, 204, 303, 400, 403, 404, 409, 422), (typed, answer.status_code)
    return answer


def look(stage: Stage, persona: str, url: str, *, accept: str = "text/html") -> httpx.Response:
    answer = stage.ask(persona, "GET", url, headers={"accept": accept})
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
    """As far as UTF-8 can hold it."""
    return text.encode("utf-8", "replace").decode()
