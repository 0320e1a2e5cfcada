"""The verbs of assigning: give, end, nominate, excuse, extend, remind, promise."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.assignments.members import keep_list, open_rounds
from app.assignments.models import (
    Assignment,
    AssignmentCommitment,
    AssignmentMember,
    AssignmentPick,
    AssignmentRound,
)  # fmt: skip
from app.assignments.policy import granting_unit
from app.assignments.rules import Rule
from app.assignments.telling import remind
from app.core import audit, clock, jobs
from app.core.access import Actor
from app.core.errors import Conflict, Invalid
from app.core.i18n import lazy as _
from app.identity.records import records_by_holder

LATEST_GRACE_DAYS = 365


@dataclass(frozen=True)
class Order:
    """What somebody asks for: a course, for whom, until when, on what grounds."""

    course_id: int
    rule: Rule
    due_on: date
    is_yearly: bool = False
    grounds: str = ""
    counts_programme: bool = True
    asks_commitment: bool = False
    grace_days: int = 30
    person_ids: tuple[int, ...] = ()
    # Nobody is named yet: people are nominated one by one, as to a task of the year's plan.
    awaits_names: bool = False


def assign(db: Session, actor: Actor, order: Order) -> Assignment:
    """Give the course; the list of people is drawn up by a job of this transaction.

    Raises Invalid if it names nobody by any rule, or is due in the past; NotFound for a unit that is not the actor's.
    """
    if order.due_on < clock.today():
        raise Invalid(fields={"due": str(_("Hạn phải từ hôm nay trở đi."))})
    if not (order.rule.audiences or order.person_ids or order.awaits_names):
        raise Invalid(fields={"audience": str(_("Hãy chọn ít nhất một nhóm đối tượng, hoặc đề cử từng người."))})
    assignment = Assignment(
        course_id=order.course_id, unit_id=granting_unit(db, actor, order.rule.unit_id),
        account_id=actor.account_id, rule=order.rule.as_json(),
        grounds=order.grounds, is_yearly=order.is_yearly, due_month=order.due_on.month, due_day=order.due_on.day,
        counts_programme=order.counts_programme, asks_commitment=order.asks_commitment, grace_days=order.grace_days,
        created_at=clock.now(),
    )  # fmt: skip
    db.add(assignment)
    db.flush()
    _pick(db, assignment, order.person_ids, actor)
    _open(db, assignment, order.due_on)
    audit.record(db, "assignment.assign", "assignment", assignment.id, account_id=actor.account_id)
    order_list(db, assignment)
    return assignment


def open_due_rounds(db: Session) -> int:
    """Begin this year's round of every yearly assignment that has none yet; how many began."""
    today = clock.today()
    begun = select(AssignmentRound.assignment_id).where(AssignmentRound.period >= str(today.year))
    waiting = db.scalars(
        select(Assignment).where(Assignment.is_yearly, Assignment.ended_at.is_(None), Assignment.id.not_in(begun))
    ).all()
    for assignment in waiting:
        _open(db, assignment, _day_of_year(today.year, assignment.due_month, assignment.due_day))
        order_list(db, assignment)
    return len(waiting)


def order_list(db: Session, assignment: Assignment) -> None:
    """Have the lists of an assignment brought up to date by a job."""
    jobs.enqueue(
        db, "assignments.keep_list", subject=f"assignment:{assignment.id}",
        unique_key=f"assignments.keep_list:{assignment.id}", assignment_id=assignment.id,
    )  # fmt: skip


def end(db: Session, assignment: Assignment, actor: Actor) -> None:
    """No more reminders, no newcomers; what was fulfilled stays. Ending again changes nothing."""
    if assignment.ended_at is None:
        assignment.ended_at, assignment.ended_by = clock.now(), actor.account_id
        audit.record(db, "assignment.end", "assignment", assignment.id, account_id=actor.account_id)
        db.flush()


def nominate(db: Session, assignment: Assignment, person_ids: Collection[int], actor: Actor) -> int:
    """Put people on the list by name; how many are new there. Raises Conflict for an assignment that has ended."""
    if assignment.ended_at is not None:
        raise Conflict(_("Việc giao học này đã kết thúc."))
    _pick(db, assignment, person_ids, actor)
    audit.record(
        db, "assignment.nominate", "assignment", assignment.id, account_id=actor.account_id, count=len(person_ids)
    )
    return sum(keep_list(db, round_, person_ids) for round_ in open_rounds(db, clock.today(), assignment.id))


def withdraw(db: Session, assignment: Assignment, person_id: int, actor: Actor) -> None:
    """Take back a nomination: whoever no rule names leaves the list, unless they have fulfilled it already."""
    records = records_by_holder(db, [person_id])[person_id]
    db.execute(
        delete(AssignmentPick).where(
            AssignmentPick.assignment_id == assignment.id, AssignmentPick.person_id.in_(records)
        )
    )
    audit.record(db, "assignment.withdraw", "assignment", assignment.id, account_id=actor.account_id)
    for round_ in open_rounds(db, clock.today(), assignment.id):
        keep_list(db, round_, [person_id])


def exempt(db: Session, member: AssignmentMember, reason: str, actor: Actor) -> None:
    """Excuse somebody, with a reason that is kept."""
    member.exempt_reason, member.exempted_at, member.exempted_by = _reason(reason), clock.now(), actor.account_id
    audit.record(db, "assignment.exempt", "assignment_member", member.id, account_id=actor.account_id)
    db.flush()


def lift_exemption(db: Session, member: AssignmentMember, actor: Actor) -> None:
    """They are asked for it again."""
    member.exempt_reason = member.exempted_at = member.exempted_by = None
    audit.record(db, "assignment.lift_exemption", "assignment_member", member.id, account_id=actor.account_id)
    db.flush()


def extend(db: Session, member: AssignmentMember, due_on: date, reason: str, actor: Actor) -> None:
    """Give somebody more time, with a reason that is kept. Raises Invalid for a day before their present one."""
    if due_on <= member.due_on or due_on < clock.today():
        raise Invalid(fields={"due": str(_("Hạn mới phải sau hạn hiện nay và từ hôm nay trở đi."))})
    said = _reason(reason)
    audit.record(
        db, "assignment.extend", "assignment_member", member.id, account_id=actor.account_id,
        before=member.due_on.isoformat(), after=due_on.isoformat(),
    )  # fmt: skip
    member.due_on, member.extension_reason = due_on, said
    db.flush()


def remind_now(db: Session, round_: AssignmentRound, members: Sequence[AssignmentMember], actor: Actor) -> int:
    """Remind those chosen, each once a day at most; how many were."""
    told = remind(db, round_, members)
    audit.record(db, "assignment.remind", "assignment", round_.assignment_id, account_id=actor.account_id, count=told)
    return told


def commit_to(db: Session, member: AssignmentMember, wording: str) -> AssignmentCommitment:
    """The person's promise in these words; promising again returns the first one."""
    known = db.get(AssignmentCommitment, member.id)
    if known is not None:
        return known
    promise = AssignmentCommitment(member_id=member.id, wording=wording, committed_at=clock.now())
    db.add(promise)
    audit.record(db, "assignment.commit", "assignment_member", member.id)
    db.flush()
    return promise


def _pick(db: Session, assignment: Assignment, person_ids: Collection[int], actor: Actor) -> None:
    picked = set(db.scalars(select(AssignmentPick.person_id).where(AssignmentPick.assignment_id == assignment.id)))
    db.add_all(
        AssignmentPick(
            assignment_id=assignment.id, person_id=person_id, account_id=actor.account_id, picked_at=clock.now()
        )
        for person_id in dict.fromkeys(person_ids)
        if person_id not in picked
    )
    db.flush()


def _open(db: Session, assignment: Assignment, due_on: date) -> AssignmentRound:
    """A yearly one counts what was completed in the calendar year of its due day; else whatever still counts."""
    year = due_on.year
    round_ = AssignmentRound(
        assignment=assignment, period=str(year) if assignment.is_yearly else "", due_on=due_on,
        counts_from=date(year, 1, 1) if assignment.is_yearly else None,
        counts_until=date(year, 12, 31) if assignment.is_yearly else None,
        opened_at=clock.now(),
    )  # fmt: skip
    db.add(round_)
    db.flush()
    return round_


def _day_of_year(year: int, month: int, day: int) -> date:
    """29/02 is the last day of February in other years."""
    try:
        return date(year, month, day)
    except ValueError:
        return date(year, month, 28)


def _reason(text: str) -> str:
    reason = " ".join(text.split())[:300]
    if not reason:
        raise Invalid(fields={"reason": str(_("Hãy ghi lý do."))})
    return reason
