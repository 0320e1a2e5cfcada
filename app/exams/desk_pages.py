"""The organiser's pages: plan a sitting, put candidates on its list, name invigilators, sign its minute."""

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.access import Actor
from app.core.attachments import DOCX, PDF, attachment
from app.core.errors import Forbidden, Invalid, NotFound
from app.core.i18n import gettext as _
from app.core.web import Databases, Db, Files, Me, Response, RowId, having, redirect, render
from app.exams.candidate_lists import CANDIDATES, read_list
from app.exams.minutes import StillToMark, content_of, sign
from app.exams.models import ExamSitting
from app.exams.planning import (
    MOST_CANDIDATES,
    ListIsFull,
    SittingForm,
    add_candidates,
    name_invigilator,
    plan_sitting,
    remove_candidate,
)
from app.exams.policy import ORGANISE, find_candidate, find_organised, find_sitting
from app.exams.queries import own_unit_code, sitting_list, subject_choices
from app.exams.room_pages import sitting_page
from app.identity.lists.list_pages import ListPlace, list_page, list_result, taken
from app.identity.lists.people_lists import WHO
from app.identity.lists.people_sheet import template_bytes
from app.identity.lists.sheet_imports import keep_source, request_apply, request_check, visible_import
from app.identity.models import Person
from app.identity.people.people_named import UnknownPeople, people_named
from app.identity.policy import visible_people

router = APIRouter()

Organiser = Annotated[Actor, having(ORGANISE)]
_TYPES = {"pdf": PDF, "docx": DOCX}


@dataclass(frozen=True)
class NewSittingPage:
    subjects: list[tuple[str, str]]
    form: SittingForm
    errors: dict[str, str] = field(default_factory=dict)


@router.get("/exams")
def sittings(request: Request, actor: Me, db: Db, page: int = 1) -> Response:
    """Those one organises or watches; who was named for one has no role for it."""
    return render(
        request, "exams/sittings.html", page=sitting_list(db, actor, page), may_plan=actor.can(ORGANISE)
    )  # fmt: skip


@router.get("/exams/new")
def new_sitting(request: Request, actor: Organiser, db: Db) -> Response:
    form = SittingForm(unit=own_unit_code(db, actor))
    return render(request, "exams/new.html", page=NewSittingPage(subject_choices(db), form))


@router.post("/exams/new")
def plan(request: Request, actor: Organiser, db: Db, given: Annotated[SittingForm, Form()]) -> Response:
    try:
        sitting = plan_sitting(db, actor, given)
    except Invalid as error:
        page = NewSittingPage(subject_choices(db), given, error.fields)
        return render(request, "exams/new.html", status=422, page=page)
    flash = ("ok", _("Đã lập buổi sát hạch. Bây giờ hãy thêm thí sinh và cử giám thị."))
    return redirect(request, f"/exams/{sitting.id}", flash=flash)


@router.get("/exams/template.xlsx")
def template(actor: Organiser) -> Response:
    return attachment(template_bytes(WHO), "mau-danh-sach-thi-sinh.xlsx")


def _organised(actor: Organiser, db: Db, sitting_id: RowId) -> ExamSitting:
    return find_organised(db, actor, sitting_id)


# One the actor organises: 404 for others, 403 for who only watches.
Organised = Annotated[ExamSitting, Depends(_organised)]


@router.post("/exams/{sitting_id}/candidates")
def add(
    request: Request, actor: Organiser, db: Db, sitting: Organised,
    ref: Annotated[list[str] | None, Form()] = None, people: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Those ticked, or those typed; who is not in one's scope is not found."""
    ticked = _ticked(db, actor, ref or [])
    try:
        named = people_named(db, actor, ORGANISE, people, MOST_CANDIDATES)
        new = add_candidates(db, actor, sitting, {*ticked, *named})
    except UnknownPeople as error:
        return sitting_page(request, db, actor, sitting, errors={"people": str(error)}, people=people, status=422)
    except (ListIsFull, Forbidden) as error:
        errors = {"people": error.message}
        return sitting_page(request, db, actor, sitting, errors=errors, people=people, status=error.status)
    flash = ("ok", _("Đã thêm %(count)s thí sinh.", count=new)) if ticked or named else ("warn", _("Chưa chọn ai."))
    return redirect(request, f"/exams/{sitting.id}", flash=flash)


@router.post("/exams/{sitting_id}/candidates/{candidate_id}/remove")
def remove(request: Request, actor: Organiser, db: Db, sitting: Organised, candidate_id: RowId) -> Response:
    remove_candidate(db, actor, sitting, find_candidate(db, sitting, candidate_id, to_change=True))
    return redirect(request, f"/exams/{sitting.id}", flash=("ok", _("Đã bỏ khỏi danh sách.")))


@router.post("/exams/{sitting_id}/invigilators")
def name(
    request: Request, actor: Organiser, db: Db, sitting: Organised, username: Annotated[str, Form()] = ""
) -> Response:  # fmt: skip
    try:
        name_invigilator(db, actor, sitting, username)
    except Invalid as error:
        return sitting_page(request, db, actor, sitting, errors=error.fields, username=username, status=422)
    return redirect(request, f"/exams/{sitting.id}", flash=("ok", _("Đã cử giám thị và báo cho họ.")))


@router.post("/exams/{sitting_id}/sign")
def sign_minute(
    request: Request, actor: Organiser, db: Db, files: Files, sitting: Organised, number: Annotated[str, Form()] = ""
) -> Response:  # fmt: skip
    try:
        sign(db, files, actor, sitting, number)
    except Invalid as error:
        return sitting_page(request, db, actor, sitting, errors=error.fields, status=422)
    except StillToMark as error:
        # The page names who waits and leads to the marking.
        return sitting_page(request, db, actor, sitting, errors={"sign": error.message}, status=error.status)
    return redirect(request, f"/exams/{sitting.id}", flash=("ok", _("Đã khóa biên bản; hai tệp giữ nguyên từ nay.")))


@router.get("/exams/{sitting_id}/minute.{kind}")
def minute(actor: Me, db: Db, files: Files, sitting_id: RowId, kind: str) -> Response:
    """For whoever organises or watches: a draft until it is signed, then always the same bytes."""
    content = content_of(db, files, find_sitting(db, actor, sitting_id), kind)
    return attachment(content, f"bien-ban-sat-hach-{sitting_id}.{kind}", _TYPES[kind])


@router.post("/exams/{sitting_id}/lists")
def upload(
    request: Request, actor: Organiser, databases: Databases, files: Files, sitting_id: RowId,
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:  # fmt: skip
    with databases.reading() as db:
        sitting = find_sitting(db, actor, sitting_id)
        try:
            content, name = taken(file, read_list)
        except Invalid as error:
            return sitting_page(request, db, actor, sitting, errors={"file": error.message}, status=422)
    source_key = keep_source(files, content)
    with databases.writing() as db:
        find_organised(db, actor, sitting_id)
        wish = request_check(db, actor, CANDIDATES, name, source_key, sitting_id)
    return redirect(request, f"/exams/{sitting_id}/lists/{wish.id}")


@router.get("/exams/{sitting_id}/lists/{import_id}")
def show_list(
    request: Request, actor: Organiser, db: Db, files: Files, sitting_id: RowId, import_id: RowId, outcome: str = "",
    page: int = 1,
) -> Response:  # fmt: skip
    sitting = _sitting_of(db, actor, sitting_id, import_id)
    where = ListPlace(
        f"/exams/{sitting_id}/lists", ((_("Sát hạch"), "/exams"), (sitting.title, f"/exams/{sitting_id}")),
        _("Thí sinh đã có trong danh sách và đã được báo ngày, nơi sát hạch."), f"/exams/{sitting_id}#list",
    )  # fmt: skip
    return list_page(request, db, files, actor, CANDIDATES, import_id, outcome, page, where)


@router.post("/exams/{sitting_id}/lists/{import_id}/apply")
def apply(request: Request, actor: Organiser, db: Db, sitting_id: RowId, import_id: RowId) -> Response:
    _sitting_of(db, actor, sitting_id, import_id)
    return redirect(request, f"/exams/{sitting_id}/lists/{request_apply(db, actor, CANDIDATES, import_id).id}")


@router.get("/exams/{sitting_id}/lists/{import_id}/result.xlsx")
def result(actor: Organiser, db: Db, files: Files, sitting_id: RowId, import_id: RowId) -> Response:
    _sitting_of(db, actor, sitting_id, import_id)
    return list_result(db, files, actor, CANDIDATES, import_id, f"sat-hach-{sitting_id}", WHO)


def _sitting_of(db: Session, actor: Actor, sitting_id: int, import_id: int) -> ExamSitting:
    """The sitting of that list; raises NotFound for a list of another one."""
    if visible_import(db, actor, CANDIDATES, import_id).subject_id != sitting_id:
        raise NotFound
    return find_sitting(db, actor, sitting_id)


def _ticked(db: Session, actor: Actor, refs: list[str]) -> list[int]:
    """Ids of the people ticked; raises NotFound for somebody who is not in the actor's scope."""
    refs = list(dict.fromkeys(refs))
    found = db.scalars(select(Person.id).where(Person.ref.in_(refs), visible_people(actor, ORGANISE))).all()
    if len(found) != len(refs):
        raise NotFound
    return list(found)
