"""What the pages of question banks show."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, Text, cast, func, or_, select
from sqlalchemy.orm import Session

from app.authoring.policy import authored_banks, authored_courses
from app.catalogue import questions
from app.catalogue.drawing import banks_of
from app.catalogue.inline import Said, say
from app.catalogue.models import BankQuestion, Course, CourseVersion, LessonVersion, QuestionBank
from app.core import clock
from app.core.access import Actor
from app.core.errors import NotFound
from app.core.text import fold
from app.identity.units.unit_queries import full_names
from app.learning.quiz_queries import QuestionView, ReviewedQuestion, question_view, reviewed_question
from app.media.queries import asset_views

PAGE_SIZE = 25
_SUMMARY = 160


@dataclass(frozen=True)
class BankRow:
    """A bank in the list. `course_title` is empty for a shared one."""

    key: str
    title: str
    course_title: str
    unit: str
    active_count: int


@dataclass(frozen=True)
class BanksPage:
    """`courses` (id, title) and `units` (id, name) are what a new bank may belong to."""

    banks: tuple[BankRow, ...]
    courses: tuple[tuple[int, str], ...]
    units: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Filters:
    """What is wanted of a bank's questions; empty for anything. `state`: active, retired, all."""

    q: str = ""
    kind: str = ""
    topic: str = ""
    difficulty: str = ""
    state: str = "active"

    @property
    def is_narrowed(self) -> bool:
        return self != Filters()

    @property
    def query(self) -> str:
        """As an address has it."""
        return urlencode(asdict(self))


@dataclass(frozen=True)
class QuestionRow:
    key: str
    kind: str
    summary: str
    topic: str
    difficulty: int | None
    is_retired: bool
    revision: int
    saved_at: datetime


@dataclass(frozen=True)
class DrawingQuiz:
    """A quiz that draws from a bank, in the version of its course learners see or its author last saved."""

    course_slug: str
    course_title: str
    lesson_key: str
    lesson_title: str
    is_published: bool


@dataclass(frozen=True)
class BankPage:
    """One bank. `kinds` and `topics` are those it has."""

    bank: BankRow
    filters: Filters
    rows: tuple[QuestionRow, ...]
    total: int
    active_count: int
    page: int
    pages: int
    kinds: tuple[str, ...]
    topics: tuple[tuple[str, str], ...]
    drawn_by: tuple[DrawingQuiz, ...]


@dataclass(frozen=True)
class Preview:
    """A question as a learner meets it, then with the right answer given."""

    asked: QuestionView
    answered: ReviewedQuestion


@dataclass(frozen=True)
class Revision:
    number: int
    saved_at: datetime
    is_current: bool


def banks_page(db: Session, actor: Actor) -> BanksPage:
    courses = tuple((course.id, title) for course, title in _courses(db, actor))
    roots = sorted(actor.grants.get("course.author", ()))
    names = full_names(db, roots, clock.today())
    return BanksPage(_banks(db, actor), courses, tuple((unit_id, names.get(unit_id, "")) for unit_id in roots))


def authored_bank(db: Session, actor: Actor, key: str) -> QuestionBank:
    """The bank if this author may write it; raises NotFound."""
    bank = db.scalar(select(QuestionBank).where(QuestionBank.key == key, authored_banks(actor)))
    if bank is None:
        raise NotFound
    return bank


def course_by_id(db: Session, actor: Actor, course_id: int) -> Course:
    """A course this author may write; raises NotFound."""
    course = db.scalar(select(Course).where(Course.id == course_id, authored_courses(actor)))
    if course is None:
        raise NotFound
    return course


def other_banks(db: Session, actor: Actor, bank: QuestionBank) -> list[tuple[str, str]]:
    """(key, title) of the banks a question of this one can be copied to."""
    found = select(QuestionBank.key, QuestionBank.title).where(authored_banks(actor), QuestionBank.id != bank.id)
    return [(key, title) for key, title in db.execute(found.order_by(QuestionBank.title, QuestionBank.id))]


def drawable_banks(db: Session, course: Course) -> list[tuple[str, str]]:
    """(key, title) of the banks a quiz of this course can draw from: its own and the shared ones."""
    found = select(QuestionBank.key, QuestionBank.title).where(
        or_(QuestionBank.course_id == course.id, QuestionBank.course_id.is_(None))
    )
    return [(key, title) for key, title in db.execute(found.order_by(QuestionBank.title, QuestionBank.id))]


def bank_row(db: Session, bank: QuestionBank) -> BankRow:
    titles = dict(_titles(db, [bank.course_id] if bank.course_id else []))
    active = db.scalar(select(func.count()).where(BankQuestion.bank_id == bank.id, BankQuestion.state == "active"))
    unit = full_names(db, [bank.unit_id], clock.today()).get(bank.unit_id, "")
    return BankRow(bank.key, bank.title, titles.get(bank.course_id or 0, ""), unit, active or 0)


def bank_page(db: Session, bank: QuestionBank, filters: Filters, page: int) -> BankPage:
    """A fixed number of queries, however many questions there are."""
    standing = (BankQuestion.bank_id == bank.id, BankQuestion.state != "replaced")
    wanted = [*standing, *_clauses(filters)]
    total = db.scalar(select(func.count()).select_from(BankQuestion).where(*wanted)) or 0
    pages = max(1, -(-total // PAGE_SIZE))
    page = min(max(page, 1), pages)
    found = db.scalars(
        select(BankQuestion)
        .where(*wanted)
        .order_by(BankQuestion.id.desc())
        .limit(PAGE_SIZE)
        .offset((page - 1) * PAGE_SIZE)
    )
    row = bank_row(db, bank)
    kinds = set(db.scalars(select(BankQuestion.kind).where(*standing).distinct()))
    topics = db.scalars(select(BankQuestion.topic).where(*standing, BankQuestion.topic != "").distinct())
    return BankPage(
        bank=row, filters=filters, rows=tuple(_question_row(one) for one in found), total=total,
        active_count=row.active_count, page=page, pages=pages,
        kinds=tuple(kind for kind in questions.KINDS if kind in kinds),
        topics=tuple((topic, topic) for topic in sorted(topics)),
        drawn_by=drawn_by(db, bank.key),
    )  # fmt: skip


def revisions(db: Session, question: BankQuestion) -> tuple[Revision, ...]:
    """The newest first."""
    found = db.execute(
        select(BankQuestion.revision, BankQuestion.saved_at, BankQuestion.state)
        .where(BankQuestion.key == question.key)
        .order_by(BankQuestion.revision.desc())
    )
    return tuple(Revision(number, at, state != "replaced") for number, at, state in found)


def preview(db: Session, question: BankQuestion) -> Preview:
    """The question as a paper would have it, in the author's order."""
    return preview_of(db, 1, question.body, question.files)


def preview_of(db: Session, number: int, body: dict[str, Any], files: Mapping[str, int]) -> Preview:
    """The same of a question that stands anywhere; `files`: asset ids by the names its texts use."""
    views = asset_views(db, files.values()) if files else {}
    shown = {name: views[asset_id] for name, asset_id in files.items() if asset_id in views}
    frozen = questions.freeze(body, None)
    answer = questions.parse(frozen, questions.solution(frozen))

    def say_it(text: str) -> Said:
        return say(text, shown)

    return Preview(
        question_view(number, frozen, None, say_it, is_weighed="points" in frozen),
        reviewed_question(number, frozen, answer, questions.grade(frozen, answer), say_it),
    )


def drawn_by(db: Session, bank_key: str) -> tuple[DrawingQuiz, ...]:
    """The quizzes that draw from a bank, in the published and the newest version of each course."""
    newest = select(func.max(CourseVersion.id)).group_by(CourseVersion.course_id)
    published = select(Course.published_version_id).where(Course.published_version_id.is_not(None))
    found = db.execute(
        select(Course.slug, CourseVersion.title, LessonVersion.key, LessonVersion.title, LessonVersion.quiz,
               Course.published_version_id == CourseVersion.id)
        .join(CourseVersion, CourseVersion.id == LessonVersion.course_version_id)
        .join(Course, Course.id == CourseVersion.course_id)
        .where(LessonVersion.course_version_id.in_(newest.union(published)),
               # Few quizzes draw; the others need not be read.
               cast(LessonVersion.quiz, Text).contains('"draw"'))
        .order_by(Course.code, LessonVersion.id)
    )  # fmt: skip
    quizzes: Mapping[tuple[str, str], DrawingQuiz] = {
        (slug, key): DrawingQuiz(slug, course, key, lesson, bool(is_published))
        for slug, course, key, lesson, quiz, is_published in found
        if quiz and bank_key in banks_of(quiz)
    }
    return tuple(quizzes.values())


def _banks(db: Session, actor: Actor) -> tuple[BankRow, ...]:
    active = (
        select(func.count())
        .where(BankQuestion.bank_id == QuestionBank.id, BankQuestion.state == "active")
        .correlate(QuestionBank)
        .scalar_subquery()
    )
    found = db.execute(
        select(QuestionBank, active).where(authored_banks(actor)).order_by(QuestionBank.title, QuestionBank.id)
    ).all()
    units = full_names(db, [bank.unit_id for bank, _count in found], clock.today())
    titles = dict(_titles(db, [bank.course_id for bank, _count in found if bank.course_id]))
    return tuple(
        BankRow(bank.key, bank.title, titles.get(bank.course_id, ""), units.get(bank.unit_id, ""), count)
        for bank, count in found
    )


def _courses(db: Session, actor: Actor) -> list[tuple[Course, str]]:
    courses = list(db.scalars(select(Course).where(authored_courses(actor)).order_by(Course.code)))
    titles = dict(_titles(db, [course.id for course in courses]))
    return [(course, titles.get(course.id, course.slug)) for course in courses]


def _titles(db: Session, course_ids: list[int]) -> list[tuple[int, str]]:
    newest = select(func.max(CourseVersion.id)).where(CourseVersion.course_id.in_(course_ids))
    found = select(CourseVersion.course_id, CourseVersion.title).where(
        CourseVersion.id.in_(newest.group_by(CourseVersion.course_id))
    )
    return [(id_, title) for id_, title in db.execute(found)]


def _clauses(filters: Filters) -> list[ColumnElement[bool]]:
    clauses: list[ColumnElement[bool]] = []
    if filters.kind:
        clauses.append(BankQuestion.kind == filters.kind)
    if filters.topic:
        clauses.append(BankQuestion.topic == filters.topic)
    if filters.difficulty in ("1", "2", "3"):
        clauses.append(BankQuestion.difficulty == int(filters.difficulty))
    if filters.state in ("active", "retired"):
        clauses.append(BankQuestion.state == filters.state)
    return clauses + [BankQuestion.folded_text.contains(word, autoescape=True) for word in fold(filters.q).split()]


def _question_row(row: BankQuestion) -> QuestionRow:
    text = say(row.body["text"], {}).plain
    summary = text if len(text) <= _SUMMARY else f"{text[: _SUMMARY - 1]}…"
    return QuestionRow(
        row.key, row.kind, summary, row.topic, row.difficulty, row.state == "retired", row.revision, row.saved_at
    )
