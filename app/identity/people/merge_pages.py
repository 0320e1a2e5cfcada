"""Two records of one human being: the pairs to look at, two side by side, merging them, and undoing that."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from pydantic import Field

from app.core.access import Actor
from app.core.errors import AppError, Conflict, Forbidden, Invalid
from app.core.forms import StrippedForm
from app.core.i18n import gettext as _
from app.core.web import Db, Response, RowId, having, redirect, render
from app.identity.models import Person, PersonMerge
from app.identity.people import merging
from app.identity.people.merging import FIELDS, Pair
from app.identity.people.people_named import UnknownPeople, people_named
from app.identity.people.twins import MergeView, Side, Twins, merges, pair_named, seen_merge, sides, twins
from app.identity.policy import MANAGE

router = APIRouter()

Manager = Annotated[Actor, having(MANAGE)]


def _pair(ref: str, other: str, actor: Manager, db: Db) -> Pair:
    return pair_named(db, actor, ref, other)


ManagedPair = Annotated[Pair, Depends(_pair)]


class ChoiceForm(StrippedForm):
    """Which value each field of merging.FIELDS takes, "person" or "alias"; `show` asks for the preview."""

    name: str = Field("", max_length=10)
    sex: str = Field("", max_length=10)
    birth: str = Field("", max_length=10)
    identity: str = Field("", max_length=10)
    phone: str = Field("", max_length=10)
    email: str = Field("", max_length=10)
    reason: str = Field("", max_length=1000)
    show: str = Field("", max_length=1)

    @property
    def from_alias(self) -> frozenset[str]:
        return frozenset(name for name in FIELDS if getattr(self, name) == "alias")


@dataclass(frozen=True)
class TwinsPage:
    """`one` and `other` as somebody typed them to compare two people by hand."""

    twins: Twins
    one: str = ""
    other: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PairPage:
    """`chosen`: the fields taken from the alias; `result`: what all records together say, if asked for."""

    person: Side
    alias: Side
    chosen: frozenset[str]
    differing: tuple[tuple[str, str], ...]  # key, label
    same: tuple[tuple[str, str], ...]  # label, value
    result: tuple[tuple[str, str], ...] | None
    reason: str
    refused: str
    errors: Mapping[str, str]


@router.get("/people/duplicates")
def duplicates(request: Request, actor: Manager, db: Db, page: int = 1, one: str = "", other: str = "") -> Response:
    """With both names, the two side by side."""
    if not (one.strip() or other.strip()):
        return render(request, "identity/duplicates.html", page=TwinsPage(twins(db, actor, page)))
    found, errors = {}, {}
    for name, typed in (("one", one), ("other", other)):
        try:
            found[name] = people_named(db, actor, MANAGE, typed, 1)
            if not found[name]:
                errors[name] = _("Hãy ghi tên đăng nhập, điện thoại hoặc email.")
        except UnknownPeople as error:
            errors[name] = str(error)
    if not errors and found["one"] == found["other"]:
        errors["other"] = _("Đây vẫn là người ở ô trên.")
    if errors:
        shown = TwinsPage(twins(db, actor, page), one[:100], other[:100], errors)
        return render(request, "identity/duplicates.html", status=422, page=shown)
    refs = [db.get_one(Person, ids[0]).ref for ids in found.values()]
    return redirect(request, f"/people/duplicates/{refs[0]}/{refs[1]}")


@router.get("/people/duplicates/{ref}/{other}")
def compare(
    request: Request, actor: Manager, db: Db, pair: ManagedPair, form: Annotated[ChoiceForm, Query()]
) -> Response:
    return _pair_page(request, actor, db, pair, form)


@router.post("/people/duplicates/{ref}/{other}")
def merge(request: Request, actor: Manager, db: Db, pair: ManagedPair, form: Annotated[ChoiceForm, Form()]) -> Response:
    try:
        merging.merge(db, actor, pair, form.from_alias, form.reason)
    except Invalid as error:
        return _pair_page(request, actor, db, pair, form, error)
    said = _("Đã gộp. Từ nay hai hồ sơ hiện ra như một người: %(name)s.", name=pair.person.name)
    return redirect(request, "/people/merges", flash=("ok", said))


@router.post("/people/duplicates/{ref}/{other}/distinct")
def set_apart(request: Request, actor: Manager, db: Db, pair: ManagedPair) -> Response:
    merging.set_apart(db, actor, pair.person, pair.alias)
    said = _("Đã ghi: đây là hai người khác nhau. Hệ thống không hỏi lại cặp này nữa.")
    return redirect(request, "/people/duplicates", flash=("ok", said))


@router.get("/people/merges")
def past_merges(request: Request, actor: Manager, db: Db) -> Response:
    return _merges_page(request, actor, db)


@router.post("/people/merges/{merge_id}/undo")
def undo(request: Request, actor: Manager, db: Db, merge_id: RowId) -> Response:
    done: PersonMerge = seen_merge(db, actor, merge_id)
    try:
        merging.undo(db, actor, done)
    except Conflict as error:
        return _merges_page(request, actor, db, error)
    said = _("Đã hoàn tác. Hai hồ sơ lại là hai người, mỗi người có lại thông tin và kết quả của mình.")
    return redirect(request, "/people/merges", flash=("ok", said))


@dataclass(frozen=True)
class MergesPage:
    merges: list[MergeView]
    problem: str = ""


def _merges_page(request: Request, actor: Actor, db: Db, error: AppError | None = None) -> Response:
    page = MergesPage(merges(db, actor), error.message if error else "")
    return render(request, "identity/merges.html", status=error.status if error else 200, page=page)


def _pair_page(
    request: Request, actor: Actor, db: Db, pair: Pair, form: ChoiceForm, error: Invalid | None = None
) -> Response:
    both = sides(db, [pair.person.id, pair.alias.id])
    person, alias = both[pair.person.id], both[pair.alias.id]
    is_asked = bool(form.show or error)
    chosen = form.from_alias if is_asked else merging.suggested(pair)
    result = None
    if is_asked:
        result = tuple(
            (str(label), (alias if name in chosen else person).fields[name]) for name, label in FIELDS.items()
        )
    page = PairPage(
        person, alias, chosen,
        tuple((name, str(label)) for name, label in FIELDS.items() if person.fields[name] != alias.fields[name]),
        tuple(
            (str(label), person.fields[name])
            for name, label in FIELDS.items()
            if person.fields[name] and person.fields[name] == alias.fields[name]
        ),
        result, form.reason, _why_not(db, actor, pair), error.fields if error else {},
    )  # fmt: skip
    return render(request, "identity/twins.html", status=error.status if error else 200, page=page)


def _why_not(db: Db, actor: Actor, pair: Pair) -> str:
    """Why the reader may compare the two but not merge them; "" if they may."""
    try:
        merging.require_may(db, actor, [pair.person.id, pair.alias.id])
    except Forbidden as error:
        return error.message
    return ""
