"""The desk that answers people about their data: what waits and until when, one request, and what to do about it."""

from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Annotated, Any, cast, get_args

from fastapi import APIRouter, Form, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.core import clock
from app.core.access import Actor
from app.core.errors import Invalid, NotFound
from app.core.forms import StrippedForm
from app.core.i18n import gettext as _
from app.core.settings import get_settings
from app.core.web import Db, RowId, having, redirect, render
from app.identity.identifiers import Sex
from app.identity.people.people import Correction
from app.identity.people.people_queries import person_known_as
from app.privacy import service
from app.privacy.models import Kind, PrivacyRequest
from app.privacy.queries import Facts, Queue, RequestView, facts_of, queue, request_view
from app.privacy.service import ANSWER, Paper
from app.privacy.subjects import Subjects, count_subjects
from app.privacy.wording import KINDS, STATES

router = APIRouter()

Desk = Annotated[Actor, having(ANSWER)]

_PAGE = "/admin/privacy"
# What somebody may ask for in a letter; a copy is made by the person, or handed over by the desk after such a question.
_ON_PAPER: tuple[Kind, ...] = ("see", "correct", "withdraw", "erase")


class PaperForm(StrippedForm):
    """A request that came on paper, as typed."""

    who: str = ""
    kind: str = "correct"
    received: str = ""
    text: str = ""


class AnswerForm(StrippedForm):
    answer: str = ""
    act: str = "refuse"


class CorrectionForm(StrippedForm):
    """What is right, as typed."""

    name: str = ""
    sex: str = ""
    birth: str = ""
    phone: str = ""
    email: str = ""
    identity: str = ""


@dataclass(frozen=True)
class DeskPage:
    queue: Queue
    subjects: Subjects
    watch_log_months: int
    form: PaperForm
    errors: dict[str, str]


@dataclass(frozen=True)
class RequestPage:
    """One request with whom it is about. `correction`: what the form of a correction holds."""

    request: RequestView
    facts: Facts
    holds_role: bool
    is_own: bool
    answer: str
    correction: CorrectionForm
    errors: dict[str, str] = field(default_factory=dict)


@router.get(_PAGE)
def desk(request: Request, db: Db, actor: Desk) -> Response:
    return _desk_page(request, db, PaperForm(), {})


@router.post(_PAGE)
def enter(request: Request, db: Db, actor: Desk, form: Annotated[PaperForm, Form()]) -> Response:
    """Write down what came on paper; the clocks run from the day it was received."""
    kind = next((kind for kind in _ON_PAPER if kind == form.kind), None)
    if kind is None:
        raise NotFound
    errors = {}
    person_id = person_known_as(db, form.who)
    if person_id is None:
        errors["who"] = _("Không tìm thấy ai. Hãy nhập tên đăng nhập, số điện thoại, email hoặc số định danh.")
    day = clock.parse_day(form.received) if form.received else clock.today()
    if day is None or day > clock.today():
        errors["received"] = _("Hãy ghi ngày nhận, không sau hôm nay, như 21/11/2026.")
    if person_id is not None and day is not None and not errors:
        at = datetime.combine(day, time(12), tzinfo=clock.VIETNAM) if day < clock.today() else clock.now()
        try:
            made = service.ask(db, person_id, kind, form.text, Paper(actor.account_id, at))
            return redirect(request, f"{_PAGE}/{made.id}", flash=("ok", _("Đã ghi yêu cầu.")))
        except Invalid as error:
            errors = error.fields
    return _desk_page(request, db, form, errors, 422)


@router.get(f"{_PAGE}/{{request_id}}")
def one(request: Request, db: Db, actor: Desk, request_id: RowId) -> Response:
    return _request_page(request, db, actor, _found(db, request_id, to_change=False))


@router.post(f"{_PAGE}/{{request_id}}/answer")
def answer(
    request: Request, db: Db, actor: Desk, request_id: RowId, form: Annotated[AnswerForm, Form()]
) -> Response:  # fmt: skip
    """Grant or refuse, with words the person reads."""
    wish = _found(db, request_id)
    try:
        service.answer(db, actor, wish, form.answer, is_granted=form.act == "grant")
    except Invalid as error:
        return _request_page(request, db, actor, wish, 422, answer=form.answer, errors=error.fields)
    return redirect(request, f"{_PAGE}/{wish.id}", flash=("ok", _("Đã trả lời. Người yêu cầu nhận được thông báo.")))


@router.post(f"{_PAGE}/{{request_id}}/correct")
def correct(
    request: Request, db: Db, actor: Desk, request_id: RowId, form: Annotated[CorrectionForm, Form()]
) -> Response:  # fmt: skip
    """Write what is right; that is the answer, too."""
    wish = _found(db, request_id)
    try:
        service.correct(db, actor, wish, _correction(form))
    except Invalid as error:
        return _request_page(request, db, actor, wish, 422, correction=form, errors=error.fields)
    return redirect(request, f"{_PAGE}/{wish.id}", flash=("ok", _("Đã sửa. Người yêu cầu nhận được thông báo.")))


@router.post(f"{_PAGE}/{{request_id}}/withdraw")
def withdraw(request: Request, db: Db, actor: Desk, request_id: RowId) -> Response:
    """Withdraw every consent of somebody who asked for it on paper."""
    wish = _found(db, request_id)
    service.withdraw_for(db, actor, wish)
    return redirect(request, f"{_PAGE}/{wish.id}", flash=("ok", _("Đã rút mọi sự đồng ý của người này.")))


@router.post(f"{_PAGE}/{{request_id}}/erase")
def erase(request: Request, db: Db, actor: Desk, request_id: RowId) -> Response:
    """Have it done by a job; nothing brings it back."""
    wish = _found(db, request_id)
    service.start_erasure(db, actor, wish)
    return redirect(request, f"{_PAGE}/{wish.id}", flash=("ok", _("Đang xóa. Trang này cho biết khi xong.")))


def _found(db: Session, request_id: int, *, to_change: bool = True) -> PrivacyRequest:
    """The request; `to_change`: two who decide take turns."""
    found = db.get(PrivacyRequest, request_id, with_for_update=to_change or None)
    if found is None:
        raise NotFound
    return found


def _correction(form: CorrectionForm) -> Correction:
    """Raises Invalid for a birth date that is none; a year alone is one."""
    day = clock.parse_day(form.birth)
    year = int(form.birth) if len(form.birth) == 4 and form.birth.isascii() and form.birth.isdecimal() else None
    born = day.year if day else year
    if form.birth and (born is None or not 1900 <= born <= clock.today().year):
        raise Invalid(fields={"birth": _("Hãy ghi ngày sinh như 02/03/1985, hoặc chỉ năm sinh.")})
    sex = cast(Sex, form.sex) if form.sex in get_args(Sex) else None
    return Correction(form.name, sex, day, born, form.phone, form.email, form.identity)


def _desk_page(
    request: Request, db: Session, form: PaperForm, errors: dict[str, str], status: int = 200
) -> Response:  # fmt: skip
    page = DeskPage(queue(db), count_subjects(db), get_settings().watch_log_months, form, errors)
    on_paper = [(kind, KINDS[kind]) for kind in _ON_PAPER]
    return render(request, "privacy/desk.html", status=status, page=page, kinds=KINDS, states=STATES, on_paper=on_paper)


def _request_page(
    request: Request, db: Session, actor: Actor, wish: PrivacyRequest, status: int = 200, *, answer: str = "",
    correction: CorrectionForm | None = None, errors: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    view = request_view(db, wish.id)
    if view is None:
        raise NotFound
    facts = facts_of(db, wish.person_id)
    page = RequestPage(
        view, facts, service.holds_role(db, wish.person_id), wish.person_id in actor.records, answer,
        correction or _known(facts), errors or {},
    )  # fmt: skip
    context: dict[str, Any] = {"page": page, "kinds": KINDS, "states": STATES}
    return render(request, "privacy/request.html", status=status, fragment="state", **context)


def _known(facts: Facts) -> CorrectionForm:
    fields = facts.fields
    born = f"{fields.birth_date:%d/%m/%Y}" if fields.birth_date else str(fields.birth_year or "")
    return CorrectionForm(name=facts.name, sex=facts.sex or "", birth=born, phone=facts.phone, email=fields.email)
