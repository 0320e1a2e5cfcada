"""The audit cannot be changed in silence: what gets sealed, and what `doctor` says of what was done to it."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from app.core import audit, audit_seals, clock, jobs
from app.core.audit_seals import AuditSeal
from app.core.db import Database, Session
from app.core.jobs import Worker

Command = Callable[..., int]


@pytest.fixture
def three_batches(db: Session, database: Database, worker: Worker, monkeypatch: pytest.MonkeyPatch) -> list[AuditSeal]:
    """Ten entries that are sealed by fours; the triggers are out of the way, as for who owns the database."""
    monkeypatch.setattr(audit_seals, "BATCH", 4)
    for number in range(10):
        audit.record(db, "test.act", "thing", number, account_id=number or None, name="Cấp lại", number=number)
    db.commit()
    seal(db, worker)
    if database.is_sqlite:
        for table in ("audit_entry", "audit_seal"):
            for verb in ("update", "delete"):
                db.execute(text(f"DROP TRIGGER {table}_refuses_{verb}"))
    else:
        for table in ("audit_entry", "audit_seal"):
            db.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
    seals = list(db.scalars(select(AuditSeal).order_by(AuditSeal.id)))
    db.commit()
    return seals[-3:]


def seal(db: Session, worker: Worker) -> None:
    jobs.enqueue(db, "admin.seal_audit")
    db.commit()
    worker.run_all()


def test_new_entries_are_sealed_in_batches_that_continue_each_other(
    three_batches: list[AuditSeal], db: Session, worker: Worker, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second, third = three_batches
    assert (second.previous, third.previous) == (first.hash, second.hash)
    seal(db, worker)
    assert audit_seals.newest_seal(db) is not None
    assert audit_seals.newest_seal(db).id == third.id, "nothing new, nothing sealed"  # type: ignore[union-attr]
    audit.record(db, "test.later", "thing", 1)
    seal(db, worker)
    assert command("doctor", "--json", "--seal", third.hash) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["ok"]
    assert told["audit"]["faults"] == []
    assert told["audit"]["last_seal"] == audit_seals.newest_seal(db).hash  # type: ignore[union-attr]


FORGERIES = {
    "altered": "UPDATE audit_entry SET account_id = 77 WHERE id = {middle}",
    "altered details": "UPDATE audit_entry SET details = '{{}}' WHERE id = {middle}",
    "deleted": "DELETE FROM audit_entry WHERE id = {middle}",
    "reordered": "UPDATE audit_entry SET subject_id = CASE id WHEN {middle} THEN '6' ELSE '5' END, "
    "at = (SELECT max(at) FROM audit_entry) WHERE id IN ({middle}, {middle} + 1)",
    "seal altered": "UPDATE audit_seal SET sealed_at = (SELECT min(at) FROM audit_entry) WHERE id = {seal}",
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_whatever_was_done_to_a_sealed_entry_is_found_in_its_batch(
    forgery: str, three_batches: list[AuditSeal], db: Session
) -> None:
    sealed = three_batches[1]
    names = {"middle": sealed.first_entry_id + 1, "seal": sealed.id}
    db.execute(text(FORGERIES[forgery].format(**names)))
    db.flush()
    assert [fault.batch for fault in audit_seals.examine(db).faults] == [sealed.id]


def test_an_entry_put_where_a_rolled_back_one_left_a_gap_is_found(db: Session) -> None:
    """Between two batches as within one: the gap itself is no fault."""
    audit.record(db, "test.before", "thing", 1)
    db.flush()
    assert audit_seals.seal_next(db, 10**9)
    newest = audit_seals.newest_seal(db)
    assert newest is not None
    add = text(
        "INSERT INTO audit_entry (id, at, action, subject_kind, subject_id, details) "
        "SELECT :id, at, action, subject_kind, subject_id, details FROM audit_entry WHERE id = :like"
    )
    for id in (newest.last_entry_id + 2, newest.last_entry_id + 4):
        db.execute(add, {"id": id, "like": newest.last_entry_id})
    later = audit_seals.seal_next(db, 10**9)
    assert later is not None
    assert audit_seals.examine(db).faults == []
    db.execute(add, {"id": newest.last_entry_id + 1, "like": newest.last_entry_id})
    (fault,) = audit_seals.examine(db).faults
    assert fault.batch == later.id
    assert "bị chèn thêm" in fault.text
    db.execute(add, {"id": newest.last_entry_id + 3, "like": newest.last_entry_id})
    (fault,) = audit_seals.examine(db).faults
    assert "2 mục lúc niêm phong, nay có 3" in fault.text


def test_a_batch_taken_out_or_sealed_anew_shows_at_the_next(three_batches: list[AuditSeal], db: Session) -> None:
    first, second, third = three_batches
    db.execute(text(f"UPDATE audit_entry SET action = 'test.forged' WHERE id = {second.last_entry_id}"))
    rows = db.execute(audit_seals._entries(second.first_entry_id, second.last_entry_id)).all()
    db.execute(
        text(f"UPDATE audit_seal SET hash = :hash WHERE id = {second.id}"),
        {"hash": audit_seals._hash(second, rows)[0]},
    )
    assert [fault.batch for fault in audit_seals.examine(db).faults] == [third.id]
    db.execute(text(f"DELETE FROM audit_seal WHERE id = {second.id}"))
    assert [fault.batch for fault in audit_seals.examine(db).faults] == [third.id]
    assert first.hash != second.hash


def test_the_doctor_names_the_batch_in_words(
    three_batches: list[AuditSeal], db: Session, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    sealed = three_batches[1]
    db.execute(text(f"DELETE FROM audit_entry WHERE id = {sealed.last_entry_id}"))
    db.commit()
    assert command("doctor") == 1
    out = capsys.readouterr().out
    assert f"CẦN XỬ LÝ  Chuỗi niêm phong: Lô {sealed.id} (mục #{sealed.first_entry_id} đến" in out
    assert "có 4 mục lúc niêm phong, nay có 3: có mục đã bị xóa hoặc chèn thêm." in out
    assert command("doctor", "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert [fault["batch"] for fault in told["audit"]["faults"]] == [sealed.id]


def test_an_end_cut_off_is_found_by_a_seal_noted_elsewhere(
    three_batches: list[AuditSeal], db: Session, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    """The chain alone cannot tell: what is left of it is sound."""
    last = three_batches[-1]
    db.execute(text(f"DELETE FROM audit_entry WHERE id >= {last.first_entry_id}"))
    db.execute(text(f"DELETE FROM audit_seal WHERE id = {last.id}"))
    db.commit()
    assert command("doctor") == 0
    assert command("doctor", "--seal", last.hash) == 1
    assert "không có trong chuỗi" in capsys.readouterr().out


def test_entries_nobody_seals_are_a_finding(
    db: Session, worker: Worker, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    with clock.frozen(clock.now() - timedelta(days=2)):
        audit.record(db, "test.old", "thing", 1)
    db.commit()
    assert command("doctor") == 1
    assert "chưa niêm phong sau một ngày" in capsys.readouterr().out
    seal(db, worker)
    assert command("doctor") == 0


@pytest.mark.parametrize("change", ["UPDATE audit_seal SET hash = ''", "DELETE FROM audit_seal"])
def test_the_database_refuses_to_change_a_seal(db: Session, change: str) -> None:
    audit.record(db, "test.act", "thing", 1)
    db.flush()
    assert audit_seals.seal_next(db, 10**9)
    with pytest.raises(IntegrityError, match="append-only"):
        db.execute(text(change))


@pytest.mark.databases("postgresql")
def test_an_entry_that_commits_late_is_sealed_in_its_place(
    db: Session, database: Database, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its id was given out first, so sealing what came after it would shut it out."""
    monkeypatch.setattr(audit_seals, "_PAUSE_S", 0)
    seal(db, worker)
    before = audit_seals.newest_seal(db)
    db.commit()
    with database.writing() as slow:
        audit.record(slow, "test.slow", "thing", 1)
        slow.flush()
        audit.record(db, "test.quick", "thing", 2)
        db.commit()
        assert audit_seals.settled_id(database) is None
        seal(db, worker)
        newest = audit_seals.newest_seal(db)
        assert (newest and newest.id) == (before and before.id)
        db.commit()
    seal(db, worker)
    assert audit_seals.examine(db).faults == []
    assert audit_seals.unsealed_before(db, clock.now()) == 0
