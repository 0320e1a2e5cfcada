"""The form that adds one new person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, Form, Request
from pydantic import Field
from sqlalchemy.orm import Session

from app.core import clock
from app.core.access import Actor
from app.core.i18n import gettext as _
from app.core.web import Db, Response, having, redirect, render
from app.identity.lists.one_person import NewPerson, NotAdded, add_one
from app.identity.lists.people_matching import NEW
from app.identity.lists.people_report import Candidate
from app.identity.people.people_queries import audience_names
from app.identity.policy import POSTS
from app.identity.units.unit_queries import UnitOnDay
from app.identity.units.units_named import NamesUnit, UnitChoice, UnknownUnit, unit_named, units_like

router = APIRouter()

Keeper = Annotated[Actor, having(POSTS)]

# The field of the form that shows what is wrong in a column of the template.
_FIELDS = {
    "Họ và tên": "name", "Ngày sinh": "birth", "Giới tính": "sex", "Số CCCD": "identity", "Điện thoại": "phone",
    "Email": "email", "Mã đơn vị": "unit", "Chức vụ": "title", "Nhóm đối tượng": "audience",
    "Ngày bắt đầu": "starts_on",
}  # fmt: skip


class PersonForm(NamesUnit):
    """A new person as typed."""

    name: str = Field("", max_length=300)
    birth: str = Field("", max_length=40)
    sex: str = Field("", max_length=10)
    identity: str = Field("", max_length=40)
    phone: str = Field("", max_length=40)
    email: str = Field("", max_length=300)
    title: str = Field("", max_length=300)
    leader: bool = False
    audience: list[str] = Field(default_factory=list)
    starts_on: str = Field("", max_length=20)
    choice: str = Field("", max_length=40)
    confirmed: bool = False


@dataclass(frozen=True)
class NewPersonPage:
    """`known` and the rest: people the form may mean, as in NotAdded."""

    form: PersonForm
    audiences: Sequence[tuple[str, str]]
    errors: Mapping[str, str] = field(default_factory=dict)
    said: Sequence[str] = ()
    confirmable: bool = False
    known: Sequence[Candidate] = ()
    without_post: Sequence[Candidate] = ()
    may_be_new: bool = False
    found: Sequence[UnitChoice] | None = None  # units to offer
    new: str = NEW


@router.get("/people/new")
def new_person(request: Request, actor: Keeper, db: Db, unit: str = "") -> Response:
    form = PersonForm(unit=unit[:300], starts_on=clock.today().isoformat())
    return render(request, "identity/new_person.html", page=NewPersonPage(form, _audiences(db)))


@router.post("/people/new")
def add_person(request: Request, actor: Keeper, db: Db, form: Annotated[PersonForm, Form()]) -> Response:
    """Nothing typed is lost, whatever is wrong with it."""
    unit, unknown = None, ""
    try:
        unit = unit_named(db, actor, POSTS, form.unit)
    except UnknownUnit as error:
        unknown = str(error)
    try:
        added = add_one(db, actor, NewPerson(_cells(form, unit), form.choice, form.confirmed))
    except NotAdded as error:
        errors = {_FIELDS[column]: text for column, text in error.about.items() if column in _FIELDS}
        page = NewPersonPage(
            form, _audiences(db), errors | ({"unit": unknown} if unknown else {}), error.said, error.confirmable,
            error.known, error.without_post, error.may_be_new,
            units_like(db, actor, POSTS, form.unit) if unknown else None,
        )  # fmt: skip
        return render(request, "identity/new_person.html", status=422, page=page)
    said = " ".join([_("Đã thêm %(name)s.", name=added.values["name"]), *added.messages])
    # Whose post begins later is nobody's to see before that day.
    begins = clock.parse_day(form.starts_on)
    here = begins is None or begins <= clock.today()
    return redirect(request, f"/people/{added.person}" if here else "/people", flash=("ok", said))


def _cells(form: PersonForm, unit: UnitOnDay | None) -> tuple[str, ...]:
    """In the order of the template; without a unit, the row is refused with all else that is wrong."""
    unit_code, unit_name = (unit.code, unit.name) if unit else ("", "")
    return (
        "", form.name, form.birth, form.sex, form.identity, form.phone, form.email, unit_code, unit_name, form.title,
        "x" if form.leader else "", "; ".join(form.audience), form.starts_on,
    )  # fmt: skip


def _audiences(db: Session) -> Sequence[tuple[str, str]]:
    return list(audience_names(db).items())
