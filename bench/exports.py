"""`python -m bench.exports`: a million completions into a file, with every column, as a province's administrator may.

The floor is the plain SELECT through the driver, and csv.writer over rows already in memory. Memory is what the
processes that write hold at most, beside what this one grows by. Timings never decide a test.
"""

import argparse
import csv
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.core import clock, long_selects
from app.core.access import Actor
from app.core.db import Database
from app.core.long_files import long_select
from app.coverage.exports.records import NAMES, RECORDS, Wanted, records_query, write_records
from app.identity.people import people
from app.identity.roles.grants import grant_role
from app.identity.sign_in.accounts import actor_of, create_account
from app.identity.units import unit_queries
from bench.block import say
from bench.completions import grow_to
from bench.load import Ask, Load, request_of, run_load
from bench.servers import ours
from bench.table import machine, number, replace_in, row
from bench.world import PASSWORD, environment_of, make_world, postgresql

_ROWS, _QUICK_ROWS = 1_000_000, 100_000
_PEOPLE, _QUICK_PEOPLE = 100_000, 2_000
_FORMATS = ("csv", "jsonl", "parquet", "xlsx")
_AIM_ROWS, _AIM_TIMES, _AIM_MB, _AIM_WAIT = 150_000, 4, 150, 2
_CLIENTS, _SECONDS, _LOOK_S = 8, 6.0, 0.05
_MEMORY_ROWS = 100_000


@dataclass(frozen=True)
class Cost:
    """`mb`: the processes that write together, and what this one grew by, at the highest moment."""

    seconds: float
    mb: float
    file_mb: float


@dataclass(frozen=True)
class Found:
    """`select_s`: the statement alone, through the driver. `writer_per_s`: rows csv.writer writes from memory.

    `idle` and `busy`: the catalogue, before and while a CSV was made.
    """

    name: str
    rows: int
    select_s: float
    writer_per_s: float
    costs: dict[str, Cost]
    idle: Load
    busy: Load


def measure(name: str, environment: dict[str, str], folder: Path) -> Found:
    database = Database(environment["DATABASE_URL"])
    with database.writing() as db:
        actor = _administrator(db)
    select_s, writer_per_s = _floors(database, actor, folder)
    rows, costs = 0, {}
    for format in _FORMATS:
        say(f"{name}: {format}")
        path = folder / f"out.{format}"
        begun = time.perf_counter()
        with _memory() as peak:
            rows = _export(database, actor, path, format)
        costs[format] = Cost(time.perf_counter() - begun, peak[0], path.stat().st_size / 1e6)
    say(f"{name}: trang khóa học")
    with ours(environment) as server:
        _catalogue(server.url, 1.0)
        idle = _catalogue(server.url, _SECONDS)
        stop = threading.Event()

        def export_on() -> None:
            while not stop.is_set():
                _export(database, actor, folder / "again.csv", "csv")

        exporting = threading.Thread(target=export_on)
        exporting.start()
        busy = _catalogue(server.url, _SECONDS)
        stop.set()
        exporting.join()
    database.dispose()
    return Found(name, rows, select_s, writer_per_s, costs, idle, busy)


def _administrator(db: Any) -> Actor:
    unit = unit_queries.unit_on(db, "24", clock.today())
    assert unit
    name = f"nguoi-xuat-{time.time_ns()}"
    account = create_account(db, people.add_person(db, name="Người Đo Thử"), name, PASSWORD, must_change=False)
    grant_role(db, account, "province_admin", unit.unit_id)
    db.flush()
    actor = actor_of(db, account.id)
    assert actor
    return actor


def _export(database: Database, actor: Actor, path: Path, format: str) -> int:
    wanted = Wanted(units=actor.units_with(NAMES))
    with database.reading() as db:
        return write_records(database, db, RECORDS["completions"], wanted, path, format, lambda _rows, _ratio: None)


def _floors(database: Database, actor: Actor, folder: Path) -> tuple[float, float]:
    records, wanted = RECORDS["completions"], Wanted(units=actor.units_with(NAMES))
    with database.reading() as db:
        columns = [one.column(for_people=True) for one in records.fields]
        wish = long_select(database, records_query(db, records, wanted, records.fields), records.key, columns, "csv")
    with closing(long_selects.connect(wish)) as connection:
        long_selects.begin(connection)
        values = wish.values | {"after": 0, "until": 2**62}
        # By its name a cursor of psycopg stays in the server, as one of SQLite stays in the file.
        cursor = connection.cursor() if wish.is_sqlite else connection.cursor(name="floor", binary=True)
        begun, some = time.perf_counter(), []
        cursor.execute(wish.sql, values)
        while batch := cursor.fetchmany(5000):
            if len(some) < _MEMORY_ROWS:
                some += batch
        select_s = time.perf_counter() - begun
    begun = time.perf_counter()
    with (folder / "floor.csv").open("w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows(some)
    return select_s, len(some) / (time.perf_counter() - begun)


@contextmanager
def _memory() -> Iterator[list[float]]:
    """MB at the highest moment seen, looked at twenty times a second."""
    peak, over = [0.0], threading.Event()
    began = _resident_mb("self")

    def look() -> None:
        while not over.wait(_LOOK_S):
            writing = " ".join(path.read_text() for path in Path("/proc/self/task").glob("*/children")).split()
            peak[0] = max(peak[0], _resident_mb("self") - began + sum(map(_resident_mb, writing)))

    watch = threading.Thread(target=look)
    watch.start()
    try:
        yield peak
    finally:
        over.set()
        watch.join()


def _resident_mb(process: str) -> float:
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS")), 0.0)


def _catalogue(url: str, seconds: float) -> Load:
    request = request_of("GET", "/courses", {})

    async def visit(_number: int, ask: Ask) -> None:
        await ask(request)

    return run_load(url, visit, clients=_CLIENTS, seconds=seconds)


def markdown(found: list[Found]) -> str:
    lines = [
        f"Đo ngày {clock.today():%d/%m/%Y} trên {machine()}; mọi cột, người quản trị tỉnh. Trang khóa học: {_CLIENTS} "
        "kết nối liên tục.",
        "", row(["", *(f"{one.name}, {number(one.rows)} dòng" for one in found), "mục tiêu"]),
        row(["---"] * (len(found) + 2)),
        row(["sàn: riêng câu SELECT qua trình nối, giây", *(number(one.select_s, 1) for one in found), ""]),
        row(["sàn: csv.writer ghi dòng có sẵn, dòng/giây", *(number(one.writer_per_s) for one in found), ""]),
    ]  # fmt: skip
    aims = {"csv": f"≥ {number(_AIM_ROWS)} dòng/giây", "xlsx": f"≤ {_AIM_TIMES} lần CSV"}
    for format in _FORMATS:
        aim = f"{aims[format]}; ≤ {_AIM_MB} MB" if format in aims else f"≤ {_AIM_MB} MB"
        lines.append(row([f"{format}: giây; dòng/giây; bộ nhớ; tệp", *(_said(one, format) for one in found), aim]))
    waits = (f"{number(one.idle.p95_ms, 1)} → {number(one.busy.p95_ms, 1)} ms" for one in found)
    lines.append(row(["trang khóa học p95: lúc thường → lúc xuất", *waits, f"≤ {_AIM_WAIT} lần"]))
    return "\n".join(lines)


def _said(found: Found, format: str) -> str:
    cost = found.costs[format]
    times = "" if format == "csv" else f" ({number(cost.seconds / found.costs['csv'].seconds, 1)} lần CSV)"
    per_s = number(found.rows / cost.seconds)
    return f"{number(cost.seconds, 1)}{times}; {per_s}; {number(cost.mb)} MB; {number(cost.file_mb)} MB"


def measure_exports(databases: list[str], *, quick: bool) -> list[Found]:
    """Each database with a province of its own."""
    with tempfile.TemporaryDirectory(prefix="exports") as name:
        return [_grown(database, Path(name) / database, quick=quick) for database in databases]


def _measure_there(url: str) -> list[Found]:
    with tempfile.TemporaryDirectory(prefix="exports") as name:
        folder = Path(name)
        return [measure("SQLite" if url.startswith("sqlite") else "PostgreSQL", environment_of(folder, url), folder)]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.exports", description=__doc__)
    parser.add_argument("--databases", default="sqlite,postgresql", help="sqlite,postgresql")
    parser.add_argument("--quick", action="store_true", help="ít dòng / fewer rows")
    parser.add_argument("--at", metavar="URL", help="một cơ sở dữ liệu đã có đủ dòng / an existing database")
    parser.add_argument("--write", type=Path, metavar="FILE", help="đặt bảng vào tài liệu, giữa các dấu")
    options = parser.parse_args()
    databases = options.databases.split(",")
    found = _measure_there(options.at) if options.at else measure_exports(databases, quick=options.quick)
    text = markdown(found)
    print(text)
    if options.write:
        replace_in(options.write, text, "exports")


def _grown(database: str, folder: Path, *, quick: bool) -> Found:
    folder.mkdir()
    rows, people_count = (_QUICK_ROWS, _QUICK_PEOPLE) if quick else (_ROWS, _PEOPLE)
    name = "SQLite" if database == "sqlite" else "PostgreSQL"
    with nullcontext() if database == "sqlite" else postgresql() as server:
        url = server.create("hocso_bench") if server else f"sqlite:///{folder}/hocso.db"
        say(f"{name}: đang lập tỉnh giả định (bước lâu nhất)")
        world = make_world(folder, url, people_count)
        grow_to(world.database, rows)
        return measure(name, world.environment, folder)


if __name__ == "__main__":
    main()
