"""Taking a quiz: its rules, an attempt, its result. Its answers are saved by api.py."""

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from app.core import i18n
from app.core.csrf import BROWSER_COOKIE
from app.core.errors import SignInRequired
from app.core.web import Db, MaybeMe, Response, RowId, redirect, render
from app.learning.addressed import EnrolmentHere, OwnAttempt, learner_here, own_attempt
from app.learning.answer_file_pages import ArrivedFiles, Fields, paper_again
from app.learning.finishing import HandIn, finished
from app.learning.pages import private
from app.learning.quiz_queries import attempt_page, quiz_page, result_page
from app.learning.quizzes import start_attempt

router = APIRouter()


@router.get("/learn/{slug}/{lesson_key}/quiz")
def quiz(lesson_key: str, request: Request, db: Db, enrolment: EnrolmentHere) -> Response:
    return private(render(request, "learning/quiz.html", page=quiz_page(db, enrolment, lesson_key)))


@router.post("/learn/{slug}/{lesson_key}/quiz")
def start(lesson_key: str, request: Request, db: Db, enrolment: EnrolmentHere) -> Response:
    """Begin an attempt, or go on with the open one."""
    return redirect(request, f"/attempts/{start_attempt(db, enrolment, lesson_key).id}")


@router.get("/attempts/{attempt_id}")
def attempt(request: Request, db: Db, attempt: OwnAttempt) -> Response:
    """The paper while it is open, afterwards its result."""
    if attempt.submitted_at is None:
        page = attempt_page(db, attempt)
        return private(render(request, "learning/attempt.html", page=page, saved=page.saved))
    return private(render(request, "learning/result.html", page=result_page(db, attempt)))


@router.post("/attempts/{attempt_id}/submit")
async def submit(
    attempt_id: RowId, fields: Fields, arrived: ArrivedFiles, request: Request, actor: MaybeMe
) -> Response:  # fmt: skip
    """Hand in what the page holds, files too; a second time shows the first result.

    A file that cannot be taken holds it back: nobody hands in less than they mean to.
    """
    paper = HandIn(
        records=actor.records if actor else (), browser=request.cookies.get(BROWSER_COOKIE, ""),
        attempt_id=attempt_id, fields=fields, arrived=arrived, language=i18n.language(),
    )  # fmt: skip
    answer = await finished(request, paper)
    if isinstance(answer, dict):
        return await run_in_threadpool(_held_back, request, attempt_id, answer)
    return redirect(request, f"/attempts/{attempt_id}")


def _held_back(request: Request, attempt_id: int, errors: dict[str, str]) -> Response:
    with request.app.state.database.reading() as db:
        learner = learner_here(request, db, request.state.actor)
        if learner is None:
            raise SignInRequired
        return paper_again(request, db, own_attempt(db, learner, attempt_id), errors)
