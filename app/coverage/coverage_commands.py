"""`coverage show|rebuild|verify` and `export` with its tables."""

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

from app.core import clock
from app.core.errors import CommandFailed
from app.core.i18n import gettext as _
from app.core.table_files import CONTENT_TYPES, Table, write_table
from app.core.templating import format_date, format_number
from app.coverage.counting import wording
from app.coverage.counting.as_json import as_json
from app.coverage.counting.figures import Figure, Question, figure
from app.coverage.exports.records import RECORDS, Wanted, write_records
from app.coverage.exports.tables import coverage_table, overview_table, programmes_table
from app.coverage.programmes.programme_queries import programme_report
from app.coverage.rebuilding import compare_everybody
from app.coverage.verification import verify
from app.runtime import Runtime

_HELP = {
    "completions": "từng lần hoàn thành / completions one by one",
    "people": "người và vị trí công tác / people and their posts",
    "certificates": "giấy chứng nhận / certificates",
    "attempts": "lượt làm bài / attempts at quizzes",
}


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    coverage = commands.add_parser("coverage", help="chỉ tiêu và tỷ lệ bao phủ / indicators and coverage")
    verbs = coverage.add_subparsers(dest="verb", required=True, metavar="VIỆC/VERB")
    show = verbs.add_parser("show", help="một chỉ tiêu tại một đơn vị / one indicator at one unit")
    _add_question(show)
    show.add_argument("--known-at", type=_instant, help="chỉ tính những gì đã ghi đến lúc này / as known at (ISO)")
    show.add_argument("--json", action="store_true", help="in một tài liệu JSON / print one JSON document")
    show.set_defaults(func=_show)
    rebuild = verbs.add_parser("rebuild", help="đối chiếu sổ với dữ kiện, ghi bù nếu lệch / compare and mend")
    rebuild.add_argument("--json", action="store_true")
    rebuild.set_defaults(func=_rebuild)
    verify = verbs.add_parser("verify", help="tính lại mọi con số bằng đường khác, chỉ đọc / recompute independently")
    verify.add_argument("--indicator", help="chỉ một chỉ tiêu / one indicator only")
    verify.add_argument("--on", type=_day, help="con số của ngày nào, mặc định hôm nay / figures of which day")
    verify.add_argument("--people", metavar="A,B", help="chỉ bút toán của những người này, theo mã / these people only")
    verify.add_argument("--json", action="store_true")
    verify.set_defaults(func=_verify)

    export = commands.add_parser("export", help="xuất bảng số liệu / export tables")
    kinds = export.add_subparsers(dest="what", required=True, metavar="LOẠI/KIND")
    of_records = [kinds.add_parser(name, help=_HELP[name]) for name in RECORDS]
    for kind in of_records:
        kind.add_argument("--unit", help="mã đơn vị / unit code")
        kind.add_argument("--from", dest="first", type=_day, help="từ ngày / from")
        kind.add_argument("--to", dest="last", type=_day, help="đến ngày; với people: của ngày nào / to")
        kind.add_argument("--course", help="mã khóa học / course code")
        kind.add_argument("--columns", default="", metavar="A,B", help="các cột, mặc định là tất cả / columns")
        kind.set_defaults(func=_export_records)
    indicators = kinds.add_parser("indicators", help="mọi chỉ tiêu của một năm / every indicator of a year")
    indicators.add_argument("--unit", help="mã đơn vị, mặc định là tỉnh / unit code, default: the province")
    indicators.add_argument("--on", type=_day, help="tính đến ngày, mặc định hôm nay / as of")
    indicators.add_argument("--map", type=_day, help="cây đơn vị của ngày nào, mặc định như --on / unit tree of")
    indicators.add_argument(
        "--period", help="kỳ, mặc định là năm của --on: 2026, 2026-Q3, 2026-H1, NGÀY..NGÀY / period"
    )
    indicators.set_defaults(func=_export_indicators)
    programmes = kinds.add_parser("programmes", help="nhiệm vụ đào tạo và kết quả / training tasks and results")
    programmes.add_argument("--unit", help="mã đơn vị, mặc định là tỉnh / unit code, default: the province")
    programmes.add_argument("--from", dest="first", type=_day, help="từ ngày, mặc định đầu năm / from")
    programmes.add_argument("--to", dest="last", type=_day, help="đến ngày, mặc định hôm nay / to")
    programmes.set_defaults(func=_export_programmes)
    by_unit = kinds.add_parser("coverage", help="tỷ lệ theo đơn vị / coverage by unit")
    _add_question(by_unit)
    by_unit.set_defaults(func=_export_coverage)
    for kind in (*of_records, by_unit, indicators, programmes):
        kind.add_argument("--format", choices=tuple(CONTENT_TYPES), default="csv")
        kind.add_argument("--out", type=Path, required=True, help="tệp ghi ra / output file")
        kind.add_argument("--json", action="store_true")


def _add_question(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--indicator", required=True, help="mã chỉ tiêu, ví dụ BG-CBCC / indicator code")
    parser.add_argument("--unit", help="mã đơn vị, mặc định là tỉnh / unit code, default: the province")
    parser.add_argument("--on", type=_day, help="tính đến ngày, mặc định hôm nay / as of")
    parser.add_argument("--map", type=_day, help="cây đơn vị của ngày nào, mặc định như --on / unit tree of")
    parser.add_argument("--period", help="kỳ, mặc định là năm của --on: 2026, 2026-Q3, 2026-H1, NGÀY..NGÀY / period")


def _show(args: argparse.Namespace, runtime: Runtime) -> int:
    with runtime.database.reading() as db:
        found = figure(db, _question(args, runtime, args.known_at))
    print(json.dumps(as_json(found), ensure_ascii=False, indent=2) if args.json else _as_text(found))
    return 0


def _rebuild(args: argparse.Namespace, runtime: Runtime) -> int:
    found = compare_everybody(runtime.database, "command")
    if args.json:
        counts = {"checked": found.people_count, "people": found.differing_count, "entries": found.entry_count}
        print(json.dumps(counts | {"indicators": found.entry_counts}))
    else:
        print(_("Đã đối chiếu %(checked)s người; %(people)s người lệch, ghi bù %(entries)s bút toán.",
                checked=found.people_count, people=found.differing_count, entries=found.entry_count))  # fmt: skip
    return 1 if found.entry_count else 0


def _verify(args: argparse.Namespace, runtime: Runtime) -> int:
    """0 all equal, 1 with findings."""
    refs = [ref for ref in (args.people or "").split(",") if ref]
    with runtime.database.reading() as db:
        report = verify(
            db, runtime.settings.province_code, args.on or clock.today(), indicator=args.indicator, refs=refs
        )
    print(json.dumps(report.as_json(), ensure_ascii=False, indent=2) if args.json else report.as_text())
    return 0 if report.is_sound else 1


def _export_records(args: argparse.Namespace, runtime: Runtime) -> int:
    columns = tuple(name for name in args.columns.split(",") if name)
    wanted = Wanted(args.unit, args.first, args.last, args.course, columns=columns)
    with runtime.database.reading() as db, _writing_to(args):
        rows = write_records(
            runtime.database, db, RECORDS[args.what], wanted, args.out, args.format, lambda _rows, _ratio: None
        )
    return _written(rows, args)


def _export_coverage(args: argparse.Namespace, runtime: Runtime) -> int:
    with runtime.database.reading() as db:
        return _write(coverage_table(db, _question(args, runtime)), args)


def _export_indicators(args: argparse.Namespace, runtime: Runtime) -> int:
    args.indicator = ""
    with runtime.database.reading() as db:
        return _write(overview_table(db, _question(args, runtime)), args)


def _export_programmes(args: argparse.Namespace, runtime: Runtime) -> int:
    last = args.last or clock.today()
    first = args.first or date(last.year, 1, 1)
    with runtime.database.reading() as db:
        report = programme_report(db, runtime.settings.province_code, args.unit or "", first, last)
        return _write(programmes_table(report), args)


def _write(table: Table, args: argparse.Namespace) -> int:
    with _writing_to(args):
        rows = write_table(table, args.out, args.format)
    return _written(rows, args)


@contextmanager
def _writing_to(args: argparse.Namespace) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CommandFailed(
            _("Không ghi được tệp %(path)s: %(reason)s"), path=args.out, reason=error.strerror
        ) from error


def _written(rows: int, args: argparse.Namespace) -> int:
    if args.json:
        print(json.dumps({"file": str(args.out), "format": args.format, "rows": rows}, ensure_ascii=False))
    else:
        print(_("Đã ghi %(rows)s dòng vào %(path)s.", rows=rows, path=args.out))
    return 0


def _question(args: argparse.Namespace, runtime: Runtime, known_at: datetime | None = None) -> Question:
    return Question(
        args.indicator,
        args.unit or runtime.settings.province_code,
        args.on or clock.today(),
        args.map,
        known_at,
        args.period,
    )


def _as_text(found: Figure) -> str:
    lines = [
        f"{found.definition.code} · {found.unit_name} · {_('tính đến %(day)s', day=format_date(found.reference_date))}"
    ]
    for row in (found, *found.children):
        reached = f"{format_number(row.numerator)}/{format_number(row.denominator.value)}"
        lines.append(f"  {row.unit_name:<40} {reached:>14} {wording.value_words(row):>12}  {wording.basis_words(row)}")
    return "\n".join(lines)


def _day(text: str) -> date:
    day = clock.parse_day(text)
    if day is None:
        raise argparse.ArgumentTypeError(_("ngày không hợp lệ: %(text)s (ví dụ 2026-11-21)", text=text))
    return day


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(_("thời điểm không hợp lệ: %(text)s", text=text)) from None
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=clock.VIETNAM) if len(text) > 10 else clock.end_of_day(instant.date())
    return instant
