"""A list of units to found: read from a workbook, a CSV or lines of text, into a wish; every wrong line is named.

A line is: code; name; kind; type; code of the unit above. The kind is one of KINDS or its Vietnamese name. The unit
above may stand in the list itself, before or after.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.errors import Invalid
from app.core.i18n import gettext as _
from app.core.text import fold, nfc
from app.core.typed_lists import rows_as_lines, rows_of_file
from app.identity.models import UnitVersion
from app.identity.units.unit_queries import KINDS, in_force
from app.identity.units.wishes import Draft, Found

COLUMNS = ("Mã", "Tên", "Nhóm", "Loại", "Mã cấp trên")
MOST_LINES = 3_000
_LONGEST = {"Mã": 40, "Tên": 200, "Loại": 40}


@dataclass(frozen=True)
class Line:
    """One unit as typed; `number` counts from 1."""

    number: int
    code: str
    name: str
    kind: str
    type_name: str
    parent: str


def lines_of_file(content: bytes, file_name: str) -> str:
    """The units of an XLSX or CSV file as lines of text. Raises Invalid, saying why, for what holds no such list."""
    return rows_as_lines(row for row in rows_of_file(content, file_name, COLUMNS) if row[0] or row[1])


def lines_of_text(text: str) -> list[Line]:
    """Raises Invalid for none, too many, or lines of fewer cells than columns."""
    lines = []
    for number, line in enumerate((one for one in text.splitlines() if one.strip()), start=1):
        cells = [nfc(" ".join(cell.split())) for cell in line.split(";")]
        if len(cells) != len(COLUMNS):
            said = _("Dòng %(number)s cần đúng năm ô, cách nhau bằng dấu chấm phẩy: %(columns)s.")
            raise Invalid(said % {"number": number, "columns": "; ".join(COLUMNS)})
        lines.append(Line(number, *cells))
    if not lines:
        raise Invalid(_("Hãy chọn tệp, hoặc ghi các đơn vị, mỗi đơn vị một dòng."))
    if len(lines) > MOST_LINES:
        raise Invalid(_("Tối đa %(most)s đơn vị một lần.", most=MOST_LINES))
    return lines


def wish_of(
    db: Session, lines: Sequence[Line], on: date, reach: Iterable[int], kind_names: Mapping[str, str]
) -> tuple[Found | None, list[str]]:
    """What the lines ask for, or sentences about the lines that are wrong. `reach`: units one may put others under."""
    kinds = {fold(str(name)): kind for kind, name in kind_names.items()} | {kind: kind for kind in KINDS}
    place = {line.code: -line.number for line in lines}
    above = _bearers(db, {line.parent for line in lines} - place.keys(), on, set(reach))
    problems, drafts = [], []
    for line in lines:
        said = _wrong(line, kinds)
        parent_id = place.get(line.parent) or above.get(line.parent)
        if parent_id is None:
            said.append(_("không có cấp trên mang mã %(code)s trong phạm vi của anh/chị", code=line.parent or "?"))
        if _stands_under_itself(line, lines, place):
            said.append(_("cấp trên quay vòng về chính nó"))
        if said:
            problems.append(_("Dòng %(number)s: %(what)s.", number=line.number, what="; ".join(said)))
        elif parent_id is not None:
            drafts.append(Draft(line.code, line.name, kinds[fold(line.kind)], line.type_name, parent_id))
    return (None if problems else Found(_parents_first(drafts))), problems


def _wrong(line: Line, kinds: Mapping[str, str]) -> list[str]:
    said = []
    for column, text in (("Mã", line.code), ("Tên", line.name), ("Loại", line.type_name)):
        if not text:
            said.append(_("thiếu %(column)s", column=column.lower()))
        elif len(text) > _LONGEST[column]:
            said.append(_("%(column)s dài nhất %(most)s ký tự", column=column.lower(), most=_LONGEST[column]))
    if any(sign in line.code for sign in "/?#"):
        said.append(_("mã không có các dấu / ? #"))
    if fold(line.kind) not in kinds:
        said.append(_("không có nhóm “%(kind)s”", kind=line.kind[:40]))
    return said


def _stands_under_itself(line: Line, lines: Sequence[Line], place: Mapping[str, int]) -> bool:
    seen, above = {line.code}, line.parent
    while above in place:
        if above in seen:
            return True
        seen.add(above)
        above = lines[-place[above] - 1].parent
    return False


def _parents_first(drafts: Sequence[Draft]) -> tuple[Draft, ...]:
    """Each after the unit above it, and pointing at it by its place in this order."""
    order: dict[int, int] = {}  # number of the line, negative -> place in the order, negative
    placed: list[Draft] = []
    waiting = list(enumerate(drafts, start=1))
    while waiting:
        still = []
        for number, draft in waiting:
            if draft.parent_id > 0 or draft.parent_id in order:
                parent_id = order.get(draft.parent_id, draft.parent_id)
                placed.append(Draft(draft.code, draft.name, draft.kind, draft.type_name, parent_id))
                order[-number] = -len(placed)
            else:
                still.append((number, draft))
        waiting = still
    return tuple(placed)


def _bearers(db: Session, codes: set[str], on: date, reach: set[int]) -> dict[str, int]:
    """The units that bear these codes on the day, within reach; the highest of several kinds under one code."""
    found: dict[str, int] = {}
    rows = db.execute(
        select(UnitVersion.code, UnitVersion.unit_id, UnitVersion.kind).where(UnitVersion.code.in_(codes), in_force(on))
    )
    for code, unit_id, _kind in sorted(rows, key=lambda row: KINDS.index(row.kind)):
        if unit_id in reach:
            found.setdefault(code, unit_id)
    return found
