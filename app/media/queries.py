"""What pages and higher domains read of assets."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, false, or_, select, true
from sqlalchemy.orm import selectinload

from app.core import jobs
from app.core.access import Actor
from app.core.db import Session
from app.core.i18n import gettext as _
from app.core.memory import A_MINUTE, remembered
from app.media.ladder import LIGHT_NAME, first_name
from app.media.models import Asset, Rendition
from app.media.playlists import MASTER_NAME
from app.media.qualities import Quality, qualities
from app.media.service import subject
from app.media.sound import LOUDSPEAKER
from app.media.storyboard import COLUMNS, read_name

# Wide enough for a phone and for the column of a lesson; larger screens choose from `srcset`.
_USUAL_WIDTH_PX = 960


@dataclass(frozen=True)
class PagePicture:
    """A page of a document, as a picture."""

    url: str
    width: int | None
    height: int | None


@dataclass(frozen=True)
class StoryboardView:
    """A sheet of `count` small pictures of a video, each `width` by `height` pixels, `columns` in a row.

    Picture number n, counted from 0, is what the video shows at n * `every_s` seconds. `size` in bytes.
    """

    url: str
    every_s: int
    count: int
    columns: int
    width: int
    height: int
    size: int


@dataclass(frozen=True)
class AssetView:
    """An asset as a page shows it. `url` is empty until it is ready; `srcset` only for pictures in several sizes.

    `size` in bytes is what a learner downloads, or the upload's while nothing is ready.
    """

    asset_id: int
    kind: str
    state: str
    url: str | None
    poster_url: str | None
    width: int | None
    height: int | None
    duration_s: float | None
    size: int
    error: str | None
    srcset: str = ""
    # The playlist of all sizes, where there are several.
    stream_url: str | None = None
    qualities: tuple[Quality, ...] = ()
    # The lightest picture as one MP4, and its bytes; none where that of `url` is the lightest.
    light_url: str | None = None
    light_size: int | None = None
    # Small pictures to look for a place in a video; none for a short one.
    storyboard: StoryboardView | None = None
    file_name: str = ""
    public_id: str = ""
    # Of an office file: itself, where `url` is the PDF made of it, or the same file if there is none.
    original_url: str | None = None
    original_size: int = 0
    # Of a sound: the form a loudspeaker's player takes.
    loudspeaker_url: str | None = None
    loudspeaker_size: int = 0
    # Of a document, in order; none where it can only be downloaded, as `error` says.
    pages: tuple[PagePicture, ...] = ()

    @property
    def largest_url(self) -> str:
        """Of a picture in several sizes the largest, to look at closely; else the only one."""
        return self.srcset.rsplit(", ", 1)[-1].split(" ")[0] if self.srcset else self.url or ""


@dataclass(frozen=True)
class AssetProgress:
    """How far a video is: `state` waiting, running, ready, failed; `ratio` 0 to 1; `text` a sentence for people."""

    asset_id: int
    public_id: str
    file_name: str
    state: str
    ratio: float
    text: str

    @property
    def is_over(self) -> bool:
        return self.state in ("ready", "failed")


@dataclass(frozen=True)
class Delivered:
    """A file to send: what it is, where it lies, and what its asset is called."""

    content_type: str
    size: int
    storage_key: str
    file_name: str


def visible_assets(actor: Actor | None) -> ColumnElement[bool]:
    """Anyone: files of published courses. Authors and reviewers: those of their units, of course folders, and
    their own."""
    if actor is None:
        return Asset.is_public.is_(True)
    of_units = or_(Asset.unit_id.in_(actor.units_with("course.review")), Asset.unit_id.is_(None))
    return or_(
        Asset.is_public.is_(True),
        Asset.uploaded_by == actor.account_id,
        of_units if actor.can("course.review") else false(),
    )


def asset_views(db: Session, asset_ids: Iterable[int]) -> dict[int, AssetView]:
    """Views by asset id; two queries for any number. Who may see the page decides who may see them."""
    found = db.scalars(select(Asset).where(Asset.id.in_(set(asset_ids))).options(selectinload(Asset.renditions)))
    return {asset.id: _view(asset) for asset in found}


def own_uploads(db: Session, actor: Actor, public_ids: Iterable[str]) -> dict[str, AssetView]:
    """Of these public ids, the assets this person uploaded: what a form may carry from one try to the next."""
    found = db.scalars(
        select(Asset)
        .where(Asset.public_id.in_(set(public_ids)), Asset.uploaded_by == actor.account_id)
        .options(selectinload(Asset.renditions))
    )
    return {asset.public_id: _view(asset) for asset in found}


def public_file(db: Session, public_id: str, name: str) -> Delivered | None:
    """The rendition of that name if it is for everyone, which never ends."""
    key = ("media.public_file", public_id, name)
    return remembered(db, key, lambda: _file(db, public_id, name, Asset.is_public.is_(True)), for_s=A_MINUTE)


def visible_file(db: Session, actor: Actor | None, public_id: str, name: str) -> Delivered | None:
    """The rendition of that name if this person may see it."""
    return _file(db, public_id, name, visible_assets(actor))


def sealed_file(db: Session, public_id: str, name: str) -> Delivered | None:
    """The rendition of that name, for whom a seal lets in (seals.py)."""
    key = ("media.sealed_file", public_id, name)
    return remembered(db, key, lambda: _file(db, public_id, name, true()), for_s=A_MINUTE)


def _file(db: Session, public_id: str, name: str, allowed: ColumnElement[bool]) -> Delivered | None:
    row = db.execute(
        select(Rendition.content_type, Rendition.size, Rendition.storage_key, Asset.file_name)
        .join(Asset, Asset.id == Rendition.asset_id)
        .where(Asset.public_id == public_id, Rendition.name == name, allowed)
    ).one_or_none()
    return Delivered(*row) if row else None


def progress_of(db: Session, asset_ids: Iterable[int]) -> dict[int, AssetProgress]:
    """How far each video is, from the asset and the newest job about it; two queries for any number."""
    assets = list(db.scalars(select(Asset).where(Asset.id.in_(set(asset_ids)))))
    newest: dict[str | None, jobs.Job] = {}
    for job in db.scalars(
        select(jobs.Job).where(jobs.Job.subject.in_([subject(asset.id) for asset in assets])).order_by(jobs.Job.id)
    ):
        newest[job.subject] = job
    return {asset.id: _progress(asset, newest.get(subject(asset.id))) for asset in assets}


def _view(asset: Asset) -> AssetView:
    renditions = asset.renditions
    named = {first_name(r.name) if asset.kind == "video" else r.name: r for r in renditions}
    pages = sorted((r for r in renditions if r.name.startswith("page-")), key=lambda page: page.name)
    pictures = sorted((r.width or 0, r.name) for r in renditions if r.content_type == "image/webp" and r not in pages)
    light, original = named.get(LIGHT_NAME), next((r for r in renditions if r.name.startswith("original.")), None)
    aside = (light, named.get(LOUDSPEAKER))
    ends = (".mp4", ".vtt", ".mp3", ".m4a", ".pdf")
    whole = [r.name for r in renditions if r.name.endswith(ends) and r not in aside]
    shown = next(iter(whole), original.name if original else None)
    if asset.kind == "image":
        small_enough = [name for width, name in pictures if width <= _USUAL_WIDTH_PX] or [
            name for _width, name in pictures
        ]
        shown = small_enough[-1] if small_enough else next((r.name for r in renditions), None)
    return AssetView(
        asset_id=asset.id,
        kind=asset.kind,
        state=asset.state,
        url=_url(asset, shown) if shown else None,
        poster_url=_url_of(asset, named.get("poster.jpg")),
        width=asset.width,
        height=asset.height,
        duration_s=asset.duration_s,
        size=next((r.size for r in renditions if r.name == shown), asset.size),
        error=asset.error,
        srcset=", ".join(f"{_url(asset, name)} {width}w" for width, name in pictures) if len(pictures) > 1 else "",
        stream_url=_url_of(asset, named.get(MASTER_NAME)),
        qualities=qualities(renditions),
        light_url=_url_of(asset, light),
        light_size=light.size if light else None,
        storyboard=_storyboard(asset),
        file_name=asset.file_name,
        public_id=asset.public_id,
        loudspeaker_url=_url_of(asset, named.get(LOUDSPEAKER)),
        loudspeaker_size=named[LOUDSPEAKER].size if LOUDSPEAKER in named else 0,
        original_url=_url_of(asset, original),
        original_size=original.size if original else 0,
        pages=tuple(PagePicture(_url(asset, page.name), page.width, page.height) for page in pages),
    )


def _storyboard(asset: Asset) -> StoryboardView | None:
    for file in asset.renditions:
        board = read_name(file.name, asset.duration_s or 0, file.width or 0, file.height or 0)
        if board:
            return StoryboardView(
                _url(asset, file.name), board.every_s, board.count, COLUMNS, board.width, board.height, file.size
            )
    return None


def _url_of(asset: Asset, file: Rendition | None) -> str | None:
    return _url(asset, file.name) if file else None


def _url(asset: Asset, name: str) -> str:
    return f"/media/{asset.public_id}/{name}"


def _progress(asset: Asset, job: jobs.Job | None) -> AssetProgress:
    state, ratio, text = "waiting", 0.0, _("Đang chờ chuyển mã")
    if asset.state == "ready":
        state, ratio, text = "ready", 1.0, _("Đã sẵn sàng")
    elif asset.state == "failed" or (job and job.state in jobs.FINISHED):
        # A worker that died too often leaves its asset as it was; the queue knows.
        state, text = "failed", asset.error or (job.error if job else None) or _("Chuyển mã không thành.")
    elif job and job.state == "running":
        state, ratio, text = "running", job.progress_ratio, job.progress_text or _("Đang chuyển mã")
    return AssetProgress(asset.id, asset.public_id, asset.file_name, state, ratio, text)
