"""Where a member of a round stands, as SQL and in words. The same clauses count, list and remind."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy import ColumnElement, and_, case, exists, or_
from sqlalchemy.orm import aliased

from app.assignments.models import AssignmentMember
from app.core.i18n import lazy as _
from app.identity.models import MergedRecord

# In the order in which a manager asks.
STATES: Mapping[str, _] = {
    "late": _("quá hạn"), "open": _("chưa xong"), "done": _("đã xong"), "exempt": _("được miễn"),
    "left": _("không còn thuộc diện"),
}  # fmt: skip


def is_open() -> ColumnElement[bool]:
    """Still to do, late or not."""
    return and_(
        AssignmentMember.completion_id.is_(None), AssignmentMember.exempted_at.is_(None),
        AssignmentMember.left_on.is_(None),
    )  # fmt: skip


def is_late_on(day: date) -> ColumnElement[bool]:
    return and_(is_open(), AssignmentMember.due_on < day)


def is_shown() -> ColumnElement[bool]:
    """Of several rows of one human being in a round the one that counts: of the record they are shown as, if there."""
    own, kin, other = aliased(MergedRecord), aliased(MergedRecord), aliased(AssignmentMember)
    return ~exists().where(
        own.person_id == AssignmentMember.person_id, own.person_id != own.holder_id, kin.holder_id == own.holder_id,
        or_(kin.person_id == kin.holder_id, kin.person_id < own.person_id),
        other.round_id == AssignmentMember.round_id, other.person_id == kin.person_id,
    )  # fmt: skip


def state_on(day: date) -> ColumnElement[str]:
    """One of STATES. Done counts for more than all else: who has learned it needs no excuse."""
    return case(
        (AssignmentMember.completion_id.is_not(None), "done"),
        (AssignmentMember.exempted_at.is_not(None), "exempt"),
        (AssignmentMember.left_on.is_not(None), "left"),
        (AssignmentMember.due_on < day, "late"),
        else_="open",
    )
