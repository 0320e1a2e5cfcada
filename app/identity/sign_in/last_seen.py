"""When and from where a session was last used: noted in groups by a thread of its own, never in the request's
transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.core import clock
from app.core.access import Client
from app.core.batching import Notes
from app.core.db import Database
from app.identity.models import SignInSession
from app.identity.sign_in import access_log
from app.identity.sign_in.access_log import Access

EVERY = timedelta(minutes=5)
_REMEMBERED = 10_000


class KnownUse(NamedTuple):
    """A session with its last use as the database has it so far."""

    session_id: int
    account_id: int
    last_seen_at: datetime
    address: str


@dataclass(frozen=True)
class _Use:
    """A use to be noted; `is_access`: the first of its day or address, for the access log."""

    session_id: int
    account_id: int
    at: datetime
    client: Client
    is_access: bool


class LastSeen:
    """`saw` is told of every request; it writes at most once per session and five minutes, and once per session, day
    and address. Cheap to call."""

    def __init__(self, database: Database) -> None:
        self._notes = Notes[_Use](database, _write, "last-seen")
        self.start, self.stop = self._notes.start, self._notes.stop
        # What is on its way to the database, so that a burst of requests notes it once.
        self._noted: dict[int, datetime] = {}
        # And who goes to and fro between two addresses, as phones do, has one entry a day for each.
        self._entered: dict[tuple[int, str], date] = {}

    def saw(self, known: KnownUse, client: Client) -> None:
        """A request of this session came from there."""
        if not self._notes.is_open:
            return
        now = clock.now()
        today, place = clock.day_of(now), (known.session_id, client.address)
        is_new = client.address != known.address or clock.day_of(known.last_seen_at) != today
        is_access = is_new and self._entered.get(place) != today
        is_late = now - max(known.last_seen_at, self._noted.get(known.session_id, known.last_seen_at)) >= EVERY
        if not is_access and not is_late:
            return
        for remembered in (self._noted, self._entered):
            if len(remembered) > _REMEMBERED:
                remembered.clear()
        self._noted[known.session_id] = now
        if is_access:
            self._entered[place] = today
        self._notes.note(_Use(known.session_id, known.account_id, now, client, is_access))


def _write(db: Session, uses: Sequence[_Use]) -> None:
    db.execute(
        update(SignInSession)
        .where(SignInSession.id.in_([use.session_id for use in uses]))
        .values(last_seen_at=max(use.at for use in uses))
    )
    if entered := [use for use in uses if use.is_access]:
        moved = {use.session_id: use.client.address for use in entered}
        db.execute(update(SignInSession), [{"id": id, "address": address} for id, address in moved.items()])
        access_log.add(db, [Access("use", use.account_id, use.at, use.client) for use in entered])
