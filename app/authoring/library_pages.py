"""The library in the studio: files one can find again, with where they are used, and what may be done with them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, BinaryIO

from fastapi import APIRouter, Depends, Request
from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect

from app.authoring import library_queries as queries
from app.authoring.lesson_form import SLOTS
from app.authoring.library import replace_asset
from app.authoring.library_queries import Filters
from app.authoring.pages import Author
from app.core.access import Actor
from app.core.db import Database, Session
from app.core.errors import AppError, Invalid, NotFound, StorageFull, TooLarge
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.core.settings import Settings
from app.core.storage import Storage
from app.core.web import Config, Databases, Db, Files, Response, redirect, render, wants_fragment
from app.media.keeping import AssetInUse, delete_asset
from app.media.models import Asset
from app.media.queries import own_uploads
from app.media.quota import must_fit
from app.media.service import add_asset, cancel, retry, store
from app.media.shelf import is_full
from app.media.uploads.service import most_bytes

router = APIRouter()

KINDS = {
    "image": lazy("Ảnh"),
    "video": lazy("Video"),
    "document": lazy("Tài liệu"),
    "download": lazy("Bảng tính"),
    "sound": lazy("Âm thanh"),
    "caption": lazy("Phụ đề"),
}
STATES = {"ready": lazy("dùng được"), "waiting": lazy("đang chuẩn bị"), "failed": lazy("hỏng")}
SORTS = {"": lazy("mới tải lên trước"), "size": lazy("nặng trước"), "name": lazy("theo tên")}


@dataclass(frozen=True)
class _Place:
    """Where things are kept. The route opens its own sessions: none may be held while a large file is checked."""

    database: Database
    storage: Storage
    settings: Settings


def _place(database: Databases, storage: Files, settings: Config) -> _Place:
    return _Place(database, storage, settings)


@dataclass(frozen=True)
class Sent:
    """A newer version as it came: chosen now, or by its public id what was sent ahead; `courses` by slug."""

    file: tuple[str, BinaryIO] | None
    size: int
    kept: str
    courses: tuple[str, ...]


async def _receive(request: Request) -> AsyncIterator[Sent]:
    """Reads the body here, not as parameters of the route: those would be read before the token is checked."""
    try:
        form = await request.form(max_files=1, max_fields=500)
    except ClientDisconnect:
        raise TooLarge from None
    except OSError as error:
        raise (StorageFull() if is_full(error) else error) from error
    try:
        chosen = form.get("file")
        is_chosen = isinstance(chosen, UploadFile) and bool(chosen.filename)
        yield Sent(
            file=(chosen.filename or "", chosen.file) if is_chosen and isinstance(chosen, UploadFile) else None,
            size=chosen.size or 0 if isinstance(chosen, UploadFile) else 0,
            kept="" if form.get("drop_file") else str(form.get("kept_file", "")),
            courses=tuple(str(one) for one in form.getlist("courses")),
        )
    finally:
        await form.close()


Place = Annotated[_Place, Depends(_place)]
Newer = Annotated[Sent, Depends(_receive)]


def _authored(public_id: str, actor: Author, db: Db) -> Asset:
    return queries.authored_asset(db, actor, public_id)


AuthoredAsset = Annotated[Asset, Depends(_authored)]


@router.get("/studio/library")
def library(
    request: Request, db: Db, actor: Author, settings: Config, filters: Annotated[Filters, Depends()], after: str = ""
) -> Response:
    page = queries.library_page(db, settings, actor, filters, after)
    return render(request, "authoring/library.html", page=page, kinds=KINDS, states=STATES, sorts=SORTS)


@router.get("/studio/library/pick")
def pick(request: Request, db: Db, actor: Author, slot: str = "") -> Response:
    """What a field of the lesson form may take from the library; the words searched stand in `find_{slot}`."""
    if slot not in SLOTS:
        raise NotFound
    q = request.query_params.get(f"find_{slot}", "")
    found = queries.pickable(db, actor, SLOTS[slot], q)
    return render(request, "authoring/_pick.html", slot=slot, found=found)


@router.get("/studio/library/{public_id}")
def asset(request: Request, db: Db, actor: Author, asset: AuthoredAsset) -> Response:
    response = _asset(request, db, actor, asset)
    if wants_fragment(request) and queries.asset_page(db, actor, asset).row.progress.is_over:
        response.headers["HX-Refresh"] = "true"
    return response


@router.post("/studio/library/{public_id}/cancel")
def stop(request: Request, db: Db, asset: AuthoredAsset) -> Response:
    """Stop its transcode; one that is over already stays as it is."""
    cancel(db, asset)
    return redirect(request, _url(asset))


@router.post("/studio/library/{public_id}/retry")
def again(request: Request, db: Db, actor: Author, asset: AuthoredAsset) -> Response:
    """Queue a failed transcode again; pressing twice is no error."""
    try:
        retry(db, asset, by=actor.account_id)
    except AppError as error:
        return redirect(request, _url(asset), flash=("warn", error.message))
    return redirect(request, _url(asset))


@router.post("/studio/library/{public_id}/delete")
def delete(request: Request, db: Db, actor: Author, asset: AuthoredAsset) -> Response:
    """Gone for good; 409 with where it is used while it is."""
    name = asset.file_name
    try:
        delete_asset(db, asset, by=actor.account_id)
    except AssetInUse as error:
        return _asset(request, db, actor, asset, status=error.status, problem=error.message)
    return redirect(request, "/studio/library", flash=("ok", _("Đã xóa tệp “%(name)s”.", name=name)))


@router.post("/studio/library/{public_id}/replace")
def newer(public_id: str, request: Request, actor: Author, sent: Newer, place: Place) -> Response:
    """A newer version of a file, and in which drafts it takes its place."""
    with place.database.reading() as db:
        old = queries.authored_asset(db, actor, public_id)
        kind, unit_id = old.kind, old.unit_id
        if sent.file:
            must_fit(db, place.settings, unit_id, sent.size, sent.file[0])
    try:
        stored = None
        if sent.file:
            name, stream = sent.file
            stored = store(place.storage, stream, name, only=kind, limit_bytes=place.settings.upload_limit_bytes)
        with place.database.writing() as db:
            old = queries.authored_asset(db, actor, public_id)
            new = add_asset(db, stored, by=actor.account_id, unit_id=unit_id) if stored else None
            if new is None and (own := own_uploads(db, actor, [sent.kept]).get(sent.kept)) and own.kind == kind:
                new = db.get_one(Asset, own.asset_id)
            if new is None:
                raise Invalid(_("Hãy chọn tệp mới."))
            titles = replace_asset(db, place.storage, actor, old, new, sent.courses)
            url = _url(new)
    except AppError as error:
        with place.database.reading() as db:
            old = queries.authored_asset(db, actor, public_id)
            return _asset(request, db, actor, old, status=error.status, problem=error.message)
    said = _("Đã nhận bản mới.")
    if titles:
        said = _("Đã nhận bản mới và thay trong bản nháp của: %(titles)s.", titles=", ".join(titles))
    return redirect(request, url, flash=("ok", said))


def _asset(
    request: Request, db: Session, actor: Actor, asset: Asset, *, status: int = 200, problem: str = ""
) -> Response:
    page = queries.asset_page(db, actor, asset)
    settings: Settings = request.app.state.settings
    return render(
        request, "authoring/asset.html", status=status, fragment="state", page=page, problem=problem, kinds=KINDS,
        limit_bytes=settings.upload_limit_bytes, most_bytes=most_bytes(settings, asset.kind),
    )  # fmt: skip


def _url(asset: Asset) -> str:
    return f"/studio/library/{asset.public_id}"
