"""The tables of /exports for programs: read-only JSON by a unit's key, a page at a time (docs/api.md)."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from app.core import clock, limiting
from app.core.errors import Forbidden, Invalid, NotFound
from app.core.i18n import gettext as _
from app.core.web import Config, Db, client_of
from app.coverage.counting.as_json import as_json
from app.coverage.counting.figures import figure
from app.coverage.exports.records import RECORDS, Wanted, as_cells, records_query
from app.coverage.exports.tables import question_of
from app.coverage.exports.tokens import Reader, TokenRefused, reader_of

router = APIRouter(prefix="/api/v1")

LIMIT = "300/minute"
_ROWS, _MOST_ROWS = 500, 5000
_LAST_KEY = 2**63 - 1


def _reader(request: Request, db: Db) -> Reader:
    """Whose key the request carries; every use of one is noted in the access log."""
    scheme, _blank, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise TokenRefused
    reader = reader_of(db, token.strip())
    request.app.state.token_log.note(reader, client_of(request))
    limiting.hit_here("api", LIMIT, str(reader.token_id))
    return reader


ByToken = Annotated[Reader, Depends(_reader)]


@router.get("")
def tables(reader: ByToken) -> Response:
    """What this key may read, with the fields of each table."""
    fields = {
        name: [{"name": one.name, "type": one.kind, "title": str(one.title)} for one in records.fields]
        for name, records in RECORDS.items()
        if name in reader.scopes
    }
    return _json({"tables": fields, "coverage": "coverage" in reader.scopes, "limit": LIMIT})


@router.get("/coverage")
def coverage(
    reader: ByToken, db: Db, config: Config, indicator: str = "", unit: str = "", on: str = "", map: str = "",
    period: str = "",
) -> Response:  # fmt: skip
    """One figure and those of the units below: the document `coverage show --json` prints."""
    _require(reader, "coverage")
    question = question_of({
        "indicator": indicator, "unit": unit or config.province_code, "on": _day("on", on), "map": _day("map", map),
        "period": period,
    })  # fmt: skip
    return _json(as_json(figure(db, question)))


@router.get("/{table}")
def rows(request: Request, reader: ByToken, db: Db, table: str) -> Response:
    """A page of a table in the order of its key: `after` is the `next` of the page before, null at the end."""
    if table not in RECORDS:
        raise NotFound(_("Không có bảng này. GET /api/v1 nói có những bảng nào."))
    _require(reader, table)
    asked = dict(request.query_params)
    if unknown := set(asked) - {"after", "limit", "fields", "unit", "course", "from", "to"}:
        raise Invalid(fields={name: _("Không có tham số này.") for name in sorted(unknown)})
    after, limit = _number(asked, "after", 0, _LAST_KEY), _number(asked, "limit", _ROWS, _MOST_ROWS)
    wanted = Wanted.of(
        asked | {name: _day(name, asked.get(name, "")) for name in ("from", "to")}
        | {"columns": [name for name in asked.get("fields", "").split(",") if name]},
        reader.units,
    )  # fmt: skip
    records = RECORDS[table]
    fields = records.chosen(wanted.columns)
    page = records_query(db, records, wanted, fields).add_columns(records.key.label("_key"))
    found = db.execute(page.where(records.key > after).order_by(records.key).limit(limit)).all()
    names = [one.name for one in fields]
    cells = as_cells(fields, [row[:-1] for row in found])
    return _json({
        "table": table, "rows": [dict(zip(names, row, strict=True)) for row in cells],
        "next": found[-1][-1] if len(found) == limit else None,
    })  # fmt: skip


def _require(reader: Reader, scope: str) -> None:
    if scope not in reader.scopes:
        raise Forbidden(_("Khóa truy cập này không đọc được bảng %(table)s."), table=scope)


def _number(asked: dict[str, str], name: str, otherwise: int, most: int) -> int:
    text = asked.get(name, "")
    if not text:
        return otherwise
    if not (text.isascii() and text.isdecimal() and len(text) < 20 and int(text) <= most):
        raise Invalid(fields={name: _("Hãy ghi một số từ 0 đến %(most)s.", most=most)})
    return int(text)


def _day(name: str, text: str) -> str:
    """As ISO text, empty for none; raises Invalid for what is no day."""
    day = clock.parse_day(text) if text else None
    if text and day is None:
        raise Invalid(fields={name: _("“%(text)s” không phải là ngày. Hãy viết như 2026-11-21.", text=text[:40])})
    return day.isoformat() if day else ""


def _json(document: Any) -> Response:
    return Response(
        msgspec.json.encode(document), media_type="application/json", headers={"cache-control": "private, no-store"}
    )
