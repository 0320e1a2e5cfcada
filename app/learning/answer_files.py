"""Files handed in with answers: checked and stored before any transaction, put into an answer, taken out, forgotten.

An attempt's answers name its files (catalogue/questions/essay.py) and freeze with it; a row says where each one lies.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, BinaryIO

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.catalogue.questions import Answer
from app.catalogue.questions.asking import HandedFile
from app.catalogue.questions.essay import MOST_FILES, files_of, takes_files, with_files
from app.core import clock
from app.core.errors import Invalid, NotFound
from app.core.i18n import gettext as _
from app.core.jobs import JobContext
from app.core.storage import Storage
from app.learning.models import AnswerFile, Attempt, Enrolment
from app.learning.quizzes import keep_page, require_open
from app.learning.service import mark_active
from app.media.documents import MOST_BYTES, Document, check_document, keep_document

# What one attempt may store in all, files taken out again included: they are deleted only in the night.
MOST_STORED = 30
ABANDONED_AFTER = timedelta(days=30)


@dataclass(frozen=True)
class ArrivedFile:
    """Checked and stored, and no part of an answer yet."""

    question_id: str
    document: Document
    storage_key: str


@dataclass
class Arrived:
    """The files of one request; `errors` by question say what was wrong with others. `kept` are the storage keys of
    those that became part of an answer.
    """

    files: list[ArrivedFile] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.files or self.errors)

    def drop(self, storage: Storage, *, kept: bool) -> None:
        """Delete what became no part of an answer; with `kept` also what did, where its transaction failed."""
        for one in self.files:
            if kept or one.storage_key not in self.kept:
                storage.delete(one.storage_key)


def receive(
    storage: Storage, paper: Mapping[str, Any], chosen: Mapping[str, Sequence[tuple[str, BinaryIO]]]
) -> Arrived:  # fmt: skip
    """Check and store files by question, each with its name. Raises NotFound for a question that takes none."""
    if not chosen.keys() <= {question["id"] for question in paper["questions"] if takes_files(question)}:
        raise NotFound
    arrived = Arrived()
    try:
        for question_id, files in chosen.items():
            for name, stream in files[:MOST_FILES]:
                _receive_one(storage, arrived, question_id, name, stream)
            if len(files) > MOST_FILES:
                arrived.errors[question_id] = _too_many()
    except BaseException:
        arrived.drop(storage, kept=True)
        raise
    return arrived


def _receive_one(storage: Storage, arrived: Arrived, question_id: str, name: str, stream: BinaryIO) -> None:
    try:
        document = check_document(stream.read(MOST_BYTES + 1), name, takes_office=True)
    except Invalid as error:
        arrived.errors[question_id] = f"{name}: {error.message}"
    else:
        arrived.files.append(ArrivedFile(question_id, document, keep_document(storage, document)))


def keep_with_files(
    db: Session, attempt: Attempt, given: Mapping[str, Sequence[str]], arrived: Arrived, removed: Collection[int] = ()
) -> dict[str, str]:
    """Keep what the page of an open attempt holds: answers, files that came, and which to take out.

    What is wrong is told by question. A file that is there already is not added twice. Raises AttemptClosed, TimeOver.
    """
    require_open(attempt.submitted_at, attempt.deadline_at, timedelta())
    answers: dict[str, Answer] = dict(attempt.answers)
    keep_page(attempt.paper, answers, given)
    _take_out(db, attempt, answers, removed)
    errors = arrived.errors | _put(db, attempt, answers, arrived)
    attempt.answers, attempt.saved_at = answers, clock.now()
    mark_active(attempt.enrolment, attempt.lesson_key)
    db.flush()
    return errors


def find_file(db: Session, attempt: Attempt, file_id: int) -> AnswerFile:
    """A file the attempt's answers name; else NotFound."""
    row = db.get(AnswerFile, file_id)
    if row is None or row.attempt_id != attempt.id or row.removed_at is not None:
        raise NotFound
    return row


def forget_files(context: JobContext) -> dict[str, int]:
    """Delete files taken out of answers, of attempts that are gone, and of open ones left for ABANDONED_AFTER."""
    since = clock.now() - ABANDONED_AFTER
    left = select(Attempt.id).where(Attempt.submitted_at.is_(None), Attempt.saved_at < since)
    with context.database.reading() as db:
        attempts = db.scalars(left.where(Attempt.id.in_(_live()))).all()
    for attempt_id in attempts:
        with context.database.writing() as db:
            _empty(db, attempt_id, since)
    with context.database.reading() as db:
        gone = db.execute(
            select(AnswerFile.id, AnswerFile.storage_key).where(
                or_(AnswerFile.removed_at.is_not(None), AnswerFile.attempt_id.is_(None))
            )
        ).all()
    for number, (file_id, key) in enumerate(gone):
        if number % 20 == 0:
            context.beat()
        context.storage.delete(key)
        with context.database.writing() as db:
            if row := db.get(AnswerFile, file_id):
                db.delete(row)
    return {"forgotten": len(gone)}


def _live() -> Any:
    return select(AnswerFile.attempt_id).where(AnswerFile.removed_at.is_(None), AnswerFile.attempt_id.is_not(None))


def _empty(db: Session, attempt_id: int, since: datetime) -> None:
    # The enrolment first, as everywhere (docs/architecture.md 4). Whoever came back meanwhile keeps their files.
    db.execute(select(Enrolment.id).join(Attempt).where(Attempt.id == attempt_id).with_for_update(of=Enrolment))
    attempt = db.get(Attempt, attempt_id)
    if attempt is None or attempt.submitted_at is not None or attempt.saved_at >= since:
        return
    answers: dict[str, Answer] = dict(attempt.answers)
    _take_out(db, attempt, answers, [one.id for answer in answers.values() for one in files_of(answer)])
    attempt.answers = answers


def _take_out(db: Session, attempt: Attempt, answers: dict[str, Answer], file_ids: Collection[int]) -> None:
    for row in _rows(db, attempt):
        if row.id in file_ids:
            row.removed_at = clock.now()
            answer = answers.get(row.question_id)
            answers[row.question_id] = with_files(answer, [one for one in files_of(answer) if one.id != row.id])


def _put(db: Session, attempt: Attempt, answers: dict[str, Answer], arrived: Arrived) -> dict[str, str]:
    errors: dict[str, str] = {}
    if not arrived.files:
        return errors
    stored = db.scalar(select(func.count()).where(AnswerFile.attempt_id == attempt.id)) or 0
    known = {(row.question_id, row.sha256) for row in _rows(db, attempt)}
    for one in arrived.files:
        question_id, document = one.question_id, one.document
        files = files_of(answers.get(question_id))
        # A button pressed twice.
        if (question_id, document.sha256) in known:
            continue
        if len(files) >= MOST_FILES:
            errors[question_id] = _too_many()
        elif stored >= MOST_STORED:
            errors[question_id] = _("Bài này đã thêm và bỏ quá nhiều tệp. Hãy nộp những tệp đang có.")
        else:
            row = AnswerFile(
                attempt_id=attempt.id, question_id=question_id, content_type=document.content_type,
                sha256=document.sha256, storage_key=one.storage_key, added_at=clock.now(),
            )  # fmt: skip
            db.add(row)
            db.flush()
            arrived.kept.add(one.storage_key)
            known.add((question_id, document.sha256))
            stored += 1
            added = HandedFile(row.id, document.file_name, len(document.content))
            answers[question_id] = with_files(answers.get(question_id), (*files, added))
    return errors


def _rows(db: Session, attempt: Attempt) -> Sequence[AnswerFile]:
    return db.scalars(
        select(AnswerFile).where(AnswerFile.attempt_id == attempt.id, AnswerFile.removed_at.is_(None))
    ).all()


def _too_many() -> str:
    return _("Mỗi câu nộp nhiều nhất %(most)s tệp. Hãy bỏ bớt rồi thêm.", most=MOST_FILES)
