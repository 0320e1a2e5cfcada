"""When somebody was born, as lists write it: days, days in words, two-digit years, only a year; pure."""

import re
from dataclasses import dataclass
from datetime import date

from app.core.i18n import gettext as _
from app.core.tables import Cell, cell_text
from app.core.text import fold
from app.identity.lists.cells import is_serial, read_day, read_year, text_of

# Of people in lists; two-digit years are read so that the age lies here, and a hundred years hold one such age only.
YOUNGEST, OLDEST = 14, 113
# Who would be older than this by a two-digit year may as well be a child that has no place in the list.
_RARELY_OLDER = 90

_TWO_DIGIT_YEAR = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{2})")
_MONTH_FIRST = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")
_IN_WORDS = re.compile(r"(?:sinh )?(?:ngay )?(\d{1,2}) thang (\d{1,2})(?: nam |/|-| )(\d{4})")
_ONLY_MONTH = re.compile(r"(?:sinh )?(?:thang )?\d{1,2}(?: nam |/|-)(\d{4})")
_ONLY_YEAR = re.compile(r"(?:sinh )?(?:nam )?(?:sinh )?(\d{4})")


@dataclass(frozen=True)
class Birth:
    """`day` or at least `year`, None where it cannot be told; what was repaired, is doubtful or is refused."""

    day: date | None = None
    year: int | None = None
    repair: str = ""
    doubt: str = ""
    refusal: str = ""


def read_birth(cell: Cell, on: date) -> Birth:
    """Read a cell of a list that speaks of the day `on`; an empty one says nothing."""
    text = text_of(cell)
    if not text:
        return Birth()
    birth = _read(cell, text, on)
    year = birth.day.year if birth.day else birth.year
    if birth.refusal or year is None:
        unread = _("Ngày sinh “%(text)s” không đọc được; hãy ghi ngày/tháng/năm hoặc chỉ năm.", text=text)
        return Birth(refusal=birth.refusal or unread)
    if not 1900 <= year <= on.year or (birth.day or date.min) > on:
        return Birth(birth.day, year, refusal=_("Ngày sinh “%(text)s” không thể đúng.", text=text))
    return Birth(birth.day, year, birth.repair, birth.doubt)


def _read(cell: Cell, text: str, on: date) -> Birth:
    if year := read_year(cell):
        return Birth(year=year)
    if day := read_day(cell):
        said = _("Ngày sinh là số thứ tự ngày của Excel, đọc là %(day)s.", day=cell_text(day))
        return Birth(day, repair=said if is_serial(cell) else "")
    if found := _TWO_DIGIT_YEAR.fullmatch(text):
        return _of_two_digits(text, int(found[1]), int(found[2]), int(found[3]), on)
    words = fold(text).replace(",", " ").replace("  ", " ")
    if found := _IN_WORDS.fullmatch(words):
        return Birth(_day(int(found[1]), int(found[2]), int(found[3])))
    if found := _MONTH_FIRST.fullmatch(text):
        # It is no day with the day first; with the month first it may be one.
        if swapped := _day(int(found[2]), int(found[1]), int(found[3])):
            said = _("Ngày sinh “%(text)s” ghi tháng trước ngày, đọc là %(day)s.", text=text, day=cell_text(swapped))
            return Birth(swapped, repair=said)
        return Birth()
    if found := _ONLY_MONTH.fullmatch(words) or _ONLY_YEAR.fullmatch(words):
        return Birth(year=int(found[1]))
    return Birth()


def _of_two_digits(text: str, day: int, month: int, year: int, on: date) -> Birth:
    born = [found for century in (1900, 2000) if (found := _day(day, month, century + year))]
    fit = [one for one in born if YOUNGEST <= _age(one, on) <= OLDEST]
    if len(fit) != 1:
        return Birth(
            refusal=_("Ngày sinh “%(text)s” chỉ có hai chữ số năm, không rõ năm nào; hãy ghi đủ bốn chữ số.", text=text)
            if born
            else ""
        )
    age = _age(fit[0], on)
    said = _("Năm sinh ghi hai chữ số “%(text)s”, đọc là %(day)s.", text=text, day=cell_text(fit[0]))
    if age > _RARELY_OLDER:
        doubt = _("%(said)s Như vậy là %(age)s tuổi; hãy xem lại.", said=said, age=age)
        return Birth(fit[0], doubt=doubt)
    return Birth(fit[0], repair=said)


def _age(born: date, on: date) -> int:
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def _day(day: int, month: int, year: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
