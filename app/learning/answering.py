"""Saving answers in groups: the half of the route that runs on the committer's thread, as saving.py does for videos.

A class that sits a test together sends an answer a second each; they share a transaction, and each is answered after
COMMIT. Answers of one attempt are applied in the order they came.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from msgspec import Struct
from sqlalchemy import Table, bindparam, select
from sqlalchemy.orm import Session

from app.catalogue.questions import Fields
from app.core import clock, i18n
from app.core.batching import GroupCommitter
from app.core.db import Database
from app.core.errors import AppError, NotFound, SignInRequired
from app.core.many_rows import ChangeRows
from app.core.prepared import Prepared
from app.core.templating import format_datetime
from app.identity.records import holder_of
from app.identity.sign_in.accounts import people_signed_in
from app.learning import guests
from app.learning.activity import is_news
from app.learning.models import Attempt, Enrolment
from app.learning.quizzes import keep_answer, require_open

_ATTEMPT, _ENROLMENT = (cast(Table, model.__table__) for model in (Attempt, Enrolment))

_THESE = _ATTEMPT.c.id.in_(bindparam("ids", expanding=True))
# The enrolments first and in order of id, as everywhere (docs/architecture.md 4).
_LOCK = (
    select(_ENROLMENT.c.id)
    .join(_ATTEMPT, _ATTEMPT.c.enrolment_id == _ENROLMENT.c.id)
    .where(_THESE)
    .order_by(_ENROLMENT.c.id)
    .with_for_update(of=_ENROLMENT)
)
_READ = Prepared(
    select(
        *(_ATTEMPT.c[name] for name in (
            "id", "lesson_key", "paper", "answers", "answer_seq", "submitted_at", "deadline_at", "saved_at",
        )),
        _ENROLMENT.c.id.label("enrolment_id"), holder_of(_ENROLMENT.c.person_id), _ENROLMENT.c.guest_id,
        _ENROLMENT.c.last_lesson_key, _ENROLMENT.c.last_active_at,
    )
    .join(_ENROLMENT, _ENROLMENT.c.id == _ATTEMPT.c.enrolment_id)
    .where(_THESE)
)  # fmt: skip
_CHANGE_ATTEMPTS = ChangeRows(_ATTEMPT, ("answers", "answer_seq", "saved_at"))
_CHANGE_ENROLMENTS = ChangeRows(_ENROLMENT, ("last_lesson_key", "last_active_at"))


class AnswerSave(Struct, frozen=True):
    """One answer on its way: the values of a form by part, and a rising `sequence` if the page counts.

    `waited`: how long ago it was given, as its page says.

    `token` and `browser` are cookies, resolved in the batch; what is refused is said in `language`.
    """

    token: str
    browser: str
    attempt_id: int
    question_id: str
    fields: Fields
    sequence: int | None
    language: str
    waited: timedelta = timedelta()


class SavedAnswers(Struct, frozen=True):
    """How much of a paper is answered, and when the last answer was saved, in words: “10:42” for today, with the date
    for other days, empty before the first answer.
    """

    answered_count: int
    question_count: int
    saved_time: str


@dataclass(slots=True)
class _Paper:
    """An attempt and its enrolment while a batch is applied."""

    id: int
    lesson_key: str
    paper: dict[str, Any]
    answers: dict[str, Any]
    answer_seq: dict[str, int]
    submitted_at: datetime | None
    deadline_at: datetime | None
    saved_at: datetime
    enrolment_id: int
    person_id: int | None
    guest_id: int | None
    last_lesson_key: str | None
    last_active_at: datetime
    changed: bool = False


def saved_answers(paper: dict[str, Any], answers: dict[str, Any], saved_at: datetime) -> SavedAnswers:
    """What the bar over an open paper says."""
    count = sum(answers.get(question["id"]) is not None for question in paper["questions"])
    return SavedAnswers(count, len(paper["questions"]), _time_of(saved_at) if answers else "")


def _time_of(saved_at: datetime) -> str:
    text = format_datetime(saved_at)
    return text.partition(" ")[2] if clock.day_of(saved_at) == clock.today() else text


def save_answers(db: Session, saves: Sequence[AnswerSave]) -> list[SavedAnswers | AppError]:
    """One answer per save, in order; a save that cannot be taken is answered with the error to tell."""
    learners = _Learners(db, saves)
    papers = _open(db, {save.attempt_id for save in saves})
    answered = [_answer(papers, learners, save) for save in saves]
    _write(db, [paper for paper in papers.values() if paper.changed])
    return answered


def answer_committer(database: Database) -> GroupCommitter[AnswerSave, SavedAnswers | AppError]:
    """The committer `app.state.answer_committer`; the application starts and stops it."""
    return GroupCommitter(database, save_answers, "answers")


class _Learners:
    """Who sent what: whoever is signed in, else the guest of the browser."""

    def __init__(self, db: Session, saves: Sequence[AnswerSave]) -> None:
        self._people = people_signed_in(db, {save.token for save in saves if save.token})
        self._guests = guests.guest_ids(db, {save.browser for save in saves if save.token not in self._people})

    def of(self, save: AnswerSave) -> tuple[int | None, int | None]:
        """(person, guest), one of them None; raises SignInRequired for nobody."""
        if person_id := self._people.get(save.token):
            return person_id, None
        if guest_id := self._guests.get(save.browser):
            return None, guest_id
        raise SignInRequired


def _open(db: Session, attempt_ids: Collection[int]) -> dict[int, _Paper]:
    connection, these = db.connection(), {"ids": sorted(attempt_ids)}
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK, these)
    return {id_: _Paper(id_, *values) for id_, *values in _READ.all(db, **these)}


def _answer(papers: dict[int, _Paper], learners: _Learners, save: AnswerSave) -> SavedAnswers | AppError:
    i18n.speak(save.language)
    try:
        learner = learners.of(save)
        paper = papers.get(save.attempt_id)
        if paper is None or (paper.person_id, paper.guest_id) != learner:
            raise NotFound
        require_open(paper.submitted_at, paper.deadline_at, save.waited)
        if keep_answer(paper.paper, paper.answers, paper.answer_seq, save.question_id, save.fields, save.sequence):
            paper.saved_at, paper.changed = clock.now(), True
        return saved_answers(paper.paper, paper.answers, paper.saved_at)
    except AppError as error:
        return error


def _write(db: Session, papers: Sequence[_Paper]) -> None:
    connection = db.connection()
    _CHANGE_ATTEMPTS.run(
        connection,
        [
            {"id": one.id, "answers": one.answers, "answer_seq": one.answer_seq, "saved_at": one.saved_at}
            for one in papers
        ],
    )
    # The latest of somebody's papers in one course is where to go on.
    active = {
        one.enrolment_id: {"id": one.enrolment_id, "last_lesson_key": one.lesson_key, "last_active_at": one.saved_at}
        for one in sorted(papers, key=lambda one: one.saved_at)
        if is_news(one.last_lesson_key, one.last_active_at, one.lesson_key, one.saved_at)
    }
    _CHANGE_ENROLMENTS.run(connection, list(active.values()))
