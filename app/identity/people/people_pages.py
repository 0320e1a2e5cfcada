"""The people in one's scope."""

from typing import Annotated

from fastapi import APIRouter, Request

from app.core.access import Actor
from app.core.web import Db, Response, having, render
from app.identity.people.people_queries import audience_names, people_in_scope

router = APIRouter()

Viewer = Annotated[Actor, having("people.view")]


@router.get("/people")
def people(request: Request, actor: Viewer, db: Db, q: str = "", page: int = 1) -> Response:
    return render(
        request,
        "identity/people.html",
        fragment="found",
        page=people_in_scope(db, actor, q, page),
        audiences=audience_names(db),
    )
