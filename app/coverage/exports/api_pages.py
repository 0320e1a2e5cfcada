"""The API explained, and its description for machines: open to everybody, they tell nobody's data."""

from dataclasses import dataclass

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from app.core.i18n import lazy
from app.core.web import Config, render
from app.coverage.exports.api import LIMIT
from app.coverage.exports.api_description import ANSWERS, COVERAGE_PARAMETERS, PARAMETERS, openapi
from app.coverage.exports.records import RECORDS, Records

router = APIRouter()


@dataclass(frozen=True)
class ApiPage:
    server: str
    limit: str
    tables: list[Records]
    parameters: tuple[tuple[str, lazy, str], ...]
    coverage_parameters: tuple[tuple[str, lazy, str], ...]
    answers: tuple[tuple[int, lazy], ...]


@router.get("/api-guide")
def guide(request: Request, config: Config) -> Response:
    page = ApiPage(
        config.public_url, LIMIT.partition("/")[0], list(RECORDS.values()), PARAMETERS, COVERAGE_PARAMETERS, ANSWERS
    )
    return render(request, "coverage/api_guide.html", page=page)


@router.get("/api/v1/openapi.json")
def description(config: Config) -> Response:
    return Response(msgspec.json.encode(openapi(config.public_url)), media_type="application/vnd.oai.openapi+json")
