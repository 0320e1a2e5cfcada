"""Whose learning one may see and do: one's own. The same clauses filter lists and decide single objects."""

from sqlalchemy import ColumnElement

from app.core.access import Actor
from app.learning.models import Enrolment, Guest

# Whoever learns: somebody signed in, or the guest of a browser.
Learner = Actor | Guest


def own_enrolments(learner: Learner) -> ColumnElement[bool]:
    if isinstance(learner, Guest):
        return Enrolment.guest_id == learner.id
    return Enrolment.person_id == learner.person_id
