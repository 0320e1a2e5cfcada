"""Where an author begins to send a large file for a course (media/uploads takes it from there)."""

from fastapi import APIRouter, Request

from app.authoring import queries
from app.authoring.library_queries import authored_asset
from app.authoring.pages import Author
from app.core.db import Session
from app.core.web import Config, Files, Response
from app.media.uploads.pages import TusRoute, begun

router = APIRouter(route_class=TusRoute)


@router.post("/uploads")
async def begin(
    request: Request, actor: Author, storage: Files, settings: Config, course: str = "", asset: str = ""
) -> Response:
    """`course`: the slug of the course whose lessons the file is for; or `asset`: the file it is to replace."""

    def unit_of(db: Session) -> int | None:
        if asset:
            return authored_asset(db, actor, asset).unit_id
        return queries.authored_course(db, actor, course).unit_id

    return await begun(request, actor, storage, settings, unit_of)
