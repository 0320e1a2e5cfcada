"""What the pages of every kind of list share: taking the workbook, showing what its rows come to, handing that out.

The kinds (people, evidence, attendees, candidates) have routes of their own: who may ask, and where one comes from.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath
from typing import get_args

from fastapi import Request, UploadFile
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.core.access import Actor
from app.core.attachments import attachment
from app.core.errors import Invalid
from app.core.i18n import gettext as _
from app.core.storage import Storage
from app.core.web import render
from app.identity.lists.people_report import OUTCOMES, Outcome
from app.identity.lists.people_sheet import PEOPLE, Template, result_bytes
from app.identity.lists.sheet_imports import ListKind, import_view, stored_report, visible_import


@dataclass(frozen=True)
class ListPlace:
    """Where a kind of list has its pages, what leads there, and what to say once it is applied.

    `upload_url` is where another file can be chosen, `url` itself unless it says otherwise.
    """

    url: str
    crumbs: tuple[tuple[str, str], ...]
    applied_note: str
    upload_url: str = ""


def taken(file: UploadFile | None, read: Callable[[bytes, str], object]) -> tuple[bytes, str]:
    """The workbook somebody chose and its name. Raises Invalid, saying why, for none and for what `read` refuses."""
    if file is None or not file.filename:
        raise Invalid(_("Hãy chọn một tệp danh sách."))
    content, name = file.file.read(), PurePath(file.filename.replace("\\", "/")).name[-200:]
    read(content, name)
    return content, name


def list_page(
    request: Request, db: Session, files: Storage, actor: Actor, kind: ListKind, import_id: int, outcome: str,
    page: int, where: ListPlace,
) -> Response:  # fmt: skip
    """One list, with the rows of one outcome or all. Raises NotFound for a list of somebody else."""
    chosen: Outcome | None = next((known for known in get_args(Outcome) if known == outcome), None)
    view = import_view(db, files, actor, kind, import_id, chosen, page)
    return render(
        request, "identity/import.html", fragment="state", page=view, outcomes=OUTCOMES, where=where,
    )  # fmt: skip


def list_result(
    db: Session, files: Storage, actor: Actor, kind: ListKind, import_id: int, name: str, template: Template = PEOPLE
) -> Response:
    """The workbook with what came of each row; `name` stands between what was done and the number."""
    wish = visible_import(db, actor, kind, import_id)
    done = "kiem-tra" if wish.dry_run else "ket-qua"
    return attachment(result_bytes(stored_report(files, wish), template), f"{done}-{name}-{import_id}.xlsx")
