"""A lesson of the newest draft on the learner's own pages, in a frame as wide as a phone or a desktop. Its quiz can be
answered there and is marked as a learner's would be; nothing is kept of it.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from random import Random
from secrets import randbelow
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import HTMLResponse

from app.authoring.pages import ReviewedCourse, Reviewer
from app.authoring.queries import reviewed_course
from app.authoring.review.framing import framed
from app.catalogue.banks import drawn_from
from app.catalogue.lesson_docs import lesson
from app.catalogue.models import Course, CourseVersion
from app.catalogue.queries import newest_version, outline, quiz_of
from app.core import clock
from app.core.access import Actor
from app.core.db import Session
from app.core.errors import AppError, Invalid, NotFound
from app.core.i18n import gettext as _
from app.core.middleware import ANSWERED_IN_A_FRAME, SHOWN_IN_A_FRAME
from app.core.web import Databases, Db, Response, form_fields, redirect, render
from app.learning.models import Attempt, Enrolment
from app.learning.page_queries import lesson_page
from app.learning.quiz_queries import attempt_page, quiz_page, result_page
from app.learning.quizzes import hand_in, make_paper

router = APIRouter()

_BASE = "/studio/{slug}/lessons/{key}"
_MOST_SEEDS = 1_000_000
Language = Annotated[str, Query(pattern="^([a-z]{2,3})?$")]
Fields = Annotated[dict[str, list[str]], Depends(form_fields)]
VersionId = Annotated[int, Query(ge=1, lt=2**63)]
Seed = Annotated[int, Query(ge=0, lt=_MOST_SEEDS)]


@dataclass(frozen=True)
class LearnerView:
    """Where the frame shows which lesson of which course."""

    slug: str
    course_title: str
    key: str
    lesson_title: str
    view: str
    # What the lesson is shown in, empty for the original; and what it can be shown in.
    language: str
    languages: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class _Trial:
    """One go at a quiz that is not kept. `version` and `seed` make the same paper again when it is handed in."""

    course: Course
    version: CourseVersion
    key: str
    seed: int = 0

    @property
    def nobody(self) -> Enrolment:
        """Somebody who has done nothing yet; no row, and of no session."""
        return Enrolment(id=0, course_id=self.course.id, course_version_id=self.version.id, round=1)

    @property
    def paper_url(self) -> str:
        here = f"/studio/{self.course.slug}/lessons/{self.key}/learner/paper"
        return f"{here}?version={self.version.id}&seed={self.seed}"

    def attempt(self, db: Session) -> Attempt:
        """Raises NotFound for a lesson without a quiz, NothingToAsk."""
        quiz = quiz_of(db, self.version.id, self.key)
        if quiz is None:
            raise NotFound
        now = clock.now()
        return Attempt(
            id=0, enrolment=self.nobody, enrolment_id=0, lesson_key=self.key, course_version_id=self.version.id,
            number=1, paper=make_paper(quiz, Random(self.seed), drawn_from(db, quiz)), answers={}, answer_seq={},  # noqa: S311
            started_at=now, saved_at=now, is_timed_out=False,
        )  # fmt: skip


@router.get(_BASE + "/as-learner")
def as_learner(
    key: str,
    request: Request,
    db: Db,
    actor: Reviewer,
    course: ReviewedCourse,
    view: Annotated[Literal["phone", "desktop"], Query()] = "phone",
    language: Language = "",
) -> Response:
    version = newest_version(db, course)
    doc = lesson(db, version.id, key)
    page = LearnerView(course.slug, version.title, key, doc.title, view, language, doc.language_names)
    return render(request, "authoring/as_learner.html", page=page)


@router.get(_BASE + "/learner")
def learner(
    key: str, request: Request, db: Db, actor: Reviewer, course: ReviewedCourse, language: Language = ""
) -> Response:
    """The learner's page of somebody who has done nothing yet. No stamp of it counts, and nothing of it is recorded."""
    trial = _Trial(course, newest_version(db, course), key)
    page = lesson_page(db, trial.nobody, key, stamp="-", language=language)
    drawn = render(request, "learning/lesson.html", page=page, problem="", note="", note_problem="", flash=[])
    return _framed(db, trial, drawn, SHOWN_IN_A_FRAME, language)


@router.get(_BASE + "/learner/quiz")
def quiz(key: str, request: Request, db: Db, actor: Reviewer, course: ReviewedCourse) -> Response:
    trial = _Trial(course, newest_version(db, course), key)
    return _trial_page(request, db, trial, "learning/quiz.html", page=quiz_page(db, trial.nobody, key))


@router.post(_BASE + "/learner/quiz")
def begin(slug: str, key: str, request: Request, actor: Reviewer, databases: Databases) -> Response:
    with _reading(databases, actor, slug) as (db, course):
        trial = _Trial(course, newest_version(db, course), key, randbelow(_MOST_SEEDS))
        try:
            trial.attempt(db)
        except NotFound:
            raise
        except AppError as error:
            page = quiz_page(db, trial.nobody, key)
            return _trial_page(request, db, trial, "learning/quiz.html", page=page, problem=error)
        return redirect(request, trial.paper_url)


@router.get(_BASE + "/learner/paper")
def paper(
    key: str, request: Request, db: Db, actor: Reviewer, course: ReviewedCourse, version: VersionId, seed: Seed = 0
) -> Response:
    trial = _Trial(course, _version(db, course, version), key, seed)
    return _open_paper(request, db, trial, trial.attempt(db))


@router.post(_BASE + "/learner/paper")
def answers(
    slug: str, key: str, fields: Fields, request: Request, actor: Reviewer, databases: Databases, version: VersionId,
    seed: Seed = 0,
) -> Response:  # fmt: skip
    """Marked by the learner's own rules, in a session that cannot write."""
    with _reading(databases, actor, slug) as (db, course):
        trial = _Trial(course, _version(db, course, version), key, seed)
        attempt = trial.attempt(db)
        try:
            hand_in(attempt, fields)
        except Invalid as error:
            return _open_paper(request, db, trial, attempt, error)
        return _trial_page(request, db, trial, "learning/result.html", page=result_page(db, attempt))


@contextmanager
def _reading(databases: Databases, actor: Actor, slug: str) -> Iterator[tuple[Session, Course]]:
    with databases.reading() as db:
        yield db, reviewed_course(db, actor, slug)


def _version(db: Session, course: Course, version_id: int) -> CourseVersion:
    found = db.get(CourseVersion, version_id)
    if found is None or found.course_id != course.id:
        raise NotFound
    return found


def _open_paper(
    request: Request, db: Session, trial: _Trial, attempt: Attempt, problem: AppError | None = None
) -> Response:
    # Files are looked at by nobody here, but where they would be chosen is part of the paper.
    page = replace(attempt_page(db, attempt), may_add_files=True)
    return _trial_page(request, db, trial, "learning/attempt.html", page=page, saved=page.saved, problem=problem)


def _trial_page(
    request: Request, db: Session, trial: _Trial, template: str, *, problem: AppError | None = None, **context: Any
) -> Response:
    """Above every page of a quiz stands that it is a trial, and what went wrong."""
    said = [("info", _("Làm thử, không lưu: không lượt làm bài, tiến độ hay thống kê nào được ghi."))]
    if problem:
        said.append(("error", problem.message))
    drawn = render(request, template, status=problem.status if problem else 200, flash=said, **context)
    return _framed(db, trial, drawn, ANSWERED_IN_A_FRAME)


def _framed(db: Session, trial: _Trial, drawn: Response, policy: str, language: str = "") -> Response:
    slug = trial.course.slug
    keys = {one.key for one in outline(db, trial.version.id).lessons}
    lessons = re.compile(rf"/learn/{re.escape(slug)}/([^/?#]+)(/quiz)?(?:\?[^#]*)?(#.*)?")

    def leads(address: str) -> str:
        path, _mark, query = address.partition("?")
        if path == "/attempts/0/submit":
            return f"{trial.paper_url}&{query}".removesuffix("&")
        found = lessons.fullmatch(address)
        if found is None or found[1] not in keys:
            return ""
        here = f"/studio/{slug}/lessons/{found[1]}/learner{found[2] or ''}"
        return here + (f"?language={language}" if language and not found[2] else "") + (found[3] or "")

    answer = HTMLResponse(framed(bytes(drawn.body).decode(), leads), drawn.status_code)
    answer.headers["cache-control"] = drawn.headers["cache-control"]
    answer.headers["content-security-policy"] = policy
    return answer
