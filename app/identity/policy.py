"""Roles, what each may do, and the clause that says which people an actor may see."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.access import Actor
from app.core.i18n import lazy
from app.core.i18n import lazy as _
from app.identity.models import Affiliation, Person, Unit


@dataclass(frozen=True)
class Role:
    """Given at a unit, a role allows its permissions there and in everything below."""

    title: lazy
    permissions: frozenset[str]


_UNIT_MANAGER = frozenset(
    {
        "people.view", "coverage.people", "export.completions", "certificates.view", "evidence.verify",
        "classes.record", "learning.assign", "practical.unit_manager", "help.answer", "learning.follow",
        "exam.organise", "exam.invigilate",
    }
)  # fmt: skip
_INSTRUCTOR = frozenset(
    {"practical.instructor", "discussion.moderate", "learning.follow", "learning.mark", "exam.invigilate"}
)
_AUTHOR = frozenset({"course.author", "discussion.moderate"})
_CONTENT_ADMIN = _AUTHOR | {"course.publish"}

ROLES: dict[str, Role] = {
    "unit_manager": Role(_("Phụ trách đơn vị"), _UNIT_MANAGER),
    "instructor": Role(_("Giảng viên"), _INSTRUCTOR),
    "author": Role(_("Người soạn bài"), _AUTHOR),
    "content_admin": Role(_("Quản trị nội dung"), _CONTENT_ADMIN),
    "province_admin": Role(
        _("Quản trị cấp tỉnh"),
        _UNIT_MANAGER
        | _INSTRUCTOR
        | _CONTENT_ADMIN
        | {"certificates.manage", "people.import", "people.manage", "coverage.manage", "jobs.view", "audit.view"},
    ),
    "operator": Role(_("Người vận hành"), frozenset({"jobs.view", "audit.view"})),
}


def roles_with(permission: str) -> list[str]:
    """The roles that allow something."""
    return [code for code, role in ROLES.items() if permission in role.permissions]


def held_on(day: date) -> ColumnElement[bool]:
    """Posts held on a day; the first and the last day both count."""
    return (Affiliation.started_on <= day) & or_(Affiliation.ended_on.is_(None), Affiliation.ended_on >= day)


def visible_posts(actor: Actor, permission: str = "people.view") -> ColumnElement[bool]:
    """Posts held today in a unit the permission reaches."""
    return Affiliation.unit_id.in_(actor.units_with(permission)) & held_on(clock.today())


def visible_people(actor: Actor, permission: str = "people.view") -> ColumnElement[bool]:
    """People who hold a post today in a unit the permission reaches."""
    return Person.id.in_(select(Affiliation.person_id).where(visible_posts(actor, permission)))


def sees_every_post(db: Session, actor: Actor, permission: str = "people.view") -> bool:
    """Whether nobody holds a post today in a unit the permission does not reach.

    Then `visible_posts` are those held today: a list of a whole province need not look at each one's unit.
    """
    unseen = select(Unit.id).where(
        Unit.id.not_in(actor.units_with(permission)),
        exists().where(Affiliation.unit_id == Unit.id, held_on(clock.today())),
    )
    return db.scalar(unseen.limit(1)) is None
