"""The unit an office's list means: by its names of today and of the past, by what it lay in, by code and by date."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from app.core.i18n import gettext as _
from app.core.text import fold, nfc
from app.identity.lists.cells import text_of
from app.identity.lists.people_import import COLUMNS, KnownUnit, Register
from app.identity.lists.people_report import UnitCandidate, UnitQuestion
from app.identity.lists.people_sheet import SheetRow
from app.identity.lists.unit_names import CalledUnit

_CODE, _NAME = COLUMNS.index("Mã đơn vị"), COLUMNS.index("Tên đơn vị")
_OFFERED = 8
# Between a unit and what it lies in: “xã X, huyện Y”, “X (Y)”, “Phường A - TP B”.
_BETWEEN = re.compile(r"\s*[,;()–—\n]\s*|\s+-\s+|\s+/\s+")
_IN_FRONT = re.compile(r"^(?:ubnd|uy ban nhan dan)\s+")
_SHORT = re.compile(r"^(tp|tx|tt|h|p|x|t)(?:\.\s*|\s+)(?=\S)")
_LONG = {"tp": "thanh pho", "tx": "thi xa", "tt": "thi tran", "h": "huyen", "p": "phuong", "x": "xa", "t": "tinh"}


class OfficeUnits:
    """Finds units for the rows of an office's list.

    `answers`: codes of units of today by key of the question (`UnitQuestion`), as somebody answered them.
    """

    def __init__(
        self, register: Register, called: Iterable[CalledUnit], answers: Mapping[str, str] | None = None
    ) -> None:
        self._units = register.units
        self._answers = answers or {}
        self._called: dict[str, list[CalledUnit]] = {}
        for unit in called:
            for name in {fold(unit.name), fold(unit.bare_name)}:
                self._called.setdefault(name, []).append(unit)

    def placed(self, row: SheetRow) -> SheetRow:
        """The row with code and name of the one unit it can mean; else with the question which one that is."""
        code, name = text_of(row.cells[_CODE]).upper(), text_of(row.cells[_NAME])
        if not name:
            return row
        if answer := self._units.get(self._answers.get(key := f"{code}|{name.casefold()}", "")):
            said = _("“%(name)s” là %(unit)s, theo trả lời của anh/chị.", name=name, unit=answer.name)
            return self._with(row, answer, said)
        found, spelling = self._named(name)
        if code:
            coded = [unit for unit in found if _same_code(unit.code, code)]
            if not coded and (code in self._units or code.zfill(5) in self._units):
                return row  # code and name say two things: whoever confirms the row says which
            found = coded
        if len(_meant(found)) > 1 and row.period:
            # A name that is spelled otherwise is not the one meant because of a date.
            dated = [unit for unit in found if unit.was_so_in(row.period) and _is_spelled(unit, spelling)]
            found = dated or found
        meant = _meant(found)
        if len(meant) == 1 and len(now := next(iter(meant))) == 1:
            return self._with(row, now[0], self._said(found, now[0], name))
        return self._asking(row, UnitQuestion(key, name, code, self._offered(found or self._near(name))))

    def _named(self, text: str) -> tuple[list[CalledUnit], str]:
        """Who bears the name with everything else in the cell above it, and that name as it is spelled there."""
        for name, others in _readings(text):
            found = [
                unit
                for unit in self._bearers(name)
                if all(any(word in unit.above for word in _words(other)) for other in others)
            ]
            if found:
                return found, name
        return [], text

    def _near(self, text: str) -> list[CalledUnit]:
        """Who bears any of the names in the cell, whatever else it says."""
        return [unit for name, _others in _readings(text) for unit in self._bearers(name)]

    def _bearers(self, name: str) -> Sequence[CalledUnit]:
        return next((found for word in _words(name) if (found := self._called.get(word))), ())

    def _offered(self, found: Iterable[CalledUnit]) -> tuple[UnitCandidate, ...]:
        offered: dict[str, UnitCandidate] = {}
        for unit in found:
            for now in unit.now:
                offered.setdefault(now.code, UnitCandidate(now.code, now.name, unit.told()))
        return tuple(offered.values())[:_OFFERED]

    def _asking(self, row: SheetRow, question: UnitQuestion) -> SheetRow:
        said = (
            _("“%(name)s” có thể là: %(units)s. Hãy chọn một.", name=question.name,
              units="; ".join(f"{one.told} ({one.code})" for one in question.candidates))
            if question.candidates
            else _("Không có đơn vị nào tên “%(name)s”; hãy chọn đơn vị.", name=question.name)
        )  # fmt: skip
        return replace(row, question=question, refusals=(("Mã đơn vị", said), *row.refusals))

    def _said(self, found: Sequence[CalledUnit], now: KnownUnit, name: str) -> str:
        if fold(name) == fold(now.name):
            return ""
        gone = next((unit for unit in found if unit.until), None)
        if gone and all(unit.until for unit in found):
            return f"{gone.told()}."
        return _("Đơn vị “%(name)s” hôm nay là %(unit)s.", name=name, unit=now.name)

    def _with(self, row: SheetRow, unit: KnownUnit, said: str) -> SheetRow:
        cells = list(row.cells)
        cells[_CODE], cells[_NAME] = unit.code, unit.name
        return replace(row, cells=cells, notes=(*row.notes, said) if said else row.notes)


def _readings(text: str) -> Iterator[tuple[str, list[str]]]:
    """The whole cell as a name; then each part of it, the first before the others, as a name with the rest above it."""
    yield text, []
    parts = [part for part in _BETWEEN.split(text) if part]
    if len(parts) > 1 or parts != [text]:
        yield from ((part, parts[:at] + parts[at + 1 :]) for at, part in enumerate(parts))


def _words(text: str) -> tuple[str, ...]:
    """A name folded, as it is and with its first word in full: “P. Đa Mai” as `p. da mai`, `phuong da mai`."""
    plain = _IN_FRONT.sub("", fold(text))
    full = _SHORT.sub(lambda short: _LONG[short[1]] + " ", plain)
    return (plain,) if full == plain else (plain, full)


def _meant(found: Iterable[CalledUnit]) -> set[tuple[KnownUnit, ...]]:
    return {unit.now for unit in found}


def _same_code(one: str, other: str) -> bool:
    return one.upper() == other or (other.isdigit() and one.zfill(5) == other.zfill(5))


def _is_spelled(unit: CalledUnit, name: str) -> bool:
    """With these very marks, or the name was typed without any."""
    lower = nfc(name).lower()
    return fold(name) == lower or lower.endswith(nfc(unit.bare_name).lower())
