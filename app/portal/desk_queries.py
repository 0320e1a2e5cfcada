"""What lies on the desk of who manages a unit: its targets, who is missing, what is asked of it and by when."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from app.assignments.queries import assignment_rows
from app.core import clock
from app.core.access import Actor
from app.core.i18n import gettext as _
from app.core.i18n import ngettext
from app.core.templating import format_number
from app.coverage.counting.figures import Figure, Question, overview
from app.coverage.dashboard.pace import Pace, paces_of
from app.coverage.rounds.opening import DECLARE
from app.coverage.rounds.results import concerns
from app.coverage.rounds.round_queries import STATES, asked_of, rounds_of
from app.identity.units import unit_queries
from app.identity.units.unit_queries import UnitOnDay

# Who works at the desk, and who only looks.
LOOK = "export.figures"


@dataclass(frozen=True)
class Due:
    """Something asked of the unit. `state` in words, `tag` its colour; `is_overdue`: owed and the day is over."""

    due_on: date
    kind: str
    title: str
    url: str
    state: str
    tag: str
    is_overdue: bool


@dataclass(frozen=True)
class Desk:
    """`units`: all one manages, to choose from; `due` by deadline, what is overdue first."""

    unit: UnitOnDay
    units: list[UnitOnDay]
    figures: list[Figure]
    paces: dict[str, Pace]
    due: list[Due]
    handed_in: list[Due]
    on: date

    @property
    def missing(self) -> list[Figure]:
        """Where people of the roster are still without."""
        return [one for one in self.figures if one.definition.denominator == "roster" and one.missing > 0]


def managed_units(db: Session, actor: Actor) -> list[UnitOnDay]:
    """The units one was given the desk of: to work at, else to look at; in order."""
    given = actor.grants.get(DECLARE) or actor.grants.get(LOOK, frozenset())
    return unit_queries.in_order(unit_queries.units_by_id(db, given, clock.today()).values())


def desk_of(db: Session, actor: Actor, unit: UnitOnDay, units: list[UnitOnDay]) -> Desk:
    """A fixed number of queries, whatever the number of people."""
    today = clock.today()
    figures = [one for one in overview(db, Question("", unit.code, today)) if concerns(one)]
    asked = [] if not actor.can(DECLARE) else _asked(db, actor, unit)
    due = [one for one in asked if one.tag != "ok"]
    due += _to_approve(db, actor)
    due += _assigned(db, actor) if actor.can("learning.assign") else []
    return Desk(
        unit, units, figures, paces_of(db, figures), sorted(due, key=lambda one: one.due_on),
        [one for one in asked if one.tag == "ok"], today,
    )  # fmt: skip


def _asked(db: Session, actor: Actor, unit: UnitOnDay) -> list[Due]:
    found = []
    for row in asked_of(db, actor):
        if row.round.closed_at and row.state not in ("submitted", "approved"):
            continue
        words, tag = STATES[row.state]
        title = row.round.title if row.unit_id == unit.unit_id else f"{row.round.title} ({row.unit_name})"
        owed = row.state not in ("submitted", "approved")
        found.append(
            Due(
                row.round.due_on, _("Nộp kết quả") if row.round.period else _("Khai báo"), title,
                f"/declarations/{row.round.id}/units/{row.unit_id}", str(words), tag or "mid", owed and row.is_late,
            )
        )  # fmt: skip
    return found


def _to_approve(db: Session, actor: Actor) -> list[Due]:
    """Rounds one runs that have answers to decide on."""
    found = []
    for row in rounds_of(db, actor):
        if left := row.done - row.approved:
            words = ngettext(
                "%(units)s đơn vị chờ duyệt", "%(units)s đơn vị chờ duyệt", left, units=format_number(left)
            )
            kind = _("Duyệt kết quả") if row.round.period else _("Duyệt khai báo")
            # Nobody sets a day for deciding; it stands where the answers were due.
            found.append(
                Due(row.round.due_on, kind, row.round.title, f"/declarations/{row.round.id}", words, "mid", False)
            )
    return found


def _assigned(db: Session, actor: Actor) -> list[Due]:
    """Courses people of one's units have to take, not done by all."""
    today, found = clock.today(), []
    for row in assignment_rows(db, actor):
        left = row.counts["late"] + row.counts["open"]
        if row.has_ended or not left:
            continue
        words = ngettext("còn %(people)s người", "còn %(people)s người", left, people=format_number(left))
        found.append(
            Due(row.due_on, _("Giao học"), row.course_title, f"/assignments/{row.id}", words, "mid", row.due_on < today)
        )
    return found
