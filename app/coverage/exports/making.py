"""Making the file somebody asked for, and forgetting it after a week."""

import tempfile
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.errors import NotFound
from app.core.i18n import gettext as _
from app.core.jobs import JobContext, JobFunction
from app.core.table_files import write_table
from app.core.templating import format_number
from app.coverage.exports.records import NAMES, RECORDS, Wanted, write_records
from app.coverage.exports.tables import coverage_table, question_of
from app.coverage.models import ExportFile
from app.identity.sign_in import accounts

KEPT = timedelta(days=7)


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
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"export.{wish.format}"
            rows = _write(context, db, wish, path)
            size = path.stat().st_size
            context.progress(0.95, _("Đang lưu tệp"))
            key = f"exports/{export_id}.{wish.format}"
            context.storage.put_file(key, path)
    with context.database.writing() as db:
        wish = db.get_one(ExportFile, export_id)
        wish.rows, wish.size, wish.storage_key = rows, size, key
    return {"rows": rows, "text": _("Đã xuất %(rows)s dòng.", rows=rows)}


def _write(context: JobContext, db: Session, wish: ExportFile, path: Path) -> int:
    """The number of rows. What the asker may see is judged now, not when the button was pressed."""
    if wish.what == "coverage":
        return write_table(coverage_table(db, question_of(wish.filters)), path, wish.format)
    actor = accounts.actor_of(db, wish.account_id)
    if actor is None:
        raise NotFound
    actor.require(NAMES)

    def tell(rows: int, ratio: float) -> None:
        context.progress(0.95 * ratio, _("%(count)s dòng", count=format_number(rows)))

    wanted = Wanted.of(wish.filters, actor.units_with(NAMES))
    return write_records(context.database, db, RECORDS[wish.what], wanted, path, wish.format, tell)


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
