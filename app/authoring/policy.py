"""Whose courses one may write, and whose one may publish: the courses of the units a role reaches."""

from sqlalchemy import ColumnElement

from app.catalogue.models import Course
from app.core.access import Actor


def authored_courses(actor: Actor) -> ColumnElement[bool]:
    return Course.unit_id.in_(actor.units_with("course.author"))


def publishable_courses(actor: Actor) -> ColumnElement[bool]:
    return Course.unit_id.in_(actor.units_with("course.publish"))
