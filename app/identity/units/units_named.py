"""A unit as somebody types it into a field: by its code, or its name of today; looked up, never guessed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from pydantic import Field, model_validator
from sqlalchemy.orm import Session

from app.core import clock
from app.core.access import Actor, UnitClosure
from app.core.forms import StrippedForm
from app.core.i18n import gettext as _
from app.core.text import fold, nfc
from app.identity.models import UnitVersion
from app.identity.units.unit_queries import UnitOnDay, full_names, in_force, in_order, search_units, unit_versions

LONGEST = 300
_SHOWN = 5
_OFFERED = 8


@dataclass(frozen=True)
class UnitChoice:
    """A unit to choose: its code, its name with what stands above it, and the older name by which it was found."""

    code: str
    name: str
    formerly: str


class NamesUnit(StrippedForm):
    """A form with a field for a unit (identity/_unit_field.html): typed, or chosen among those offered."""

    unit: str = Field("", max_length=LONGEST)
    unit_code: str = Field("", max_length=40)

    @model_validator(mode="after")
    def _take_chosen(self) -> Self:
        self.unit = self.unit_code or self.unit
        return self


class UnknownUnit(Exception):
    """What names no unit one may choose, or several; the text is a sentence for whoever typed it."""


def unit_named(db: Session, actor: Actor, permission: str, text: str) -> UnitOnDay:
    """The unit of today within the actor's `permission` that bears this code or name; marks may be left out.

    What stands above it may follow after a comma, as in `full_name`. Raises UnknownUnit, which names those meant.
    """
    typed = nfc(text.strip())[:LONGEST]
    name = typed.partition(",")[0].strip()
    if not name:
        raise UnknownUnit(_("Hãy ghi mã hoặc tên đơn vị."))
    fits = (UnitVersion.code == typed) | UnitVersion.folded_name.contains(fold(name), autoescape=True)
    mine = UnitVersion.unit_id.in_(actor.units_with(permission))
    rows = db.execute(unit_versions().where(in_force(clock.today()), fits, mine))
    found = in_order(UnitOnDay(*row) for row in rows)
    if coded := [unit for unit in found if unit.code == typed]:
        # Of several kinds under one code, the highest, as everywhere.
        return coded[0]
    called = [unit for unit in found if fold(unit.name) == fold(name)]
    names = full_names(db, {unit.unit_id for unit in called or found[:_SHOWN]}, clock.today())
    meant = [unit for unit in called if fold(names[unit.unit_id]).startswith(fold(typed))]
    if len(meant) == 1:
        return meant[0]
    if not found:
        raise UnknownUnit(_("Không có đơn vị nào như vậy trong phạm vi của anh/chị."))
    listed = "; ".join(f"{names[unit.unit_id]} ({unit.code})" for unit in (meant or called or found)[:_SHOWN])
    raise UnknownUnit(_("Anh/chị muốn nói đơn vị nào? Hãy ghi mã trong ngoặc: %(units)s", units=listed))


def units_like(db: Session, actor: Actor, permission: str, text: str) -> Sequence[UnitChoice]:
    """Units of today within the actor's `permission` that bear or bore such a name, or the code; the likeliest first.

    One that has gone is offered as the unit that answers for it.
    """
    mine = actor.units_with(permission)
    typed = nfc(text.strip())[:LONGEST].partition(",")[0].strip()
    offered: dict[int, tuple[UnitOnDay, str]] = {}
    for hit in search_units(db, typed, clock.today(), within=mine):
        unit = hit.unit if hit.in_force else hit.now
        if unit is not None:
            offered.setdefault(unit.unit_id, (unit, "" if hit.in_force else hit.unit.name))
    reached = set(db.scalars(mine.where(UnitClosure.descendant_id.in_(offered))))
    chosen = [one for unit_id, one in offered.items() if unit_id in reached][:_OFFERED]
    names = full_names(db, {unit.unit_id for unit, _formerly in chosen}, clock.today())
    return [UnitChoice(unit.code, names[unit.unit_id], formerly) for unit, formerly in chosen]
