"""Whose learning one may see and do: one's own. The same clauses filter lists and decide single objects."""

from sqlalchemy import ColumnElement

from app.core.access import Actor
from app.learning.models import Enrolment


def own_enrolments(actor: Actor) -> ColumnElement[bool]:
    return Enrolment.person_id == actor.person_id
