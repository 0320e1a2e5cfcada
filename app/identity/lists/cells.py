"""What the cells of lists say: text, days and years."""

import re
from datetime import date, datetime, timedelta

from app.core.tables import Cell, cell_text
from app.core.text import nfc

_DAY_FIRST = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")
_YEAR_FIRST = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ].*)?")
_YEAR = re.compile(r"(?:\d{1,2}/)?(\d{4})")
# Excel counts days from here (it believes that 1900 was a leap year).
_EXCEL_EPOCH = date(1899, 12, 30)


def text_of(cell: Cell) -> str:
    """As `cell_text`, in the form in which we keep text."""
    return nfc(cell_text(cell))


def read_day(cell: Cell) -> date | None:
    """A day out of a date cell, an Excel day number, or text with the day (or an ISO year) first."""
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    if is_serial(cell):
        return _EXCEL_EPOCH + timedelta(days=int(float(text_of(cell))))
    text = text_of(cell)
    try:
        if found := _DAY_FIRST.fullmatch(text):
            return date(int(found[3]), int(found[2]), int(found[1]))
        if found := _YEAR_FIRST.fullmatch(text):
            return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None
    return None


def read_year(cell: Cell) -> int | None:
    """A year that stands alone, or behind a month."""
    found = _YEAR.fullmatch(text_of(cell)) if not isinstance(cell, date) else None
    return int(found[1]) if found else None


def is_serial(cell: Cell) -> bool:
    """A number that Excel may have kept a day of our times as."""
    return isinstance(cell, int | float) and 10_000 <= cell <= 80_000
