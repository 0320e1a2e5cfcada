"""The access log: which account came when, from which address and port (decree 331/2026, level 3).

An access is a sign-in, a sign-in that failed, a sign-out, and the first use of a session on a day or from an address:
what an authority asks of one address, port and time finds the account, and a row per request would bury it. Programs
that read by a key leave a row per request: each may carry names of thousands. It is
written by a thread of its own, in groups; no request waits for it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.access import Client
from app.core.batching import Notes
from app.core.db import Database
from app.core.jobs import JobContext
from app.identity.models import AccessEntry

# Twelve months, whichever of them has 31 days.
KEPT = timedelta(days=366)
_AT_ONCE = 5000

Kind = Literal["sign_in", "failed", "sign_out", "use", "api"]


@dataclass(frozen=True)
class Access:
    """One access to be written; `account_id` is None where a sign-in named no account."""

    kind: Kind
    account_id: int | None
    at: datetime
    client: Client


class AccessLog:
    """`note` is told of each access."""

    def __init__(self, database: Database) -> None:
        self._notes = Notes[Access](database, add, "access-log")
        self.start, self.stop = self._notes.start, self._notes.stop

    def note(self, kind: Kind, account_id: int | None, client: Client) -> None:
        self._notes.note(Access(kind, account_id, clock.now(), client))


def add(db: Session, accesses: Iterable[Access]) -> None:
    rows: list[dict[str, Any]] = [
        {
            "kind": access.kind, "account_id": access.account_id, "at": access.at, "address": access.client.address,
            "port": access.client.port,
        }
        for access in accesses
    ]  # fmt: skip
    if rows:
        db.execute(insert(AccessEntry), rows)


def forget_access(context: JobContext) -> dict[str, int]:
    """Delete what is older than KEPT, a little at a time: whoever waits to write waits for one step."""
    before, count = clock.now() - KEPT, 0
    while True:
        with context.database.writing() as db:
            old = select(AccessEntry.id).where(AccessEntry.at < before).order_by(AccessEntry.at).limit(_AT_ONCE)
            ids = db.scalars(old).all()
            db.execute(delete(AccessEntry).where(AccessEntry.id.in_(ids)))
        count += len(ids)
        if len(ids) < _AT_ONCE:
            return {"forgotten": count}
        context.beat()
