"""Once a day, whoever may mark, confirm or verify hears how much waits for them: one word for each kind of work."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalogue.lesson_rules import CONFIRMING_ROLES
from app.core import clock
from app.core.access import Actor
from app.core.i18n import lazy as _
from app.core.jobs import JobContext
from app.identity.models import Account, RoleGrant
from app.identity.policy import granting
from app.identity.sign_in.accounts import actor_of
from app.learning import evidence, evidence_queries, marking_queries, practical_queries
from app.learning.policy import MARK
from app.notices.service import notify

Count = Callable[[Session, Actor], int]


@dataclass(frozen=True)
class Work:
    """`count`: how much of it waits for an actor; one's own is not theirs to do."""

    permissions: tuple[str, ...]
    url: str
    sentence: _
    count: Count


WORK: Mapping[str, Work] = {
    "marking": Work((MARK,), "/marking", _("%(count)s bài làm đang chờ anh/chị chấm."), marking_queries.waiting_count),
    "practicals": Work(
        tuple(f"practical.{role}" for role in CONFIRMING_ROLES), "/practicals",
        _("%(count)s bài thực hành đang chờ anh/chị xác nhận."), practical_queries.waiting_count,
    ),
    "evidence": Work(
        (evidence.PERMISSION,), "/evidence", _("%(count)s minh chứng đang chờ anh/chị duyệt."),
        evidence_queries.waiting_count,
    ),
}  # fmt: skip


def tell_of_work(context: JobContext, more: Mapping[str, Count] = {}) -> dict[str, int]:
    """The job: what waits is counted first, so that nobody waits for it. A second run of the day tells nobody twice.

    `more`: by kind, what waits elsewhere and is done in the same place.
    """
    with context.database.reading() as db:
        waiting = [
            (name, actor.person_id, count)
            for name, work in WORK.items()
            for actor in _who_may(db, work)
            if (count := work.count(db, actor) + (more[name](db, actor) if name in more else 0))
        ]
    told = dict.fromkeys(WORK, 0)
    with context.database.writing() as db:
        for name, person_id, count in waiting:
            told[name] += notify(
                db, [person_id], category="work", key=f"{name}:{clock.today()}", url=WORK[name].url,
                sentence=WORK[name].sentence, count=count,
            )  # fmt: skip
    return told


def _who_may(db: Session, work: Work) -> list[Actor]:
    holders = db.scalars(
        select(Account.id)
        .join(RoleGrant, RoleGrant.account_id == Account.id)
        .where(granting(*work.permissions), Account.disabled_at.is_(None))
        .distinct()
        .order_by(Account.id)
    ).all()
    return [actor for account_id in holders if (actor := actor_of(db, account_id))]
