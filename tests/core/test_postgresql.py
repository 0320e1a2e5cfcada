"""PostgreSQL: which addresses are taken, and what an operator is told when it cannot be used."""

import socket
import threading
from collections.abc import Callable, Iterator

import psycopg
import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError, OperationalError

from app.__main__ import main
from app.core import clock, postgresql
from app.core.db import Database, check_url, met_another
from app.core.errors import CommandFailed
from app.core.jobs import Job
from app.core.many_rows import AddRows
from app.core.settings import get_settings


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_usual_address_is_taken(scheme: str) -> None:
    assert check_url(f"{scheme}://hocso:mk@may/hocso").drivername == "postgresql+psycopg"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ('FATAL:  password authentication failed for user "hocso"', "Tên hoặc mật khẩu"),
        ("fe_sendauth: no password supplied", "Không tới được"),
        ('FATAL:  database "hocso" does not exist', "chưa được tạo"),
        ('FATAL:  role "hocso" does not exist', "Tài khoản trong DATABASE_URL không có"),
        ('FATAL:  no pg_hba.conf entry for host "10.0.0.1", user "hocso", database "hocso"', "không cho máy này"),
        ("FATAL:  sorry, too many clients already", "hết chỗ"),
        ("FATAL:  the database system is starting up", "đang khởi động"),
        ("FATAL:  điều chưa ai biết", "từ chối kết nối"),
        ("Connection refused", "Không tới được"),
    ],
)
def test_a_refused_connection_is_told_in_words(said: str, told: str) -> None:
    error = OperationalError(None, None, psycopg.OperationalError(f"connection failed: connection to server: {said}"))
    reason = postgresql.why_refused(error)
    assert reason
    assert told in reason
    assert said.removeprefix("FATAL:").strip() in reason, "the detail helps whoever is called"


def test_an_error_of_a_statement_is_no_refused_connection() -> None:
    assert postgresql.why_refused(OperationalError("SELECT", None, psycopg.OperationalError("out of memory"))) is None


@pytest.fixture
def complaint(
    database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., str]]:
    """What `migrate` says about the test's server with parts of its address replaced."""

    def say(**changed: object) -> str:
        url = make_url(database.url)
        if "host" in changed:
            url = url.set(query={})
        monkeypatch.setenv("DATABASE_URL", url.set(**changed).render_as_string(hide_password=False))  # type: ignore[arg-type]
        get_settings.cache_clear()
        assert main(["migrate"]) == 2
        return capsys.readouterr().err

    yield say
    get_settings.cache_clear()


@pytest.mark.databases("postgresql")
def test_what_the_server_refuses_is_told_in_words(complaint: Callable[..., str]) -> None:
    assert "chưa được tạo" in complaint(database="khong_co")
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        assert "Không tới được máy chủ" in complaint(host="127.0.0.1", port=unused.getsockname()[1])


@pytest.mark.databases("postgresql")
def test_a_server_that_is_too_old_is_refused(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql, "OLDEST", 99)
    fresh = Database(database.url)
    with pytest.raises(CommandFailed, match="quá cũ"), fresh.reading() as db:
        db.connection()
    fresh.dispose()


@pytest.mark.databases("postgresql")
def test_a_connection_that_was_closed_while_nobody_used_it_is_replaced(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server was restarted at night, or a load balancer tidied up."""
    monkeypatch.setattr(postgresql, "_RESTED_S", 0.0)
    with database.reading() as db:
        pid = db.scalar(text("SELECT pg_backend_pid()"))
    other = Database(database.url)
    with other.writing() as db:
        db.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
    other.dispose()
    with database.reading() as db:
        assert db.scalar(text("SELECT pg_backend_pid()")) != pid


@pytest.mark.databases("postgresql")
def test_of_two_starts_one_waits_for_the_other(database: Database) -> None:
    order: list[str] = []

    def start_too() -> None:
        with database.alone("start"):
            order.append("second")

    second = threading.Thread(target=start_too)
    with database.alone("start"):
        second.start()
        with database.reading() as db:
            waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            while not db.scalar(waiting):
                db.rollback()
        order.append("first")
    second.join()
    assert order == ["first", "second"]


@pytest.mark.databases("postgresql")
def test_statements_need_not_be_prepared(database: Database) -> None:
    plain = Database(make_url(database.url).update_query_dict({"prepare_threshold": "none"}).render_as_string(False))
    with plain.reading() as db:
        driver = db.connection().connection.dbapi_connection
        assert isinstance(driver, psycopg.Connection)
        assert driver.prepare_threshold is None
    plain.dispose()


@pytest.mark.databases("postgresql")
def test_two_that_write_the_same_at_once_may_try_again(database: Database) -> None:
    with database.open(write=True) as first:
        first.add(Job(kind="x", args={}, unique_key="x", run_at=clock.now(), created_at=clock.now()))
        first.commit()
        first.add(Job(kind="x", args={}, unique_key="x", run_at=clock.now(), created_at=clock.now()))
        with pytest.raises(DBAPIError) as failed:
            first.flush()
    assert met_another(failed.value)


def test_what_is_too_long_for_a_column_is_refused_not_cut(database: Database) -> None:
    """SQLite keeps it whole, PostgreSQL refuses it; neither cuts it in silence."""
    at = clock.now()
    rows = [{"kind": kind, "args": {"a": [1, None]}, "state": "queued", "run_at": at, "created_at": at, "attempts": 0,
             "max_attempts": 1, "progress_ratio": 0.0, "progress_text": "", "cancel_requested": False, "again": False}
            for kind in ("fits", "x" * 61)]  # fmt: skip
    add = AddRows(Job.__table__, list(rows[0]), returning=("kind", "args"))  # type: ignore[arg-type]
    with database.writing() as db:
        assert add.run(db.connection(), rows[:1]) == [("fits", {"a": [1, None]})]
    if database.is_sqlite:
        return
    with pytest.raises(DBAPIError, match="too long"), database.writing() as db:
        add.run(db.connection(), rows)
