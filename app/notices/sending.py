"""Sending what waits: one message per person, however many notices it carries.

Each message is settled in a transaction of its own right after it was taken, so that a killed worker repeats one at
most; the repeat bears the same Message-ID.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urljoin

from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload

from app.core import clock, keys
from app.core.db import Database
from app.core.i18n import gettext as _
from app.core.jobs import JobContext
from app.core.settings import get_settings
from app.core.templating import render_template
from app.identity import sealing
from app.identity.models import Person
from app.notices.channels import CHANNELS, Channel, Line, Message, Refused, Unreachable
from app.notices.models import Notice, NoticeDelivery
from app.notices.wording import sentence_of

# Nobody reads more in one letter; the inbox has the rest.
MOST_IN_ONE = 20
# After a refusal that may pass: 5 minutes, 25, two hours, ten, two days; then it failed.
_WAIT = timedelta(minutes=5)
_TRIES = 6
_AWAY = timedelta(minutes=5)


@dataclass(frozen=True)
class Parcel:
    """What one person is to be sent over one channel."""

    delivery_ids: tuple[int, ...]
    address: str
    name: str
    message: Message | None


def send(context: JobContext) -> Mapping[str, Any]:
    """Send all that is due on every channel that is set up; what it did, by outcome."""
    done = {"sent": 0, "refused": 0, "dropped": 0}
    for code, channel in CHANNELS.items():
        if channel.is_ready():
            problem = _empty(context, code, channel, done)
            if problem:
                return {**done, "problem": problem}
    return done


def stop_token(person_id: int, channel: str) -> str:
    """What opens the page that stops messages, without signing in; it opens nothing else."""
    named = f"{person_id}.{channel}"
    return f"{named}.{keys.sign('stop-notices', named)}"


def read_stop_token(token: str) -> tuple[int, str] | None:
    """(person id, channel), or None for a token that is not ours."""
    named, _dot, tag = token.rpartition(".")
    person_id, _dot, channel = named.partition(".")
    if not keys.signature_fits("stop-notices", named, tag) or channel not in CHANNELS:
        return None
    return int(person_id), channel


def _empty(context: JobContext, code: str, channel: Channel, done: dict[str, int]) -> str:
    """Send until nothing is due; what stands in the way, or nothing."""
    total = 0
    while parcels := _due(context.database, code, channel):
        try:
            with channel.open() as line:
                for parcel in parcels:
                    outcome = _hand_over(context.database, line, parcel)
                    done[outcome] += 1
                    total += 1
                    context.progress(0.5, _("Đã xử lý %(count)s thư", count=total))
        except Unreachable as error:
            _wait_for_all(context.database, code, str(error))
            return str(error)
    return ""


def _due(database: Database, code: str, channel: Channel) -> list[Parcel]:
    """The next people's parcels."""
    with database.reading() as db:
        deliveries = db.scalars(
            select(NoticeDelivery)
            .options(joinedload(NoticeDelivery.notice))
            .where(
                NoticeDelivery.state == "waiting", NoticeDelivery.channel == code, NoticeDelivery.due_at <= clock.now()
            )
            .order_by(NoticeDelivery.due_at, NoticeDelivery.id)
            .limit(200)
        ).all()
        by_person: dict[int, list[NoticeDelivery]] = {}
        for delivery in deliveries:
            by_person.setdefault(delivery.notice.person_id, []).append(delivery)
        return [_parcel(db, code, channel, person_id, some[:MOST_IN_ONE]) for person_id, some in by_person.items()]


def _parcel(db: Session, code: str, channel: Channel, person_id: int, deliveries: Sequence[NoticeDelivery]) -> Parcel:
    person = db.get_one(Person, person_id)
    address = channel.address_of(sealing.unseal(person))
    message = _message(code, person, [one.notice for one in deliveries], deliveries[0].id) if address else None
    return Parcel(tuple(one.id for one in deliveries), address, person.name, message)


def _message(code: str, person: Person, notices: Sequence[Notice], number: int) -> Message:
    settings = get_settings()
    told = [(sentence_of(notice), urljoin(settings.public_url, notice.url) if notice.url else "") for notice in notices]
    stop_url = f"{settings.public_url}/notices/stop/{stop_token(person.id, code)}"
    inbox_url = f"{settings.public_url}/notices"
    context = {"name": person.name, "told": told, "inbox_url": inbox_url, "stop_url": stop_url}
    subject = told[0][0] if len(told) == 1 else _("Học Số: %(count)s thông báo cho anh/chị", count=len(told))
    return Message(
        ref=f"hocso-{code}-{number}",
        subject=subject,
        text=_plain(person.name, told, inbox_url, stop_url),
        html=render_template("email/notices.html", context),
        stop_url=stop_url,
    )


def _plain(name: str, told: Sequence[tuple[str, str]], inbox_url: str, stop_url: str) -> str:
    return "\n".join(
        [
            _("Kính gửi anh/chị %(name)s,", name=name),
            *(f"\n- {text}" + (f"\n  {url}" if url else "") for text, url in told),
            "",
            _("Xem mọi thông báo: %(url)s", url=inbox_url),
            "",
            "-- ",
            _("Thư tự động của Học Số, không cần trả lời."),
            _("Thôi nhận thư: %(url)s", url=stop_url),
        ]
    )


def _hand_over(database: Database, line: Line, parcel: Parcel) -> str:
    if parcel.message is None:
        _settle(database, parcel, "dropped")
        return "dropped"
    try:
        line.send(parcel.address, parcel.name, parcel.message)
    except Refused as error:
        _put_off(database, parcel, str(error), for_good=error.for_good)
        return "refused"
    _settle(database, parcel, "sent")
    return "sent"


def _settle(database: Database, parcel: Parcel, state: str, **more: Any) -> None:
    with database.writing() as db:
        db.execute(
            update(NoticeDelivery)
            .where(NoticeDelivery.id.in_(parcel.delivery_ids))
            .values(state=state, settled_at=clock.now(), **more)
        )


def _put_off(database: Database, parcel: Parcel, problem: str, *, for_good: bool) -> None:
    with database.writing() as db:
        for delivery in db.scalars(select(NoticeDelivery).where(NoticeDelivery.id.in_(parcel.delivery_ids))):
            delivery.try_count, delivery.problem = delivery.try_count + 1, problem[:500]
            if for_good or delivery.try_count >= _TRIES:
                delivery.state, delivery.settled_at = "failed", clock.now()
            else:
                delivery.due_at = clock.now() + _WAIT * 5 ** (delivery.try_count - 1)


def _wait_for_all(database: Database, code: str, problem: str) -> None:
    """The other side is away: nobody's fault, so no try is counted."""
    with database.writing() as db:
        db.execute(
            update(NoticeDelivery)
            .where(
                NoticeDelivery.state == "waiting", NoticeDelivery.channel == code, NoticeDelivery.due_at <= clock.now()
            )
            .values(due_at=clock.now() + _AWAY, problem=problem[:500])
        )
