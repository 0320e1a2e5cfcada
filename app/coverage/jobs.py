"""Background work of coverage: making export files, the nightly comparison, trying again what failed."""

import tempfile
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, union

from app.core import clock
from app.core.errors import NotFound
from app.core.i18n import gettext as _
from app.core.jobs import JobContext, JobFunction
from app.core.table_files import Table, write_table
from app.coverage.exports import CompletionFilter, completions_table, coverage_table
from app.coverage.figures import Question
from app.coverage.handlers import retry_pending
from app.coverage.ledger import Difference, reconcile
from app.coverage.models import CoverageEntry, ExportFile
from app.identity.models import Affiliation
from app.identity.sign_in import accounts
from app.learning.models import Completion

KEPT = timedelta(days=7)
_CHUNK = 500


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


def rebuild(context: JobContext) -> Mapping[str, Any]:
    """Compare the ledger with the facts, person by person, and append what differs; there must be nothing."""
    found = Difference()
    with context.database.reading() as db:
        everybody = people_with_figures(db)
    for start in range(0, len(everybody), _CHUNK):
        chunk = everybody[start : start + _CHUNK]
        with context.database.writing() as db:
            step = reconcile(db, chunk, "rebuild")
        found.people += step.people
        found.entries += step.entries
        context.progress((start + len(chunk)) / len(everybody), _("Đã đối chiếu %(n)s người", n=start + len(chunk)))
    return {"checked": len(everybody), "people": found.people, "entries": found.entries}


def retry(context: JobContext) -> Mapping[str, Any]:
    with context.database.writing() as db:
        settled, waiting = retry_pending(db)
    return {"settled": settled, "waiting": waiting}


def people_with_figures(db: Any) -> list[int]:
    """Everybody who has a post, a completion or an entry."""
    ids = union(select(Affiliation.person_id), select(Completion.person_id), select(CoverageEntry.person_id)).subquery()
    return list(db.scalars(select(ids.c.person_id).group_by(ids.c.person_id).order_by(func.min(ids.c.person_id))))


def _question(filters: dict[str, Any]) -> Question:
    on = date.fromisoformat(filters["on"]) if filters.get("on") else clock.today()
    map_on = date.fromisoformat(filters["map"]) if filters.get("map") else None
    return Question(filters["indicator"], filters["unit"], on, map_on, period=filters.get("period") or None)


JOBS: dict[str, JobFunction] = {
    "coverage.export": make_export,
    "coverage.forget_exports": forget_exports,
    "coverage.rebuild": rebuild,
    "coverage.retry_pending": retry,
}
