"""GET /courses: what there is to learn, for anyone. The page of one course belongs to learning."""

from fastapi import APIRouter, Request

from app.catalogue.shelf import shelf
from app.core.web import Db, Response, render

router = APIRouter()

_LONGEST_QUERY = 200


@router.get("/courses")
def courses(
    request: Request, db: Db, q: str = "", audience: str = "", skill: str = "", access: str = "", page: int = 1
) -> Response:
    found = shelf(
        db, query=q.strip()[:_LONGEST_QUERY], audience=audience, skill=skill, only_open=access == "open", page=page
    )
    return render(request, "catalogue/courses.html", page=found)
