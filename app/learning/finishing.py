"""Finishing in groups: what may end a lesson, and with it the course, for many people in one transaction.

When a whole province hands in its last paper within a minute, their lessons, completions, certificates and figures are
written together, as saving.py does with what they watch. Each is answered after COMMIT.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from fastapi import Request
from sqlalchemy import BindParameter, Table, bindparam, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from app.core import clock, i18n
from app.core.batching import GroupCommitter
from app.core.db import Database
from app.core.errors import AppError, NotFound, SignInRequired
from app.core.prepared import Prepared, loaded
from app.learning import guests
from app.learning.answer_files import Arrived, keep_with_files
from app.learning.attempt_rules import is_over
from app.learning.models import Attempt, Enrolment
from app.learning.quizzes import hand_in
from app.learning.service import judge_lessons


@dataclass(frozen=True, slots=True)
class SeenEnough:
    """What was watched or leafed through may just have finished this lesson (saving.py)."""

    enrolment_id: int
    lesson_key: str


@dataclass(frozen=True, slots=True)
class HandIn:
    """A paper on its way, with the fields of its page and the files chosen there.

    `records` of who is signed in (Actor.records); without any it is a guest's, whom the batch finds by the cookie
    `browser`. What is refused is said in `language`.
    """

    records: Collection[int]
    browser: str
    attempt_id: int
    fields: Mapping[str, Sequence[str]]
    language: str
    arrived: Arrived = field(default_factory=Arrived)


Moment = SeenEnough | HandIn
_Lesson = tuple[Enrolment, str]
# Whether the lesson is finished; or what is wrong with files, by question, which holds a paper back.
Answer = bool | dict[str, str]


_ATTEMPT, _ENROLMENT = (cast(Table, model.__table__) for model in (Attempt, Enrolment))
_THESE: BindParameter[Any] = bindparam("ids", expanding=True)
# Built once: every batch asks these.
_WHOSE = Prepared(select(_ATTEMPT.c.enrolment_id).where(_ATTEMPT.c.id.in_(_THESE)))
_ENROLMENTS = Prepared(
    select(_ENROLMENT).where(_ENROLMENT.c.id.in_(_THESE)).order_by(_ENROLMENT.c.id).with_for_update()
)
_ATTEMPTS = Prepared(select(_ATTEMPT).where(_ATTEMPT.c.id.in_(_THESE)))


async def finished(request: Request, moment: Moment) -> Answer:
    """What came of it, once it is committed; raises what cannot be taken."""
    answer: Answer | AppError = await request.app.state.finish_committer.save(moment)
    if isinstance(answer, AppError):
        raise answer
    return answer


def finish(db: Session, moments: Sequence[Moment]) -> list[Answer | AppError]:
    """One answer for each, in order; what cannot be taken is answered with the error to tell."""
    papers = [one for one in moments if isinstance(one, HandIn)]
    guest_ids = guests.guest_ids(db, {one.browser for one in papers if not one.records})
    attempts, enrolments = _open(db, moments, [one.attempt_id for one in papers])
    lessons: list[_Lesson | dict[str, str] | AppError] = []
    for one in moments:
        try:
            if isinstance(one, HandIn):
                i18n.speak(one.language)
                lessons.append(_take_paper(db, attempts, guest_ids, one))
            elif enrolment := enrolments.get(one.enrolment_id):
                lessons.append((enrolment, one.lesson_key))
            else:
                raise NotFound
        except AppError as error:
            lessons.append(error)
    db.flush()
    judged = iter(judge_lessons(db, [one for one in lessons if isinstance(one, tuple)]))
    return [next(judged).finished_at is not None if isinstance(one, tuple) else one for one in lessons]


def finish_committer(database: Database) -> GroupCommitter[Moment, Answer | AppError]:
    """The committer `app.state.finish_committer`; the application starts and stops it."""
    return GroupCommitter(database, finish, "finishing")


def _open(
    db: Session, moments: Sequence[Moment], attempt_ids: Sequence[int]
) -> tuple[dict[int, Attempt], dict[int, Enrolment]]:  # fmt: skip
    wanted = {one.enrolment_id for one in moments if isinstance(one, SeenEnough)}
    if attempt_ids:
        wanted |= set(_WHOSE.scalars(db, ids=attempt_ids))
    # The enrolments first and in order of id, as everywhere (docs/architecture.md 4): what is read next is as it is in
    # our turn.
    enrolments = {row.id: loaded(db, Enrolment, row) for row in _ENROLMENTS.all(db, ids=list(wanted))}
    attempts = {row.id: loaded(db, Attempt, row) for row in _ATTEMPTS.all(db, ids=attempt_ids)} if attempt_ids else {}
    for attempt in attempts.values():
        set_committed_value(attempt, "enrolment", enrolments[attempt.enrolment_id])
    return attempts, enrolments


def _take_paper(
    db: Session, attempts: Mapping[int, Attempt], guest_ids: Mapping[str, int], paper: HandIn
) -> _Lesson | dict[str, str]:  # fmt: skip
    guest_id = None if paper.records else guest_ids.get(paper.browser)
    if not paper.records and guest_id is None:
        raise SignInRequired
    attempt = attempts.get(paper.attempt_id)
    if attempt is None:
        raise NotFound
    if attempt.enrolment.guest_id != guest_id or (
        guest_id is None and attempt.enrolment.person_id not in paper.records
    ):
        raise NotFound
    is_open = attempt.submitted_at is None and not is_over(attempt.deadline_at, clock.now())
    if is_open and paper.arrived and (errors := keep_with_files(db, attempt, paper.fields, paper.arrived)):
        return errors
    hand_in(attempt, paper.fields)
    return attempt.enrolment, attempt.lesson_key
