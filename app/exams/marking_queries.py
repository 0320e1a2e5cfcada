"""What those who mark see of exams: sittings with papers that wait, the answers of one, an answer. Never a name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.catalogue.questions import Question, Say
from app.core import clock
from app.core.access import Actor, UnitClosure, closure_on
from app.core.errors import NotFound
from app.exams.models import ExamCandidate, ExamMarking, ExamSitting
from app.exams.policy import marked
from app.exams.queries import WAITS, subject_of
from app.identity.models import Account, Person, RoleGrant
from app.identity.policy import granting
from app.learning.marking_queries import AnswerPage, MarkedLine, ToMark, WaitingElsewhere, marked_page
from app.learning.policy import MARK
from app.learning.quiz_texts import sayer


@dataclass(frozen=True)
class ExamQueue:
    """The answers of one sitting that wait, or were marked; in the order the papers were handed in."""

    sitting_id: int
    title: str
    subject: str
    is_signed: bool
    rows: tuple[ToMark, ...]


def waiting_sittings(db: Session, actor: Actor) -> tuple[WaitingElsewhere, ...]:
    """The oldest first; `count` is of papers."""
    found = db.execute(
        select(ExamSitting, func.count(ExamCandidate.id))
        .join(ExamCandidate, ExamCandidate.sitting_id == ExamSitting.id)
        .where(_waits_for(actor))
        .group_by(ExamSitting.id)
        .order_by(ExamSitting.opens_at, ExamSitting.id)
    ).all()
    return tuple(
        WaitingElsewhere(sitting.title, subject_of(db, sitting), f"/exams/{sitting.id}/marking", count)
        for sitting, count in found
    )


def waiting_count(db: Session, actor: Actor) -> int:
    """Papers that wait to be marked by the actor, or by somebody else who may."""
    papers = select(func.count()).select_from(ExamSitting).join(ExamCandidate)
    return db.scalar(papers.where(_waits_for(actor))) or 0


def exam_queue(db: Session, actor: Actor, sitting: ExamSitting, *, done: bool) -> ExamQueue:
    """A question is in one of the two lists: its answer waits, or it was marked. A fixed number of queries."""
    papers = db.scalars(
        select(ExamCandidate)
        .where(
            ExamCandidate.sitting_id == sitting.id, ExamCandidate.submitted_at.is_not(None),
            ExamCandidate.person_id.not_in(actor.records),
        )
        .order_by(ExamCandidate.submitted_at, ExamCandidate.id)
    ).all()  # fmt: skip
    given = set(
        db.execute(
            select(ExamMarking.candidate_id, ExamMarking.question_id).where(
                ExamMarking.candidate_id.in_([one.id for one in papers])
            )
        ).all()
    )
    subject = subject_of(db, sitting)
    files = {name: asset for one in papers for name, asset in (one.paper or {}).get("files", {}).items()}
    say_it = sayer(db, {"files": files})
    rows = tuple(
        _to_mark(sitting, candidate, question, subject, say_it)
        for candidate in papers
        for question in (candidate.paper or {})["questions"]
        if (
            (candidate.id, question["id"]) in given
            if done
            else (candidate.result or {})["questions"][question["id"]]["score"] is None
        )
    )
    return ExamQueue(sitting.id, sitting.title, subject, sitting.signed_at is not None, rows)


def find_paper(
    db: Session, sitting: ExamSitting, candidate_id: int, *, to_change: bool = False
) -> ExamCandidate:  # fmt: skip
    """One of the sitting that was handed in; else NotFound."""
    candidate = db.get(ExamCandidate, candidate_id, with_for_update=to_change or None)
    if candidate is None or candidate.sitting_id != sitting.id or candidate.submitted_at is None:
        raise NotFound
    return candidate


def exam_answer(
    db: Session, actor: Actor, sitting: ExamSitting, candidate: ExamCandidate, question_id: str, *,
    points: Sequence[str] | None = None, comment: str | None = None, errors: Mapping[str, str] = {},
) -> AnswerPage:  # fmt: skip
    """`points` and `comment` as typed, if something in them has to be mended."""
    assert candidate.paper is not None
    assert candidate.submitted_at is not None
    return marked_page(
        db, candidate.paper, candidate.answers, question_id, _history(db, candidate.id, question_id),
        course=subject_of(db, sitting), lesson=sitting.title, submitted_at=candidate.submitted_at,
        is_own=candidate.person_id in actor.records, back=(sitting.title, f"/exams/{sitting.id}/marking"),
        points=points, comment=comment, errors=errors,
    )  # fmt: skip


def who_may_mark(db: Session, sitting: ExamSitting) -> list[str]:
    """Names of those with the right over its unit, whom its organiser may ask."""
    holders = (
        select(RoleGrant.account_id)
        .join(UnitClosure, UnitClosure.ancestor_id == RoleGrant.unit_id)
        .where(
            granting(MARK), UnitClosure.descendant_id == sitting.unit_id,
            closure_on(clock.today()), UnitClosure.carried != "before",
        )
    )  # fmt: skip
    return _names(db, Account.id.in_(holders) & Account.disabled_at.is_(None))


def markers_of(db: Session, sitting: ExamSitting) -> list[str]:
    """Names of whoever marked something of it."""
    marked_here = (
        select(ExamMarking.account_id)
        .join(ExamCandidate, ExamCandidate.id == ExamMarking.candidate_id)
        .where(ExamCandidate.sitting_id == sitting.id)
    )
    return _names(db, Account.id.in_(marked_here))


def _names(db: Session, which: ColumnElement[bool]) -> list[str]:
    accounts = select(Person.name).join(Account, Account.person_id == Person.id).where(which)
    return list(db.scalars(accounts.order_by(Person.sort_name)))


def _waits_for(actor: Actor) -> ColumnElement[bool]:
    """Nobody marks their own."""
    return marked(actor) & WAITS & ExamCandidate.person_id.not_in(actor.records)


def _to_mark(
    sitting: ExamSitting, candidate: ExamCandidate, question: Question, subject: str, say_it: Say
) -> ToMark:  # fmt: skip
    assert candidate.submitted_at is not None
    url = f"/exams/{sitting.id}/marking/{candidate.id}/{question['id']}"
    return ToMark(url, subject, sitting.title, say_it(question["text"]).plain, candidate.submitted_at, "")


def _history(db: Session, candidate_id: int, question_id: str) -> tuple[MarkedLine, ...]:
    """The newest first."""
    rows = db.execute(
        select(ExamMarking, Person.name)
        .join(Account, Account.id == ExamMarking.account_id)
        .join(Person, Person.id == Account.person_id)
        .where(ExamMarking.candidate_id == candidate_id, ExamMarking.question_id == question_id)
        .order_by(ExamMarking.id.desc())
    )
    return tuple(MarkedLine(one.marked_at, name, tuple(one.points), one.comment) for one, name in rows)
