"""Making the file somebody asked for, and forgetting it after a week."""

import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.errors import NotFound
from app.core.i18n import gettext as _
from app.core.jobs import JobContext, JobFunction
from app.core.table_files import FOR_PEOPLE, Table, write_table
from app.core.tables import Cell
from app.core.templating import format_number
from app.coverage.exports.records import NAMES, RECORDS, Wanted, records_count, records_table
from app.coverage.exports.tables import coverage_table, question_of
from app.coverage.models import ExportFile
from app.identity.sign_in import accounts

KEPT = timedelta(days=7)
_TELL_S = 0.5
_LOOK_ROWS = 1000


def make_export(context: JobContext, export_id: int) -> Mapping[str, Any]:
    """Write the file an ExportFile row asks for; doing it twice writes the same row again.

    A worker that ends in the middle leaves nothing: the next one begins again, and reads one moment from first to last.
    """
    with context.database.reading() as db:
        wish = db.get(ExportFile, export_id)
        if wish is None:
            raise NotFound
        if wish.size is not None:
            return {"rows": wish.rows}
        context.progress(0.0, _("Đang đọc dữ liệu"))
        table = _table(context, db, wish)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"export.{wish.format}"
            rows = write_table(table, path, wish.format)
            size = path.stat().st_size
            context.progress(0.95, _("Đang lưu tệp"))
            key = f"exports/{export_id}.{wish.format}"
            context.storage.put_file(key, path)
    with context.database.writing() as db:
        wish = db.get_one(ExportFile, export_id)
        wish.rows, wish.size, wish.storage_key = rows, size, key
    return {"rows": rows, "text": _("Đã xuất %(rows)s dòng.", rows=rows)}


def _table(context: JobContext, db: Session, wish: ExportFile) -> Table:
    """What the asker may see is judged now, not when the button was pressed."""
    if wish.what == "coverage":
        return coverage_table(db, question_of(wish.filters))
    actor = accounts.actor_of(db, wish.account_id)
    if actor is None:
        raise NotFound
    actor.require(NAMES)
    records, wanted = RECORDS[wish.what], Wanted.of(wish.filters, actor.units_with(NAMES))
    total = records_count(db, records, wanted)
    table = records_table(db, records, wanted, for_people=wish.format in FOR_PEOPLE)
    return replace(table, rows=_told(context, table.rows, total))


def _told(context: JobContext, rows: Iterable[Sequence[Cell]], total: int) -> Iterator[Sequence[Cell]]:
    """The same rows; on the way it is said how many there are so far, and the job stopped if somebody wants it so."""
    next_at = time.monotonic() + _TELL_S
    for count, row in enumerate(rows):
        if count % _LOOK_ROWS == 0 and time.monotonic() >= next_at:
            context.progress(
                0.95 * count / max(total, count),
                _("%(count)s / %(total)s dòng", count=format_number(count), total=format_number(total)),
            )
            next_at = time.monotonic() + _TELL_S
        yield row


def forget_exports(context: JobContext) -> dict[str, int]:
    """Files with people's names are not kept for longer than a week; the line of who asked for what stays."""
    old = (ExportFile.storage_key.is_not(None)) & (ExportFile.created_at < clock.now() - KEPT)
    with context.database.reading() as db:
        forgotten = db.execute(select(ExportFile.id, ExportFile.storage_key).where(old)).all()
    for export_id, key in forgotten:
        context.storage.delete(str(key))
        with context.database.writing() as db:
            db.get_one(ExportFile, export_id).storage_key = None
    return {"forgotten": len(forgotten)}


JOBS: dict[str, JobFunction] = {
    "coverage.export": make_export,
    "coverage.forget_exports": forget_exports,
}
