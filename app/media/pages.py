"""Delivery of files: GET /media/{public_id}/{name}. What we send can be looked at but never run."""

import hashlib
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request
from starlette.responses import Response, StreamingResponse

from app.core.attachments import NOTHING_RUNS
from app.core.errors import NotFound
from app.core.web import Db, Files, MaybeMe, identify
from app.media.playlists import CONTENT_TYPE as PLAYLIST_TYPE
from app.media.queries import Delivered, delivered
from app.media.ranges import RangeNotSatisfiable, wanted_part

router = APIRouter(dependencies=[Depends(identify)])

_YEAR_S = 365 * 24 * 3600
_SHOWN_IN_PLACE = frozenset(
    {"image/webp", "image/jpeg", "image/svg+xml", "video/mp4", "audio/mp4", "audio/mpeg", PLAYLIST_TYPE, "text/vtt"}
)


@router.api_route("/media/{public_id}/{name}", methods=["GET", "HEAD"])
def deliver(
    public_id: str, name: str, request: Request, db: Db, actor: MaybeMe, storage: Files,
    range_wanted: Annotated[str | None, Header(alias="range")] = None,
    if_range: Annotated[str | None, Header()] = None,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:  # fmt: skip
    file = delivered(db, actor, public_id, name)
    if file is None:
        raise NotFound
    headers = _headers(file, name)
    if if_none_match and headers["etag"] in if_none_match:
        return Response(status_code=304, headers=headers)
    # A range of an older file than the one we have would be glued to the wrong rest.
    asked = range_wanted if request.method == "GET" and (if_range is None or if_range == headers["etag"]) else None
    try:
        part = wanted_part(asked, file.size)
    except RangeNotSatisfiable:
        return Response(status_code=416, headers=NOTHING_RUNS | {"content-range": f"bytes */{file.size}"})
    start, end = (part.start, part.end) if part else (0, file.size)
    headers["content-length"] = str(end - start)
    if part:
        headers["content-range"] = f"bytes {start}-{end - 1}/{file.size}"
    status = 206 if part else 200
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers, media_type=file.content_type)
    return StreamingResponse(storage.read(file.storage_key, start, end), status, headers, file.content_type)


def _headers(file: Delivered, name: str) -> dict[str, str]:
    place = "inline" if file.content_type in _SHOWN_IN_PLACE else "attachment"
    # The bytes behind an address never change; only who may see them can.
    cache = f"public, max-age={_YEAR_S}, immutable" if file.is_public else "private, max-age=3600"
    return NOTHING_RUNS | {
        "accept-ranges": "bytes",
        "etag": f'"{hashlib.sha256(file.storage_key.encode()).hexdigest()[:24]}"',
        "cache-control": cache,
        "content-disposition": f'{place}; filename="{name}"',
    }
