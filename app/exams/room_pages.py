"""The room, as who watches over it sees it: the code, the candidates, one candidate, and closing the sitting."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from sqlalchemy.orm import Session

from app.core.access import Actor
from app.core.errors import Invalid
from app.core.i18n import gettext as _
from app.core.web import Db, Me, Response, RowId, redirect, render
from app.exams import queries, room
from app.exams.candidate_lists import CANDIDATES
from app.exams.marking_queries import markers_of, who_may_mark
from app.exams.models import ExamSitting
from app.exams.planning import MOST_CANDIDATES
from app.exams.policy import find_candidate, find_sitting, may_mark, organises
from app.exams.queries import CandidateView, EventView, NoteView, SittingView
from app.exams.skills import AreaScore, together
from app.identity.lists.sheet_imports import ImportSummary, past_imports
from app.identity.models import Person
from app.identity.people.people_queries import PeopleList, people_in_scope

router = APIRouter()


@dataclass(frozen=True)
class SittingPage:
    """`may_organise` shows the list's forms, `may_mark` the way to the marking, which `markers` can do (empty where
    nothing waits) and `marked_by` have done; `own_ref` is the reader, who cannot be picked. `errors` by field, and
    what was typed there.
    """

    sitting: SittingView
    room_code: str
    candidates: tuple[CandidateView, ...]
    invigilators: list[str]
    notes: tuple[NoteView, ...]
    areas: tuple[AreaScore, ...]
    may_organise: bool
    may_mark: bool
    markers: list[str]
    marked_by: list[str]
    minute_number: str
    pdf_sha256: str
    own_ref: str
    max_rows: int
    past: list[ImportSummary]
    found: PeopleList | None
    errors: Mapping[str, str]
    people: str
    username: str
    text: str

    @property
    def refs(self) -> set[str]:
        """Of those on the list, who need not be offered again."""
        return {one.ref for one in self.candidates}


@dataclass(frozen=True)
class CandidatePage:
    """One candidate, as who watches sees them. `is_self`: nobody watches over themselves."""

    sitting: SittingView
    one: CandidateView
    events: tuple[EventView, ...]
    notes: tuple[NoteView, ...]
    is_self: bool
    errors: Mapping[str, str]
    typed: Mapping[str, str]


def sitting_page(
    request: Request, db: Session, actor: Actor, sitting: ExamSitting, *, q: str = "",
    errors: Mapping[str, str] = MappingProxyType({}), people: str = "", username: str = "", text: str = "",
    status: int = 200,
) -> Response:  # fmt: skip
    """The page of a sitting, for its organisers and its invigilators."""
    listed, may_organise = queries.candidates(db, sitting), organises(db, actor, sitting)
    view = queries.sitting_views(db, [sitting])[0]
    page = SittingPage(
        sitting=view, room_code=sitting.room_code, candidates=listed,
        invigilators=queries.invigilators(db, sitting), notes=queries.notes_of(db, sitting),
        areas=together(one.areas for one in listed), may_organise=may_organise,
        may_mark=may_mark(db, actor, sitting), markers=who_may_mark(db, sitting) if view.waiting else [],
        marked_by=markers_of(db, sitting), minute_number=sitting.minute_number,
        pdf_sha256=sitting.pdf_sha256, own_ref=db.get_one(Person, actor.person_id).ref, max_rows=MOST_CANDIDATES,
        past=past_imports(db, actor, CANDIDATES, sitting.id) if may_organise else [],
        found=people_in_scope(db, actor, q) if q.strip() and may_organise and actor.can("people.view") else None,
        errors=errors, people=people, username=username, text=text,
    )  # fmt: skip
    return render(request, "exams/sitting.html", fragment="room", status=status, page=page)


def _watched(actor: Me, db: Db, sitting_id: RowId) -> ExamSitting:
    return find_sitting(db, actor, sitting_id, to_change=True)


# One the actor organises or watches, nobody else changing it meanwhile; 404 for others.
Watched = Annotated[ExamSitting, Depends(_watched)]


@router.get("/exams/{sitting_id}")
def show(request: Request, actor: Me, db: Db, sitting_id: RowId, q: str = "") -> Response:
    return sitting_page(request, db, actor, find_sitting(db, actor, sitting_id), q=q)


@router.post("/exams/{sitting_id}/code")
def renew(request: Request, actor: Me, db: Db, sitting: Watched) -> Response:
    room.renew_code(db, actor, sitting)
    flash = ("ok", _("Đã đổi mã phòng. Mã cũ không vào được nữa; ai đã vào thì vẫn ở trong phòng."))
    return redirect(request, f"/exams/{sitting.id}", flash=flash)


@router.post("/exams/{sitting_id}/notes")
def note(request: Request, actor: Me, db: Db, sitting: Watched, text: Annotated[str, Form()] = "") -> Response:
    try:
        room.note_incident(db, actor, sitting, None, text)
    except Invalid as error:
        return sitting_page(request, db, actor, sitting, errors=error.fields, text=text, status=422)
    return redirect(request, f"/exams/{sitting.id}#notes", flash=("ok", _("Đã ghi sự việc.")))


@router.post("/exams/{sitting_id}/close")
def close(request: Request, actor: Me, db: Db, sitting: Watched) -> Response:
    room.close(db, sitting, actor.account_id)
    if waiting := queries.sitting_views(db, [sitting])[0].waiting:
        said = _(
            "Buổi sát hạch đã kết thúc. Còn %(count)s bài chờ chấm; chấm xong bài nào thì báo bài ấy.", count=waiting
        )
        return redirect(request, f"/exams/{sitting.id}#waiting", flash=("warn", said))
    flash = ("ok", _("Buổi sát hạch đã kết thúc. Kết quả đã báo cho từng thí sinh."))
    return redirect(request, f"/exams/{sitting.id}", flash=flash)


@router.get("/exams/{sitting_id}/candidates/{candidate_id}")
def show_candidate(request: Request, actor: Me, db: Db, sitting_id: RowId, candidate_id: RowId) -> Response:
    return _candidate_page(request, db, actor, find_sitting(db, actor, sitting_id), candidate_id)


@router.post("/exams/{sitting_id}/candidates/{candidate_id}/check")
def check(
    request: Request, actor: Me, db: Db, sitting: Watched, candidate_id: RowId, note: Annotated[str, Form()] = ""
) -> Response:  # fmt: skip
    room.check_identity(db, actor, sitting, find_candidate(db, sitting, candidate_id, to_change=True), note)
    return redirect(request, f"/exams/{sitting.id}#c{candidate_id}")


@router.post("/exams/{sitting_id}/candidates/{candidate_id}/extend")
def extend(
    request: Request, actor: Me, db: Db, sitting: Watched, candidate_id: RowId,
    minutes: Annotated[str, Form()] = "", why: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    try:
        room.extend(db, actor, sitting, find_candidate(db, sitting, candidate_id, to_change=True), minutes, why)
    except Invalid as error:
        typed = {"minutes": minutes, "extend-why": why}
        errors = {name.replace("why", "extend-why"): said for name, said in error.fields.items()}
        return _candidate_page(request, db, actor, sitting, candidate_id, errors, typed)
    flash = ("ok", _("Đã thêm giờ cho thí sinh này."))
    return redirect(request, f"/exams/{sitting.id}/candidates/{candidate_id}", flash=flash)


@router.post("/exams/{sitting_id}/candidates/{candidate_id}/stop")
def stop(
    request: Request, actor: Me, db: Db, sitting: Watched, candidate_id: RowId, why: Annotated[str, Form()] = ""
) -> Response:  # fmt: skip
    try:
        room.stop(db, actor, sitting, find_candidate(db, sitting, candidate_id, to_change=True), why)
    except Invalid as error:
        errors = {f"stop-{name}": said for name, said in error.fields.items()}
        return _candidate_page(request, db, actor, sitting, candidate_id, errors, {"stop-why": why})
    flash = ("ok", _("Đã dừng bài của thí sinh này; lý do được ghi vào biên bản."))
    return redirect(request, f"/exams/{sitting.id}/candidates/{candidate_id}", flash=flash)


def _candidate_page(
    request: Request, db: Session, actor: Actor, sitting: ExamSitting, candidate_id: int,
    errors: Mapping[str, str] = MappingProxyType({}), typed: Mapping[str, str] = MappingProxyType({}),
) -> Response:  # fmt: skip
    person_id = find_candidate(db, sitting, candidate_id).person_id
    page = CandidatePage(
        sitting=queries.sitting_views(db, [sitting])[0],
        one=next(one for one in queries.candidates(db, sitting) if one.id == candidate_id),
        events=queries.events_of(db, candidate_id), notes=queries.notes_of(db, sitting, candidate_id),
        is_self=person_id in actor.records, errors=errors, typed=typed,
    )  # fmt: skip
    return render(request, "exams/candidate.html", status=422 if errors else 200, page=page)
