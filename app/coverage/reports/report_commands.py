"""`report make FORM|all --period … --unit CODE --out DIR`: a draft as DOCX, PDF, XLSX and JSON."""

import argparse
import json
from datetime import date
from pathlib import Path

from app.core import clock
from app.core.i18n import gettext as _
from app.coverage.reports.as_docx import as_docx
from app.coverage.reports.filling import FROZEN_FORMS, Wish, draft
from app.coverage.reports.frames import as_json
from app.coverage.reports.printing import as_pdf, as_xlsx
from app.coverage.reports.unit_forms import OFFICIALS
from app.runtime import Runtime

_WHOLE = "all"


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    report = commands.add_parser("report", help="báo cáo theo biểu B01–B07 / reports by form")
    verbs = report.add_subparsers(dest="verb", required=True, metavar="VIỆC/VERB")
    make = verbs.add_parser("make", help="dự thảo DOCX, PDF, XLSX, JSON / a draft as four files")
    # B05 names people: it is made on the page, for whoever may see them.
    make.add_argument("form", choices=(*FROZEN_FORMS, _WHOLE), help="biểu, hoặc all: cả báo cáo / a form, or all")
    make.add_argument("--period", required=True, help="2026-Q3, 2026-H1, 2026, 2026-03-15..2026-06-14")
    make.add_argument("--unit", default="", help="mã đơn vị, mặc định là tỉnh / unit code, default: the province")
    make.add_argument("--map", type=_day, help="cây đơn vị của ngày nào, mặc định ngày chốt / unit tree of")
    make.add_argument(
        "--cut-off", choices=("calendar", "customary"), default="calendar",
        help="customary: chốt ngày 14 tháng cuối kỳ / to the 14th of the last month",
    )  # fmt: skip
    make.add_argument("--series", default=OFFICIALS, help="chỉ tiêu của B07 / indicator of B07")
    make.add_argument("--out", type=Path, required=True, help="thư mục ghi ra / output folder")
    make.set_defaults(func=_make)


def _make(args: argparse.Namespace, runtime: Runtime) -> int:
    is_whole = args.form == _WHOLE
    wish = Wish(
        FROZEN_FORMS if is_whole else (args.form,), args.period, args.unit, args.cut_off, args.map, is_whole,
        args.series,
    )  # fmt: skip
    with runtime.database.reading() as db:
        report = draft(db, runtime.settings.province_code, wish)
    args.out.mkdir(parents=True, exist_ok=True)
    name = f"{args.form}-{report.basis.unit_code}-{args.period}"
    document = json.dumps(json.loads(as_json(report)), ensure_ascii=False, indent=2).encode()
    for ending, content in (
        ("docx", as_docx(report)), ("pdf", as_pdf(report)), ("xlsx", as_xlsx(report)), ("json", document),
    ):  # fmt: skip
        path = args.out / f"{name}.{ending}"
        path.write_bytes(content)
        print(_("Đã ghi %(path)s.", path=path))
    return 0


def _day(text: str) -> date:
    day = clock.parse_day(text)
    if day is None:
        raise argparse.ArgumentTypeError(_("ngày không hợp lệ: %(text)s (ví dụ 2026-11-21)", text=text))
    return day
