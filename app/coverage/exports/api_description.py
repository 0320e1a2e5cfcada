"""What /api/v1 is, for machines as an OpenAPI document and for people as a page (docs/api.md)."""

from typing import Any

from app import __version__
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.coverage.exports.records import RECORDS, Field, Records

_TYPES: dict[str, dict[str, Any]] = {
    "text": {"type": ["string", "null"]}, "int": {"type": ["integer", "null"]}, "number": {"type": ["number", "null"]},
    "ratio": {"type": ["number", "null"]}, "date": {"type": ["string", "null"], "format": "date"},
    "instant": {"type": ["string", "null"], "format": "date-time"},
}  # fmt: skip
# Name, what it means, an example.
PARAMETERS: tuple[tuple[str, lazy, str], ...] = (
    ("after", lazy("next của trang trước; trang cuối có next là null"), "0"),
    ("limit", lazy("số dòng một trang, mặc định 500, tối đa 5000"), "500"),
    ("fields", lazy("tên các cột, cách nhau bằng dấu phẩy; bỏ trống là mọi cột"), ""),
    ("unit", lazy("mã đơn vị: chỉ đơn vị ấy và các đơn vị bên dưới"), "07210"),
    ("course", lazy("mã khóa học"), "KH01"),
    ("from", lazy("từ ngày"), "2026-01-01"),
    ("to", lazy("đến ngày"), "2026-06-30"),
)
COVERAGE_PARAMETERS: tuple[tuple[str, lazy, str], ...] = (
    ("indicator", lazy("mã chỉ tiêu"), "BG-CBCC"),
    ("unit", lazy("mã đơn vị, mặc định là tỉnh"), "07210"),
    ("on", lazy("tính đến ngày, mặc định hôm nay"), "2026-06-30"),
    ("map", lazy("cây đơn vị của ngày nào"), "2026-06-30"),
    ("period", lazy("kỳ: 2026, 2026-Q3, 2026-H1 hoặc 2026-03-15..2026-06-14"), "2026"),
)
ANSWERS: tuple[tuple[int, lazy], ...] = (
    (401, lazy("không có khóa, khóa sai, hết hạn, đã thu hồi, hoặc người lập thôi quyền")),
    (403, lazy("khóa này không đọc bảng ấy")),
    (404, lazy("không có bảng, đơn vị hoặc chỉ tiêu ấy")),
    (422, lazy("tham số sai hoặc không biết")),
    (429, lazy("quá nhiều yêu cầu; Retry-After nói chờ bao nhiêu giây")),
)


def openapi(server: str) -> dict[str, Any]:
    """The document of OpenAPI 3.1; `server` is where the platform is reached."""
    paths: dict[str, Any] = {
        "/api/v1": _get(_("Các bảng khóa này đọc được, với các cột"), (), {"type": "object"}),
        "/api/v1/coverage": _get(_("Một chỉ tiêu ở một đơn vị và các đơn vị ngay dưới"), COVERAGE_PARAMETERS,
                                 {"type": "object"}),
    }  # fmt: skip
    for name, records in RECORDS.items():
        paths[f"/api/v1/{name}"] = _get(f"{records.title}. {records.note}", PARAMETERS, _page_of(records))
    return {
        "openapi": "3.1.0",
        "info": {"title": _("Học Số: API chỉ đọc cho phần mềm của đơn vị"), "version": __version__},
        "servers": [{"url": server}], "paths": paths, "security": [{"key": []}],
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Problem": {"type": "object", "properties": {
                "type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"},
                "detail": {"type": "string"}, "errors": {"type": "object"},
            }}},
        },
    }  # fmt: skip


def _get(summary: str, parameters: tuple[tuple[str, lazy, str], ...], schema: dict[str, Any]) -> dict[str, Any]:
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"get": {
        "summary": summary,
        "parameters": [
            {"name": name, "in": "query", "required": name == "indicator", "description": str(meaning),
             "schema": {"type": "string"}}
            for name, meaning, _example in parameters
        ],
        "responses": {
            "200": {"description": summary, "content": {"application/json": {"schema": schema}}},
            **{str(status): {"description": str(why), "content": problem} for status, why in ANSWERS},
        },
    }}  # fmt: skip


def _page_of(records: Records) -> dict[str, Any]:
    fields = {one.name: _TYPES[one.kind] | {"description": str(one.title)} | _codes(one) for one in records.fields}
    return {"type": "object", "properties": {
        "table": {"const": records.name},
        "rows": {"type": "array", "items": {"type": "object", "properties": fields}},
        "next": {"type": ["integer", "null"]},
    }}  # fmt: skip


def _codes(field: Field) -> dict[str, Any]:
    words = {value: str(text) for value, text in (field.words or {}).items() if isinstance(value, str)}
    return {"enum": list(words), "x-words": words} if words else {}
