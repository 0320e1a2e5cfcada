"""A unit as somebody types it into a field: by its code, or its name of today; looked up, never guessed."""

from sqlalchemy.orm import Session

from app.core import clock
from app.core.access import Actor
from app.core.i18n import gettext as _
from app.core.text import fold, nfc
from app.identity.models import UnitVersion
from app.identity.units.unit_queries import UnitOnDay, full_names, in_force, in_order, unit_versions

_LONGEST = 200
_SHOWN = 5


class UnknownUnit(Exception):
    """What names no unit one may choose, or several; the text is a sentence for whoever typed it."""


def unit_named(db: Session, actor: Actor, permission: str, text: str) -> UnitOnDay:
    """The unit of today within the actor's `permission` that bears this code or name; marks may be left out.

    What stands above it may follow after a comma, as in `full_name`. Raises UnknownUnit, which names those meant.
    """
    typed = nfc(text.strip())[:_LONGEST]
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
