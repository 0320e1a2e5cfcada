"""Evidence (minh chứng): somebody hands in proof of what they learned elsewhere, somebody else decides."""

import re
from datetime import date, timedelta

from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalogue.programmes import shipped_codes
from app.core import audit, clock, jobs
from app.core.access import Actor
from app.core.errors import Conflict, Forbidden, Invalid
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.core.settings import get_settings
from app.core.text import fold, nfc
from app.learning.completions import Learned, LearnedOutside, annul_completion, record_completion
from app.learning.evidence_models import Evidence
from app.learning.models import Completion
from app.media.documents import Document
from app.notices.service import notify

PERMISSION = "evidence.verify"
MOST_HOURS = 500
_HOURS = re.compile(r"\d{1,3}(?:[.,]\d{1,2})?", re.ASCII)


class Submission(BaseModel, frozen=True):
    """What was typed, as it was typed."""

    title: str = ""
    programme: str = ""
    dated_on: str = ""
    issuer: str = ""
    hours: str = ""
    number: str = ""


def read_hours(text: str) -> float | None:
    """`6`, `1,5`, `1.5`; None for anything that cannot be hours of a course."""
    text = text.strip()
    hours = float(text.replace(",", ".")) if _HOURS.fullmatch(text) else 0.0
    return hours if 0 < hours <= MOST_HOURS else None


def folded_number(number: str) -> str:
    """A certificate's number as it is compared: case, marks and spaces do not matter."""
    return "".join(fold(number).split())[:60]


def check_submission(given: Submission) -> dict[str, str]:
    """What to mend, by field; empty if it can be handed in."""
    errors: dict[str, str] = {}
    if len(given.title.strip()) < 5:
        errors["title"] = _("Hãy ghi tên khóa học hoặc chứng nhận như trên giấy.")
    if given.programme not in shipped_codes():
        errors["programme"] = _("Hãy chọn nhiệm vụ đào tạo gần nhất với nội dung đã học.")
    day = clock.parse_day(given.dated_on)
    if day is None:
        errors["dated_on"] = _("Hãy ghi ngày trên giấy, ví dụ 15/03/2026.")
    elif day > clock.today():
        errors["dated_on"] = _("Ngày trên giấy không thể sau ngày hôm nay.")
    if len(given.issuer.strip()) < 2:
        errors["issuer"] = _("Hãy ghi nơi cấp: tên nền tảng hoặc cơ quan.")
    if read_hours(given.hours) is None:
        errors["hours"] = _("Hãy ghi số giờ học, ví dụ 6 hoặc 1,5.")
    for name, most in (("title", 200), ("issuer", 200), ("number", 60)):
        if len(getattr(given, name)) > most:
            errors[name] = _("Dài nhất %(most)s ký tự.", most=most)
    return errors


def submit(db: Session, actor: Actor, given: Submission, document: Document, storage_key: str) -> Evidence:
    """Hand in one's own evidence, whose file is stored already. Raises Invalid with a message per field."""
    if errors := check_submission(given):
        raise Invalid(fields=errors)
    day, hours = clock.parse_day(given.dated_on), read_hours(given.hours)
    assert day is not None
    assert hours is not None
    evidence = new_evidence(
        actor.person_id, actor.account_id, title=given.title, issuer=given.issuer, number=given.number, dated_on=day,
        hours=hours,
    )  # fmt: skip
    evidence.programme_code = given.programme
    evidence.file_name, evidence.content_type = document.file_name, document.content_type
    evidence.sha256, evidence.storage_key = document.sha256, storage_key
    db.add(evidence)
    db.flush()
    audit.record(db, "evidence.submit", "evidence", evidence.id, account_id=actor.account_id)
    return evidence


def new_evidence(
    person_id: int, account_id: int, *, title: str, issuer: str, number: str, dated_on: date, hours: float,
    score_percent: float | None = None,
) -> Evidence:  # fmt: skip
    """A row that waits; its subject and file are for the caller to set."""
    return Evidence(
        person_id=person_id, account_id=account_id, handed_in_at=clock.now(), title=" ".join(nfc(title).split()),
        issuer=" ".join(nfc(issuer).split()), number=" ".join(nfc(number).split()),
        folded_number=folded_number(number), dated_on=dated_on, hours=hours, score_percent=score_percent,
    )  # fmt: skip


def verify(db: Session, actor: Actor, evidence: Evidence) -> Completion:
    """Take it as true: the completion is dated as the paper, with the posts of that day. Again, it changes nothing.

    Raises Forbidden for one's own evidence, Conflict for what was refused. Whether the actor may decide about this
    person at all is for the caller to ask (evidence_queries.visible_evidence).
    """
    _must_be_others(actor, evidence)
    if evidence.is_verified is False:
        raise Conflict(_("Minh chứng này đã bị từ chối. Người học cần nộp lại."))
    completion = record_completion(db, _learned(evidence))
    if evidence.is_verified is None:
        _decide(db, actor, evidence, is_verified=True, reason="")
        evidence.completion_id = completion.id
        db.flush()
    return completion


def refuse(db: Session, actor: Actor, evidence: Evidence, reason: str) -> None:
    """With a reason its owner reads. Raises as `verify` does, and Invalid without a reason."""
    _must_be_others(actor, evidence)
    if evidence.is_verified:
        raise Conflict(_("Minh chứng này đã được duyệt. Nếu duyệt nhầm, hãy hủy kết quả."))
    if len(reason.strip()) < 5:
        raise Invalid(fields={"reason": _("Hãy ghi lý do để người nộp biết cần sửa gì.")})
    if evidence.is_verified is None:
        _decide(db, actor, evidence, is_verified=False, reason=reason.strip()[:1000])


def annul(db: Session, actor: Actor, evidence: Evidence, reason: str, *, fraud: bool) -> None:
    """It was taken as true and was not: the completion ends. Raises Invalid without a reason."""
    _must_be_others(actor, evidence)
    if evidence.completion_id is None:
        raise Conflict(_("Minh chứng này chưa được duyệt nên không có kết quả để hủy."))
    if len(reason.strip()) < 5:
        raise Invalid(fields={"reason": _("Hãy ghi lý do hủy.")})
    completion = db.get_one(Completion, evidence.completion_id)
    annul_completion(db, completion, actor.account_id, reason.strip()[:1000], fraud=fraud)
    _tell(db, evidence, "annulled", lazy("Kết quả từ minh chứng “%(title)s” đã bị hủy."))


def forget_files(context: jobs.JobContext) -> dict[str, int]:
    """Delete the files of what was decided long enough ago (EVIDENCE_DAYS)."""
    before = clock.now() - timedelta(days=get_settings().evidence_days)
    with context.database.reading() as db:
        old = db.execute(
            select(Evidence.id, Evidence.storage_key).where(Evidence.decided_at < before, Evidence.storage_key != "")
        ).all()
    for evidence_id, key in old:
        context.storage.delete(key)
        with context.database.writing() as db:
            db.get_one(Evidence, evidence_id).storage_key = ""
    return {"forgotten": len(old)}


def _learned(evidence: Evidence) -> Learned | LearnedOutside:
    occasion = f"evidence:{evidence.id}"
    if evidence.course_version_id is not None:
        return Learned(
            evidence.person_id, evidence.course_version_id, "evidence", evidence.dated_on, occasion,
            evidence.score_percent,
        )  # fmt: skip
    assert evidence.programme_code is not None
    return LearnedOutside(
        evidence.person_id, evidence.programme_code, evidence.title, "evidence", occasion, evidence.dated_on,
        evidence.hours, evidence.score_percent,
    )  # fmt: skip


def _decide(db: Session, actor: Actor, evidence: Evidence, *, is_verified: bool, reason: str) -> None:
    evidence.is_verified, evidence.reason = is_verified, reason
    evidence.decided_at, evidence.decided_by = clock.now(), actor.account_id
    action = "evidence.verify" if is_verified else "evidence.refuse"
    audit.record(db, action, "evidence", evidence.id, account_id=actor.account_id)
    db.flush()
    if is_verified:
        _tell(db, evidence, "decided", lazy("Minh chứng “%(title)s” đã được duyệt."))
    else:
        _tell(db, evidence, "decided", lazy("Minh chứng “%(title)s” chưa được duyệt. Hãy xem lý do và nộp lại."))


def _tell(db: Session, evidence: Evidence, what: str, sentence: lazy) -> None:
    notify(
        db, [evidence.person_id], category="result", key=f"evidence:{evidence.id}:{what}", sentence=sentence,
        url="/my/evidence", title=evidence.title,
    )  # fmt: skip


def _must_be_others(actor: Actor, evidence: Evidence) -> None:
    if evidence.person_id in actor.records:
        raise Forbidden(_("Không ai tự duyệt minh chứng của mình; người phụ trách khác hoặc tỉnh sẽ duyệt."))
