"""Uploads over HTTP as tus 1.0 says; who may begin one, and for what, is for a higher domain to say (`begun`).

No route holds a transaction, nor a turn, while bytes come.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response

from app.core.access import Actor
from app.core.db import Session
from app.core.error_answers import answer_error
from app.core.errors import AppError, NotFound
from app.core.settings import Settings
from app.core.storage import Storage
from app.core.web import Config, Files, having
from app.media.models import Asset
from app.media.service import too_large
from app.media.uploads import service, tus
from app.media.uploads.models import Upload
from app.media.uploads.parts import arrived, delete_parts
from app.media.uploads.receiving import Receiver

_receiver = Receiver()
# Longer than most files take to be checked, shorter than the patience of proxies.
_ANSWER_AFTER_S = 20.0
# Whole files being looked at, by upload: whoever asks again waits for the same.
_looking: dict[str, asyncio.Task[None]] = {}


class TusRoute(APIRoute):
    """Every answer says which version of the protocol it speaks, refusals included."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def spoken(request: Request) -> Response:
            try:
                response = await answer(request)
            except AppError as error:
                response = await run_in_threadpool(answer_error, request, error)
            response.headers["tus-resumable"] = tus.VERSION
            return response

        return spoken


router = APIRouter(route_class=TusRoute)

Author = Annotated[Actor, having("course.author")]


async def _mine(upload_id: str, request: Request, actor: Author) -> Upload:
    """The caller's own upload, read in a moment; raises OtherVersion, NotFound, Expired."""
    tus.check_version(request.headers)
    async with request.app.state.turns.readers:
        return await run_in_threadpool(_read, request, lambda db: service.own_upload(db, actor, upload_id))


Mine = Annotated[Upload, Depends(_mine)]


@router.api_route("/uploads", methods=["OPTIONS", "GET"])
async def abilities(settings: Config) -> Response:
    return Response(status_code=204, headers=tus.abilities(settings.resumable_limit_bytes))


async def begun(
    request: Request, actor: Actor, storage: Storage, settings: Settings, unit_of: Callable[[Session], int | None]
) -> Response:
    """The answer to a creation, with the first bytes if it carries some. `unit_of` says whose file it will be, or
    raises what keeps this person from it.
    """
    tus.check_version(request.headers)
    size, said = tus.number(request.headers, "upload-length"), tus.metadata(request.headers)
    carries = "content-type" in request.headers
    if carries:
        tus.check_type(request.headers)

    def write() -> Upload:
        with request.app.state.database.writing() as db:
            return service.begin(
                db, storage, settings, by=actor, unit_id=unit_of(db), kind=said.get("kind", ""), size=size,
                file_name=said.get("filename", ""),
            )  # fmt: skip

    async with request.app.state.turns.writers:
        upload = await run_in_threadpool(write)
    headers = {"location": f"/uploads/{upload.public_id}", "upload-expires": tus.expires(upload.expires_at)}
    if carries:
        try:
            headers["upload-offset"] = str(await _take_in(request, storage, upload, 0))
        except (AppError, ClientDisconnect):
            # What cannot be told where it is, is no use to anybody.
            await _forget(request, storage, upload)
            raise
    return Response(status_code=201, headers=headers)


@router.get("/uploads/{upload_id}")
async def state(upload: Mine, storage: Files) -> Response:
    here = await _arrived(upload, storage)
    said = {"filename": upload.file_name, "kind": upload.kind}
    headers = {
        "upload-offset": str(here), "upload-length": str(upload.size), "upload-metadata": tus.metadata_header(said),
        "upload-expires": tus.expires(upload.expires_at), "cache-control": "no-store",
    }  # fmt: skip
    return JSONResponse({"file_name": upload.file_name, "size": upload.size, "arrived": here}, headers=headers)


@router.patch("/uploads/{upload_id}")
async def go_on(request: Request, upload: Mine, storage: Files) -> Response:
    tus.check_type(request.headers)
    at, here = tus.number(request.headers, "upload-offset"), await _arrived(upload, storage)
    if at != here:
        raise tus.OffsetDiffers(arrived=here)
    reached = await _take_in(request, storage, upload, at)
    return Response(
        status_code=204, headers={"upload-offset": str(reached), "upload-expires": tus.expires(upload.expires_at)}
    )


@router.delete("/uploads/{upload_id}")
async def end(request: Request, upload: Mine, storage: Files) -> Response:
    await _forget(request, storage, upload)
    return Response(status_code=204)


@router.post("/uploads/{upload_id}")
async def instead(request: Request, upload: Mine, storage: Files) -> Response:
    """For proxies that let no other method through: `X-HTTP-Method-Override` says which one is meant."""
    match request.headers.get("x-http-method-override"):
        case "PATCH":
            return await go_on(request, upload, storage)
        case "DELETE":
            return await end(request, upload, storage)
    raise tus.Misspoken(header="X-HTTP-Method-Override")


@router.post("/uploads/{upload_id}/finish")
async def finish(request: Request, upload: Mine, storage: Files) -> Response:
    """Look at the whole file and take it on. 202 while that lasts: ask again. A repeat answers the same."""
    asset = await _outcome(request, upload)
    if asset is None:
        task = _looking.get(upload.public_id) or _look(request, upload, storage)
        done, _running = await asyncio.wait({task}, timeout=_ANSWER_AFTER_S)
        if not done:
            return JSONResponse({"state": "checking"}, 202)
        task.result()
        asset = await _outcome(request, await _again(request, upload))
    if asset is None:
        raise NotFound
    return JSONResponse({"public_id": asset.public_id, "file_name": asset.file_name, "size": asset.size})


def _look(request: Request, upload: Upload, storage: Storage) -> "asyncio.Task[None]":
    task = _looking[upload.public_id] = asyncio.create_task(_taken_on(request, upload, storage))

    def over(task: "asyncio.Task[None]") -> None:
        del _looking[upload.public_id]
        # Heard even if nobody waits any more.
        if not task.cancelled():
            task.exception()

    task.add_done_callback(over)
    return task


async def _taken_on(request: Request, upload: Upload, storage: Storage) -> None:
    state = request.app.state
    async with state.turns.lasting:
        found = await run_in_threadpool(service.whole_file, storage, upload)

    def write() -> None:
        with state.database.writing() as db:
            service.settle(db, upload.public_id, found)

    async with state.turns.writers:
        await run_in_threadpool(write)
    await run_in_threadpool(delete_parts, storage, upload.public_id)


async def _take_in(request: Request, storage: Storage, upload: Upload, at: int) -> int:
    checksum = tus.checksum(request.headers)
    if "content-length" in request.headers and at + tus.number(request.headers, "content-length") > upload.size:
        raise too_large(upload.file_name, upload.size)
    return await _receiver.receive(request.stream(), storage, upload, at, checksum)


async def _arrived(upload: Upload, storage: Storage) -> int:
    # Once it was looked at its parts are gone, and it is whole for ever.
    if upload.asset_id is not None or upload.refusal is not None:
        return upload.size
    return await run_in_threadpool(arrived, storage, upload.public_id)


async def _forget(request: Request, storage: Storage, upload: Upload) -> None:
    def write() -> None:
        with request.app.state.database.writing() as db:
            service.discard(db, upload)

    async with request.app.state.turns.writers:
        await run_in_threadpool(write)
    await run_in_threadpool(delete_parts, storage, upload.public_id)


async def _outcome(request: Request, upload: Upload) -> Asset | None:
    async with request.app.state.turns.readers:
        return await run_in_threadpool(_read, request, lambda db: service.outcome(db, upload))


async def _again(request: Request, upload: Upload) -> Upload:
    async with request.app.state.turns.readers:
        return await run_in_threadpool(_read, request, lambda db: db.get_one(Upload, upload.id))


def _read(request: Request, ask: Callable[[Session], Any]) -> Any:
    with request.app.state.database.reading() as db:
        return ask(db)
