"""A table as a file: written for a job, or to take away at once where it is small."""

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from starlette.responses import Response

from app.core.attachments import XLSX, attachment
from app.core.errors import NotFound
from app.core.tables import Cell, Column, Format, write_csv, write_xlsx

CONTENT_TYPES = {"csv": "text/csv; charset=utf-8", "xlsx": XLSX}


@dataclass(frozen=True)
class Table:
    """What to write: a sheet name, lines above the head, columns and rows."""

    sheet: str
    notes: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: Iterable[Sequence[Cell]]


def write_table(table: Table, path: Path, format: Format) -> int:
    """Write to a local file; the number of rows. CSV carries no notes: programs read it."""
    if format == "xlsx":
        return write_xlsx(path, table.sheet, table.columns, table.rows, table.notes)
    with path.open("wb") as out:
        return write_csv(out, table.columns, table.rows)


def download(table: Table, format: str, name: str) -> Response:
    """`name` without its ending; raises NotFound for a format that is none of ours."""
    if format not in CONTENT_TYPES:
        raise NotFound
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table"
        write_table(table, path, "xlsx" if format == "xlsx" else "csv")
        content = path.read_bytes()
    return attachment(content, f"{name}.{format}", CONTENT_TYPES[format])
