"""Delivery of files: what we send can be looked at but never run.

GET /media/{public_id}/{name} is the address pages know. What is for everyone is sent at once; whoever may see another
file is sent on to its sealed address (seals.py), which needs no more asking who they are. A web server in front asks
/media-place once for each file, and then sends the bytes itself (deploy/nginx).
"""

import hashlib
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import PurePosixPath

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from app.core import clock
from app.core.attachments import NOTHING_RUNS
from app.core.db import Database, Session
from app.core.errors import NotFound
from app.core.storage import Storage
from app.core.text import fold
from app.core.web import Db, Files, identify
from app.media.playlists import CONTENT_TYPE as PLAYLIST_TYPE
from app.media.queries import Delivered, public_file, sealed_file, visible_file
from app.media.ranges import RangeNotSatisfiable, wanted_part
from app.media.seals import last_day_of, seal_of
from app.media.sending import FilePart

router = APIRouter()

# The bytes behind an address never change; only who may see them can.
_FOR_EVERYONE = "public, max-age=31536000, immutable"
_FOR_A_DAY = "private, max-age=86400, immutable"
_PLACE_HOLDS = timedelta(hours=1)
# A download that began with a store's address may take its time.
_SIGNED_HOLDS = timedelta(days=1)
_SHOWN_IN_PLACE = frozenset(
    {"image/webp", "image/jpeg", "image/svg+xml", "video/mp4", "audio/mp4", "audio/mpeg", PLAYLIST_TYPE, "text/vtt"}
)


async def deliver(request: Request) -> Response:
    return await _in_turn(request, _public)


async def deliver_sealed(request: Request) -> Response:
    return await _in_turn(request, _sealed)


# Bare, for the door: a player asks for hundreds of parts (core/door.py).
router.add_route("/media/{public_id}/{name}", deliver, methods=["GET"])
router.add_route("/media/{seal}/{public_id}/{name}", deliver_sealed, methods=["GET"])


@router.get("/media-place/{public_id}/{name}")
def place(public_id: str, name: str, db: Db, storage: Files) -> Response:
    """For a web server in front: where the bytes of /media/{public_id}/{name} lie and what to say with them, in
    headers; 403 for what is not for everyone."""
    return _place(public_file(db, public_id, name), name, storage, _FOR_EVERYONE, _PLACE_HOLDS)


@router.get("/media-place/{seal}/{public_id}/{name}")
def sealed_place(seal: str, public_id: str, name: str, db: Db, storage: Files) -> Response:
    """The same of a sealed address; 403 for a seal that is over or was never given."""
    left = clock.start_of_day(clock.today() + timedelta(days=1)) - clock.now()
    file = _opened_by(seal, public_id, name, db)
    return _place(file, name, storage, _FOR_A_DAY, min(left, _PLACE_HOLDS))


def _place(file: Delivered | None, name: str, storage: Storage, cache: str, holds: timedelta) -> Response:
    """`holds`: how long that server may remember it."""
    if file is None:
        return Response(status_code=403, headers={"cache-control": "no-store"})
    said = _headers(file, name, cache)
    headers = {f"x-media-{header}": said[header] for header in ("content-type", "content-disposition", "cache-control")}
    headers |= {"x-media-key": file.storage_key, "cache-control": f"max-age={int(holds.total_seconds())}"}
    if signed := storage.signed_place(file.storage_key, _SIGNED_HOLDS):
        headers |= {"x-media-store": signed.host, "x-media-signed": signed.target}
    return Response(headers=headers)


async def _in_turn(request: Request, answer: Callable[[Request, Session], Response]) -> Response:
    database: Database = request.app.state.database

    def work() -> Response:
        with database.reading() as db:
            return answer(request, db)

    async with request.app.state.turns.files:
        return await run_in_threadpool(work)


def _public(request: Request, db: Session) -> Response:
    public_id, name = request.path_params["public_id"], request.path_params["name"]
    if file := public_file(db, public_id, name):
        return _sent(request, file, name, _FOR_EVERYONE)
    identify(request)
    if visible_file(db, request.state.actor, public_id, name) is None:
        raise NotFound
    return _sent_on(f"/media/{seal_of(public_id)}/{public_id}/{name}")


def _sealed(request: Request, db: Session) -> Response:
    seal, public_id, name = (request.path_params[part] for part in ("seal", "public_id", "name"))
    if file := _opened_by(seal, public_id, name, db):
        return _sent(request, file, name, _FOR_A_DAY)
    if last_day_of(seal, public_id) is None:
        raise NotFound
    # Over: whoever may still see it gets a new one there.
    return _sent_on(f"/media/{public_id}/{name}")


def _opened_by(seal: str, public_id: str, name: str, db: Session) -> Delivered | None:
    last_day = last_day_of(seal, public_id)
    return sealed_file(db, public_id, name) if last_day and last_day >= clock.today() else None


def _sent_on(address: str) -> Response:
    return RedirectResponse(address, 307, {"cache-control": "private, no-store"})


def _sent(request: Request, file: Delivered, name: str, cache: str) -> Response:
    headers = _headers(file, name, cache)
    etag, asked = headers["etag"], request.headers.get("range")
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    # A range of an older file than the one we have would be glued to the wrong rest.
    if request.method == "HEAD" or request.headers.get("if-range", etag) != etag:
        asked = None
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
        return Response(None, status, headers)
    storage: Storage = request.app.state.storage
    return FilePart(storage.read(file.storage_key, start, end), end - start, status, headers)


def _headers(file: Delivered, name: str, cache: str) -> dict[str, str]:
    is_shown = file.content_type in _SHOWN_IN_PLACE
    place, name = ("inline", name) if is_shown else ("attachment", _saved_as(file, name))
    charset = "; charset=utf-8" if file.content_type.startswith("text/") else ""
    return NOTHING_RUNS | {
        "content-type": file.content_type + charset,
        "accept-ranges": "bytes",
        "etag": f'"{hashlib.sha256(file.storage_key.encode()).hexdigest()[:24]}"',
        "cache-control": cache,
        "content-disposition": f'{place}; filename="{name}"',
    }


def _saved_as(file: Delivered, name: str) -> str:
    """What somebody finds again among his downloads: the name it was uploaded by, in letters any header takes."""
    stem = re.sub(r"[^a-z0-9]+", "-", fold(PurePosixPath(file.file_name).stem)).strip("-")
    return f"{stem or PurePosixPath(name).stem}{PurePosixPath(name).suffix}"
