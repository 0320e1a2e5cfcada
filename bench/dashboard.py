"""`python -m bench.dashboard`: what the pages of figures cost inside the database, beside plain SQL that counts people.

Each page is asked for with nothing remembered but what no entry changes (definitions, which units have others under
them), as after every completion; then each of its statements is run again by itself, to its last row, on the driver's
side, as often as it takes to be prepared as on a connection in use. The pages of the database are in memory then.
Beside the clock stands the time of the processor, which a busy machine lengthens less: that of the driver and, if it is
on this machine, of the process of PostgreSQL that serves it. Timings never decide a test.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.access import Actor, UnitClosure, closure_on
from app.core.db import Database
from app.coverage.counting.figures import Question, figure, figure_alone, overview
from app.coverage.counting.ledger import append
from app.coverage.counting.settling import settle
from app.coverage.dashboard.heat import heat_by
from app.coverage.dashboard.missing import MissingPeople, missing_people
from app.coverage.dashboard.pace import paces_of
from app.coverage.dashboard.trend import monthly, yearly
from app.coverage.indicators.definitions import definition_for
from app.coverage.models import CoverageEntry
from app.coverage.programmes.kept import count_years, kept_day, kept_report
from app.coverage.programmes.programme_queries import programme_report
from app.identity.models import Affiliation, AffiliationAudience, UnitVersion
from app.identity.units import unit_queries
from app.learning.models import Completion
from bench.block import say
from bench.crowd import add_crowd
from bench.table import machine, number, replace_in, row
from bench.world import make_world, postgresql

_PEOPLE, _STORIES = (10_000, 100_000), 100_000
_INDICATOR, _PROVINCE, _COMMUNE = "BD-CBCC", "24", "07210"
_AIM_MS = 10
# The median of as many.
_TRIES = 7
# So many before them: psycopg prepares a statement at its sixth, PostgreSQL settles on a plan after five more.
_WARMING, _LONG_MS = 12, 200
_ENTRIES = 200


@dataclass(frozen=True)
class Spent:
    """Time inside the database by the clock and of processors, and the number of statements."""

    ms: float
    cpu_ms: float
    statements: int


@dataclass(frozen=True)
class Found:
    """One database: what its pages cost, and the milliseconds of plain SQL for one indicator by commune."""

    name: str
    units: int
    costs: list[tuple[str, Spent]]
    plain_ms: float


@contextmanager
def heard(database: Database) -> Iterator[list[tuple[str, Any]]]:
    """Statements and what they were given, as the driver gets them while the block runs."""
    said: list[tuple[str, Any]] = []

    def before(_connection: object, _cursor: object, statement: str, given: Any, *_rest: object) -> None:
        said.append((statement, given))

    event.listen(database.engine, "before_cursor_execute", before)
    yield said
    event.remove(database.engine, "before_cursor_execute", before)


def measure(database: Database, name: str) -> Found:
    settle(database)
    day = clock.today()
    yesterday = day - timedelta(days=1)
    with database.reading() as db:
        is_counted = kept_day(db, yesterday.year, _PROVINCE) == yesterday
    if not is_counted:
        say(f"{name}: đang đếm nhiệm vụ đào tạo của mọi đơn vị")
        count_years(database)
    until_today, until_yesterday = (date(day.year, 1, 1), day), (date(yesterday.year, 1, 1), yesterday)
    province = Question(_INDICATOR, _PROVINCE, day)

    def page_of_all(db: Session) -> None:
        paces_of(db, overview(db, province))

    def trend(db: Session) -> None:
        found = figure_alone(db, province)
        monthly(db, found)
        yearly(db, found, 2023)

    earlier = replace(province, map_on=day, on=day - timedelta(days=365))

    def missing(db: Session, page: int) -> MissingPeople:
        root = unit_queries.unit_on(db, _PROVINCE, day)
        assert root
        watcher = Actor(0, 0, "", 0, {"coverage.people": frozenset({root.unit_id})})
        return missing_people(db, watcher, figure_alone(db, province), page)

    with database.reading() as db:
        middle = missing(db, 1).pages // 2 + 1

    pages: list[tuple[str, Callable[[Session], object]]] = [
        ("mọi chỉ tiêu, có nhịp", page_of_all),
        ("một chỉ tiêu ở tỉnh, theo 99 xã, phường; bản đồ ô vuông", lambda db: figure(db, province)),
        ("một chỉ tiêu ở một phường", lambda db: figure(db, Question(_INDICATOR, _COMMUNE, day))),
        ("diễn biến 24 tháng và các năm", trend),
        ("bảng nhiệt theo chỉ tiêu", lambda db: heat_by(db, "indicators", province)),
        ("bảng nhiệt theo tháng", lambda db: heat_by(db, "months", province)),
        ("hai ngày cạnh nhau, mọi chỉ tiêu", lambda db: (overview(db, province), overview(db, earlier))),
        ("hai ngày cạnh nhau, một chỉ tiêu theo xã, phường", lambda db: (figure(db, province), figure(db, earlier))),
        ("ai còn thiếu ở tỉnh, trang đầu", lambda db: missing(db, 1)),
        ("ai còn thiếu ở tỉnh, trang giữa", lambda db: missing(db, middle)),
        ("nhiệm vụ đào tạo của tỉnh, đến hôm qua", lambda db: kept_report(db, _PROVINCE, "", *until_yesterday)),
        ("… của một phường, đến hôm qua", lambda db: kept_report(db, _PROVINCE, _COMMUNE, *until_yesterday)),
        ("… của tỉnh, đến hôm nay: đếm ngay", lambda db: programme_report(db, _PROVINCE, "", *until_today)),
        ("… của một phường, đến hôm nay: đếm ngay", lambda db: programme_report(db, _PROVINCE, _COMMUNE, *until_today)),
    ]
    costs = []
    for words, ask in pages:
        say(f"{name}: {words}")
        costs.append((words, spent_on(database, ask)))
    if len(pages) % 2:
        _complete(database)
    with database.reading() as db:
        units = db.scalar(select(func.count(UnitVersion.unit_id.distinct())).where(unit_queries.in_force(day))) or 0
    return Found(name, units, costs, spent_on(database, lambda db: _plain(db, day), is_warm=False).ms)


def spent_on(database: Database, ask: Callable[[Session], object], *, is_warm: bool = True) -> Spent:
    """The sum of the medians of its statements, right after completions; once each unless `is_warm`."""
    if is_warm:
        with database.reading() as db:
            ask(db)
        _complete(database)
    with database.reading() as db:
        with heard(database) as said:
            ask(db)
        driver: Any = db.connection().connection.dbapi_connection
        found = [_medians(driver, *one, *((_WARMING, _TRIES) if is_warm else (1, 1))) for one in said]
        return Spent(sum(ms for ms, _cpu in found), sum(cpu_ms for _ms, cpu_ms in found), len(said))


def _complete(database: Database) -> None:
    """As many entries as some dozen completions bring, which the balances have not taken in yet: the newest are taken
    back, and the next time these again, so that after two times all is as it was."""
    with database.writing() as db:
        # None of another year: such an entry of today would be none that can be.
        this_year = CoverageEntry.period.in_(("", str(clock.today().year)))
        newest = db.scalars(
            select(CoverageEntry).where(this_year).order_by(CoverageEntry.id.desc()).limit(_ENTRIES)
        ).all()
        names = [column.name for column in CoverageEntry.__table__.columns if column.name != "id"]
        back = [{"sign": -entry.sign, "effective_on": clock.today(), "recorded_at": clock.now()} for entry in newest]
        append(
            db, [{name: getattr(entry, name) for name in names} | of for entry, of in zip(newest, back, strict=True)]
        )


def _medians(driver: Any, statement: str, given: Any, warming: int, tries: int) -> tuple[float, float]:
    """Milliseconds by the clock and of processors."""
    found: list[tuple[float, float]] = []
    # What takes long gains nothing from being prepared.
    while len(found) < (warming + tries if not found or found[0][0] < _LONG_MS else min(3, tries)):
        cpu, began = _cpu_ms(driver), time.perf_counter()
        driver.execute(statement, given).fetchall()
        found.append((1000 * (time.perf_counter() - began), _cpu_ms(driver) - cpu))
    by_clock, by_cpu = zip(*found[-tries:], strict=True)
    return median(by_clock), median(by_cpu)


def _cpu_ms(driver: Any) -> float:
    """Of this thread so far, and of the server's process for it."""
    own = time.thread_time() * 1000
    if not isinstance(driver, psycopg.Connection):
        return own
    told = Path(f"/proc/{driver.info.backend_pid}/schedstat")
    return own + (int(told.read_text().split()[0]) / 1e6 if told.exists() else 0.0)


def _plain(db: Session, day: date) -> list[object]:
    """The members of the audience today and those of them with a completion this year, counted distinct by commune:
    what a report would ask without a ledger. It is simpler than the figure: courses are not looked at."""
    definition = definition_for(db, _INDICATOR, day.year)
    unit = unit_queries.unit_on(db, _PROVINCE, day)
    assert unit
    asked = [unit.unit_id, *(child.unit_id for child in unit_queries.children_on(db, unit.unit_id, day))]
    query = (
        select(
            UnitClosure.ancestor_id, func.count(Affiliation.person_id.distinct()),
            func.count(Completion.person_id.distinct()),
        )
        .select_from(Affiliation)
        .join(AffiliationAudience, AffiliationAudience.affiliation_id == Affiliation.id)
        .join(UnitClosure, UnitClosure.descendant_id == Affiliation.unit_id)
        .outerjoin(
            Completion,
            (Completion.person_id == Affiliation.person_id)
            & Completion.completed_on.between(date(day.year, 1, 1), day),
        )
        .where(AffiliationAudience.audience_code.in_(definition.audiences), UnitClosure.ancestor_id.in_(asked))
        .where(closure_on(day), Affiliation.started_on <= day)
        .where(Affiliation.ended_on.is_(None) | (Affiliation.ended_on >= day))
        .group_by(UnitClosure.ancestor_id)
    )  # fmt: skip
    return list(db.execute(query))


def markdown(found: list[Found]) -> str:
    head = ["trang", *(f"{one.name} ({number(one.units)} đơn vị)" for one in found)]
    lines = [
        f"Đo ngày {clock.today():%d/%m/%Y} trên {machine()}. Mili giây trong cơ sở dữ liệu ngay sau khi có "
        f"hoàn thành mới (tổng các trung vị {_TRIES} lần của từng câu; thời gian bộ xử lý; số câu; nhanh hơn đếm thẳng "
        "mấy lần).",
        "", row(head), row(["---"] * len(head)),
    ]  # fmt: skip
    for at, (words, _spent) in enumerate(found[0].costs):
        lines.append(row([words, *(_said(one.costs[at][1], one.plain_ms) for one in found)]))
    plain = [number(one.plain_ms, 1) for one in found]
    lines.append(row([f"đếm thẳng bằng SQL (distinct), {_INDICATOR}, theo xã, phường, một ngày", *plain]))
    return "\n".join(lines)


def _said(spent: Spent, plain_ms: float) -> str:
    misses = "" if spent.ms <= _AIM_MS else f"; chưa đạt ≤ {_AIM_MS} ms"
    faster = number(plain_ms / max(spent.ms, 0.01), 0)
    return f"{number(spent.ms, 1)} (CPU {number(spent.cpu_ms, 1)}; {spent.statements} câu; {faster}×{misses})"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.dashboard", description=__doc__)
    parser.add_argument("--databases", default="sqlite,postgresql", help="sqlite,postgresql")
    parser.add_argument("--people", default=",".join(map(str, _PEOPLE)), metavar="N,M")
    parser.add_argument(
        "--at", metavar="URL", help="một cơ sở dữ liệu đã có sẵn dữ liệu mô phỏng / an existing database"
    )
    parser.add_argument("--write", type=Path, metavar="FILE", help="đặt bảng vào tài liệu, giữa các dấu")
    options = parser.parse_args()
    found = [measure(Database(options.at), options.people)] if options.at else list(_simulated(options))
    text = markdown(found)
    print(text)
    if options.write:
        replace_in(options.write, text, "dashboard")


def _simulated(options: argparse.Namespace) -> Iterator[Found]:
    for database in options.databases.split(","):
        for people in map(int, options.people.split(",")):
            name = f"{'SQLite' if database == 'sqlite' else 'PostgreSQL'}, {number(people)} người"
            say(f"{name}: đang lập tỉnh giả định (bước lâu nhất)")
            with tempfile.TemporaryDirectory() as folder:
                if database == "sqlite":
                    yield measure(_province(Path(folder), f"sqlite:///{folder}/hocso.db", people), name)
                    continue
                with postgresql() as server:
                    yield measure(_province(Path(folder), server.create("hocso_bench"), people), name)


def _province(folder: Path, url: str, people: int) -> Database:
    """Beyond those of whom stories are told, copies with some completions each (crowd.py)."""
    database = make_world(folder, url, min(people, _STORIES)).database
    if people > _STORIES:
        add_crowd(database, people - _STORIES, say)
    return database


if __name__ == "__main__":
    main()
