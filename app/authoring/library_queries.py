"""The library: files authors of a unit have given, found again by name, kind, unit and person."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, Select, func, or_, select, tuple_
from sqlalchemy.orm import Session

from app.authoring.library_uses import Use, uses_of
from app.authoring.policy import authored_assets
from app.core import clock
from app.core.access import Actor
from app.core.errors import NotFound
from app.core.settings import Settings
from app.core.text import fold, whole
from app.identity.models import Account, Person
from app.identity.units.unit_queries import full_names
from app.media.keeping import is_kept, kept_otherwise, weight
from app.media.models import Asset, Rendition
from app.media.queries import AssetProgress, AssetView, asset_views, progress_of
from app.media.quota import Quota, quota_of

PAGE_SIZE = 24
_UPLOADERS = 200
_ROOMS = 3
_PICKABLE = 8


@dataclass(frozen=True)
class Filters:
    """What is wanted; empty for anything. `unit` and `by` are ids, `use` is "none", `sort`: "", size, name."""

    q: str = ""
    kind: str = ""
    unit: str = ""
    by: str = ""
    state: str = ""
    use: str = ""
    sort: str = ""

    @property
    def is_narrowed(self) -> bool:
        return replace(self, sort="") != Filters()

    @property
    def query(self) -> str:
        """As an address has it."""
        return urlencode({name: value for name, value in asdict(self).items() if value})


@dataclass(frozen=True)
class AssetRow:
    """A file of the library. `size`: bytes with all that was made of it; `made_count`: how many files those are."""

    view: AssetView
    progress: AssetProgress
    size: int
    made_count: int
    unit: str
    uploader: str
    created_at: datetime
    uses: tuple[Use, ...]

    @property
    def picture(self) -> tuple[str, str] | None:
        """What shows it in small: address and, where there are several sizes, `srcset`."""
        if self.view.kind == "image" and self.view.url:
            return self.view.url, self.view.srcset
        if self.view.poster_url:
            return self.view.poster_url, ""
        return (self.view.pages[0].url, "") if self.view.pages else None


@dataclass(frozen=True)
class LibraryPage:
    """A page of the library; `next_url` is empty on the last. `units`, `uploaders`: what one can choose from.

    `rooms`: how much the units one was made an author of have taken and may take.
    """

    rows: tuple[AssetRow, ...]
    filters: Filters
    total: int
    units: tuple[tuple[int, str], ...]
    uploaders: tuple[tuple[int, str], ...]
    rooms: tuple[tuple[str, Quota], ...]
    next_url: str
    is_first: bool


@dataclass(frozen=True)
class Made:
    """A file made from an asset; `count` of them, where pages of a document stand in one line."""

    name: str
    content_type: str
    size: int
    width: int | None
    height: int | None
    count: int = 1


@dataclass(frozen=True)
class AssetPage:
    """One file with everything about it. `older`, `newer`: public ids of the versions beside it."""

    row: AssetRow
    content_type: str
    made: tuple[Made, ...]
    is_public: bool
    older: str
    newer: str

    @property
    def replaceable_in(self) -> tuple[Use, ...]:
        """One use of each course that can have a newer version of the file in its next draft."""
        return tuple({use.course: use for use in self.row.uses if use.course}.values())


def library_page(db: Session, settings: Settings, actor: Actor, filters: Filters, after: str) -> LibraryPage:
    """`PAGE_SIZE` files from the one after the public id `after` on; the same number of queries for any of them."""
    wanted = _narrowed(db, select(Asset).where(authored_assets(actor)), filters)
    total = db.scalar(select(func.count()).select_from(wanted.order_by(None).subquery())) or 0
    keys, descending = _order(filters.sort)
    page = wanted.order_by(*(key.desc() if descending else key for key in keys)).limit(PAGE_SIZE + 1)
    last = db.execute(select(*keys).where(Asset.public_id == after, authored_assets(actor))).one_or_none()
    if last is not None:
        here, there = tuple_(*keys), tuple_(*last)
        page = page.where(here < there if descending else here > there)
    assets = list(db.scalars(page))
    shown, more = assets[:PAGE_SIZE], len(assets) > PAGE_SIZE
    query = filters.query
    return LibraryPage(
        rows=tuple(_rows(db, actor, shown)),
        filters=filters,
        total=total,
        units=_units(db, actor),
        uploaders=_uploaders(db, actor),
        rooms=_rooms(db, settings, actor),
        next_url=f"/studio/library?{query}{'&' if query else ''}after={shown[-1].public_id}" if more else "",
        is_first=last is None,
    )


def pickable(db: Session, actor: Actor, kind: str, q: str) -> tuple[AssetView, ...]:
    """Files of a kind that a lesson can show, newest first, whose names hold the words of `q`; a handful."""
    wanted = _narrowed(db, select(Asset).where(authored_assets(actor), Asset.state != "failed"), Filters(q, kind))
    ids = [asset.id for asset in db.scalars(wanted.order_by(Asset.id.desc()).limit(_PICKABLE))]
    views = asset_views(db, ids)
    return tuple(views[asset_id] for asset_id in ids)


def usable_files(db: Session, actor: Actor, public_ids: Iterable[str]) -> dict[str, AssetView]:
    """Of these public ids the files this author may put into a lesson: those of the library, and their own."""
    theirs = or_(authored_assets(actor), Asset.uploaded_by == actor.account_id)
    ids = db.scalars(select(Asset.id).where(Asset.public_id.in_(set(public_ids)), Asset.state != "failed", theirs))
    return {view.public_id: view for view in asset_views(db, ids.all()).values()}


def authored_asset(db: Session, actor: Actor, public_id: str) -> Asset:
    """The file if this author may use it; raises NotFound."""
    asset = db.scalar(select(Asset).where(Asset.public_id == public_id, authored_assets(actor)))
    if asset is None:
        raise NotFound
    return asset


def asset_page(db: Session, actor: Actor, asset: Asset) -> AssetPage:
    newer = select(Asset.public_id).where(Asset.replaces_id == asset.id).order_by(Asset.id.desc()).limit(1)
    older = select(Asset.public_id).where(Asset.id == asset.replaces_id)
    return AssetPage(
        row=next(iter(_rows(db, actor, [asset]))),
        content_type=asset.content_type,
        made=_made(asset),
        is_public=asset.is_public,
        older=db.scalar(older) or "",
        newer=db.scalar(newer) or "",
    )


def _narrowed(db: Session, wanted: Select[Asset], filters: Filters) -> Select[Asset]:
    for word in fold(filters.q).split()[:8]:
        wanted = wanted.where(Asset.folded_name.contains(word, autoescape=True))
    if filters.kind:
        wanted = wanted.where(Asset.kind == filters.kind)
    if filters.unit:
        wanted = wanted.where(Asset.unit_id == (whole(filters.unit) or 0))
    if filters.by:
        wanted = wanted.where(Asset.uploaded_by == (whole(filters.by) or 0))
    if filters.state == "failed":
        wanted = wanted.where(Asset.state == "failed")
    elif filters.state == "waiting":
        wanted = wanted.where(Asset.state.in_(("stored", "processing")))
    elif filters.state == "ready":
        wanted = wanted.where(Asset.state == "ready")
    if filters.use == "none":
        wanted = wanted.where(~is_kept(by_uploads=False), Asset.id.not_in(kept_otherwise(db)))
    return wanted


def _order(sort: str) -> tuple[tuple[Any, ...], bool]:
    """The columns a page is in the order of, and whether from the end."""
    match sort:
        case "size":
            return (Asset.size, Asset.id), True
        case "name":
            return (Asset.folded_name, Asset.id), False
    return (Asset.id,), True


def _rows(db: Session, actor: Actor, assets: Sequence[Asset]) -> list[AssetRow]:
    ids = [asset.id for asset in assets]
    views, progress, uses = asset_views(db, ids), progress_of(db, ids), uses_of(db, actor, ids)
    weights = dict(db.execute(select(Asset.id, weight()).where(Asset.id.in_(ids))).all())
    units = full_names(db, {asset.unit_id for asset in assets if asset.unit_id}, clock.today())
    people = _names(db, Account.id.in_([asset.uploaded_by for asset in assets]))
    return [
        AssetRow(
            view=views[asset.id],
            progress=progress[asset.id],
            size=weights[asset.id],
            made_count=len(asset.renditions),
            unit=units.get(asset.unit_id or 0, ""),
            uploader=people.get(asset.uploaded_by or 0, ""),
            created_at=asset.created_at,
            uses=uses[asset.id],
        )
        for asset in assets
    ]


def _rooms(db: Session, settings: Settings, actor: Actor) -> tuple[tuple[str, Quota], ...]:
    roots = sorted(actor.grants.get("course.author", ()))[:_ROOMS]
    names = full_names(db, roots, clock.today())
    return tuple((names.get(unit_id, ""), quota_of(db, settings, unit_id)) for unit_id in roots)


def _units(db: Session, actor: Actor) -> tuple[tuple[int, str], ...]:
    ids = db.scalars(select(Asset.unit_id).where(authored_assets(actor)).distinct()).all()
    names = full_names(db, [unit_id for unit_id in ids if unit_id], clock.today())
    return tuple(sorted(names.items(), key=lambda one: one[1]))


def _uploaders(db: Session, actor: Actor) -> tuple[tuple[int, str], ...]:
    theirs = select(Asset.uploaded_by).where(authored_assets(actor), Asset.uploaded_by.is_not(None)).distinct()
    return tuple(_names(db, Account.id.in_(theirs.limit(_UPLOADERS))).items())


def _names(db: Session, accounts: ColumnElement[bool]) -> dict[int, str]:
    people = select(Account.id, Person.name).join(Person, Person.id == Account.person_id)
    return dict(db.execute(people.where(accounts).order_by(Person.name, Account.id)).all())


def _made(asset: Asset) -> tuple[Made, ...]:
    """The files made from it; pages of a document are counted together."""
    pages = [one for one in asset.renditions if one.name.startswith("page-")]
    single = [_line(one) for one in asset.renditions if one not in pages]
    if pages:
        size = sum(page.size for page in pages)
        single.append(Made("page-001.webp", "image/webp", size, pages[0].width, pages[0].height, len(pages)))
    return tuple(single)


def _line(one: Rendition) -> Made:
    return Made(one.name, one.content_type, one.size, one.width, one.height)
