"""A table as a file to take away at once, for tables that are small."""

import tempfile
from pathlib import Path

from starlette.responses import Response

from app.core.attachments import XLSX, attachment
from app.core.errors import NotFound
from app.coverage.exports import Table, write_table

CONTENT_TYPES = {"csv": "text/csv; charset=utf-8", "xlsx": XLSX}


def download(table: Table, format: str, name: str) -> Response:
    """`name` without its ending; raises NotFound for a format that is none of ours."""
    if format not in CONTENT_TYPES:
        raise NotFound
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table"
        write_table(table, path, "xlsx" if format == "xlsx" else "csv")
        content = path.read_bytes()
    return attachment(content, f"{name}.{format}", CONTENT_TYPES[format])
