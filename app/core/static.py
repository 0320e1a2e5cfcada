"""Our own static files: an address that carries the hash of its content may be cached for ever.

Styles, scripts and drawings are compressed once per process; fonts and pictures are sent as they lie on the disk.
"""

import gzip
from dataclasses import dataclass
from functools import lru_cache

from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles as _StaticFiles
from starlette.types import Scope

from app.core.templating import BUNDLES, STATIC_DIR, static_bytes, static_digest

_FOR_EVER = "public, max-age=31536000, immutable"
_TEXTS = {
    ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}  # fmt: skip


@dataclass(frozen=True)
class _Text:
    content_type: str
    plain: bytes
    packed: bytes
    etag: str


class StaticFiles(_StaticFiles):
    def __init__(self, directory: object) -> None:
        super().__init__(directory=str(directory))

    async def get_response(self, path: str, scope: Scope) -> Response:
        request = Request(scope)
        text = _texts().get(path) if scope["method"] in ("GET", "HEAD") else None
        response = _answer(text, request) if text else await super().get_response(path, scope)
        version = request.query_params.get("v", "")
        # While servers are upgraded one by one, a page of the new release may ask an old server: what does not fit
        # the hash may be shown, never kept. Style sheets number their fonts and pictures by hand (?v=1).
        by_hand = version.isdigit() and len(version) < 4
        fits = by_hand or (version and version == static_digest(path))
        response.headers["cache-control"] = _FOR_EVER if fits else "no-cache"
        return response


def _answer(text: _Text, request: Request) -> Response:
    headers = {"etag": text.etag}
    if request.headers.get("if-none-match") == text.etag:
        return Response(status_code=304, headers=headers)
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(text.plain, headers=headers, media_type=text.content_type)
    headers |= {"content-encoding": "gzip", "vary": "Accept-Encoding"}
    return Response(text.packed, headers=headers, media_type=text.content_type)


@lru_cache(maxsize=1)
def _texts() -> dict[str, _Text]:
    """All there are, by path; made at the first request, in a few hundredths of a second."""
    files = (path for path in STATIC_DIR.rglob("*") if path.suffix in _TEXTS)
    found = {}
    for path in (*(file.relative_to(STATIC_DIR).as_posix() for file in files), *BUNDLES):
        plain = static_bytes(path)
        content_type = _TEXTS["." + path.rsplit(".", 1)[-1]]
        # No time in it: every process makes the same bytes.
        packed = gzip.compress(plain, 9, mtime=0)
        found[path] = _Text(content_type, plain, packed, f'"{static_digest(path)}"')
    return found
