"""POST /progress: what is acknowledged is kept, a repeat changes nothing, the server's clock bounds what is earned."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.core import clock
from app.core.db import Database
from app.core.door import Door
from app.core.jobs import Worker, enqueue
from app.identity.models import SignInSession
from app.learning import stamps
from app.learning.models import BlockProgress, Enrolment, LessonFinish, ProgressClient
from app.learning.saving import ProgressSaver, Save, Saved
from tests.learning.conftest import Learner

pytestmark = pytest.mark.on_both

OPENED = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


def at(seconds: float) -> Any:
    """The clock so many seconds after the lesson was opened."""
    return clock.frozen(OPENED + timedelta(seconds=seconds))


@pytest.fixture
def stamp(learner: Learner) -> str:
    """Of the lesson with a video of 100 seconds, opened at OPENED."""
    with at(0):
        return learner.open_lesson("L2")


def rows(database: Database) -> list[BlockProgress]:
    with database.reading() as db:
        found = list(db.scalars(select(BlockProgress).order_by(BlockProgress.id)))
        db.expunge_all()
    return found


def test_what_was_watched_is_credited_and_answered_with_figures(
    learner: Learner, stamp: str, database: Database
) -> None:
    with at(20):
        response = learner.save(stamp, (0, 15.5), position=15.5)
    assert response.status_code == 200
    assert response.json() == {
        "earned": 15.5, "whole": 100.0, "needed": 80.0, "credited": 15.5, "reason": None, "position": 15.5,
        "lesson_finished": False,
    }  # fmt: skip
    (row,) = rows(database)
    assert (row.spans, row.earned, row.spent_s, row.position) == ([[0, 15.5]], 15.5, 15.5, 15.5)
    assert (row.started_at, row.updated_at) == (OPENED, OPENED + timedelta(seconds=20))


def test_opening_a_lesson_writes_nothing(learner: Learner, stamp: str, database: Database) -> None:
    assert rows(database) == []


def test_double_speed_earns_every_second(learner: Learner, stamp: str) -> None:
    for part in range(5):
        with at(10 * (part + 1)):
            answer = learner.save(stamp, (20 * part, 20 * part + 20), seq=part).json()
        assert answer["reason"] is None
    assert answer["earned"] == 100


def test_an_implausible_claim_earns_nothing_and_says_why(learner: Learner, stamp: str, database: Database) -> None:
    with at(5):
        learner.save(stamp, (0, 5), position=5)
    with at(40):
        answer = learner.save(stamp, (5, 98), seq=2, position=98).json()
    assert (answer["earned"], answer["credited"], answer["position"]) == (5, 0, 5)
    assert "máy chủ mới ghi nhận 40 giây kể từ khi mở bài" in answer["reason"]
    with at(41):
        answer = learner.save(stamp, (5, 30), seq=3, position=30).json()
    assert (answer["earned"], answer["reason"]) == (30, None)
    assert rows(database)[0].spent_s == 30


def test_a_smaller_later_claim_takes_nothing_away(learner: Learner, stamp: str) -> None:
    with at(60):
        learner.save(stamp, (0, 60))
        assert learner.save(stamp, (3, 4), seq=2).json()["earned"] == 60
        assert learner.save(stamp, seq=3).json()["earned"] == 60


def test_a_repeat_changes_nothing_and_answers_the_same(learner: Learner, stamp: str, database: Database) -> None:
    with at(30):
        first = learner.save(stamp, (0, 20), position=20)
        before = [(row.spans, row.spent_s, row.updated_at) for row in rows(database)]
    with at(300):
        repeat = learner.save(stamp, (0, 20), position=20)
        other_words = learner.save(stamp, (50, 90), position=90)
    assert first.json() == repeat.json() == other_words.json()
    assert [(row.spans, row.spent_s, row.updated_at) for row in rows(database)] == before


def test_the_repeat_of_a_refused_claim_is_refused_with_the_same_words(learner: Learner, stamp: str) -> None:
    with at(10):
        first = learner.save(stamp, (0, 90))
    with at(100):
        assert learner.save(stamp, (0, 90)).json() == first.json()
        assert first.json()["reason"]


def test_a_save_that_was_overtaken_still_counts(learner: Learner, stamp: str) -> None:
    with at(60):
        learner.save(stamp, (0, 15), seq=1)
        learner.save(stamp, (30, 40), seq=3)
        assert learner.save(stamp, (15, 30), seq=2).json()["earned"] == 40
        assert learner.save(stamp, (40, 50), seq=2).json()["earned"] == 40


def test_two_pages_number_their_saves_independently(learner: Learner, stamp: str) -> None:
    with at(60):
        learner.save(stamp, (0, 15), client="trang-1")
        assert learner.save(stamp, (15, 25), client="trang-2").json()["earned"] == 25


def test_what_waited_in_an_older_page_counts_from_when_that_page_was_opened(learner: Learner, stamp: str) -> None:
    with at(590):
        newer = learner.open_lesson("L2")
    with at(600):
        assert learner.save(newer, (0, 10), client="trang-2").json()["earned"] == 10
        assert learner.save(stamp, (10, 90)).json()["earned"] == 90


@pytest.mark.parametrize("spans", [[(-1, 5)], [(9, 3)], [(0, 200)], [(0, 1)] * 500])
def test_impossible_spans_earn_nothing_and_say_so(
    learner: Learner, stamp: str, spans: list[tuple[float, float]]
) -> None:
    with at(600):
        response = learner.save(stamp, *spans)
    assert response.status_code == 200
    assert (response.json()["earned"], response.json()["reason"] is None) == (0, False)


@pytest.mark.parametrize(
    "body",
    [
        "", "[]", "{", '{"stamp": 5}', '{"stamp": "x", "block": "v1", "client": "c", "seq": 1, "spans": [[0, NaN]]}',
        '{"stamp": "x", "block": "v1", "client": "c", "seq": 1, "spans": [["0", "1"]]}',
        '{"stamp": "x", "block": "v1", "client": "c", "seq": -1, "spans": []}',
        '{"stamp": "17:L2:1:abc", "block": "v1", "client": "c", "seq": 1, "spans": []}',
    ],
)  # fmt: skip
def test_a_body_that_cannot_be_read_is_refused_with_problem_json(learner: Learner, body: str) -> None:
    headers = {"x-csrf-token": learner.browser.token, "accept": "application/json"}
    response = learner.browser.client.post("/progress", content=body, headers=headers)
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["detail"]


def test_without_a_session_the_answer_is_401_problem_json(learner: Learner, stamp: str, database: Database) -> None:
    token = learner.browser.client.cookies.pop("hs_session")
    response = learner.save(stamp, (0, 5))
    assert (response.status_code, response.headers["content-type"]) == (401, "application/problem+json")
    learner.browser.client.cookies["hs_session"] = token
    assert rows(database) == []


@pytest.mark.parametrize("asking", ["application/json", "text/html"])
@pytest.mark.parametrize("what", ["fine", "unread", "unsigned", "tokenless"])
def test_the_door_answers_as_the_house_behind_it(
    learner: Learner, stamp: str, monkeypatch: pytest.MonkeyPatch, what: str, asking: str
) -> None:  # fmt: skip
    """Status, headers and body; a page for people differs in its tokens alone."""
    body = {"stamp": stamp, "block": "v1", "client": "c", "seq": 1, "spans": [[0, 5]], "position": 5.0}
    headers = {"accept": asking, "x-csrf-token": "" if what == "tokenless" else learner.browser.token}
    learner.browser.client.cookies["lang"] = "en"
    if what == "unsigned":
        del learner.browser.client.cookies["hs_session"]
    answers = []
    for _way in ("door", "house"):
        with at(20):
            answers.append(
                learner.browser.client.post("/progress", json=[] if what == "unread" else body, headers=headers)
            )
        monkeypatch.setattr(Door, "_find", lambda _door, _scope: None)
    by_door, by_house = answers
    assert by_door.status_code == by_house.status_code
    of_size = ("content-length", "content-encoding", "vary")
    told = [{name: value for name, value in one.headers.items() if name not in of_size} for one in answers]
    assert told[0] == told[1]
    if "text/html" not in told[0]["content-type"]:
        assert by_door.text == by_house.text


def test_an_ended_session_is_401_and_the_same_save_counts_after_signing_in_again(
    learner: Learner, stamp: str, db: Session
) -> None:
    db.execute(update(SignInSession).values(ended_at=clock.now()))
    db.commit()
    with at(30):
        assert learner.save(stamp, (0, 20)).status_code == 401
    learner.browser.sign_in(learner.username)
    with at(60):
        assert learner.save(stamp, (0, 20)).json()["earned"] == 20


def test_a_foreign_form_token_is_refused(learner: Learner, stamp: str) -> None:
    learner.browser.token = "x.y"
    assert learner.save(stamp, (0, 5)).status_code == 403


def test_somebody_elses_enrolment_is_not_found(
    learner: Learner, stamp: str, new_learner: Callable[..., Learner], database: Database
) -> None:
    other = new_learner()
    with at(30):
        response = other.save(stamp, (0, 20))
    assert (response.status_code, response.headers["content-type"]) == (404, "application/problem+json")
    assert rows(database) == []


@pytest.mark.parametrize("block", ["v2", "khong-co"])
def test_a_video_the_lesson_does_not_have_is_not_found(learner: Learner, stamp: str, block: str) -> None:
    with at(30):
        assert learner.save(stamp, (0, 20), block=block).status_code == 404


def test_finishing_the_video_finishes_the_lesson_and_a_repeat_says_so_too(
    learner: Learner, stamp: str, database: Database
) -> None:
    with at(50):
        assert learner.save(stamp, (0, 79.9)).json()["lesson_finished"] is False
        first = learner.save(stamp, (79, 81), seq=2).json()
        assert first["lesson_finished"] is True
        assert learner.save(stamp, (79, 81), seq=2).json() == first
        assert learner.save(stamp, (81, 90), seq=3).json()["lesson_finished"] is True
    with database.reading() as db:
        finish = db.scalars(select(LessonFinish)).one()
        assert (finish.lesson_key, finish.finished_at) == ("L2", OPENED + timedelta(seconds=50))
        assert db.get_one(Enrolment, learner.enrolment_id).last_lesson_key == "L2"


def test_a_repeat_finishes_the_lesson_whose_judgement_was_lost(
    learner: Learner, stamp: str, database: Database
) -> None:
    """The server died after the batch was kept and before the lesson was judged."""
    token = learner.browser.client.cookies["hs_session"]
    save = Save(token, stamps.read(stamp), "v1", "trang-1", 1, [(0.0, 90.0)], 90.0)
    with at(90), database.writing() as db:
        ProgressSaver().save(db, [save])
    with at(95):
        assert learner.save(stamp, (0, 90)).json()["lesson_finished"] is True


def test_one_batch_gives_what_single_saves_would(
    learner: Learner, stamp: str, new_learner: Callable[..., Learner], database: Database
) -> None:
    other = new_learner()
    mine, theirs = (one.browser.client.cookies["hs_session"] for one in (learner, other))
    with at(0):
        other_stamp = other.open_lesson("L2")

    def save(token: str, stamp: str, client: str, seq: int, start: float, end: float) -> Save:
        return Save(token, stamps.read(stamp), "v1", client, seq, [(start, end)], end)

    batch = [
        save(mine, stamp, "a", 1, 0, 20),
        save(theirs, other_stamp, "a", 1, 50, 60),
        save(mine, stamp, "b", 1, 10, 30),
        save(mine, stamp, "a", 1, 0, 20),
        save(theirs, stamp, "a", 2, 0, 30),
        save(mine, stamp, "a", 2, 30, 85),
        save("chưa đăng nhập", stamp, "a", 3, 0, 30),
    ]
    with at(60), database.writing() as db:
        answers = ProgressSaver().save(db, batch)
    figures = [
        (one.earned, one.credited, one.should_judge) if isinstance(one, Saved) else one.status for one in answers
    ]
    assert figures == [(20, 20, False), (10, 10, False), (30, 10, False), (30, 20, False), 404, (85, 55, True), 401]
    assert [(row.spans, row.spent_s) for row in rows(database)] == [([[0, 85]], 95), ([[50, 60]], 10)]


def test_many_pages_at_once_lose_nothing(learner: Learner, stamp: str, database: Database) -> None:
    def page(number: int) -> list[int]:
        saves = (
            learner.save(stamp, (second, second + 1), client=f"trang-{number}", seq=second)
            for second in range(number, 100, 8)
        )
        return [save.status_code for save in saves]

    with at(600), ThreadPoolExecutor(8) as pool:
        statuses = [status for page_statuses in pool.map(page, range(8)) for status in page_statuses]
    assert statuses == [200] * 100
    (row,) = rows(database)
    assert (row.spans, row.spent_s) == ([[0, 100]], 100)


def test_a_page_that_counts_with_gaps_is_remembered_for_its_newest_saves(
    learner: Learner, stamp: str, database: Database
) -> None:
    with at(600):
        for number in range(80):
            assert learner.save(stamp, (number, number + 1), seq=1000 * number).json()["earned"] == number + 1
        assert learner.save(stamp, (0, 100), seq=79_000).json()["earned"] == 80
        assert learner.save(stamp, (0, 1), seq=0).json()["earned"] == 80
    with database.reading() as db:
        assert len(db.scalars(select(ProgressClient.taken)).one()) == 64


def test_pages_silent_for_a_month_are_forgotten(
    learner: Learner, stamp: str, database: Database, worker: Worker
) -> None:
    with at(60):
        learner.save(stamp, (0, 50), client="cũ")
    month_later = timedelta(days=31).total_seconds()
    with at(month_later):
        learner.browser.sign_in(learner.username)
        learner.save(stamp, (50, 60), client="mới")
        with database.writing() as db:
            enqueue(db, "learning.forget_progress_clients")
        worker.run_all()
    with database.reading() as db:
        assert list(db.scalars(select(ProgressClient.client_id))) == ["mới"]
    assert rows(database)[0].earned == 60
