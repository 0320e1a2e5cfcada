"""The sites whose videos lessons may embed: seen, put on the list, changed, taken off."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, Form, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.catalogue.embed_sites import checked_site, drop_site, embed_rows, keep_site, site_of
from app.catalogue.embeds import Site
from app.catalogue.models import EmbedSite
from app.core.access import Actor
from app.core.errors import Invalid, NotFound
from app.core.forms import StrippedForm
from app.core.i18n import gettext as _
from app.core.web import Db, RowId, having, redirect, render

router = APIRouter()

Keeper = Annotated[Actor, having("embeds.manage")]


class SiteForm(StrippedForm):
    """`addresses` one a line, as typed."""

    name: str = ""
    addresses: str = ""
    frame: str = ""


@dataclass(frozen=True)
class SitesPage:
    sites: Sequence[tuple[int, Site]]


@dataclass(frozen=True)
class SitePage:
    """`site_id` is None for one that is not on the list yet."""

    site_id: int | None
    typed: SiteForm
    errors: dict[str, str] = field(default_factory=dict)


@router.get("/admin/embeds")
def sites(request: Request, db: Db, actor: Keeper) -> Response:
    page = SitesPage([(row.id, site_of(row)) for row in embed_rows(db)])
    return render(request, "admin/embeds.html", page=page)


@router.get("/admin/embeds/new")
def new(request: Request, db: Db, actor: Keeper) -> Response:
    return render(request, "admin/embed.html", page=SitePage(None, SiteForm()))


@router.post("/admin/embeds/new")
def add(request: Request, db: Db, actor: Keeper, form: Annotated[SiteForm, Form()]) -> Response:
    return _kept(request, db, actor, None, form)


@router.get("/admin/embeds/{site_id}")
def site(request: Request, db: Db, actor: Keeper, site_id: RowId) -> Response:
    row = _row(db, site_id)
    typed = SiteForm(name=row.name, addresses="\n".join(row.addresses), frame=row.frame)
    return render(request, "admin/embed.html", page=SitePage(row.id, typed))


@router.post("/admin/embeds/{site_id}")
def change(
    request: Request, db: Db, actor: Keeper, site_id: RowId, form: Annotated[SiteForm, Form()]
) -> Response:  # fmt: skip
    return _kept(request, db, actor, _row(db, site_id), form)


@router.post("/admin/embeds/{site_id}/drop")
def drop(request: Request, db: Db, actor: Keeper, site_id: RowId) -> Response:
    row = _row(db, site_id)
    name = row.name
    drop_site(db, row, by=actor.account_id)
    said = _("Đã bỏ %(name)s khỏi danh sách. Video của nơi ấy trong các bài nay là liên kết.", name=name)
    return redirect(request, "/admin/embeds", flash=("ok", said))


def _kept(request: Request, db: Session, actor: Actor, row: EmbedSite | None, form: SiteForm) -> Response:
    try:
        site = checked_site(form.name, form.addresses.splitlines(), form.frame)
    except Invalid as error:
        page = SitePage(row.id if row else None, form, error.fields)
        return render(request, "admin/embed.html", status=422, page=page)
    keep_site(db, row, site, by=actor.account_id)
    return redirect(request, "/admin/embeds", flash=("ok", _("Đã lưu %(name)s.", name=site.name)))


def _row(db: Session, site_id: int) -> EmbedSite:
    """Raises NotFound."""
    row = db.get(EmbedSite, site_id)
    if row is None:
        raise NotFound
    return row
