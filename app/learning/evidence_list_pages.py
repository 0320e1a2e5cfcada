"""Lists of evidence in a workbook: hand in, look at what each row comes to, apply."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, File, Request, UploadFile

from app.core.access import Actor
from app.core.attachments import attachment
from app.core.errors import Invalid
from app.core.i18n import gettext as _
from app.core.web import Databases, Db, Files, Response, RowId, having, redirect, render
from app.identity.lists.list_pages import ListPlace, list_page, list_result, taken
from app.identity.lists.people_sheet import template_bytes
from app.identity.lists.sheet_imports import (
    ImportSummary,
    keep_source,
    past_imports,
    request_apply,
    request_check,
)  # fmt: skip
from app.learning.evidence import PERMISSION
from app.learning.evidence_lists import EVIDENCE, MAX_ROWS, TEMPLATE, read_list

router = APIRouter()

Verifier = Annotated[Actor, having(PERMISSION)]


@dataclass(frozen=True)
class ListsPage:
    past: list[ImportSummary]
    max_rows: int
    problem: str = ""


@router.get("/evidence/lists")
def lists(request: Request, actor: Verifier, db: Db) -> Response:
    return render(request, "learning/evidence_lists.html", page=ListsPage(past_imports(db, actor, EVIDENCE), MAX_ROWS))


@router.get("/evidence/lists/template.xlsx")
def template(actor: Verifier) -> Response:
    return attachment(template_bytes(TEMPLATE), "mau-minh-chung.xlsx")


@router.post("/evidence/lists")
def upload(
    request: Request, actor: Verifier, databases: Databases, files: Files,
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:  # fmt: skip
    try:
        content, name = taken(file, read_list)
    except Invalid as error:
        with databases.reading() as db:
            page = ListsPage(past_imports(db, actor, EVIDENCE), MAX_ROWS, error.message)
        return render(request, "learning/evidence_lists.html", status=422, page=page)
    source_key = keep_source(files, content)
    with databases.writing() as db:
        wish = request_check(db, actor, EVIDENCE, name, source_key)
    return redirect(request, f"/evidence/lists/{wish.id}")


@router.get("/evidence/lists/{import_id}")
def show(
    request: Request, actor: Verifier, db: Db, files: Files, import_id: RowId, outcome: str = "", page: int = 1
) -> Response:
    where = ListPlace(
        "/evidence/lists", ((_("Minh chứng"), "/evidence"), (_("Danh sách minh chứng"), "/evidence/lists")),
        _("Kết quả của mỗi người đã được tính theo ngày hoàn thành trong tệp."),
    )  # fmt: skip
    return list_page(request, db, files, actor, EVIDENCE, import_id, outcome, page, where)


@router.post("/evidence/lists/{import_id}/apply")
def apply(request: Request, actor: Verifier, db: Db, import_id: RowId) -> Response:
    return redirect(request, f"/evidence/lists/{request_apply(db, actor, EVIDENCE, import_id).id}")


@router.get("/evidence/lists/{import_id}/result.xlsx")
def result(actor: Verifier, db: Db, files: Files, import_id: RowId) -> Response:
    return list_result(db, files, actor, EVIDENCE, import_id, "minh-chung", TEMPLATE)
