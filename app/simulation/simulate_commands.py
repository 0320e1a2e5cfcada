"""`simulate`: a made-up province for trials and measurements."""

import argparse
import json
import time
from dataclasses import asdict

from app.core.i18n import gettext as _
from app.core.templating import format_number
from app.coverage.counting.settling import settle
from app.runtime import Runtime
from app.simulation.province import Simulated, simulate


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    command = commands.add_parser(
        "simulate",
        help="tạo một tỉnh giả định để thử và đo, không chạy trên dữ liệu thật / fill with a made-up province",
        epilog="Chạy khi máy chủ đã dừng. Dừng giữa chừng (Ctrl+C) thì không có gì được ghi. / "
        "Stop the server first; everything is one transaction, so stopping halfway leaves nothing.",
    )
    command.add_argument("--people", metavar="N", type=_count, required=True, help="số người / number of people")
    command.add_argument("--seed", metavar="S", type=int, default=1, help="hạt giống ngẫu nhiên / random seed")
    command.add_argument("--json", action="store_true", help="in một tài liệu JSON / print one JSON document")
    command.set_defaults(func=_simulate)


def _simulate(args: argparse.Namespace, runtime: Runtime) -> int:
    started = time.monotonic()
    with runtime.database.writing() as db:
        done = simulate(db, args.people, args.seed, (lambda _line: None) if args.json else _say)
    # Else the first pages would wait for the job that does it.
    settle(runtime.database)
    seconds = time.monotonic() - started
    if args.json:
        print(json.dumps(asdict(done) | {"until": done.until.isoformat(), "seconds": round(seconds, 1)}, indent=2))
    else:
        _tell(done, seconds)
    return 0


def _tell(done: Simulated, seconds: float) -> None:
    _say(
        _(
            "Xong trong %(seconds)s giây: %(people)s người (hạt giống %(seed)s), %(units)s đơn vị (mới lập %(added)s), "
            "lịch sử đến trước ngày %(until)s.",
            seconds=format_number(seconds, 1), people=format_number(done.people), seed=done.seed,
            units=format_number(done.units), added=format_number(done.units_added),
            until=done.until.strftime("%d/%m/%Y"),
        )
    )  # fmt: skip
    for table, rows in done.rows.items():
        print(f"  {table:<24}{format_number(rows):>12}")


def _say(line: str) -> None:
    print(line, flush=True)


def _count(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 5_000_000:
        raise argparse.ArgumentTypeError("1 … 5000000")
    return int(text)
