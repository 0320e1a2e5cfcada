"""What stands around a list's rows: its unit and the day it speaks of, in the lines above it and between its groups."""

import re
from collections.abc import Sequence
from datetime import date

from app.core.text import fold, nfc
from app.identity.lists.cells import read_day, read_year

# The first and the last day of what a list speaks of.
Period = tuple[date, date]

# Folded, so "so" may be Sở or số: only what begins a text is judged by the longer list.
_OFFICE = (
    r"(?:ubnd|uy ban nhan dan|dang uy|hdnd|xa|phuong|thi tran|truong (?:mam non|mn|tieu hoc|th|thcs|thpt|pt|cao dang)"
    r"|trung tam|tram y te|benh vien|cong an|chi cuc|van phong|phong|so)"
)
_BEGINS_AS_OFFICE = re.compile(
    rf"^(?:van phong$|(?:{_OFFICE}|ban|to|khoi co quan|hoi|doan|mat tran|cong ty|thon|khu pho) \S|(?:x|p|tt)\. ?\S)"
)
_LABELLED = re.compile(r"^(?:ten )?(?:don vi|co quan)(?: cong tac| lap| gui| bao cao)?\s*:\s*(?=\S)")
_OF_A_LIST = re.compile(rf"^danh sach\b.*?\b({_OFFICE} \S.*)$")
_AFTER = re.compile(
    r"\s*(?:[(;]|\b(?:nam \d{4}|tinh den|den ngay|tham gia|tham du|du lop|dang ky|hoc tap|dot|lan)\b).*$"
)
_NUMBER = re.compile(r"^(?:[IVXLC]+|[A-Za-z]|\d{1,2}(?:\.\d{1,2})*)\s*[.)/:-]\s*(?=\S)")
_ON_A_DAY = re.compile(r"(?:tinh den|den|thoi diem|tai ngay)(?: het)?(?: ngay)? (\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")
_ON_A_DAY_IN_WORDS = re.compile(r"(?:tinh den|den|thoi diem|tai)(?: het)? ngay (\d{1,2}) thang (\d{1,2}) nam (\d{4})")
_IN_A_YEAR = re.compile(r"(?<!sinh )\bnam (\d{4})\b(?!\s*-)")
# Papers that the list goes with have days of their own.
_OF_A_PAPER = re.compile(r"\b(?:kem theo|quyet dinh|cong van|ke hoach|to trinh|nghi quyet|so:)\b|\bngay\b.*\bthang\b")


def unit_in_titles(lines: Sequence[str], sheet: str) -> str:
    """The unit that the lines above a list or the name of its sheet tell, as written there; "" if none does."""
    for line in lines:
        text = nfc(line)
        if found := _LABELLED.match(fold(text)):
            return text[found.end() :].strip(" .")
    for line in lines:
        text = nfc(line)
        folded = fold(text)
        if found := _OF_A_LIST.match(_AFTER.sub("", folded)):
            return text[found.start(1) : found.end(1)].strip(" .,")
    # In a letterhead what stands lowest is the office itself, above it is what it belongs to.
    for line in [sheet, *reversed(lines)]:
        text = nfc(line)
        if _BEGINS_AS_OFFICE.match(fold(text)) and len(text) < 100:
            return text.strip(" .,")
    return ""


def unit_in_heading(text: str) -> str:
    """The unit a heading between groups of rows names (“II. Phòng Kinh tế”); "" for other headings."""
    bare = _NUMBER.sub("", nfc(text))
    return bare.strip(" .:") if _BEGINS_AS_OFFICE.match(fold(bare)) else ""


def period_in_titles(lines: Sequence[str], today: date) -> Period | None:
    """“tính đến ngày 30/6/2025” as that day, “năm 2024” as that year; None if nothing or two things are said."""
    found: set[Period] = set()
    for line in map(fold, lines):
        if said := _ON_A_DAY.search(line) or _ON_A_DAY_IN_WORDS.search(line):
            day = read_day(f"{said[1]}/{said[2]}/{said[3]}")
            return (day, day) if day and day <= today else None
        if not _OF_A_PAPER.search(line):
            found |= {_year(int(year)) for year in _IN_A_YEAR.findall(line)}
    [period] = found if len(found) == 1 else [None]
    return period if period and period[0] <= today else None


def typed_period(text: str) -> Period | None:
    """A day or a year as somebody typed it; None for an empty field. Raises ValueError for anything else."""
    if not text:
        return None
    if year := read_year(text):
        return _year(year)
    if day := read_day(text):
        return day, day
    raise ValueError(text)


def shown_period(period: Period | None) -> str:
    """As `typed_period` takes it."""
    if period is None:
        return ""
    return f"{period[0]:%d/%m/%Y}" if period[0] == period[1] else str(period[0].year)


def _year(year: int) -> Period:
    return date(year, 1, 1), date(year, 12, 31)
