"""What the inbox and its settings show."""

from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import cast

from sqlalchemy import Table, bindparam, func, select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.prepared import Prepared
from app.identity import sealing
from app.identity.models import Person
from app.identity.records import belongs_to
from app.identity.sign_in.contacts import contacts_of
from app.notices.categories import CATEGORIES
from app.notices.channels import CHANNELS
from app.notices.models import Notice, NoticeChoice, NoticeDelivery
from app.notices.wording import sentence_of

PER_PAGE = 30


@dataclass(frozen=True)
class NoticeView:
    id: int
    text: str
    url: str
    created_at: datetime
    is_read: bool


@dataclass(frozen=True)
class InboxPage:
    """Notices by day, the newest first. `newest_id` is the last one drawn: what comes later has not been seen."""

    days: tuple[tuple[date, tuple[NoticeView, ...]], ...]
    unread_count: int
    newest_id: int
    page: int
    pages: int


@dataclass(frozen=True)
class ChoiceView:
    category: str
    title: str
    hint: str
    is_wanted: bool


@dataclass(frozen=True)
class SettingsPage:
    """What is sent by email; `address` is empty where none is known, `is_verified` false where it was only claimed."""

    choices: tuple[ChoiceView, ...]
    is_ready: bool
    address: str
    is_verified: bool


@dataclass(frozen=True)
class MailPage:
    """The way out as the operator sees it; `problems` are (what the other side said, how often, when last)."""

    is_ready: bool
    counts: dict[str, int]
    problems: tuple[tuple[str, int, datetime], ...]


_NOTICE = cast(Table, Notice.__table__)
# Built once: every page asks it.
_UNREAD = Prepared(
    select(func.count()).where(belongs_to(_NOTICE.c.person_id, bindparam("person_id")), _NOTICE.c.read_at.is_(None))
)


def unread_count(db: Session, person_id: int) -> int:
    return int(_UNREAD.scalar(db, person_id=person_id) or 0)


def inbox_page(db: Session, person_id: int, page: int) -> InboxPage:
    mine = belongs_to(Notice.person_id, person_id)
    total = db.scalar(select(func.count()).where(mine)) or 0
    pages = max(1, -(-total // PER_PAGE))
    page = min(max(page, 1), pages)
    notices = db.scalars(
        select(Notice).where(mine).order_by(Notice.id.desc()).offset((page - 1) * PER_PAGE).limit(PER_PAGE)
    ).all()
    views = [NoticeView(one.id, sentence_of(one), one.url, one.created_at, one.read_at is not None) for one in notices]
    days = groupby(views, key=lambda one: clock.day_of(one.created_at))
    return InboxPage(
        days=tuple((day, tuple(some)) for day, some in days),
        unread_count=unread_count(db, person_id),
        newest_id=notices[0].id if notices else 0,
        page=page,
        pages=pages,
    )


def settings_page(db: Session, person_id: int, channel: str = "email") -> SettingsPage:
    person = db.get_one(Person, person_id)
    chosen = {
        one.category: one.is_wanted
        for one in db.scalars(
            select(NoticeChoice).where(NoticeChoice.person_id == person_id, NoticeChoice.channel == channel)
        )
    }
    return SettingsPage(
        choices=tuple(
            ChoiceView(code, str(category.title), str(category.hint), chosen.get(code, category.is_sent))
            for code, category in CATEGORIES.items()
        ),
        is_ready=CHANNELS[channel].is_ready(),
        address=CHANNELS[channel].address_of(sealing.unseal(person)),
        is_verified=person.signed_up_at is None or contacts_of(person)["email"].is_verified,
    )


def mail_page(db: Session) -> MailPage:
    counts = db.execute(select(NoticeDelivery.state, func.count().label("number")).group_by(NoticeDelivery.state))
    problems = db.execute(
        select(NoticeDelivery.problem, func.count().label("number"), func.max(NoticeDelivery.due_at).label("last"))
        .where(NoticeDelivery.state.in_(("waiting", "failed")), NoticeDelivery.problem != "")
        .group_by(NoticeDelivery.problem)
        .order_by(func.max(NoticeDelivery.due_at).desc())
        .limit(20)
    )
    return MailPage(
        is_ready=CHANNELS["email"].is_ready(),
        counts={row.state: row.number for row in counts},
        problems=tuple((row.problem, row.number, row.last) for row in problems),
    )
