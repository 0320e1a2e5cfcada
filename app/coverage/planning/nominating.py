"""Sending people to a task of the plan: within the unit's quota, and with it to the course the task is learnt in."""

from collections.abc import Collection
from datetime import date

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from app.assignments import service as assignments
from app.assignments.models import Assignment
from app.assignments.rules import Rule
from app.assignments.service import Order
from app.catalogue.models import Course, CourseVersion
from app.core import audit, clock
from app.core.access import Actor, UnitClosure, closure_on
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.i18n import gettext as _
from app.core.i18n import ngettext
from app.coverage.planning.models import PlanDecision, PlanLine, PlanNomination, PlanTask, PlanYear
from app.coverage.planning.policy import UNIT
from app.coverage.planning.years import quotas_in_force
from app.identity.models import Affiliation, Person
from app.identity.policy import held_on
from app.identity.records import holder_of, records_by_holder
from app.identity.units import unit_queries

MOST_AT_ONCE = 500


def nominate(
    db: Session, actor: Actor, plan: PlanYear, programme_code: str, unit_id: int, person_ids: Collection[int]
) -> int:
    """Put people of the unit's roster on its list; how many are new there.

    Raises Conflict where no decision is in force, Invalid for more people than the quota leaves room for, for people of
    another unit, and for who is on another unit's list.
    """
    _require_approved(plan)
    # One at a time for a unit, so that two managers do not take the last place twice.
    db.scalar(
        select(PlanLine).where(
            PlanLine.plan_id == plan.id, PlanLine.programme_code == programme_code, PlanLine.unit_id == unit_id
        ).with_for_update()
    )  # fmt: skip
    quota = quotas_in_force(db, plan.id).get((programme_code, unit_id), (0, 0))[0]
    wanted = list(records_by_holder(db, person_ids))
    if stray := set(wanted) - roster(db, unit_id, wanted):
        raise Invalid(fields={"people": ngettext(
            "%(count)s người không có vị trí ở đơn vị này.", "%(count)s người không có vị trí ở đơn vị này.", len(stray)
        )})  # fmt: skip
    standing = nominated(db, plan, programme_code)
    new = [person_id for person_id in wanted if person_id not in standing]
    if elsewhere := [person_id for person_id in wanted if standing.get(person_id, unit_id) != unit_id]:
        names = db.scalars(select(Person.name).where(Person.id.in_(elsewhere)).order_by(Person.sort_name)).all()
        said = _("Đơn vị khác đã cử: %(names)s.", names="; ".join(names[:5]))
        raise Invalid(fields={"people": said})
    taken = sum(unit == unit_id for unit in standing.values())
    if taken + len(new) > quota:
        said = _(
            "Quá số giao: đơn vị được giao %(quota)s người, đã cử %(taken)s, chọn thêm %(more)s.", quota=quota,
            taken=taken, more=len(new),
        )  # fmt: skip
        raise Invalid(fields={"people": said})
    now = clock.now()
    db.add_all(
        PlanNomination(
            plan_id=plan.id, programme_code=programme_code, unit_id=unit_id, person_id=person_id, nominated_at=now,
            account_id=actor.account_id,
        )
        for person_id in new
    )  # fmt: skip
    db.flush()
    if new:
        audit.record(
            db, "plan.nominate", "plan_year", plan.id, account_id=actor.account_id, programme=programme_code,
            unit=unit_id, count=len(new),
        )  # fmt: skip
        if (assignment := assignment_of(db, plan, programme_code)) and assignment.ended_at is None:
            assignments.nominate(db, assignment, new, actor)
    return len(new)


def find_nomination(db: Session, actor: Actor, plan: PlanYear, nomination_id: int) -> PlanNomination:
    """Raises NotFound for one of a unit outside of the actor's care."""
    found = db.scalar(
        select(PlanNomination).where(
            PlanNomination.id == nomination_id, PlanNomination.plan_id == plan.id,
            PlanNomination.unit_id.in_(actor.units_with(UNIT)),
        )
    )  # fmt: skip
    if found is None:
        raise NotFound
    return found


def withdraw(db: Session, actor: Actor, plan: PlanYear, nomination: PlanNomination, reason: str) -> None:
    """Take somebody off the list, with a reason that is kept; again, nothing changes. Raises Invalid without one."""
    if nomination.withdrawn_at is not None:
        return
    _require_approved(plan)
    reason = " ".join(reason.split())[:300]
    if not reason:
        raise Invalid(fields={"reason": _("Hãy ghi lý do.")})
    nomination.withdrawn_at, nomination.withdrawn_by = clock.now(), actor.account_id
    nomination.reason = reason
    db.flush()
    audit.record(db, "plan.withdraw", "plan_nomination", nomination.id, account_id=actor.account_id)
    if assignment := assignment_of(db, plan, nomination.programme_code):
        holder_id = db.scalars(select(holder_of(nomination.person_id))).one()
        assignments.withdraw(db, assignment, holder_id, actor)


def open_course(
    db: Session, actor: Actor, plan: PlanYear, programme_code: str, course_id: int, due_on: date, province_id: int
) -> Assignment:
    """From now on whoever is nominated to the task is given this course, due then; who is nominated already, at once.

    Raises Forbidden for a course of another task, Conflict where one is given already, Invalid for a day in the past.
    """
    _require_approved(plan)
    if assignment_of(db, plan, programme_code):
        raise Conflict(_("Nhiệm vụ này đã có khóa học."))
    if course_id not in {course.id for course, _title in courses_of(db, programme_code) if course.retired_at is None}:
        raise Forbidden(_("Hãy chọn một khóa học của nhiệm vụ này."))
    decision = db.scalars(
        select(PlanDecision).where(PlanDecision.plan_id == plan.id).order_by(PlanDecision.id.desc()).limit(1)
    ).one()
    order = Order(
        course_id=course_id, rule=Rule(province_id), due_on=due_on, asks_commitment=True, awaits_names=True,
        grounds=_("Kế hoạch năm %(year)s, Quyết định %(number)s", year=plan.year, number=decision.number),
        person_ids=tuple(nominated(db, plan, programme_code)),
    )  # fmt: skip
    made = assignments.assign(db, actor, order)
    db.add(PlanTask(plan_id=plan.id, programme_code=programme_code, assignment_id=made.id))
    db.flush()
    return made


def assignment_of(db: Session, plan: PlanYear, programme_code: str) -> Assignment | None:
    """What whoever is nominated to the task is given."""
    return db.scalar(
        select(Assignment)
        .join(PlanTask, PlanTask.assignment_id == Assignment.id)
        .where(PlanTask.plan_id == plan.id, PlanTask.programme_code == programme_code)
    )


def courses_of(db: Session, programme_code: str) -> list[tuple[Course, str]]:
    """Published courses of the task, with their titles."""
    query = (
        select(Course, CourseVersion.title)
        .join(CourseVersion, CourseVersion.id == Course.published_version_id)
        .where(CourseVersion.programme_code == programme_code)
        .order_by(Course.code)
    )
    return [(course, title) for course, title in db.execute(query)]


def nominated(db: Session, plan: PlanYear, programme_code: str) -> dict[int, int]:
    """Whoever stands on a list of the task, as they are shown -> the unit that sends them."""
    query = select(holder_of(PlanNomination.person_id), PlanNomination.unit_id).where(
        PlanNomination.plan_id == plan.id, PlanNomination.programme_code == programme_code,
        PlanNomination.withdrawn_at.is_(None),
    )  # fmt: skip
    return dict(db.execute(query.order_by(PlanNomination.id.desc())).all())


def roster(db: Session, unit_id: int, person_ids: Collection[int]) -> set[int]:
    """Who of these people, as they are shown, holds a post today in the unit or below it."""
    today = clock.today()
    below = select(UnitClosure.descendant_id).where(
        UnitClosure.ancestor_id == unit_id, closure_on(today), UnitClosure.carried != "before"
    )
    kin = [record for records in records_by_holder(db, person_ids).values() for record in records]
    query = select(holder_of(Affiliation.person_id)).where(
        Affiliation.person_id.in_(kin), Affiliation.unit_id.in_(below), held_on(today)
    )
    return set(db.scalars(query))


def post_words(
    db: Session, person_ids: Collection[int], posts: ColumnElement[bool], day: date
) -> dict[int, str]:  # fmt: skip
    """Of people, as they are shown, the post among `posts` and its unit in words; of several the primary one."""
    records = [record for kin in records_by_holder(db, person_ids).values() for record in kin]
    rows = db.execute(
        select(holder_of(Affiliation.person_id), Affiliation.title, Affiliation.unit_id)
        .where(posts, Affiliation.person_id.in_(records))
        .order_by(Affiliation.is_primary, Affiliation.started_on.desc(), Affiliation.id.desc())
    ).all()
    units = unit_queries.units_by_id(db, {unit_id for *_rest, unit_id in rows}, day)
    return {person_id: ", ".join(filter(None, (title, units[unit_id].name))) for person_id, title, unit_id in rows}


def _require_approved(plan: PlanYear) -> None:
    if plan.state != "approved":
        raise Conflict(_("Chỉ cử được người khi kế hoạch đã phê duyệt và chưa khóa."))
