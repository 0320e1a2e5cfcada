"""Erased on request: nothing says any more who it was, and everything that was counted still is."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import LargeBinary, String, Table, func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.core.db import Base, Database
from app.core.errors import Conflict
from app.core.jobs import JobContext, Worker
from app.core.settings import Settings
from app.core.storage import Storage
from app.coverage.models import CoverageEntry, CoverageRollup
from app.identity.models import Account, Person
from app.identity.sign_in import accounts
from app.learning.models import Completion
from app.privacy import service
from app.privacy.jobs import erase
from app.privacy.models import PrivacyRequest
from app.runtime import Runtime
from tests import factories
from tests.access import world as made
from tests.browser import Browser

# What the learner of the world is called and wrote, and what was written about them.
_TRACES = (
    made.LEARNER_NAME, "Người Học", made.NOTE_TEXT, made.POST_TEXT, made.HELP_TEXT, made.ESSAY_TEXT, made.EXAM_TEXT,
    made.PRACTICAL_NOTE, made.NOTICE_TEXT, made.DATA_TEXT, "bai.png",
)  # fmt: skip
# Sent and kept elsewhere: what others were told or handed in about them runs out by itself (docs/personal-data.md).
_RUNS_OUT = {"job"}


def traces(db: Session) -> Iterator[tuple[str, str, str]]:
    """(table, column, trace) wherever one of the texts still stands."""
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, LargeBinary):
                continue
            for value in db.scalars(select(column).where(column.is_not(None))):
                for trace in _TRACES:
                    if trace in str(value) and table.name not in _RUNS_OUT:
                        yield table.name, column.name, trace


def figures(db: Session) -> dict[str, object]:
    return {
        "completions": db.scalar(select(func.count()).select_from(Completion)),
        "entries": db.execute(
            select(CoverageEntry.measure, func.sum(CoverageEntry.sign)).where(CoverageEntry.measure == "output")
            .group_by(CoverageEntry.measure)
        ).all(),
        "output": db.scalar(select(func.sum(CoverageRollup.total)).where(CoverageRollup.measure == "output")),
    }  # fmt: skip


@pytest.fixture
def world(runtime: Runtime) -> made.World:
    return made.build(runtime)


def test_nothing_tells_any_more_who_it_was_and_the_counts_stay(
    world: made.World, database: Database, storage: Storage, worker: Worker, browser: Browser
) -> None:
    with database.reading() as db:
        person_id = db.scalar(select(PrivacyRequest.person_id).where(PrivacyRequest.id == world.data_erasure))
        assert {trace for _table, _column, trace in traces(db)} >= set(_TRACES) - {"bai.png"}
        before, files = figures(db), set(storage.all_keys())
    browser.sign_in("operator")
    done = browser.post(f"/admin/privacy/{world.data_erasure}/erase")
    assert "Đang xóa" in done.text
    worker.run_all()
    with database.reading() as db:
        assert set(traces(db)) == set()
        person = db.get_one(Person, person_id)
        assert (person.wrapped_key, person.sealed, person.lookups) == (None, None, [])
        assert figures(db) == before
        account = db.scalars(select(Account).where(Account.person_id == person_id)).one()
        assert account.disabled_at is not None
        request = db.get_one(PrivacyRequest, world.data_erasure)
        assert (request.state, request.files) == ("done", [])
    gone = files - set(storage.all_keys())
    # The copy, the paper, the file of an essay, the proof of what was learned elsewhere.
    assert sorted({key.split("/")[0] for key in gone}) == ["certificates", "documents", "privacy"]
    page = browser.get(f"/verify/{world.certificate}").text
    assert "Còn hiệu lực" in page
    assert "đã xóa theo yêu cầu" in page
    assert "đã xóa theo yêu cầu" in browser.get("/admin/privacy").text
    # Once more, as a second worker would: nothing changes.
    assert erase(JobContext(0, database, storage, ""), world.data_erasure) == {"files": 0}


def test_a_worker_killed_between_the_rows_and_the_files_leaves_them_to_the_next(
    world: made.World, database: Database, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(_self: object, _key: str) -> None:
        raise KeyboardInterrupt

    context = JobContext(0, database, storage, "")
    monkeypatch.setattr(JobContext, "beat", lambda _self: None)
    with monkeypatch.context() as dying:
        dying.setattr(type(storage), "delete", killed)
        with pytest.raises(KeyboardInterrupt):
            erase(context, world.data_erasure)
    with database.reading() as db:
        left = db.get_one(PrivacyRequest, world.data_erasure).files
    assert len(left) >= 3
    assert erase(context, world.data_erasure)["files"] >= len(left)
    assert not set(left) & set(storage.all_keys())


def test_only_what_names_somebody_may_be_emptied_and_of_nothing_else_a_letter(world: made.World, db: Session) -> None:
    for change in ("holder_name = 'Người khác'", "number = ''", "hours = 0", "holder_name = '', number = 'x'"):
        with pytest.raises(IntegrityError, match="append-only"), db.begin_nested():
            db.execute(text(f"UPDATE certificate SET {change}"))
    tables: dict[str, Table] = Base.metadata.tables  # type: ignore[assignment]
    for name, emptied in {"certificate": 3, "completion_post": 1, "practical_report": 1}.items():
        refused = 0
        for column in tables[name].columns:
            try:
                with db.begin_nested():
                    value = "''" if isinstance(column.type, String) else column.name
                    db.execute(text(f"UPDATE {name} SET {column.name} = {value}"))
            except IntegrityError:
                refused += 1
        assert refused == len(tables[name].columns) - emptied, name


def test_who_holds_a_role_is_not_erased_and_nobody_decides_about_themselves(
    db: Session,
) -> None:
    admin = factories.account(db, username="quantri", role="province_admin")
    own, theirs = (
        service.ask(db, one.person_id, "erase", "")
        for one in (admin, factories.account(db, username="soanbai", role="author"))
    )
    theirs.state = "granted"
    actor = accounts.actor_of(db, admin.id)
    assert actor is not None
    with pytest.raises(service.OwnRequest):
        service.answer(db, actor, own, "Được", is_granted=True)
    with pytest.raises(Conflict, match="vai trò"):
        service.start_erasure(db, actor, theirs)


def test_an_older_backup_is_put_right_by_the_list_of_who_was_erased(
    db: Session, database: Database, settings: Settings, tmp_path: Path, operate: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """The database stands for one restored from a backup in which the person is still there."""
    ref = factories.person(db, "Nguyễn Thị Hạnh").ref
    db.commit()
    listed = tmp_path / "da-xoa.json"
    listed.write_text(json.dumps([{"person": ref, "erased_at": ""}, {"person": "KHAC", "erased_at": ""}]))
    assert operate(settings, "privacy", "erase-again", str(listed)) == 1
    assert "Đã xóa lại 1 người." in capsys.readouterr().out
    with database.reading() as reader:
        assert reader.scalars(select(Person.name).where(Person.ref == ref)).one() == "đã xóa theo yêu cầu"
    assert operate(settings, "privacy", "erased") == 0
    assert [one["person"] for one in json.loads(capsys.readouterr().out)] == [ref]
    assert operate(settings, "privacy", "erase-again", str(tmp_path)) == 2
