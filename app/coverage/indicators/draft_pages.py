"""Defining an indicator, or counting one anew: the form, the effect worked out beforehand, putting it in force."""

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, Form, Request
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.core import clock, jobs
from app.core.access import Actor
from app.core.errors import Conflict, Invalid, NotFound
from app.core.i18n import gettext as _
from app.core.jobs import Job
from app.core.web import Db, RowId, having, redirect, render
from app.coverage.indicators import definition_form
from app.coverage.indicators.defining import put_in_force
from app.coverage.indicators.definition_form import (
    BLANK_TARGETS,
    Choices,
    IndicatorForm,
    checked,
    checked_definition,
    choices_for,
    form_of,
)
from app.coverage.indicators.definitions import FIGURE_SOURCES, Definition, definitions
from app.coverage.indicators.models import IndicatorDraft
from app.coverage.indicators.previewing import Effect, base_of
from app.coverage.indicators.versions import Change, changes_between, in_words
from app.coverage.models import Indicator

router = APIRouter()

Manager = Annotated[Actor, having("coverage.manage")]


@dataclass(frozen=True)
class FormPage:
    """`action` is where the form goes; `base` the version it starts from, None for a new indicator."""

    form: IndicatorForm
    choices: Choices
    base: Definition | None
    action: str
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def targets(self) -> list[tuple[str, str, str]]:
        """What was typed, and lines to go on."""
        return [*self.form.targets, *[("", ">=", "")] * BLANK_TARGETS]


@dataclass(frozen=True)
class DraftPage:
    """`words`: the whole definition of a new indicator; `changes`: what a new version counts otherwise."""

    draft: IndicatorDraft
    wanted: Definition
    base: Definition | None
    words: list[tuple[str, str]]
    changes: list[Change]
    effect: Effect | None
    job: Job | None

    @property
    def is_waiting(self) -> bool:
        return self.effect is None and self.job is not None and self.job.finished_at is None


@router.get("/indicators/new")
def new(request: Request, actor: Manager, db: Db, based_on: str = "") -> Response:
    """The form: blank, or filled with how an indicator is counted now."""
    base = _newest(db, based_on) if based_on else None
    year = clock.today().year
    form = form_of(base, max(year, base.first_year)) if base else IndicatorForm(
        how=list(definition_form.WAYS), first_year=str(year)
    )  # fmt: skip
    return _form_page(request, db, form, base, _begin_at(base))


@router.post("/indicators/drafts")
def begin(
    request: Request, actor: Manager, db: Db, form: Annotated[IndicatorForm, Form()], based_on: str = ""
) -> Response:
    """Keep what was typed as a draft and have its effect worked out."""
    base = _newest(db, based_on) if based_on else None
    draft = IndicatorDraft(base_number=base.number if base else None, account_id=actor.account_id)
    return _keep(request, db, draft, form, base, _begin_at(base))


@router.get("/indicators/drafts/{draft_id}")
def draft(request: Request, actor: Manager, db: Db, draft_id: RowId) -> Response:
    found = _draft(db, draft_id)
    base, choices = base_of(db, found), choices_for(db)
    try:
        wanted = checked_definition(IndicatorForm(**found.typed), choices, base)
    except Invalid:
        # What was right last year, or before a course was withdrawn, need not be so today.
        return redirect(request, f"/indicators/drafts/{found.id}/edit")
    page = DraftPage(
        found, wanted, base, in_words(wanted, choices), changes_between(base, wanted, choices) if base else [],
        Effect.of(found.effect) if found.effect else None, jobs.latest(db, _subject(found)),
    )  # fmt: skip
    return render(request, "coverage/indicator_draft.html", fragment="effect", page=page)


@router.get("/indicators/drafts/{draft_id}/edit")
def edit(request: Request, actor: Manager, db: Db, draft_id: RowId) -> Response:
    found = _draft(db, draft_id)
    form, base = IndicatorForm(**found.typed), base_of(db, found)
    return _form_page(request, db, form, base, f"/indicators/drafts/{found.id}")


@router.post("/indicators/drafts/{draft_id}")
def change(
    request: Request, actor: Manager, db: Db, draft_id: RowId, form: Annotated[IndicatorForm, Form()]
) -> Response:
    found = _draft(db, draft_id)
    return _keep(request, db, found, form, base_of(db, found), f"/indicators/drafts/{found.id}")


@router.post("/indicators/drafts/{draft_id}/discard")
def discard(request: Request, actor: Manager, db: Db, draft_id: RowId) -> Response:
    found = _draft(db, draft_id)
    back = f"/coverage/{found.indicator_code}/definition" if found.base_number else "/indicators"
    db.delete(found)
    return redirect(request, back, flash=("ok", _("Đã bỏ bản nháp. Cách tính đang dùng không đổi.")))


@router.post("/indicators/drafts/{draft_id}/confirm")
def confirm(request: Request, actor: Manager, db: Db, draft_id: RowId) -> Response:
    """Put it in force, and have the ledger follow."""
    found = _draft(db, draft_id)
    if found.effect is None:
        raise Conflict(_("Hãy chờ tính thử xong rồi xem con số đổi thế nào, trước khi đưa vào dùng."))
    code = put_in_force(db, actor, found)
    said = _("Đã đưa cách tính mới vào dùng. Con số đang được tính lại; xong sau ít phút.")
    return redirect(request, f"/coverage/{code}/definition", flash=("ok", said))


def _keep(
    request: Request, db: Session, draft: IndicatorDraft, form: IndicatorForm, base: Definition | None, action: str
) -> Response:
    if base:
        form.code = base.code
    taken: frozenset[str] = frozenset() if base else frozenset(db.scalars(select(Indicator.code)))
    try:
        checked(form, choices_for(db), is_new=base is None, taken=taken)
    except Invalid as error:
        return _form_page(request, db, form, base, action, dict(error.fields))
    draft.indicator_code, draft.typed, draft.effect, draft.changed_at = form.code, form.model_dump(), None, clock.now()
    db.add(draft)
    db.flush()
    jobs.enqueue(db, "coverage.preview", subject=_subject(draft), unique_key=_subject(draft), draft_id=draft.id)
    return redirect(request, f"/indicators/drafts/{draft.id}")


def _form_page(
    request: Request, db: Session, form: IndicatorForm, base: Definition | None, action: str,
    errors: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    page = FormPage(form, choices_for(db), base, action, errors or {})
    return render(
        request, "coverage/indicator_form.html", status=422 if errors else 200, page=page, words=definition_form,
        sources=FIGURE_SOURCES,
    )  # fmt: skip


def _begin_at(base: Definition | None) -> str:
    return f"/indicators/drafts?based_on={base.code}" if base else "/indicators/drafts"


def _newest(db: Session, code: str) -> Definition:
    found = definitions(db, code[:30])
    if not found:
        raise NotFound(_("Không có chỉ tiêu %(code)s.", code=code[:40]))
    return found[-1]


def _draft(db: Session, draft_id: int) -> IndicatorDraft:
    found = db.get(IndicatorDraft, draft_id)
    if found is None:
        raise NotFound
    return found


def _subject(draft: IndicatorDraft) -> str:
    return f"indicator_draft:{draft.id}"
