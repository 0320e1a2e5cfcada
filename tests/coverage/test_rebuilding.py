"""The nightly comparison of the ledger with the facts: what it finds is mended, kept and told to whoever operates."""

import json
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.admin.health import Check, work_checks
from app.core import clock
from app.core.jobs import Job, Worker, enqueue
from app.core.storage import Storage
from app.coverage.counting.ledger import append
from app.coverage.models import CoverageBalance
from app.coverage.verify.models import LedgerComparison
from app.notices.models import Notice
from app.notices.wording import sentence_of
from tests import factories
from tests.browser import Browser


@pytest.fixture
def operator(db: Session) -> int:
    return factories.account(db, username="vanhanh", role="operator").person_id


def break_the_ledger(db: Session) -> None:
    """An entry nobody has a ground for."""
    holder = factories.person(db)
    unit_id = factories.unit_id(db)
    append(
        db,
        [
            {
                "indicator_version_id": 1, "measure": "coverage", "period": "2026", "person_id": holder.id,
                "unit_id": unit_id, "completion_id": None, "sign": 1, "effective_on": date(2026, 5, 1),
                "recorded_at": clock.now(), "cause": "phá",
            }
        ],
    )  # fmt: skip


def run(db: Session, worker: Worker, kind: str) -> LedgerComparison:
    enqueue(db, kind)
    db.commit()
    worker.run_all()
    db.expire_all()
    return db.scalars(select(LedgerComparison).order_by(LedgerComparison.id.desc()).limit(1)).one()


def health(db: Session, storage: Storage) -> Check:
    db.expire_all()
    [check] = [check for check in work_checks(db, storage) if check.name == "ledger"]
    return check


def test_a_quiet_night_is_kept_and_told_to_nobody(db: Session, worker: Worker, storage: Storage, operator: int) -> None:
    assert health(db, storage) == Check("ledger", True, "chưa đối chiếu lần nào: việc ấy chạy lúc 2 giờ đêm")
    factories.post(db, factories.person(db))
    found = run(db, worker, "coverage.compare")
    assert (found.cause, found.people_count, found.differing_count, found.entry_counts) == ("nightly", 1, 0, {})
    check = health(db, storage)
    assert check.ok
    assert check.text.endswith("1 người, không lệch")
    assert db.scalars(select(Notice)).all() == []


def test_a_night_in_which_rules_change_blames_nobody(db: Session, worker: Worker, operator: int) -> None:
    """Until everybody has followed there are differences, and they are no fault."""
    break_the_ledger(db)
    enqueue(db, "coverage.rebuild", delay=timedelta(hours=1))
    found = run(db, worker, "coverage.compare")
    assert (found.people_count, found.differing_count, found.entry_counts) == (0, 0, {})
    assert db.scalars(select(Notice)).all() == []
    db.execute(delete(Job).where(Job.kind == "coverage.rebuild"))
    assert run(db, worker, "coverage.compare").differing_count == 1


def test_a_difference_is_mended_kept_shown_and_told(
    db: Session, worker: Worker, storage: Storage, operator: int, browser: Browser
) -> None:
    break_the_ledger(db)
    found = run(db, worker, "coverage.compare")
    assert (found.differing_count, found.entry_counts) == (1, {"BG-CBCC": 1})
    told = db.scalars(select(Notice)).one()
    assert told.person_id == operator
    assert "1 người và đã ghi bù 1 bút toán" in sentence_of(told)
    # The next night finds it mended; it stays in sight for a week all the same.
    assert run(db, worker, "coverage.compare").differing_count == 0
    assert not health(db, storage).ok
    assert "1 người lệch, đã ghi bù bút toán: BG-CBCC 1" in health(db, storage).text
    db.rollback()
    browser.sign_in("vanhanh", factories.PASSWORD)
    assert "BG-CBCC 1" in browser.get("/admin").text
    with clock.frozen(clock.now() + timedelta(days=8)):
        run(db, worker, "coverage.compare")
        assert health(db, storage).ok


def test_entries_that_follow_a_change_of_units_alarm_nobody(
    db: Session, worker: Worker, storage: Storage, operator: int
) -> None:
    break_the_ledger(db)
    found = run(db, worker, "coverage.rebuild")
    assert (found.cause, found.entry_count) == ("change", 1)
    assert health(db, storage).ok
    assert db.scalars(select(Notice)).all() == []


def test_an_installation_whose_nights_pass_without_it_is_told(db: Session, worker: Worker, storage: Storage) -> None:
    with clock.frozen(clock.now() - timedelta(days=3)):
        run(db, worker, "coverage.compare")
    assert not health(db, storage).ok
    assert health(db, storage).text.endswith("việc nền không chạy")


def test_the_command_does_the_same_and_says_what_differed(
    db: Session, operator: int, command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    break_the_ledger(db)
    db.commit()
    assert command("coverage", "rebuild", "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert told == {"checked": 1, "people": 1, "entries": 1, "indicators": {"BG-CBCC": 1}}
    assert command("coverage", "rebuild") == 0
    assert [one.cause for one in db.scalars(select(LedgerComparison))] == ["command", "command"]
    assert db.scalars(select(Notice.person_id)).all() == [operator]


def test_wrong_balances_are_made_anew_shown_and_told(
    db: Session, worker: Worker, storage: Storage, operator: int
) -> None:
    factories.post(db, factories.person(db))
    assert run(db, worker, "coverage.compare").balance_count == 0
    db.execute(update(CoverageBalance).values(roster=CoverageBalance.roster + 1))
    assert run(db, worker, "coverage.compare").balance_count > 0
    told = db.scalars(select(Notice)).one()
    assert told.person_id == operator
    assert "đã lập lại mọi số dư" in sentence_of(told)
    assert not health(db, storage).ok
    assert "số dư lệch, đã lập lại" in health(db, storage).text
    assert run(db, worker, "coverage.compare").balance_count == 0
