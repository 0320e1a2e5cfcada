"""The open data for everybody: what there is, how it was made, and the files."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.core.attachments import attachment
from app.core.errors import NotFound
from app.core.web import Config, Files, render
from app.coverage.open_data.making import FILES, LICENCE, PACKAGE, key_of, months, package_of
from app.coverage.open_data.tables import TABLES, OpenTable

router = APIRouter()

_TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
# A file never changes.
_KEPT = {
    "cache-control": "public, max-age=86400", "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
}  # fmt: skip


@dataclass(frozen=True)
class OpenDataPage:
    """`newest` describes the newest issue; None where there is none yet."""

    is_on: bool
    months: list[str]
    newest: Mapping[str, Any] | None
    tables: tuple[OpenTable, ...]
    licence: Mapping[str, str]


@router.get("/open-data")
def open_data(request: Request, config: Config, files: Files) -> Response:
    found = months(files) if config.open_data else []
    newest = package_of(files, found[0]) if found else None
    return render(
        request, "coverage/open_data.html", page=OpenDataPage(config.open_data, found, newest, TABLES, LICENCE)
    )


@router.get("/open-data/{month}/{name}")
def file(config: Config, files: Files, month: str, name: str) -> Response:
    """A file of an issue; the same for ever under the same address."""
    if not config.open_data or name not in FILES or month not in months(files):
        raise NotFound
    content = b"".join(files.read(key_of(month, name)))
    ending = name.rpartition(".")[2]
    response = attachment(content, name if name == PACKAGE else f"hocso-{month}-{name}", _TYPES[ending])
    response.headers.update(_KEPT)
    return response
