"""The lineage of a unit as a small drawing: one row a unit, oldest at the top, lines from what went into what."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.core.i18n import gettext as _
from app.core.templating import format_date
from app.core.text import vietnamese_key
from app.identity.units.unit_history import LineageUnit, Link, UnitHistory

# All measures are units of the drawing; it is shown at about one pixel each on a 360 px phone.
WIDTH = 300
_LANE = 20
_EDGE = 12
_LINE = 19
_ROW = 46
_CORNER = 7
_LETTER = 8.4
_NOTE_LINE = 16
_NOTE_LETTER = 7.0


@dataclass(frozen=True)
class Dot:
    """A unit: its dot at (x, y), its name and its dates, both broken into lines."""

    x: int
    y: int
    text_x: int
    lines: tuple[str, ...]
    notes: tuple[str, ...]
    side: str


@dataclass(frozen=True)
class Diagram:
    """Dots and the `d` of the paths between them."""

    width: int
    height: int
    dots: Sequence[Dot]
    paths: Sequence[str]


def draw(history: UnitHistory) -> Diagram | None:
    """The drawing; None when the unit has neither predecessors nor successors."""
    if not history.links:
        return None
    rows = _rows(history.lineage, history.links)
    lanes = _lanes(rows, history.links)
    text_x = _EDGE + _LANE * max(lanes.values()) + 14
    dots: dict[int, Dot] = {}
    top = 0
    for unit in rows:
        lines = _broken(unit.name, int((WIDTH - text_x) / _LETTER))
        notes = _notes(unit, history, int((WIDTH - text_x) / _NOTE_LETTER))
        dots[unit.unit_id] = Dot(_EDGE + _LANE * lanes[unit.unit_id], top + 16, text_x, lines, notes, unit.side)
        top += _ROW + _LINE * (len(lines) - 1) + _NOTE_LINE * (len(notes) - 1)
    leaving = [link.source_id for link in history.links]
    paths = [_path(dots[link.source_id], dots[link.target_id], leaving.count(link.source_id)) for link in history.links]
    return Diagram(WIDTH, top, list(dots.values()), paths)


def _rows(units: Sequence[LineageUnit], links: Sequence[Link]) -> list[LineageUnit]:
    """Every unit below all it was made of, siblings in Vietnamese order."""
    by_id = {unit.unit_id: unit for unit in units}
    rows: dict[int, LineageUnit] = {}
    begun: set[int] = set()  # two units may have given parts to each other: neither waits for the other twice

    def place(unit: LineageUnit) -> None:
        begun.add(unit.unit_id)
        sources = [by_id[link.source_id] for link in links if link.target_id == unit.unit_id]
        for source in sorted(sources, key=lambda source: vietnamese_key(source.name)):
            if source.unit_id not in begun:
                place(source)
        rows[unit.unit_id] = unit

    gone_on = {link.source_id for link in links}
    for last in sorted(units, key=lambda unit: (unit.unit_id in gone_on, vietnamese_key(unit.name))):
        if last.unit_id not in begun:
            place(last)
    return list(rows.values())


def _lanes(rows: Sequence[LineageUnit], links: Sequence[Link]) -> dict[int, int]:
    """How many generations of the drawing lie before each unit; rows must come in order."""
    lanes: dict[int, int] = {}
    for unit in rows:
        sources = [lanes.get(link.source_id, 0) for link in links if link.target_id == unit.unit_id]
        lanes[unit.unit_id] = max(sources, default=-1) + 1
    return lanes


def _path(source: Dot, target: Dot, successors: int) -> str:
    if successors > 1:  # a split runs down beside its own dot, a merger beside that of the new unit
        # Where units gave parts to each other, one of the parts runs up, or back to the left.
        before = target.y - _CORNER if target.y > source.y else target.y + _CORNER
        after = source.x + _CORNER if target.x > source.x else source.x - _CORNER
        corner = f"V{before}Q{source.x} {target.y} {after} {target.y}H{target.x}"
    else:
        corner = f"H{target.x - _CORNER}Q{target.x} {source.y} {target.x} {source.y + _CORNER}V{target.y}"
    return f"M{source.x} {source.y}{corner}"


def _broken(text: str, at_most: int) -> tuple[str, ...]:
    lines = [""]
    for word in text.split(" "):
        if lines[-1] and len(lines[-1]) + 1 + len(word) > at_most:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return tuple(lines)


def _notes(unit: LineageUnit, history: UnitHistory, at_most: int) -> tuple[str, ...]:
    """Where it stood, if another unit bears its name, and its dates: on one line if they fit."""
    names = [other.name for other in history.lineage]
    place = unit.parent_name if names.count(unit.name) > 1 else ""
    parts = tuple(part for part in (place, _dates(unit, history.links)) if part)
    line = " · ".join(parts)
    return parts if len(line) > at_most else (line,)


def _dates(unit: LineageUnit, links: Sequence[Link]) -> str:
    """Only days the lineage speaks of: a unit that was there from the beginning has no first day to show."""
    made = any(link.target_id == unit.unit_id and link.on == unit.began_on for link in links)
    if made and unit.last_day:
        return _("%(first)s – %(last)s", first=format_date(unit.began_on), last=format_date(unit.last_day))
    if made:
        return _("từ %(day)s", day=format_date(unit.began_on))
    return _("đến %(day)s", day=format_date(unit.last_day)) if unit.last_day else ""
