"""Reorganising units in the browser: choose what happens, fill the form, see what changes, confirm; list and undo."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request

from app.core.access import Actor
from app.core.errors import AppError, Conflict, Invalid, NotFound
from app.core.i18n import gettext as _
from app.core.templating import format_date
from app.core.text import whole
from app.core.web import Db, Response, RowId, having, redirect, render
from app.identity.models import UnitAct
from app.identity.policy import REORGANISE, is_within
from app.identity.units.reorganisation_forms import ActForm, read, unit_of
from app.identity.units.reorganisation_queries import VERBS, ActView, PlanView, acts, plan_view
from app.identity.units.reorganising import carry_out, preview, undo
from app.identity.units.unit_pages import KIND_NAMES
from app.identity.units.unit_queries import UnitOnDay, unit_by_id
from app.identity.units.waiting import WaitingList, assign, waiting_count, waiting_list

router = APIRouter()

Reorganiser = Annotated[Actor, having(REORGANISE)]


@dataclass(frozen=True)
class ActPage:
    """`form.verb` is empty while nothing is chosen; `plan` is there once the form could be read."""

    unit: UnitOnDay
    form: ActForm
    verbs: dict[str, str]
    kinds: list[tuple[str, str]]
    errors: dict[str, str] = field(default_factory=dict)
    plan: PlanView | None = None
    problem: str = ""


@dataclass(frozen=True)
class ActsPage:
    acts: Sequence[ActView]
    problem: str = ""


@dataclass(frozen=True)
class WaitingPage:
    """`chosen`: what was typed, by post, when it was refused."""

    act: UnitAct
    list: WaitingList
    chosen: dict[int, str] = field(default_factory=dict)
    problem: str = ""


@router.get("/units/acts")
def list_acts(request: Request, actor: Reorganiser, db: Db) -> Response:
    return render(request, "identity/unit_acts.html", page=ActsPage(acts(db, actor)))


@router.get("/units/acts/new")
def new_act(request: Request, actor: Reorganiser, db: Db, form: Annotated[ActForm, Query()]) -> Response:
    """The form, and below it what would change once it is filled in: looking changes nothing."""
    unit = unit_of(db, actor, form)
    if not form.on and not form.decision:
        return _form_page(request, unit, _with_todays(db, form, unit))
    return _previewed(request, actor, db, form, unit)


@router.post("/units/acts")
def confirm(
    request: Request, actor: Reorganiser, db: Db, form: Annotated[ActForm, Form()], seen: Annotated[str, Form()] = "",
    keep: Annotated[tuple[int, ...], Form()] = (),
) -> Response:  # fmt: skip
    unit = unit_of(db, actor, form)
    try:
        wish, on, decision = read(db, actor, form, unit)
        act = carry_out(db, wish, on, decision, account_id=actor.account_id, seen=seen, keep=keep)
    except (Invalid, Conflict) as error:
        return _previewed(request, actor, db, form, unit, error)
    flash = ("ok", _("Đã ghi: %(what)s, hiệu lực %(day)s.", what=VERBS[act.verb], day=format_date(on)))
    return redirect(request, "/units/acts", flash=flash)


@router.get("/units/acts/{act_id}/waiting")
def who_waits(
    request: Request, actor: Reorganiser, db: Db, act_id: RowId, q: Annotated[str, Query(max_length=100)] = "",
    page: int = 1,
) -> Response:  # fmt: skip
    act = _act(db, actor, act_id)
    return render(request, "identity/unit_waiting.html", page=WaitingPage(act, waiting_list(db, act, q, page)))


@router.post("/units/acts/{act_id}/waiting")
def assign_waiting(
    request: Request, actor: Reorganiser, db: Db, act_id: RowId, post: Annotated[tuple[int, ...], Form()] = (),
    part: Annotated[tuple[str, ...], Form()] = (), rest: Annotated[str, Form()] = "",
    q: Annotated[str, Query(max_length=100)] = "", page: int = 1,
) -> Response:  # fmt: skip
    """`part` goes with `post`, one for one; `rest` is for those for whom none was chosen. `q`, `page`: as seen."""
    act = _act(db, actor, act_id)
    chosen = {one: whither or rest for one, whither in zip(post, part, strict=False)}
    wanted = {one: unit_id for one, whither in chosen.items() if (unit_id := whole(whither))}
    try:
        if not wanted:
            raise Invalid(_("Chưa chọn đơn vị cho ai. Hãy chọn ở từng người, hoặc chọn một đơn vị cho cả trang."))
        count = assign(db, act, wanted, account_id=actor.account_id)
    except (Invalid, Conflict) as error:
        seen = WaitingPage(act, waiting_list(db, act, q, page), chosen, error.message)
        return render(request, "identity/unit_waiting.html", status=error.status, page=seen)
    left = waiting_count(db, act)
    flash = ("ok", _("Đã phân %(count)s người, còn %(left)s người chờ.", count=count, left=left))
    return redirect(request, f"/units/acts/{act_id}/waiting" if left else "/units/acts", flash=flash)


@router.post("/units/acts/{act_id}/undo")
def undo_act(request: Request, actor: Reorganiser, db: Db, act_id: RowId) -> Response:
    act = _act(db, actor, act_id)
    try:
        undo(db, act, account_id=actor.account_id)
    except Conflict as error:
        page = ActsPage(acts(db, actor), error.message)
        return render(request, "identity/unit_acts.html", status=error.status, page=page)
    return redirect(request, "/units/acts", flash=("ok", _("Đã hoàn tác. Đơn vị, người và vai trò trở lại như trước.")))


def _act(db: Db, actor: Actor, act_id: int) -> UnitAct:
    act = db.get(UnitAct, act_id)
    if act is None or not is_within(db, actor, set(act.wrote["touched"])):
        raise NotFound
    return act


def _previewed(
    request: Request, actor: Actor, db: Db, form: ActForm, unit: UnitOnDay, refused: AppError | None = None
) -> Response:
    try:
        wish, on, _decision = read(db, actor, form, unit)
    except Invalid as error:
        return _form_page(request, unit, form, errors=error.fields, status=422)
    view = plan_view(db, preview(db, wish, on))
    problem = refused.message if isinstance(refused, Conflict) else ""
    status = refused.status if refused else 422 if view.plan.problems else 200
    return _form_page(request, unit, form, plan=view, problem=problem, status=status)


def _form_page(
    request: Request, unit: UnitOnDay, form: ActForm, *, errors: dict[str, str] | None = None,
    plan: PlanView | None = None, problem: str = "", status: int = 200,
) -> Response:  # fmt: skip
    if form.verb and form.verb not in VERBS.keys() - {"found"}:
        raise NotFound
    # A list of units has a page of its own, and the province can neither be merged nor split.
    unfit = {"found"} if unit.parent_id else {"found", "merge", "split", "cede"}
    verbs = {verb: str(title) for verb, title in VERBS.items() if verb not in unfit}
    kinds = [(kind, str(name)) for kind, name in KIND_NAMES.items()]
    page = ActPage(unit, form, verbs, kinds, errors or {}, plan, problem)
    return render(request, "identity/unit_act.html", status=status, page=page)


def _with_todays(db: Db, form: ActForm, unit: UnitOnDay) -> ActForm:
    """What stays as it is most of the time is filled in."""
    if form.verb == "create":
        return form
    parent = unit_by_id(db, unit.parent_id, unit.valid_from) if unit.parent_id else None
    known = {
        "code": unit.code, "name": unit.name, "kind": unit.kind, "type_name": unit.type_name,
        "parent": parent.code if parent and form.verb == "merge" else "",
    }  # fmt: skip
    return form.model_copy(update={name: text for name, text in known.items() if not getattr(form, name)})
