"""The people in one's scope, and importing lists of people."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, File, Form, Request, UploadFile

from app.core.access import Actor
from app.core.attachments import attachment
from app.core.errors import Invalid
from app.core.i18n import gettext as _
from app.core.web import Databases, Db, Files, Response, RowId, having, redirect, render
from app.identity.lists.list_pages import ListPlace, list_page, list_result, taken
from app.identity.lists.office_choices import keep_corrected, reading_of, with_typed
from app.identity.lists.office_sheets import read_list_bytes
from app.identity.lists.people_import import COLUMNS
from app.identity.lists.people_imports import PEOPLE
from app.identity.lists.people_sheet import MAX_ROWS, template_bytes
from app.identity.lists.sheet_imports import (
    ImportSummary,
    keep_source,
    past_imports,
    request_apply,
    request_check,
    visible_import,
)  # fmt: skip
from app.identity.people.people_queries import audience_names, people_in_scope

router = APIRouter()

Viewer = Annotated[Actor, having("people.view")]
Importer = Annotated[Actor, having("people.import")]


@router.get("/people")
def people(request: Request, actor: Viewer, db: Db, q: str = "", page: int = 1) -> Response:
    return render(
        request,
        "identity/people.html",
        fragment="found",
        page=people_in_scope(db, actor, q, page),
        audiences=audience_names(db),
    )


@dataclass(frozen=True)
class ImportsPage:
    past: list[ImportSummary]
    columns: tuple[str, ...]
    audiences: dict[str, str]
    max_rows: int
    problem: str = ""


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
    """What holds no list of people is refused at once; the rest is checked by a job."""
    try:
        content, name = taken(file, read_list_bytes)
    except Invalid as error:
        with databases.reading() as db:
            page = ImportsPage(past_imports(db, actor, PEOPLE), COLUMNS, audience_names(db), MAX_ROWS, error.message)
        return render(request, "identity/imports.html", status=422, page=page)
    source_key = keep_source(files, content)
    with databases.writing() as db:
        wish = request_check(db, actor, PEOPLE, name, source_key)
    return redirect(request, f"/people/imports/{wish.id}")


@router.get("/people/imports/{import_id}")
def show_import(
    request: Request, actor: Importer, db: Db, files: Files, import_id: RowId, outcome: str = "", page: int = 1
) -> Response:
    return list_page(request, db, files, actor, PEOPLE, import_id, outcome, page, _place())


@router.post("/people/imports/{import_id}/columns")
def choose_columns(
    request: Request,
    actor: Importer,
    databases: Databases,
    files: Files,
    import_id: RowId,
    column: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Check the workbook again with what each column was chosen to mean; the list shown before stays as it is."""
    with databases.reading() as db:
        wish = visible_import(db, actor, PEOPLE, import_id)
        typed = with_typed(reading_of(files, wish), column or [])
        try:
            source_key = keep_corrected(files, wish, typed)
        except Invalid as error:
            return list_page(
                request, db, files, actor, PEOPLE, import_id, "", 1, _place(), typed=typed, problem=error.message
            )
    with databases.writing() as db:
        again = request_check(db, actor, PEOPLE, wish.file_name, source_key)
    return redirect(request, f"/people/imports/{again.id}")


@router.post("/people/imports/{import_id}/apply")
def apply(request: Request, actor: Importer, db: Db, import_id: RowId) -> Response:
    return redirect(request, f"/people/imports/{request_apply(db, actor, PEOPLE, import_id).id}")


@router.get("/people/imports/{import_id}/result.xlsx")
def result(actor: Importer, db: Db, files: Files, import_id: RowId) -> Response:
    return list_result(db, files, actor, PEOPLE, import_id, "nhap")


def _place() -> ListPlace:
    return ListPlace(
        "/people/imports", ((_("Danh sách người học"), "/people"), (_("Nhập danh sách"), "/people/imports")),
        _(
            "Tên đăng nhập và mật khẩu lần đầu của người mới chỉ có trong tệp kết quả. Hãy tải về, phát cho từng người"
            " rồi xóa tệp."
        ),
    )  # fmt: skip
