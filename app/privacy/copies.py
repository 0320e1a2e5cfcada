"""Somebody's own copy: a ZIP with a file of data for each domain, and all of it to read as a PDF."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from app.core import clock
from app.core.paper import typeset
from app.core.personal import Held, Holding, Rows
from app.core.templating import format_date, format_datetime
from app.identity.records import shown_as
from app.privacy.holdings import holdings

# Further rows stand in the data only: nobody reads a thousand saves on paper.
MOST_ON_PAPER = 100
_README = """\
BẢN SAO DỮ LIỆU CÁ NHÂN
Lập lúc {made_at} theo Luật Bảo vệ dữ liệu cá nhân số 91/2025/QH15.

du-lieu-cua-toi.pdf   để đọc; bảng dài chỉ in {most} dòng đầu
du-lieu/*.json        đủ mọi dòng, mỗi phần một tệp, mã UTF-8

Mỗi tệp JSON: "title" tên phần, "basis" vì sao được giữ, "kept" giữ bao lâu, "tables" các bảng. Mỗi bảng: "fields" giải
thích từng trường, "rows" các dòng. Ngày viết năm-tháng-ngày; giờ theo UTC. null: không có.

Các phần:
{parts}
"""


@dataclass(frozen=True)
class Part:
    """One domain's share of a copy."""

    holding: Holding
    tables: Sequence[tuple[Held, Rows]]


def collect(db: Session, person_id: int) -> list[Part]:
    """All there is about a person now, under whichever record of theirs."""
    records = sorted(shown_as(db, [person_id]))
    parts = []
    for holding in holdings():
        exports = [holding.export_person(db, record) for record in records]
        together = [(same[0][0], [row for _held, rows in same for row in rows]) for same in zip(*exports, strict=True)]
        parts.append(Part(holding, together))
    return parts


def pack(name: str, parts: Sequence[Part]) -> bytes:
    """The ZIP. It speaks Vietnamese, as all papers do."""
    made_at = clock.now()
    readme = _README.format(
        made_at=format_datetime(made_at), most=MOST_ON_PAPER,
        parts="\n".join(f"du-lieu/{part.holding.key}.json: {part.holding.title}" for part in parts),
    )  # fmt: skip
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("doc-truoc.txt", readme)
        packed.writestr("du-lieu-cua-toi.pdf", _paper(name, parts, made_at))
        for part in parts:
            packed.writestr(f"du-lieu/{part.holding.key}.json", _data(part))
    return out.getvalue()


def _data(part: Part) -> bytes:
    said = {
        "title": str(part.holding.title), "basis": str(part.holding.basis), "kept": str(part.holding.kept),
        "tables": [
            {"name": held.name, "title": str(held.title), "fields": held.words, "rows": rows}
            for held, rows in part.tables
        ],
    }  # fmt: skip
    return msgspec.json.format(msgspec.json.encode(said), indent=1)


def _paper(name: str, parts: Sequence[Part], made_at: datetime) -> bytes:
    day = clock.day_of(made_at)
    said = {
        "name": name, "made_at": format_datetime(made_at),
        "date": {"year": day.year, "month": day.month, "day": day.day},
        "parts": [
            {
                "title": str(part.holding.title), "basis": str(part.holding.basis), "kept": str(part.holding.kept),
                "tables": [_table(held, rows) for held, rows in part.tables if rows],
            }
            for part in parts
        ],
    }  # fmt: skip
    return typeset(Path(__file__).with_name("copy.typ"), said)


def _table(held: Held, rows: Rows) -> dict[str, Any]:
    return {
        "title": str(held.title), "count": len(rows), "more": max(0, len(rows) - MOST_ON_PAPER),
        "rows": [_line(held.words, row) for row in rows[:MOST_ON_PAPER]],
    }  # fmt: skip


def _line(words: Mapping[str, str], row: Mapping[str, Any]) -> list[list[str]]:
    """What a row says, field by field; what is empty is left out."""
    return [[words[name], text] for name, value in row.items() if (text := _text(value))]


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "có" if value else "không"
        case datetime():
            return format_datetime(value)
        case date():
            return format_date(value)
        case dict():
            return "; ".join(f"{name}: {text}" for name, one in value.items() if (text := _text(one)))
        case list():
            return ", ".join(_text(one) for one in value)
        case _:
            return str(value)
