"""Units offered while somebody types the name of one into a form."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from app.core.errors import NotFound
from app.core.web import Db, Me, Response, render
from app.identity.policy import MANAGE, POSTS
from app.identity.units.units_named import LONGEST, units_like

router = APIRouter()

# What a unit may be named for; the actor is offered the units in which they may do it.
_FOR = frozenset({MANAGE, POSTS})


@router.get("/units/named")
def offer(
    request: Request, actor: Me, db: Db, may: str = "", unit: Annotated[str, Query(max_length=LONGEST)] = ""
) -> Response:
    if may not in _FOR:
        raise NotFound
    actor.require(may)
    found = units_like(db, actor, may, unit) if unit.strip() else None
    return render(request, "identity/unit_choices.html", found=found, chosen="")
