"""A SELECT of many rows into a file: a short one here and now, a long one by processes beside the server's.

A thread that writes a million rows would hold up every page of this process. And a table whose parts can be put one
behind the other (CSV, JSON lines) is written by two processes at once, each taking the next part when it is done.
"""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, closing, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from threading import Lock
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Dialect, Select, bindparam, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ColumnElement

from app.core.db import Database
from app.core.errors import Invalid
from app.core.long_columns import LongColumn
from app.core.long_selects import REFUSED, LongSelect, Part, Source, begin, connect, write_part

PROCESSES = 2
_PART_KEYS = 25_000
_TELL_S = 0.5
_JOINED = ("csv", "jsonl")

Tell = Callable[[int, float], None]


@dataclass(frozen=True)
class Keys:
    """The first and the last key a table may have; `is_short`: so few rows that they cost nobody anything."""

    first: int
    last: int
    is_short: bool


def long_select(
    database: Database, query: Select[Any], key: ColumnElement[int], columns: Sequence[LongColumn], format: str, *,
    sheet: str = "", notes: Sequence[str] = (), periods: Select[Any] | None = None,
) -> LongSelect:  # fmt: skip
    """The statement as the driver takes it.

    `query` has no order yet, and a column for each of `columns` that is not `named` by one of `periods`.
    """
    bounds = query.where(key > bindparam("after", 0, BigInteger), key <= bindparam("until", 0, BigInteger))
    dialect = sqlite.dialect(paramstyle="named") if database.is_sqlite else database.engine.dialect
    compiled = bounds.order_by(key).compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    assert isinstance(compiled, SQLCompiler)
    values = {
        name: _plain(_stored(compiled, name, value, dialect))
        for name, value in (compiled.construct_params() or {}).items()
        if name not in ("after", "until")
    }
    url = database.engine.url
    target = (
        str(url.database) if database.is_sqlite
        else url.set(drivername="postgresql").difference_update_query(["prepare_threshold"])
        .render_as_string(hide_password=False)
    )  # fmt: skip
    return LongSelect(
        database.is_sqlite, target, str(compiled), values, list(columns), format, sheet, list(notes),
        "" if periods is None else str(periods.compile(dialect=dialect)),
    )  # fmt: skip


def write_long(database: Database, wish: LongSelect, keys: Keys, path: Path, tell: Tell) -> int:
    """The number of rows. `tell` hears every half second how many there are and how far it is (0 to 1); what it raises
    stops everything. All rows are of one moment. Raises Invalid for more than a sheet holds.
    """
    # What cannot be written is said before a million rows are read.
    path.touch()
    if keys.is_short:
        with closing(connect(wish)) as connection:
            begin(connection)
            return write_part(Source(connection, wish), Part(str(path), keys.first - 1, keys.last), lambda _rows: None)
    parts = _parts(wish, keys, path)
    with ExitStack() as running:
        writers = [running.enter_context(_writer()) for _number in range(min(PROCESSES, len(parts)))]
        told = msgspec.json.encode(wish).decode()
        for writer in writers:
            writer.say(told)
        for writer in writers:
            writer.hear()
        _begin_together(database, writers)
        rows = _follow(writers, parts, tell)
    if wish.format in _JOINED:
        _join(path, [Path(part.path) for part in parts])
    return rows


def _parts(wish: LongSelect, keys: Keys, path: Path) -> list[Part]:
    if wish.format not in _JOINED:
        return [Part(str(path), keys.first - 1, keys.last)]
    firsts = range(keys.first - 1, keys.last, _PART_KEYS)
    return [
        Part(f"{path}.{number}", first, min(first + _PART_KEYS, keys.last), with_head=number == 0)
        for number, first in enumerate(firsts)
    ]


class _Writer:
    """A process that writes parts, as long_selects.main describes it."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def say(self, line: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def end(self) -> None:
        self._process.kill()

    def hear(self) -> str:
        """Its next line; raises Invalid with its words if it refused, RuntimeError if it ended some other way."""
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the process that writes ended with {self._process.wait()}")
        said = line.strip()
        if said and not said.isdigit():
            self._process.wait()
            if self._process.returncode == REFUSED:
                raise Invalid(said)
        return said


@contextmanager
def _writer() -> Iterator[_Writer]:
    """It does not outlive the block."""
    command = [sys.executable, "-m", "app.core.long_selects"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        writer = _Writer(process)
        try:
            yield writer
        finally:
            writer.end()


def _begin_together(database: Database, writers: Sequence[_Writer]) -> None:
    """All see one moment: nothing is written while they begin, or they share what PostgreSQL calls a snapshot."""
    is_alone = len(writers) == 1
    with nullcontext() if is_alone else database.open(write=database.is_sqlite) as db:
        snapshot = ""
        if db is not None:
            snapshot = str(db.scalar(text("SELECT ''" if database.is_sqlite else "SELECT pg_export_snapshot()")))
        for writer in writers:
            writer.say(snapshot)
        for writer in writers:
            writer.hear()


def _follow(writers: Sequence[_Writer], parts: Sequence[Part], tell: Tell) -> int:
    """Hand the parts out until all are written; the number of rows."""
    waiting, lock = iter(parts), Lock()
    rows = done = 0

    def work(writer: _Writer) -> None:
        nonlocal rows, done
        while True:
            with lock:
                part = next(waiting, None)
            if part is None:
                return
            writer.say(msgspec.json.encode(part).decode())
            while said := writer.hear():
                with lock:
                    rows += int(said)
            with lock:
                done += 1

    # Who wants to stop before the first row is heard before it.
    tell(0, 0.0)
    with ThreadPoolExecutor(len(writers)) as threads:
        futures = [threads.submit(work, writer) for writer in writers]
        try:
            while not _are_over(futures):
                tell(rows, done / len(parts))
        except BaseException:
            for writer in writers:
                writer.end()
            raise
    return rows


def _are_over(futures: Sequence[Future[None]]) -> bool:
    """Wait a little; raises what one of them raised."""
    over, others = wait(futures, _TELL_S, FIRST_EXCEPTION)
    for future in over:
        future.result()
    return not others


def _join(path: Path, parts: Sequence[Path]) -> None:
    parts[0].replace(path)
    with path.open("ab") as out:
        for part in parts[1:]:
            with part.open("rb") as more:
                shutil.copyfileobj(more, out, 1 << 20)
            part.unlink()


def _stored(compiled: SQLCompiler, name: str, value: Any, dialect: Dialect) -> Any:
    """As the driver takes it. A name that is none of the statement's own is one of a list's."""
    bound = compiled.binds.get(name)
    process = bound.type.dialect_impl(dialect).bind_processor(dialect) if bound is not None else None
    return process(value) if process else value


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value
