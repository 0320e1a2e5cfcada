"""The library in the studio: files one can find again, with where they are used, and what may be done with them."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from app.authoring import library_queries as queries
from app.authoring.library_queries import Filters
from app.authoring.pages import Author
from app.core.access import Actor
from app.core.db import Session
from app.core.errors import AppError
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.core.web import Config, Db, Response, redirect, render, wants_fragment
from app.media.keeping import AssetInUse, delete_asset
from app.media.models import Asset
from app.media.service import cancel, retry

router = APIRouter()

KINDS = {
    "image": lazy("Ảnh"),
    "video": lazy("Video"),
    "document": lazy("Tài liệu"),
    "sound": lazy("Âm thanh"),
    "caption": lazy("Phụ đề"),
}
STATES = {"ready": lazy("dùng được"), "waiting": lazy("đang chuẩn bị"), "failed": lazy("hỏng")}
SORTS = {"": lazy("mới tải lên trước"), "size": lazy("nặng trước"), "name": lazy("theo tên")}


def _authored(public_id: str, actor: Author, db: Db) -> Asset:
    return queries.authored_asset(db, actor, public_id)


AuthoredAsset = Annotated[Asset, Depends(_authored)]


@router.get("/studio/library")
def library(
    request: Request, db: Db, actor: Author, settings: Config, filters: Annotated[Filters, Depends()], after: str = ""
) -> Response:
    page = queries.library_page(db, settings, actor, filters, after)
    return render(request, "authoring/library.html", page=page, kinds=KINDS, states=STATES, sorts=SORTS)


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


def _asset(
    request: Request, db: Session, actor: Actor, asset: Asset, *, status: int = 200, problem: str = ""
) -> Response:
    page = queries.asset_page(db, actor, asset)
    return render(
        request, "authoring/asset.html", status=status, fragment="state", page=page, problem=problem, kinds=KINDS
    )


def _url(asset: Asset) -> str:
    return f"/studio/library/{asset.public_id}"
