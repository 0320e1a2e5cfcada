"""Statistics of questions: of a bank, and of one quiz. Counting is a job; the page shows the last count."""

from fastapi import APIRouter, Request

from app.authoring import question_statistics as statistics
from app.authoring.bank_form import KIND_NAMES
from app.authoring.bank_pages import AuthoredBank
from app.authoring.pages import Author, AuthoredCourse
from app.authoring.question_statistics import StatisticsPage
from app.core.web import Db, Response, redirect, render
from app.learning.question_figures import order_count, subject_of_bank, subject_of_quiz

router = APIRouter()


@router.get("/studio/banks/{key}/statistics")
def of_bank(request: Request, db: Db, bank: AuthoredBank) -> Response:
    return _show(request, statistics.of_bank(db, bank))


@router.post("/studio/banks/{key}/statistics")
def count_bank(request: Request, db: Db, actor: Author, bank: AuthoredBank) -> Response:
    order_count(db, subject_of_bank(bank.id), actor.account_id)
    return redirect(request, f"/studio/banks/{bank.key}/statistics")


@router.get("/studio/{slug}/lessons/{key}/statistics")
def of_quiz(key: str, request: Request, db: Db, course: AuthoredCourse) -> Response:
    return _show(request, statistics.of_quiz(db, course, key))


@router.post("/studio/{slug}/lessons/{key}/statistics")
def count_quiz(key: str, request: Request, db: Db, actor: Author, course: AuthoredCourse) -> Response:
    statistics.of_quiz(db, course, key)
    order_count(db, subject_of_quiz(course.id, key), actor.account_id)
    return redirect(request, f"/studio/{course.slug}/lessons/{key}/statistics")


def _show(request: Request, page: StatisticsPage) -> Response:
    return render(request, "authoring/statistics.html", fragment="figures", page=page, kind_names=KIND_NAMES)
