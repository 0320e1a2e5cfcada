"""Tables of figures people take away: an indicator by unit, all indicators of a unit, the training tasks."""

from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from app.core import clock
from app.core.i18n import gettext as _
from app.core.table_files import Table
from app.core.tables import Cell, Column
from app.core.templating import format_date, format_datetime
from app.coverage.counting import wording
from app.coverage.counting.figures import Figure, Question, figure, overview
from app.coverage.indicators.definitions import FIGURE_SOURCES
from app.coverage.programmes.programme_queries import ProgrammeReport


def question_of(filters: dict[str, Any]) -> Question:
    """From the JSON an export was asked with."""
    on = date.fromisoformat(filters["on"]) if filters.get("on") else clock.today()
    map_on = date.fromisoformat(filters["map"]) if filters.get("map") else None
    known_at = clock.end_of_day(date.fromisoformat(filters["known"])) if filters.get("known") else None
    return Question(filters["indicator"], filters["unit"], on, map_on, known_at, filters.get("period") or None)


def coverage_table(db: Session, question: Question) -> Table:
    """The unit asked for and its children, with the very figures of the dashboard."""
    found = figure(db, question)
    columns = (
        Column(_("Mã đơn vị"), width=14, name="unit"),
        Column(_("Đơn vị"), width=40, name="unit_name"),
        Column(_("Thuộc diện (mẫu số)"), "int", 14, name="denominator"),
        Column(_("Đã hoàn thành"), "int", 14, name="numerator"),
        Column(_("Tỷ lệ"), "ratio", 10, name="ratio"),
        Column(_("Còn thiếu"), "int", 11, name="missing"),
        Column(_("Người học hoàn thành tại đơn vị (kết quả)"), "int", 18, name="output"),
        Column(_("Đánh giá"), width=16, name="verdict"),
    )
    target = found.target
    notes = (
        f"{found.definition.code}. {found.definition.name}",
        wording.question_words(found.period, found.reference_date, found.map_on, found.known_at),
        _("Xuất lúc %(instant)s.", instant=format_datetime(clock.now())),
        _("Mục tiêu: %(target)s.", target=wording.target_words(found.definition, target))
        if target
        else _("Kỳ này chưa có mục tiêu."),
        *([_("Tỷ lệ là ước tính: kết quả đào tạo chia cho số khai báo.")] if "estimate" in found.flags else []),
    )  # fmt: skip
    return Table(found.definition.code, notes, columns, [_figure_row(row) for row in (found, *found.children)])


def overview_table(db: Session, question: Question) -> Table:
    """Every indicator at one unit, as the dashboard shows them; what nobody measures is there too, without a number."""
    found = overview(db, question)
    columns = (
        Column(_("Mã chỉ tiêu"), width=18, name="indicator"),
        Column(_("Chỉ tiêu"), width=60, name="name"),
        Column(_("Kế hoạch"), width=40, name="plan"),
        Column(_("Mục"), width=20, name="section"),
        Column(_("Nguồn số"), width=20, name="figure_source"),
        Column(_("Mục tiêu"), width=20, name="target"),
        Column(_("Đạt được"), width=16, name="value"),
        Column(_("Tử số"), "int", 12, name="numerator"),
        Column(_("Mẫu số"), "int", 12, name="denominator"),
        Column(_("Tỷ lệ"), "ratio", 10, name="ratio"),
        Column(_("Diễn giải"), width=36, name="explained"),
        Column(_("Người hoàn thành trên nền tảng"), "int", 16, name="output"),
        Column(_("Đánh giá"), width=22, name="verdict"),
    )
    notes = (
        _("Chỉ tiêu đào tạo năm %(year)s, %(unit)s", year=question.period or question.on.year,
          unit=found[0].unit_name if found else ""),
        _("Tính đến %(day)s. Xuất lúc %(instant)s.", day=format_date(question.on),
          instant=format_datetime(clock.now())),
    )  # fmt: skip
    return Table(_("Chỉ tiêu"), notes, columns, [_overview_row(row) for row in found])


def programmes_table(report: ProgrammeReport) -> Table:
    """The training tasks with the figures of the page; the last row counts each person once."""
    columns = (
        Column(_("Số"), width=6, name="task_no"),
        Column(_("Mã nhiệm vụ"), width=18, name="programme"),
        Column(_("Nhiệm vụ"), width=60, name="title"),
        Column(_("Đối tượng"), width=40, name="audience"),
        Column(_("Quy mô theo đề án"), width=18, name="size"),
        Column(_("Chủ trì"), width=28, name="lead"),
        Column(_("Thời gian"), width=12, name="period"),
        Column(_("Kinh phí theo đề án (triệu đồng)"), "int", 16, name="budget_million"),
        Column(_("Lượt ghi danh"), "int", 12, name="enrolments"),
        Column(_("Người không trùng"), "int", 12, name="people"),
        Column(_("Lượt hoàn thành"), "int", 12, name="completions"),
        Column(_("Giấy chứng nhận"), "int", 12, name="certificates"),
    )
    notes = (
        _("Nhiệm vụ đào tạo: %(unit)s, từ %(first)s đến %(last)s", unit=report.unit.name,
          first=format_date(report.first), last=format_date(report.last)),
        _("Xuất lúc %(instant)s.", instant=format_datetime(clock.now())),
    )  # fmt: skip
    rows: list[list[Cell]] = [
        [
            row.plan.task_no, row.plan.code, row.plan.title, row.plan.audience_text, row.plan.size_text,
            row.plan.lead, row.plan.period, row.plan.budget_million, row.activity.enrolments, row.activity.people,
            row.activity.completions, row.activity.certificates,
        ]
        for row in report.rows
    ]  # fmt: skip
    total = report.total
    rows.append([
        None, None, _("Cộng (người: mỗi người một lần)"), None, None, None, None,
        sum(row.plan.budget_million or 0 for row in report.rows), total.enrolments, total.people, total.completions,
        total.certificates,
    ])  # fmt: skip
    return Table(_("Nhiệm vụ đào tạo"), notes, columns, rows)


def _overview_row(row: Figure) -> list[Cell]:
    definition = row.definition
    return [
        definition.code, definition.name, definition.plan, definition.source_section,
        str(FIGURE_SOURCES[definition.figure_source]), wording.target_words(definition, row.target),
        wording.value_words(row), row.numerator, row.denominator.value, row.ratio, wording.basis_words(row),
        row.output if definition.is_counted else None, wording.verdict(row).text,
    ]  # fmt: skip


def _figure_row(row: Figure) -> list[Cell]:
    verdict = {True: _("Đạt"), False: _("Chưa đạt"), None: "–"}[row.met]
    return [
        row.unit_code, row.unit_name, row.denominator.value, row.numerator, row.ratio,
        row.missing if row.denominator.value else None, row.output, verdict,
    ]  # fmt: skip
