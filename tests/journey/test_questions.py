"""A quiz with every kind of question: by keys alone on a phone, on a lost network, with words dragged."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from app.authoring.folder import load_course
from app.catalogue import questions
from app.catalogue.service import publish
from app.learning.models import Attempt
from tests import factories
from tests.authoring.folders import CAPTIONS, FILM, LESSON, QUIZ, SLIDES, good_folder, swap, write
from tests.catalogue.samples import SAMPLES
from tests.journey.conftest import LiveServer, Screen
from tests.journey.test_keyboard import Keyboard

PICTURE = "![Ba hình vuông nối nhau](01-vong-hop.svg)"


@pytest.fixture
def quiz(live: LiveServer, tmp_path: Path) -> str:
    """The address of a quiz with all kinds in the order of the document; a learner `hocvien` is enrolled."""
    folder = good_folder(tmp_path / "courses")
    swap(folder, LESSON, '![Một vòng họp](01-phim.mp4 "Không lời.")\n', "")
    for name in (FILM, CAPTIONS, SLIDES, "01-mo-dau/01-nguon.svg"):
        (folder / name).unlink()
    asked = [dict(question) for question in SAMPLES.values()]
    asked[0]["text"] += f"\n{PICTURE}"
    asked[3]["pairs"] = [{**asked[3]["pairs"][0], "right": f"Văn bản {PICTURE}"}, *asked[3]["pairs"][1:]]
    text = yaml.safe_dump({"pass_percent": 70, "shuffle": False, "questions": asked}, allow_unicode=True)
    write(folder.parent, f"{folder.name}/{QUIZ}", text)
    with live.runtime.database.writing() as db:
        version = publish(db, load_course(db, live.runtime.storage, folder, None), None)
        learner = factories.person(db, "Trần Văn Giả Định")
        factories.post(db, learner, factories.BAC_GIANG)
        factories.account(db, learner, "hocvien")
        return f"/learn/{folder.name}/{version.modules[0].lessons[0].key}/quiz"


@pytest.fixture
def screen(live: LiveServer, chromium: Browser, quiz: str, width: int) -> Iterator[Screen]:
    """The open paper."""
    screen = Screen(chromium, live.url, width, "cau-hoi")
    screen.sign_in("hocvien", factories.PASSWORD)
    screen.page.wait_for_url(lambda url: "/sign-in" not in url)
    screen.page.goto(quiz.removesuffix("/quiz"))
    screen.page.goto(f"/courses/{quiz.split('/')[2]}")
    screen.page.get_by_role("button", name="Bắt đầu học").click()
    screen.page.goto(quiz)
    screen.page.get_by_role("button", name="Bắt đầu làm bài").click()
    expect(screen.page.locator("[data-paper]")).to_be_visible()
    yield screen
    screen.close()


def attempt_of(live: LiveServer) -> Attempt:
    with live.runtime.database.reading() as db:
        attempt = db.scalars(select(Attempt)).one()
        db.expunge_all()
    return attempt


def answered(page: Page, count: int) -> None:
    expect(page.locator("#saved")).to_contain_text(f"Đã trả lời {count} trên 10 câu")


@pytest.mark.parametrize("width", [360])
def test_every_kind_can_be_answered_with_keys_alone(width: int, live: LiveServer, screen: Screen) -> None:
    page, keys = screen.page, Keyboard(screen.page)
    screen.picture("de")
    for count, question in enumerate(attempt_of(live).paper["questions"], start=1):
        for part, values in questions.solution(question).items():
            answer(keys, questions.field_name(question["id"], part), values)
        answered(page, count)
    screen.picture("da-tra-loi")
    keys.follow("Nộp bài")
    expect(page.get_by_role("heading", level=1, name="Đang chờ chấm")).to_be_visible()
    screen.picture("cho-cham")
    attempt = attempt_of(live)
    assert attempt.result is not None
    assert (attempt.passed, attempt.result["score"], attempt.result["max"]) == (None, 10.0, 15)
    assert [key for key, one in attempt.result["questions"].items() if one["right"] is not True] == ["vd-essay"]


def answer(keys: Keyboard, field: str, values: list[str]) -> None:
    """Tab on to the field, see that it is marked, and give it its value as hands on keys do."""
    page = keys.page
    for value in values:
        for _stop in range(60):
            keys.press("Tab")
            if page.evaluate("() => document.activeElement.name") == field:
                break
        focused = page.locator(":focus")
        kind = focused.evaluate("one => one.type")
        if kind == "radio":
            while not page.locator(f'[name="{field}"][value="{value}"]').is_checked():
                keys.press("ArrowDown")
        elif kind == "checkbox":
            while focused.evaluate("one => one.value") != value:
                keys.press("Tab")
            keys.press("Space")
        elif kind == "select-one":
            for _turn in range(20):
                if focused.input_value() == value:
                    break
                keys.press("ArrowDown")
        else:
            page.keyboard.type(value)


@pytest.mark.parametrize("width", [360])
def test_what_is_typed_is_saved_when_typing_pauses_and_survives_a_lost_network(
    width: int, live: LiveServer, screen: Screen
) -> None:
    page = screen.page
    line = page.locator('[name="vd-short-text"]')
    line.press_sequentially("VNeI")
    answered(page, 1)
    page.context.set_offline(True)
    line.press_sequentially("D")
    page.locator('[name="vd-essay"]').fill("Dòng một\nDòng hai")
    expect(page.locator("#saved")).to_contain_text("Chưa lưu được")
    kept = json.loads(
        page.evaluate("() => Object.entries(localStorage).find(([name]) => name.startsWith('hs-answers'))[1]")
    )
    assert {question: pairs for question, pairs, _given_at in kept}["vd-essay"] == [["vd-essay", "Dòng một\nDòng hai"]]
    page.context.set_offline(False)
    answered(page, 2)
    # That there was no network is the browser's own complaint.
    assert all("ERR_INTERNET_DISCONNECTED" in one or "Failed to fetch" in one for one in screen.errors)
    page.wait_for_function("() => !Object.keys(localStorage).some((name) => name.startsWith('hs-answers'))")
    assert attempt_of(live).answers == {"vd-short-text": "VNeID", "vd-essay": "Dòng một\nDòng hai"}
    # A window closed before the pause was over.
    line.fill("")
    line.press_sequentially("VN eID")
    page.goto("about:blank")
    page.go_back()
    expect(page.locator('[name="vd-short-text"]')).to_have_value("VN eID")
    page.wait_for_function("() => !Object.keys(localStorage).some((name) => name.startsWith('hs-answers'))")
    assert attempt_of(live).answers["vd-short-text"] == "VN eID"
    screen.errors.clear()


@pytest.mark.parametrize("width", [1280])
def test_words_are_dragged_and_tapped_and_a_place_taken_twice_is_said(
    width: int, live: LiveServer, screen: Screen
) -> None:
    page = screen.page
    page.get_by_role("button", name="đăng ký").drag_to(page.locator('[name="vd-drag-words:1"]'))
    page.get_by_role("button", name="lưu hồ sơ").drag_to(page.locator('[name="vd-drag-words:3"]'))
    page.get_by_role("button", name="chuyển").click()
    answered(page, 1)
    places = [page.locator(f'[name="vd-ordering:i{number}"]') for number in (1, 2)]
    twice = page.locator("[data-twice]")
    places[0].select_option("2")
    places[1].select_option("2")
    expect(twice).to_have_text("Hai mục đang cùng số 2.")
    places[0].select_option("3")
    expect(twice).to_be_hidden()
    answered(page, 2)
    screen.picture("keo-tu")
    page.get_by_role("button", name="Nộp bài").click()
    expect(page.get_by_role("heading", level=1, name="Chưa đạt")).to_be_visible()
    screen.picture("ket-qua")
    answers = attempt_of(live).answers
    assert answers["vd-drag-words"] == {"1": "w2", "2": "w1", "3": "w4"}
    assert answers["vd-ordering"] == {"i1": "3", "i2": "2"}
