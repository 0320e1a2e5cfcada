"""The tables of single records: completions, people, certificates, attempts. What an export and the API can give.

Each is a select of its fields, in the order of its key.
No identity numbers, birth dates, telephones or addresses are among the fields.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, and_, case, cast, func, literal, or_, select
from sqlalchemy.orm import Session

from app.catalogue.models import Course, CourseVersion
from app.certificates.models import Certificate, CertificateReplacement, CertificateRevocation
from app.certificates.queries import is_newest
from app.core import clock
from app.core.access import UnitClosure, closure_on
from app.core.db import Database, Instant
from app.core.errors import Invalid, NotFound
from app.core.i18n import gettext, lazy
from app.core.i18n import lazy as _
from app.core.long_columns import LongColumn, Reading, changed
from app.core.long_files import Keys, Tell, long_select, write_long
from app.core.table_files import FOR_PEOPLE
from app.core.tables import Cell, Column, Kind
from app.core.templating import format_datetime
from app.coverage.counting.first_post import is_first_post
from app.identity.models import Affiliation, AffiliationAudience, Person, UnitVersion
from app.identity.policy import held_on
from app.identity.records import holder_of, records_holding
from app.identity.units import unit_queries
from app.learning.models import Attempt, Completion, CompletionAnnulment, CompletionPost, Enrolment

# Who may take names away; where is for `Actor.units_with` to say.
NAMES = "export.completions"
_UNIT_VALUES = (UnitVersion.code, UnitVersion.name)
_WAYS = {
    "online": _("trực tuyến"), "class": _("lớp tập trung"), "group": _("buổi cộng đồng"), "exam": _("sát hạch"),
    "evidence": _("minh chứng"),
}  # fmt: skip
# So many rows are written where somebody waits for them; more take a process of their own.
_SHORT = 20_000


@dataclass(frozen=True)
class Field:
    """A column one may choose. Programs get `value` under `name`; people get `words` of it, where there are any."""

    name: str
    title: lazy
    value: Any
    kind: Kind = "text"
    width: int = 18
    words: Mapping[Any, lazy | str] | None = None
    read: Reading = ""

    @property
    def unit_value(self) -> int | None:
        """Which of the values of UnitVersion it is, if it is one."""
        return next((place for place, value in enumerate(_UNIT_VALUES) if value is self.value), None)

    def column(self, *, for_people: bool) -> LongColumn:
        words = [(value, str(text)) for value, text in (self.words or {}).items()] if for_people else []
        return LongColumn(Column(str(self.title), self.kind, self.width, self.name), self.read, words, self.unit_value)


@dataclass(frozen=True)
class Records:
    """A table of records. `source(day)` has its joins, `within(units, day)` says which rows lie in these units.

    `day_field`: what the filters `first` and `last` look at; without one, `last` is the day the table shows.
    """

    name: str
    title: lazy
    note: lazy
    key: ColumnElement[int]
    fields: tuple[Field, ...]
    source: Callable[[Select[Any], date], Select[Any]]
    within: Callable[[Select[int], date], ColumnElement[bool]]
    # The unit of a record, and the day whose name of it is shown; where fields of UnitVersion are.
    unit_at: Callable[[date], tuple[Any, Any]] | None = None
    day_field: ColumnElement[Any] | None = None

    def chosen(self, names: Sequence[str]) -> tuple[Field, ...]:
        """The fields of these names in their own order, all for none; raises Invalid for a name that is none."""
        if unknown := set(names) - {one.name for one in self.fields}:
            raise Invalid(_("Bảng này không có cột %(name)s."), name=", ".join(sorted(unknown)))
        return tuple(one for one in self.fields if not names or one.name in names)


@dataclass(frozen=True)
class Wanted:
    """Which records: at `unit_code` and below, of a `course`, from `first` to `last` (days, both included).

    `units`: a select of the unit ids one may see, None for all. `columns`: names of fields, all for none.
    """

    unit_code: str | None = None
    first: date | None = None
    last: date | None = None
    course: str | None = None
    units: Select[int] | None = field(default=None, hash=False)
    columns: tuple[str, ...] = ()

    @classmethod
    def of(cls, filters: Mapping[str, Any], units: Select[int] | None) -> "Wanted":
        """From the JSON an export was asked with, in these units."""
        return cls(
            unit_code=filters.get("unit") or None, course=filters.get("course") or None,
            first=date.fromisoformat(filters["from"]) if filters.get("from") else None,
            last=date.fromisoformat(filters["to"]) if filters.get("to") else None,
            units=units, columns=tuple(filters.get("columns") or ()),
        )  # fmt: skip


def write_records(
    database: Database, db: Session, records: Records, wanted: Wanted, path: Path, format: str, tell: Tell
) -> int:
    """The file with words and Vietnamese heads, or for programs with names and codes; the number of rows.

    `db` says what there is to be read; the rows are read beside it (`write_long`, which says what `tell` hears).
    """
    fields = records.chosen(wanted.columns)
    made = gettext("Xuất lúc %(instant)s.", instant=format_datetime(clock.now()))
    query, periods = _with_units_apart(db, records, wanted, fields)
    wish = long_select(
        database, query, records.key, [one.column(for_people=format in FOR_PEOPLE) for one in fields], format,
        sheet=str(records.title), notes=(str(records.title), f"{made} {records.note}"), periods=periods,
    )  # fmt: skip
    return write_long(database, wish, _keys(db, records, wanted), path, tell)


def _with_units_apart(
    db: Session, records: Records, wanted: Wanted, fields: Sequence[Field]
) -> tuple[Select[Any], Select[Any] | None]:
    """The names of units are read once, not with each row."""
    own = [one for one in fields if one.unit_value is None]
    query = records_query(db, records, wanted, own)
    if len(own) == len(fields) or records.unit_at is None:
        return query, None
    unit_id, day = records.unit_at(_day_of(records, wanted))
    columns: list[Any] = [UnitVersion.unit_id, UnitVersion.valid_from, UnitVersion.valid_to, *_UNIT_VALUES]
    return query.add_columns(unit_id.label("_unit"), day.label("_day")), select(*columns)


def _keys(db: Session, records: Records, wanted: Wanted) -> Keys:
    """Where the rows lie; only a few are looked at to know whether there are few."""
    first, last = db.execute(select(func.min(records.key), func.max(records.key))).one()
    some = records_query(db, records, wanted, ()).add_columns(records.key).limit(_SHORT + 1).subquery()
    count = db.scalar(select(func.count()).select_from(some)) or 0
    return Keys(first or 0, last or 0, count <= _SHORT)


def records_query(db: Session, records: Records, wanted: Wanted, fields: Sequence[Field]) -> Select[Any]:
    """Its columns are those of `fields`; raises NotFound for a unit there is none of."""
    day = _day_of(records, wanted)
    query = records.source(select(*(one.value.label(one.name) for one in fields)), day)
    if records.unit_at and any(one.unit_value is not None for one in fields):
        query = query.outerjoin(UnitVersion, _unit_on(*records.unit_at(day)))
    if (column := records.day_field) is not None:
        is_instant = isinstance(column.type, Instant)
        if wanted.first:
            query = query.where(column >= (clock.start_of_day(wanted.first) if is_instant else wanted.first))
        if wanted.last:
            query = query.where(column <= (clock.end_of_day(wanted.last) if is_instant else wanted.last))
    if wanted.course:
        query = query.where(Course.code == wanted.course)
    if wanted.unit_code:
        query = query.where(records.within(_subtree(db, wanted.unit_code), day))
    if wanted.units is not None:
        query = query.where(records.within(wanted.units, day))
    return query


def _day_of(records: Records, wanted: Wanted) -> date:
    """The day the table shows."""
    return wanted.last if records.day_field is None and wanted.last else clock.today()


def as_cells(fields: Sequence[Field], rows: Iterable[Sequence[Any]]) -> Iterator[Sequence[Cell]]:
    """Rows of `records_query` as programs get them."""
    changes = [(place, change) for place, one in enumerate(fields) if (change := changed(one.read, None)) is not None]
    for row in rows:
        cells = list(row)
        for place, change in changes:
            cells[place] = change(cells[place])
        yield cells


def _subtree(db: Session, code: str) -> Select[int]:
    unit = unit_queries.unit_on(db, code, clock.today())
    if unit is None:
        raise NotFound(_("Hôm nay không có đơn vị nào mang mã %(code)s."), code=code)
    return select(UnitClosure.descendant_id).where(
        UnitClosure.ancestor_id == unit.unit_id, closure_on(clock.today()), UnitClosure.carried != "before"
    )


def _unit_on(unit_id: Any, day: Any) -> ColumnElement[bool]:
    return and_(
        UnitVersion.unit_id == unit_id,
        UnitVersion.valid_from <= day,
        or_(UnitVersion.valid_to.is_(None), UnitVersion.valid_to > day),
    )


_PERSON = Field("person", _("Mã người học"), Person.ref, width=26)
_WHO = (_PERSON, Field("name", _("Họ và tên"), Person.name, width=28))
_UNIT = Field("unit", _("Mã đơn vị"), UnitVersion.code, width=12)


# --- the four -----------------------------------------------------------------------------------------------------

_IS_ANNULLED = Completion.id.in_(select(CompletionAnnulment.completion_id))


def _completions(query: Select[Any], _day: date) -> Select[Any]:
    of_day = and_(CompletionPost.completion_id == Completion.id, is_first_post())
    return (
        query.select_from(Completion)
        .join(Person, Person.id == holder_of(Completion.person_id))
        .outerjoin(Course, Course.id == Completion.course_id)
        .outerjoin(CourseVersion, CourseVersion.id == Completion.course_version_id)
        .outerjoin(CompletionPost, of_day)
        .outerjoin(Certificate, and_(Certificate.completion_id == Completion.id, is_newest()))
    )


COMPLETIONS = Records(
    "completions", _("Hoàn thành"), _("Mỗi dòng là một lần hoàn thành; một người có thể có nhiều dòng."),
    Completion.id,  # type: ignore[arg-type]
    (
        *_WHO,
        _UNIT,
        Field("unit_name", _("Đơn vị ngày hoàn thành"), UnitVersion.name, width=32,
              words={None: _("chưa xác định đơn vị")}),
        Field("title", _("Chức vụ"), CompletionPost.title, width=22),
        Field("audiences", _("Nhóm đối tượng"), cast(CompletionPost.audiences, Text), width=16, read="codes"),
        Field("course", _("Mã khóa học, nhiệm vụ"), func.coalesce(Course.code, Completion.programme_code), width=16),
        Field("course_title", _("Khóa học, nội dung"), func.coalesce(CourseVersion.title, Completion.title), width=44),
        Field("course_version", _("Phiên bản"), CourseVersion.number, "int", 10),
        Field("how", _("Hình thức"), Completion.how, width=12, words=_WAYS),
        Field("completed_on", _("Ngày hoàn thành"), Completion.completed_on, "date", 14),
        Field("valid_until", _("Có giá trị đến"), Completion.valid_until, "date", 14),
        Field("recorded_at", _("Ghi nhận lúc"), Completion.recorded_at, "instant", 17),
        Field("hours", _("Số giờ"), Completion.hours, "number", 8),
        Field("score_percent", _("Điểm (%)"), Completion.score_percent, "number", 9, read="rounded"),
        Field("certificate", _("Số giấy chứng nhận"), Certificate.number, width=22),
        Field("state", _("Trạng thái"), case((_IS_ANNULLED, "annulled"), else_="valid"), width=14,
              words={"valid": _("có hiệu lực"), "annulled": _("đã hủy")}),
    ),
    _completions, lambda units, _day: CompletionPost.unit_id.in_(units),
    lambda _day: (CompletionPost.unit_id, Completion.completed_on), Completion.completed_on,  # type: ignore[arg-type]
)  # fmt: skip


def _people(query: Select[Any], day: date) -> Select[Any]:
    return (
        query.select_from(Affiliation).join(Person, Person.id == holder_of(Affiliation.person_id)).where(held_on(day))
    )


_AUDIENCES = (
    select(func.aggregate_strings(AffiliationAudience.audience_code, ","))
    .where(AffiliationAudience.affiliation_id == Affiliation.id)
    .correlate(Affiliation)
    .scalar_subquery()
)


PEOPLE = Records(
    "people", _("Người và vị trí công tác"),
    _("Mỗi dòng là một vị trí công tác của ngày được chọn; một người có thể giữ nhiều vị trí."),
    Affiliation.id,  # type: ignore[arg-type]
    (
        *_WHO,
        _UNIT,
        Field("unit_name", _("Đơn vị"), UnitVersion.name, width=32),
        Field("title", _("Chức vụ"), Affiliation.title, width=22),
        Field("audiences", _("Nhóm đối tượng"), _AUDIENCES, width=16, read="listed_codes"),
        Field("is_primary", _("Vị trí chính"), Affiliation.is_primary, "int", 10, read="truth",
              words={True: _("chính"), False: _("kiêm nhiệm")}),
        Field("started_on", _("Từ ngày"), Affiliation.started_on, "date", 14),
        Field("ended_on", _("Đến ngày"), Affiliation.ended_on, "date", 14),
    ),
    _people, lambda units, _day: Affiliation.unit_id.in_(units), lambda day: (Affiliation.unit_id, literal(day)),
)  # fmt: skip


def _certificates(query: Select[Any], _day: date) -> Select[Any]:
    return (
        query.select_from(Certificate)
        .join(Person, Person.id == holder_of(Certificate.person_id))
        .join(Completion, Completion.id == Certificate.completion_id)
        .outerjoin(Course, Course.id == Completion.course_id)
        .outerjoin(CertificateRevocation, CertificateRevocation.certificate_id == Certificate.id)
        .outerjoin(CertificateReplacement, CertificateReplacement.certificate_id == Certificate.id)
    )


CERTIFICATES = Records(
    "certificates", _("Giấy chứng nhận"),
    _("Mỗi dòng là một giấy, như đã ghi ngày cấp; giấy đã thay hoặc thu hồi vẫn có."),
    Certificate.id,  # type: ignore[arg-type]
    (
        Field("number", _("Số giấy chứng nhận"), Certificate.number, width=22),
        _PERSON,
        Field("name", _("Họ và tên"), Certificate.holder_name, width=28),
        Field("title", _("Chức vụ"), Certificate.holder_title, width=22),
        _UNIT,
        Field("unit_name", _("Đơn vị ghi trên giấy"), Certificate.unit_name, width=32),
        Field("course", _("Mã khóa học"), Course.code, width=16),
        Field("course_title", _("Khóa học"), Certificate.course_title, width=44),
        Field("course_version", _("Phiên bản"), Certificate.course_version_number, "int", 10),
        Field("hours", _("Số giờ"), Certificate.hours, "number", 8),
        Field("score_percent", _("Điểm (%)"), Certificate.score_percent, "number", 9, read="rounded"),
        Field("completed_on", _("Ngày hoàn thành"), Certificate.completed_on, "date", 14),
        Field("issued_on", _("Ngày cấp"), Certificate.issued_on, "date", 14),
        Field("valid_until", _("Có giá trị đến"), Certificate.valid_until, "date", 14),
        Field("state", _("Trạng thái"),
              case((CertificateRevocation.certificate_id.is_not(None), "revoked"),
                   (CertificateReplacement.certificate_id.is_not(None), "replaced"), else_="valid"),
              width=14,
              words={"valid": _("có hiệu lực"), "revoked": _("đã thu hồi"), "replaced": _("đã thay giấy khác")}),
    ),
    _certificates, lambda units, _day: Certificate.unit_id.in_(units),
    lambda _day: (Certificate.unit_id, Certificate.completed_on), Certificate.issued_on,  # type: ignore[arg-type]
)  # fmt: skip


def _attempts(query: Select[Any], _day: date) -> Select[Any]:
    return (
        query.select_from(Attempt)
        .join(Enrolment, Enrolment.id == Attempt.enrolment_id)
        .join(Person, Person.id == holder_of(Enrolment.person_id))
        .join(Course, Course.id == Enrolment.course_id)
        .join(CourseVersion, CourseVersion.id == Attempt.course_version_id)
    )


def _of_members(units: Select[int], day: date) -> ColumnElement[bool]:
    return Enrolment.person_id.in_(records_holding(Affiliation.unit_id.in_(units) & held_on(day)))


ATTEMPTS = Records(
    "attempts", _("Lượt làm bài"), _("Mỗi dòng là một lượt làm bài của người đang công tác ở các đơn vị được chọn."),
    Attempt.id,  # type: ignore[arg-type]
    (
        *_WHO,
        Field("course", _("Mã khóa học"), Course.code, width=16),
        Field("course_title", _("Khóa học"), CourseVersion.title, width=44),
        Field("course_version", _("Phiên bản"), CourseVersion.number, "int", 10),
        Field("lesson", _("Mã bài"), Attempt.lesson_key, width=24),
        Field("number", _("Lượt thứ"), Attempt.number, "int", 10),
        Field("started_at", _("Bắt đầu lúc"), Attempt.started_at, "instant", 17),
        Field("submitted_at", _("Nộp lúc"), Attempt.submitted_at, "instant", 17),
        Field("score_percent", _("Điểm (%)"), Attempt.result["percent"].as_float(), "number", 9, read="rounded"),
        Field("passed", _("Đạt"), Attempt.passed, "int", 10, read="truth",
              words={True: _("đạt"), False: _("chưa đạt"), None: "–"}),
        Field("is_timed_out", _("Hết giờ"), Attempt.is_timed_out, "int", 10, read="truth",
              words={True: _("hết giờ"), False: ""}),
    ),
    _attempts, _of_members, None, Attempt.started_at,  # type: ignore[arg-type]
)  # fmt: skip

RECORDS: dict[str, Records] = {one.name: one for one in (COMPLETIONS, PEOPLE, CERTIFICATES, ATTEMPTS)}
