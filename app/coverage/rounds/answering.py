"""A unit's answer from draft to figure: saved, submitted, sent back, approved, declared anew to correct."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import audit, clock
from app.core.access import Actor
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.core.templating import format_date
from app.core.text import nfc
from app.coverage.declared.declaring import append_figure, value_of
from app.coverage.rounds.models import DeclarationFile, DeclarationRound, DeclarationStep, UnitDeclaration
from app.coverage.rounds.opening import DECLARE, MANAGE, tell
from app.coverage.rounds.results import frozen, results_of
from app.coverage.rounds.subjects import asked_kind, subjects_of
from app.identity.policy import is_within
from app.media.documents import Document

MOST_FILES = 5
_OPEN = ("waiting", "draft", "returned")
# Who signs the results, beside the figures that are typed.
SIGNER = ("signer_title", "signer_name")
_RETURNED = lazy("Khai báo của %(unit)s được gửi lại để sửa: %(title)s. Lý do: %(reason)s")
_APPROVED = lazy("Khai báo của %(unit)s đã được duyệt: %(title)s.")


def find(
    db: Session, actor: Actor, round_id: int, unit_id: int, *, to_change: bool = False
) -> tuple[DeclarationRound, UnitDeclaration]:
    """Raises NotFound for a unit neither in the actor's care nor asked by him."""
    query = (
        select(DeclarationRound, UnitDeclaration)
        .join(UnitDeclaration, UnitDeclaration.round_id == DeclarationRound.id)
        .where(DeclarationRound.id == round_id, UnitDeclaration.unit_id == unit_id)
        .where(
            UnitDeclaration.unit_id.in_(actor.units_with(DECLARE))
            | DeclarationRound.unit_id.in_(actor.units_with(MANAGE))
        )
    )
    found = db.execute(query.with_for_update(of=UnitDeclaration) if to_change else query).one_or_none()
    if found is None:
        raise NotFound
    return found[0], found[1]


def save(
    db: Session, actor: Actor, round_: DeclarationRound, answer: UnitDeclaration, typed: Mapping[str, str], note: str,
    papers: Sequence[tuple[Document, str]] = (),
) -> None:  # fmt: skip
    """Keep what was typed, right or not, as a draft, with papers that are stored already, as (paper, key)."""
    _may_answer(db, actor, round_, answer)
    answer.typed = {code: nfc(typed.get(code, "")).strip()[:30] for code in round_.subjects}
    if round_.period:
        answer.typed |= {name: nfc(typed.get(name, "")).strip()[:120] for name in SIGNER}
    answer.note = nfc(note).strip()[:4000]
    if answer.state == "waiting":
        answer.state = "draft"
    there = {one.sha256 for one in papers_of(db, answer.id)}
    for document, key in papers:
        if document.sha256 in there:
            continue
        if len(there) >= MOST_FILES:
            raise Invalid(fields={"files": _("Một lần khai báo kèm nhiều nhất %(most)s tệp.", most=MOST_FILES)})
        there.add(document.sha256)
        db.add(
            DeclarationFile(
                declaration_id=answer.id, file_name=document.file_name, content_type=document.content_type,
                sha256=document.sha256, storage_key=key, added_at=clock.now(), account_id=actor.account_id,
            )
        )  # fmt: skip
    db.flush()


def problems_of(db: Session, round_: DeclarationRound, answer: UnitDeclaration) -> dict[str, str]:
    """What is still wrong with an answer, by subject, and by SIGNER where results are handed in."""
    wrong: dict[str, str] = {}
    for subject in subjects_of(db, round_):
        try:
            value_of(answer.typed.get(subject.code, ""), asked_kind(round_, subject))
        except Invalid as error:
            wrong[subject.code] = error.message
    if round_.period:
        for name, said in zip(SIGNER, (_("Hãy ghi chức vụ người ký."), _("Hãy ghi họ tên người ký.")), strict=True):
            if len(answer.typed.get(name, "")) < 3:
                wrong[name] = said
    return wrong


def submit(db: Session, actor: Actor, round_: DeclarationRound, answer: UnitDeclaration) -> None:
    """Hand it in, with the results of the unit as they stand now. Raises Invalid with a message per field; late is
    allowed and stays marked."""
    _may_answer(db, actor, round_, answer)
    if round_.as_of > clock.today():
        raise Conflict(
            _("Đây là số của ngày %(day)s: lưu nháp trước được, nộp từ ngày ấy.", day=format_date(round_.as_of))
        )
    if wrong := problems_of(db, round_, answer):
        raise Invalid(fields=wrong)
    answer.state, answer.submitted_at = "submitted", clock.now()
    _step(db, actor, answer, "submitted", results=frozen(results_of(db, round_, answer.unit_id)))


def send_back(db: Session, actor: Actor, round_: DeclarationRound, answer: UnitDeclaration, reason: str) -> None:
    """Raises Invalid without a reason, Conflict for what is not submitted."""
    _may_decide(db, actor, round_, answer)
    reason = nfc(reason).strip()[:1000]
    if len(reason) < 5:
        raise Invalid(fields={"reason": _("Hãy ghi đơn vị cần sửa điều gì.")})
    answer.state = "returned"
    _step(db, actor, answer, "returned", reason)
    tell(db, round_, [answer.unit_id], f"returned:{clock.now():%Y%m%d%H%M%S}", _RETURNED, reason=reason[:200])


def approve(db: Session, actor: Actor, round_: DeclarationRound, answer: UnitDeclaration) -> None:
    """Append its figures; those of an earlier approval are named as corrected. Raises Conflict if not submitted."""
    _may_decide(db, actor, round_, answer)
    source = _("Đợt khai báo “%(title)s”, đơn vị nộp ngày %(day)s", title=round_.title,
               day=format_date(clock.day_of(answer.submitted_at or clock.now())))  # fmt: skip
    before = dict(answer.figures)
    answer.figures = {
        subject.code: append_figure(
            db, actor, subject.code, answer.unit_id, round_.as_of,
            value_of(answer.typed[subject.code], asked_kind(round_, subject)), source, before.get(subject.code),
        ).id
        for subject in subjects_of(db, round_)
    }  # fmt: skip
    answer.state = "approved"
    _step(db, actor, answer, "approved")
    tell(db, round_, [answer.unit_id], f"approved:{clock.now():%Y%m%d%H%M%S}", _APPROVED)


def reopen(db: Session, actor: Actor, round_: DeclarationRound, answer: UnitDeclaration, reason: str) -> None:
    """A unit takes back what it handed in, or declares anew to correct; approved figures hold until then."""
    _must_be_theirs(db, actor, answer)
    if answer.state not in ("submitted", "approved") or round_.closed_at is not None:
        raise Conflict(_("Đợt khai báo đã đóng, hoặc khai báo này đang được sửa."))
    answer.state = "draft"
    _step(db, actor, answer, "reopened", nfc(reason).strip()[:1000])


def withdraw_paper(db: Session, actor: Actor, round_: DeclarationRound, answer: UnitDeclaration, file_id: int) -> None:
    _may_answer(db, actor, round_, answer)
    found = next((one for one in papers_of(db, answer.id) if one.id == file_id), None)
    if found is None:
        raise NotFound
    found.withdrawn_at = clock.now()
    db.flush()


def add_up(db: Session, actor: Actor, round_: DeclarationRound) -> int:
    """Append the sums of all approved answers for the unit that asks; how many figures. Percentages are never added."""
    answers = db.scalars(
        select(UnitDeclaration).where(UnitDeclaration.round_id == round_.id, UnitDeclaration.state == "approved")
    ).all()
    asked = db.scalars(select(UnitDeclaration.id).where(UnitDeclaration.round_id == round_.id)).all()
    summed = [one for one in subjects_of(db, round_) if one.can_be_summed]
    if not answers or not summed:
        raise Conflict(_("Chưa có khai báo nào được duyệt, hoặc đợt này chỉ hỏi tỷ lệ: tỷ lệ không cộng được."))
    source = _("Tổng của đợt khai báo “%(title)s”: %(done)s trên %(all)s đơn vị đã duyệt", title=round_.title,
               done=len(answers), all=len(asked))  # fmt: skip
    totals = dict(round_.totals)
    for subject in summed:
        total = sum(value_of(one.typed[subject.code], asked_kind(round_, subject)) for one in answers)
        figure = append_figure(
            db, actor, subject.code, round_.unit_id, round_.as_of, total, source, totals.get(subject.code)
        )
        totals[subject.code] = figure.id
    round_.totals = totals
    return len(summed)


def papers_of(db: Session, answer_id: int) -> list[DeclarationFile]:
    query = select(DeclarationFile).where(
        DeclarationFile.declaration_id == answer_id, DeclarationFile.withdrawn_at.is_(None)
    )
    return list(db.scalars(query.order_by(DeclarationFile.id)))


def _may_answer(db: Session, actor: Actor, round_: DeclarationRound, answer: UnitDeclaration) -> None:
    _must_be_theirs(db, actor, answer)
    if round_.closed_at is not None:
        raise Conflict(_("Đợt khai báo này đã đóng. Hãy liên hệ cơ quan mở đợt."))
    if answer.state not in _OPEN:
        raise Conflict(_("Khai báo đã nộp nên không sửa thẳng được. Hãy bấm “Khai lại” rồi sửa."))


def _must_be_theirs(db: Session, actor: Actor, answer: UnitDeclaration) -> None:
    if not is_within(db, actor, {answer.unit_id}, DECLARE):
        raise Forbidden(_("Chỉ người phụ trách đơn vị khai báo được cho đơn vị."))


def _may_decide(db: Session, actor: Actor, round_: DeclarationRound, answer: UnitDeclaration) -> None:
    if not is_within(db, actor, {round_.unit_id}, MANAGE):
        raise Forbidden(_("Chỉ cơ quan mở đợt duyệt được khai báo."))
    if answer.state != "submitted":
        raise Conflict(_("Khai báo này không ở trạng thái chờ duyệt."))


def _step(
    db: Session, actor: Actor, answer: UnitDeclaration, step: str, reason: str = "",
    results: Sequence[Mapping[str, Any]] = (),
) -> None:  # fmt: skip
    db.add(
        DeclarationStep(
            declaration_id=answer.id, step=step, at=clock.now(), account_id=actor.account_id, reason=reason,
            typed=dict(answer.typed) | ({"results": list(results)} if results else {}),
        )
    )  # fmt: skip
    audit.record(db, f"declaration.{step}", "unit_declaration", answer.id, account_id=actor.account_id)
    db.flush()
