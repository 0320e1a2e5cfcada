"""Whose courses one may read before they are published, whose courses and banks of questions one may write, and whose
one may publish: those of the units a role reaches."""

from sqlalchemy import ColumnElement

from app.catalogue.models import Course, QuestionBank
from app.core.access import Actor
from app.media.models import Asset


def reviewed_courses(actor: Actor) -> ColumnElement[bool]:
    """Drafts included; whoever writes a course reviews it too."""
    return Course.unit_id.in_(actor.units_with("course.review"))


def authored_courses(actor: Actor) -> ColumnElement[bool]:
    return Course.unit_id.in_(actor.units_with("course.author"))


def authored_banks(actor: Actor) -> ColumnElement[bool]:
    """Those of the same units; drawing from a shared bank needs no right, its questions stay unseen."""
    return QuestionBank.unit_id.in_(actor.units_with("course.author"))


def publishable_courses(actor: Actor) -> ColumnElement[bool]:
    return Course.unit_id.in_(actor.units_with("course.publish"))


def authored_assets(actor: Actor) -> ColumnElement[bool]:
    """The files of the units whose courses one may write."""
    return Asset.unit_id.in_(actor.units_with("course.author"))
