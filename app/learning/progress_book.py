"""What a batch of saves reads, changes in memory and writes back in one go."""

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, bindparam, insert, select, tuple_, update
from sqlalchemy.orm import Session

from app.core import clock
from app.learning.models import Enrolment, LessonFinish, ProgressClient, VideoProgress
from app.learning.spans import Refusal, Span

Key = tuple[int, str, str]  # enrolment, lesson, video block

_ENROLMENT = cast(Table, Enrolment.__table__)
_VIDEO = cast(Table, VideoProgress.__table__)
_CLIENT = cast(Table, ProgressClient.__table__)


@dataclass
class EnrolmentEntry:
    person_id: int
    version_id: int
    last_lesson_key: str | None
    last_active_at: datetime
    changed: bool = False


@dataclass
class VideoEntry:
    """A row of video_progress; `id` is None until it is written for the first time."""

    id: int | None
    spans: tuple[Span, ...]
    watched_s: float
    played_s: float
    position_s: float
    started_at: datetime
    changed: bool = False


@dataclass
class ClientEntry:
    """A row of progress_client; `id` is None until it is written for the first time."""

    id: int | None = None
    taken: tuple[Span, ...] = ()
    last_sequence: int = -1
    last_credited_s: float = 0.0
    last_refusal: Refusal | None = None
    changed: bool = False

    def took(self, sequence: int) -> bool:
        return any(first <= sequence < end for first, end in self.taken)


@dataclass
class Book:
    """Rows by what names them. `finished` holds (enrolment, lesson) of lessons finished before the batch."""

    now: datetime
    enrolments: dict[int, EnrolmentEntry] = field(default_factory=dict)
    videos: dict[Key, VideoEntry] = field(default_factory=dict)
    clients: dict[tuple[Key, str], ClientEntry] = field(default_factory=dict)
    finished: set[tuple[int, str]] = field(default_factory=set)


def open_book(db: Session, keys: Collection[Key], clients: Collection[str]) -> Book:
    """Four queries, whatever the size of the batch. The enrolments are locked until the end of the transaction."""
    book = Book(clock.now(), enrolments=_lock_enrolments(db, {key[0] for key in keys}))
    key_of_id = _read_videos(db, book, keys)
    _read_clients(db, book, key_of_id, clients)
    lesson = (LessonFinish.enrolment_id, LessonFinish.lesson_key)
    rows = db.execute(select(*lesson).where(tuple_(*lesson).in_({key[:2] for key in keys})))
    book.finished = {(enrolment_id, lesson_key) for enrolment_id, lesson_key in rows}
    return book


def write_book(db: Session, book: Book) -> None:
    """Write what changed: at most five statements, each for many rows."""
    videos = [(key, video) for key, video in book.videos.items() if video.changed]
    _update(db, _VIDEO, ({"row_id": video.id} | _video_values(video, book.now) for _key, video in videos if video.id))
    _insert_videos(db, book, [(key, video) for key, video in videos if not video.id])
    clients = [(key, client) for key, client in book.clients.items() if client.changed]
    _update(
        db, _CLIENT, ({"row_id": client.id} | _client_values(client, book.now) for _key, client in clients if client.id)
    )
    new = [
        {"video_progress_id": book.videos[key].id, "client_id": client_id} | _client_values(client, book.now)
        for (key, client_id), client in clients
        if not client.id
    ]
    if new:
        db.execute(insert(_CLIENT), new)
    _update(
        db, _ENROLMENT,
        (
            {"row_id": id_, "last_lesson_key": entry.last_lesson_key, "last_active_at": entry.last_active_at}
            for id_, entry in book.enrolments.items()
            if entry.changed
        ),
    )  # fmt: skip


def _lock_enrolments(db: Session, ids: Collection[int]) -> dict[int, EnrolmentEntry]:
    # In order of id, so that two processes never wait for each other in a circle.
    rows = db.execute(
        select(
            Enrolment.id,
            Enrolment.person_id,
            Enrolment.course_version_id,
            Enrolment.last_lesson_key,
            Enrolment.last_active_at,
        )
        .where(Enrolment.id.in_(ids))
        .order_by(Enrolment.id)
        .with_for_update()
    )  # fmt: skip
    return {id_: EnrolmentEntry(person_id, version_id, key, at) for id_, person_id, version_id, key, at in rows}


def _read_videos(db: Session, book: Book, keys: Collection[Key]) -> dict[int, Key]:
    named_by = (VideoProgress.enrolment_id, VideoProgress.lesson_key, VideoProgress.block_id)
    rows = db.execute(
        select(
            *named_by, VideoProgress.id, VideoProgress.spans, VideoProgress.watched_s, VideoProgress.played_s,
            VideoProgress.position_s, VideoProgress.started_at,
        ).where(tuple_(*named_by).in_(keys))
    )  # fmt: skip
    key_of_id: dict[int, Key] = {}
    for row in rows:
        key = (row.enrolment_id, row.lesson_key, row.block_id)
        spans = tuple((start, end) for start, end in row.spans)
        book.videos[key] = VideoEntry(row.id, spans, row.watched_s, row.played_s, row.position_s, row.started_at)
        key_of_id[row.id] = key
    return key_of_id


def _read_clients(db: Session, book: Book, key_of_id: dict[int, Key], clients: Collection[str]) -> None:
    if not key_of_id:
        return
    rows = db.execute(
        select(
            ProgressClient.video_progress_id, ProgressClient.client_id, ProgressClient.id, ProgressClient.taken,
            ProgressClient.last_sequence, ProgressClient.last_credited_s, ProgressClient.last_refusal,
        ).where(ProgressClient.video_progress_id.in_(key_of_id), ProgressClient.client_id.in_(clients))
    )  # fmt: skip
    for row in rows:
        book.clients[key_of_id[row.video_progress_id], row.client_id] = ClientEntry(
            id=row.id,
            taken=tuple((first, end) for first, end in row.taken),
            last_sequence=row.last_sequence,
            last_credited_s=row.last_credited_s,
            last_refusal=Refusal(**row.last_refusal) if row.last_refusal else None,
        )


def _insert_videos(db: Session, book: Book, new: list[tuple[Key, VideoEntry]]) -> None:
    if not new:
        return
    rows = [
        {"enrolment_id": key[0], "lesson_key": key[1], "block_id": key[2]} | _video_values(video, book.now)
        for key, video in new
    ]
    added = db.execute(
        insert(_VIDEO).returning(_VIDEO.c.enrolment_id, _VIDEO.c.lesson_key, _VIDEO.c.block_id, _VIDEO.c.id), rows
    )
    for enrolment_id, lesson_key, block_id, id_ in added:
        book.videos[enrolment_id, lesson_key, block_id].id = id_


def _update(db: Session, table: Table, rows: Iterable[dict[str, Any]]) -> None:
    if found := list(rows):
        db.connection().execute(update(table).where(table.c.id == bindparam("row_id")), found)


def _video_values(video: VideoEntry, now: datetime) -> dict[str, Any]:
    return {
        "spans": video.spans, "watched_s": video.watched_s, "played_s": video.played_s, "position_s": video.position_s,
        "started_at": video.started_at, "updated_at": now,
    }  # fmt: skip


def _client_values(client: ClientEntry, now: datetime) -> dict[str, Any]:
    return {
        "taken": client.taken, "last_sequence": client.last_sequence, "last_credited_s": client.last_credited_s,
        "last_refusal": asdict(client.last_refusal) if client.last_refusal else None, "updated_at": now,
    }  # fmt: skip
