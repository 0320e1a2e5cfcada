"""Putting a row right on the page: its cells typed anew, what looks doubtful confirmed, whom it means decided."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.access import Actor
from app.core.errors import Conflict, NotFound
from app.core.i18n import lazy as _
from app.core.storage import Storage
from app.identity.imports.models import PeopleImportRow
from app.identity.imports.rows import (
    WRITING,
    Kept,
    Row,
    check_again,
    keep_keys,
    opened_kept,
    opened_report,
    waiting_rows,
)
from app.identity.imports.stages import mendable, order
from app.identity.imports.steps import Hands, check_rows, keys_of, read_rows
from app.identity.imports.work import reading_of
from app.identity.lists.office_choices import answers_for
from app.identity.lists.people_import import COLUMNS
from app.identity.lists.people_import_service import open_books
from app.identity.lists.people_imports import PEOPLE
from app.identity.lists.people_report import RowReport
from app.identity.models import PeopleImport

# More rows than these that may be the same person are checked by the job.
_AT_ONCE = 200
# The number of the row in the office's own counting is nobody's to mend.
CELLS = COLUMNS[1:]


@dataclass(frozen=True)
class Mend:
    """What somebody typed for a row: its cells in the order of CELLS, and what they decided."""

    cells: tuple[str, ...]
    choice: str = ""
    confirmed: bool = False


def mend(db: Session, storage: Storage, actor: Actor, import_id: int, row_id: int, typed: Mend) -> RowReport:
    """Check a row again as it was typed, with those it may touch; what came of it. What was typed is kept in any case.

    Raises NotFound, and Conflict for a list or a row that cannot be mended now.
    """
    wish = mendable(db, actor, import_id)
    row = db.get(PeopleImportRow, row_id)
    if row is None or row.import_id != wish.id:
        raise NotFound
    if row.outcome in WRITING:
        raise Conflict(_("Dòng này đã nhập được nên không phải sửa."))
    kept = opened_kept(row.given)
    row.given = _with_typed(kept, typed).sealed()
    row.confirmed = typed.confirmed
    units = set(db.scalars(actor.units_with(PEOPLE.permission)))
    books = open_books(
        db, is_offices_own=reading_of(storage, wish) is not None, answers=answers_for(storage, wish.source_key)
    )
    hands = Hands(wish.id, books, units)
    db.flush()
    this_one = select(PeopleImportRow.id).where(PeopleImportRow.id == row.id)
    check_again(db, this_one)
    read = Row(row.id, row.position, opened_kept(row.given), row.confirmed)
    keep_keys(db, {row.id: keys_of(hands, read_rows(db, hands, [read]))[row.id].kept})
    check_again(db, this_one)
    others = [one for one in waiting_rows(db, wish.id, "read", _AT_ONCE) if one.id != row.id]
    check_rows(db, hands, sorted([read, *others], key=lambda one: one.position))
    _leave_the_rest(db, wish)
    db.expire(row)
    assert row.report is not None, "every row checked has a report"
    return opened_report(row.report)


def _with_typed(kept: Kept, typed: Mend) -> Kept:
    cells = (kept.texts[0] if kept.texts else "", *typed.cells)
    before = (*kept.texts, *[""] * (len(COLUMNS) - len(kept.texts)))
    kept = replace(kept, choice=typed.choice)
    # A cell that stays as the workbook has it keeps its kind: the number of a day is no text.
    return kept if cells == before else replace(kept, typed=cells)


def _leave_the_rest(db: Session, wish: PeopleImport) -> None:
    if waiting_rows(db, wish.id, "read", 1):
        wish.stage = "checking"
        order(db, wish)


def typed_cells(texts: Sequence[str]) -> tuple[str, ...]:
    """The cells of CELLS out of those of a row."""
    padded = (*texts, *[""] * len(COLUMNS))
    return padded[1 : len(COLUMNS)]
