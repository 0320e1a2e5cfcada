"""The unit an office's list means: by a name of today or of the past, with a code or without."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from app.core.i18n import gettext as _
from app.core.text import fold
from app.identity.lists.people_import import COLUMNS, KnownUnit, Register, text_of
from app.identity.lists.people_sheet import SheetRow

_CODE, _NAME = COLUMNS.index("Mã đơn vị"), COLUMNS.index("Tên đơn vị")


@dataclass(frozen=True)
class PastName:
    """A name and a code that a unit no longer in force bore, and the unit of today its people count under."""

    code: str
    now: KnownUnit


class OfficeUnits:
    """Finds units for the rows of an office's list; `past` by folded name, with and without the word for the kind."""

    def __init__(self, register: Register, past: Mapping[str, tuple[PastName, ...]]) -> None:
        self._units = register.units
        self._past = past
        self._by_name: dict[str, list[KnownUnit]] = {}
        for unit in register.units.values():
            for name in unit.names:
                self._by_name.setdefault(name, []).append(unit)

    def placed(self, row: SheetRow) -> SheetRow:
        """The row with code and name of the one unit it can mean; as it is where that cannot be told."""
        code, name = text_of(row.cells[_CODE]).upper(), text_of(row.cells[_NAME])
        # "Xã Tân Dĩnh, huyện Lạng Giang": the unit comes first.
        wanted = [fold(text).removeprefix("ubnd ") for text in dict.fromkeys((name, name.partition(",")[0].strip()))]
        told = self._units.get(code) or (self._units.get(code.zfill(5)) if code.isdigit() else None)
        if not name or (told and any(text in told.names for text in wanted)):
            return self._with(row, told, name) if told and name else row
        for text in wanted:
            former = self._past.get(text, ())
            meant = {unit.unit_id: unit for unit in self._by_name.get(text, ())}
            if code:
                # A code beside a name of the past tells which of the bearers of that name is meant.
                meant = {past.now.unit_id: past.now for past in former if past.code.zfill(5) == code.zfill(5)}
            else:
                meant |= {past.now.unit_id: past.now for past in former}
            if len(meant) == 1:
                [unit] = meant.values()
                return self._with(row, unit, name)
            if meant:
                names = "; ".join(sorted(f"{unit.name} ({unit.code})" for unit in meant.values()))
                said = _("“%(name)s” có thể là: %(units)s. Hãy ghi mã đơn vị.", name=name, units=names)
                return replace(row, refusals=(*row.refusals, ("Mã đơn vị", said)))
        return row

    def _with(self, row: SheetRow, unit: KnownUnit, name: str) -> SheetRow:
        cells = list(row.cells)
        cells[_CODE], cells[_NAME] = unit.code, unit.name
        if fold(name) == fold(unit.name):
            return replace(row, cells=cells)
        said = _("Đơn vị “%(name)s” hôm nay là %(unit)s.", name=name, unit=unit.name)
        return replace(row, cells=cells, notes=(*row.notes, said))
