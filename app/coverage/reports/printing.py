"""A report in printed words, once for DOCX and PDF; and the files made of it."""

import io
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import Any

from app.core.paper import typeset
from app.core.templating import format_date
from app.coverage.reports.frames import Report, Table, printed

# More columns than this stand on a page turned on its side.
_UPRIGHT_COLUMNS = 7
_ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII")
_TEMPLATE = Path(__file__).with_name("report.typ")


def in_words(report: Report) -> dict[str, Any]:
    """Everything the pages say, in their order; `annexes` tell which columns hold numbers and which lie on the side."""
    head = report.letterhead
    return {
        "superior": head.superior.upper(), "issuer": head.issuer.upper(), "numbered": report.numbered,
        "place_and_day": report.place_and_day, "subject": report.subject,
        "is_draft": not report.number, "addressee": report.addressee, "bases": list(report.bases),
        "opening": _opening(report), "sections": [asdict(one) for one in report.sections],
        "authority": report.signer.authority.upper(), "signer_title": report.signer.title.upper(),
        "signer_name": report.signer.name, "recipients": list(report.recipients),
        "annexes": [_annex(report, number, table) for number, table in enumerate(report.annexes)],
        "title": f"Báo cáo: {report.subject}", "year": (report.dated_on or report.basis.as_of).year,
        "month": (report.dated_on or report.basis.as_of).month, "day": (report.dated_on or report.basis.as_of).day,
    }  # fmt: skip


def as_pdf(report: Report) -> bytes:
    """A4, archival."""
    return typeset(_TEMPLATE, in_words(report))


def as_xlsx(report: Report) -> bytes:
    """A sheet per form, numbers as numbers, days as days."""
    import xlsxwriter

    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        base = {"font_name": "Times New Roman", "font_size": 11, "valign": "top"}
        plain, bold = book.add_format(base), book.add_format(base | {"bold": True})
        head = book.add_format(
            base | {"bold": True, "border": 1, "text_wrap": True, "align": "center", "valign": "vcenter"}
        )
        cell = base | {"border": 1}
        formats = {
            "text": book.add_format(cell | {"text_wrap": True}),
            "int": book.add_format(cell | {"num_format": "#,##0"}),
            "number": book.add_format(cell | {"num_format": "#,##0.##"}),
            "percent": book.add_format(cell | {"num_format": "0.0"}),
            "date": book.add_format(cell | {"num_format": "dd/mm/yyyy"}),
        }  # fmt: skip
        none = book.add_format(cell | {"align": "center"})
        for table in report.annexes:
            sheet = book.add_worksheet(table.form)
            lines = (*_heads(report, table), "")
            for at, line in enumerate(lines):
                sheet.write_string(at, 0, line, bold if at == 0 else plain)
            sheet.write_row(len(lines), 0, [column.header for column in table.columns], head)
            sheet.write_row(len(lines) + 1, 0, [f"({n})" for n in range(1, len(table.columns) + 1)], head)
            sheet.freeze_panes(len(lines) + 2, 2)
            for place, column in enumerate(table.columns):
                sheet.set_column(place, place, column.width * 1.3 + 2)
            for row, values in enumerate(table.rows, start=len(lines) + 2):
                for place, (value, column) in enumerate(zip(values, table.columns, strict=True)):
                    if isinstance(value, int | float):
                        sheet.write_number(row, place, value, formats[column.kind])
                    elif value is None or value == "":
                        sheet.write_string(row, place, printed(None, column.kind), none)
                    else:
                        sheet.write_string(row, place, printed(value, column.kind), formats["text"])
            for at, note in enumerate(table.notes, start=len(lines) + 3 + len(table.rows)):
                sheet.write_string(at, 0, note, plain)
            if len(table.columns) > _UPRIGHT_COLUMNS:
                sheet.set_landscape()
            sheet.set_paper(9)
            sheet.fit_to_pages(1, 0)
            sheet.repeat_rows(len(lines), len(lines) + 1)
    return file.getvalue()


def attached_to(report: Report) -> str:
    """“Kèm theo Báo cáo số 05/BC-SKHCN ngày 21/11/2026 của Sở Khoa học và Công nghệ”."""
    if not report.number:
        return f"Kèm theo dự thảo báo cáo của {report.letterhead.issuer}"
    return f"Kèm theo Báo cáo số {report.number} ngày {format_date(report.dated_on)} của {report.letterhead.issuer}"


def _opening(report: Report) -> list[str]:
    said = [report.basis_words]
    if report.replaces:
        said.append(f"Báo cáo này thay thế Báo cáo số {report.replaces}.")
    return said


def _heads(report: Report, table: Table) -> tuple[str, ...]:
    return (
        f"Biểu {table.form[1:]}. {table.title}", f"({attached_to(report)})",
        f"{report.basis.unit_name}. {report.basis_words}",
    )  # fmt: skip


def _annex(report: Report, number: int, table: Table) -> dict[str, Any]:
    title, _attached, basis = _heads(report, table)
    return {
        "label": f"Phụ lục {_ROMAN[number]}", "title": title.upper(), "attached": attached_to(report), "basis": basis,
        "on_side": len(table.columns) > _UPRIGHT_COLUMNS,
        "heads": [column.header for column in table.columns],
        "widths": [column.width for column in table.columns],
        "is_number": [column.kind not in ("text", "date") for column in table.columns],
        "rows": [
            [printed(value, column.kind) for value, column in zip(row, table.columns, strict=True)]
            for row in table.rows
        ],
        "notes": list(chain(table.notes, report.sources)),
    }  # fmt: skip
