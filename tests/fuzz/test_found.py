"""What the other tests here have found, each by its name."""

from dataclasses import replace
from urllib.parse import quote

import pytest

from tests.access.declarations import DECLARED, Declared
from tests.access.stage import Stage
from tests.fuzz.answers import assert_proper
from tests.fuzz.test_odd_requests import MULTIPART, Plain, part, send

pytestmark = pytest.mark.xdist_group("fuzz")


@pytest.mark.parametrize(
    ("persona", "url"),
    [
        ("learner", "/attempts/{}"), ("province_admin", "/people/imports/{}"), ("manager", "/exports/{}"),
        ("province_admin", "/people/imports/{}/result.xlsx"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("number", [0, -1, 2**63, 10**40])
def test_an_id_no_database_could_hold_names_nothing(stage: Stage, persona: str, url: str, number: int) -> None:
    answer = stage.ask(persona, "GET", url.format(number))
    assert_proper(answer)
    assert answer.status_code == 404


@pytest.mark.parametrize("url", ["/courses/khoa%00thu", "/verify/a%00", "/coverage/%00", "/media/a%00/b", "/units/%00"])
def test_an_address_with_a_nul_names_nothing_on_any_database(stage: Stage, url: str) -> None:
    answer = stage.ask("learner", "GET", url)
    assert_proper(answer)
    assert answer.status_code == 404


def test_a_nul_in_a_lesson_is_left_out(stage: Stage) -> None:
    declared = declaration("/studio/{slug}/lessons/new")
    form = {**declared.form, "title": "Ký\0 số", "body": declared.form["body"] + "\0"}
    with stage.copied():
        saved = stage.send("author", replace(declared, form=form))
        assert saved.status_code == 303
        assert "Ký số" in stage.ask("author", "GET", saved.headers["location"]).text


@pytest.mark.parametrize("field", ["title", "role"])
def test_a_lesson_says_where_it_is_longer_than_its_place(stage: Stage, field: str) -> None:
    """SQLite took any length; PostgreSQL did not, and the author saw an error of the system."""
    declared = declaration("/studio/{slug}/lessons/new")
    with stage.copied():
        refused = stage.send("author", replace(declared, form={**declared.form, field: "x" * 201}))
        assert refused.status_code == 422
        assert "dài quá 200 chữ" in refused.text
        taken = stage.send("author", replace(declared, form={**declared.form, field: "x" * 200}))
        assert taken.status_code == 303


def test_a_nul_in_the_name_of_a_page_is_refused_by_the_hot_route(stage: Stage) -> None:
    declared = declaration("/progress")
    with stage.copied():
        answer = stage.send("learner", replace(declared, json={**(declared.json or {}), "client": "trang\0"}))
    assert answer.status_code == 422


@pytest.mark.parametrize("charset", ["unicode_escape", "raw_unicode_escape", "utf-7", "idna", "utf-16", "no-such"])
def test_a_form_in_parts_cannot_choose_how_its_letters_are_read(stage: Stage, charset: str) -> None:
    """`unicode_escape` made half characters, which no page can show; `idna` failed in the middle of reading."""
    plain = Plain.of(stage, "province_admin", declaration("/coverage/{indicator}/figures"))
    with stage.copied():
        for said in (f"{MULTIPART}; charset={charset}", f"multipart/form-data; CharSet={charset}; boundary=b"):
            body = part('Content-Disposition: form-data; name="source"', b"\\ud800 +2AA- \xff")
            answer = send(stage, "province_admin", replace(plain.having(content_type=said), content=body))
            assert answer.status_code == 422
            assert "\\ud800 +2AA- \xff" in answer.text


@pytest.mark.parametrize("page", ["/coverage", "/coverage/table.csv", "/coverage/BG-CBCC", "/programmes", "/units"])
@pytest.mark.parametrize("day", ["9999-12-31", "31/12/9999", "0001-01-01"])
def test_the_first_and_the_last_day_there_is_are_no_days_to_ask_for(stage: Stage, page: str, day: str) -> None:
    answer = stage.ask("province_admin", "GET", f"{page}?{'last' if page == '/programmes' else 'on'}={quote(day)}")
    assert_proper(answer)
    assert answer.status_code == 422


def declaration(path: str) -> Declared:
    return next(one for one in DECLARED if one.path == path and one.method == "POST")
