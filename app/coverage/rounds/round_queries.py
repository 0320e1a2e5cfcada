"""What the pages of declaration rounds show."""

from collections import Counter
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.access import Actor
from app.core.errors import NotFound
from app.core.i18n import lazy as _
from app.coverage.rounds.models import DeclarationRound, DeclarationStep, UnitDeclaration
from app.coverage.rounds.opening import DECLARE, MANAGE, answering_for
from app.coverage.rounds.subjects import asked_kind, subjects_of, value_words
from app.identity.models import Account, Person
from app.identity.units import unit_queries

# Words and the state of a tag.
STATES = {
    "waiting": (_("chưa trả lời"), ""), "draft": (_("đang soạn"), "mid"), "submitted": (_("chờ duyệt"), "act"),
    "returned": (_("gửi lại để sửa"), "due"), "approved": (_("đã duyệt"), "ok"),
}  # fmt: skip
STEPS = {
    "submitted": _("nộp"), "returned": _("gửi lại"), "approved": _("duyệt"), "reopened": _("khai lại"),
}  # fmt: skip


@dataclass(frozen=True)
class RoundRow:
    """`done` submitted or approved, of `asked` units."""

    round: DeclarationRound
    asked: int
    done: int
    approved: int


@dataclass(frozen=True)
class AnswerRow:
    """One unit of a round. `values` in words; `is_late`: due and not there, or handed in after the day."""

    round: DeclarationRound
    unit_id: int
    unit_name: str
    state: str
    values: tuple[str, ...]
    is_late: bool
    submitted_on: date | None
    has_somebody: bool = True


@dataclass(frozen=True)
class StepRow:
    step: DeclarationStep
    by: str


def rounds_of(db: Session, actor: Actor) -> list[RoundRow]:
    """The rounds the actor may run, newest first."""
    rounds = db.scalars(
        select(DeclarationRound)
        .where(DeclarationRound.unit_id.in_(actor.units_with(MANAGE)))
        .order_by(DeclarationRound.id.desc())
        .limit(100)
    ).all()
    states: dict[int, Counter[str]] = {one.id: Counter() for one in rounds}
    counted = db.execute(
        select(UnitDeclaration.round_id, UnitDeclaration.state, func.count())
        .where(UnitDeclaration.round_id.in_(states))
        .group_by(UnitDeclaration.round_id, UnitDeclaration.state)
    )
    for round_id, state, count in counted:
        states[round_id][state] = count
    return [
        RoundRow(
            one, states[one.id].total(), states[one.id]["submitted"] + states[one.id]["approved"],
            states[one.id]["approved"],
        )
        for one in rounds
    ]  # fmt: skip


def asked_of(db: Session, actor: Actor, *, open_only: bool = False) -> list[AnswerRow]:
    """What units in the actor's care are asked, by deadline; not what he asks himself."""
    query = (
        select(DeclarationRound, UnitDeclaration)
        .join(UnitDeclaration, UnitDeclaration.round_id == DeclarationRound.id)
        .where(UnitDeclaration.unit_id.in_(actor.units_with(DECLARE)))
        .where(DeclarationRound.unit_id.not_in(actor.units_with(MANAGE)))
        .order_by(DeclarationRound.due_on.desc(), DeclarationRound.id, UnitDeclaration.unit_id)
        .limit(200)
    )
    if open_only:
        query = query.where(DeclarationRound.closed_at.is_(None), UnitDeclaration.state != "approved")
    found = [(round_, answer) for round_, answer in db.execute(query)]
    names = unit_queries.units_by_id(db, {answer.unit_id for _round, answer in found}, clock.today())
    return [
        _row(round_, answer, names[answer.unit_id].name if answer.unit_id in names else "", ())
        for round_, answer in found
    ]


def round_to_run(db: Session, actor: Actor, round_id: int) -> DeclarationRound:
    """Raises NotFound for one the actor may not run."""
    found = db.scalar(
        select(DeclarationRound).where(
            DeclarationRound.id == round_id, DeclarationRound.unit_id.in_(actor.units_with(MANAGE))
        )
    )
    if found is None:
        raise NotFound
    return found


def answers_of(db: Session, round_: DeclarationRound) -> list[AnswerRow]:
    """Every unit asked: those to decide about first, then those that owe an answer."""
    answers = db.scalars(select(UnitDeclaration).where(UnitDeclaration.round_id == round_.id)).all()
    names = unit_queries.units_by_id(db, {one.unit_id for one in answers}, clock.today())
    reached = answering_for(db, round_, [one.unit_id for one in answers])
    subjects = subjects_of(db, round_)
    order = ("submitted", "returned", "draft", "waiting", "approved")
    rows = [
        _row(
            round_, one, names[one.unit_id].name if one.unit_id in names else "",
            tuple(
                value_words(asked_kind(round_, subject), one.typed.get(subject.code, ""), subject.counted_in)
                if one.state in ("submitted", "approved") else ""
                for subject in subjects
            ),
            has_somebody=one.unit_id in reached,
        )
        for one in answers
    ]  # fmt: skip
    places = {unit.unit_id: place for place, unit in enumerate(unit_queries.in_order(names.values()))}
    return sorted(rows, key=lambda row: (order.index(row.state), places.get(row.unit_id, 0)))


def steps_of(db: Session, answer: UnitDeclaration) -> list[StepRow]:
    rows = db.execute(
        select(DeclarationStep, Person.name)
        .join(Account, Account.id == DeclarationStep.account_id)
        .join(Person, Person.id == Account.person_id)
        .where(DeclarationStep.declaration_id == answer.id)
        .order_by(DeclarationStep.id.desc())
    )
    return [StepRow(step, name) for step, name in rows]


def is_late(round_: DeclarationRound, answer: UnitDeclaration) -> bool:
    """Handed in after the day, or still owed after it."""
    if answer.state in ("submitted", "approved") and answer.submitted_at:
        return clock.day_of(answer.submitted_at) > round_.due_on
    return clock.today() > round_.due_on


def _row(
    round_: DeclarationRound, answer: UnitDeclaration, name: str, values: tuple[str, ...], *, has_somebody: bool = True
) -> AnswerRow:
    submitted = clock.day_of(answer.submitted_at) if answer.submitted_at else None
    return AnswerRow(
        round_, answer.unit_id, name, answer.state, values, is_late(round_, answer), submitted, has_somebody
    )
