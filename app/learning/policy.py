"""Whose learning one may see and do: one's own, and what one marks. The same clauses filter lists and decide single
objects.
"""

from sqlalchemy import ColumnElement, or_, select

from app.catalogue.models import Course
from app.core.access import Actor
from app.identity.policy import visible_records
from app.learning.models import Enrolment, Guest

MARK = "learning.mark"

# Whoever learns: somebody signed in, or the guest of a browser.
Learner = Actor | Guest


def own_enrolments(learner: Learner) -> ColumnElement[bool]:
    if isinstance(learner, Guest):
        return Enrolment.guest_id == learner.id
    return Enrolment.person_id.in_(learner.records)


def marked_enrolments(actor: Actor) -> ColumnElement[bool]:
    """In courses of a unit one marks for, and of people with a post there today. A guest is nobody to be marked yet."""
    courses = select(Course.id).where(Course.unit_id.in_(actor.units_with(MARK)))
    people = visible_records(actor, MARK)
    return Enrolment.person_id.is_not(None) & or_(Enrolment.course_id.in_(courses), Enrolment.person_id.in_(people))
