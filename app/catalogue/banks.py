"""Banks of questions: make one, keep a question, retire it, copy it; and what quizzes draw from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalogue import questions
from app.catalogue.drawing import asked_count, banks_of, shortage
from app.catalogue.models import BankQuestion, Course, QuestionBank, QuestionUpload
from app.catalogue.questions import Question
from app.catalogue.source import slugify
from app.core import audit, clock, ids
from app.core.errors import Conflict, Invalid, NotFound
from app.core.i18n import gettext
from app.core.i18n import lazy as _
from app.core.text import fold
from app.media.service import make_public

LONGEST_TITLE = 200
_LONGEST_KEY = 60


@dataclass(frozen=True)
class DrawnFrom:
    """Questions to draw from by bank, and the files they show by name."""

    pools: Mapping[str, Sequence[Question]]
    files: Mapping[str, int]


def add_bank(db: Session, title: str, unit_id: int, course: Course | None = None, *, by: int | None) -> QuestionBank:
    """A new bank, of this course or shared. Its key is made from the title; raises Invalid for a title without any."""
    title = " ".join(title.split())
    base = slugify(title)[:_LONGEST_KEY].strip("-")
    if not base or len(title) > LONGEST_TITLE:
        raise Invalid(fields={"title": gettext("Hãy đặt tên ngân hàng, nhiều nhất %(limit)s ký tự.",
                                               limit=LONGEST_TITLE)})  # fmt: skip
    taken = set(db.scalars(select(QuestionBank.key).where(QuestionBank.key.startswith(base))))
    key, number = base, 1
    while key in taken or key == "this":
        number += 1
        key = f"{base}-{number}"
    bank = QuestionBank(
        key=key, title=title, course_id=course.id if course else None, unit_id=unit_id, created_at=clock.now(),
        created_by=by,
    )  # fmt: skip
    db.add(bank)
    db.flush()
    audit.record(db, "bank.add", "question_bank", bank.id, account_id=by)
    return bank


def bank_of_course(db: Session, course: Course, title: str, *, by: int | None) -> QuestionBank:
    """The course's own bank, made if there is none; the oldest if there are several."""
    known = db.scalars(select(QuestionBank).where(QuestionBank.course_id == course.id).order_by(QuestionBank.id))
    return known.first() or add_bank(db, title, course.unit_id, course, by=by)


def add_question(
    db: Session, bank: QuestionBank, body: Mapping[str, Any], *, by: int | None, files: Mapping[str, int] | None = None
) -> BankQuestion:
    """A new question with a key of its own; raises Invalid with what is wrong with it."""
    row = _row(bank.id, f"nh-{ids.readable_code(12).lower()}", 1, body, files or {}, by)
    db.add(row)
    db.flush()
    make_public(db, row.files.values())
    audit.record(db, "bank.question_add", "bank_question", row.key, account_id=by)
    return row


def revise_question(
    db: Session, old: BankQuestion, body: Mapping[str, Any], *, by: int | None, files: Mapping[str, int] | None = None
) -> BankQuestion:
    """The question as it says now, in a new revision; the same row if nothing changed.

    Raises Conflict if somebody else revised it since `old` was read, Invalid with what is wrong.
    """
    _lock(db, old)
    if old.state == "replaced":
        raise Conflict(_("Câu hỏi vừa được sửa ở nơi khác. Hãy mở lại bản mới nhất rồi sửa tiếp."))
    row = _row(old.bank_id, old.key, old.revision + 1, body, old.files if files is None else files, by)
    if row.body == old.body:
        return old
    row.state, old.state = old.state, "replaced"
    db.add(row)
    db.flush()
    make_public(db, row.files.values())
    audit.record(db, "bank.question_revise", "bank_question", row.key, account_id=by, revision=row.revision)
    return row


def set_retired(db: Session, question: BankQuestion, retired: bool, *, by: int | None) -> None:
    """Draw the question no more, or again; twice is no error. Papers that hold it stay as they are."""
    _lock(db, question)
    state = "retired" if retired else "active"
    if question.state == state:
        return
    if question.state == "replaced":
        raise Conflict(_("Câu hỏi vừa được sửa ở nơi khác. Hãy mở lại bản mới nhất rồi sửa tiếp."))
    question.state = state
    db.flush()
    audit.record(
        db, f"bank.question_{'retire' if retired else 'restore'}", "bank_question", question.key, account_id=by
    )


def copy_question(db: Session, question: BankQuestion, bank: QuestionBank, *, by: int | None) -> BankQuestion:
    """The same question in another bank, under a key of its own: from now on each goes its own way."""
    return add_question(db, bank, question.body, by=by, files=question.files)


def current(db: Session, bank: QuestionBank, key: str) -> BankQuestion:
    """The newest revision of a question of this bank; raises NotFound."""
    row = db.scalar(
        select(BankQuestion).where(
            BankQuestion.bank_id == bank.id, BankQuestion.key == key, BankQuestion.state != "replaced"
        )
    )
    if row is None:
        raise NotFound
    return row


def drawn_from(db: Session, quiz: Mapping[str, Any]) -> DrawnFrom:
    """The active questions of every bank a quiz draws from. No query for a quiz that draws from none."""
    keys = banks_of(quiz)
    pools: dict[str, list[Question]] = {}
    files: dict[str, int] = {}
    if keys:
        found = db.execute(
            select(QuestionBank.key, BankQuestion.body, BankQuestion.files)
            .join(BankQuestion, BankQuestion.bank_id == QuestionBank.id)
            .where(QuestionBank.key.in_(keys), BankQuestion.state == "active")
            .order_by(BankQuestion.id)
        )
        for key, body, shown in found:
            pools.setdefault(key, []).append(body)
            files |= shown
    return DrawnFrom(pools, files)


def draw_faults(db: Session, quiz: Mapping[str, Any], course_id: int) -> list[str]:
    """Why no full paper could be drawn for a quiz of this course, in sentences for its author; [] if one can."""
    keys = banks_of(quiz)
    known = {
        bank.key: bank for bank in db.scalars(select(QuestionBank).where(QuestionBank.key.in_(keys)))
    } if keys else {}  # fmt: skip
    faults = []
    for key in keys:
        if key not in known:
            faults.append(gettext("Không có ngân hàng câu hỏi “%(key)s”.", key=key))
        elif known[key].course_id not in (None, course_id):
            faults.append(gettext("Ngân hàng “%(key)s” là của riêng một khóa học khác.", key=key))
    if not faults and (lacking := shortage(quiz, drawn_from(db, quiz).pools)):
        faults.append(
            gettext(
                "Không đủ câu để rút: đề cần %(asked)s câu, còn thiếu %(lacking)s. "
                "Thêm câu đúng chủ đề, độ khó hoặc rút ít hơn.",
                asked=asked_count(quiz), lacking=lacking,
            )
        )  # fmt: skip
    return faults


def _lock(db: Session, question: BankQuestion) -> None:
    """Two people at one question take turns."""
    db.refresh(question, with_for_update=True)


def _row(
    bank_id: int, key: str, revision: int, body: Mapping[str, Any], files: Mapping[str, int], by: int | None
) -> BankQuestion:
    body = {"id": key, **{name: value for name, value in body.items() if name != "id"}}
    if faults := questions.validate(body):
        raise Invalid(fields={"question": " ".join(faults)})
    # JSON of a form may say 2.0 where a quiz file says 2.
    difficulty = int(body["difficulty"]) if "difficulty" in body else None
    return BankQuestion(
        bank_id=bank_id, key=key, revision=revision, kind=body["kind"], topic=body.get("topic", ""),
        difficulty=difficulty, folded_text=fold(" ".join(questions.texts_of(body))), body=body,
        files=dict(files), state="active", saved_at=clock.now(), saved_by=by,
    )  # fmt: skip


def pictures_in_use(db: Session) -> set[int]:
    """Assets that any revision of a question shows, or a file of questions waiting to be confirmed."""
    kept = {one for files in db.scalars(select(BankQuestion.files)) for one in files.values()}
    for reading in db.scalars(select(QuestionUpload.reading).where(QuestionUpload.applied_at.is_(None))):
        kept.update(one for found in reading["found"] for one in found["files"].values())
    return kept
