"""Requests about one's data: the verbs. Who asks, who answers, and that nobody answers themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.core import audit, clock, jobs
from app.core.access import Actor
from app.core.errors import Conflict, Forbidden, Invalid
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.core.templating import format_date
from app.identity.models import Account, Consent, Person, RoleGrant
from app.identity.people import people
from app.identity.people.consents import consents_of, withdraw
from app.identity.policy import granting
from app.identity.records import belongs_to
from app.notices.service import notify
from app.privacy.clocks import answer_due
from app.privacy.models import Kind, PrivacyRequest

ANSWER = "privacy.answer"
LONGEST = 2000
_SHORTEST = 5
_MOST_OPEN = 5
OPEN = ("waiting", "granted")


class OwnRequest(Forbidden):
    text = lazy("Không ai tự trả lời yêu cầu của mình. Hãy nhờ người khác có quyền này.")


@dataclass(frozen=True)
class Paper:
    """A request that came on paper: who wrote it down, and when it was received."""

    account_id: int
    received_at: datetime


def ask(db: Session, person_id: int, kind: Kind, text: str, paper: Paper | None = None) -> PrivacyRequest:
    """Enter a request that somebody must answer; who may answer is told. A second erasure is the first one.

    Raises Invalid without words for what cannot be done without, and for too many that still wait.
    """
    text = text.strip()[:LONGEST]
    if kind != "erase" and len(text) < _SHORTEST:
        raise Invalid(fields={"text": _("Hãy ghi rõ điều cần hỏi hoặc cần sửa.")})
    waiting = db.scalars(select(PrivacyRequest).where(open_of(person_id))).all()
    if kind == "erase" and (same := next((one for one in waiting if one.kind == "erase"), None)):
        return same
    if len(waiting) >= _MOST_OPEN:
        raise Invalid(fields={"text": _("Đã có %(most)s yêu cầu đang chờ. Hãy chờ trả lời trước.", most=_MOST_OPEN)})
    asked_at, entered_by = (paper.received_at, paper.account_id) if paper else (clock.now(), None)
    request = PrivacyRequest(person_id=person_id, kind=kind, text=text, asked_at=asked_at, entered_by=entered_by)
    db.add(request)
    db.flush()
    audit.record(db, f"privacy.ask.{kind}", "privacy_request", request.id, account_id=entered_by)
    due = format_date(answer_due(clock.day_of(asked_at)))
    notify(
        db, _who_answers(db), category="work", key=f"privacy:{request.id}", url=f"/admin/privacy/{request.id}",
        sentence=lazy("Có yêu cầu về dữ liệu cá nhân, cần trả lời trước hết ngày %(due)s."), due=due,
    )  # fmt: skip
    return request


def cancel(db: Session, request: PrivacyRequest) -> None:
    """The person does not want it any more. Raises Conflict once it is settled or on its way."""
    if request.state not in OPEN or request.job_id is not None:
        raise Conflict(_("Yêu cầu này đã được giải quyết nên không thôi được nữa."))
    request.state = "cancelled"
    audit.record(db, "privacy.cancel", "privacy_request", request.id)
    db.flush()


def order_copy(db: Session, actor: Actor) -> PrivacyRequest:
    """Have a copy of everything made; one that is being made already is it."""
    making = select(PrivacyRequest).where(open_of(actor.person_id), PrivacyRequest.kind == "copy")
    if found := db.scalars(making).first():
        return found
    now = clock.now()
    request = PrivacyRequest(
        person_id=actor.person_id, kind="copy", asked_at=now, state="granted", answered_at=now, files=[]
    )
    db.add(request)
    db.flush()
    request.job_id = jobs.enqueue(db, "privacy.make_copy", owner=actor.account_id, request_id=request.id)
    audit.record(db, "privacy.ask.copy", "privacy_request", request.id, account_id=actor.account_id)
    db.flush()
    return request


def withdraw_consent(db: Session, actor: Actor, consent: Consent) -> PrivacyRequest | None:
    """It holds no more from this moment on. Without the one to have an account, an erasure is asked for: answered is
    that request, else None.
    """
    if consent.withdrawn_at is None:
        withdraw(db, consent)
        now = clock.now()
        db.add(
            PrivacyRequest(
                person_id=actor.person_id, kind="withdraw", text=consent.purpose, asked_at=now, state="done",
                answered_at=now, done_at=now,
            )
        )  # fmt: skip
        audit.record(
            db, "consent.withdraw", "consent", consent.id, account_id=actor.account_id, purpose=consent.purpose
        )
        db.flush()
    return ask(db, actor.person_id, "erase", "") if consent.purpose == "account" else None


def withdraw_for(db: Session, actor: Actor, request: PrivacyRequest) -> None:
    """Every consent of somebody who asked for it on paper holds no more; without an account's an erasure is asked for.

    Raises OwnRequest, Conflict for a request that is not about that or was settled.
    """
    if request.person_id in actor.records:
        raise OwnRequest
    if request.kind != "withdraw" or request.state not in OPEN:
        raise Conflict(_("Yêu cầu này không còn chờ rút sự đồng ý."))
    given = [one for one in consents_of(db, request.person_id) if one.withdrawn_at is None]
    for consent in given:
        withdraw(db, consent)
    now = clock.now()
    if request.answered_at is None:
        request.answered_at, request.answered_by = now, actor.account_id
        request.answer = _("Đã rút mọi sự đồng ý.")
    request.state, request.done_at = "done", now
    audit.record(
        db, "consent.withdraw", "privacy_request", request.id, account_id=actor.account_id,
        consents=[one.id for one in given],
    )  # fmt: skip
    db.flush()
    tell(db, request, "done", lazy("Mọi sự đồng ý của anh/chị đã được rút theo yêu cầu."))
    if any(one.purpose == "account" for one in given):
        ask(db, request.person_id, "erase", "", Paper(actor.account_id, now))


def answer(db: Session, actor: Actor, request: PrivacyRequest, text: str, *, is_granted: bool) -> None:
    """Grant or refuse, in words the person reads. What was only a question is done by its answer.

    Raises OwnRequest, Conflict for one that was answered, Invalid without words.
    """
    _must_wait(actor, request)
    text = text.strip()[:LONGEST]
    if len(text) < _SHORTEST:
        raise Invalid(fields={"answer": _("Hãy viết câu trả lời; từ chối thì ghi rõ lý do.")})
    request.answer, request.answered_at, request.answered_by = text, clock.now(), actor.account_id
    request.state = ("done" if request.kind == "see" else "granted") if is_granted else "refused"
    if request.state == "done":
        request.done_at = request.answered_at
    action = "privacy.grant" if is_granted else "privacy.refuse"
    audit.record(db, action, "privacy_request", request.id, account_id=actor.account_id)
    db.flush()
    tell(db, request, "answered", lazy("Yêu cầu về dữ liệu cá nhân của anh/chị đã có trả lời."))


def correct(db: Session, actor: Actor, request: PrivacyRequest, wanted: people.Correction) -> None:
    """Write what is right and close the request. Raises OwnRequest, Conflict, Invalid (with `fields`)."""
    if request.person_id in actor.records:
        raise OwnRequest
    if request.kind != "correct" or request.state not in OPEN:
        raise Conflict(_("Yêu cầu này không còn chờ sửa."))
    changed = people.correct(db, db.get_one(Person, request.person_id), wanted)
    now = clock.now()
    if request.answered_at is None:
        request.answered_at, request.answered_by, request.answer = now, actor.account_id, _("Đã sửa.")
    request.state, request.done_at = "done", now
    audit.record(
        db, "privacy.correct", "privacy_request", request.id, account_id=actor.account_id, fields=sorted(changed)
    )
    db.flush()
    tell(db, request, "done", lazy("Dữ liệu của anh/chị đã được sửa theo yêu cầu."))


def start_erasure(db: Session, actor: Actor, request: PrivacyRequest) -> None:
    """Have a granted erasure done by a job; nothing brings back what it removes.

    Raises OwnRequest; Conflict for one that was not granted, and for somebody who still holds a role.
    """
    if request.person_id in actor.records:
        raise OwnRequest
    if request.kind != "erase" or request.state != "granted":
        raise Conflict(_("Chỉ xóa được khi yêu cầu xóa đã được chấp nhận."))
    if request.job_id is not None:
        job = db.get_one(jobs.Job, request.job_id, with_for_update=True)
        if job.state in ("failed", "cancelled"):
            jobs.retry(job)
        return
    if holds_role(db, request.person_id):
        raise Conflict(_("Người này còn giữ vai trò. Hãy kết thúc các vai trò rồi mới xóa."))
    request.job_id = jobs.enqueue(
        db, "privacy.erase", unique_key=f"privacy.erase:{request.id}", owner=actor.account_id, request_id=request.id
    )
    audit.record(db, "privacy.erase.start", "privacy_request", request.id, account_id=actor.account_id)
    db.flush()


def tell(db: Session, request: PrivacyRequest, what: str, sentence: lazy) -> None:
    notify(
        db, [request.person_id], category="message", key=f"privacy:{request.id}:{what}", sentence=sentence,
        url="/my/data",
    )  # fmt: skip


def open_of(person_id: int) -> ColumnElement[bool]:
    """Requests of a person that still wait for something."""
    return belongs_to(PrivacyRequest.person_id, person_id) & PrivacyRequest.state.in_(OPEN)


def holds_role(db: Session, person_id: int) -> bool:
    held = select(func.count()).select_from(RoleGrant).join(Account, Account.id == RoleGrant.account_id)
    today = clock.today()
    in_force = RoleGrant.ends_on.is_(None) | (RoleGrant.ends_on >= today)
    return bool(db.scalar(held.where(belongs_to(Account.person_id, person_id), in_force)))


def _must_wait(actor: Actor, request: PrivacyRequest) -> None:
    if request.person_id in actor.records:
        raise OwnRequest
    if request.state != "waiting":
        raise Conflict(_("Yêu cầu này đã được trả lời."))


def _who_answers(db: Session) -> Sequence[int]:
    query = select(Account.person_id).join(RoleGrant, RoleGrant.account_id == Account.id)
    return db.scalars(query.where(granting(ANSWER), Account.disabled_at.is_(None)).distinct()).all()
