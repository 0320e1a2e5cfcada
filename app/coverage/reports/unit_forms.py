"""B03 and B04: units below the one that reports, and the community digital technology teams of communes."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, Integer, Select, case, cast, func, or_, select
from sqlalchemy.orm import Session

from app.assignments.models import AssignmentMember
from app.assignments.states import is_shown
from app.catalogue.models import CourseVersion
from app.core import clock
from app.core.access import UnitClosure, closure_on
from app.coverage.counting.figures import Figure, Question, figure
from app.coverage.models import CoverageEntry
from app.coverage.planning.campaigns import guided_residents
from app.coverage.planning.planned_figures import nominated_by_unit, quotas_by_unit
from app.coverage.reports.frames import Cell
from app.identity.models import Affiliation, AffiliationAudience, Person, UnitVersion
from app.identity.policy import held_on
from app.identity.records import holder_of
from app.identity.units import unit_queries
from app.identity.units.unit_queries import UnitOnDay, in_force
from app.learning.models import Completion, CompletionAnnulment, Enrolment

# Officials, public employees and workers of the public sector, of the whole province.
OFFICIALS = "BD-CBCC"
_TEAM_TASK, _TEAM_MEMBERS = "P10-TCNSCD", "TCNSCD"
_COMMUNE_TEAM = "Tổ cấp xã"

NOTES_B03 = (
    f"Cột 3, 7, 8: chỉ tiêu {OFFICIALS} (cán bộ, công chức, viên chức khu vực công có vị trí ngày chốt), năm dương lịch"
    " đến ngày chốt. Cột 6: trong số ấy, người đã ghi danh hoặc đã hoàn thành trong năm. Cột 10, 11: trong số ở cột 7;"
    " nữ là người đã ghi giới tính nữ.",
    "Cột 9: người còn việc học được giao quá hạn ngày chốt. Cột 4: số giao của các nhiệm vụ theo quyết định"
    " có hiệu lực ngày chốt, cột 5: người được cử, mỗi người một lần; “–” khi năm ấy chưa có kế hoạch được phê duyệt.",
)
NOTES_B04 = (
    "Thành viên: người giữ vị trí thuộc nhóm Tổ công nghệ số cộng đồng ngày chốt, mỗi người ở một tổ. Đã học, hoàn"
    " thành: khóa của nhiệm vụ P10 trong năm dương lịch đến ngày chốt. Cột 9: số đơn vị tự khai trong nhật ký"
    " tuyên truyền; “–” là chưa khai.",
)


def unit_rows(db: Session, unit_code: str, as_of: date, map_on: date) -> list[tuple[Cell, ...]]:
    """B03: the units right below the one that reports, agencies before places; it alone where there is none below."""
    found = figure(db, Question(OFFICIALS, unit_code, as_of, map_on, period=str(as_of.year)))
    rows = found.children or (found,)
    unit_ids = list({found.unit_id, *(row.unit_id for row in rows)})
    people, late = _officials(db, found, unit_ids), _late(db, unit_ids, as_of, map_on)
    given = quotas_by_unit(db, as_of.year, unit_ids, as_of, map_on)
    sent = nominated_by_unit(db, as_of.year, unit_ids, as_of, map_on)
    plan = {
        one: (given[one], sent[one]) if given is not None and sent is not None else (None, None) for one in unit_ids
    }
    listed: list[tuple[Cell, ...]] = [
        (
            number, row.unit_name, row.denominator.value, *plan[row.unit_id], people["taking_part"][row.unit_id],
            row.numerator, None if row.ratio is None else round(row.ratio * 100, 6), late[row.unit_id],
            people["leaders"][row.unit_id], people["women"][row.unit_id],
            "không tách được theo đơn vị của bản đồ này" if row.group else None,
        )
        for number, row in enumerate(rows, start=1)
    ]  # fmt: skip
    return [*listed, _total_of_units(found, plan[found.unit_id], people, late)] if found.children else listed


def _total_of_units(
    found: Figure, plan: tuple[int | None, int | None], people: Mapping[str, Counter[int]], late: Counter[int]
) -> tuple[Cell, ...]:  # fmt: skip
    """The unit that reports itself: not always the sum of the rows, for some hold their post at no unit below it."""
    own = found.unit_id
    return (
        None, "Cộng", found.denominator.value, *plan, people["taking_part"][own], found.numerator,
        None if found.ratio is None else round(found.ratio * 100, 6), late[own], people["leaders"][own],
        people["women"][own], None,
    )  # fmt: skip


def _officials(db: Session, found: Figure, unit_ids: Sequence[int]) -> dict[str, Counter[int]]:
    """Of members of the roster, by unit: who takes part, and among those who are done leaders and women."""
    reference, year = found.reference_date, found.period.year
    roster = func.sum(case((CoverageEntry.measure == "roster", CoverageEntry.sign), else_=0))
    covered = func.sum(case((CoverageEntry.measure == "coverage", CoverageEntry.sign), else_=0))
    members = (
        select(CoverageEntry.person_id, CoverageEntry.unit_id, covered.label("covered"))
        .where(CoverageEntry.indicator_version_id == found.definition.version_id)
        .where(CoverageEntry.measure.in_(("roster", "coverage")), CoverageEntry.effective_on <= reference)
        .where(CoverageEntry.period.in_(("", str(year))))
        .group_by(CoverageEntry.person_id, CoverageEntry.unit_id)
        .having(roster > 0)
        .subquery()
    )
    begun = clock.end_of_day(found.period.year_began - timedelta(days=1))
    enrolled = select(holder_of(Enrolment.person_id)).where(
        Enrolment.enrolled_at > begun, Enrolment.enrolled_at <= clock.end_of_day(reference)
    )
    leads = select(Affiliation.person_id).where(
        Affiliation.person_id == members.c.person_id, Affiliation.unit_id == members.c.unit_id,
        Affiliation.is_leader.is_(True), held_on(reference),
    )  # fmt: skip
    is_done = members.c.covered > 0
    rows = db.execute(
        select(
            UnitClosure.ancestor_id, _count(or_(is_done, members.c.person_id.in_(enrolled))),
            _count(is_done & leads.exists()), _count(is_done & (Person.sex == "female")),
        )
        .select_from(members)
        .join(UnitClosure, UnitClosure.descendant_id == members.c.unit_id)
        .join(Person, Person.id == members.c.person_id)
        .where(UnitClosure.ancestor_id.in_(unit_ids), closure_on(found.map_on))
        .group_by(UnitClosure.ancestor_id)
    ).all()  # fmt: skip
    names = ("taking_part", "leaders", "women")
    return {name: Counter({row[0]: row[place] for row in rows}) for place, name in enumerate(names, start=1)}


def _late(db: Session, unit_ids: Sequence[int], day: date, map_on: date) -> Counter[int]:
    """People, each once, who had something assigned to do by then and had not done it."""
    rows = db.execute(
        select(UnitClosure.ancestor_id, func.count(holder_of(AssignmentMember.person_id).distinct()))
        .join(UnitClosure, UnitClosure.descendant_id == AssignmentMember.unit_id)
        .where(UnitClosure.ancestor_id.in_(unit_ids), closure_on(map_on))
        .where(AssignmentMember.due_on < day, AssignmentMember.exempted_at.is_(None), is_shown())
        .where(or_(AssignmentMember.done_on.is_(None), AssignmentMember.done_on > day))
        .where(or_(AssignmentMember.left_on.is_(None), AssignmentMember.left_on > day))
        .group_by(UnitClosure.ancestor_id)
    )
    return Counter(dict(rows.all()))


def _count(clause: ColumnElement[bool]) -> ColumnElement[int]:
    return cast(func.coalesce(func.sum(case((clause, 1), else_=0)), 0), Integer)


# --- teams ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Teams:
    """Of the teams of a commune: village teams, members, who studied, who completed, teams with one who did."""

    villages: int
    members: int
    studied: int
    completed: int
    active: int


def team_rows(db: Session, unit_code: str, as_of: date, map_on: date) -> list[tuple[Cell, ...]]:
    """B04: the communes below the unit, or it alone if it is one. What residents were guided is declared by units."""
    found = teams_by_commune(db, unit_code, as_of, map_on)
    year_began = date(as_of.year, 1, 1)
    guided = guided_residents(db, [unit.unit_id for unit, _teams in found], year_began, as_of, map_on)
    return [
        (
            number, unit.name, teams.villages, teams.members, teams.studied, teams.completed,
            round(100 * teams.completed / teams.members, 6) if teams.members else None, teams.active,
            guided.get(unit.unit_id), None,
        )
        for number, (unit, teams) in enumerate(found, start=1)
    ]  # fmt: skip


def teams_by_commune(
    db: Session, unit_code: str, as_of: date, map_on: date
) -> list[tuple[UnitOnDay, Teams]]:  # fmt: skip
    """The communes below the unit, or it alone if it is one; learning in the calendar year up to `as_of`."""
    unit = unit_queries.unit_on(db, unit_code, map_on)
    communes = [] if unit is None else _communes(db, unit, map_on)
    place = _places(db, [one.unit_id for one in communes], map_on)
    kinds = select(UnitVersion.unit_id, UnitVersion.type_name).where(UnitVersion.kind == "team", in_force(map_on))
    teams = dict(db.execute(kinds).all())
    villages = Counter(place[team] for team, kind in teams.items() if team in place and kind != _COMMUNE_TEAM)
    member_of = _team_members(db, as_of)
    learned = {person for person in _enrolled(db, as_of) if person in member_of}
    done = {person for person in _completed(db, as_of) if person in member_of}
    members, active = Counter[int](), defaultdict[int, set[int]](set)
    studied, completed = Counter[int](), Counter[int]()
    for person, team in member_of.items():
        if (commune := place.get(team)) is None:
            continue
        members[commune] += 1
        studied[commune] += person in learned or person in done
        completed[commune] += person in done
        if person in done and team in teams:
            active[commune].add(team)
    return [
        (
            one,
            Teams(
                villages[one.unit_id], members[one.unit_id], studied[one.unit_id], completed[one.unit_id],
                len(active[one.unit_id]),
            ),
        )
        for one in communes
    ]  # fmt: skip


def _communes(db: Session, unit: UnitOnDay, map_on: date) -> list[UnitOnDay]:
    below = select(UnitClosure.descendant_id).where(
        UnitClosure.ancestor_id == unit.unit_id, closure_on(map_on), UnitClosure.carried == ""
    )
    query = unit_queries.unit_versions().where(
        UnitVersion.kind == "commune", in_force(map_on), UnitVersion.unit_id.in_(below)
    )
    return unit_queries.in_order(unit_queries.listed(db, query))


def _places(db: Session, commune_ids: Sequence[int], map_on: date) -> dict[int, int]:
    """Unit -> the commune it counts under on the map."""
    query = select(UnitClosure.descendant_id, UnitClosure.ancestor_id).where(
        UnitClosure.ancestor_id.in_(commune_ids), closure_on(map_on), UnitClosure.carried != "before"
    )
    return dict(db.execute(query).all())


def _team_members(db: Session, day: date) -> dict[int, int]:
    """Person, as shown -> the unit of the post they count at: the primary one, then the earliest start, then the id."""
    query = (
        select(holder_of(Affiliation.person_id), Affiliation.unit_id)
        .join(AffiliationAudience, AffiliationAudience.affiliation_id == Affiliation.id)
        .where(AffiliationAudience.audience_code == _TEAM_MEMBERS, held_on(day))
        .order_by(Affiliation.is_primary.desc(), Affiliation.started_on, Affiliation.id)
    )
    member_of: dict[int, int] = {}
    for person_id, unit_id in db.execute(query):
        member_of.setdefault(person_id, unit_id)
    return member_of


def _team_courses() -> Select[int]:
    return select(CourseVersion.id).where(CourseVersion.programme_code == _TEAM_TASK)


def _enrolled(db: Session, day: date) -> set[int]:
    begun = clock.end_of_day(date(day.year - 1, 12, 31))
    query = select(holder_of(Enrolment.person_id)).where(
        Enrolment.course_version_id.in_(_team_courses()),
        Enrolment.enrolled_at > begun, Enrolment.enrolled_at <= clock.end_of_day(day),
    )  # fmt: skip
    return set(db.scalars(query))


def _completed(db: Session, day: date) -> set[int]:
    query = (
        select(holder_of(Completion.person_id))
        .outerjoin(CompletionAnnulment, CompletionAnnulment.completion_id == Completion.id)
        .where(CompletionAnnulment.completion_id.is_(None))
        .where(Completion.completed_on >= date(day.year, 1, 1), Completion.completed_on <= day)
    )
    # Each by its own index; asked at once, SQLite reads what everybody completed in the year.
    ours, elsewhere = Completion.course_version_id.in_(_team_courses()), Completion.programme_code == _TEAM_TASK
    return {*db.scalars(query.where(ours)), *db.scalars(query.where(elsewhere))}
