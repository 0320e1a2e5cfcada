"""A person's posts: seen by whoever sees the person, kept by who may record posts at the units concerned."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Request
from pydantic import Field
from sqlalchemy.orm import Session

from app.core import clock
from app.core.access import Actor
from app.core.errors import Conflict, Invalid
from app.core.forms import not_a_day
from app.core.i18n import gettext as _
from app.core.templating import format_date
from app.core.web import Db, Response, RowId, having, redirect, render
from app.identity.models import Affiliation, Person
from app.identity.people import posts
from app.identity.people.people_queries import audience_names
from app.identity.people.post_queries import PersonPosts, kept_post, person_posts, visible_person
from app.identity.policy import POSTS
from app.identity.units.unit_queries import unit_by_id
from app.identity.units.units_named import NamesUnit, UnitChoice, UnknownUnit, unit_named, units_like

router = APIRouter()

Viewer = Annotated[Actor, having("people.view")]
Keeper = Annotated[Actor, having(POSTS)]
Doing = Literal["add", "change", "correct"]


def _seen(ref: str, actor: Viewer, db: Db) -> Person:
    return visible_person(db, actor, ref)


def _kept(ref: str, actor: Keeper, db: Db) -> Person:
    return visible_person(db, actor, ref, POSTS)


SeenPerson = Annotated[Person, Depends(_seen)]
KeptPerson = Annotated[Person, Depends(_kept)]


class PostForm(NamesUnit):
    """A post as typed."""

    title: str = Field("", max_length=300)
    leader: bool = False
    primary: bool = False
    audience: list[str] = Field(default_factory=list)
    starts_on: str = Field("", max_length=20)
    ends_on: str = Field("", max_length=20)


@dataclass(frozen=True)
class Ending:
    """What somebody typed to end a post, and what was wrong with it."""

    post_id: int = 0
    ends_on: str = ""
    error: str = ""


@dataclass(frozen=True)
class PersonPage:
    person: PersonPosts
    audiences: Mapping[str, str]
    ending: Ending = field(default_factory=Ending)


@dataclass(frozen=True)
class PostPage:
    """`post_id` is 0 for a new post."""

    doing: Doing
    ref: str
    name: str
    post_id: int
    what: str  # the post as it is, in words
    form: PostForm
    audiences: Sequence[tuple[str, str]]
    errors: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
    found: Sequence[UnitChoice] | None = None  # units to offer


@router.get("/people/{ref}")
def person_page(request: Request, actor: Viewer, person: SeenPerson, db: Db) -> Response:
    return render(request, "identity/person.html", page=PersonPage(person_posts(db, actor, person), audience_names(db)))


@router.get("/people/{ref}/posts/new")
def new_post(request: Request, actor: Keeper, person: KeptPerson, db: Db) -> Response:
    blank = PostForm(starts_on=clock.today().isoformat())
    return _form(request, db, actor, "add", person, None, blank)


@router.post("/people/{ref}/posts/new")
def add(request: Request, actor: Keeper, person: KeptPerson, db: Db, form: Annotated[PostForm, Form()]) -> Response:
    try:
        posts.add_post(db, actor, person, _wish(db, actor, form))
    except Invalid as error:
        return _form(request, db, actor, "add", person, None, form, errors=error.fields)
    return _done(request, db, actor, person, _("Đã ghi vị trí mới."))


@router.get("/people/{ref}/posts/{post_id}/change")
def change_form(request: Request, actor: Keeper, person: KeptPerson, db: Db, post_id: RowId) -> Response:
    post = kept_post(db, actor, person, post_id)
    as_is = _as_is(db, post).model_copy(update={"starts_on": clock.today().isoformat()})
    return _form(request, db, actor, "change", person, post, as_is)


@router.post("/people/{ref}/posts/{post_id}/change")
def change(
    request: Request, actor: Keeper, person: KeptPerson, db: Db, post_id: RowId, form: Annotated[PostForm, Form()]
) -> Response:
    post = kept_post(db, actor, person, post_id)
    try:
        after = posts.change_post(db, actor, post, _wish(db, actor, form))
    except Invalid as error:
        return _form(request, db, actor, "change", person, post, form, errors=error.fields)
    return _done(request, db, actor, person, _("Đã ghi thay đổi từ ngày %(day)s.", day=format_date(after.started_on)))


@router.get("/people/{ref}/posts/{post_id}/correct")
def correct_form(request: Request, actor: Keeper, person: KeptPerson, db: Db, post_id: RowId) -> Response:
    post = kept_post(db, actor, person, post_id)
    return _form(request, db, actor, "correct", person, post, _as_is(db, post))


@router.post("/people/{ref}/posts/{post_id}/correct")
def correct(
    request: Request, actor: Keeper, person: KeptPerson, db: Db, post_id: RowId, form: Annotated[PostForm, Form()]
) -> Response:
    post = kept_post(db, actor, person, post_id)
    try:
        posts.correct_post(db, actor, post, _wish(db, actor, form))
    except Invalid as error:
        return _form(request, db, actor, "correct", person, post, form, errors=error.fields)
    except Conflict as error:
        return _form(request, db, actor, "correct", person, post, form, problem=error.message)
    return _done(request, db, actor, person, _("Đã sửa chỗ ghi sai."))


@router.post("/people/{ref}/posts/{post_id}/end")
def end(
    request: Request, actor: Keeper, person: KeptPerson, db: Db, post_id: RowId, ends_on: Annotated[str, Form()] = ""
) -> Response:
    post = kept_post(db, actor, person, post_id)
    last_day = clock.parse_day(ends_on)
    try:
        if last_day is None:
            raise Invalid(fields={"ends_on": not_a_day(ends_on)})
        posts.end_post(db, actor, post, last_day)
    except Invalid as error:
        ending = Ending(post_id, ends_on[:20], error.fields["ends_on"])
        page = PersonPage(person_posts(db, actor, person), audience_names(db), ending)
        return render(request, "identity/person.html", status=422, page=page)
    return _done(request, db, actor, person, _("Vị trí này kết thúc sau ngày %(day)s.", day=format_date(last_day)))


def _done(request: Request, db: Session, actor: Actor, person: Person, said: str) -> Response:
    """Back to the person, or to the list once they hold no post the actor sees."""
    still_here = any(view.state == "now" for view in person_posts(db, actor, person).held)
    return redirect(request, f"/people/{person.ref}" if still_here else "/people", flash=("ok", said))


def _wish(db: Session, actor: Actor, form: PostForm) -> posts.PostWish:
    """Raises Invalid with everything that can be found wrong at once."""
    errors: dict[str, str] = {}
    unit = None
    try:
        unit = unit_named(db, actor, POSTS, form.unit)
    except UnknownUnit as error:
        errors["unit"] = str(error)
    if len(form.title) > posts.TITLE_LENGTH:
        errors["title"] = _("Dài nhất %(most)s ký tự.", most=posts.TITLE_LENGTH)
    if unknown := set(form.audience) - set(audience_names(db)):
        errors["audience"] = _("Không có nhóm đối tượng %(codes)s.", codes=", ".join(sorted(unknown))[:80])
    starts_on, ends_on = clock.parse_day(form.starts_on), clock.parse_day(form.ends_on)
    if starts_on is None:
        errors["starts_on"] = not_a_day(form.starts_on)
    if ends_on is None and form.ends_on:
        errors["ends_on"] = not_a_day(form.ends_on)
    if errors or unit is None or starts_on is None:
        raise Invalid(fields=errors)
    return posts.PostWish(
        unit_id=unit.unit_id, title=form.title, is_leader=form.leader, is_primary=form.primary,
        audiences=tuple(dict.fromkeys(form.audience)), starts_on=starts_on, ends_on=ends_on,
    )  # fmt: skip


def _as_is(db: Session, post: Affiliation) -> PostForm:
    unit = unit_by_id(db, post.unit_id, clock.today())
    return PostForm(
        unit=unit.code if unit else "", title=post.title, leader=post.is_leader, primary=post.is_primary,
        audience=[one.audience_code for one in post.audiences], starts_on=post.started_on.isoformat(),
        ends_on=_iso(post.ended_on),
    )  # fmt: skip


def _form(
    request: Request, db: Session, actor: Actor, doing: Doing, person: Person, post: Affiliation | None, form: PostForm,
    *, errors: Mapping[str, str] | None = None, problem: str = "",
) -> Response:  # fmt: skip
    what = ""
    if post is not None:
        unit = unit_by_id(db, post.unit_id, clock.today())
        what = f"{post.title or _('Chưa ghi chức vụ')} · {unit.name if unit else ''}"
    page = PostPage(
        doing, person.ref, person.name, post.id if post else 0, what, form, list(audience_names(db).items()),
        errors or {}, problem, units_like(db, actor, POSTS, form.unit) if errors and "unit" in errors else None,
    )  # fmt: skip
    return render(request, "identity/post.html", status=422 if errors else 409 if problem else 200, page=page)


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""
