"""Recording classes that were held: the class itself, and one by one or from a list who took part."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, File, Form, Request, UploadFile
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.classes.attendee_lists import ATTENDEES, MAX_ROWS, read_list
from app.classes.models import HeldClass
from app.classes.queries import (
    AttendeeView,
    ClassView,
    attendees,
    class_list,
    class_view,
    find_attendance,
    find_class,
    own_unit_code,
    subject_choices,
)  # fmt: skip
from app.classes.service import (
    PERMISSION,
    ClassForm,
    add_attendee,
    correct_class,
    form_of,
    has_attendees,
    record_class,
    remove_attendee,
)  # fmt: skip
from app.core.access import Actor
from app.core.attachments import attachment
from app.core.errors import Invalid, NotFound
from app.core.i18n import gettext as _
from app.core.web import Databases, Db, Files, Response, RowId, having, redirect, render
from app.identity.lists.list_pages import ListPlace, list_page, list_result, taken
from app.identity.lists.people_lists import WHO
from app.identity.lists.people_sheet import template_bytes
from app.identity.lists.sheet_imports import (
    ImportSummary,
    keep_source,
    past_imports,
    request_apply,
    request_check,
    visible_import,
)  # fmt: skip
from app.identity.models import Person
from app.identity.people.people_queries import PeopleList, people_in_scope
from app.identity.policy import visible_people

router = APIRouter()

Recorder = Annotated[Actor, having(PERMISSION)]


@dataclass(frozen=True)
class ClassFormPage:
    """`held`: the class that is corrected. `is_fixed`: people are recorded, so what their results say stays."""

    subjects: list[tuple[str, str]]
    form: ClassForm
    errors: dict[str, str] = field(default_factory=dict)
    held: ClassView | None = None
    is_fixed: bool = False


@dataclass(frozen=True)
class ClassPage:
    """`own_ref` is the reader, who cannot be picked; `found`: people to pick from; `problem` of
    an uploaded list; `removing` an attendance whose reason was missing.
    """

    held: ClassView
    attendees: list[AttendeeView]
    past: list[ImportSummary]
    max_rows: int
    own_ref: str
    found: PeopleList | None = None
    problem: str = ""
    removing: int = 0
    reason_error: str = ""

    @property
    def refs(self) -> set[str]:
        """Of those present, who need not be offered again."""
        return {one.ref for one in self.attendees if one.removed_at is None}


@router.get("/classes")
def classes(request: Request, actor: Recorder, db: Db, page: int = 1) -> Response:
    return render(request, "classes/classes.html", page=class_list(db, actor, page))


@router.get("/classes/new")
def new_class(request: Request, actor: Recorder, db: Db) -> Response:
    form = ClassForm(unit=own_unit_code(db, actor))
    return render(request, "classes/form.html", page=ClassFormPage(subject_choices(db), form))


@router.post("/classes/new")
def record(request: Request, actor: Recorder, db: Db, given: Annotated[ClassForm, Form()]) -> Response:
    try:
        held = record_class(db, actor, given)
    except Invalid as error:
        page = ClassFormPage(subject_choices(db), given, error.fields)
        return render(request, "classes/form.html", status=422, page=page)
    flash = ("ok", _("Đã ghi lớp. Bây giờ hãy thêm người đã dự."))
    return redirect(request, f"/classes/{held.id}", flash=flash)


@router.get("/classes/template.xlsx")
def template(actor: Recorder) -> Response:
    return attachment(template_bytes(WHO), "mau-nguoi-du-lop.xlsx")


@router.get("/classes/{class_id}")
def show_class(request: Request, actor: Recorder, db: Db, class_id: RowId, q: str = "") -> Response:
    held = find_class(db, actor, class_id)
    return _class_page(request, db, actor, held, found=people_in_scope(db, actor, q) if q.strip() else None)


@router.get("/classes/{class_id}/edit")
def edit(request: Request, actor: Recorder, db: Db, class_id: RowId) -> Response:
    held = find_class(db, actor, class_id)
    return _form_page(request, db, held, form_of(db, held))


@router.post("/classes/{class_id}/edit")
def correct(
    request: Request, actor: Recorder, db: Db, class_id: RowId, given: Annotated[ClassForm, Form()]
) -> Response:
    held = find_class(db, actor, class_id)
    try:
        correct_class(db, actor, held, given)
    except Invalid as error:
        return _form_page(request, db, held, given, error.fields, status=422)
    return redirect(request, f"/classes/{class_id}", flash=("ok", _("Đã sửa thông tin lớp.")))


@router.post("/classes/{class_id}/attendees")
def add(
    request: Request, actor: Recorder, db: Db, class_id: RowId, ref: Annotated[list[str] | None, Form()] = None
) -> Response:
    """Those ticked; who is not in one's scope is not found."""
    held = find_class(db, actor, class_id)
    refs = list(dict.fromkeys(ref or ()))
    people = db.scalars(select(Person.id).where(Person.ref.in_(refs), visible_people(actor, PERMISSION))).all()
    if len(people) != len(refs):
        raise NotFound
    new = sum(add_attendee(db, actor, held, person_id)[1] for person_id in people)
    flash = ("ok", _("Đã thêm %(count)s người vào lớp.", count=new)) if refs else ("warn", _("Chưa chọn ai."))
    return redirect(request, f"/classes/{class_id}", flash=flash)


@router.post("/classes/{class_id}/attendees/{attendance_id}/remove")
def remove(
    request: Request, actor: Recorder, db: Db, class_id: RowId, attendance_id: RowId,
    reason: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    held = find_class(db, actor, class_id)
    try:
        remove_attendee(db, actor, held, find_attendance(db, held, attendance_id), reason)
    except Invalid as error:
        said = error.fields["reason"]
        return _class_page(request, db, actor, held, removing=attendance_id, reason_error=said, status=422)
    flash = ("ok", _("Đã bỏ khỏi lớp; kết quả đã tính cho người này bị hủy."))
    return redirect(request, f"/classes/{class_id}", flash=flash)


@router.post("/classes/{class_id}/lists")
def upload(
    request: Request, actor: Recorder, databases: Databases, files: Files, class_id: RowId,
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:  # fmt: skip
    with databases.reading() as db:
        held = find_class(db, actor, class_id)
        try:
            content, name = taken(file, read_list)
        except Invalid as error:
            return _class_page(request, db, actor, held, problem=error.message, status=422)
    source_key = keep_source(files, content)
    with databases.writing() as db:
        wish = request_check(db, actor, ATTENDEES, name, source_key, class_id)
    return redirect(request, f"/classes/{class_id}/lists/{wish.id}")


@router.get("/classes/{class_id}/lists/{import_id}")
def show_list(
    request: Request, actor: Recorder, db: Db, files: Files, class_id: RowId, import_id: RowId, outcome: str = "",
    page: int = 1,
) -> Response:  # fmt: skip
    held = _class_of(db, actor, class_id, import_id)
    where = ListPlace(
        f"/classes/{class_id}/lists", ((_("Lớp đã tổ chức"), "/classes"), (held.title, f"/classes/{class_id}")),
        _("Người dự lớp đã được tính hoàn thành vào ngày cuối của lớp."), f"/classes/{class_id}#list",
    )  # fmt: skip
    return list_page(request, db, files, actor, ATTENDEES, import_id, outcome, page, where)


@router.post("/classes/{class_id}/lists/{import_id}/apply")
def apply(request: Request, actor: Recorder, db: Db, class_id: RowId, import_id: RowId) -> Response:
    _class_of(db, actor, class_id, import_id)
    return redirect(request, f"/classes/{class_id}/lists/{request_apply(db, actor, ATTENDEES, import_id).id}")


@router.get("/classes/{class_id}/lists/{import_id}/result.xlsx")
def result(actor: Recorder, db: Db, files: Files, class_id: RowId, import_id: RowId) -> Response:
    _class_of(db, actor, class_id, import_id)
    return list_result(db, files, actor, ATTENDEES, import_id, f"lop-{class_id}", WHO)


def _class_of(db: Session, actor: Actor, class_id: int, import_id: int) -> HeldClass:
    """The class of that list; raises NotFound for a list of another one."""
    if visible_import(db, actor, ATTENDEES, import_id).subject_id != class_id:
        raise NotFound
    return find_class(db, actor, class_id)


def _form_page(
    request: Request, db: Session, held: HeldClass, form: ClassForm, errors: Mapping[str, str] = {}, status: int = 200
) -> Response:  # fmt: skip
    page = ClassFormPage(subject_choices(db), form, dict(errors), class_view(db, held), has_attendees(db, held))
    return render(request, "classes/form.html", status=status, page=page)


def _class_page(
    request: Request, db: Session, actor: Actor, held: HeldClass, *, found: PeopleList | None = None,
    problem: str = "", removing: int = 0, reason_error: str = "", status: int = 200,
) -> Response:  # fmt: skip
    page = ClassPage(
        class_view(db, held), attendees(db, held), past_imports(db, actor, ATTENDEES, held.id), MAX_ROWS,
        db.get_one(Person, actor.person_id).ref, found,
        problem, removing, reason_error,
    )  # fmt: skip
    return render(request, "classes/class.html", status=status, page=page)
