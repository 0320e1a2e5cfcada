"""The work on a list of people, some hundred rows a transaction: by a job, or by the command line (terminal.py).

What came of a row is written in the transaction that did it. So whenever it ends, killed or stopped, the rows say
how far it was; it goes on with those that are left, and no row is done twice.
"""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import audit, jobs
from app.core.db import Database
from app.core.i18n import lazy as _
from app.core.storage import Storage
from app.identity.imports.models import PeopleImportRow
from app.identity.imports.rows import Row, add_rows, waiting_rows
from app.identity.imports.steps import Hands, apply_rows, check_rows
from app.identity.imports.undoing import applied_rows, undo_rows
from app.identity.lists.office_choices import answers_for, choices_for
from app.identity.lists.office_sheets import read_list_bytes
from app.identity.lists.people_import_service import open_books
from app.identity.lists.people_imports import PEOPLE
from app.identity.lists.people_report import Reading
from app.identity.lists.sheet_imports import beside, importer
from app.identity.models import PeopleImport
from app.identity.sealing import seal_file, unseal_file

AT_ONCE = 400
# Rows as read are small and nothing hangs on them.
_READ_AT_ONCE = 2_000


class Workplace(Protocol):
    """Where a list is worked on: a job, or the command line. `progress` as of JobContext."""

    @property
    def database(self) -> Database: ...

    @property
    def storage(self) -> Storage: ...

    def progress(self, ratio: float, text: str = "") -> None: ...

    def beat(self) -> None: ...


@dataclass(frozen=True)
class Step:
    """A stage in which rows are worked on: which rows, what is done, how far they are then, and the list."""

    takes: str
    rows: Callable[[Session, int, str, int], list[Row]]
    act: Callable[[Session, Hands, Sequence[Row]], None]
    leaves: str
    words: _
    audited: str = ""


STEPS = {
    "checking": Step("read", waiting_rows, check_rows, "checked", _("Đã kiểm tra %(done)s trên %(rows)s dòng")),
    "applying": Step(
        "checked", waiting_rows, apply_rows, "applied", _("Đã nhập %(done)s trên %(rows)s dòng"), "people.import"
    ),
    "undoing": Step(
        "applied", applied_rows, undo_rows, "undone", _("Đã hoàn tác %(done)s trên %(rows)s dòng"), "people.undo_import"
    ),
}


def run_import(context: jobs.JobContext, *, import_id: int) -> dict[str, int] | None:
    """Read, check, apply or take back, whatever the list is waiting for; None if that is nothing."""
    with context.database.reading() as db:
        wish = db.get(PeopleImport, import_id)
        stage = wish.stage if wish else ""
    if stage == "reading":
        read(context, import_id)
        stage = "checking"
    return work(context, import_id, stage) if stage in STEPS else None


def reading_of(storage: Storage, wish: PeopleImport) -> Reading | None:
    """How an office's own workbook was read; None for one by our template, or not yet read."""
    key = _reading_key(wish.source_key)
    if not wish.source_key or key not in set(storage.all_keys(beside(wish.source_key))):
        return None
    return msgspec.json.decode(unseal_file(b"".join(storage.read(key))), type=Reading)


def read(context: Workplace, import_id: int) -> None:
    """The workbook into rows; what is there already of a former try stays."""
    with context.database.reading() as db:
        wish = db.get_one(PeopleImport, import_id)
        source_key, file_name = wish.source_key, wish.file_name
        there = db.scalar(select(func.count()).where(PeopleImportRow.import_id == import_id)) or 0
    context.progress(0.0, str(_("Đang đọc tệp…")))
    content = unseal_file(b"".join(context.storage.read(source_key)))
    sheet = read_list_bytes(content, file_name, choices_for(context.storage, source_key))
    if sheet.reading:
        context.storage.put(_reading_key(source_key), io.BytesIO(seal_file(msgspec.json.encode(sheet.reading))))
    for start in range(there, len(sheet.rows), _READ_AT_ONCE):
        context.beat()
        with context.database.writing() as db:
            some = sheet.rows[start : start + _READ_AT_ONCE]
            add_rows(db, import_id, list(enumerate(some, start=start)))
    with context.database.writing() as db:
        db.get_one(PeopleImport, import_id, with_for_update=True).stage = "checking"


def work(context: Workplace, import_id: int, stage: str, *, is_operator: bool = False) -> dict[str, int] | None:
    """What the stage says, with the rows that are left; None if somebody else did it.

    `is_operator`: nobody's scope is asked for, since whoever has a terminal may fill all units.
    """
    step = STEPS[stage]
    with context.database.reading() as db:
        wish = db.get_one(PeopleImport, import_id)
        books = open_books(
            db,
            is_offices_own=reading_of(context.storage, wish) is not None,
            answers=answers_for(context.storage, wish.source_key),
        )
        all_rows = db.scalar(select(func.count()).where(PeopleImportRow.import_id == import_id)) or 0
        left = PeopleImportRow.stage == step.takes
        done = all_rows - (db.scalar(select(func.count()).where(PeopleImportRow.import_id == import_id, left)) or 0)
    while True:
        context.progress(done / max(all_rows, 1), str(step.words) % {"done": done, "rows": all_rows})
        with context.database.writing() as db:
            wish = db.get_one(PeopleImport, import_id, with_for_update=True)
            if wish.stage != stage:
                return None
            rows = step.rows(db, import_id, step.takes, AT_ONCE)
            if not rows:
                return _finish(db, wish, step)
            units = None if is_operator else set(db.scalars(importer(db, wish, PEOPLE).units_with(PEOPLE.permission)))
            _act(db, step, Hands(wish.id, books, units), rows)
        done += len(rows)


def _act(db: Session, step: Step, hands: Hands, rows: Sequence[Row]) -> None:
    step.act(db, hands, rows)


def _finish(db: Session, wish: PeopleImport, step: Step) -> dict[str, int]:
    counts = counts_of(db, wish.id)
    wish.outcome = counts
    # Rows of an applied list that were mended and checked again.
    wish.stage = "applied" if step.leaves == "checked" and wish.applied_at else step.leaves
    if step.audited:
        audit.record(db, step.audited, "people_import", wish.id, account_id=wish.account_id, **counts)
    return counts


def counts_of(db: Session, import_id: int) -> dict[str, int]:
    """Rows by outcome, and all of them as `rows`."""
    found = db.execute(
        select(PeopleImportRow.outcome, func.count())
        .where(PeopleImportRow.import_id == import_id)
        .group_by(PeopleImportRow.outcome)
    )
    by_outcome = {outcome: count for outcome, count in found if outcome}
    return {"rows": sum(by_outcome.values()), **by_outcome}


def _reading_key(source_key: str) -> str:
    return f"{beside(source_key)}/reading.sealed"
