"""Taking a quiz: its rules, an attempt, its result. Its answers are saved by api.py."""

from fastapi import APIRouter, Request

from app.core import clock
from app.core.web import Db, Response, redirect, render
from app.learning.addressed import EnrolmentHere, OwnAttempt
from app.learning.answer_file_pages import ArrivedFiles, Fields, paper_again
from app.learning.answer_files import keep_with_files
from app.learning.attempt_rules import is_over
from app.learning.pages import private
from app.learning.quiz_queries import attempt_page, quiz_page, result_page
from app.learning.quizzes import start_attempt, submit_attempt

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
def submit(fields: Fields, arrived: ArrivedFiles, request: Request, db: Db, attempt: OwnAttempt) -> Response:
    """Hand in what the page holds, files too; a second time shows the first result.

    A file that cannot be taken holds it back: nobody hands in less than they mean to.
    """
    is_open = attempt.submitted_at is None and not is_over(attempt.deadline_at, clock.now())
    if is_open and arrived and (errors := keep_with_files(db, attempt, fields, arrived)):
        return paper_again(request, db, attempt, errors)
    submit_attempt(db, attempt, fields)
    return redirect(request, f"/attempts/{attempt.id}")
