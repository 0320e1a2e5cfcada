"""When a session was last used: noted in groups by a thread of its own, never in the request's transaction."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.core import clock
from app.core.batching import GroupCommitter
from app.core.db import Database
from app.identity.models import SignInSession

EVERY = timedelta(minutes=5)


class LastSeen:
    """`saw` is told of every request and writes at most once per session and five minutes; cheap to call."""

    def __init__(self, database: Database) -> None:
        self._committer = GroupCommitter[tuple[int, datetime], None](database, _note, "last-seen")
        # What is on its way to the database, so that a burst of requests notes it once.
        self._noted: dict[int, datetime] = {}
        self._running = False

    def start(self) -> None:
        self._committer.start()
        self._running = True

    def stop(self) -> None:
        self._running = False
        self._committer.stop()

    def saw(self, session_id: int, last_seen_at: datetime) -> None:
        """A request of this session came; `last_seen_at` is what the database says so far."""
        now = clock.now()
        if not self._running or now - max(last_seen_at, self._noted.get(session_id, last_seen_at)) < EVERY:
            return
        if len(self._noted) > 10_000:
            self._noted.clear()
        self._noted[session_id] = now
        self._committer.submit((session_id, now))


def last_seen_committer(database: Database) -> LastSeen:
    """What main starts with the server, and stops with it."""
    return LastSeen(database)


def _note(db: Session, seen: Sequence[tuple[int, datetime]]) -> Sequence[None]:
    db.execute(
        update(SignInSession)
        .where(SignInSession.id.in_([session_id for session_id, _at in seen]))
        .values(last_seen_at=max(at for _session_id, at in seen))
    )
    return [None] * len(seen)
