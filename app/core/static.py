"""Our own static files: an address that carries the hash of its content may be cached for ever."""

from starlette.responses import Response
from starlette.staticfiles import StaticFiles as _StaticFiles
from starlette.types import Scope


class StaticFiles(_StaticFiles):
    def __init__(self, directory: object) -> None:
        super().__init__(directory=str(directory))

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if b"v=" in scope["query_string"]:
            response.headers["cache-control"] = "public, max-age=31536000, immutable"
        return response
