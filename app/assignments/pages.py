"""Assigning, for managers: the list, the form with its preview, one assignment and the people in it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import Response

from app.assignments import order_queries, policy, queries, service
from app.assignments.forms import MOST_PEOPLE, AssignForm
from app.core import clock
from app.core.access import Actor
from app.core.errors import Invalid
from app.core.i18n import gettext as _
from app.core.i18n import ngettext
from app.core.text import whole
from app.core.web import Db, RowId, form_fields, having, redirect, render
from app.identity.people.people_named import UnknownPeople, people_named

router = APIRouter()

Manager = Annotated[Actor, having(policy.PERMISSION)]
Text = Annotated[str, Form()]
Fields = Annotated[dict[str, list[str]], Depends(form_fields)]


@router.get("/assignments")
def assignments(request: Request, db: Db, actor: Manager) -> Response:
    return render(request, "assignments/list.html", rows=queries.assignment_rows(db, actor))


@router.get("/assignments/new")
def new(request: Request, db: Db, actor: Manager, course: str = "") -> Response:
    page = order_queries.assign_page(db, actor, AssignForm(course=course))
    return render(request, "assignments/form.html", page=page, kinds=queries.kind_names())


@router.post("/assignments/new")
def assign(request: Request, db: Db, actor: Manager, fields: Fields) -> Response:
    """First whom it names, then, with `confirm`, the assignment itself."""
    form = AssignForm.of(fields)
    order = form.order(db, actor)
    if order is None or fields.get("confirm") != ["1"]:
        page = order_queries.assign_page(db, actor, form, order)
        status = 200 if order else 422
        return render(request, "assignments/form.html", status=status, page=page, kinds=queries.kind_names())
    made = service.assign(db, actor, order)
    return redirect(request, f"/assignments/{made.id}", flash=("ok", _("Đã giao. Danh sách người học đang được lập.")))


@router.get("/assignments/{assignment_id}")
def assignment(
    request: Request, db: Db, actor: Manager, assignment_id: RowId, state: str = "", unit: str = "", q: str = "",
    page: int = 1,
) -> Response:  # fmt: skip
    unit_id = whole(unit) or 0
    found = queries.assignment_page(db, actor, assignment_id, state, unit_id, q.strip()[:100], page)
    return render(request, "assignments/assignment.html", page=found)


@router.post("/assignments/{assignment_id}/end")
def end(request: Request, db: Db, actor: Manager, assignment_id: RowId) -> Response:
    service.end(db, policy.owned_assignment(db, actor, assignment_id), actor)
    done = _("Đã kết thúc. Không còn nhắc ai; kết quả đã ghi vẫn giữ.")
    return redirect(request, f"/assignments/{assignment_id}", flash=("ok", done))


@router.post("/assignments/{assignment_id}/remind")
def remind(
    request: Request, db: Db, actor: Manager, assignment_id: RowId, state: Text = "", unit: Text = ""
) -> Response:
    found = policy.visible_assignment(db, actor, assignment_id)
    unit_id = whole(unit) or 0
    members = queries.members_to_remind(db, actor, found, state, unit_id)
    told = service.remind_now(db, found.rounds[-1], members, actor)
    done = ngettext(
        "Đã nhắc %(count)s người. Mỗi người chỉ được nhắc một lần trong ngày.",
        "Đã nhắc %(count)s người. Mỗi người chỉ được nhắc một lần trong ngày.", told,
    )  # fmt: skip
    return redirect(request, f"/assignments/{assignment_id}", flash=("ok", done))


@router.post("/assignments/{assignment_id}/nominate")
def nominate(request: Request, db: Db, actor: Manager, assignment_id: RowId, people: Text = "") -> Response:
    """Managers below nominate their own people to what was given above."""
    found = policy.visible_assignment(db, actor, assignment_id)
    try:
        person_ids = people_named(db, actor, policy.PERMISSION, people, MOST_PEOPLE)
        if not person_ids:
            raise UnknownPeople(_("Hãy nhập ít nhất một người."))
    except UnknownPeople as error:
        page = queries.assignment_page(db, actor, assignment_id)
        return render(
            request, "assignments/assignment.html", status=422, page=page, people=people, people_error=str(error)
        )
    new = service.nominate(db, found, person_ids, actor)
    done = _("Đã thêm %(count)s người vào danh sách.", count=new)
    return redirect(request, f"/assignments/{assignment_id}", flash=("ok", done))


@router.get("/assignments/{assignment_id}/members/{member_id}")
def member(request: Request, db: Db, actor: Manager, assignment_id: RowId, member_id: RowId) -> Response:
    return _member_page(request, db, actor, assignment_id, member_id)


@router.post("/assignments/{assignment_id}/members/{member_id}")
def change_member(
    request: Request, db: Db, actor: Manager, assignment_id: RowId, member_id: RowId, what: Text = "",
    reason: Text = "", due: Text = "",
) -> Response:  # fmt: skip
    """Excuse, take that back, or give more time; the reason is kept."""
    found = policy.my_member(db, actor, assignment_id, member_id)
    try:
        match what:
            case "exempt":
                service.exempt(db, found, reason, actor)
                done = _("Đã miễn, lý do được lưu.")
            case "ask":
                service.lift_exemption(db, found, actor)
                done = _("Người này lại thuộc diện phải học.")
            case "extend":
                due_on = clock.parse_day(due)
                if due_on is None:
                    raise Invalid(fields={"due": _("Hãy nhập ngày, ví dụ 30/11/2026.")})
                service.extend(db, found, due_on, reason, actor)
                done = _("Đã gia hạn, lý do được lưu.")
            case _:
                raise Invalid
    except Invalid as error:
        if not error.fields:
            raise
        return _member_page(
            request, db, actor, assignment_id, member_id, 422, what=what, reason=reason, due=due, errors=error.fields
        )
    return redirect(request, f"/assignments/{assignment_id}", flash=("ok", done))


def _member_page(
    request: Request, db: Db, actor: Actor, assignment_id: int, member_id: int, status: int = 200, what: str = "",
    reason: str = "", due: str = "", errors: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    page = queries.member_page(db, actor, assignment_id, member_id)
    return render(
        request, "assignments/member.html", status=status, page=page, what=what, reason=reason, due=due,
        errors=errors or {},
    )  # fmt: skip
