"""Whom an assignment names: a rule over the posts people hold today, as SQL, so that newcomers are found as well."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, select
from sqlalchemy.orm import Session

from app.assignments.models import Assignment, AssignmentPick
from app.core.access import UnitClosure, closure_on
from app.identity.models import Affiliation, AffiliationAudience, UnitVersion
from app.identity.people.people_queries import units_held
from app.identity.policy import held_on
from app.identity.records import holder_of
from app.identity.units.unit_queries import in_force

_CHUNK = 500


@dataclass(frozen=True)
class Rule:
    """Posts in `unit_id` or below, of one of the `audiences`; with `kinds`, only in or under units of such a kind.

    `leaders_only` asks for a post marked as a leader's. A rule without audiences names nobody.
    """

    unit_id: int
    audiences: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    leaders_only: bool = False

    def as_json(self) -> dict[str, Any]:
        return {
            "unit": self.unit_id, "audiences": list(self.audiences), "kinds": list(self.kinds),
            "leaders": self.leaders_only,
        }  # fmt: skip

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "Rule":
        return cls(stored["unit"], tuple(stored["audiences"]), tuple(stored["kinds"]), stored["leaders"])

    def posts(self, day: date) -> ColumnElement[bool]:
        """The clause over Affiliation."""
        if not self.audiences:
            return false()
        below = select(UnitClosure.descendant_id).where(
            UnitClosure.ancestor_id == self.unit_id, closure_on(day), UnitClosure.carried != "before"
        )
        clauses: list[ColumnElement[bool]] = [
            held_on(day),
            Affiliation.unit_id.in_(below),
            exists().where(
                AffiliationAudience.affiliation_id == Affiliation.id,
                AffiliationAudience.audience_code.in_(self.audiences),
            ),
        ]
        if self.kinds:
            of_kind = (
                select(UnitClosure.descendant_id)
                .join(UnitVersion, UnitVersion.unit_id == UnitClosure.ancestor_id)
                .where(UnitVersion.kind.in_(self.kinds), in_force(day), closure_on(day))
            )
            clauses.append(Affiliation.unit_id.in_(of_kind))
        if self.leaders_only:
            clauses.append(Affiliation.is_leader.is_(True))
        return and_(*clauses)


def named(db: Session, rule: Rule, day: date, person_ids: Collection[int] | None = None) -> dict[int, int]:
    """Person id -> unit id of the post that names them: the primary one, then the earliest start, then the lowest id.

    Somebody merged is named once, as they are shown. With `person_ids`, only among these.
    """
    found: dict[int, int] = {}
    for some in _chunks(person_ids):
        posts = (
            select(holder_of(Affiliation.person_id), Affiliation.unit_id)
            .where(rule.posts(day))
            .order_by(Affiliation.is_primary.desc(), Affiliation.started_on, Affiliation.id)
        )
        if some is not None:
            posts = posts.where(Affiliation.person_id.in_(some))
        for person_id, unit_id in db.execute(posts):
            found.setdefault(person_id, unit_id)
    return found


def picked(db: Session, assignment: Assignment, day: date, person_ids: Collection[int] | None = None) -> dict[int, int]:
    """Those nominated by name: person id -> unit id of their first post of the day, without one the assigning unit."""
    found: dict[int, int] = {}
    for some in _chunks(person_ids):
        picks = select(holder_of(AssignmentPick.person_id)).where(AssignmentPick.assignment_id == assignment.id)
        if some is not None:
            picks = picks.where(AssignmentPick.person_id.in_(some))
        for person_id, units in units_held(db, db.scalars(picks), day).items():
            found.setdefault(person_id, units[0] if units else assignment.unit_id)
    return found


def _chunks(person_ids: Collection[int] | None) -> list[list[int] | None]:
    if person_ids is None:
        return [None]
    ids = sorted(set(person_ids))
    return [ids[at : at + _CHUNK] for at in range(0, len(ids), _CHUNK)]
