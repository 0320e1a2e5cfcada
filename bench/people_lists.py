"""`python -m bench.people_lists`: what a list of people costs the server's process, step by step.

The rows are those of tests/identity/messy.py, with every fault an office makes. Memory is the peak of the resident set
above that of the idle process, as the kernel counts it.
"""

import argparse
import os
import tempfile
import time
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.orm import Session

from app.core import clock
from app.core.access import Actor
from app.core.csrf import SESSION_COOKIE
from app.core.db import Database
from app.core.storage import storage_of
from app.identity.imports import stages
from app.identity.lists.sheet_imports import keep_source
from app.identity.models import PeopleImport
from app.identity.people import people
from app.identity.roles.grants import grant_role
from app.identity.sign_in.accounts import actor_of, create_account, find_candidate, sign_in
from app.identity.units import unit_queries
from bench.block import say
from bench.servers import ours
from bench.table import machine, number, replace_in, row
from bench.world import PASSWORD, environment_of, operate, postgresql
from tests.identity.messy import messy_workbook
from tests.postgresql import OwnServer

_ROWS = (2_000, 10_000, 20_000)
_SETTLED_S = 3.0
_LOOK_S = 0.25


@dataclass(frozen=True)
class Cost:
    """`peak_mb` above the idle process; `seconds` on the clock, `cpu_s` of the server's process."""

    step: str
    peak_mb: float
    seconds: float
    cpu_s: float


@dataclass(frozen=True)
class Measured:
    """The steps of one list; `left_mb` above idle when all is over."""

    database: str
    rows: int
    idle_mb: float
    costs: tuple[Cost, ...]
    left_mb: float


def measure(database: str, count: int, url: str, folder: Path) -> Measured:
    """One list on a seeded database: checked, applied, its result handed out, taken back."""
    environment = environment_of(folder, url) | {"WORKERS": "1"}
    os.environ.update(environment)
    here = Database(url)
    with here.writing() as db:
        actor, cookie = _importer(db)
    source = keep_source(storage_of(environment["MEDIA_URL"]), messy_workbook(count).content)
    costs = []
    with ours(environment) as server:
        time.sleep(_SETTLED_S)
        idle_mb = server.memory_mb()
        with here.writing() as db:
            import_id = stages.begin(db, actor, "danh-sach.xlsx", source).id

        def cost(step: str, begin: Callable[[], None]) -> None:
            server.forget_peak()
            cpu, began = server.cpu_s(), time.monotonic()
            begin()
            seconds, used = time.monotonic() - began, server.cpu_s() - cpu
            costs.append(Cost(step, server.peak_mb() - idle_mb, seconds, used))
            say(f"{database}, {count}: {step}: +{costs[-1].peak_mb:.0f} MB, {seconds:.0f} s, {used:.0f} s CPU")

        def asked(what: Callable[[Session, Actor, int], object], until: str) -> None:
            with here.writing() as db:
                what(db, actor, import_id)
            _wait(here, import_id, until)

        cost("kiểm tra", lambda: _wait(here, import_id, "checked"))
        cost("nhập", lambda: asked(stages.request_apply, "applied"))
        cost("bảng kết quả", lambda: _fetch(f"{server.url}/people/imports/{import_id}/result.xlsx", cookie))
        cost("hoàn tác", lambda: asked(stages.request_undo, "undone"))
        time.sleep(_SETTLED_S)
        left_mb = server.memory_mb() - idle_mb
        with here.reading() as db:
            rows = int(db.get_one(PeopleImport, import_id).outcome["rows"])
    here.dispose()
    return Measured(database, rows, idle_mb, tuple(costs), left_mb)


def _importer(db: Session) -> tuple[Actor, str]:
    """An administrator of the province, and the session of their browser."""
    person = people.add_person(db, name="Người Đo Thử")
    unit = unit_queries.unit_on(db, "24", clock.today())
    assert unit
    account = create_account(db, person, "nguoi-do", PASSWORD, must_change=False)
    grant_role(db, account, "province_admin", unit.unit_id)
    db.flush()
    actor, candidate = actor_of(db, account.id), find_candidate(db, "nguoi-do")
    assert actor
    assert candidate
    return actor, sign_in(db, candidate)


def _wait(database: Database, import_id: int, stage: str) -> None:
    while True:
        with database.reading() as db:
            if db.get_one(PeopleImport, import_id).stage == stage:
                return
        time.sleep(_LOOK_S)


def _fetch(url: str, session: str) -> None:
    with urllib.request.urlopen(
        urllib.request.Request(url, headers={"cookie": f"{SESSION_COOKIE}={session}"})
    ) as answer:
        while answer.read(1 << 16):
            pass


def _seeded(folder: Path, server: OwnServer | None) -> str:
    """A fresh installation; the URL of its database."""
    url = server.create(f"lists_{folder.name}") if server else f"sqlite:///{folder}/hocso.db"
    operate(environment_of(folder, url), "seed")
    return url


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.people_lists", description=__doc__)
    parser.add_argument("--databases", default="sqlite,postgresql", help="sqlite,postgresql")
    parser.add_argument(
        "--rows", default=",".join(map(str, _ROWS)), metavar="N,M", help="số dòng, cách nhau bằng dấu phẩy"
    )
    parser.add_argument("--write", type=Path, metavar="FILE", help="đặt bảng vào tài liệu, giữa các dấu")
    options = parser.parse_args()
    found = []
    for database in options.databases.split(","):
        with postgresql() if database == "postgresql" else nullcontext() as server:
            for count in map(int, options.rows.split(",")):
                with tempfile.TemporaryDirectory(prefix="lists") as name:
                    folder = Path(name)
                    url = _seeded(folder, server)
                    found.append(measure(database, count, url, folder))
    text = _markdown(found)
    print(text)
    if options.write:
        replace_in(options.write, text, "lists")


def _markdown(found: Sequence[Measured]) -> str:
    steps = [cost.step for cost in found[0].costs]
    lines = [
        f"Đo ngày {clock.today():%d/%m/%Y} trên {machine()}.",
        "",
        row(["cơ sở dữ liệu, số dòng", "lúc nghỉ", *steps, "còn lại"]),
        row(["---"] * (len(steps) + 3)),
    ]
    for one in found:
        costs = (
            f"+{number(cost.peak_mb)} MB; {number(cost.seconds)} s ({number(cost.cpu_s)} s CPU)" for cost in one.costs
        )
        name = f"{one.database}, {number(one.rows)}"
        lines.append(row([name, f"{number(one.idle_mb)} MB", *costs, f"+{number(one.left_mb)} MB"]))
    return "\n".join(lines)


if __name__ == "__main__":
    main()
