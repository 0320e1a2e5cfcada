"""A unit's answer: filled in by the unit, read and decided about by who asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.core.access import Actor
from app.core.attachments import attachment
from app.core.errors import Invalid, NotFound
from app.core.i18n import gettext as _
from app.core.web import Databases, Db, Files, Me, RowId, form_fields, redirect, render
from app.coverage.counting.periods import period_named
from app.coverage.counting.wording import period_name
from app.coverage.rounds import answering
from app.coverage.rounds.models import DeclarationFile, DeclarationRound, UnitDeclaration
from app.coverage.rounds.opening import DECLARE, MANAGE
from app.coverage.rounds.results import ResultLine, results_of, thawed
from app.coverage.rounds.round_queries import STATES, STEPS, StepRow, is_late, steps_of
from app.coverage.rounds.subjects import Subject, asked_kind, subjects_of, value_words
from app.identity.policy import is_within
from app.identity.units import unit_queries
from app.media.documents import ENDINGS, MOST_BYTES, Document, check_document, keep_document, read_document

router = APIRouter()

Fields = Annotated[dict[str, list[str]], Depends(form_fields)]


@dataclass(frozen=True)
class AnswerPage:
    """`subjects`: with the kind of answer and the words for what was handed in. `may_answer`: the reader answers for
    the unit and it is open; `may_decide`: he asked and it is submitted; `may_run`: he asked.
    `results`: of the round's period, as they are now, or as they were handed in."""

    round: DeclarationRound
    answer: UnitDeclaration
    unit_name: str
    subjects: list[tuple[Subject, str, str]]
    papers: list[DeclarationFile]
    results: list[ResultLine]
    steps: list[StepRow]
    is_late: bool
    may_answer: bool
    may_reopen: bool
    may_decide: bool
    may_run: bool
    reason: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)


@router.get("/declarations/{round_id}/units/{unit_id}")
def answer(request: Request, actor: Me, db: Db, round_id: RowId, unit_id: RowId) -> Response:
    round_, found = answering.find(db, actor, round_id, unit_id)
    return _show(request, db, actor, round_, found)


@router.post("/declarations/{round_id}/units/{unit_id}")
def keep(
    request: Request, actor: Me, databases: Databases, files: Files, round_id: RowId, unit_id: RowId, fields: Fields,
    paper: Annotated[UploadFile | None, File()] = None,
) -> Response:  # fmt: skip
    """Save what was typed, right or not, and hand it in if that was the button; a paper is stored first."""
    typed = {name.removeprefix("value-"): values[0] for name, values in fields.items() if values}
    errors: dict[str, str] = {}
    papers: list[tuple[Document, str]] = []
    with databases.reading() as db:
        answering.find(db, actor, round_id, unit_id)
    try:
        if paper is not None and paper.filename:
            document = check_document(paper.file.read(MOST_BYTES + 1), paper.filename, takes_office=True)
            papers.append((document, keep_document(files, document)))
    except Invalid as error:
        errors["paper"] = error.message
    with databases.writing() as db:
        round_, found = answering.find(db, actor, round_id, unit_id, to_change=True)
        try:
            answering.save(db, actor, round_, found, typed, typed.get("note", ""), papers)
            if not errors and typed.get("act") == "submit":
                answering.submit(db, actor, round_, found)
        except Invalid as error:
            errors |= error.fields
        if errors:
            # What was typed is saved all the same.
            return _show(request, db, actor, round_, found, errors=errors, status=422)
    said = (
        _("Đã nộp. Cơ quan mở đợt sẽ xem; kết quả hiện ở trang này.")
        if typed.get("act") == "submit"
        else _("Đã lưu nháp.")
    )
    return redirect(request, f"/declarations/{round_id}/units/{unit_id}", flash=("ok", said))


@router.post("/declarations/{round_id}/units/{unit_id}/reopen")
def reopen(
    request: Request, actor: Me, db: Db, round_id: RowId, unit_id: RowId, reason: Annotated[str, Form()] = ""
) -> Response:
    round_, found = answering.find(db, actor, round_id, unit_id, to_change=True)
    answering.reopen(db, actor, round_, found, reason)
    said = _("Sửa rồi nộp lại. Số đã duyệt trước đây vẫn dùng đến khi số mới được duyệt.")
    return redirect(request, f"/declarations/{round_id}/units/{unit_id}", flash=("ok", said))


@router.post("/declarations/{round_id}/units/{unit_id}/decide")
def decide(
    request: Request, actor: Me, db: Db, round_id: RowId, unit_id: RowId, act: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    round_, found = answering.find(db, actor, round_id, unit_id, to_change=True)
    try:
        if act == "approve":
            answering.approve(db, actor, round_, found)
        else:
            answering.send_back(db, actor, round_, found, reason)
    except Invalid as error:
        return _show(request, db, actor, round_, found, reason, errors=error.fields, status=422)
    said = _("Đã duyệt; con số đã được ghi.") if act == "approve" else _("Đã gửi lại; đơn vị được báo kèm lý do.")
    return redirect(request, f"/declarations/{round_id}", flash=("ok", said))


@router.post("/declarations/{round_id}/units/{unit_id}/papers/{file_id}/withdraw")
def withdraw_paper(request: Request, actor: Me, db: Db, round_id: RowId, unit_id: RowId, file_id: RowId) -> Response:
    round_, found = answering.find(db, actor, round_id, unit_id, to_change=True)
    answering.withdraw_paper(db, actor, round_, found, file_id)
    return redirect(request, f"/declarations/{round_id}/units/{unit_id}", flash=("ok", _("Đã gỡ tệp.")))


@router.get("/declarations/{round_id}/units/{unit_id}/papers/{file_id}")
def paper(actor: Me, db: Db, files: Files, round_id: RowId, unit_id: RowId, file_id: RowId) -> Response:
    """To save, never to run."""
    _round, found = answering.find(db, actor, round_id, unit_id)
    one = next((one for one in answering.papers_of(db, found.id) if one.id == file_id), None)
    if one is None:
        raise NotFound
    name = f"khai-bao-{round_id}-{one.id}.{ENDINGS[one.content_type]}"
    return attachment(read_document(files, one.storage_key), name, one.content_type)


def _show(
    request: Request, db: Session, actor: Actor, round_: DeclarationRound, found: UnitDeclaration, reason: str = "", *,
    errors: Mapping[str, str] | None = None, status: int = 200,
) -> Response:  # fmt: skip
    theirs = is_within(db, actor, {found.unit_id}, DECLARE)
    asks = is_within(db, actor, {round_.unit_id}, MANAGE)
    is_open = round_.closed_at is None
    names = unit_queries.lives_of(db, {found.unit_id})
    steps = steps_of(db, found)
    page = AnswerPage(
        round_, found, names[found.unit_id][-1].name, _subjects(db, round_, found), answering.papers_of(db, found.id),
        _results(db, round_, found, steps), steps, is_late(round_, found),
        may_answer=theirs and is_open and found.state in ("waiting", "draft", "returned"),
        may_reopen=theirs and is_open and found.state in ("submitted", "approved"),
        may_decide=asks and found.state == "submitted", may_run=asks, reason=reason, errors=errors or {},
    )  # fmt: skip
    period = period_name(period_named(round_.period)) if round_.period else ""
    return render(
        request, "coverage/declaration.html", status=status, page=page, states=STATES, steps=STEPS, period=period
    )


def _results(
    db: Session, round_: DeclarationRound, found: UnitDeclaration, steps: Sequence[StepRow]
) -> list[ResultLine]:
    if found.state in ("submitted", "approved"):
        return thawed(next((one.step.typed for one in steps if one.step.step == "submitted"), {}))
    return results_of(db, round_, found.unit_id)


def _subjects(db: Session, round_: DeclarationRound, found: UnitDeclaration) -> list[tuple[Subject, str, str]]:
    """With what is typed for each and, once handed in, the words for it."""
    handed_in = found.state in ("submitted", "approved")
    rows = []
    for one in subjects_of(db, round_):
        kind, typed = asked_kind(round_, one), found.typed.get(one.code, "")
        rows.append((one, kind, value_words(kind, typed, one.counted_in) if handed_in else ""))
    return rows
