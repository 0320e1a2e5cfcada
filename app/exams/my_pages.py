"""The candidate's pages: one's sittings, the way into the room, the paper, and what came of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from sqlalchemy.orm import Session

from app.catalogue.questions import fields_of
from app.catalogue.questions.asking import Gaps
from app.core import clock, limiting
from app.core.i18n import gettext as _
from app.core.web import Databases, Db, Me, Response, RowId, form_fields, redirect, render, wants_fragment
from app.exams import queries, taking
from app.exams.models import ExamCandidate, ExamSitting
from app.exams.policy import own_candidacy
from app.exams.queries import EventView, MyExam
from app.exams.skills import AreaScore
from app.learning.answering import SavedAnswers
from app.learning.attempt_rules import is_over
from app.learning.quiz_queries import QuestionView, asked_questions

router = APIRouter()

# Wrong codes of one candidate; a million codes, five tries in as many minutes.
_CODE_LIMIT = "5/5minute"

# First among a route's parameters, so that no transaction waits for a slow body.
Fields = Annotated[dict[str, list[str]], Depends(form_fields)]


@dataclass(frozen=True)
class MyExamPage:
    """One's sitting outside of the paper; `areas` and `events` once there is something to tell."""

    exam: MyExam
    areas: tuple[AreaScore, ...]
    events: tuple[EventView, ...]
    code: str
    code_error: str


@dataclass(frozen=True)
class PaperPage:
    """An open paper. `left_s` until the deadline, below zero after it; `away`: what was noticed so far."""

    exam: MyExam
    deadline_at: datetime
    left_s: float
    is_over: bool
    questions: tuple[QuestionView, ...]
    saved: SavedAnswers
    away: str

    @property
    def has_words(self) -> bool:
        """Whether words can be dragged somewhere."""
        return any(isinstance(question.view, Gaps) and question.view.words for question in self.questions)


def _own(request: Request, actor: Me, db: Db, sitting_id: RowId) -> tuple[ExamSitting, ExamCandidate]:
    return own_candidacy(db, actor, sitting_id, to_change=request.method == "POST")


# One's own place in the sitting; 404 for who is not on its list.
Own = Annotated[tuple[ExamSitting, ExamCandidate], Depends(_own)]


@router.get("/my/exams")
def my_exams(request: Request, actor: Me, db: Db) -> Response:
    return render(request, "exams/my_exams.html", page=queries.my_exams(db, actor))


@router.get("/my/exams/{sitting_id}")
def my_exam(request: Request, db: Db, own: Own) -> Response:
    """The paper while it is open; before and after it, where one stands."""
    sitting, candidate = own
    if candidate.started_at is not None and candidate.submitted_at is None and sitting.closed_at is None:
        return _paper_page(request, db, sitting, candidate)
    return _page(request, db, sitting, candidate)


@router.post("/my/exams/{sitting_id}/enter")
def enter(
    request: Request, databases: Databases, actor: Me, sitting_id: RowId, code: Annotated[str, Form()] = ""
) -> Response:  # fmt: skip
    """Wrong codes are counted, each in a transaction that holds."""
    with databases.reading() as db:
        sitting, candidate = own_candidacy(db, actor, sitting_id)
        taking.require_room(sitting)
        limiting.check(db, "exam code", _CODE_LIMIT, str(candidate.id))
        candidate_id, is_right = candidate.id, taking.fits(sitting, code)
    if not is_right:
        with databases.writing() as db:
            limiting.hit(db, "exam code", _CODE_LIMIT, str(candidate_id))
        with databases.reading() as db:
            sitting, candidate = own_candidacy(db, actor, sitting_id)
            said = _("Mã phòng chưa đúng. Hãy xem lại mã giám thị vừa đọc; giám thị có thể đã đổi mã.")
            return _page(request, db, sitting, candidate, code=code, code_error=said)
    with databases.writing() as db:
        taking.enter(db, *own_candidacy(db, actor, sitting_id, to_change=True))
    return redirect(request, f"/my/exams/{sitting_id}")


@router.post("/my/exams/{sitting_id}/begin")
def begin(request: Request, db: Db, own: Own) -> Response:
    """Draw the paper, or go on with it."""
    taking.begin(db, *own)
    return redirect(request, f"/my/exams/{own[0].id}")


@router.post("/my/exams/{sitting_id}/answers")
def answer(fields: Fields, request: Request, db: Db, own: Own) -> Response:
    """Keep one answer: `question`, the fields of the page, a rising `seq`, and `waited`, the milliseconds since it was
    given; as POST /attempts/{id}/answers does.
    """
    sitting, candidate = own
    question = _one(fields, "question")
    given = {"": fields["value"]} if fields.get("value") else fields_of(question, fields)
    waited = timedelta(milliseconds=_count(_one(fields, "waited")) or 0)
    saved = taking.save(db, candidate, question, given, _count(_one(fields, "seq")), waited)
    if not wants_fragment(request):
        return redirect(request, f"/my/exams/{sitting.id}")
    return render(request, "exams/paper.html", fragment="saved", saved=saved)


@router.post("/my/exams/{sitting_id}/events")
def note_event(fields: Fields, db: Db, own: Own) -> Response:
    """Keep what the page noticed: `kind`, `client`, `seq`, and `ago` in milliseconds. Answers with what to show."""
    sitting, candidate = own
    ago = timedelta(milliseconds=min(_count(_one(fields, "ago")) or 0, 24 * 3600 * 1000))
    seq = _count(_one(fields, "seq"))
    taking.notice(
        db, sitting, candidate, _one(fields, "kind"), _one(fields, "client"), -1 if seq is None else seq, ago
    )  # fmt: skip
    return Response(_away(db, candidate), media_type="text/plain; charset=utf-8")


@router.post("/my/exams/{sitting_id}/submit")
def submit(fields: Fields, request: Request, db: Db, own: Own) -> Response:
    """Hand in what the page holds; a second time changes nothing."""
    sitting, candidate = own
    taking.submit(db, candidate, fields)
    return redirect(request, f"/my/exams/{sitting.id}")


def _page(
    request: Request, db: Session, sitting: ExamSitting, candidate: ExamCandidate, code: str = "", code_error: str = ""
) -> Response:  # fmt: skip
    exam = queries.my_exam(sitting, candidate, queries.sitting_views(db, [sitting])[0])
    areas = queries.areas_of(candidate) if sitting.closed_at else ()
    page = MyExamPage(exam, areas, queries.events_of(db, candidate.id), code, code_error)
    return render(request, "exams/my_exam.html", fragment="stand", status=422 if code_error else 200, page=page)


def _paper_page(request: Request, db: Session, sitting: ExamSitting, candidate: ExamCandidate) -> Response:
    assert candidate.paper is not None
    assert candidate.deadline_at is not None
    now = clock.now()
    page = PaperPage(
        exam=queries.my_exam(sitting, candidate, queries.sitting_views(db, [sitting])[0]),
        deadline_at=candidate.deadline_at, left_s=(candidate.deadline_at - now).total_seconds(),
        is_over=is_over(candidate.deadline_at, now),
        questions=asked_questions(db, candidate.paper, candidate.answers), saved=taking.saved(candidate),
        away=_away(db, candidate),
    )  # fmt: skip
    return render(request, "exams/paper.html", page=page, saved=page.saved)


def _away(db: Session, candidate: ExamCandidate) -> str:
    """What the candidate is told of what was noticed; empty for nothing."""
    count = queries.away_count(db, candidate.id)
    return _("Đã ghi nhận %(count)s lần rời màn hình làm bài.", count=count) if count else ""


def _one(fields: dict[str, list[str]], name: str) -> str:
    return next(iter(fields.get(name, [])), "")


def _count(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 16 else None
