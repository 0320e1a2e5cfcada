"""Who may do what where: the roles of a person, giving one, ending one, and the roles that reach a unit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from pydantic import Field

from app.core import clock
from app.core.access import Actor
from app.core.errors import Invalid
from app.core.forms import not_a_day
from app.core.i18n import gettext as _
from app.core.templating import format_date
from app.core.web import Db, Response, RowId, having, redirect, render
from app.identity.models import Account, Person
from app.identity.people.people_queries import account_of
from app.identity.policy import MANAGE, ROLES
from app.identity.roles import grants
from app.identity.roles.grant_queries import managed_grant, managed_person, person_roles, unit_roles
from app.identity.units.units_named import NamesUnit, UnitChoice, UnknownUnit, unit_named, units_like

router = APIRouter()

Manager = Annotated[Actor, having(MANAGE)]


def _managed(ref: str, actor: Manager, db: Db) -> Person:
    return managed_person(db, actor, ref)


ManagedPerson = Annotated[Person, Depends(_managed)]


class GiveForm(NamesUnit):
    """A role as somebody asks for it."""

    role: str = Field("", max_length=30)
    starts_on: str = Field("", max_length=20)
    ends_on: str = Field("", max_length=20)


@dataclass(frozen=True)
class Ending:
    """What somebody typed to end a role, and what was wrong with it."""

    grant_id: int = 0
    ends_on: str = ""
    error: str = ""


@dataclass(frozen=True)
class Typed:
    """The forms of the page as they come back."""

    give: GiveForm
    errors: Mapping[str, str] = field(default_factory=dict)
    ending: Ending = field(default_factory=Ending)
    found: Sequence[UnitChoice] | None = None  # units to offer


@router.get("/people/{ref}/roles")
def roles_of_person(request: Request, actor: Manager, person: ManagedPerson, db: Db) -> Response:
    return _page(request, actor, person, db)


@router.post("/people/{ref}/roles")
def give(
    request: Request, actor: Manager, person: ManagedPerson, db: Db, form: Annotated[GiveForm, Form()]
) -> Response:
    account = account_of(db, person)
    try:
        if account is None:
            raise Invalid(fields={"role": _("Người này chưa có tài khoản nên chưa giao vai trò được.")})
        said = _give(db, actor, account, form)
    except Invalid as error:
        found = units_like(db, actor, MANAGE, form.unit) if "unit" in error.fields else None
        return _page(request, actor, person, db, Typed(form, error.fields, found=found))
    return redirect(request, f"/people/{person.ref}/roles", flash=("ok", said))


@router.post("/people/{ref}/roles/{grant_id}/end")
def end(
    request: Request, actor: Manager, person: ManagedPerson, db: Db, grant_id: RowId,
    ends_on: Annotated[str, Form()] = "", at_once: Annotated[bool, Form()] = False,
) -> Response:  # fmt: skip
    """`at_once`: yesterday was the last day."""
    grant = managed_grant(db, actor, person, grant_id)
    last_day = clock.today() - timedelta(days=1) if at_once else clock.parse_day(ends_on)
    try:
        if last_day is None:
            raise Invalid(fields={"ends_on": not_a_day(ends_on)})
        grants.end(db, actor, grant, last_day)
    except Invalid as error:
        ending = Ending(grant_id, ends_on[:20], error.fields["ends_on"])
        return _page(request, actor, person, db, Typed(_blank(""), ending=ending))
    said = _("Đã thôi vai trò này.") if at_once else _("Vai trò này còn hiệu lực đến hết ngày %(day)s.")
    return redirect(request, f"/people/{person.ref}/roles", flash=("ok", said % {"day": format_date(last_day)}))


@router.get("/units/{code}/roles")
def roles_of_unit(request: Request, actor: Manager, db: Db, code: str) -> Response:
    return render(request, "identity/unit_roles.html", page=unit_roles(db, actor, code))


def _give(db: Db, actor: Actor, account: Account, form: GiveForm) -> str:
    """Gives it and says so; raises Invalid with everything that can be found wrong at once."""
    errors: dict[str, str] = {}
    if form.role not in ROLES:
        errors["role"] = _("Hãy chọn vai trò.")
    unit = None
    try:
        unit = unit_named(db, actor, MANAGE, form.unit)
    except UnknownUnit as error:
        errors["unit"] = str(error)
    starts_on, ends_on = _day(form.starts_on), _day(form.ends_on)
    for name, day in (("starts_on", starts_on), ("ends_on", ends_on)):
        if day is None and getattr(form, name):
            errors[name] = not_a_day(getattr(form, name))
    if errors or unit is None:
        raise Invalid(fields=errors)
    grants.give(db, actor, account, form.role, unit.unit_id, starts_on or clock.today(), ends_on)
    return _("Đã giao vai trò %(role)s tại %(unit)s.", role=ROLES[form.role].title, unit=unit.name)


def _page(request: Request, actor: Actor, person: Person, db: Db, typed: Typed | None = None) -> Response:
    page = person_roles(db, actor, person)
    shown = typed or Typed(_blank(page.unit_code))
    return render(request, "identity/person_roles.html", status=422 if typed else 200, page=page, typed=shown)


def _blank(unit_code: str) -> GiveForm:
    return GiveForm(role="", unit=unit_code, starts_on=clock.today().isoformat(), ends_on="")


def _day(text: str) -> date | None:
    return clock.parse_day(text) if text else None
