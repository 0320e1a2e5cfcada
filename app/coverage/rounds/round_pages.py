"""Rounds of declarations: asking units, who has answered, approving, adding up; and what one's own units are asked."""

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, Form, Request
from sqlalchemy import select
from starlette.responses import Response

from app.core import clock
from app.core.access import Actor
from app.core.errors import Forbidden, Invalid
from app.core.i18n import gettext as _
from app.core.i18n import ngettext
from app.core.web import Config, Db, Me, RowId, having, redirect, render
from app.coverage.rounds import answering, opening
from app.coverage.rounds.models import DeclarationRound, UnitDeclaration
from app.coverage.rounds.opening import ASKED_KINDS, RoundForm, open_round
from app.coverage.rounds.round_queries import (
    STATES,
    AnswerRow,
    RoundRow,
    answers_of,
    asked_of,
    round_to_run,
    rounds_of,
)
from app.coverage.rounds.subjects import Subject, subjects, subjects_of
from app.identity.units.unit_pages import KIND_NAMES

router = APIRouter()

Manager = Annotated[Actor, having(opening.MANAGE)]


@dataclass(frozen=True)
class RoundsPage:
    rounds: list[RoundRow]
    asked: list[AnswerRow]


@dataclass(frozen=True)
class NewPage:
    form: RoundForm
    choices: list[Subject]
    kinds: list[tuple[str, str]]
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RoundPage:
    round: DeclarationRound
    subjects: list[Subject]
    rows: list[AnswerRow]

    @property
    def submitted(self) -> list[AnswerRow]:
        return [row for row in self.rows if row.state == "submitted"]

    @property
    def owing(self) -> list[AnswerRow]:
        return [row for row in self.rows if row.state not in ("submitted", "approved")]

    @property
    def approved(self) -> list[AnswerRow]:
        return [row for row in self.rows if row.state == "approved"]

    @property
    def can_be_summed(self) -> bool:
        return bool(self.approved) and any(one.can_be_summed for one in self.subjects)


@router.get("/declarations")
def rounds(request: Request, actor: Me, db: Db) -> Response:
    if not (actor.can(opening.MANAGE) or actor.can(opening.DECLARE)):
        raise Forbidden
    page = RoundsPage(rounds_of(db, actor), asked_of(db, actor))
    return render(request, "coverage/rounds.html", page=page, states=STATES, today=clock.today())


@router.get("/declarations/new")
def new(request: Request, actor: Manager, db: Db, config: Config, subject: str = "") -> Response:
    form = RoundForm(unit=config.province_code, kinds=["commune"], subjects=[subject] if subject else [],
                     as_of=clock.today().isoformat())  # fmt: skip
    return render(request, "coverage/round_new.html", page=NewPage(form, list(subjects(db).values()), _kinds()))


@router.post("/declarations")
def begin(request: Request, actor: Manager, db: Db, form: Annotated[RoundForm, Form()]) -> Response:
    try:
        made = open_round(db, actor, form)
    except Invalid as error:
        page = NewPage(form, list(subjects(db).values()), _kinds(), dict(error.fields))
        return render(request, "coverage/round_new.html", status=422, page=page)
    said = _("Đã mở đợt khai báo và báo cho người phụ trách các đơn vị.")
    return redirect(request, f"/declarations/{made.id}", flash=("ok", said))


@router.get("/declarations/{round_id}")
def overview(request: Request, actor: Manager, db: Db, round_id: RowId) -> Response:
    found = round_to_run(db, actor, round_id)
    page = RoundPage(found, subjects_of(db, found), answers_of(db, found))
    return render(request, "coverage/round.html", page=page, states=STATES)


@router.post("/declarations/{round_id}/remind")
def remind(request: Request, actor: Manager, db: Db, round_id: RowId) -> Response:
    """Once a day, however often it is asked for."""
    told = opening.remind(db, round_to_run(db, actor, round_id), f"asked{clock.today().isoformat()}")
    said = ngettext("Đã nhắc %(n)s người.", "Đã nhắc %(n)s người.", told, n=told)
    if not told:
        said = _("Hôm nay đã nhắc rồi, hoặc các đơn vị còn thiếu chưa có người phụ trách.")
    return redirect(request, f"/declarations/{round_id}", flash=("ok", said))


@router.post("/declarations/{round_id}/approve")
def approve(
    request: Request, actor: Manager, db: Db, round_id: RowId, units: Annotated[list[str] | None, Form()] = None
) -> Response:
    """All chosen ones that wait for it; what somebody decided meanwhile stays as it is."""
    found = round_to_run(db, actor, round_id)
    chosen = [int(one) for one in units or [] if one.isascii() and one.isdigit() and len(one) < 16]
    answers = db.scalars(
        select(UnitDeclaration)
        .where(UnitDeclaration.round_id == found.id, UnitDeclaration.state == "submitted")
        .where(UnitDeclaration.unit_id.in_(chosen))
        .order_by(UnitDeclaration.id)
        .with_for_update()
    ).all()
    for answer in answers:
        answering.approve(db, actor, found, answer)
    count = len(answers)
    said = ngettext("Đã duyệt %(n)s khai báo.", "Đã duyệt %(n)s khai báo.", count, n=count)
    return redirect(request, f"/declarations/{round_id}", flash=("ok", said))


@router.post("/declarations/{round_id}/total")
def total(request: Request, actor: Manager, db: Db, round_id: RowId) -> Response:
    answering.add_up(db, actor, round_to_run(db, actor, round_id))
    return redirect(request, f"/declarations/{round_id}", flash=("ok", _("Đã ghi tổng cho đơn vị mở đợt.")))


@router.post("/declarations/{round_id}/close")
def close(request: Request, actor: Manager, db: Db, round_id: RowId) -> Response:
    opening.close_round(db, actor, round_to_run(db, actor, round_id))
    return redirect(request, f"/declarations/{round_id}", flash=("ok", _("Đã đóng đợt khai báo.")))


def _kinds() -> list[tuple[str, str]]:
    return [(kind, str(KIND_NAMES[kind])) for kind in ASKED_KINDS]
