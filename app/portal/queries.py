"""My own page: what to learn, what is under way, what was achieved; put together from learning and certificates."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import cast

from sqlalchemy import Table, bindparam, select
from sqlalchemy.orm import Session

from app.assignments.my_queries import MyAssignment, my_assignments
from app.certificates.queries import CertificateCard, certificates_of
from app.core import clock
from app.core.access import Actor
from app.core.i18n import gettext as _
from app.core.memory import A_MINUTE, remembered
from app.core.prepared import Prepared
from app.identity.models import Person
from app.identity.units.unit_queries import full_names
from app.learning.my_queries import MyCourse, MyLearning, my_learning

_PERSON = cast(Table, Person.__table__)
_SEX = Prepared(select(_PERSON.c.sex).where(_PERSON.c.id == bindparam("person_id")))


@dataclass(frozen=True)
class MyPage:
    """`posts`: title and unit of each post of today, in words. `assigned`: what I was given, by the course's slug."""

    greeting: str
    posts: tuple[str, ...]
    learning: MyLearning
    assigned: Mapping[str, MyAssignment]
    certificates: tuple[CertificateCard, ...]

    @property
    def is_empty(self) -> bool:
        """Nothing assigned, nothing begun, nothing achieved."""
        learning = self.learning
        return not (learning.required or learning.in_progress or learning.completed or self.certificates)


def my_page(db: Session, actor: Actor) -> MyPage:
    assigned = my_assignments(db, actor.person_id)
    # Given twice, what is still to do and the nearer day count.
    given = {one.slug: one for one in sorted(assigned, key=lambda one: (one.state != "done", one.due_on), reverse=True)}
    learning = my_learning(db, actor.person_id, {one.course_id for one in assigned})
    posts = ((title, _unit_name(db, unit_id, clock.today())) for title, unit_id in learning.posts)
    return MyPage(
        greeting=_greeting(_SEX.scalar(db, person_id=actor.person_id), actor.short_name),
        posts=tuple(f"{title} · {unit}" if title else unit for title, unit in posts),
        learning=replace(learning, required=tuple(sorted(learning.required, key=partial(_urgency, given)))),
        assigned=given,
        certificates=tuple(certificates_of(db, actor.person_id)),
    )


def _urgency(assigned: Mapping[str, MyAssignment], course: MyCourse) -> tuple[bool, date]:
    """What has a day comes by it, then what the year asks for, then what is done."""
    given = assigned.get(course.slug)
    if given is not None and given.state != "done":
        return False, given.due_on
    return course.completed_on is not None, date.max


def _unit_name(db: Session, unit_id: int, day: date) -> str:
    def find() -> str:
        return full_names(db, [unit_id], day)[unit_id]

    return remembered(db, ("full name", unit_id, day), find, for_s=A_MINUTE)


def _greeting(sex: str | None, name: str) -> str:
    if sex == "female":
        return _("Chào chị %(name)s", name=name)
    if sex == "male":
        return _("Chào anh %(name)s", name=name)
    return _("Chào anh/chị %(name)s", name=name)
