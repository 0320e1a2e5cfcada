"""Keeping the list of a round: who the rule names today against who stands on it, and who has fulfilled it.

One rule for every cause: the first drawing, a newcomer, a transfer, a completion, an annulment (as in
coverage/counting/ledger.py).
"""

from collections import defaultdict
from collections.abc import Collection
from datetime import date, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from app.assignments.earning import earned
from app.assignments.models import Assignment, AssignmentMember, AssignmentRound
from app.assignments.rules import Rule, named, picked
from app.assignments.telling import tell_assigned
from app.core import clock
from app.identity.records import shown_as

_CHUNK = 500


def open_rounds(db: Session, today: date, assignment_id: int | None = None) -> list[AssignmentRound]:
    """The rounds whose lists are still kept: of assignments not ended, and of a year that is not over.

    With `assignment_id`, of that one alone.
    """
    query = (
        select(AssignmentRound)
        .join(Assignment)
        .options(joinedload(AssignmentRound.assignment))
        .where(
            Assignment.ended_at.is_(None),
            or_(AssignmentRound.counts_until.is_(None), AssignmentRound.counts_until >= today),
        )
        .order_by(AssignmentRound.id)
    )
    return list(db.scalars(query if assignment_id is None else query.where(Assignment.id == assignment_id)))


def keep_list(db: Session, round_: AssignmentRound, person_ids: Collection[int] | None = None) -> int:
    """Bring the list up to date, for `person_ids` or for everybody; how many people are new on it.

    Of a human being with several records (identity/records.py) each row that stands there is kept; none is added.
    """
    today = clock.today()
    assignment = round_.assignment
    shown = shown_as(db, person_ids)
    person_ids = person_ids if person_ids is None else shown.keys()
    wanted = named(db, Rule.of(assignment.rule), today, person_ids)
    for person_id, unit_id in picked(db, assignment, today, person_ids).items():
        wanted.setdefault(person_id, unit_id)
    standing = _standing(db, round_, person_ids)
    there = {shown.get(member.person_id, member.person_id) for member in standing}
    new = _add(db, round_, {person_id: unit for person_id, unit in wanted.items() if person_id not in there})
    for member in standing:
        if member.completion_id is not None:
            continue
        person_id = shown.get(member.person_id, member.person_id)
        if person_id not in wanted:
            member.left_on = member.left_on or today
        else:
            member.left_on, member.unit_id = None, wanted[person_id]
    db.flush()
    settle(db, round_, [*standing, *new])
    if round_.drawn_at is None:
        round_.drawn_at = clock.now()
    tell_assigned(db, round_, [member for member in new if member.completion_id is None])
    return len(new)


def settle(db: Session, round_: AssignmentRound, members: Collection[AssignmentMember]) -> None:
    """Mark who has fulfilled the round, and no longer whose completion was annulled."""
    got = earned(db, round_, [member.person_id for member in members])
    for member in members:
        mine = got.get(member.person_id)
        completion_id, done_on = (mine.completion_id, mine.completed_on) if mine else (None, None)
        # A later word never replaces the completion that fulfilled it, unless that one is gone.
        if member.completion_id != completion_id:
            member.completion_id, member.done_on = completion_id, done_on
    db.flush()


def settle_people(db: Session, person_ids: Collection[int]) -> None:
    """After a completion or an annulment: every open round these people, 500 at most, are in; by round, not by person.

    Three queries, and three for each of those rounds.
    """
    rounds = open_rounds(db, clock.today())
    if not rounds:
        return
    theirs: dict[int, list[AssignmentMember]] = defaultdict(list)
    for member in db.scalars(
        select(AssignmentMember).where(
            AssignmentMember.person_id.in_(shown_as(db, person_ids)),
            AssignmentMember.round_id.in_([one.id for one in rounds]),
        )
    ):
        theirs[member.round_id].append(member)
    for round_ in rounds:
        if members := theirs.get(round_.id):
            settle(db, round_, members)


def _standing(db: Session, round_: AssignmentRound, person_ids: Collection[int] | None) -> list[AssignmentMember]:
    here = select(AssignmentMember).where(AssignmentMember.round_id == round_.id)
    if person_ids is None:
        return list(db.scalars(here))
    ids = sorted(set(person_ids))
    return [
        member
        for at in range(0, len(ids), _CHUNK)
        for member in db.scalars(here.where(AssignmentMember.person_id.in_(ids[at : at + _CHUNK])))
    ]


def _add(db: Session, round_: AssignmentRound, people: dict[int, int]) -> list[AssignmentMember]:
    today = clock.today()
    late = round_.drawn_at is not None
    due_on = max(round_.due_on, today + timedelta(days=round_.assignment.grace_days)) if late else round_.due_on
    new = [
        AssignmentMember(round_id=round_.id, person_id=person_id, unit_id=unit_id, joined_on=today, due_on=due_on)
        for person_id, unit_id in people.items()
    ]
    db.add_all(new)
    db.flush()
    return new
