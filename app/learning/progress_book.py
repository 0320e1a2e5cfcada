"""What a batch of saves reads, changes in memory and writes back in one go.

The statements are built once: with few people waiting, building them would cost more than running them. Beside each
list of tuples stands that of their first members: SQLite finds no index for tuples and would read the whole table.
"""

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, Table, Update, and_, bindparam, insert, select, tuple_, update
from sqlalchemy.orm import Session

from app.core import clock
from app.learning.models import Enrolment, LessonFinish, ProgressClient, VideoProgress
from app.learning.spans import Refusal, Span

Key = tuple[int, str, str]  # enrolment, lesson, video block

_ENROLMENT = cast(Table, Enrolment.__table__)
_VIDEO = cast(Table, VideoProgress.__table__)
_CLIENT = cast(Table, ProgressClient.__table__)
_FINISH = cast(Table, LessonFinish.__table__)

# In order of id, so that two processes never wait for each other in a circle.
_LOCK_ENROLMENTS = (
    select(
        _ENROLMENT.c.id,
        _ENROLMENT.c.person_id,
        _ENROLMENT.c.course_version_id,
        _ENROLMENT.c.last_lesson_key,
        _ENROLMENT.c.last_active_at,
    )
    .where(_ENROLMENT.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(_ENROLMENT.c.id)
    .with_for_update()
)
_CLIENT_COLUMNS = ("client_id", "taken", "last_sequence", "last_credited_s", "last_refusal")
_READ_VIDEOS = (
    select(_VIDEO, _CLIENT.c.id.label("client_row_id"), *(_CLIENT.c[name] for name in _CLIENT_COLUMNS))
    .outerjoin(
        _CLIENT,
        and_(_CLIENT.c.video_progress_id == _VIDEO.c.id, _CLIENT.c.client_id.in_(bindparam("clients", expanding=True))),
    )
    .where(
        _VIDEO.c.enrolment_id.in_(bindparam("ids", expanding=True)),
        tuple_(_VIDEO.c.enrolment_id, _VIDEO.c.lesson_key, _VIDEO.c.block_id).in_(bindparam("keys", expanding=True)),
    )
)
_READ_FINISHED = select(_FINISH.c.enrolment_id, _FINISH.c.lesson_key).where(
    _FINISH.c.enrolment_id.in_(bindparam("ids", expanding=True)),
    tuple_(_FINISH.c.enrolment_id, _FINISH.c.lesson_key).in_(bindparam("lessons", expanding=True)),
)
_ADD_VIDEOS = insert(_VIDEO).returning(_VIDEO.c.enrolment_id, _VIDEO.c.lesson_key, _VIDEO.c.block_id, _VIDEO.c.id)
_ADD_CLIENTS = insert(_CLIENT)
_CHANGE_VIDEOS = update(_VIDEO).where(_VIDEO.c.id == bindparam("row_id"))
_CHANGE_CLIENTS = update(_CLIENT).where(_CLIENT.c.id == bindparam("row_id"))
_CHANGE_ENROLMENTS = update(_ENROLMENT).where(_ENROLMENT.c.id == bindparam("row_id"))


@dataclass(slots=True)
class EnrolmentEntry:
    person_id: int
    version_id: int
    last_lesson_key: str | None
    last_active_at: datetime
    changed: bool = False


@dataclass(slots=True)
class VideoEntry:
    """A row of video_progress; `id` is None until it is written for the first time."""

    id: int | None
    spans: tuple[Span, ...]
    watched_s: float
    played_s: float
    position_s: float
    started_at: datetime
    changed: bool = False


@dataclass(slots=True)
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
    """Rows by what names them."""

    now: datetime
    enrolments: dict[int, EnrolmentEntry] = field(default_factory=dict)
    videos: dict[Key, VideoEntry] = field(default_factory=dict)
    clients: dict[tuple[Key, str], ClientEntry] = field(default_factory=dict)


def open_book(db: Session, keys: Collection[Key], clients: Collection[str]) -> Book:
    """Two queries, whatever the size of the batch. The enrolments are locked until the end of the transaction."""
    book, connection = Book(clock.now()), db.connection()
    ids = list({key[0] for key in keys})
    for id_, *values in connection.execute(_LOCK_ENROLMENTS, {"ids": ids}):
        book.enrolments[id_] = EnrolmentEntry(*values)
    for row in connection.execute(_READ_VIDEOS, {"ids": ids, "keys": list(keys), "clients": list(clients)}):
        key = (row.enrolment_id, row.lesson_key, row.block_id)
        if key not in book.videos:
            book.videos[key] = VideoEntry(
                row.id, _pairs(row.spans), row.watched_s, row.played_s, row.position_s, row.started_at
            )
        if row.client_row_id is not None:
            refusal = Refusal(**row.last_refusal) if row.last_refusal else None
            book.clients[key, row.client_id] = ClientEntry(
                row.client_row_id, _pairs(row.taken), row.last_sequence, row.last_credited_s, refusal
            )
    return book


def finished_lessons(db: Session, lessons: Collection[tuple[int, str]]) -> set[tuple[int, str]]:
    """Of these (enrolment, lesson), the ones that are finished."""
    if not lessons:
        return set()
    ids = list({enrolment_id for enrolment_id, _key in lessons})
    rows = db.connection().execute(_READ_FINISHED, {"ids": ids, "lessons": list(lessons)})
    return {(enrolment_id, lesson_key) for enrolment_id, lesson_key in rows}


def write_book(db: Session, book: Book) -> None:
    """Write what changed: at most five statements, each for many rows."""
    connection = db.connection()
    videos = [(key, video) for key, video in book.videos.items() if video.changed]
    _change(connection, _CHANGE_VIDEOS, (_named(video.id, _video_values(video, book)) for _key, video in videos))
    _add_videos(connection, book, [(key, video) for key, video in videos if video.id is None])
    clients = [(key, client) for key, client in book.clients.items() if client.changed]
    _change(connection, _CHANGE_CLIENTS, (_named(client.id, _client_values(client, book)) for _key, client in clients))
    new = [
        {"video_progress_id": book.videos[key].id, "client_id": client_id} | _client_values(client, book)
        for (key, client_id), client in clients
        if client.id is None
    ]
    if new:
        connection.execute(_ADD_CLIENTS, new)
    _change(
        connection,
        _CHANGE_ENROLMENTS,
        (
            {"row_id": id_, "last_lesson_key": entry.last_lesson_key, "last_active_at": entry.last_active_at}
            for id_, entry in book.enrolments.items()
            if entry.changed
        ),
    )


def _add_videos(connection: Connection, book: Book, new: list[tuple[Key, VideoEntry]]) -> None:
    if not new:
        return
    rows = [
        {"enrolment_id": key[0], "lesson_key": key[1], "block_id": key[2]} | _video_values(video, book)
        for key, video in new
    ]
    for enrolment_id, lesson_key, block_id, id_ in connection.execute(_ADD_VIDEOS, rows):
        book.videos[enrolment_id, lesson_key, block_id].id = id_


def _change(connection: Connection, statement: Update, rows: Iterable[dict[str, Any]]) -> None:
    """`rows` without an id are new and not for changing."""
    if known := [row for row in rows if row["row_id"] is not None]:
        connection.execute(statement, known)


def _named(row_id: int | None, values: dict[str, Any]) -> dict[str, Any]:
    return {"row_id": row_id, **values}


def _video_values(video: VideoEntry, book: Book) -> dict[str, Any]:
    return {
        "spans": video.spans, "watched_s": video.watched_s, "played_s": video.played_s, "position_s": video.position_s,
        "started_at": video.started_at, "updated_at": book.now,
    }  # fmt: skip


def _client_values(client: ClientEntry, book: Book) -> dict[str, Any]:
    return {
        "taken": client.taken, "last_sequence": client.last_sequence, "last_credited_s": client.last_credited_s,
        "last_refusal": asdict(client.last_refusal) if client.last_refusal else None, "updated_at": book.now,
    }  # fmt: skip


def _pairs(stored: list[list[float]]) -> tuple[Span, ...]:
    return tuple((start, end) for start, end in stored)
