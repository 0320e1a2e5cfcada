"""Who else is writing in a lesson: the texts kept for others while they type (drafting.py) say it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.authoring.drafting import LessonDraft
from app.catalogue.models import Course
from app.core import clock
from app.core.access import Actor, closure_on
from app.core.i18n import gettext as _
from app.identity.models import Account, Person, RoleGrant, UnitClosure
from app.identity.policy import granting

# Of somebody who typed nothing for so long, or has saved, nothing is said.
GONE_AFTER = timedelta(minutes=5)


@dataclass(frozen=True)
class Writer:
    """Somebody else, and when the last of their text was kept."""

    name: str
    at: datetime

    @property
    def said(self) -> str:
        time = self.at.astimezone(clock.VIETNAM).strftime("%H:%M")
        return _("%(name)s cũng đang sửa bài này (lúc %(time)s).", name=self.name, time=time)


def others_writing(db: Session, actor: Actor, course: Course, key: str) -> tuple[Writer, ...]:
    """Other people who write this lesson right now and may, the latest first; one query."""
    may_write = (
        select(UnitClosure.ancestor_id)
        .join(RoleGrant, RoleGrant.unit_id == UnitClosure.ancestor_id)
        .where(
            UnitClosure.descendant_id == course.unit_id, closure_on(clock.today()), granting("course.author"),
            RoleGrant.account_id == Account.id,
        )
        .exists()
    )  # fmt: skip
    rows = db.execute(
        select(Person.name, LessonDraft.saved_at)
        .join(Account, Account.id == LessonDraft.account_id)
        .join(Person, Person.id == Account.person_id)
        .where(
            LessonDraft.course_id == course.id, LessonDraft.lesson_key == key,
            LessonDraft.saved_at > clock.now() - GONE_AFTER, Person.id.not_in(actor.records),
            Account.disabled_at.is_(None), may_write,
        )
        .order_by(LessonDraft.saved_at.desc())
    )  # fmt: skip
    return tuple(Writer(name, at) for name, at in rows)
