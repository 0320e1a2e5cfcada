"""What a report says, once, for all of its outputs: frozen as JSON, printed as DOCX, PDF, XLSX and on the page."""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from app.core import clock
from app.core.templating import format_date, format_number
from app.coverage.reports.forms import Column, Kind

# A day is ISO text; None is a cell without a source, printed as an en dash.
Cell = str | int | float | None

_JSON_VERSION = 1


@dataclass(frozen=True)
class Table:
    """A form filled in: `rows` hold a cell per column; `notes` stand below and say how columns are counted."""

    form: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Basis:
    """What the figures are of: activity columns count `first`..`last`, indicator columns the year of `last` to `as_of`.

    `map_on` is the day whose unit tree they are summed on, `read_at` the ISO instant at which they were read.
    """

    period: str
    period_name: str
    first: date
    last: date
    as_of: date
    unit_code: str
    unit_name: str
    map_on: date
    read_at: str
    # Instead of the sentence a report says of its figures.
    words: str = ""


@dataclass(frozen=True)
class Letterhead:
    """`symbol` is what follows the number: BC-SKHCN."""

    superior: str
    issuer: str
    symbol: str
    place: str


@dataclass(frozen=True)
class Section:
    heading: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True)
class Signer:
    """`authority` is the line above the title where somebody signs for another: KT. GIÁM ĐỐC."""

    authority: str
    title: str
    name: str


@dataclass(frozen=True)
class Report:
    """`number` and `dated_on` are empty in a draft; `replaces` names the report this one corrects."""

    subject: str
    letterhead: Letterhead
    number: str
    dated_on: date | None
    addressee: str
    bases: tuple[str, ...]
    sections: tuple[Section, ...]
    annexes: tuple[Table, ...]
    basis: Basis
    sources: tuple[str, ...]
    signer: Signer
    recipients: tuple[str, ...]
    replaces: str = ""

    @property
    def place_and_day(self) -> str:
        """“Bắc Ninh, ngày 05 tháng 02 năm 2026”: days below 10, months 1 and 2 take a zero (Nghị định 30/2020)."""
        day = self.dated_on
        if day is None:
            return f"{self.letterhead.place}, ngày     tháng     năm {self.basis.last.year}"
        month = f"{day.month:02d}" if day.month < 3 else str(day.month)
        return f"{self.letterhead.place}, ngày {day.day:02d} tháng {month} năm {day.year}"

    @property
    def numbered(self) -> str:
        return f"Số: {self.number or f'      /{self.letterhead.symbol}'}"

    @property
    def basis_words(self) -> str:
        """One sentence: which days, which unit, which map."""
        basis = self.basis
        return basis.words or (
            f"Số liệu {basis.period_name}: hoạt động từ ngày {format_date(basis.first)} đến ngày"
            f" {format_date(basis.last)}, chỉ tiêu tính trong năm dương lịch {basis.last.year} đến ngày"
            f" {format_date(basis.as_of)}, theo đơn vị của ngày {format_date(basis.map_on)}."
        )


def as_json(report: Report) -> str:
    """Always the same text for the same report, so that its SHA-256 says whether anything was changed."""
    document = {"version": _JSON_VERSION} | asdict(report)
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=date.isoformat)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def from_json(text: str) -> Report:
    """What `as_json` wrote."""
    given: dict[str, Any] = json.loads(text)
    del given["version"]
    basis = given.pop("basis")
    days = {name: date.fromisoformat(basis[name]) for name in ("first", "last", "as_of", "map_on")}
    dated_on = given.pop("dated_on")
    return Report(
        **given
        | {
            "basis": Basis(**basis | days),
            "dated_on": date.fromisoformat(dated_on) if dated_on else None,
            "letterhead": Letterhead(**given["letterhead"]),
            "signer": Signer(**given["signer"]),
            "sections": tuple(Section(one["heading"], tuple(one["paragraphs"])) for one in given["sections"]),
            "annexes": tuple(_table(one) for one in given["annexes"]),
            **{name: tuple(given[name]) for name in ("bases", "sources", "recipients")},
        }
    )


def with_figures(report: Report, fresh: Report) -> Report:
    """The words as they were edited, with newer figures."""
    return replace(report, annexes=fresh.annexes, basis=fresh.basis, sources=fresh.sources)


def printed(cell: Cell, kind: Kind) -> str:
    """A cell as every output that people read prints it: 1.234 · 84,3 · 14/06/2026 · –."""
    if cell is None or cell == "":
        return "–"
    if kind == "date":
        day = clock.parse_day(str(cell))
        return format_date(day) if day else str(cell)
    if isinstance(cell, str):
        return cell
    if kind == "percent":
        return format_number(cell, 1)
    if kind == "number":
        return format_number(cell, 1).removesuffix(",0")
    return format_number(cell)


def _table(given: dict[str, Any]) -> Table:
    columns = tuple(Column(**column) for column in given["columns"])
    rows = tuple(tuple(row) for row in given["rows"])
    return Table(given["form"], given["title"], columns, rows, tuple(given["notes"]))
