"""What units are and were called, and where they lay, so that a list's words can be matched to a unit of today."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from app.core.i18n import gettext as _
from app.core.tables import cell_text
from app.core.text import fold
from app.identity.lists.office_titles import Period
from app.identity.lists.people_import import KnownUnit, Register
from app.identity.units.successors import Successors
from app.identity.units.unit_queries import UnitOnDay, listed, unit_versions, version_for


@dataclass(frozen=True)
class CalledUnit:
    """A unit as it was called for a time. `above`: folded names of all that stood above it then, with and without kind.

    `lay_in`: what stood directly above, to show. `until`: the last day, None while in force. `now`: the units of today
    its people count under; several after a split, none if it left no heir.
    """

    code: str
    name: str
    kind_word: str
    above: frozenset[str]
    lay_in: str
    since: date
    until: date | None
    now: tuple[KnownUnit, ...]

    @property
    def bare_name(self) -> str:
        return self.name.removeprefix(self.kind_word).strip()

    def was_so_in(self, period: Period) -> bool:
        """On any day of the period."""
        return (self.since <= period[1]) and (self.until is None or self.until >= period[0])

    def told(self) -> str:
        """For somebody who must choose: “Xã Phúc Sơn (Huyện Tân Yên, đến 30/06/2025), nay thuộc Xã Quang Trung”."""
        if self.until is None:
            said = _("%(name)s (%(above)s)", name=self.name, above=self.lay_in) if self.lay_in else self.name
        elif self.lay_in:
            said = _("%(name)s (%(above)s, đến %(day)s)", name=self.name, above=self.lay_in, day=cell_text(self.until))
        else:
            said = _("%(name)s (đến %(day)s)", name=self.name, day=cell_text(self.until))
        others = [unit.name for unit in self.now if unit.name != self.name or self.until]
        if not self.now:
            return _("%(unit)s, không có đơn vị kế thừa", unit=said)
        return _("%(unit)s, nay thuộc %(now)s", unit=said, now=", ".join(others)) if others else said


def load_called_units(db: Session, register: Register, day: date) -> tuple[CalledUnit, ...]:
    """Every unit in all its versions until `day`, the latest first; `register` holds those in force then."""
    lives: dict[int, list[UnitOnDay]] = {}
    for version in listed(db, unit_versions()):
        if version.valid_from <= day:
            lives.setdefault(version.unit_id, []).append(version)
    known = {unit.unit_id: unit for unit in register.units.values()}
    successors, tree = Successors(db, lives, day), _Above(lives)
    was_above: dict[int, frozenset[str]] = {}
    heirs = {unit_id: [known[heir] for heir in sorted(successors.of(unit_id)) if heir in known] for unit_id in lives}
    for unit_id, now in heirs.items():
        # The people of a commune of today still say in which district of old it lies.
        if len(now) == 1 and now[0].unit_id != unit_id:
            here = frozenset().union(*(tree.names(version) for version in lives[unit_id]))
            was_above[now[0].unit_id] = was_above.get(now[0].unit_id, frozenset()) | here
    found = [
        CalledUnit(
            version.code, version.name, version.type_name,
            tree.names(version) | was_above.get(unit_id, frozenset()),
            tree.parent_name(version), version.valid_from,
            version.last_day if version.last_day and version.last_day < day else None, tuple(heirs[unit_id]),
        )
        for unit_id, life in lives.items()
        for version in life
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda unit: (unit.until is not None, -unit.since.toordinal(), unit.code)))


class _Above:
    """What stood above units while a version of theirs was in force."""

    def __init__(self, lives: Mapping[int, Sequence[UnitOnDay]]) -> None:
        self._lives = lives
        self._found: dict[tuple[int, date, date | None], frozenset[str]] = {}

    def names(self, version: UnitOnDay) -> frozenset[str]:
        key = (version.parent_id or 0, version.valid_from, version.valid_to)
        if key not in self._found:
            self._found[key] = frozenset()
            names: set[str] = set()
            for parent in self._lives.get(version.parent_id or 0, ()):
                ends, begins = version.valid_to or date.max, parent.valid_to or date.max
                if parent.valid_from < ends and version.valid_from < begins:
                    names |= {fold(parent.name), fold(parent.name.removeprefix(parent.type_name))}
                    names |= self.names(parent)
            self._found[key] = frozenset(names)
        return self._found[key]

    def parent_name(self, version: UnitOnDay) -> str:
        life = self._lives.get(version.parent_id or 0)
        return version_for(life, version.last_day or date.max).name if life else ""
