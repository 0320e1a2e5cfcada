"""A table as a file to take away at once, for tables that are small."""

import tempfile
from pathlib import Path

from starlette.responses import Response

from app.core.errors import NotFound
from app.coverage.exports import Table, write_table

CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def download(table: Table, format: str, name: str) -> Response:
    """`name` without its ending; raises NotFound for a format that is none of ours."""
    if format not in CONTENT_TYPES:
        raise NotFound
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table"
        write_table(table, path, "xlsx" if format == "xlsx" else "csv")
        content = path.read_bytes()
    headers = {
        "content-disposition": f'attachment; filename="{name}.{format}"', "cache-control": "private, no-store",
    }  # fmt: skip
    return Response(content, media_type=CONTENT_TYPES[format], headers=headers)
