"""An issue of the open data: the tables of one month, made once, kept as files and never made anew."""

import csv
import hashlib
import io
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from app import __version__
from app.core import clock
from app.core.jobs import JobContext, JobFunction
from app.core.settings import get_settings
from app.core.storage import Storage
from app.coverage.open_data.tables import TABLES, OpenTable, Value, month_before, rows_of

# With it an issue is whole: it is written last.
PACKAGE = "datapackage.json"
FILES = (*(f"{table.name}.{ending}" for table in TABLES for ending in ("csv", "json")), PACKAGE)
LICENCE = {
    "name": "CC-BY-4.0", "title": "Creative Commons Attribution 4.0",
    "path": "https://creativecommons.org/licenses/by/4.0/",
}  # fmt: skip
_FOLDER = "open-data"
_MONTH = re.compile(rf"^{_FOLDER}/(\d{{4}}-\d\d)/{PACKAGE}$")


def key_of(month: str, name: str) -> str:
    """Where a file of an issue lies."""
    return f"{_FOLDER}/{month}/{name}"


def months(storage: Storage) -> list[str]:
    """The months there are issues of, the newest first, as 2026-10."""
    found = (_MONTH.match(key) for key in storage.all_keys(_FOLDER))
    return sorted((match[1] for match in found if match), reverse=True)


def package_of(storage: Storage, month: str) -> Mapping[str, Any]:
    """The description of an issue."""
    found: Mapping[str, Any] = msgspec.json.decode(b"".join(storage.read(key_of(month, PACKAGE))))
    return found


def make_issue(context: JobContext) -> dict[str, Any]:
    """Each night: the issue of the month that is over, if there is none yet; nothing where it is switched off."""
    settings = get_settings()
    day = month_before(clock.today())
    month = f"{day:%Y-%m}"
    if not settings.open_data or month in months(context.storage):
        return {"made": None}
    resources = []
    for table in TABLES:
        with context.database.reading() as db:
            rows = rows_of(db, table, settings.province_code, day)
        for resource, content in _files(table, rows):
            context.storage.put(key_of(month, resource["path"]), io.BytesIO(content))
            resources.append(resource)
    package = {
        "profile": "tabular-data-package", "name": f"hocso-{settings.province_code}-{month}",
        "title": f"Học Số {settings.province_code} {month}", "version": month, "created": clock.now().isoformat(),
        "licenses": [LICENCE], "generator": f"hocso {__version__}", "resources": resources,
    }  # fmt: skip
    context.storage.put(key_of(month, PACKAGE), io.BytesIO(msgspec.json.format(msgspec.json.encode(package))))
    return {"made": month}


def _files(table: OpenTable, rows: list[list[Value]]) -> Iterator[tuple[dict[str, Any], bytes]]:
    names = [field.name for field in table.fields]
    text = io.StringIO(newline="")
    csv.writer(text).writerows([names, *rows])
    objects = [dict(zip(names, row, strict=True)) for row in rows]
    contents = {"csv": text.getvalue().encode(), "json": msgspec.json.encode(objects)}
    schema = {
        "fields": [
            {"name": one.name, "type": one.type, "description": str(one.meaning)} for one in table.fields
        ],
        "primaryKey": list(table.key), "missingValues": [""],
    }  # fmt: skip
    for ending, content in contents.items():
        yield {
            "name": f"{table.name}-{ending}", "path": f"{table.name}.{ending}", "title": str(table.title),
            "format": ending, "encoding": "utf-8", "bytes": len(content), "rows": len(rows),
            "hash": f"sha256:{hashlib.sha256(content).hexdigest()}", "schema": schema,
        }, content  # fmt: skip


JOBS: dict[str, JobFunction] = {"coverage.open_data": make_issue}
