"""What the pages of a list of people show."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVarTuple

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from app.core import jobs
from app.core.access import Actor
from app.core.errors import NotFound
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.core.storage import Storage
from app.core.table_files import Table
from app.core.tables import Cell, Column
from app.identity.imports.mending import CELLS, typed_cells
from app.identity.imports.models import PeopleImportRow
from app.identity.imports.rows import WRITING, Kept, opened_kept, opened_report
from app.identity.imports.stages import can_undo, ready_count, subject, undo_until
from app.identity.imports.work import counts_of, reading_of
from app.identity.lists.people_import import COLUMNS
from app.identity.lists.people_imports import PEOPLE
from app.identity.lists.people_matching import NEW, chunks
from app.identity.lists.people_report import OUTCOMES, PROBLEMS, Reading, RowReport
from app.identity.lists.people_sheet import PEOPLE as TEMPLATE
from app.identity.lists.sheet_imports import ROWS_PER_PAGE, ImportSummary, summary_of, visible_import
from app.identity.models import PeopleImport, Person

MENDED_PER_PAGE = 10
# What may come of a row, also when its list was taken back.
ROW_OUTCOMES: dict[str, lazy] = {**dict(OUTCOMES.items()), "undone": lazy("Đã hoàn tác"), "kept": lazy("Giữ lại")}
_BATCH = 500
Columns = TypeVarTuple("Columns")


@dataclass(frozen=True)
class ListView:
    """A list with a page of its rows. `summary.state` as in ImportSummary; `stopped` if somebody stopped the work.

    `counts` by outcome, `problem_count` rows that somebody can mend, `unit_count` those of them whose unit is unclear,
    `ready` rows that wait to be written.
    """

    summary: ImportSummary
    stage: str
    progress_percent: int
    progress_text: str
    error: str
    stopped: bool
    counts: dict[str, int]
    problem_count: int
    unit_count: int
    ready: int
    undo_until: datetime | None
    outcome: str
    rows: list[RowReport]
    page: int
    pages: int
    reading: Reading | None


@dataclass(frozen=True)
class MendRow:
    """A row somebody must look at; its cells as they are now and what is wrong there, by column of the template."""

    id: int
    report: RowReport
    cells: dict[str, str]
    wrong: dict[str, str]
    choice: str


@dataclass(frozen=True)
class MendView:
    summary: ImportSummary
    problems: dict[str, int]
    problem: str
    rows: list[MendRow]
    page: int
    pages: int


def list_view(
    db: Session, storage: Storage, actor: Actor, import_id: int, outcome: str = "", page: int = 1
) -> ListView:
    """Raises NotFound for a list of somebody else."""
    wish = visible_import(db, actor, PEOPLE, import_id)
    job = jobs.latest(db, subject(wish.id))
    ended = job is None or job.state in jobs.FINISHED
    summary = summary_of(wish, failed=ended)
    counts = dict.fromkeys(ROW_OUTCOMES, 0) | counts_of(db, wish.id)
    here = PeopleImportRow.import_id == wish.id
    outcome = outcome if outcome in ROW_OUTCOMES else ""
    wanted = here & (PeopleImportRow.outcome == outcome) if outcome else here
    page, pages = _page(page, counts[outcome or "rows"], ROWS_PER_PAGE)
    found = db.scalars(_at_page(select(PeopleImportRow.report).where(wanted), page, ROWS_PER_PAGE))
    return ListView(
        summary=summary, stage=wish.stage, progress_percent=round(100 * job.progress_ratio) if job else 0,
        progress_text=job.progress_text if job else "", error=(job.error or "") if job else "",
        stopped=job is not None and job.state == "cancelled", counts=counts,
        problem_count=db.scalar(select(func.count()).where(here, _mendable())) or 0,
        unit_count=db.scalar(select(func.count()).where(here, _mendable(), PeopleImportRow.problem == "unit")) or 0,
        ready=ready_count(db, wish.id),
        undo_until=undo_until(wish.applied_at) if wish.applied_at and can_undo(wish, ended) else None,
        outcome=outcome, rows=[opened_report(report) for report in found if report], page=page, pages=pages,
        reading=reading_of(storage, wish),
    )  # fmt: skip


def mend_view(db: Session, actor: Actor, import_id: int, problem: str = "", page: int = 1, row_id: int = 0) -> MendView:
    """The rows somebody must look at, of one kind of problem or all; raises NotFound for a list of somebody else.

    With `row_id` only that row: it was just sent, and what is wrong with it may be of another kind now.
    """
    wish = visible_import(db, actor, PEOPLE, import_id)
    here = (PeopleImportRow.import_id == wish.id) & _mendable()
    grouped = select(PeopleImportRow.problem, func.count()).where(here).group_by(PeopleImportRow.problem)
    problems = dict.fromkeys(map(str, PROBLEMS), 0)
    for kind, count in db.execute(grouped):
        problems[kind] = count
    problem = problem if problem in problems else ""
    page, pages = _page(page, problems[problem] if problem else sum(problems.values()), MENDED_PER_PAGE)
    columns = select(PeopleImportRow.id, PeopleImportRow.report, PeopleImportRow.given).where(here)
    if row_id:
        columns = columns.where(PeopleImportRow.id == row_id)
    else:
        wanted = columns.where(PeopleImportRow.problem == problem) if problem else columns
        columns = _at_page(wanted, page, MENDED_PER_PAGE)
    rows = [
        _mend_row(at, opened_report(report), opened_kept(given)) for at, report, given in db.execute(columns) if report
    ]
    return MendView(summary_of(wish, failed=False), problems, problem, rows, page, pages)


def result_table(db: Session, storage: Storage, actor: Actor, import_id: int) -> Table:
    """Every row as the workbook has it, with what came of it; a page of rows in memory at a time."""
    wish = visible_import(db, actor, PEOPLE, import_id)
    if wish.stage in ("", "reading", "checking"):
        raise NotFound
    return result_of(db, storage, wish)


def result_of(db: Session, storage: Storage, wish: PeopleImport) -> Table:
    """`result_table`, for whom it concerns."""
    extra = [Column(_("Kết quả"), width=18), Column(_("Ghi chú"), width=60), Column(_("Sửa trên trang"), width=40)]
    if wish.applied_at:
        extra += [Column(_("Tên đăng nhập"), width=18), Column(_("Mật khẩu lần đầu"), width=26)]
    place = [Column(_("Trang tính"), width=18), Column(_("Dòng"), width=8)]
    columns = [*place, *(Column(name, width=width) for name, width in TEMPLATE.items()), *extra]
    return Table(_("Kết quả"), (), tuple(columns), _result_rows(db, wish, len(columns), reading_of(storage, wish)))


def row_reports(db: Session, import_id: int) -> Iterator[RowReport]:
    """What came of every row, in their order; a page of rows in memory at a time."""
    last = -1
    columns = select(PeopleImportRow.position, PeopleImportRow.report).where(PeopleImportRow.import_id == import_id)
    while some := db.execute(
        columns.where(PeopleImportRow.position > last).order_by(PeopleImportRow.position).limit(_BATCH)
    ).all():
        for position, report in some:
            last = position
            if report:
                yield opened_report(report)


def people_added(db: Session, wish: PeopleImport) -> list[int]:
    """Ids of the people the list added and that are still there, in the order of its rows."""
    added = db.scalars(
        select(PeopleImportRow.report)
        .where(
            PeopleImportRow.import_id == wish.id, PeopleImportRow.stage == "applied",
            PeopleImportRow.outcome.in_(WRITING), PeopleImportRow.report.is_not(None),
        )
        .order_by(PeopleImportRow.position)
    )  # fmt: skip
    # Only a row that added somebody tells a first password.
    refs = [report.person for report in map(opened_report, filter(None, added)) if report.password and report.person]
    found: dict[str, int] = {}
    for some in chunks(refs):
        found |= dict(db.execute(select(Person.ref, Person.id).where(Person.ref.in_(some))).all())
    return [found[ref] for ref in refs if ref in found]


def _result_rows(db: Session, wish: PeopleImport, width: int, reading: Reading | None) -> Iterator[list[Cell]]:
    last = -1
    columns = select(PeopleImportRow.position, PeopleImportRow.given, PeopleImportRow.report)
    while True:
        some = db.execute(
            columns.where(PeopleImportRow.import_id == wish.id, PeopleImportRow.position > last)
            .order_by(PeopleImportRow.position)
            .limit(_BATCH)
        ).all()
        if not some:
            break
        for position, given, report in some:
            last = position
            if report:
                yield _result_cells(opened_kept(given), opened_report(report))[:width]
    for skipped in reading.skipped if reading else ():
        blank = [None] * (len(COLUMNS) - 1)
        said: list[Cell] = [skipped.sheet, str(skipped.row), skipped.text, *blank, _("Bỏ qua"), skipped.reason]
        yield said + [None] * (width - len(said))


def _result_cells(kept: Kept, report: RowReport) -> list[Cell]:
    original = Kept(kept.number, kept.cells).texts
    texts = [kept.sheet, str(kept.number), *original, *[""] * (len(COLUMNS) - len(original))]
    texts += [str(ROW_OUTCOMES[report.outcome]), " ".join(report.messages), _mended(kept), report.username]
    return [text or None for text in (*texts, report.password)]


def _mended(kept: Kept) -> str:
    if kept.typed is None:
        return ""
    before, now = typed_cells(Kept(kept.number, kept.cells).texts), typed_cells(kept.typed)
    changed = (
        f"{column}: {now_text or '–'}"
        for column, text, now_text in zip(CELLS, before, now, strict=True)
        if text != now_text
    )
    return "; ".join(changed)


def _mend_row(row_id: int, report: RowReport, kept: Kept) -> MendRow:
    chosen = kept.choice if kept.choice == NEW or any(kept.choice == one.key for one in report.candidates) else ""
    cells = dict(zip(CELLS, typed_cells(kept.texts), strict=True))
    return MendRow(row_id, report, cells, dict.fromkeys(CELLS, "") | report.about, chosen)


def _page(page: int, count: int, size: int) -> tuple[int, int]:
    """A page that is there, and how many there are."""
    pages = max(1, -(-count // size))
    return min(max(page, 1), pages), pages


def _at_page(statement: Select[*Columns], page: int, size: int) -> Select[*Columns]:
    return statement.order_by(PeopleImportRow.position).offset((page - 1) * size).limit(size)


def _mendable() -> ColumnElement[bool]:
    return PeopleImportRow.outcome.in_(("needs_confirmation", "refused"))
