"""Importing lists of people in the browser: upload, see how it was read, mend rows, write them, take that back."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, File, Form, Request, UploadFile

from app.core.access import Actor
from app.core.attachments import attachment
from app.core.errors import Conflict, Invalid
from app.core.forms import StrippedForm
from app.core.i18n import gettext as _
from app.core.table_files import download
from app.core.web import Databases, Db, Files, Response, RowId, having, redirect, render
from app.identity.codes.slips import order_slips
from app.identity.imports.mending import CELLS, Mend, mend
from app.identity.imports.queries import (
    ROW_OUTCOMES,
    ListView,
    MendView,
    list_view,
    mend_view,
    people_added,
    result_table,
)
from app.identity.imports.stages import (
    begin,
    mendable,
    request_apply,
    request_confirm,
    request_go_on,
    request_stop,
    request_undo,
)
from app.identity.imports.work import reading_of
from app.identity.lists.list_pages import ListPlace, list_page, list_result, taken
from app.identity.lists.office_choices import keep_corrected, refuse_periods, with_typed
from app.identity.lists.office_columns import FIELDS
from app.identity.lists.office_mapping import SURENESS
from app.identity.lists.office_sheets import begins_a_list
from app.identity.lists.office_titles import shown_period
from app.identity.lists.people_import import COLUMNS
from app.identity.lists.people_imports import PEOPLE
from app.identity.lists.people_matching import NEW
from app.identity.lists.people_report import PROBLEMS, Reading
from app.identity.lists.people_sheet import MAX_ROWS, template_bytes
from app.identity.lists.sheet_imports import ImportSummary, keep_source, past_imports, visible_import
from app.identity.people.people_queries import audience_names
from app.identity.policy import MANAGE

router = APIRouter()

Importer = Annotated[Actor, having("people.import")]


@dataclass(frozen=True)
class ImportsPage:
    past: list[ImportSummary]
    columns: tuple[str, ...]
    audiences: dict[str, str]
    max_rows: int
    problem: str = ""


@dataclass(frozen=True)
class ListPage:
    """`typed`: what somebody chose for the columns of the list, `problem` why it cannot be read so."""

    list: ListView
    reading: Reading | None
    problem: str = ""


class RowForm(StrippedForm):
    """A row as it was typed: the cells of CELLS in their order, what was decided, and the page it was on."""

    name: str = ""
    birth: str = ""
    sex: str = ""
    identity: str = ""
    phone: str = ""
    email: str = ""
    unit_code: str = ""
    unit_name: str = ""
    title: str = ""
    leader: str = ""
    audiences: str = ""
    start: str = ""
    choice: str = ""
    confirmed: bool = False
    problem: str = ""
    page: int = 1

    @property
    def mend(self) -> Mend:
        cells = tuple(getattr(self, name) for name in _NAMES.values())
        return Mend(cells, self.choice, self.confirmed)


_NAMES = dict(zip(CELLS, RowForm.model_fields, strict=False))


@router.get("/people/imports")
def imports(request: Request, actor: Importer, db: Db) -> Response:
    page = ImportsPage(past_imports(db, actor, PEOPLE), COLUMNS, audience_names(db), MAX_ROWS)
    return render(request, "identity/imports.html", page=page)


@router.get("/people/imports/template.xlsx")
def template(actor: Importer) -> Response:
    return attachment(template_bytes(), "mau-danh-sach.xlsx")


@router.post("/people/imports")
def upload(
    request: Request,
    actor: Importer,
    databases: Databases,
    files: Files,
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """What holds no list of people is refused at once; the rest is read and checked by a job."""
    try:
        content, name = taken(file, begins_a_list)
    except Invalid as error:
        with databases.reading() as db:
            page = ImportsPage(past_imports(db, actor, PEOPLE), COLUMNS, audience_names(db), MAX_ROWS, error.message)
        return render(request, "identity/imports.html", status=422, page=page)
    source_key = keep_source(files, content)
    with databases.writing() as db:
        wish = begin(db, actor, name, source_key)
    return redirect(request, _url(wish.id))


@router.get("/people/imports/{import_id}")
def show_import(
    request: Request, actor: Importer, db: Db, files: Files, import_id: RowId, outcome: str = "", page: int = 1
) -> Response:
    wish = visible_import(db, actor, PEOPLE, import_id)
    if wish.result_key or not wish.stage:
        # Of the time before rows were kept one by one.
        return list_page(request, db, files, actor, PEOPLE, import_id, outcome, page, _place())
    view = list_view(db, files, actor, import_id, outcome, page)
    return _list_page(request, ListPage(view, view.reading))


@router.post("/people/imports/{import_id}/columns")
def choose_columns(
    request: Request,
    actor: Importer,
    databases: Databases,
    files: Files,
    import_id: RowId,
    column: Annotated[list[str] | None, Form()] = None,
    unit: Annotated[list[str] | None, Form()] = None,
    period: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Check the workbook again with what its columns and titles are said to mean; the list shown before stays."""
    with databases.reading() as db:
        wish = visible_import(db, actor, PEOPLE, import_id)
        reading = reading_of(files, wish)
        if reading is None:
            raise Conflict(_("Tệp này theo mẫu nên không có cột nào phải chọn lại."))
        typed = with_typed(reading, column or [], unit or [], period or [])
        try:
            refuse_periods(period or [])
            source_key = keep_corrected(files, wish, typed)
        except Invalid as error:
            page = ListPage(list_view(db, files, actor, import_id), typed, error.message)
            return _list_page(request, page, status=422)
    with databases.writing() as db:
        again = begin(db, actor, wish.file_name, source_key)
    return redirect(request, _url(again.id))


# --- what is done with it -----------------------------------------------------------------------------------------


@router.post("/people/imports/{import_id}/apply")
def apply(request: Request, actor: Importer, db: Db, import_id: RowId) -> Response:
    return redirect(request, _url(request_apply(db, actor, import_id).id))


@router.post("/people/imports/{import_id}/undo")
def undo(request: Request, actor: Importer, db: Db, import_id: RowId) -> Response:
    return redirect(request, _url(request_undo(db, actor, import_id).id))


@router.post("/people/imports/{import_id}/stop")
def stop(request: Request, actor: Importer, db: Db, import_id: RowId) -> Response:
    request_stop(db, actor, import_id)
    return redirect(request, _url(import_id))


@router.post("/people/imports/{import_id}/go-on")
def go_on(request: Request, actor: Importer, db: Db, import_id: RowId) -> Response:
    request_go_on(db, actor, import_id)
    return redirect(request, _url(import_id))


@router.post("/people/imports/{import_id}/slips")
def slips(request: Request, actor: Importer, db: Db, import_id: RowId) -> Response:
    """Slips for the people the list added; they replace the first passwords of the result."""
    actor.require(MANAGE)
    wish = visible_import(db, actor, PEOPLE, import_id)
    try:
        order_slips(db, actor, people_added(db, wish), wish.file_name)
    except Invalid as error:
        raise Conflict(error.fields["unit"]) from error
    said = _("Đang làm phiếu. Tệp hiện ở danh sách bên dưới khi xong.")
    return redirect(request, "/people/slips", flash=("ok", said))


@router.get("/people/imports/{import_id}/result.xlsx")
def result(actor: Importer, db: Db, files: Files, import_id: RowId) -> Response:
    wish = visible_import(db, actor, PEOPLE, import_id)
    if wish.result_key:
        return list_result(db, files, actor, PEOPLE, import_id, "nhap")
    done = "ket-qua" if wish.applied_at else "kiem-tra"
    return download(result_table(db, files, actor, import_id), "xlsx", f"{done}-nhap-{import_id}")


# --- rows that somebody must look at ------------------------------------------------------------------------------


@router.get("/people/imports/{import_id}/problems")
def problems(request: Request, actor: Importer, db: Db, import_id: RowId, problem: str = "", page: int = 1) -> Response:
    mendable(db, actor, import_id, lock=False)
    return _mend_page(request, mend_view(db, actor, import_id, problem, page))


@router.post("/people/imports/{import_id}/problems/confirm")
def confirm_all(request: Request, actor: Importer, db: Db, import_id: RowId) -> Response:
    """Every identity number without its zeros is as proposed."""
    return redirect(request, _url(request_confirm(db, actor, import_id, "identity_zero").id))


@router.post("/people/imports/{import_id}/rows/{row_id}")
def mend_row(
    request: Request, actor: Importer, db: Db, files: Files, import_id: RowId, row_id: RowId,
    form: Annotated[RowForm, Form()],
) -> Response:  # fmt: skip
    """The row is kept as it was typed, right or wrong, and checked again."""
    report = mend(db, files, actor, import_id, row_id, form.mend)
    if report.outcome in ("needs_confirmation", "refused"):
        # Its problem may be another one now, and it has to be on the page.
        view = mend_view(db, actor, import_id, form.problem, form.page, row_id=row_id)
        return _mend_page(request, view, status=422, wrong=row_id)
    said = _("Dòng %(row)s: %(outcome)s.", row=report.row, outcome=ROW_OUTCOMES[report.outcome])
    problem = form.problem if form.problem in PROBLEMS else ""
    return redirect(request, f"{_url(import_id)}/problems?problem={problem}&page={form.page}", flash=("ok", said))


def _list_page(request: Request, page: ListPage, status: int = 200) -> Response:
    return render(
        request, "identity/people_import.html", fragment="state", status=status, page=page, fields=FIELDS,
        sureness=SURENESS, outcomes=ROW_OUTCOMES, shown_period=shown_period,
    )  # fmt: skip


def _mend_page(request: Request, view: MendView, *, status: int = 200, wrong: int = 0) -> Response:
    return render(
        request, "identity/people_problems.html", status=status, page=view, wrong=wrong, kinds=PROBLEMS,
        outcomes=ROW_OUTCOMES, names=_NAMES, new=NEW,
    )  # fmt: skip


def _url(import_id: int) -> str:
    return f"/people/imports/{import_id}"


def _place() -> ListPlace:
    return ListPlace(
        "/people/imports", ((_("Danh sách người học"), "/people"), (_("Nhập danh sách"), "/people/imports")),
        _(
            "Tên đăng nhập và mật khẩu lần đầu của người mới chỉ có trong tệp kết quả. Hãy tải về, phát cho từng người"
            " rồi xóa tệp."
        ),
    )  # fmt: skip
