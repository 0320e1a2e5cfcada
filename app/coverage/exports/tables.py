"""Tables people take away: completions one by one, and the coverage of an indicator by unit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from app.catalogue.models import Course, CourseVersion
from app.certificates.models import Certificate
from app.certificates.queries import is_newest
from app.core import clock
from app.core.access import Actor, UnitClosure, closure_on
from app.core.errors import NotFound
from app.core.i18n import gettext as _
from app.core.table_files import Table
from app.core.tables import Cell, Column
from app.core.templating import format_date, format_datetime
from app.coverage.counting import wording
from app.coverage.counting.figures import Figure, Question, figure, overview
from app.coverage.indicators.definitions import FIGURE_SOURCES
from app.coverage.programmes.programme_queries import ProgrammeReport
from app.identity.models import Person, UnitVersion
from app.identity.records import holder_of
from app.identity.units import unit_queries
from app.learning.models import Completion, CompletionAnnulment, CompletionPost


@dataclass(frozen=True)
class CompletionFilter:
    """`units`: a select of unit ids one may see, None for all; `first`..`last` are days of completion, inclusive."""

    unit_code: str | None = None
    first: date | None = None
    last: date | None = None
    course: str | None = None
    units: Select[int] | None = None

    @classmethod
    def of(cls, filters: dict[str, Any], actor: Actor | None = None) -> "CompletionFilter":
        """From the JSON an export was asked with."""
        return cls(
            unit_code=filters.get("unit") or None, course=filters.get("course") or None,
            first=date.fromisoformat(filters["from"]) if filters.get("from") else None,
            last=date.fromisoformat(filters["to"]) if filters.get("to") else None,
            units=actor.units_with("export.completions") if actor else None,
        )  # fmt: skip


def completions_table(db: Session, chosen: CompletionFilter) -> Table:
    """One row per completion, at the primary post of that day; annulled ones are listed as such. No identity fields."""
    columns = (
        Column(_("Mã người học"), width=26), Column(_("Họ và tên"), width=28), Column(_("Mã đơn vị"), width=12),
        Column(_("Đơn vị ngày hoàn thành"), width=32), Column(_("Chức vụ"), width=22),
        Column(_("Nhóm đối tượng"), width=16), Column(_("Mã khóa học, nhiệm vụ"), width=16),
        Column(_("Khóa học, nội dung"), width=44),
        Column(_("Phiên bản"), "int", 10), Column(_("Hình thức"), width=12),
        Column(_("Ngày hoàn thành"), "date", 14), Column(_("Có giá trị đến"), "date", 14),
        Column(_("Ghi nhận lúc"), "instant", 17),
        Column(_("Số giờ"), width=8), Column(_("Điểm (%)"), width=9), Column(_("Số giấy chứng nhận"), width=22),
        Column(_("Trạng thái"), width=14),
    )  # fmt: skip
    notes = (
        _("Danh sách hoàn thành khóa học"),
        _("Xuất lúc %(instant)s. Mỗi dòng là một lần hoàn thành; một người có thể có nhiều dòng.",
          instant=format_datetime(clock.now())),
    )  # fmt: skip
    return Table(_("Hoàn thành"), notes, columns, _completion_rows(db, chosen))


def coverage_table(db: Session, question: Question) -> Table:
    """The unit asked for and its children, with the very figures of the dashboard."""
    found = figure(db, question)
    columns = (
        Column(_("Mã đơn vị"), width=14), Column(_("Đơn vị"), width=40), Column(_("Thuộc diện (mẫu số)"), "int", 14),
        Column(_("Đã hoàn thành"), "int", 14), Column(_("Tỷ lệ"), "ratio", 10), Column(_("Còn thiếu"), "int", 11),
        Column(_("Người học hoàn thành tại đơn vị (kết quả)"), "int", 18), Column(_("Đánh giá"), width=16),
    )  # fmt: skip
    target = found.target
    notes = (
        f"{found.definition.code}. {found.definition.name}",
        _("Kỳ %(period)s, tính đến %(day)s, theo cây đơn vị ngày %(map)s.", period=wording.period_name(found.period),
          day=format_date(found.reference_date), map=format_date(found.map_on)),
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
        Column(_("Mã chỉ tiêu"), width=18), Column(_("Chỉ tiêu"), width=60), Column(_("Kế hoạch"), width=40),
        Column(_("Mục"), width=20), Column(_("Nguồn số"), width=20), Column(_("Mục tiêu"), width=20),
        Column(_("Đạt được"), width=16), Column(_("Tử số"), "int", 12), Column(_("Mẫu số"), "int", 12),
        Column(_("Tỷ lệ"), "ratio", 10), Column(_("Diễn giải"), width=36),
        Column(_("Người hoàn thành trên nền tảng"), "int", 16), Column(_("Đánh giá"), width=22),
    )  # fmt: skip
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
        Column(_("Số"), width=6), Column(_("Mã nhiệm vụ"), width=18), Column(_("Nhiệm vụ"), width=60),
        Column(_("Đối tượng"), width=40), Column(_("Quy mô theo đề án"), width=18),
        Column(_("Chủ trì"), width=28), Column(_("Thời gian"), width=12),
        Column(_("Kinh phí theo đề án (triệu đồng)"), "int", 16), Column(_("Lượt ghi danh"), "int", 12),
        Column(_("Người không trùng"), "int", 12), Column(_("Lượt hoàn thành"), "int", 12),
        Column(_("Giấy chứng nhận"), "int", 12),
    )  # fmt: skip
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


def _completion_rows(db: Session, chosen: CompletionFilter) -> Iterator[Sequence[Cell]]:
    ways = {
        "online": _("trực tuyến"), "class": _("lớp tập trung"), "group": _("buổi cộng đồng"), "exam": _("sát hạch"),
        "evidence": _("minh chứng"),
    }  # fmt: skip
    for completion, person, post, unit_code, unit_name, course, title, version, number, annulled in db.execute(
        _completions(db, chosen).execution_options(yield_per=1000)
    ):
        yield [
            person.ref, person.name, unit_code, unit_name or _("chưa xác định đơn vị"), post.title if post else None,
            ", ".join(sorted(post.audiences)) if post else None, course, title, version,
            ways.get(completion.how, completion.how), completion.completed_on, completion.valid_until,
            completion.recorded_at,
            completion.hours, None if completion.score_percent is None else round(completion.score_percent, 1), number,
            _("đã hủy") if annulled else _("có hiệu lực"),
        ]  # fmt: skip


def _completions(db: Session, chosen: CompletionFilter) -> Select[*tuple[Any, ...]]:
    # The post shown: primary, then the earliest start, then the lowest id, as everywhere (DESIGN 5).
    first_post = (
        select(CompletionPost.affiliation_id)
        .where(CompletionPost.completion_id == Completion.id)
        .order_by(CompletionPost.is_primary.desc(), CompletionPost.started_on, CompletionPost.affiliation_id)
        .limit(1)
        .correlate(Completion)
        .scalar_subquery()
    )
    query: Select[*tuple[Any, ...]] = (
        select(
            Completion, Person, CompletionPost, UnitVersion.code, UnitVersion.name,
            func.coalesce(Course.code, Completion.programme_code), func.coalesce(CourseVersion.title, Completion.title),
            CourseVersion.number, Certificate.number, CompletionAnnulment.completion_id,
        )
        .select_from(Completion)
        .join(Person, Person.id == holder_of(Completion.person_id))
        .outerjoin(Course, Course.id == Completion.course_id)
        .outerjoin(CourseVersion, CourseVersion.id == Completion.course_version_id)
        .outerjoin(
            CompletionPost,
            and_(CompletionPost.completion_id == Completion.id, CompletionPost.affiliation_id == first_post),
        )
        .outerjoin(
            UnitVersion,
            and_(
                UnitVersion.unit_id == CompletionPost.unit_id,
                UnitVersion.valid_from <= Completion.completed_on,
                or_(UnitVersion.valid_to.is_(None), UnitVersion.valid_to > Completion.completed_on),
            ),
        )
        .outerjoin(Certificate, and_(Certificate.completion_id == Completion.id, is_newest()))
        .outerjoin(CompletionAnnulment, CompletionAnnulment.completion_id == Completion.id)
        .order_by(Completion.completed_on, Completion.id)
    )  # fmt: skip
    if chosen.first:
        query = query.where(Completion.completed_on >= chosen.first)
    if chosen.last:
        query = query.where(Completion.completed_on <= chosen.last)
    if chosen.course:
        query = query.where(Course.code == chosen.course)
    if chosen.unit_code:
        query = query.where(CompletionPost.unit_id.in_(_subtree(db, chosen.unit_code)))
    if chosen.units is not None:
        query = query.where(CompletionPost.unit_id.in_(chosen.units))
    return query


def _subtree(db: Session, code: str) -> Select[int]:
    unit = unit_queries.unit_on(db, code, clock.today())
    if unit is None:
        raise NotFound(_("Hôm nay không có đơn vị nào mang mã %(code)s.", code=code))
    return select(UnitClosure.descendant_id).where(
        UnitClosure.ancestor_id == unit.unit_id, closure_on(clock.today()), UnitClosure.carried != "before"
    )
