"""`python -m bench.dashboard`: what the pages of figures cost inside the database, beside plain SQL that counts people.

Each page is asked for twice: with nothing remembered, as after every change of the books, and again, as everybody after
that. The time is that of the statements themselves, on the driver's side. Timings never decide a test.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.access import UnitClosure, closure_on
from app.core.db import Database
from app.coverage.counting.figures import Question, figure, figure_alone, overview
from app.coverage.dashboard.heat import heat_by
from app.coverage.dashboard.pace import paces_of
from app.coverage.dashboard.trend import monthly, yearly
from app.coverage.indicators.definitions import definition_for
from app.identity.models import Affiliation, AffiliationAudience
from app.identity.units import unit_queries
from app.learning.models import Completion
from bench.block import say
from bench.table import machine, number, replace_in, row
from bench.world import make_world, postgresql

_PEOPLE = (10_000, 100_000)
_INDICATOR, _PROVINCE, _COMMUNE = "BD-CBCC", "24", "07210"
_AIM_MS, _AIM_TIMES = 10, 200
# The median of as many.
_TRIES = 5


@dataclass
class Spent:
    """Time inside the database and the number of statements."""

    ms: float = 0.0
    statements: int = 0


@dataclass(frozen=True)
class Cost:
    page: str
    first: Spent
    again: Spent


@dataclass(frozen=True)
class Found:
    """One database: its pages, and the milliseconds of plain SQL for the people of one indicator by commune."""

    name: str
    units: int
    costs: list[Cost]
    plain_ms: float


@contextmanager
def counted(database: Database) -> Iterator[Spent]:
    """What statements cost while the block runs, told by the engine's own events."""
    spent = Spent()
    begun: list[float] = []

    def before(*_told: object) -> None:
        begun.append(time.perf_counter())

    def after(*_told: object) -> None:
        spent.ms += 1000 * (time.perf_counter() - begun.pop())
        spent.statements += 1

    event.listen(database.engine, "before_cursor_execute", before)
    event.listen(database.engine, "after_cursor_execute", after)
    try:
        yield spent
    finally:
        event.remove(database.engine, "before_cursor_execute", before)
        event.remove(database.engine, "after_cursor_execute", after)


def measure(database: Database, name: str) -> Found:
    day = clock.today()
    province = Question(_INDICATOR, _PROVINCE, day)

    def page_of_all(db: Session) -> None:
        paces_of(db, overview(db, province))

    def trend(db: Session) -> None:
        found = figure_alone(db, province)
        monthly(db, found)
        yearly(db, found, 2023)

    pages: list[tuple[str, Callable[[Session], object]]] = [
        ("mọi chỉ tiêu, có nhịp", page_of_all),
        ("một chỉ tiêu ở tỉnh, theo 99 xã, phường", lambda db: figure(db, province)),
        ("một chỉ tiêu ở một phường", lambda db: figure(db, Question(_INDICATOR, _COMMUNE, day))),
        ("diễn biến 24 tháng và các năm", trend),
        ("bảng nhiệt theo chỉ tiêu", lambda db: heat_by(db, "indicators", province)),
        ("bảng nhiệt theo tháng", lambda db: heat_by(db, "months", province)),
    ]
    costs = []
    for words, ask in pages:
        say(f"{name}: {words}")
        costs.append(Cost(words, _median(database, ask, forget=True), _median(database, ask, forget=False)))
    with database.reading() as db:
        units = len(unit_queries.listed(db, unit_queries.unit_versions().where(unit_queries.in_force(day))))
    return Found(name, units, costs, _median(database, lambda db: _plain(db, day), forget=True).ms)


def _median(database: Database, ask: Callable[[Session], object], *, forget: bool) -> Spent:
    tries = []
    for _try in range(_TRIES):
        with database.reading() as db:
            if forget:
                db.info["memory"].forget()
            # A page is asked for on a connection that is open.
            db.execute(select(1))
            with counted(database) as spent:
                ask(db)
        tries.append(spent)
    return sorted(tries, key=lambda spent: spent.ms)[_TRIES // 2]


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
        f"Đo ngày {clock.today():%d/%m/%Y} trên {machine()}. Mili giây trong cơ sở dữ liệu, trung vị {_TRIES} lần: "
        "lần đầu sau khi sổ đổi / khi đã nhớ (số câu lần đầu; nhanh hơn đếm thẳng mấy lần, trước và sau khi nhớ).",
        "", row(head), row(["---"] * len(head)),
    ]  # fmt: skip
    for at, cost in enumerate(found[0].costs):
        lines.append(row([cost.page, *(_said(one.costs[at], one.plain_ms) for one in found)]))
    plain = [number(one.plain_ms, 1) for one in found]
    lines.append(row([f"đếm thẳng bằng SQL (distinct), {_INDICATOR}, theo xã, phường, một ngày", *plain]))
    return "\n".join(lines)


def _said(cost: Cost, plain_ms: float) -> str:
    times = " / ".join(f"{number(plain_ms / max(spent.ms, 0.01), 1)}×" for spent in (cost.first, cost.again))
    misses = "" if cost.first.ms <= _AIM_MS else f", lần đầu chưa đạt ≤ {_AIM_MS} ms"
    return f"{number(cost.first.ms, 1)} / {number(cost.again.ms, 1)} ({cost.first.statements} câu; {times}{misses})"


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
                    world = make_world(Path(folder), f"sqlite:///{folder}/hocso.db", people)
                    yield measure(world.database, name)
                    continue
                with postgresql() as server:
                    yield measure(make_world(Path(folder), server.create("hocso_bench"), people).database, name)


if __name__ == "__main__":
    main()
