"""What an instructor sees of a course: how far their learners are, who is stuck, and on which question."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from app.assignments.models import Assignment, AssignmentMember, AssignmentRound
from app.catalogue.inline import say
from app.catalogue.models import Course, CourseVersion
from app.catalogue.queries import CourseView, OutlineLesson, course_by_slug, outline
from app.core import clock
from app.core.access import Actor
from app.core.text import fold
from app.identity.models import Person
from app.identity.people.people_queries import units_held
from app.identity.records import holder_of
from app.identity.units.unit_queries import units_by_id
from app.learning.models import Attempt, Enrolment, LessonFinish
from app.portal.followed import completion_day, followed_by, goes_on, learning_state, present_enrolments, told_twice

PER_PAGE = 50
STATES = ("stuck", "learning", "done")
_LATEST_ATTEMPTS = 2000
_FEW = 5


@dataclass(frozen=True)
class CourseRow:
    slug: str
    title: str
    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True)
class LessonRow:
    """`here_count`: learners whose present lesson it is, `stuck_count` of them stuck; `finished_count` are done."""

    key: str
    title: str
    finished_count: int
    here_count: int
    stuck_count: int


@dataclass(frozen=True)
class HardQuestion:
    """`ratio`: the mean share of its points earned, over `asked_count` papers."""

    text: str
    lesson_title: str
    ratio: float
    asked_count: int


@dataclass(frozen=True)
class LearnerRow:
    enrolment_id: int
    person_id: int
    name: str
    unit_name: str
    round: int
    state: str
    done_count: int
    lesson_count: int
    lesson_title: str
    last_active_at: datetime
    completed_on: date | None
    due_on: date | None
    failed_count: int
    stumbles: tuple[str, ...]


@dataclass(frozen=True)
class TeachingPage:
    """`stumbles` of a learner are the questions their last failed attempt at the present lesson got wrong."""

    course: CourseView
    counts: Mapping[str, int]
    lessons: tuple[LessonRow, ...]
    hardest: tuple[HardQuestion, ...]
    learners: tuple[LearnerRow, ...]
    total: int
    page: int
    pages: int
    state: str
    lesson_key: str
    query: str

    def url(self, **changed: object) -> str:
        asked = {"state": self.state, "lesson": self.lesson_key, "q": self.query, **changed}
        return f"/teaching/{self.course.slug}?{urlencode({key: value for key, value in asked.items() if value})}"


@dataclass(frozen=True)
class Chosen:
    """Which learners of a course: of a state, at a lesson, by name; empty means all."""

    state: str = ""
    lesson_key: str = ""
    query: str = ""


def teaching_courses(db: Session, actor: Actor) -> list[CourseRow]:
    """Courses the actor's people take, those with most people stuck first."""
    state = learning_state().label("state")
    rows = db.execute(
        select(Course.slug, CourseVersion.title, state, func.count())
        .select_from(Enrolment)
        .join(Course, Course.id == Enrolment.course_id)
        .join(CourseVersion, CourseVersion.id == Course.published_version_id)
        .where(followed_by(actor), goes_on(), Enrolment.id.not_in(told_twice(db, actor)))
        .group_by(Course.slug, CourseVersion.title, state)
    )
    found: dict[tuple[str, str], Counter[str]] = {}
    for slug, title, name, count in rows:
        found.setdefault((slug, title), Counter())[name] += count
    courses = [CourseRow(slug, title, counts) for (slug, title), counts in found.items()]
    return sorted(courses, key=lambda row: (-row.counts["stuck"], -row.total, row.title))


def teaching_page(db: Session, actor: Actor, slug: str, chosen: Chosen, page: int = 1) -> TeachingPage:
    """Raises NotFound for a course that is not published."""
    course = course_by_slug(db, slug)
    found = _chosen(db, actor, course.course_id, chosen)
    total = db.scalar(select(func.count()).select_from(found.with_only_columns(Enrolment.id).subquery())) or 0
    pages = max(1, -(-total // PER_PAGE))
    page = min(max(page, 1), pages)
    mine = present_enrolments(db, actor, course.course_id)
    lessons = outline(db, course.version_id).lessons
    return TeachingPage(
        course=course, counts=_counts(db, mine), lessons=_lesson_rows(db, mine, lessons),
        hardest=_hardest(db, actor, course, lessons),
        learners=learners(db, course, found.offset((page - 1) * PER_PAGE).limit(PER_PAGE)),
        total=total, page=page, pages=pages, state=chosen.state if chosen.state in STATES else "",
        lesson_key=chosen.lesson_key, query=chosen.query,
    )  # fmt: skip


def chosen_people(db: Session, actor: Actor, course_id: int, chosen: Chosen) -> list[int]:
    """Person ids, in the order of the page."""
    found = _chosen(db, actor, course_id, chosen).with_only_columns(Enrolment.person_id)
    return [person_id for person_id in db.scalars(found) if person_id is not None]


def all_learners(db: Session, actor: Actor, course: CourseView, chosen: Chosen) -> tuple[LearnerRow, ...]:
    """Every page of them, for a table to take away."""
    return learners(db, course, _chosen(db, actor, course.course_id, chosen))


def learners(db: Session, course: CourseView, found: Select[Enrolment]) -> tuple[LearnerRow, ...]:
    """Rows for the enrolments selected; a handful of queries whatever their number."""
    rows = db.execute(found.with_only_columns(Enrolment, Person.name, learning_state(), completion_day())).all()
    enrolments = [row[0] for row in rows]
    person_ids = [one.person_id for one in enrolments if one.person_id is not None]
    outlines = {version: outline(db, version).lessons for version in {one.course_version_id for one in enrolments}}
    finished: dict[int, set[str]] = {}
    for enrolment_id, key in db.execute(
        select(LessonFinish.enrolment_id, LessonFinish.lesson_key).where(
            LessonFinish.enrolment_id.in_([one.id for one in enrolments])
        )
    ):
        finished.setdefault(enrolment_id, set()).add(key)
    units, dues = _units(db, person_ids), _dues(db, course.course_id, person_ids)
    failed = _failed(db, [one.id for one in enrolments])
    found_rows = []
    for one, name, state, completed_on in rows:
        lessons = outlines[one.course_version_id]
        required = [lesson.key for lesson in lessons if lesson.is_required]
        titles = {lesson.key: lesson.title for lesson in lessons}
        tries, stumbles = failed.get((one.id, one.last_lesson_key or ""), (0, ()))
        found_rows.append(
            LearnerRow(
                enrolment_id=one.id, person_id=one.person_id or 0, name=name,
                unit_name=units.get(one.person_id or 0, ""), round=one.round,
                state=state, done_count=len(finished.get(one.id, set()) & set(required)), lesson_count=len(required),
                lesson_title=titles.get(one.last_lesson_key or "", ""), last_active_at=one.last_active_at,
                completed_on=completed_on, due_on=dues.get(one.person_id or 0), failed_count=tries, stumbles=stumbles,
            )
        )  # fmt: skip
    return tuple(found_rows)


def _chosen(db: Session, actor: Actor, course_id: int, chosen: Chosen) -> Select[Enrolment]:
    found = present_enrolments(db, actor, course_id).join(Person, Person.id == holder_of(Enrolment.person_id))
    if chosen.state in STATES:
        found = found.where(learning_state() == chosen.state)
    if chosen.lesson_key:
        found = found.where(Enrolment.last_lesson_key == chosen.lesson_key, learning_state() != "done")
    if chosen.query:
        found = found.where(Person.folded_name.contains(fold(chosen.query), autoescape=True))
    return found.order_by(Person.sort_name, Enrolment.id)


def _counts(db: Session, mine: Select[Enrolment]) -> dict[str, int]:
    state = learning_state().label("state")
    return dict(db.execute(mine.with_only_columns(state, func.count()).group_by(state)).all())


def _lesson_rows(db: Session, mine: Select[Enrolment], lessons: Sequence[OutlineLesson]) -> tuple[LessonRow, ...]:
    finished = dict(
        db.execute(
            mine.join(LessonFinish, LessonFinish.enrolment_id == Enrolment.id)
            .with_only_columns(LessonFinish.lesson_key, func.count())
            .group_by(LessonFinish.lesson_key)
        ).all()
    )
    here: Counter[str] = Counter()
    stuck: Counter[str] = Counter()
    state = learning_state().label("state")
    rows = db.execute(
        mine.with_only_columns(Enrolment.last_lesson_key, state, func.count())
        .where(state != "done")
        .group_by(Enrolment.last_lesson_key, state)
    )
    for key, name, count in rows:
        here[key or ""] += count
        if name == "stuck":
            stuck[key or ""] += count
    return tuple(
        LessonRow(one.key, one.title, finished.get(one.key, 0), here[one.key], stuck[one.key]) for one in lessons
    )


def _hardest(
    db: Session, actor: Actor, course: CourseView, lessons: Sequence[OutlineLesson]
) -> tuple[HardQuestion, ...]:
    """Of the newest papers of the actor's learners: the questions that earned least, if asked at least five times."""
    titles = {lesson.key: lesson.title for lesson in lessons}
    papers = db.execute(
        select(Attempt.lesson_key, Attempt.paper, Attempt.result)
        .join(Enrolment, Enrolment.id == Attempt.enrolment_id)
        .where(
            Enrolment.course_id == course.course_id, followed_by(actor), Attempt.submitted_at.is_not(None),
            Attempt.lesson_key.in_(titles),
        )
        .order_by(Attempt.id.desc())
        .limit(_LATEST_ATTEMPTS)
        .execution_options(yield_per=200)
    )  # fmt: skip
    scores: dict[str, list[float]] = {}
    asked: dict[str, tuple[str, str]] = {}
    for key, paper, result in papers:
        for question in paper["questions"]:
            score = result["questions"][question["id"]]["score"]
            if score is not None:
                scores.setdefault(question["id"], []).append(score)
                asked.setdefault(question["id"], (_plain(question), titles[key]))
    means = sorted((sum(some) / len(some), id_) for id_, some in scores.items() if len(some) >= _FEW)
    return tuple(
        HardQuestion(asked[id_][0], asked[id_][1], mean, len(scores[id_])) for mean, id_ in means[:_FEW] if mean < 1
    )


def _failed(db: Session, enrolment_ids: Sequence[int]) -> dict[tuple[int, str], tuple[int, tuple[str, ...]]]:
    """Failed attempts at the present lesson, and what the last of them got wrong; none where one passed since."""
    rows = db.execute(
        select(Attempt.enrolment_id, Attempt.lesson_key, Attempt.passed, Attempt.paper, Attempt.result)
        .join(Enrolment, and_(Enrolment.id == Attempt.enrolment_id, Enrolment.last_lesson_key == Attempt.lesson_key))
        .where(Attempt.enrolment_id.in_(enrolment_ids), Attempt.submitted_at.is_not(None))
        .order_by(Attempt.id)
    )
    found: dict[tuple[int, str], tuple[int, tuple[str, ...]]] = {}
    for enrolment_id, key, passed, paper, result in rows:
        place = (enrolment_id, key)
        if passed or passed is None:
            found.pop(place, None)
            continue
        wrong = tuple(
            _plain(question) for question in paper["questions"] if not result["questions"][question["id"]]["right"]
        )
        found[place] = (found.get(place, (0, ()))[0] + 1, wrong)
    return found


def _plain(question: Mapping[str, Any]) -> str:
    """The question as words alone."""
    return say(question["text"], {}).plain


def _units(db: Session, person_ids: Sequence[int]) -> dict[int, str]:
    first = {person_id: held[0] for person_id, held in units_held(db, person_ids, clock.today()).items() if held}
    names = units_by_id(db, set(first.values()), clock.today())
    return {person_id: names[unit_id].name for person_id, unit_id in first.items()}


def _dues(db: Session, course_id: int, person_ids: Sequence[int]) -> dict[int, date]:
    """The nearest day somebody still has to meet in this course."""
    return dict(
        db.execute(
            select(AssignmentMember.person_id, func.min(AssignmentMember.due_on))
            .join(AssignmentRound, AssignmentRound.id == AssignmentMember.round_id)
            .join(Assignment, Assignment.id == AssignmentRound.assignment_id)
            .where(
                AssignmentMember.person_id.in_(person_ids), Assignment.course_id == course_id,
                Assignment.ended_at.is_(None), AssignmentMember.completion_id.is_(None),
                AssignmentMember.exempted_at.is_(None), AssignmentMember.left_on.is_(None),
                or_(AssignmentRound.counts_until.is_(None), AssignmentRound.counts_until >= clock.today()),
            )
            .group_by(AssignmentMember.person_id)
        ).all()
    )  # fmt: skip
