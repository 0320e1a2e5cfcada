"""What a batch of saves reads, changes in memory and writes back in one go.

The statements are built once: with few people waiting, building them would cost more than running them.
"""

from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, Table, and_, select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.many_rows import AddRows, ChangeRows, Listed
from app.core.prepared import Prepared
from app.identity.records import holder_of
from app.learning.models import BlockProgress, Enrolment, LessonFinish, ProgressClient
from app.learning.spans import Refusal, Span

Key = tuple[int, str, str]  # enrolment, lesson, block

_ENROLMENT = cast(Table, Enrolment.__table__)
_BLOCK = cast(Table, BlockProgress.__table__)
_CLIENT = cast(Table, ProgressClient.__table__)
_FINISH = cast(Table, LessonFinish.__table__)

_BLOCK_NAME = (_BLOCK.c.enrolment_id, _BLOCK.c.lesson_key, _BLOCK.c.block_id)
_BLOCK_COLUMNS = ("id", "spans", "earned", "spent_s", "position", "started_at")
_CLIENT_COLUMNS = ("id", "client_id", "taken", "last_sequence", "last_credited", "last_refusal")
_BLOCK_VALUES = ("spans", "earned", "spent_s", "position", "started_at", "updated_at")
_CLIENT_VALUES = ("taken", "last_sequence", "last_credited", "last_refusal", "updated_at")

_ADD_BLOCKS = AddRows(
    _BLOCK,
    ("enrolment_id", "lesson_key", "block_id", *_BLOCK_VALUES),
    returning=("enrolment_id", "lesson_key", "block_id", "id"),
)
_ADD_CLIENTS = AddRows(_CLIENT, ("block_progress_id", "client_id", *_CLIENT_VALUES))
_CHANGE_BLOCKS = ChangeRows(_BLOCK, _BLOCK_VALUES)
_CHANGE_CLIENTS = ChangeRows(_CLIENT, _CLIENT_VALUES)
_CHANGE_ENROLMENTS = ChangeRows(_ENROLMENT, ("last_lesson_key", "last_active_at"))


class _Reads:
    """The queries of a book, for one kind of database."""

    def __init__(self, *, arrays: bool) -> None:
        self.enrolments = Listed("enrolments", [_ENROLMENT.c.id], arrays=arrays)
        # In order of id, so that two processes never wait for each other in a circle.
        self.lock_enrolments = Prepared(
            select(
                _ENROLMENT.c.id,
                holder_of(_ENROLMENT.c.person_id),
                _ENROLMENT.c.guest_id,
                _ENROLMENT.c.course_version_id,
                _ENROLMENT.c.last_lesson_key,
                _ENROLMENT.c.last_active_at,
            )
            .where(_ENROLMENT.c.id.in_(select(self.enrolments.c[0])))
            .order_by(_ENROLMENT.c.id)
            .with_for_update()
        )
        self.asked = Listed("asked", [*_BLOCK_NAME, _CLIENT.c.client_id], arrays=arrays)
        *block_name, client_id = self.asked.c
        self.blocks = Prepared(
            select(
                *_BLOCK_NAME,
                *(_BLOCK.c[name] for name in _BLOCK_COLUMNS),
                *(_CLIENT.c[name] for name in _CLIENT_COLUMNS),
            )
            .select_from(self.asked.table)
            .join(_BLOCK, and_(*(mine == its for mine, its in zip(_BLOCK_NAME, block_name, strict=True))))
            .outerjoin(_CLIENT, and_(_CLIENT.c.block_progress_id == _BLOCK.c.id, _CLIENT.c.client_id == client_id))
        )
        self.lessons = Listed("lessons", [_FINISH.c.enrolment_id, _FINISH.c.lesson_key], arrays=arrays)
        enrolment_id, lesson_key = self.lessons.c
        self.finished = Prepared(
            select(_FINISH.c.enrolment_id, _FINISH.c.lesson_key)
            .select_from(self.lessons.table)
            .join(_FINISH, and_(_FINISH.c.enrolment_id == enrolment_id, _FINISH.c.lesson_key == lesson_key))
        )


_READS = {"sqlite": _Reads(arrays=False), "postgresql": _Reads(arrays=True)}


@dataclass(slots=True)
class EnrolmentEntry:
    """Belongs to a person, as they are shown, or to a guest."""

    person_id: int | None
    guest_id: int | None
    version_id: int
    last_lesson_key: str | None
    last_active_at: datetime
    changed: bool = False


@dataclass(slots=True)
class BlockEntry:
    """A row of block_progress; `id` is None until it is written for the first time."""

    id: int | None
    spans: tuple[Span, ...]
    earned: float
    spent_s: float
    position: float
    started_at: datetime
    changed: bool = False


@dataclass(slots=True)
class ClientEntry:
    """A row of progress_client; `id` is None until it is written for the first time."""

    id: int | None = None
    taken: tuple[Span, ...] = ()
    last_sequence: int = -1
    last_credited: float = 0.0
    last_refusal: Refusal | None = None
    changed: bool = False

    def took(self, sequence: int) -> bool:
        return any(first <= sequence < end for first, end in self.taken)


@dataclass
class Book:
    """Rows by what names them."""

    now: datetime
    enrolments: dict[int, EnrolmentEntry] = field(default_factory=dict)
    blocks: dict[Key, BlockEntry] = field(default_factory=dict)
    clients: dict[tuple[Key, str], ClientEntry] = field(default_factory=dict)


def open_book(db: Session, asked: Collection[tuple[Key, str]]) -> Book:
    """What clients have of blocks, in two queries; the enrolments are locked until the end of the transaction."""
    book = Book(clock.now())
    if not asked:
        return book
    reads = _READS[db.get_bind().dialect.name]
    locked = reads.enrolments.given([(id_,) for id_ in {key[0] for key, _client_id in asked}])
    for id_, *values in reads.lock_enrolments.all(db, **locked):
        book.enrolments[id_] = EnrolmentEntry(*values)
    rows = reads.blocks.all(db, **reads.asked.given([(*key, client_id) for key, client_id in asked]))
    for enrolment_id, lesson_key, block_id, *rest in rows:
        key = (enrolment_id, lesson_key, block_id)
        id_, spans, earned, spent_s, position, started_at, client_row_id, client_id, *client = rest
        if key not in book.blocks:
            book.blocks[key] = BlockEntry(id_, _pairs(spans), earned, spent_s, position, started_at)
        if client_row_id is not None:
            taken, last_sequence, last_credited, refusal = client
            book.clients[key, client_id] = ClientEntry(
                client_row_id, _pairs(taken), last_sequence, last_credited, Refusal(**refusal) if refusal else None
            )
    return book


def finished_lessons(db: Session, lessons: Collection[tuple[int, str]]) -> set[tuple[int, str]]:
    """Of these (enrolment, lesson), the ones that are finished."""
    if not lessons:
        return set()
    reads = _READS[db.get_bind().dialect.name]
    rows = reads.finished.all(db, **reads.lessons.given(lessons))
    return {(enrolment_id, lesson_key) for enrolment_id, lesson_key in rows}


def write_book(db: Session, book: Book) -> None:
    """Write what changed: at most five statements, each for many rows."""
    connection = db.connection()
    blocks = [(key, block) for key, block in book.blocks.items() if block.changed]
    _CHANGE_BLOCKS.run(
        connection, [{"id": block.id} | _block_values(block, book) for _key, block in blocks if block.id is not None]
    )
    _add_blocks(connection, book, [(key, block) for key, block in blocks if block.id is None])
    clients = [(key, client) for key, client in book.clients.items() if client.changed]
    _CHANGE_CLIENTS.run(
        connection,
        [{"id": client.id} | _client_values(client, book) for _key, client in clients if client.id is not None],
    )
    _ADD_CLIENTS.run(
        connection,
        [
            {"block_progress_id": book.blocks[key].id, "client_id": client_id} | _client_values(client, book)
            for (key, client_id), client in clients
            if client.id is None
        ],
    )
    _CHANGE_ENROLMENTS.run(
        connection,
        [
            {"id": id_, "last_lesson_key": entry.last_lesson_key, "last_active_at": entry.last_active_at}
            for id_, entry in book.enrolments.items()
            if entry.changed
        ],
    )


def _add_blocks(connection: Connection, book: Book, new: list[tuple[Key, BlockEntry]]) -> None:
    rows = [
        {"enrolment_id": key[0], "lesson_key": key[1], "block_id": key[2]} | _block_values(block, book)
        for key, block in new
    ]
    for enrolment_id, lesson_key, block_id, id_ in _ADD_BLOCKS.run(connection, rows):
        book.blocks[enrolment_id, lesson_key, block_id].id = id_


def _block_values(block: BlockEntry, book: Book) -> dict[str, Any]:
    return {
        "spans": block.spans, "earned": block.earned, "spent_s": block.spent_s, "position": block.position,
        "started_at": block.started_at, "updated_at": book.now,
    }  # fmt: skip


def _client_values(client: ClientEntry, book: Book) -> dict[str, Any]:
    return {
        "taken": client.taken, "last_sequence": client.last_sequence, "last_credited": client.last_credited,
        "last_refusal": asdict(client.last_refusal) if client.last_refusal else None, "updated_at": book.now,
    }  # fmt: skip


def _pairs(stored: list[list[float]]) -> tuple[Span, ...]:
    return tuple(map(tuple, stored))  # type: ignore[arg-type]
