"""Our own static files: an address that carries the hash of its content may be cached for ever."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles as _StaticFiles
from starlette.types import Scope

from app.core.templating import static_digest

_FOR_EVER = "public, max-age=31536000, immutable"


class StaticFiles(_StaticFiles):
    def __init__(self, directory: object) -> None:
        super().__init__(directory=str(directory))

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        version = Request(scope).query_params.get("v", "")
        # While servers are upgraded one by one, a page of the new release may ask an old server: what does not fit
        # the hash may be shown, never kept. Style sheets number their fonts and pictures by hand (?v=1).
        by_hand = version.isdigit() and len(version) < 4
        fits = by_hand or (version and version == static_digest(path))
        response.headers["cache-control"] = _FOR_EVER if fits else "no-cache"
        return response
