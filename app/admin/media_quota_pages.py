"""How much room the files of each unit take and may take: seen, and set for one unit."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Form, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.core import clock
from app.core.access import Actor
from app.core.errors import NotFound
from app.core.forms import StrippedForm
from app.core.i18n import gettext as _
from app.core.settings import Settings
from app.core.templating import format_filesize
from app.core.web import Config, Db, RowId, having, redirect, render
from app.identity.units.unit_queries import full_names
from app.media.quota import Quota, own_limits, quota_of, quotas_of, set_quota, units_with_files

router = APIRouter()

Keeper = Annotated[Actor, having("media.quota")]

_MB = 1024 * 1024
_MB_OF_GB = 1024
# A dot would be read as thousands by some and as a fraction by others.
_GIGABYTES = re.compile(r"[0-9]{1,6}(,[0-9]{1,3})?")


@dataclass(frozen=True)
class Room:
    """What a unit takes and may take; `is_own`: by a limit of its own."""

    unit_id: int
    name: str
    quota: Quota
    is_own: bool


@dataclass(frozen=True)
class RoomsPage:
    """Units with files or a limit of their own, who takes most first; `common` in bytes, None for no limit."""

    rooms: Sequence[Room]
    common: int | None


class RoomForm(StrippedForm):
    """`limit` is common, own or none; `gigabytes` as typed, of use for own only."""

    limit: str = ""
    gigabytes: str = ""


@dataclass(frozen=True)
class RoomPage:
    room: Room
    common: int | None
    typed: RoomForm
    errors: dict[str, str]


@router.get("/admin/media")
def rooms(request: Request, db: Db, actor: Keeper, settings: Config) -> Response:
    unit_ids = units_with_files(db)
    quotas, own = quotas_of(db, settings, unit_ids), own_limits(db, unit_ids)
    names = full_names(db, unit_ids, clock.today())
    found = [Room(one, names.get(one, ""), quotas[one], one in own) for one in unit_ids]
    found.sort(key=lambda room: (-room.quota.used, room.name))
    return render(request, "admin/rooms.html", page=RoomsPage(found, _common(settings)))


@router.get("/admin/media/{unit_id}")
def room(request: Request, db: Db, actor: Keeper, settings: Config, unit_id: RowId) -> Response:
    return _form(request, db, settings, unit_id)


@router.post("/admin/media/{unit_id}")
def give(
    request: Request, db: Db, actor: Keeper, settings: Config, unit_id: RowId, form: Annotated[RoomForm, Form()]
) -> Response:
    """Less than what is used is allowed: nothing goes, but nothing more comes in."""
    before = _room(db, settings, unit_id)
    if form.limit not in ("common", "own", "none"):
        return _form(request, db, settings, unit_id, form, {"limit": _("Hãy chọn một.")})
    megabytes = {"common": None, "own": _megabytes(form.gigabytes), "none": 0}[form.limit]
    if form.limit == "own" and megabytes is None:
        error = _("Hãy ghi số GB lớn hơn 0, không có dấu chấm, ví dụ 20 hoặc 1,5.")
        return _form(request, db, settings, unit_id, form, {"gigabytes": error})
    set_quota(db, unit_id, megabytes, by=actor.account_id)
    quota = quota_of(db, settings, unit_id)
    if quota.limit is None:
        said = ("ok", _("%(unit)s không còn giới hạn chỗ chứa tệp.", unit=before.name))
    elif quota.used > quota.limit:
        said = ("warn", _(
            "%(unit)s được %(limit)s, ít hơn %(used)s đang dùng: tệp đã có giữ nguyên, chưa thêm được tệp mới.",
            unit=before.name, limit=format_filesize(quota.limit), used=format_filesize(quota.used),
        ))  # fmt: skip
    else:
        said = ("ok", _("%(unit)s được %(limit)s.", unit=before.name, limit=format_filesize(quota.limit)))
    return redirect(request, "/admin/media", flash=said)


def _form(
    request: Request, db: Session, settings: Settings, unit_id: int, typed: RoomForm | None = None,
    errors: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    room = _room(db, settings, unit_id)
    typed = typed or _as_it_is(room)
    page = RoomPage(room, _common(settings), typed, errors or {})
    return render(request, "admin/room.html", status=422 if errors else 200, page=page)


def _room(db: Session, settings: Settings, unit_id: int) -> Room:
    """Raises NotFound where there is no such unit."""
    name = full_names(db, [unit_id], clock.today()).get(unit_id)
    if name is None:
        raise NotFound
    return Room(unit_id, name, quota_of(db, settings, unit_id), unit_id in own_limits(db, [unit_id]))


def _as_it_is(room: Room) -> RoomForm:
    if not room.is_own:
        return RoomForm(limit="common")
    if room.quota.limit is None:
        return RoomForm(limit="none")
    gigabytes = Decimal(room.quota.limit // _MB) / _MB_OF_GB
    return RoomForm(limit="own", gigabytes=f"{round(gigabytes, 3):f}".rstrip("0").rstrip(".").replace(".", ","))


def _megabytes(gigabytes: str) -> int | None:
    """None for what is no number of gigabytes, and for none at all."""
    if not _GIGABYTES.fullmatch(gigabytes):
        return None
    return round(Decimal(gigabytes.replace(",", ".")) * _MB_OF_GB) or None


def _common(settings: Settings) -> int | None:
    return settings.media_quota_mb * _MB or None
