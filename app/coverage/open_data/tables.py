"""The three tables of a month and what their columns mean (docs/open-data.md)."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session

from app.catalogue.models import Course
from app.core.access import UnitClosure, closure_on
from app.core.i18n import lazy
from app.core.i18n import lazy as _
from app.coverage.counting.figures import Figure, Question, computed_by_unit
from app.coverage.open_data.hiding import rounded, told
from app.identity.records import holder_of
from app.identity.units import unit_queries
from app.learning.models import Completion, CompletionAnnulment, CompletionPost

UNDER, TOLD_PARTS = "under_5", "told_parts"
Value = str | int | None


@dataclass(frozen=True)
class OpenField:
    """A column: `type` as Frictionless Table Schema names it."""

    name: str
    type: str
    meaning: lazy


@dataclass(frozen=True)
class OpenTable:
    """One row for each of `key`."""

    name: str
    title: lazy
    fields: tuple[OpenField, ...]
    key: tuple[str, ...]


_MONTH = OpenField("month", "yearmonth", _("tháng; con số là của ngày cuối tháng"))
_UNIT = (
    OpenField("unit", "string", _("mã đơn vị theo cây đơn vị ngày cuối tháng")),
    OpenField("unit_name", "string", _("tên đơn vị")),
    OpenField("unit_kind", "string", _("loại đơn vị: province là cả tỉnh")),
)
_FLAG = OpenField(
    "flag", "string",
    _("under_5: có ô để trống vì dưới 5; told_parts: dòng tổng chỉ cộng những phần được nêu"),
)  # fmt: skip

COVERAGE = OpenTable(
    "coverage", _("Bao phủ theo chỉ tiêu, đơn vị, tháng"),
    (
        _MONTH, OpenField("indicator", "string", _("mã chỉ tiêu")), *_UNIT,
        OpenField("numerator", "integer", _("số người đã hoàn thành, làm tròn xuống bội của 5")),
        OpenField("denominator", "integer", _("số người thuộc diện, làm tròn xuống bội của 5")), _FLAG,
    ),
    ("month", "indicator", "unit"),
)  # fmt: skip
COMPLETIONS = OpenTable(
    "completions", _("Lượt hoàn thành theo khóa học, tháng"),
    (
        _MONTH, OpenField("course", "string", _("mã khóa học hoặc nhiệm vụ; total là dòng tổng")),
        OpenField("completions", "integer", _("lượt hoàn thành trong tháng, làm tròn xuống bội của 5")), _FLAG,
    ),
    ("month", "course"),
)  # fmt: skip
PEOPLE = OpenTable(
    "people", _("Người đã hoàn thành ít nhất một khóa học từ đầu năm, theo đơn vị"),
    (
        _MONTH, *_UNIT,
        OpenField(
            "people", "integer", _("số người không trùng, làm tròn xuống bội của 5; người ở hai đơn vị có ở cả hai")
        ),
        _FLAG,
    ),
    ("month", "unit"),
)  # fmt: skip
TABLES = (COVERAGE, COMPLETIONS, PEOPLE)


def rows_of(db: Session, table: OpenTable, province_code: str, day: date) -> list[list[Value]]:
    """In the order of the fields, as of the end of the month that `day` ends."""
    make = {COVERAGE.name: _coverage, COMPLETIONS.name: _completions, PEOPLE.name: _people}[table.name]
    return make(db, province_code, day)


def _coverage(db: Session, province_code: str, day: date) -> list[list[Value]]:
    rows: list[list[Value]] = []
    for whole in computed_by_unit(db, Question("", province_code, day)):
        if whole.definition.measure != "people":
            continue
        numerators = told(whole.numerator or 0, [child.numerator or 0 for child in whole.children])
        bases = _bases(whole)
        for place, one in enumerate((whole, *whole.children)):
            is_whole = place == 0
            numerator = numerators.total if is_whole else numerators.parts[place - 1]
            flag = TOLD_PARTS if is_whole and not numerators.is_whole else _flag(numerator)
            rows.append([
                f"{day:%Y-%m}", whole.definition.code, one.unit_code, one.unit_name, one.unit_kind, numerator,
                bases[place], flag,
            ])  # fmt: skip
    return rows


def _bases(whole: Figure) -> list[int | None]:
    """The denominators of a unit and of those below; a figure somebody declared counts no list of ours."""
    values = [one.denominator.value for one in (whole, *whole.children)]
    if whole.denominator.kind != "roster":
        return values
    counts = [value or 0 for value in values]
    shown = told(counts[0], counts[1:])
    return [shown.total, *shown.parts]


def _completions(db: Session, _province_code: str, day: date) -> list[list[Value]]:
    course = func.coalesce(Course.code, Completion.programme_code)
    found = db.execute(
        select(course, func.count())
        .select_from(Completion)
        .outerjoin(Course, Course.id == Completion.course_id)
        .where(Completion.completed_on.between(day.replace(day=1), day), _stands())
        .group_by(course)
        .order_by(course)
    ).all()
    shown = told(sum(count for _course, count in found), [count for _course, count in found])
    month = f"{day:%Y-%m}"
    rows: list[list[Value]] = [[month, "total", shown.total, _flag(shown.total) if shown.is_whole else TOLD_PARTS]]
    codes = [code for code, _count in found]
    return rows + [[month, code, count, _flag(count)] for code, count in zip(codes, shown.parts, strict=True)]


def _people(db: Session, province_code: str, day: date) -> list[list[Value]]:
    province = unit_queries.unit_on(db, province_code, day)
    if province is None:
        return []
    units = unit_queries.children_on(db, province.unit_id, day)
    counts = dict(
        db.execute(
            select(UnitClosure.ancestor_id, func.count(holder_of(Completion.person_id).distinct()))
            .select_from(Completion)
            .join(CompletionPost, CompletionPost.completion_id == Completion.id)
            .join(UnitClosure, UnitClosure.descendant_id == CompletionPost.unit_id)
            .where(Completion.completed_on.between(day.replace(month=1, day=1), day), _stands())
            .where(UnitClosure.ancestor_id.in_([unit.unit_id for unit in units]), closure_on(day))
            .group_by(UnitClosure.ancestor_id)
        ).all()
    )
    shown = [(unit, rounded(counts.get(unit.unit_id, 0))) for unit in units]
    return [
        [f"{day:%Y-%m}", unit.code, unit.name, unit.kind, people, _flag(people)] for unit, people in shown
    ]  # fmt: skip


def _stands() -> ColumnElement[bool]:
    return ~exists().where(CompletionAnnulment.completion_id == Completion.id)


def _flag(count: int | None) -> str | None:
    return UNDER if count is None else None


def month_before(day: date) -> date:
    """The last day of the month that is over."""
    return date.fromordinal(day.replace(day=1).toordinal() - 1)
