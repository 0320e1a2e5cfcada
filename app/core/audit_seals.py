"""The audit, sealed: batches of its rows in a chain of hashes, so that what was changed behind the triggers shows.

A chain proves nothing about its own end: who can rewrite the whole table can seal it anew. So each seal is also written
to the server's log, and `doctor --seal` asks for one that was noted elsewhere.
"""

import hashlib
import json
import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, Select, String, func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core import clock
from app.core.audit import AuditEntry
from app.core.db import Base, Database, met_another, pk
from app.core.i18n import gettext as _
from app.core.templating import format_datetime, format_number

log = logging.getLogger("hocso.audit")

BATCH = 1000
# What the first seal continues.
START = "0" * 64
_TRIES, _PAUSE_S = 30, 0.1


class AuditSeal(Base):
    """A batch of audit entries as they were at `sealed_at`: those with ids from first to last, however many.

    Ids may be missing in between: a transaction that was rolled back used them up.
    """

    __tablename__ = "audit_seal"

    id: Mapped[int] = pk()
    first_entry_id: Mapped[int]
    last_entry_id: Mapped[int]
    entry_count: Mapped[int]
    # Of the seal before; unique, so that the chain cannot fork.
    previous: Mapped[str] = mapped_column(String(64), unique=True)
    hash: Mapped[str] = mapped_column(String(64))
    sealed_at: Mapped[datetime]


@dataclass(frozen=True)
class Fault:
    """A batch that does not fit, and why."""

    batch: int
    first_entry_id: int
    last_entry_id: int
    text: str


@dataclass(frozen=True)
class Examined:
    """The whole chain compared with the rows; `last` is the seal to note elsewhere, empty without any."""

    batches: int
    entries: int
    last: str
    faults: list[Fault]


# --- sealing ------------------------------------------------------------------------------------------------------


def settled_id(database: Database) -> int | None:
    """No entry with this id or a lower one can still appear; None if somebody was writing all the time.

    On PostgreSQL an id is given out before its transaction commits, so a lower one may come after a higher. Whoever
    inserts holds a lock on the table that ours excludes: in the moment we have it, nobody is between the two. We never
    wait for it, since those who came after us would wait behind us.
    """
    newest = select(func.coalesce(func.max(AuditEntry.id), 0))
    if database.is_sqlite:
        with database.reading() as db:
            return db.scalar(newest)
    for _try in range(_TRIES):
        try:
            with database.writing() as db:
                db.execute(text("LOCK TABLE audit_entry IN SHARE MODE NOWAIT"))
                return db.scalar(newest)
        except DBAPIError as error:
            if not met_another(error):
                raise
        time.sleep(_PAUSE_S)
    return None


def seal_next(db: Session, up_to: int) -> AuditSeal | None:
    """Seal the next batch of entries with ids not above `up_to`; None when all of them are sealed."""
    newest = newest_seal(db)
    after, previous = (newest.last_entry_id, newest.hash) if newest else (0, START)
    rows = db.execute(_entries(after + 1, up_to).limit(BATCH)).all()
    if not rows:
        return None
    seal = AuditSeal(
        first_entry_id=rows[0].id, last_entry_id=rows[-1].id, entry_count=len(rows), previous=previous,
        sealed_at=clock.now(),
    )  # fmt: skip
    seal.hash, _count = _hash(seal, rows)
    db.add(seal)
    db.flush()
    log.info("sealed audit entries %s to %s: %s", seal.first_entry_id, seal.last_entry_id, seal.hash)
    return seal


def newest_seal(db: Session) -> AuditSeal | None:
    return db.scalars(select(AuditSeal).order_by(AuditSeal.id.desc()).limit(1)).first()


def unsealed_before(db: Session, moment: datetime) -> int:
    """How many entries from before a moment no seal covers."""
    newest = newest_seal(db)
    waiting = select(func.count()).where(AuditEntry.id > (newest.last_entry_id if newest else 0))
    return db.scalar(waiting.where(AuditEntry.at < moment)) or 0


# --- examining ----------------------------------------------------------------------------------------------------


def examine(db: Session) -> Examined:
    """Compare every batch with what the table holds now; a fault of one batch is told of that one alone."""
    faults: list[Fault] = []
    batches = entries = covered = 0
    last = START
    for seal in db.execute(select(AuditSeal.__table__).order_by(AuditSeal.id)):
        if why := _fault(db, seal, last, covered):
            faults.append(Fault(seal.id, seal.first_entry_id, seal.last_entry_id, why))
        batches, entries = batches + 1, entries + seal.entry_count
        last, covered = seal.hash, seal.last_entry_id
    return Examined(batches, entries, last if batches else "", faults)


def is_known(db: Session, seal: str) -> bool:
    """Whether a seal that was noted elsewhere is one of the chain."""
    return db.scalar(select(AuditSeal.id).where(AuditSeal.hash == seal.strip().lower()).limit(1)) is not None


def _fault(db: Session, seal: Row[Any], last: str, covered: int) -> str:
    """Why a batch does not fit behind the seal `last`, which covers entries up to the id `covered`; mostly empty."""
    about = {
        "batch": seal.id, "first": seal.first_entry_id, "last": seal.last_entry_id,
        "sealed": format_datetime(seal.sealed_at), "count": format_number(seal.entry_count),
    }  # fmt: skip
    found_hash, found = _hash(seal, db.execute(_entries(seal.first_entry_id, seal.last_entry_id)))
    if found != seal.entry_count:
        return _("Lô %(batch)s (mục #%(first)s đến #%(last)s, niêm phong %(sealed)s) có %(count)s mục lúc niêm phong, "
                 "nay có %(found)s: có mục đã bị xóa hoặc chèn thêm.", found=format_number(found), **about)  # fmt: skip
    if found_hash != seal.hash:
        return _("Lô %(batch)s (mục #%(first)s đến #%(last)s, niêm phong %(sealed)s) không còn như lúc niêm phong: có "
                 "mục đã bị sửa hoặc đổi chỗ, hoặc chính con dấu đã bị sửa.", **about)  # fmt: skip
    if seal.previous != last:
        return _("Lô %(batch)s (mục #%(first)s đến #%(last)s, niêm phong %(sealed)s) không nối tiếp con dấu đứng trước "
                 "nó: có lô đã bị xóa, thay hoặc đổi chỗ.", **about)  # fmt: skip
    between = _entries(covered + 1, seal.first_entry_id - 1).with_only_columns(func.count()).order_by(None)
    if extra := db.scalar(between):
        return _("Trước lô %(batch)s (mục #%(first)s đến #%(last)s, niêm phong %(sealed)s) có %(extra)s mục không "
                 "thuộc lô nào: đã bị chèn thêm sau khi niêm phong.", extra=format_number(extra), **about)  # fmt: skip
    return ""


# --- what is hashed -----------------------------------------------------------------------------------------------


def _entries(first: int, last: int) -> Select[Any]:
    entry = AuditEntry
    return (
        select(
            entry.id, entry.at, entry.account_id, entry.action, entry.subject_kind, entry.subject_id, entry.details
        )
        .where(entry.id >= first, entry.id <= last)
        .order_by(entry.id)
    )  # fmt: skip


def _hash(seal: AuditSeal | Row[Any], rows: Iterable[Sequence[Any]]) -> tuple[str, int]:
    """SHA-256 over one line of the seal and one of each row, and how many rows there were."""
    head = (seal.previous, seal.first_entry_id, seal.last_entry_id, seal.entry_count, seal.sealed_at)
    digest, count = hashlib.sha256(_line(head)), 0
    for row in rows:
        digest.update(_line(row))
        count += 1
    return digest.hexdigest(), count


def _line(values: Sequence[Any]) -> bytes:
    """The canonical form, the same from any database: a JSON list in ASCII, keys in order, instants in UTC."""
    return json.dumps(list(values), sort_keys=True, separators=(",", ":"), default=_instant).encode() + b"\n"


def _instant(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="microseconds")
