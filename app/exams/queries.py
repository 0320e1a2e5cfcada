"""Sittings as their organisers, invigilators and candidates see them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from app.catalogue.queries import course_version, outline, published_version_ids
from app.core import clock
from app.core.access import Actor
from app.exams.models import ExamCandidate, ExamEvent, ExamInvigilator, ExamNote, ExamSitting
from app.exams.policy import ORGANISE, organised, watched
from app.exams.skills import AreaScore, by_area
from app.exams.states import CandidateState, SittingState, candidate_state, state_of
from app.identity.models import Account, Person
from app.identity.people.people_queries import posts_of
from app.identity.records import holder_of
from app.identity.units.unit_queries import full_names, unit_by_id

PER_PAGE = 30
# Handed in, and neither passed nor failed yet: somebody must mark it.
WAITS = ExamCandidate.submitted_at.is_not(None) & ExamCandidate.passed.is_(None)
# Of what a page noticed, all but these say that the candidate was away.
_NOT_AWAY = ("watching", "back")


@dataclass(frozen=True)
class SittingView:
    """`subject`: the course and the lesson whose quiz is asked, `course` its code. `waiting`: papers to be marked."""

    id: int
    title: str
    subject: str
    course: str
    opens_at: datetime
    closes_at: datetime
    minutes: int
    pass_percent: int
    place: str
    unit: str
    state: SittingState
    candidates: int
    waiting: int


@dataclass(frozen=True)
class SittingList:
    rows: tuple[SittingView, ...]
    total: int
    page: int
    pages: int


@dataclass(frozen=True)
class CandidateView:
    """`unit` is that of the first post held on the day. `away_count`: how often the page noticed them leaving it;
    `is_watched`: whether it could notice anything. Scores are None until the paper is handed in; while `is_waiting` for
    a marker there are neither percentage, verdict nor areas.
    """

    id: int
    number: int
    ref: str
    name: str
    unit: str
    state: CandidateState
    entered_at: datetime | None
    checked_at: datetime | None
    checked_by: str
    check_note: str
    started_at: datetime | None
    deadline_at: datetime | None
    submitted_at: datetime | None
    is_timed_out: bool
    is_watched: bool
    away_count: int
    score: float | None
    max: float | None
    percent: float | None
    passed: bool | None
    is_waiting: bool
    areas: tuple[AreaScore, ...]


@dataclass(frozen=True)
class EventView:
    kind: str
    happened_at: datetime


@dataclass(frozen=True)
class NoteView:
    """`candidate` is empty for the whole room."""

    kind: str
    candidate: str
    minutes: int
    text: str
    by: str
    noted_at: datetime


@dataclass(frozen=True)
class MyExam:
    """A sitting one is on the list of; `percent` and `passed` once it is closed and the paper is marked: until then it
    `is_waiting`.
    """

    sitting: SittingView
    state: CandidateState
    percent: float | None
    passed: bool | None
    is_waiting: bool


def sitting_list(db: Session, actor: Actor, page: int = 1) -> SittingList:
    """Those one organises or watches, the latest first."""
    seen = or_(organised(actor), watched(actor))
    total = db.scalar(select(func.count()).select_from(ExamSitting).where(seen)) or 0
    pages = max(1, -(-total // PER_PAGE))
    page = min(max(page, 1), pages)
    found = db.scalars(
        select(ExamSitting).where(seen).order_by(ExamSitting.opens_at.desc(), ExamSitting.id.desc())
        .offset((page - 1) * PER_PAGE).limit(PER_PAGE)
    ).all()  # fmt: skip
    return SittingList(sitting_views(db, found), total, page, pages)


def sitting_views(db: Session, found: Sequence[ExamSitting]) -> tuple[SittingView, ...]:
    listed = (
        select(ExamCandidate.sitting_id, func.count())
        .where(ExamCandidate.sitting_id.in_([one.id for one in found]))
        .group_by(ExamCandidate.sitting_id)
    )
    counts, waiting = (dict(db.execute(one).all()) for one in (listed, listed.where(WAITS)))
    units = full_names(db, {one.unit_id for one in found}, clock.today())
    return tuple(
        SittingView(
            one.id, one.title, subject_of(db, one), course_version(db, one.course_version_id).code, one.opens_at,
            one.closes_at, one.minutes, one.pass_percent, one.place, units.get(one.unit_id, ""),
            state_of(one, clock.now()), counts.get(one.id, 0), waiting.get(one.id, 0),
        )
        for one in found
    )  # fmt: skip


def subject_of(db: Session, sitting: ExamSitting) -> str:
    lessons = outline(db, sitting.course_version_id).lessons
    lesson = next((one.title for one in lessons if one.key == sitting.lesson_key), sitting.lesson_key)
    return f"{course_version(db, sitting.course_version_id).title}: {lesson}"


def subject_choices(db: Session) -> list[tuple[str, str]]:
    """The quizzes of all published courses."""
    return [
        (f"{version_id}:{lesson.key}", f"{course.code}. {course.title}: {lesson.title}")
        for version_id in published_version_ids(db)
        for course in [course_version(db, version_id)]
        for lesson in outline(db, version_id).lessons
        if lesson.has_quiz
    ]


def own_unit_code(db: Session, actor: Actor) -> str:
    """The code of the first unit the actor organises for: what the form begins with."""
    granted = sorted(actor.grants.get(ORGANISE, ()))
    unit = unit_by_id(db, granted[0], clock.today()) if granted else None
    return unit.code if unit else ""


def invigilators(db: Session, sitting: ExamSitting) -> list[str]:
    """Names of those named to watch, and of whoever checked or noted something."""
    named = select(ExamInvigilator.account_id).where(ExamInvigilator.sitting_id == sitting.id)
    checked = select(ExamCandidate.checked_by).where(ExamCandidate.sitting_id == sitting.id)
    noted = select(ExamNote.account_id).where(ExamNote.sitting_id == sitting.id)
    return list(
        db.scalars(
            select(Person.name)
            .join(Account, Account.person_id == Person.id)
            .where(or_(Account.id.in_(named), Account.id.in_(checked), Account.id.in_(noted)))
            .order_by(Person.sort_name)
        )
    )


def candidates(db: Session, sitting: ExamSitting) -> tuple[CandidateView, ...]:
    """In Vietnamese name order, which numbers them; six queries whatever the length."""
    rows = db.execute(
        select(ExamCandidate, Person.ref, Person.name)
        .select_from(ExamCandidate)
        .join(Person, Person.id == holder_of(ExamCandidate.person_id))
        .where(ExamCandidate.sitting_id == sitting.id)
        .order_by(Person.sort_name, ExamCandidate.id)
    ).all()
    day = clock.day_of(sitting.opens_at)
    posts = posts_of(db, [one.person_id for one, *_rest in rows])
    unit_of = {
        person_id: next((post.unit_id for post in held if post.held_on(day)), 0) for person_id, held in posts.items()
    }
    units = full_names(db, {unit_id for unit_id in unit_of.values() if unit_id}, day)
    seen = _events_by_kind(db, sitting)
    checkers = names_of(db, {one.checked_by for one, *_rest in rows if one.checked_by})
    return tuple(
        _candidate(number, one, ref, name, units.get(unit_of[one.person_id], ""), seen[one.id], checkers, sitting)
        for number, (one, ref, name) in enumerate(rows, start=1)
    )


def _candidate(
    number: int, one: ExamCandidate, ref: str, name: str, unit: str, seen: Mapping[str, int],
    checkers: Mapping[int, str], sitting: ExamSitting,
) -> CandidateView:  # fmt: skip
    result = one.result or {}
    return CandidateView(
        id=one.id, number=number, ref=ref, name=name, unit=unit,
        state=candidate_state(one, is_closed=sitting.closed_at is not None), entered_at=one.entered_at,
        checked_at=one.checked_at, checked_by=checkers.get(one.checked_by or 0, ""), check_note=one.check_note,
        started_at=one.started_at, deadline_at=one.deadline_at, submitted_at=one.submitted_at,
        is_timed_out=one.is_timed_out, is_watched="watching" in seen,
        away_count=sum(count for kind, count in seen.items() if kind not in _NOT_AWAY),
        score=result.get("score"), max=result.get("max"), percent=result.get("percent"), passed=one.passed,
        is_waiting=one.submitted_at is not None and one.passed is None, areas=areas_of(one),
    )  # fmt: skip


def areas_of(candidate: ExamCandidate) -> tuple[AreaScore, ...]:
    """Of a paper whose marks are all there; else none."""
    if candidate.paper is None or candidate.result is None or candidate.passed is None:
        return ()
    return by_area(candidate.paper, candidate.result)


def candidate_ids(sitting_id: int) -> Select[int]:
    """Of the people on the list."""
    return select(ExamCandidate.person_id).where(ExamCandidate.sitting_id == sitting_id)


def events_of(db: Session, candidate_id: int) -> tuple[EventView, ...]:
    """In the order they happened."""
    rows = db.execute(
        select(ExamEvent.kind, ExamEvent.happened_at)
        .where(ExamEvent.candidate_id == candidate_id)
        .order_by(ExamEvent.happened_at, ExamEvent.id)
    )
    return tuple(EventView(*row) for row in rows)


def away_count(db: Session, candidate_id: int) -> int:
    """How often the page noticed somebody leaving it."""
    away = (ExamEvent.candidate_id == candidate_id, ExamEvent.kind.not_in(_NOT_AWAY))
    return db.scalar(select(func.count()).where(*away)) or 0


def notes_of(db: Session, sitting: ExamSitting, candidate_id: int | None = None) -> tuple[NoteView, ...]:
    """In the order they were made; of one candidate if asked."""
    query = (
        select(ExamNote, Person.name)
        .outerjoin(ExamCandidate, ExamCandidate.id == ExamNote.candidate_id)
        .outerjoin(Person, Person.id == holder_of(ExamCandidate.person_id))
        .where(ExamNote.sitting_id == sitting.id)
        .order_by(ExamNote.noted_at, ExamNote.id)
    )
    if candidate_id is not None:
        query = query.where(ExamNote.candidate_id == candidate_id)
    rows = db.execute(query).all()
    by = names_of(db, {note.account_id for note, _name in rows})
    return tuple(
        NoteView(note.kind, name or "", note.minutes, note.text, by.get(note.account_id, ""), note.noted_at)
        for note, name in rows
    )


def my_exams(db: Session, actor: Actor) -> tuple[MyExam, ...]:
    """The latest first."""
    rows = db.execute(
        select(ExamSitting, ExamCandidate)
        .join(ExamCandidate, ExamCandidate.sitting_id == ExamSitting.id)
        .where(ExamCandidate.person_id.in_(actor.records))
        .order_by(ExamSitting.opens_at.desc(), ExamSitting.id.desc())
    ).all()
    views = sitting_views(db, [sitting for sitting, _candidate in rows])
    return tuple(my_exam(sitting, one, view) for (sitting, one), view in zip(rows, views, strict=True))


def my_exam(sitting: ExamSitting, one: ExamCandidate, view: SittingView) -> MyExam:
    is_closed = sitting.closed_at is not None
    return MyExam(
        view, candidate_state(one, is_closed=is_closed),
        one.result["percent"] if is_closed and one.result else None, one.passed if is_closed else None,
        is_closed and one.submitted_at is not None and one.passed is None,
    )  # fmt: skip


def names_of(db: Session, account_ids: set[int]) -> dict[int, str]:
    return dict(
        db.execute(
            select(Account.id, Person.name).join(Person, Person.id == Account.person_id).where(
                Account.id.in_(account_ids)
            )
        ).all()
    )  # fmt: skip


def _events_by_kind(db: Session, sitting: ExamSitting) -> defaultdict[int, dict[str, int]]:
    seen: defaultdict[int, dict[str, int]] = defaultdict(dict)
    for candidate_id, kind, count in db.execute(
        select(ExamEvent.candidate_id, ExamEvent.kind, func.count())
        .join(ExamCandidate, ExamCandidate.id == ExamEvent.candidate_id)
        .where(ExamCandidate.sitting_id == sitting.id)
        .group_by(ExamEvent.candidate_id, ExamEvent.kind)
    ):
        seen[candidate_id][kind] = count
    return seen
