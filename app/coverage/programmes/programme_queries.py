"""What came of each training task in a span of days: enrolments, distinct people, completions, certificates."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Date, Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.catalogue.models import Course, CourseVersion
from app.catalogue.programmes import ProgrammePlan, plans
from app.certificates.models import Certificate, CertificateRevocation
from app.classes.models import HeldClass
from app.core import clock
from app.core.access import UnitClosure, closure_on
from app.core.errors import NotFound
from app.core.i18n import gettext as _
from app.core.templating import format_date
from app.identity.models import Affiliation
from app.identity.records import holder_of
from app.identity.units import unit_queries
from app.identity.units.unit_queries import UnitOnDay
from app.learning.models import Completion, CompletionAnnulment, CompletionPost, Enrolment

# Beside the codes of tasks: all of them together.
TOTAL = ""

# Rows of (course version, count).
_Counts = Select[*tuple[Any, ...]]


@dataclass(frozen=True)
class Activity:
    """`enrolments` are lượt; `people` are distinct persons among them; annulled and revoked ones are not counted."""

    enrolments: int = 0
    people: int = 0
    completions: int = 0
    certificates: int = 0


@dataclass(frozen=True)
class LinkedCourse:
    code: str
    slug: str
    title: str


@dataclass(frozen=True)
class ProgrammeRow:
    plan: ProgrammePlan
    activity: Activity
    courses: tuple[LinkedCourse, ...]


@dataclass(frozen=True)
class ProgrammeReport:
    """All tasks at one unit; `total.people` counts nobody twice, so it is not the sum of the rows.

    `counted_at`: when kept figures were counted (kept.py); None if just now.
    """

    first: date
    last: date
    unit: UnitOnDay
    is_whole: bool
    rows: tuple[ProgrammeRow, ...]
    total: Activity
    counted_at: datetime | None = None


def programme_report(db: Session, province_code: str, unit_code: str, first: date, last: date) -> ProgrammeReport:
    """Both days belong to the span; the unit is read on the last one. Raises NotFound for an unknown unit.

    At the province everybody counts, also who has no post. Below it a person counts at one post: for an enrolment the
    one of that day, for completion and certificate the one stored with the completion (DESIGN 5, Two posts).
    """
    unit = asked_unit(db, province_code, unit_code, last)
    below = None if is_whole(unit, province_code) else subtree(unit.unit_id, last)
    found = activity_of(db, first, last, below)
    return ProgrammeReport(first, last, unit, below is None, task_rows(db, found), found[TOTAL])


def asked_unit(db: Session, province_code: str, unit_code: str, day: date) -> UnitOnDay:
    """The province unless another is asked for."""
    unit = unit_queries.unit_on(db, unit_code or province_code, day)
    if unit is None:
        raise NotFound(
            _("Ngày %(day)s không có đơn vị nào mang mã %(code)s.", day=format_date(day), code=unit_code[:40])
        )
    return unit


def is_whole(unit: UnitOnDay, province_code: str) -> bool:
    return unit.code == province_code and unit.kind == "province"


def activity_of(db: Session, first: date, last: date, below: Select[int] | None = None) -> dict[str, Activity]:
    """By task, and TOTAL; of everybody, or at posts of the units `below`. Costs by what was done in the span."""
    enrolled, people, everybody = _enrolled(db, first, last, below)
    task_of = _tasks(db)
    completed = _counted(db, task_of, *_completions(first, last, below))
    completed.update(_elsewhere(db, first, last, below))
    certified = _counted(db, task_of, *_certificates(first, last, below))
    found = {
        code: Activity(enrolled.get(code, 0), people.get(code, 0), completed[code], certified[code])
        for code in {*enrolled, *completed, *certified}
    }
    total = Activity(sum(enrolled.values()), everybody, sum(completed.values()), sum(certified.values()))
    return found | {TOTAL: total}


def task_rows(db: Session, activity: Mapping[str, Activity]) -> tuple[ProgrammeRow, ...]:
    """In the order of the plan, with the courses of each."""
    courses = _courses(db)
    return tuple(
        ProgrammeRow(plan, activity.get(plan.code, Activity()), tuple(courses.get(plan.code, ()))) for plan in plans()
    )


def people_who_completed(db: Session, report: ProgrammeReport) -> dict[str, int]:
    """Of each task the distinct people behind the completions of the report; tasks without any are left out."""
    task = func.coalesce(CourseVersion.programme_code, Completion.programme_code)
    query = (
        select(task, func.count(holder_of(Completion.person_id).distinct()))
        .select_from(Completion)
        .outerjoin(CourseVersion, CourseVersion.id == Completion.course_version_id)
        .outerjoin(CompletionAnnulment, CompletionAnnulment.completion_id == Completion.id)
        .where(task.is_not(None), CompletionAnnulment.completion_id.is_(None))
        .where(Completion.completed_on >= report.first, Completion.completed_on <= report.last)
        .group_by(task)
    )
    if not report.is_whole:
        query = query.where(*_counted_below(subtree(report.unit.unit_id, report.last)))
    return dict(db.execute(query).all())


def classes_held(db: Session, report: ProgrammeReport) -> dict[str, int]:
    """Of each task the classes that ended in the report's span, by the unit that held them."""
    task = func.coalesce(HeldClass.programme_code, CourseVersion.programme_code)
    query = (
        select(task, func.count())
        .select_from(HeldClass)
        .outerjoin(CourseVersion, CourseVersion.id == HeldClass.course_version_id)
        .where(task.is_not(None), HeldClass.last_on >= report.first, HeldClass.last_on <= report.last)
        .group_by(task)
    )
    if not report.is_whole:
        query = query.where(HeldClass.unit_id.in_(subtree(report.unit.unit_id, report.last)))
    return dict(db.execute(query).all())


def subtree(unit_id: int, day: date) -> Select[int]:
    """Ids of the unit and all that counts under it on the day."""
    return select(UnitClosure.descendant_id).where(
        UnitClosure.ancestor_id == unit_id, closure_on(day), UnitClosure.carried != "before"
    )


def _enrolled(
    db: Session, first: date, last: date, below: Select[int] | None
) -> tuple[dict[str, int], dict[str, int], int]:
    """Enrolments and distinct people by task, and distinct people of all tasks together."""
    base = enrolments_between(first, last)
    if below is not None:
        ever = aliased(Affiliation)
        base = (
            base.join(Affiliation, Affiliation.id == post_at_enrolment(db))
            .where(Affiliation.unit_id.in_(below))
            # Follows from the line above, and leads to the few enrolments for which it has to be found out.
            .where(Enrolment.person_id.in_(select(ever.person_id).where(ever.unit_id.in_(below))))
        )
    rows = base.subquery()
    by_task = db.execute(
        select(rows.c.code, func.count(), func.count(rows.c.person_id.distinct())).group_by(rows.c.code)
    ).all()
    everybody = db.scalar(select(func.count(rows.c.person_id.distinct()))) or 0
    return {row[0]: row[1] for row in by_task}, {row[0]: row[2] for row in by_task}, everybody


def enrolments_between(first: date, last: date) -> Select[*tuple[Any, ...]]:
    """`code` of the task and the human being of each enrolment."""
    return (
        select(CourseVersion.programme_code.label("code"), holder_of(Enrolment.person_id).label("person_id"))
        .join(CourseVersion, CourseVersion.id == Enrolment.course_version_id)
        .where(CourseVersion.programme_code.is_not(None))
        .where(Enrolment.enrolled_at > _eve(first), Enrolment.enrolled_at <= clock.end_of_day(last))
    )


def post_at_enrolment(db: Session) -> Any:
    """The id of the one post an enrolment counts at."""
    day, post = _vietnam_day(db, Enrolment.enrolled_at), aliased(Affiliation)
    return (
        select(post.id)
        .where(post.person_id == Enrolment.person_id, post.started_on <= day)
        .where(or_(post.ended_on.is_(None), post.ended_on >= day))
        .order_by(post.is_primary.desc(), post.started_on, post.id)
        .limit(1)
        .correlate(Enrolment)
        .scalar_subquery()
    )


def _completions(first: date, last: date, below: Select[int] | None) -> tuple[_Counts, _Counts]:
    """Completions by course version, and the annulled ones among them."""
    of_tasks = select(CourseVersion.id).where(CourseVersion.programme_code.is_not(None))
    query: _Counts = (
        select(Completion.course_version_id, func.count())
        .where(Completion.course_version_id.in_(of_tasks))
        .where(Completion.completed_on >= first, Completion.completed_on <= last)
        .group_by(Completion.course_version_id)
    )
    if below is not None:
        query = query.where(*_counted_below(below))
    return query, query.join(CompletionAnnulment, CompletionAnnulment.completion_id == Completion.id)


def _elsewhere(db: Session, first: date, last: date, below: Select[int] | None) -> Counter[str]:
    """Completions outside of our courses by task: classes held, evidence of other platforms."""
    query = (
        select(Completion.programme_code, func.count())
        .outerjoin(CompletionAnnulment, CompletionAnnulment.completion_id == Completion.id)
        .where(Completion.programme_code.is_not(None), CompletionAnnulment.completion_id.is_(None))
        .where(Completion.completed_on >= first, Completion.completed_on <= last)
        .group_by(Completion.programme_code)
    )
    if below is not None:
        query = query.where(*_counted_below(below))
    return Counter({code or "": count for code, count in db.execute(query)})


def _certificates(first: date, last: date, below: Select[int] | None) -> tuple[_Counts, _Counts]:
    """Certificates by course version, and the revoked ones among them."""
    query: _Counts = (
        select(Completion.course_version_id, func.count())
        .join(Certificate, Certificate.completion_id == Completion.id)
        # A paper that replaces another is no further certificate; revoking it revokes the first as well.
        .where(Certificate.issued_on >= first, Certificate.issued_on <= last, Certificate.edition == 1)
        .group_by(Completion.course_version_id)
    )
    if below is not None:
        query = query.where(*_counted_below(below))
    return query, query.join(CertificateRevocation, CertificateRevocation.certificate_id == Certificate.id)


def _counted_below(below: Select[int]) -> tuple[ColumnElement[bool], ...]:
    """The post a completion counts at lies in the subtree; the first clause leads to the few that have one there."""
    counting = (
        select(CompletionPost.unit_id)
        .where(CompletionPost.completion_id == Completion.id)
        .order_by(CompletionPost.is_primary.desc(), CompletionPost.started_on, CompletionPost.affiliation_id)
        .limit(1)
        .correlate(Completion)
        .scalar_subquery()
    )
    having_one = select(CompletionPost.completion_id).where(CompletionPost.unit_id.in_(below))
    return Completion.id.in_(having_one), counting.in_(below)


def _tasks(db: Session) -> dict[int, str]:
    """The training task of each course version that has one."""
    rows = db.execute(
        select(CourseVersion.id, CourseVersion.programme_code).where(CourseVersion.programme_code.is_not(None))
    )
    return {version_id: task for version_id, task in rows if task}


def _counted(db: Session, task_of: Mapping[int, str], made: _Counts, ended: _Counts) -> Counter[str]:
    """By task; what was ended is taken off the whole, for asking it of each one costs more than counting them."""
    found: Counter[str] = Counter()
    for sign, query in ((1, made), (-1, ended)):
        for version_id, count in db.execute(query):
            if task := task_of.get(version_id):
                found[task] += sign * count
    return found


def _courses(db: Session) -> dict[str, list[LinkedCourse]]:
    """Courses one may begin, by task."""
    found: dict[str, list[LinkedCourse]] = defaultdict(list)
    for programme, code, slug, title in db.execute(
        select(CourseVersion.programme_code, Course.code, Course.slug, CourseVersion.title)
        .join(CourseVersion, CourseVersion.id == Course.published_version_id)
        .where(CourseVersion.programme_code.is_not(None), Course.retired_at.is_(None))
        .order_by(Course.code)
    ):
        found[programme or ""].append(LinkedCourse(code, slug, title))
    return found


def _eve(day: date) -> datetime:
    """The last instant before a Vietnamese day."""
    return clock.end_of_day(day - timedelta(days=1))


def _vietnam_day(db: Session, instant: Any) -> ColumnElement[date]:
    """The Vietnamese day of a stored instant; Vietnam has kept UTC+7 since before the platform."""
    if db.get_bind().dialect.name == "postgresql":
        return func.date(func.timezone("Asia/Ho_Chi_Minh", instant), type_=Date)
    return func.date(instant, "+7 hours", type_=Date)
