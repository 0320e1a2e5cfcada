"""Sessions: who only reads cannot write, who writes is alone, and an instant never loses its zone."""

import sqlite3
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import event, func, insert, select, text
from sqlalchemy.exc import DBAPIError, OperationalError, StatementError
from sqlalchemy.orm import Session

from app.core import audit, clock, jobs
from app.core.audit import AuditEntry
from app.core.db import Database, Instant, check_url, met_another
from app.core.errors import CommandFailed
from app.core.jobs import Job


def count(database: Database) -> int:
    with database.reading() as db:
        return db.scalar(select(func.count(AuditEntry.id))) or 0


def write(database: Database, subject: object = 1) -> None:
    with database.writing() as db:
        audit.record(db, "test.write", "thing", subject)


def write_and_raise(db: Session, error: type[BaseException]) -> None:
    audit.record(db, "test.write", "thing", 2)
    db.flush()
    raise error


@pytest.fixture
def one_connection(database: Database) -> Iterator[Database]:
    """All sessions of the test go through the same pooled connection, one after the other."""
    single = Database(database.url, pool_size=1)
    yield single
    single.dispose()


def test_a_reading_session_cannot_write(database: Database) -> None:
    def try_to_write(db: Session) -> None:
        audit.record(db, "test.stray", "thing", 1)
        db.flush()

    with database.reading() as db, pytest.raises(DBAPIError, match=r"read-?only"):
        try_to_write(db)
    with database.reading() as db, pytest.raises(DBAPIError, match=r"read-?only"):
        db.execute(text("DELETE FROM audit_entry"))
    assert count(database) == 0


def test_a_pooled_connection_forgets_what_its_last_session_was(one_connection: Database) -> None:
    write(one_connection)
    assert count(one_connection) == 1
    write(one_connection)
    with one_connection.reading() as db, pytest.raises(DBAPIError, match=r"read-?only"):
        db.execute(insert(AuditEntry).values(at=clock.now(), action="x", subject_kind="x", subject_id="x", details={}))
    write(one_connection)
    with one_connection.engine.begin() as plain:
        plain.execute(text("CREATE TABLE made_without_a_session (id INTEGER)"))
    assert count(one_connection) == 3


def test_a_writing_session_commits_at_its_end_and_rolls_back_on_any_error(database: Database) -> None:
    write(database)
    for error in (RuntimeError, KeyboardInterrupt):
        with pytest.raises(error), database.writing() as db:
            write_and_raise(db, error)
    assert count(database) == 1


def test_a_savepoint_that_fails_costs_only_itself(database: Database) -> None:
    with database.writing() as db:
        audit.record(db, "test.write", "thing", 1)
        with pytest.raises(RuntimeError), db.begin_nested():
            write_and_raise(db, RuntimeError)
    assert count(database) == 1


def test_concurrent_writers_lose_no_update(database: Database) -> None:
    """Read, add one, write: on SQLite a transaction that begins late, on PostgreSQL one that does not lock what it
    reads, would lose updates in silence."""
    with database.writing() as db:
        jobs.enqueue(db, "test.count")

    def add_ten() -> None:
        for _ in range(10):
            with database.writing() as db:
                job = db.scalars(select(Job).with_for_update()).one()
                job.attempts = job.attempts + 1

    threads = [threading.Thread(target=add_ten) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as db:
        assert db.scalar(select(Job.attempts)) == 40


def test_a_reader_sees_one_moment_and_does_not_wait_for_a_writer(database: Database) -> None:
    with database.reading() as reading:
        assert reading.scalar(select(func.count(AuditEntry.id))) == 0
        with database.writing() as writing:
            audit.record(writing, "test.write", "thing", 1)
            writing.flush()
            assert count(database) == 0, "not committed yet"
        assert reading.scalar(select(func.count(AuditEntry.id))) == 0, "the reader stays at its moment"
    assert count(database) == 1


@pytest.mark.databases("sqlite")
def test_sqlite_keeps_what_it_acknowledged_and_checks_references(database: Database) -> None:
    with database.reading() as db:
        pragmas = {name: db.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous", "foreign_keys")}
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_an_instant_comes_back_in_utc_whatever_zone_it_had(database: Database) -> None:
    in_vietnam = datetime(2026, 11, 21, 6, 30, 0, 123456, tzinfo=clock.VIETNAM)
    with clock.frozen(in_vietnam):
        write(database)
    with database.reading() as db:
        kept = db.scalar(select(AuditEntry.at))
        assert kept == in_vietnam
        assert kept is not None
        assert kept.tzinfo == UTC
        if database.is_sqlite:
            assert db.scalar(text("SELECT at FROM audit_entry")) == "2026-11-20 23:30:00.123456"
        earlier = datetime(2026, 11, 20, 23, 30, tzinfo=timezone(timedelta(hours=1)))
        assert db.scalar(select(func.count()).where(AuditEntry.at > earlier)) == 1


def test_a_naive_datetime_is_refused_everywhere(database: Database) -> None:
    naive = datetime(2026, 11, 21, 6, 30)
    with pytest.raises(StatementError, match="naive"), database.writing() as db:
        db.add(AuditEntry(at=naive, action="x", subject_kind="x", subject_id="x", details={}))
    with pytest.raises(StatementError, match="naive"), database.reading() as db:
        db.scalar(select(func.count()).where(AuditEntry.at > naive))
    assert Instant().process_bind_param(None, database.engine.dialect) is None


@pytest.mark.databases("sqlite")
def test_a_full_disk_undoes_the_whole_transaction(database: Database) -> None:
    with database.writing() as db:
        pages = db.scalar(text("PRAGMA page_count"))
    full = Database(database.url, pool_size=1)
    with full.engine.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    rows = [AuditEntry(at=clock.now(), action="x" * 60, subject_kind="x", subject_id=str(n)) for n in range(4000)]
    with pytest.raises(OperationalError, match="full"), full.writing() as db:
        db.add_all(rows)
    full.dispose()
    assert count(database) == 0


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("nonsense", "không hợp lệ: nonsense"),
        ("", "không hợp lệ"),
        ("sqlite//missing-colon.db", "không hợp lệ"),
        ("postgresql://nguoi:bi-mat@may:cong/hocso", "không hợp lệ: postgresql://***@may:cong/hocso"),
        ("sqlite://", "phải chỉ tới một tệp"),
        ("sqlite:///:memory:", "phải chỉ tới một tệp"),
        ("mysql://nguoi:bi-mat@may/hocso", "chưa được hỗ trợ: mysql://***@may/hocso"),
        ("sqlite+aiosqlite:////srv/hocso.db", "chưa được hỗ trợ"),
        ("oracle://x", "chưa được hỗ trợ"),
        ("khongco://x", "không hợp lệ"),
    ],
)
def test_a_wrong_database_url_is_told_in_words_and_keeps_its_password(url: str, says: str) -> None:
    with pytest.raises(CommandFailed) as failed:
        check_url(url)
    assert says in failed.value.message
    assert "bi-mat" not in failed.value.message


@pytest.mark.databases("sqlite")
def test_other_programs_find_the_tables_as_they_are(database: Database, tmp_path: Path) -> None:
    """An operator with sqlite3 in hand sees plain rows."""
    write(database)
    with sqlite3.connect(tmp_path / "test.db") as plain:
        assert plain.execute("SELECT action, subject_kind, subject_id FROM audit_entry").fetchall() == [
            ("test.write", "thing", "1")
        ]
    plain.close()


@pytest.mark.databases("sqlite")
def test_who_waited_too_long_for_the_only_writer_may_try_again(database: Database) -> None:
    impatient = Database(database.url)
    event.listen(impatient.engine, "connect", lambda connection, _record: connection.execute("PRAGMA busy_timeout=1"))
    with database.writing() as db:
        db.execute(text("SELECT 1"))
        with pytest.raises(OperationalError) as failed, impatient.writing() as other:
            other.execute(text("SELECT 1"))
    impatient.dispose()
    assert met_another(failed.value)
