"""The commune one lives in, found by what one types: its name of today, or that of a commune before the mergers."""

import re
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from app.core.text import fold, nfc, vietnamese_key
from app.identity.models import Unit, UnitVersion
from app.identity.units.unit_queries import UnitOnDay, heirs_on, holds, lives_of, unit_versions, version_for

_SHOWN = 8
_SHORTEST, _LONGEST = 2, 100
_KEY = re.compile(r"[\w-]{1,40}")
_TYPE = re.compile(r"(xa|phuong|thi tran|p\.?|x\.?|tt\.?) +")


@dataclass(frozen=True)
class Commune:
    """A commune of today. `formerly`: its predecessors that were meant, e.g. “Xã Dĩnh Trì, Thành phố Bắc Giang”."""

    unit_id: int
    key: str
    name: str
    formerly: tuple[str, ...] = ()


def communes_like(db: Session, text: str, day: date) -> list[Commune]:
    """At most eight communes in force that day; names with exactly the typed marks first, today's before old ones.

    Marks may be left out. If nothing is called so with its type, the type is left aside: “xã Bắc Giang” is a ward.
    """
    typed = nfc(text[:_LONGEST]).partition(",")[0].strip()
    if len(fold(typed)) < _SHORTEST or not typed.isprintable():
        return []
    return _found(db, typed, day) or _found(db, _without_type(typed), day)


def commune_by_key(db: Session, key: str, day: date) -> Commune | None:
    """The commune of this key, if it is in force that day."""
    if not _KEY.fullmatch(key):
        return None
    versions = unit_versions().where(Unit.key == key, UnitVersion.kind == "commune")
    living = [unit for unit in (UnitOnDay(*row) for row in db.execute(versions)) if holds(unit, day)]
    return Commune(living[0].unit_id, key, living[0].name) if living else None


def began_on(db: Session, unit_id: int) -> date:
    """The first day of the unit, whatever it was called then."""
    return lives_of(db, [unit_id])[unit_id][0].valid_from


def _found(db: Session, typed: str, day: date) -> list[Commune]:
    folded = fold(typed)
    if not folded:
        return []
    fits = UnitVersion.folded_name.contains(folded, autoescape=True)
    rows = [UnitOnDay(*row) for row in db.execute(unit_versions().where(UnitVersion.kind == "commune", fits))]
    living = {unit.unit_id: unit for unit in rows if holds(unit, day)}
    old = [unit for unit in rows if not holds(unit, day)]
    heirs = heirs_on(db, {unit.unit_id for unit in old}, day)
    parents = lives_of(db, {unit.parent_id for unit in old if unit.parent_id is not None})
    called: dict[int, dict[str, None]] = {}
    for unit in old:
        heir = heirs.get(unit.unit_id)
        if heir is None or heir.kind != "commune" or heir.unit_id in living:
            continue
        above = parents.get(unit.parent_id or 0)
        place = f", {version_for(above, unit.nearest_day(day)).name}" if above else ""
        called.setdefault(heir.unit_id, {})[unit.name + place] = None
    heir_of = {heir.unit_id: heir for heir in heirs.values()}
    names = [(unit, ()) for unit in living.values()] + [(heir_of[one], tuple(names)) for one, names in called.items()]

    def rank(found: tuple[UnitOnDay, tuple[str, ...]]) -> tuple[object, ...]:
        unit, formerly = found
        matched = formerly or (unit.name,)
        exact = any(nfc(typed).lower() in name.lower() for name in matched)
        begins = any(fold(_without_type(name)).startswith(folded) for name in matched)
        return not exact, bool(formerly), not begins, vietnamese_key(unit.name)

    return [Commune(unit.unit_id, unit.key, unit.name, formerly) for unit, formerly in sorted(names, key=rank)[:_SHOWN]]


def _without_type(name: str) -> str:
    name = nfc(name)
    found = _TYPE.match(fold(name))
    # fold() keeps one letter for one letter, so the place of a word is the same in both.
    return name[found.end() :] if found else name
