"""A lesson of the newest draft on the learner's own page, in a frame as wide as a phone or a desktop."""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request

from app.authoring.pages import ReviewedCourse, Reviewer
from app.catalogue.queries import lesson, newest_version
from app.core.middleware import SHOWN_IN_A_FRAME
from app.core.web import Db, Response, render
from app.learning.models import Enrolment
from app.learning.page_queries import lesson_page

router = APIRouter()

Language = Annotated[str, Query(pattern="^([a-z]{2,3})?$")]


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


@router.get("/studio/{slug}/lessons/{key}/as-learner")
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


@router.get("/studio/{slug}/lessons/{key}/learner")
def learner(
    key: str, request: Request, db: Db, actor: Reviewer, course: ReviewedCourse, language: Language = ""
) -> Response:
    """The learner's page of somebody who has done nothing yet. No stamp of it counts, and nothing of it is recorded."""
    nobody = Enrolment(id=0, course_id=course.id, course_version_id=newest_version(db, course).id, round=1)
    page = lesson_page(db, nobody, key, stamp="-", language=language)
    response = render(request, "learning/lesson.html", page=page, problem="", note="", note_problem="")
    response.headers["content-security-policy"] = SHOWN_IN_A_FRAME
    return response
