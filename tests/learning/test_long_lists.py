"""A list longer than one transaction: done in parts, taken up again after a crash, kept as far as it came."""

from collections import Counter
from dataclasses import replace

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import jobs
from app.core.db import Database
from app.core.jobs import Job, Worker
from app.core.storage import Storage
from app.identity.lists import sheet_imports
from app.identity.models import PeopleImport
from app.identity.sign_in import accounts
from app.learning import evidence_lists
from app.learning.evidence_lists import EVIDENCE, TEMPLATE
from app.learning.models import Completion
from tests import factories
from tests.identity.workbooks import evidence_row, workbook

PEOPLE, AT_ONCE = 20, 8


@pytest.fixture
def wish(db: Session, storage: Storage, worker: Worker, monkeypatch: pytest.MonkeyPatch) -> PeopleImport:
    """A list of 20 people, checked, and asked to be applied, eight at a time."""
    monkeypatch.setattr(evidence_lists, "EVIDENCE", replace(EVIDENCE, at_once=AT_ONCE))
    manager = factories.account(db, username="phu-trach", role="unit_manager", at=factories.BAC_GIANG)
    rows = []
    for number in range(PEOPLE):
        account = factories.civil_servant(db, f"nguoi{number}", name="Lê Thị Nộp")
        rows.append(evidence_row("Lê Thị Nộp", account.username))
    actor = accounts.actor_of(db, manager.id)
    assert actor is not None
    key = sheet_imports.keep_source(storage, workbook(rows, tuple(TEMPLATE)))
    checked = sheet_imports.request_check(db, actor, EVIDENCE, "danh-sach.xlsx", key)
    db.commit()
    worker.run_all()
    db.refresh(checked)
    assert checked.outcome["created"] == PEOPLE
    asked = sheet_imports.request_apply(db, actor, EVIDENCE, checked.id)
    db.commit()
    return asked


def reported(database: Database, storage: Storage, wish: PeopleImport) -> Counter[str]:
    with database.reading() as db:
        report = sheet_imports.stored_report(storage, db.get_one(PeopleImport, wish.id))
    return Counter(row.outcome for row in report.rows)


def counted(database: Database) -> int:
    with database.reading() as db:
        return db.scalar(select(func.count()).select_from(Completion)) or 0


def test_every_row_is_done_once_in_parts(
    database: Database, storage: Storage, worker: Worker, wish: PeopleImport
) -> None:
    worker.run_all()
    assert counted(database) == PEOPLE
    assert reported(database, storage, wish) == {"created": PEOPLE}
    assert not list(storage.all_keys(f"imports/{wish.id}")), "what helped to take it up again is gone"


@pytest.mark.parametrize("after_commit", [True, False])
def test_a_job_that_dies_takes_up_where_it_was(
    database: Database, storage: Storage, worker: Worker, wish: PeopleImport, monkeypatch: pytest.MonkeyPatch,
    after_commit: bool,
) -> None:  # fmt: skip
    """It dies in the second part: before its commit, or between the commit and the keeping of its report."""
    real = evidence_lists._record
    calls = []

    def dying(*given: object) -> object:
        calls.append(1)
        if len(calls) == 2 and not after_commit:
            raise RuntimeError("power cut")
        return real(*given)  # type: ignore[arg-type]

    put = storage.put

    def failing(key: str, source: object) -> int:
        if after_commit and key.endswith(f"/{AT_ONCE}.sealed") and len(calls) == 2:
            raise RuntimeError("power cut")
        return put(key, source)  # type: ignore[arg-type]

    with monkeypatch.context() as cut:
        cut.setattr(evidence_lists, "_record", dying)
        cut.setattr(storage, "put", failing)
        worker.run_one()
    assert counted(database) == (2 * AT_ONCE if after_commit else AT_ONCE)
    with database.writing() as db:
        db.scalars(select(Job).where(Job.kind == EVIDENCE.job, Job.state == "queued")).one().run_at = wish.created_at
    worker.run_all()
    assert counted(database) == PEOPLE
    told = reported(database, storage, wish)
    assert told["created"] + told["matched"] == PEOPLE
    assert told["created"] == (PEOPLE - AT_ONCE if after_commit else PEOPLE)


def test_who_stops_it_keeps_what_was_done_and_is_told_how_far(
    database: Database, storage: Storage, worker: Worker, wish: PeopleImport, monkeypatch: pytest.MonkeyPatch
) -> None:
    progress = jobs.JobContext.progress

    def stopping(context: jobs.JobContext, ratio: float, text: str = "") -> None:
        progress(context, ratio, text)
        if ratio > 0.5:
            raise jobs.Cancelled

    monkeypatch.setattr(jobs.JobContext, "progress", stopping)
    worker.run_all()
    assert counted(database) == AT_ONCE
    assert reported(database, storage, wish) == {"created": AT_ONCE, "refused": PEOPLE - AT_ONCE}
