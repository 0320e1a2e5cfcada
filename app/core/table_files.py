"""A table as a file: written for a job, or to take away at once where it is small."""

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from starlette.responses import Response

from app.core.attachments import XLSX, attachment
from app.core.bulk_files import batches_of, write_json_lines, write_parquet
from app.core.errors import NotFound
from app.core.tables import Cell, Column, write_csv, write_xlsx

CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8", "xlsx": XLSX, "parquet": "application/vnd.apache.parquet",
    "jsonl": "application/jsonl",
}  # fmt: skip
# What people open, with words; the others are for programs, with names and codes.
FOR_PEOPLE = ("csv", "xlsx")


@dataclass(frozen=True)
class Table:
    """What to write: a sheet name, lines above the head, columns and rows."""

    sheet: str
    notes: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: Iterable[Sequence[Cell]]


def write_table(table: Table, path: Path, format: str) -> int:
    """Write to a local file; the number of rows. Only XLSX carries notes: programs read the others.

    For tables of some thousand rows; long ones are long_files.py's. Raises NotFound for a format that is none of ours.
    """
    match format:
        case "xlsx":
            return write_xlsx(path, table.sheet, table.columns, table.rows, table.notes)
        case "csv":
            with path.open("wb") as out:
                return write_csv(out, table.columns, table.rows)
        case "jsonl":
            return write_json_lines(path, table.columns, batches_of(table.rows))
        case "parquet":
            return write_parquet(path, table.columns, batches_of(table.rows))
    raise NotFound


def download(table: Table, format: str, name: str) -> Response:
    """`name` without its ending; raises NotFound for a format that is none of ours."""
    if format not in FOR_PEOPLE:
        raise NotFound
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table"
        write_table(table, path, format)
        content = path.read_bytes()
    return attachment(content, f"{name}.{format}", CONTENT_TYPES[format])
