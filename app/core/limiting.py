"""Rate limits: `hit(db, "sign-in", limit, address)` raises TooMany when a key has had its share.

Counted in the database, so that all servers of an installation count together. `hit_here` counts in this process
alone: for pages that write nothing, where twice the share does no harm.
"""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import cast

from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from sqlalchemy import String, Table, bindparam, case, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core import clock
from app.core.db import Base
from app.core.errors import TooMany
from app.core.keys import sign
from app.core.prepared import Prepared

_storage = MemoryStorage()
_limiter = MovingWindowRateLimiter(_storage)


class LimitWindow(Base):
    """How often a key was seen since its window opened, with the first try; the next after `ends_at` opens another."""

    __tablename__ = "limit_window"

    # A keyed hash: an address or a typed name is not to be read here, nor in a backup.
    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    try_count: Mapped[int]
    ends_at: Mapped[datetime] = mapped_column(index=True)


_WINDOW = cast(Table, LimitWindow.__table__)
# Built once: every sign-in asks it.
_FULL = Prepared(
    select(_WINDOW.c.ends_at).where(
        _WINDOW.c.key.in_(bindparam("keys", expanding=True)),
        _WINDOW.c.ends_at > bindparam("now"),
        _WINDOW.c.try_count >= bindparam("most"),
    )
)


def hit(db: Session, purpose: str, limit: str, *keys: str) -> None:
    """Count one try for each key against e.g. "10/minute"; raises TooMany with the seconds to wait.

    The try counts once the transaction is committed: give it a short one where the request itself may fail.
    """
    rule, now = parse(limit), clock.now()
    insert = postgresql.insert if db.get_bind().dialect.name == "postgresql" else sqlite.insert
    is_over = LimitWindow.ends_at <= now
    for key in keys:
        new = insert(LimitWindow).values(
            key=_digest(purpose, key), try_count=1, ends_at=now + timedelta(seconds=rule.get_expiry())
        )
        try_count, ends_at = db.execute(
            new.on_conflict_do_update(
                index_elements=[LimitWindow.key],
                set_={
                    "try_count": case((is_over, 1), else_=LimitWindow.try_count + 1),
                    "ends_at": case((is_over, new.excluded.ends_at), else_=LimitWindow.ends_at),
                },
            ).returning(LimitWindow.try_count, LimitWindow.ends_at)
        ).one()
        if try_count > rule.amount:
            raise TooMany(retry_after_s=_seconds_to(ends_at))


def check(db: Session, purpose: str, limit: str, *keys: str) -> None:
    """Raises TooMany if a key has had its share already, without counting this try."""
    digests = [_digest(purpose, key) for key in keys]
    ends = _FULL.scalars(db, keys=digests, now=clock.now(), most=parse(limit).amount)
    if ends:
        raise TooMany(retry_after_s=_seconds_to(max(ends)))


def forget_past(db: Session) -> int:
    """Delete the windows that have passed; how many there were."""
    gone: Sequence[str] = db.scalars(
        delete(LimitWindow).where(LimitWindow.ends_at <= clock.now()).returning(LimitWindow.key)
    ).all()
    return len(gone)


def hit_here(purpose: str, limit: str, key: str) -> None:
    """`hit`, counted by this process alone."""
    rule = parse(limit)
    if not _limiter.hit(rule, purpose, key):
        reset = _limiter.get_window_stats(rule, purpose, key).reset_time
        raise TooMany(retry_after_s=max(1, round(reset - time.time())))


def forget_all() -> None:
    """For tests: what this process counted."""
    _storage.reset()


def _digest(purpose: str, key: str) -> str:
    return sign(f"limit {purpose}", key)


def _seconds_to(moment: datetime) -> int:
    return max(1, round((moment - clock.now()).total_seconds()))
