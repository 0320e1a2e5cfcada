"""What a process remembers of a database: only what was committed, no longer and no more than it may."""

import pytest
from sqlalchemy import select, text

from app.core import memory
from app.core.db import Database
from app.core.memory import Memory, asked_once, is_known, remembered


class Asked:
    """A look-up that counts how often it was made."""

    def __init__(self, answer: object = "câu trả lời") -> None:
        self.times = 0
        self._answer = answer

    def __call__(self) -> object:
        self.times += 1
        return self._answer


def test_a_second_reader_need_not_ask_again(database: Database) -> None:
    asked = Asked()
    for _ in range(2):
        with database.reading() as db:
            assert remembered(db, "key", asked) == "câu trả lời"
    assert asked.times == 1


def test_a_reader_sees_one_moment_and_so_asks_once_in_it(database: Database) -> None:
    asked = Asked(None)
    with database.reading() as db:
        for _ in range(2):
            assert asked_once(db, "key", asked) is None
        assert asked.times == 1
        db.rollback()
        asked_once(db, "key", asked)
        assert asked.times == 2, "another transaction is another moment"
    with database.writing() as db:
        for _ in range(2):
            asked_once(db, "key", asked)
    assert asked.times == 4


def test_what_a_writer_saw_is_not_kept_since_it_may_be_rolled_back(database: Database) -> None:
    asked = Asked()
    with database.writing() as db:
        remembered(db, "key", asked)
    with database.reading() as db:
        remembered(db, "key", asked)
    assert asked.times == 2


def test_what_nobody_can_roll_back_is_kept_whoever_saw_it(database: Database) -> None:
    asked = Asked()
    with database.writing() as db:
        remembered(db, "key", asked, is_settled=True)
        assert is_known(db, "key")
    with database.reading() as db:
        remembered(db, "key", asked)
    assert asked.times == 1


def test_a_writer_may_use_what_a_reader_saw(database: Database) -> None:
    asked = Asked()
    with database.reading() as db:
        remembered(db, "key", asked)
    with database.writing() as db:
        assert remembered(db, "key", asked) == "câu trả lời"
    assert asked.times == 1


def test_nothing_found_is_looked_for_again(database: Database) -> None:
    asked = Asked(answer=None)
    for _ in range(2):
        with database.reading() as db:
            assert remembered(db, "key", asked) is None
    assert asked.times == 2


def test_another_database_remembers_for_itself(database: Database) -> None:
    asked, other = Asked(), Database(database.url)
    for one in (database, other):
        with one.reading() as db:
            remembered(db, "key", asked)
    other.dispose()
    assert asked.times == 2


def test_what_holds_for_a_minute_is_asked_again_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(memory.time, "monotonic", lambda: now[0])
    kept = Memory(5)
    kept.keep("short", 1, for_s=memory.A_MINUTE)
    kept.keep("ever", 2)
    now[0] += 59
    assert (kept.get("short"), kept.get("ever")) == (1, 2)
    now[0] += 2
    assert (kept.get("short"), kept.get("ever")) == (None, 2)


def test_the_least_recently_used_is_forgotten_first() -> None:
    kept = Memory(2)
    kept.keep("a", 1)
    kept.keep("b", 2)
    kept.get("a")
    kept.keep("c", 3)
    assert [kept.get(key) for key in "abc"] == [1, None, 3]


def test_a_session_outside_of_any_request_remembers_like_any_other(database: Database) -> None:
    with database.reading() as db:
        assert db.scalar(select(text("1"))) == 1
        assert remembered(db, ("version", 1), lambda: (1, 2)) == (1, 2)
