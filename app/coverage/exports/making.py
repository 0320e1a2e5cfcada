"""Making the file somebody asked for, and forgetting it after a week."""

import tempfile
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from app.core import clock
from app.core.errors import NotFound
from app.core.i18n import gettext as _
from app.core.jobs import JobContext, JobFunction
from app.core.table_files import Table, write_table
from app.coverage.counting.figures import Question
from app.coverage.exports.tables import CompletionFilter, completions_table, coverage_table
from app.coverage.models import ExportFile
from app.identity.sign_in import accounts

KEPT = timedelta(days=7)


def make_export(context: JobContext, export_id: int) -> Mapping[str, Any]:
    """Write the file an ExportFile row asks for; doing it twice writes the same row again."""
    with context.database.reading() as db:
        wish = db.get(ExportFile, export_id)
        if wish is None:
            raise NotFound
        if wish.size is not None:
            return {"rows": wish.rows}
        # What the asker may see is judged now, not when the button was pressed.
        actor = accounts.actor_of(db, wish.account_id)
        context.progress(0.1, _("Đang đọc dữ liệu"))
        table: Table
        if wish.what == "completions":
            if actor is None:
                raise NotFound
            table = completions_table(db, CompletionFilter.of(wish.filters, actor))
        else:
            table = coverage_table(db, _question(wish.filters))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"export.{wish.format}"
            rows = write_table(table, path, "xlsx" if wish.format == "xlsx" else "csv")
            size = path.stat().st_size
            context.progress(0.9, _("Đang lưu tệp"))
            key = f"exports/{export_id}.{wish.format}"
            context.storage.put_file(key, path)
    with context.database.writing() as db:
        wish = db.get_one(ExportFile, export_id)
        wish.rows, wish.size, wish.storage_key = rows, size, key
    return {"rows": rows, "text": _("Đã xuất %(rows)s dòng.", rows=rows)}


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


def _question(filters: dict[str, Any]) -> Question:
    on = date.fromisoformat(filters["on"]) if filters.get("on") else clock.today()
    map_on = date.fromisoformat(filters["map"]) if filters.get("map") else None
    return Question(filters["indicator"], filters["unit"], on, map_on, period=filters.get("period") or None)


JOBS: dict[str, JobFunction] = {
    "coverage.export": make_export,
    "coverage.forget_exports": forget_exports,
}
