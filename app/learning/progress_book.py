"""What a batch of saves reads, changes in memory and writes back in one go.

The statements are built once: with few people waiting, building them would cost more than running them. Beside each
list of tuples stands that of their first members: SQLite finds no index for tuples and would read the whole table.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnClause, ColumnElement, Connection, Table, and_, any_, bindparam, func, select, tuple_
from sqlalchemy.orm import Session

from app.core import clock
from app.core.many_rows import AddRows, ChangeRows, Values, array
from app.learning.models import BlockProgress, Enrolment, LessonFinish, ProgressClient
from app.learning.spans import Refusal, Span

Key = tuple[int, str, str]  # enrolment, lesson, block

_ENROLMENT = cast(Table, Enrolment.__table__)
_BLOCK = cast(Table, BlockProgress.__table__)
_CLIENT = cast(Table, ProgressClient.__table__)
_FINISH = cast(Table, LessonFinish.__table__)

_CLIENT_COLUMNS = ("client_id", "taken", "last_sequence", "last_credited", "last_refusal")
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
        self._arrays = arrays
        # In order of id, so that two processes never wait for each other in a circle.
        self.lock_enrolments = (
            select(
                _ENROLMENT.c.id,
                _ENROLMENT.c.person_id,
                _ENROLMENT.c.guest_id,
                _ENROLMENT.c.course_version_id,
                _ENROLMENT.c.last_lesson_key,
                _ENROLMENT.c.last_active_at,
            )
            .where(self._any(_ENROLMENT.c.id, "ids"))
            .order_by(_ENROLMENT.c.id)
            .with_for_update()
        )
        self.blocks = (
            select(_BLOCK, _CLIENT.c.id.label("client_row_id"), *(_CLIENT.c[name] for name in _CLIENT_COLUMNS))
            .outerjoin(
                _CLIENT, and_(_CLIENT.c.block_progress_id == _BLOCK.c.id, self._any(_CLIENT.c.client_id, "clients"))
            )
            .where(
                self._any(_BLOCK.c.enrolment_id, "ids"),
                self._any_row((_BLOCK.c.enrolment_id, _BLOCK.c.lesson_key, _BLOCK.c.block_id), "keys"),
            )
        )
        self.finished = select(_FINISH.c.enrolment_id, _FINISH.c.lesson_key).where(
            self._any(_FINISH.c.enrolment_id, "ids"),
            self._any_row((_FINISH.c.enrolment_id, _FINISH.c.lesson_key), "lessons"),
        )

    def given(self, *, ids: Iterable[int], clients: Iterable[str] = (), **rows: Collection[tuple[Any, ...]]) -> Values:
        """The parameters of the queries: lists, or on PostgreSQL for a list of tuples one array per member."""
        values: Values = {"ids": list(set(ids)), "clients": list(clients)}
        if not self._arrays:
            return values | {name: list(tuples) for name, tuples in rows.items()}
        for name, tuples in rows.items():
            values |= {f"{name}_{number}": list(each) for number, each in enumerate(zip(*tuples, strict=True))}
        return values

    def _any(self, column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
        # PostgreSQL plans a list of each length anew, an array of any length once.
        if self._arrays:
            return column == any_(array(name, column))
        return column.in_(bindparam(name, expanding=True))

    def _any_row(self, columns: Sequence[ColumnClause[Any]], name: str) -> ColumnElement[bool]:
        if self._arrays:
            arrays = (array(f"{name}_{number}", each) for number, each in enumerate(columns))
            listed = func.unnest(*arrays).table_valued(*(each.name for each in columns)).render_derived()
            return tuple_(*columns).in_(select(listed))
        return tuple_(*columns).in_(bindparam(name, expanding=True))


_READS = {"sqlite": _Reads(arrays=False), "postgresql": _Reads(arrays=True)}


@dataclass(slots=True)
class EnrolmentEntry:
    """Belongs to a person or to a guest."""

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


def open_book(db: Session, keys: Collection[Key], clients: Collection[str]) -> Book:
    """Two queries, whatever the size of the batch. The enrolments are locked until the end of the transaction."""
    book, connection = Book(clock.now()), db.connection()
    if not keys:
        return book
    reads = _READS[connection.dialect.name]
    given = reads.given(ids=(key[0] for key in keys), keys=keys, clients=clients)
    for id_, *values in connection.execute(reads.lock_enrolments, given):
        book.enrolments[id_] = EnrolmentEntry(*values)
    for row in connection.execute(reads.blocks, given):
        key = (row.enrolment_id, row.lesson_key, row.block_id)
        if key not in book.blocks:
            book.blocks[key] = BlockEntry(
                row.id, _pairs(row.spans), row.earned, row.spent_s, row.position, row.started_at
            )
        if row.client_row_id is not None:
            refusal = Refusal(**row.last_refusal) if row.last_refusal else None
            book.clients[key, row.client_id] = ClientEntry(
                row.client_row_id, _pairs(row.taken), row.last_sequence, row.last_credited, refusal
            )
    return book


def finished_lessons(db: Session, lessons: Collection[tuple[int, str]]) -> set[tuple[int, str]]:
    """Of these (enrolment, lesson), the ones that are finished."""
    if not lessons:
        return set()
    reads = _READS[db.get_bind().dialect.name]
    given = reads.given(ids=(enrolment_id for enrolment_id, _key in lessons), lessons=lessons)
    rows = db.connection().execute(reads.finished, given)
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
    return tuple((start, end) for start, end in stored)
