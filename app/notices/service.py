"""Tell people something, and take what they say about being told."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import TypeVar

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.core import clock, jobs
from app.core.errors import NotFound
from app.core.i18n import lazy
from app.identity.models import Person, PersonLookup
from app.identity.records import belongs_to, records_by_holder
from app.notices.categories import CATEGORIES
from app.notices.channels import CHANNELS
from app.notices.models import Notice, NoticeChoice, NoticeDelivery

_AT_ONCE = 500
Item = TypeVar("Item")


def notify(
    db: Session, person_ids: Iterable[int], *, category: str, key: str, sentence: lazy, url: str = "",
    is_named: bool = False, **values: object,
) -> int:  # fmt: skip
    """Put a notice into each one's inbox, once per `key`, and have it sent to who wants that; how many are new.

    Somebody with several records (identity/records.py) is told once.

    `sentence` is a lazy Vietnamese sentence with `values` as its placeholders (texts and numbers): it is translated
    when it is read. `url` is a place on this site. `is_named`: these people were named to be told, so it leaves the
    inbox though others of the category are not sent, unless they said no to the category.
    """
    if category not in CATEGORIES:
        raise ValueError(category)
    now, new = clock.now(), 0
    insert = postgresql.insert if db.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(Notice).on_conflict_do_nothing(index_elements=[Notice.person_id, Notice.key])
    for some in _batches(records_by_holder(db, person_ids)):
        rows = db.execute(
            statement.returning(Notice.id, Notice.person_id),
            [
                {
                    "person_id": person_id, "key": key, "category": category, "sentence": sentence.message,
                    "values": values, "url": url, "created_at": now,
                }
                for person_id in some
            ],
        )  # fmt: skip
        added = {person_id: notice_id for notice_id, person_id in rows}
        new += len(added)
        _order_deliveries(db, added, category, now, is_sent=is_named or CATEGORIES[category].is_sent)
    return new


def mark_read(db: Session, person_id: int, notice_id: int) -> Notice:
    """The notice, read from now on if it was not before; raises NotFound for somebody else's."""
    mine = select(Notice).where(Notice.id == notice_id, belongs_to(Notice.person_id, person_id))
    notice = db.scalars(mine).one_or_none()
    if notice is None:
        raise NotFound
    if notice.read_at is None:
        notice.read_at = clock.now()
        db.flush()
    return notice


def mark_all_read(db: Session, person_id: int, *, until: int) -> None:
    """Everything up to the notice `until`: what came after the page was drawn has not been seen."""
    db.execute(
        update(Notice)
        .where(belongs_to(Notice.person_id, person_id), Notice.read_at.is_(None), Notice.id <= until)
        .values(read_at=clock.now())
    )


def choose(db: Session, person_id: int, wanted: Mapping[tuple[str, str], bool]) -> None:
    """What the person wants to be sent: (category, channel) -> wanted or not; others stay as they are."""
    for (category, channel), is_wanted in wanted.items():
        if category not in CATEGORIES or channel not in CHANNELS:
            raise NotFound
        choice = db.get(NoticeChoice, (person_id, category, channel))
        if choice is None:
            choice = NoticeChoice(person_id=person_id, category=category, channel=channel)
            db.add(choice)
        choice.is_wanted, choice.chosen_at = is_wanted, clock.now()
    db.flush()


def retry_failed(db: Session) -> int:
    """Everything that could not be sent waits again, with all its tries; how much that is."""
    again = db.execute(
        update(NoticeDelivery)
        .where(NoticeDelivery.state == "failed")
        .values(state="waiting", try_count=0, due_at=clock.now(), settled_at=None)
        .returning(NoticeDelivery.id)
    ).all()
    if again:
        order_sending(db)
    return len(again)


def forget_before(db: Session, day: datetime) -> int:
    """Delete up to a few hundred notices of before `day`, read or not; how many."""
    old = select(Notice.id).where(Notice.created_at < day).order_by(Notice.id).limit(_AT_ONCE).scalar_subquery()
    db.execute(delete(NoticeDelivery).where(NoticeDelivery.notice_id.in_(old)))
    return len(db.execute(delete(Notice).where(Notice.id.in_(old)).returning(Notice.id)).all())


def order_sending(db: Session) -> None:
    """Have what waits sent by a job; one at a time, so that nothing is sent twice."""
    jobs.enqueue(db, "notices.send", unique_key="notices.send")


def _order_deliveries(
    db: Session, notices: Mapping[int, int], category: str, now: datetime, *, is_sent: bool
) -> None:  # fmt: skip
    """`notices`: person id -> notice id; `is_sent`: what holds for who has chosen nothing."""
    if not notices:
        return
    ordered = [
        NoticeDelivery(notice_id=notices[person_id], channel=code, state="waiting", due_at=now)
        for code, channel in CHANNELS.items()
        if channel.carries_notices and channel.is_ready()
        for person_id in _who_wants(db, notices.keys(), category, code, channel.address_kind, is_sent=is_sent)
    ]
    if ordered:
        db.add_all(ordered)
        db.flush()
        order_sending(db)


def _who_wants(
    db: Session, person_ids: Collection[int], category: str, channel: str, address_kind: str, *, is_sent: bool
) -> list[int]:
    """Those with an address that is known to be theirs: what somebody typed at sign-up may be a stranger's."""
    choices = db.scalars(
        select(NoticeChoice).where(
            NoticeChoice.person_id.in_(person_ids), NoticeChoice.category == category, NoticeChoice.channel == channel
        )
    )
    chosen = {choice.person_id: choice.is_wanted for choice in choices}
    is_known = Person.signed_up_at.is_(None) | PersonLookup.verified_at.is_not(None)
    reachable = db.scalars(
        select(PersonLookup.person_id)
        .join(Person, Person.id == PersonLookup.person_id)
        .where(PersonLookup.person_id.in_(person_ids), PersonLookup.kind == address_kind, is_known)
        .order_by(PersonLookup.person_id)
    )
    return [one for one in reachable if chosen.get(one, is_sent)]


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    waiting = iter(items)
    while some := list(islice(waiting, _AT_ONCE)):
        yield some
