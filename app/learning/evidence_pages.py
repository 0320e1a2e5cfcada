"""Handing in evidence of one's own, and deciding about that of others."""

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, File, Form, Request, UploadFile
from sqlalchemy.orm import Session

from app.core.access import Actor
from app.core.attachments import attachment
from app.core.errors import Invalid, NotFound
from app.core.i18n import gettext as _
from app.core.storage import Storage
from app.core.web import Databases, Db, Files, Me, Response, RowId, having, redirect, render
from app.learning import evidence as deciding
from app.learning.evidence import Submission, check_submission
from app.learning.evidence_models import Evidence
from app.learning.evidence_queries import (
    EvidenceList,
    EvidenceView,
    Twin,
    evidence_queue,
    evidence_view,
    find_evidence,
    own_evidence,
    programme_choices,
    twins_of,
)  # fmt: skip
from app.media.documents import ENDINGS, MOST_BYTES, Document, check_document, keep_document, read_document

router = APIRouter()

Verifier = Annotated[Actor, having(deciding.PERMISSION)]


@dataclass(frozen=True)
class MyEvidencePage:
    mine: list[EvidenceView]
    programmes: list[tuple[str, str]]
    form: Submission = field(default_factory=Submission)
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class DecidePage:
    """`is_own`: the reader's, who may not decide about it."""

    evidence: EvidenceView
    twins: list[Twin]
    is_own: bool
    reason: str = ""
    errors: dict[str, str] = field(default_factory=dict)


@router.get("/my/evidence")
def my_evidence(request: Request, actor: Me, db: Db) -> Response:
    page = MyEvidencePage(own_evidence(db, actor.person_id), programme_choices(db))
    return render(request, "learning/my_evidence.html", page=page)


@router.post("/my/evidence")
def hand_in(
    request: Request, actor: Me, databases: Databases, files: Files, given: Annotated[Submission, Form()],
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:  # fmt: skip
    """The file is checked and stored before anything is written; what was typed comes back with a word at its field."""
    errors, document = check_submission(given), None
    try:
        document = _document(file)
    except Invalid as error:
        errors["file"] = error.message
    if errors or document is None:
        with databases.reading() as db:
            page = MyEvidencePage(own_evidence(db, actor.person_id), programme_choices(db), given, errors)
        return render(request, "learning/my_evidence.html", status=422, page=page)
    key = keep_document(files, document)
    with databases.writing() as db:
        deciding.submit(db, actor, given, document, key)
    flash = ("ok", _("Đã nộp. Người phụ trách đơn vị sẽ xem; kết quả hiện ở trang này."))
    return redirect(request, "/my/evidence", flash=flash)


@router.get("/my/evidence/{evidence_id}/file")
def my_file(actor: Me, db: Db, files: Files, evidence_id: RowId) -> Response:
    evidence = db.get(Evidence, evidence_id)
    if evidence is None or evidence.person_id not in actor.records:
        raise NotFound
    return _file(files, evidence)


@router.get("/evidence")
def queue(request: Request, actor: Verifier, db: Db, done: bool = False, page: int = 1) -> Response:
    found: EvidenceList = evidence_queue(db, actor, waiting=not done, page=page)
    return render(request, "learning/evidence_queue.html", page=found, done=done)


@router.get("/evidence/{evidence_id}")
def decide(request: Request, actor: Verifier, db: Db, evidence_id: RowId) -> Response:
    return _decide_page(request, db, actor, find_evidence(db, actor, evidence_id))


@router.get("/evidence/{evidence_id}/file")
def file(actor: Verifier, db: Db, files: Files, evidence_id: RowId) -> Response:
    return _file(files, find_evidence(db, actor, evidence_id))


@router.post("/evidence/{evidence_id}/verify")
def verify(request: Request, actor: Verifier, db: Db, evidence_id: RowId) -> Response:
    deciding.verify(db, actor, find_evidence(db, actor, evidence_id, to_change=True))
    return redirect(request, "/evidence", flash=("ok", _("Đã duyệt. Kết quả đã được tính theo ngày trên giấy.")))


@router.post("/evidence/{evidence_id}/refuse")
def refuse(
    request: Request, actor: Verifier, db: Db, evidence_id: RowId, reason: Annotated[str, Form()] = ""
) -> Response:  # fmt: skip
    evidence = find_evidence(db, actor, evidence_id, to_change=True)
    try:
        deciding.refuse(db, actor, evidence, reason)
    except Invalid as error:
        return _decide_page(request, db, actor, evidence, reason, error.fields, status=422)
    return redirect(request, "/evidence", flash=("ok", _("Đã từ chối. Người nộp thấy lý do ở trang của họ.")))


@router.post("/evidence/{evidence_id}/annul")
def annul(
    request: Request, actor: Verifier, db: Db, evidence_id: RowId, reason: Annotated[str, Form()] = "",
    fraud: Annotated[bool, Form()] = False,
) -> Response:  # fmt: skip
    evidence = find_evidence(db, actor, evidence_id, to_change=True)
    try:
        deciding.annul(db, actor, evidence, reason, fraud=fraud)
    except Invalid as error:
        return _decide_page(request, db, actor, evidence, reason, error.fields, status=422)
    return redirect(request, f"/evidence/{evidence_id}", flash=("ok", _("Đã hủy kết quả.")))


def _decide_page(
    request: Request, db: Session, actor: Actor, evidence: Evidence, reason: str = "",
    errors: dict[str, str] | None = None, status: int = 200,
) -> Response:  # fmt: skip
    page = DecidePage(
        evidence_view(db, evidence), twins_of(db, actor, evidence), evidence.person_id in actor.records, reason,
        errors or {},
    )  # fmt: skip
    return render(request, "learning/evidence.html", status=status, page=page)


def _document(file: UploadFile | None) -> Document:
    if file is None or not file.filename:
        raise Invalid(_("Hãy chọn tệp PDF, hoặc ảnh JPG, PNG."))
    return check_document(file.file.read(MOST_BYTES + 1), file.filename)


def _file(storage: Storage, evidence: Evidence) -> Response:
    if not evidence.storage_key:
        raise NotFound(_("Tệp minh chứng đã được xóa sau thời hạn lưu."))
    content = read_document(storage, evidence.storage_key)
    name = f"minh-chung-{evidence.id}.{ENDINGS[evidence.content_type]}"
    return attachment(content, name, evidence.content_type)
