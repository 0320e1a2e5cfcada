"""Banks of questions in the studio: the list, one bank, its questions. Files of questions: question_file_pages.py."""

from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request

from app.authoring import bank_queries as queries
from app.authoring.bank_form import DIFFICULTIES, KIND_NAMES, QuestionFields, of_question
from app.authoring.bank_queries import BankRow, Filters, Preview, Revision
from app.authoring.pages import Author
from app.authoring.question_sending import Desk, Sent, SentForm, files_shown, question_sent
from app.catalogue import questions
from app.catalogue.banks import (
    add_bank,
    add_question,
    copy_question,
    current,
    revise_question,
    set_retired,
)
from app.catalogue.models import BankQuestion, QuestionBank
from app.core.access import Actor
from app.core.db import Session
from app.core.errors import Conflict, Invalid, NotFound
from app.core.i18n import gettext as _
from app.core.settings import Settings
from app.core.text import whole
from app.core.web import Config, Databases, Db, Files, Response, redirect, render

router = APIRouter()


def _authored(key: str, actor: Author, db: Db) -> QuestionBank:
    return queries.authored_bank(db, actor, key)


AuthoredBank = Annotated[QuestionBank, Depends(_authored)]


@dataclass(frozen=True)
class QuestionPage:
    """The form of a question. `question_key` is empty for a new one; `copy_to` lists banks it can be copied to."""

    bank: BankRow
    question_key: str
    fields: QuestionFields
    errors: dict[str, str]
    is_retired: bool = False
    revisions: tuple[Revision, ...] = ()
    copy_to: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class PreviewPage:
    bank: BankRow
    question_key: str
    is_retired: bool
    preview: Preview


@router.get("/studio/banks")
def banks(request: Request, db: Db, actor: Author) -> Response:
    return render(request, "authoring/banks.html", page=queries.banks_page(db, actor), errors={}, typed={})


@router.post("/studio/banks")
def make(
    request: Request, db: Db, actor: Author, title: Annotated[str, Form()] = "", belongs: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """`belongs`: “course:12” or “unit:7”, as the form offers them."""
    kind, _sign, number = belongs.partition(":")
    chosen = whole(number) or 0
    page = queries.banks_page(db, actor)
    try:
        if kind == "course":
            course = queries.course_by_id(db, actor, chosen)
            bank = add_bank(db, title, course.unit_id, course, by=actor.account_id)
        elif kind == "unit" and chosen in dict(page.units):
            bank = add_bank(db, title, chosen, by=actor.account_id)
        else:
            raise Invalid(fields={"belongs": _("Hãy chọn ngân hàng dùng cho đâu.")})
    except Invalid as error:
        typed = {"title": title, "belongs": belongs}
        return render(request, "authoring/banks.html", status=422, page=page, errors=error.fields, typed=typed)
    return redirect(
        request, f"/studio/banks/{bank.key}", flash=("ok", _("Đã lập ngân hàng. Giờ thêm câu hỏi đầu tiên."))
    )


@router.get("/studio/banks/{key}")
def bank(
    request: Request, db: Db, bank: AuthoredBank, filters: Annotated[Filters, Depends()], page: int = 1
) -> Response:
    view = queries.bank_page(db, bank, filters, page)
    return render(request, "authoring/bank.html", page=view, kind_names=KIND_NAMES, difficulties=DIFFICULTIES)


@router.get("/studio/banks/{key}/questions/new")
def new(request: Request, db: Db, bank: AuthoredBank, kind: str = "single") -> Response:
    if kind not in questions.KINDS:
        raise NotFound
    return _form(request, QuestionPage(queries.bank_row(db, bank), "", QuestionFields(kind), {}))


@router.post("/studio/banks/{key}/questions/new")
def create(
    key: str, sent: SentForm, request: Request, actor: Author, databases: Databases, files: Files, settings: Config,
    kind: str = "single",
) -> Response:  # fmt: skip
    if kind not in questions.KINDS:
        raise NotFound
    return _save(request, _Try(key, "", kind, actor, sent), databases, files, settings)


@router.get("/studio/banks/{key}/questions/{question_key}")
def edit(question_key: str, request: Request, db: Db, actor: Author, bank: AuthoredBank) -> Response:
    question = current(db, bank, question_key)
    fields = of_question(question.body, question.revision)
    return _form(request, _page(db, actor, bank, question, fields, {}))


@router.post("/studio/banks/{key}/questions/{question_key}")
def change(
    key: str, question_key: str, sent: SentForm, request: Request, actor: Author, databases: Databases, files: Files,
    settings: Config,
) -> Response:  # fmt: skip
    return _save(request, _Try(key, question_key, "", actor, sent), databases, files, settings)


@router.get("/studio/banks/{key}/questions/{question_key}/preview")
def preview(question_key: str, request: Request, db: Db, bank: AuthoredBank) -> Response:
    question = current(db, bank, question_key)
    page = PreviewPage(
        queries.bank_row(db, bank), question.key, question.state == "retired", queries.preview(db, question)
    )
    return render(request, "authoring/bank_preview.html", page=page)


@router.post("/studio/banks/{key}/questions/{question_key}/retire")
def retire(
    question_key: str, request: Request, db: Db, actor: Author, bank: AuthoredBank,
    retired: Annotated[bool, Form()] = True,
) -> Response:  # fmt: skip
    """Draw it no more, or again; papers that hold it keep it."""
    set_retired(db, current(db, bank, question_key), retired, by=actor.account_id)
    said = _("Câu hỏi không còn được rút vào đề mới.") if retired else _("Câu hỏi lại được rút vào đề.")
    return redirect(request, f"/studio/banks/{bank.key}/questions/{question_key}", flash=("ok", said))


@router.post("/studio/banks/{key}/questions/{question_key}/copy")
def copy(
    question_key: str, request: Request, db: Db, actor: Author, bank: AuthoredBank, to: Annotated[str, Form()] = ""
) -> Response:
    target = queries.authored_bank(db, actor, to)
    made = copy_question(db, current(db, bank, question_key), target, by=actor.account_id)
    said = _("Đã chép sang ngân hàng “%(title)s”. Đây là bản chép.", title=target.title)
    return redirect(request, f"/studio/banks/{target.key}/questions/{made.key}", flash=("ok", said))


@dataclass(frozen=True)
class _Try:
    """One press of the save button; `question_key` is empty for a new question, `kind` for one there is."""

    bank_key: str
    question_key: str
    kind: str
    actor: Actor
    sent: Sent


def _save(request: Request, form: _Try, databases: Databases, files: Files, settings: Settings) -> Response:
    """Its own sessions: none is held while a picture is checked. What was typed comes back with every error."""
    with databases.reading() as db:
        bank = queries.authored_bank(db, form.actor, form.bank_key)
        kind = current(db, bank, form.question_key).kind if form.question_key else form.kind
    desk = Desk(
        databases, files, settings, form.actor, lambda db: queries.authored_bank(db, form.actor, form.bank_key).unit_id
    )
    fields, body, errors = question_sent(desk, form.sent, kind)
    try:
        if errors:
            raise Invalid(fields=errors)
        with databases.writing() as db:
            bank = queries.authored_bank(db, form.actor, form.bank_key)
            old = current(db, bank, form.question_key) if form.question_key else None
            if old is not None and old.revision != fields.revision:
                raise Conflict(
                    _("Câu hỏi vừa được lưu ở nơi khác. Hãy mở bản mới nhất ở thẻ khác để so rồi bấm lưu lại.")
                )
            shown = files_shown(db, form.actor, body, old.files if old else {})
            saved = (
                revise_question(db, old, body, by=form.actor.account_id, files=shown)
                if old
                else add_question(db, bank, body, by=form.actor.account_id, files=shown)
            )
            url = f"/studio/banks/{bank.key}/questions/{saved.key}/preview"
    except (Invalid, Conflict) as error:
        return _again(request, form, fields, error, databases)
    return redirect(request, url, flash=("ok", _("Đã lưu câu hỏi. Dưới đây là điều người học thấy.")))


def _again(
    request: Request, form: _Try, fields: QuestionFields, error: Invalid | Conflict, databases: Databases
) -> Response:
    errors = error.fields if isinstance(error, Invalid) else {"question": error.message}
    with databases.reading() as db:
        bank = queries.authored_bank(db, form.actor, form.bank_key)
        if not form.question_key:
            return _form(request, QuestionPage(queries.bank_row(db, bank), "", fields, errors), error.status)
        question = current(db, bank, form.question_key)
        if isinstance(error, Conflict):  # whoever saves once more after that warning has seen the newest revision
            fields = replace(fields, revision=question.revision)
        return _form(request, _page(db, form.actor, bank, question, fields, errors), error.status)


def _page(
    db: Session, actor: Actor, bank: QuestionBank, question: BankQuestion, fields: QuestionFields,
    errors: dict[str, str],
) -> QuestionPage:  # fmt: skip
    return QuestionPage(
        queries.bank_row(db, bank), question.key, fields, errors, question.state == "retired",
        queries.revisions(db, question), tuple(queries.other_banks(db, actor, bank)),
    )  # fmt: skip


def _form(request: Request, page: QuestionPage, status: int = 200) -> Response:
    response = render(
        request, "authoring/bank_question.html", status=status, page=page, kind_names=KIND_NAMES,
        difficulties=DIFFICULTIES,
    )  # fmt: skip
    # Back from an error page without scripts, the browser must still have what was typed.
    response.headers["cache-control"] = "private, no-cache"
    return response
