"""Lists handed in through the browser: kept sealed, checked in a job, applied in another, shown row by row.

What is done with a row is for each kind of list to say (people_imports.py, and domains above).

Only the account that uploaded a workbook sees it and its result: they hold identity numbers and first passwords. The
files are deleted after KEPT.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import ColumnElement, and_, delete, select
from sqlalchemy.orm import Session

from app.core import audit, clock, ids, jobs
from app.core.access import Actor
from app.core.db import Database
from app.core.errors import Conflict, Forbidden, NotFound
from app.core.i18n import lazy as _
from app.core.storage import Storage
from app.core.tables import cell_text
from app.identity.imports.models import PeopleImportKey, PeopleImportRow
from app.identity.lists.people_report import ImportReport, Outcome, RowReport
from app.identity.lists.people_sheet import PeopleSheet
from app.identity.models import PeopleImport
from app.identity.sealing import seal_file, unseal_file
from app.identity.sign_in.accounts import actor_of

KEPT = timedelta(days=30)
ROWS_PER_PAGE = 50
_LISTED = 50


@dataclass(frozen=True)
class ListKind:
    """A kind of list: its name in the rows, the job that reads it, the permission its importer needs.

    `at_once`: so many rows are applied in a transaction, so that a long list keeps nobody waiting, and a row met again
    changes nothing. None: all or nothing, and checking is doing and undoing.
    """

    name: str
    job: str
    permission: str
    at_once: int | None = None


# What is done with the rows of a list, or would be: checked with a wish that is a dry run, else done.
Act = Callable[[Session, Actor, PeopleImport, PeopleSheet], ImportReport]


# --- what is wished -----------------------------------------------------------------------------------------------


def keep_source(storage: Storage, content: bytes) -> str:
    """Store an uploaded workbook sealed; returns its key. Raises StorageFull."""
    key = f"imports/{ids.token()}.sealed"
    storage.put(key, io.BytesIO(seal_file(content)))
    return key


def request_check(
    db: Session, actor: Actor, kind: ListKind, file_name: str, source_key: str, subject_id: int | None = None
) -> PeopleImport:
    """Have a stored workbook checked (dry run) by a job; `subject_id` is what the list belongs to, a class for one."""
    return _request(db, kind, actor.account_id, file_name, source_key, subject_id, dry_run=True)


def request_apply(db: Session, actor: Actor, kind: ListKind, import_id: int) -> PeopleImport:
    """Have a checked workbook applied by a job; asking twice gives the same import. Raises Conflict if it cannot be."""
    checked = visible_import(db, actor, kind, import_id, lock=True)
    if not checked.dry_run:
        return checked
    if applied := _applied(db, checked):
        return applied
    if not checked.result_key or not checked.source_key:
        raise Conflict(_("Tệp này chưa kiểm tra xong hoặc đã hết hạn lưu. Hãy tải tệp lên lại."))
    return _request(
        db, kind, actor.account_id, checked.file_name, checked.source_key, checked.subject_id, dry_run=False
    )


def visible_import(db: Session, actor: Actor, kind: ListKind, import_id: int, *, lock: bool = False) -> PeopleImport:
    """Raises NotFound for a list of somebody else, or of another kind."""
    statement = select(PeopleImport).where(PeopleImport.id == import_id, _visible_imports(actor, kind))
    found = db.scalars(statement.with_for_update() if lock else statement).one_or_none()
    if found is None:
        raise NotFound
    return found


# --- what the jobs do ---------------------------------------------------------------------------------------------


def run_list(
    context: jobs.JobContext,
    kind: ListKind,
    import_id: int,
    read: Callable[[bytes, str], PeopleSheet],
    act: Act,
) -> dict[str, int] | None:
    """Check or apply one workbook. The report is stored before the commit, so nothing it alone tells is ever lost."""
    with context.database.reading() as db:
        wish = db.get(PeopleImport, import_id)
        if wish is None or wish.result_key:
            return None
        content, file_name = b"".join(context.storage.read(wish.source_key)), wish.file_name
    context.progress(0.1, str(_("Đang đọc tệp…")))
    sheet = read(unseal_file(content), file_name)
    context.progress(0.3, str(_("Đang đối chiếu %(rows)s dòng…") % {"rows": len(sheet.rows)}))
    parted = _in_parts(context, kind, import_id, sheet, act) if kind.at_once else None
    with context.database.writing() as db:
        wish = db.get_one(PeopleImport, import_id, with_for_update=True)
        if wish.result_key:
            return None
        report = parted or act(db, importer(db, wish, kind), wish, sheet)
        key = f"imports/{ids.token()}.report.sealed"
        context.storage.put(key, io.BytesIO(seal_file(msgspec.json.encode(report))))
        wish.outcome, wish.result_key = report.counts, key
        if not report.dry_run:
            action = f"{kind.name}.import"
            audit.record(db, action, "people_import", import_id, account_id=wish.account_id, **report.counts)
    _forget_parts(context.storage, import_id)
    return report.counts


def _in_parts(context: jobs.JobContext, kind: ListKind, import_id: int, sheet: PeopleSheet, act: Act) -> ImportReport:
    """Check all rows without writing, or apply them part by part; whoever stops it keeps what was done.

    The report of a part is stored once the part is committed, so that a job that begins again passes it over. A part
    whose report was lost is met again, and changes nothing.
    """
    with context.database.reading() as db:
        wish = db.get_one(PeopleImport, import_id)
        if wish.dry_run:
            return act(db, importer(db, wish, kind), wish, sheet)
    step = kind.at_once or len(sheet.rows)
    parts: list[ImportReport] = []
    done = set(context.storage.all_keys(_parts_of(import_id)))
    for start in range(0, len(sheet.rows), step):
        part = replace(sheet, rows=sheet.rows[start : start + step])
        key = f"{_parts_of(import_id)}/{start}.sealed"
        if key in done:
            parts.append(_read_report(context.storage, key))
            continue
        try:
            context.progress(
                0.3 + 0.6 * start / len(sheet.rows),
                str(_("Đã xong %(done)s trên %(rows)s dòng") % {"done": start, "rows": len(sheet.rows)}),
            )
        except jobs.Cancelled:
            parts.append(_left_undone(replace(sheet, rows=sheet.rows[start:])))
            break
        with context.database.writing() as db:
            wish = db.get_one(PeopleImport, import_id)
            report = act(db, importer(db, wish, kind), wish, part)
        context.storage.put(key, io.BytesIO(seal_file(msgspec.json.encode(report))))
        parts.append(report)
    return replace(parts[0], rows=tuple(row for part in parts for row in part.rows))


def beside(source_key: str) -> str:
    """The folder of what belongs to a stored workbook and is deleted with it."""
    return f"{source_key}.beside"


def _parts_of(import_id: int) -> str:
    return f"imports/{import_id}"


def _forget_parts(storage: Storage, import_id: int) -> None:
    for key in list(storage.all_keys(_parts_of(import_id))):
        storage.delete(key)


def _left_undone(sheet: PeopleSheet) -> ImportReport:
    """What a stopped job says of the rows it did not come to."""
    said = (str(_("Đã dừng trước khi tới dòng này; chưa ghi gì.")),)
    rows = (RowReport(row.number, tuple(map(cell_text, row.cells)), "refused", said, "", {}, {}) for row in sheet.rows)
    return ImportReport(sheet.file, sheet.sheet, clock.today(), False, tuple(rows))


def importer(db: Session, wish: PeopleImport, kind: ListKind) -> Actor:
    """Whose list it is. Raises Forbidden: the role may have been taken away while the job waited."""
    actor = actor_of(db, wish.account_id) if wish.account_id else None
    if actor is None or not actor.can(kind.permission):
        raise Forbidden
    return actor


def forget_imports(context: jobs.JobContext) -> dict[str, int]:
    """Delete the files of imports older than KEPT; the rows with their counts stay."""
    with context.database.reading() as db:
        old = db.execute(
            select(PeopleImport.id, PeopleImport.source_key, PeopleImport.result_key).where(
                PeopleImport.created_at < clock.now() - KEPT, PeopleImport.source_key != ""
            )
        ).all()
    for import_id, source_key, result_key in old:
        forget_list(context.database, context.storage, import_id, source_key, result_key)
    return {"forgotten": len(old)}


def forget_list(database: Database, storage: Storage, import_id: int, source_key: str, result_key: str = "") -> None:
    """Delete the files and the rows of a list; that there was one, with its counts, stays."""
    _forget_parts(storage, import_id)
    storage.delete(source_key)
    for key in list(storage.all_keys(beside(source_key))):
        storage.delete(key)
    if result_key:
        storage.delete(result_key)
    with database.writing() as db:
        gone = db.get_one(PeopleImport, import_id)
        gone.source_key = gone.result_key = gone.stage = ""
        own = select(PeopleImportRow.id).where(PeopleImportRow.import_id == import_id)
        db.execute(delete(PeopleImportKey).where(PeopleImportKey.row_id.in_(own)))
        db.execute(delete(PeopleImportRow).where(PeopleImportRow.import_id == import_id))


# --- what the pages show ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ImportSummary:
    """One line of the list; `state`: waiting, failed, checked, applied, undone, forgotten."""

    id: int
    file_name: str
    created_at: datetime
    dry_run: bool
    state: str
    counts: dict[str, int]


@dataclass(frozen=True)
class ImportView:
    """One import with a page of its rows; `progress_percent` counts while `state` is waiting."""

    summary: ImportSummary
    progress_percent: int
    progress_text: str
    error: str
    outcome: Outcome | None
    rows: list[RowReport]
    page: int
    pages: int
    can_apply: bool
    applied_id: int | None


def past_imports(db: Session, actor: Actor, kind: ListKind, subject_id: int | None = None) -> list[ImportSummary]:
    """The actor's latest imports, newest first."""
    found = db.scalars(
        select(PeopleImport)
        .where(_visible_imports(actor, kind), PeopleImport.subject_id.is_not_distinct_from(subject_id))
        .order_by(PeopleImport.id.desc())
        .limit(_LISTED)
    ).all()
    failed = set(
        db.scalars(
            select(jobs.Job.subject).where(
                jobs.Job.subject.in_([_subject(wish.id) for wish in found]), jobs.Job.state.in_(("failed", "cancelled"))
            )
        )
    )
    return [summary_of(wish, failed=_subject(wish.id) in failed) for wish in found]


def import_view(
    db: Session, storage: Storage, actor: Actor, kind: ListKind, import_id: int, outcome: Outcome | None, page: int
) -> ImportView:
    """Raises NotFound for an import of somebody else."""
    wish = visible_import(db, actor, kind, import_id)
    job = jobs.latest(db, _subject(wish.id))
    summary = summary_of(wish, failed=job is not None and job.state in ("failed", "cancelled"))
    rows: list[RowReport] = []
    if wish.result_key:
        report = stored_report(storage, wish)
        rows = [row for row in report.rows if outcome in (None, row.outcome)]
    pages = max(1, -(-len(rows) // ROWS_PER_PAGE))
    page = min(max(page, 1), pages)
    applied = _applied(db, wish) if wish.dry_run else None
    return ImportView(
        summary=summary,
        progress_percent=round(100 * job.progress_ratio) if job else 0,
        progress_text=job.progress_text if job else "",
        error=(job.error or "") if job and summary.state == "failed" else "",
        outcome=outcome,
        rows=rows[(page - 1) * ROWS_PER_PAGE : page * ROWS_PER_PAGE],
        page=page,
        pages=pages,
        can_apply=summary.state == "checked" and applied is None and _applicable(wish.outcome) > 0,
        applied_id=applied.id if applied else None,
    )


def stored_report(storage: Storage, wish: PeopleImport) -> ImportReport:
    """Row by row what came of an import; raises NotFound if it is not done or forgotten."""
    if not wish.result_key:
        raise NotFound
    return _read_report(storage, wish.result_key)


def _read_report(storage: Storage, key: str) -> ImportReport:
    return msgspec.json.decode(unseal_file(b"".join(storage.read(key))), type=ImportReport)


def _request(
    db: Session, kind: ListKind, account_id: int, file_name: str, source_key: str, subject_id: int | None,
    *, dry_run: bool,
) -> PeopleImport:  # fmt: skip
    wish = PeopleImport(
        kind=kind.name,
        subject_id=subject_id,
        account_id=account_id,
        file_name=file_name,
        dry_run=dry_run,
        created_at=clock.now(),
        outcome={},
        source_key=source_key,
    )
    db.add(wish)
    db.flush()
    jobs.enqueue(db, kind.job, subject=_subject(wish.id), owner=account_id, import_id=wish.id)
    return wish


def _visible_imports(actor: Actor, kind: ListKind) -> ColumnElement[bool]:
    return and_(PeopleImport.account_id == actor.account_id, PeopleImport.kind == kind.name)


def _applied(db: Session, checked: PeopleImport) -> PeopleImport | None:
    return db.scalars(
        select(PeopleImport).where(PeopleImport.source_key == checked.source_key, PeopleImport.source_key != "")
        .where(PeopleImport.dry_run.is_(False))
    ).first()  # fmt: skip


def summary_of(wish: PeopleImport, *, failed: bool) -> ImportSummary:
    """`failed`: what worked on it has ended before it was done."""
    if wish.stage in ("checked", "applied", "undone"):
        state = wish.stage
    elif wish.result_key:
        state = "checked" if wish.dry_run else "applied"
    elif not wish.source_key:
        state = "forgotten"
    else:
        state = "failed" if failed else "waiting"
    return ImportSummary(wish.id, wish.file_name, wish.created_at, wish.dry_run, state, wish.outcome)


def _applicable(counts: dict[str, int]) -> int:
    return sum(counts.get(outcome, 0) for outcome in ("created", "matched", "repaired"))


def _subject(import_id: int) -> str:
    return f"people_import:{import_id}"
