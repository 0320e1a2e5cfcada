"""Taking files in: checked by content, cleaned, stored, and only then written down as assets."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path, PureWindowsPath
from typing import BinaryIO

from sqlalchemy import select, update

from app.core import clock, ids, jobs
from app.core.db import Session
from app.core.errors import Conflict, TooLarge
from app.core.events import emit
from app.core.i18n import gettext
from app.core.i18n import lazy as _
from app.core.settings import get_settings
from app.core.storage import Storage
from app.core.text import nfc
from app.media import captions, images
from app.media.events import AssetReady
from app.media.files import (
    HEAD_BYTES,
    M4A,
    MP3,
    OFFICE,
    SVG,
    FileType,
    NotAccepted,
    WrongKind,
    file_type,
    local_file_type,
)
from app.media.ladder import needs_nothing
from app.media.models import Asset, Rendition
from app.media.office import check_office_file
from app.media.paging import shelve_pages
from app.media.probe import probe
from app.media.shelf import Shelf, Shelved, scratch_folder, sha256_of
from app.media.sound import MOST_LESSON_MINUTES, MOST_MINUTES, sound_length_s
from app.media.svg import check_svg

_CHUNK = 1024 * 1024
# What an upload is kept as; videos stay what they are.
_KEPT_AS = {"image": ".webp", "caption": ".vtt", "sound": ".m4a"}
_JOB_OF = {"sound": "media.sound"}
# What a phone on a weak signal gets with a question without waiting.
SHORT_SOUND_BYTES = 3 * 1024 * 1024
_OFFICE_TYPES = frozenset(one.content_type for one in OFFICE)
# Where a file to download is wanted a document will do: it is given as it came.
_ALSO = {"download": "document"}
KIND_NAMES = {
    "image": _("ảnh JPEG, PNG, WebP hoặc GIF"),
    "video": _("video MP4, MOV, WebM hoặc MKV"),
    "caption": _("phụ đề WebVTT hoặc SRT"),
    "document": _("tài liệu PDF, DOCX, PPTX, ODT hoặc ODP"),
    "download": _("bảng tính XLSX, ODS; tài liệu DOCX, PPTX, ODT, ODP hoặc PDF"),
    "sound": _("âm thanh MP3, M4A, OGG hoặc WAV"),
}


@dataclass(frozen=True)
class StoredFile:
    """A checked file in the storage that no row names yet; a video without `renditions` waits for its transcode."""

    kind: str
    file_name: str
    content_type: str
    size: int
    sha256: str
    storage_key: str
    width: int | None
    height: int | None
    duration_s: float | None
    renditions: tuple[Shelved, ...]


def store(
    storage: Storage, stream: BinaryIO, file_name: str, *, only: str | None = None, limit_bytes: int | None = None
) -> StoredFile:
    """Receive an upload, of one kind if `only` says so. Needs no database, so a long upload holds no transaction.

    Pictures are kept without the camera's data, captions as WebVTT. Raises NotAccepted, TooLarge, StorageFull,
    ImageInvalid, VideoInvalid, CaptionsInvalid or PdfInvalid; nothing is left behind then.
    """
    name = plain_name(file_name)
    with scratch_folder("upload") as scratch:
        path = scratch / "source"
        receive(stream, path, name, limit_bytes or get_settings().upload_limit_bytes)
        with path.open("rb") as file:
            kind = wanted_type(file.read(HEAD_BYTES), name, only)
        stored = _shelve(storage, path, name, kind, keep_original=False)
    ending = _KEPT_AS.get(kind.kind, kind.ending)
    return replace(stored, file_name=f"{Path(name).stem}{ending}")


def receive(stream: BinaryIO, path: Path, name: str, limit_bytes: int) -> None:
    """Write what comes to `path`, a new file; raises TooLarge."""
    received = 0
    with path.open("xb") as file:
        while chunk := stream.read(_CHUNK):
            received += len(chunk)
            if received > limit_bytes:
                raise too_large(name, limit_bytes)
            file.write(chunk)


def wanted_type(head: bytes, name: str, only: str | None) -> FileType:
    """What the first `HEAD_BYTES` of a file show; raises NotAccepted, WrongKind if `only` another kind is wanted."""
    kind = file_type(head, name)
    if only and not may_take(only, kind.kind):
        raise WrongKind(file=name, wanted=KIND_NAMES[only])
    return kind


def may_take(only: str, kind: str) -> bool:
    """Whether a file of a kind may stand where `only` another is wanted."""
    return kind in (only, _ALSO.get(only))


def store_local(storage: Storage, path: Path) -> StoredFile:
    """Store a file of a course folder byte for byte, so that an export gives it back; SVG and sounds are allowed here.

    Raises as `store` does, SvgInvalid and SoundInvalid.
    """
    return _shelve(storage, path, path.name, local_file_type(path), keep_original=True)


def add_asset(db: Session, stored: StoredFile, *, by: int | None, unit_id: int | None) -> Asset:
    """Write down a stored file; a video to be transcoded gets its job in the same transaction."""
    asset = Asset(
        public_id=ids.token(),
        kind=stored.kind,
        state="stored",
        file_name=stored.file_name,
        content_type=stored.content_type,
        size=stored.size,
        sha256=stored.sha256,
        storage_key=stored.storage_key,
        width=stored.width,
        height=stored.height,
        duration_s=stored.duration_s,
        unit_id=unit_id,
        uploaded_by=by,
        created_at=clock.now(),
    )
    db.add(asset)
    db.flush()
    if stored.renditions:
        finish(db, asset, stored.renditions)
    if stored.kind == "video" or not stored.renditions:
        order_transcode(db, asset, by)
    return asset


def add_local_file(
    db: Session, storage: Storage, path: Path, *, by: int | None = None, unit_id: int | None = None
) -> Asset:
    """The asset of a file in a course folder; the same bytes give the same asset. Raises as `store_local` does."""
    return known_asset(db, path) or add_asset(db, store_local(storage, path), by=by, unit_id=unit_id)


def known_asset(db: Session, path: Path) -> Asset | None:
    """The asset with the very bytes of this file, if there is one."""
    kind = local_file_type(path).kind
    known = select(Asset).where(Asset.sha256 == sha256_of(path), Asset.kind == kind, Asset.state != "failed")
    return db.scalars(known.order_by(Asset.id).limit(1)).first()


def finish(db: Session, asset: Asset, made: Iterable[Shelved]) -> None:
    """All renditions are stored: name them, all at once, and announce the asset."""
    asset.renditions = [rendition(file) for file in made]
    asset.state, asset.error = "ready", None
    db.flush()
    emit(db, AssetReady(asset.id))


def make_public(db: Session, asset_ids: Iterable[int]) -> None:
    """From now on anyone may fetch these: a published course version uses them."""
    db.execute(update(Asset).where(Asset.id.in_(list(asset_ids)), Asset.is_public.is_(False)).values(is_public=True))


def retry(db: Session, asset: Asset, *, by: int | None) -> None:
    """Try a failed transcode again. Raises Conflict when it runs, waits or is done already."""
    job = jobs.latest(db, subject(asset.id))
    # A document whose pages could not be drawn is ready to be downloaded, and says why in `error`.
    is_whole = asset.state == "ready" and not asset.error
    if is_whole or (job and job.state not in jobs.FINISHED):
        raise Conflict(_("Tệp này đã xong hoặc đang được chuyển."))
    if asset.state != "ready":
        asset.state, asset.error = "stored", None
    order_transcode(db, asset, by)


def cancel(db: Session, asset: Asset) -> None:
    """Ask a waiting or running transcode to stop; one that is over stays as it is."""
    job = jobs.latest(db, subject(asset.id))
    if job is None or asset.state == "ready":
        return
    jobs.cancel(db, job)
    if job.state == "cancelled":
        asset.state, asset.error = "failed", stopped_text()


def subject(asset_id: int) -> str:
    """What jobs about an asset carry as their subject."""
    return f"asset:{asset_id}"


def stopped_text() -> str:
    return gettext("Đã dừng chuyển mã theo yêu cầu.")


def rendition(file: Shelved) -> Rendition:
    """A row that names a stored file."""
    return Rendition(
        name=file.name, content_type=file.content_type, size=file.size, width=file.width, height=file.height,
        storage_key=file.storage_key, created_at=clock.now(),
    )  # fmt: skip


def order_transcode(db: Session, asset: Asset, by: int | None) -> None:
    """Queue the job that makes what learners get of an upload."""
    kind = "media.convert" if asset.content_type in _OFFICE_TYPES else _JOB_OF.get(asset.kind, "media.transcode")
    jobs.enqueue(
        db, kind, subject=subject(asset.id), unique_key=f"transcode:{asset.id}", owner=by, asset_id=asset.id
    )  # fmt: skip
    db.flush()


def too_large(name: str, limit_bytes: int) -> TooLarge:
    return TooLarge(
        _("Tệp “%(file)s” lớn hơn giới hạn %(limit)s MB. Hãy nén lại hoặc cắt ngắn rồi tải lên."),
        file=name,
        limit=limit_bytes // 1024 // 1024,
    )


def plain_name(file_name: str) -> str:
    """The name without folders, as people typed it; old browsers send the whole path."""
    return nfc(PureWindowsPath(file_name).name)[-200:] or "tep"


def _shelve(storage: Storage, path: Path, name: str, kind: FileType, *, keep_original: bool) -> StoredFile:
    match kind.kind:
        case "video":
            return _shelve_video(storage, path, name, kind)
        case "caption":
            return _shelve_captions(storage, path, name, keep_original)
        case "sound":
            return _shelve_sound(storage, path, name, kind, keep_original)
        case "document":
            return _shelve_document(storage, path, name, kind)
        case "download":
            return _shelve_download(storage, path, name, kind)
    return (
        _shelve_drawing(storage, path, name)
        if kind is SVG
        else _shelve_picture(storage, path, name, kind, keep_original)
    )


def _shelve_picture(storage: Storage, path: Path, name: str, kind: FileType, keep_original: bool) -> StoredFile:
    image = images.open_image(path, kind.reader, name)
    kept = path.read_bytes() if keep_original else images.master(image).data
    with Shelf(storage, hashlib.sha256(kept).hexdigest()) as shelf:
        return StoredFile(
            "image",
            name,
            kind.content_type if keep_original else "image/webp",
            len(kept),
            shelf.sha256,
            shelf.put_source(kept),
            image.width,
            image.height,
            None,
            tuple(
                shelf.put(f"{made.width}.webp", made.content_type, made.data, made.width, made.height)
                for made in images.renditions(image)
            ),
        )


def _shelve_drawing(storage: Storage, path: Path, name: str) -> StoredFile:
    data = path.read_bytes()
    drawing = check_svg(data, name)
    with Shelf(storage, hashlib.sha256(data).hexdigest()) as shelf:
        key = shelf.put_source(data)
        shown = Shelved("image.svg", SVG.content_type, len(data), drawing.width, drawing.height, key)
        return StoredFile(
            "image", name, SVG.content_type, len(data), shelf.sha256, key, drawing.width, drawing.height, None, (shown,)
        )


def _shelve_captions(storage: Storage, path: Path, name: str, keep_original: bool) -> StoredFile:
    given = path.read_bytes()
    clean = captions.webvtt(captions.read_captions(given, name))
    kept = given if keep_original else clean
    with Shelf(storage, hashlib.sha256(kept).hexdigest()) as shelf:
        key = shelf.put_source(kept)
        shown = shelf.put("captions.vtt", "text/vtt", clean)
        return StoredFile("caption", name, "text/vtt", len(kept), shelf.sha256, key, None, None, None, (shown,))


def _shelve_sound(storage: Storage, path: Path, name: str, kind: FileType, keep_original: bool) -> StoredFile:
    """A short one of a course folder is served as it is, any other one made light by a job (sounding.py)."""
    duration_s, size = sound_length_s(path, kind.reader, name, most_minutes=MOST_LESSON_MINUTES), path.stat().st_size
    is_served = keep_original and kind in (MP3, M4A) and size <= SHORT_SOUND_BYTES and duration_s <= MOST_MINUTES * 60
    with Shelf(storage, sha256_of(path)) as shelf:
        key = shelf.put_source(path)
        shown = Shelved(f"sound{kind.ending}", kind.content_type, size, None, None, key)
        return StoredFile(
            "sound", name, kind.content_type, size, shelf.sha256, key, None, None, duration_s,
            (shown,) if is_served else (),
        )  # fmt: skip


def _shelve_document(storage: Storage, path: Path, name: str, kind: FileType) -> StoredFile:
    """A PDF: the file itself to download, every page as a picture, and the words of all of them."""
    if kind in OFFICE:
        return _shelve_office(storage, path, name, kind)
    with scratch_folder("pages") as scratch, Shelf(storage, sha256_of(path)) as shelf:
        _words, pages = shelve_pages(shelf, path, scratch, name)
        key, size, first = shelf.put_source(path), path.stat().st_size, pages[1]
        whole = Shelved("document.pdf", kind.content_type, size, None, None, key)
        return StoredFile(
            "document", name, kind.content_type, size, shelf.sha256, key, first.width, first.height, None,
            (whole, *pages),
        )  # fmt: skip


def _shelve_download(storage: Storage, path: Path, name: str, kind: FileType) -> StoredFile:
    """Checked, and served byte for byte."""
    if check_office_file(path) != kind.content_type:
        raise NotAccepted(file=name)
    with Shelf(storage, sha256_of(path)) as shelf:
        key, size = shelf.put_source(path), path.stat().st_size
        whole = Shelved(f"original{kind.ending}", kind.content_type, size, None, None, key)
        return StoredFile(
            "download", name, kind.content_type, size, shelf.sha256, key, None, None, None, (whole,)
        )  # fmt: skip


def _shelve_office(storage: Storage, path: Path, name: str, kind: FileType) -> StoredFile:
    """Checked and kept; its pages are drawn by a job (converting.py)."""
    if check_office_file(path) != kind.content_type:
        raise NotAccepted(file=name)
    with Shelf(storage, sha256_of(path)) as shelf:
        key = shelf.put_source(path)
        return StoredFile(
            "document", name, kind.content_type, path.stat().st_size, shelf.sha256, key, None, None, None, ()
        )  # fmt: skip


def _shelve_video(storage: Storage, path: Path, name: str, kind: FileType) -> StoredFile:
    video = probe(path, kind.reader, name)
    with Shelf(storage, sha256_of(path)) as shelf:
        key = shelf.put_source(path)
        made: tuple[Shelved, ...] = ()
        if needs_nothing(video, path):
            picture = images.poster(path)
            made = (
                Shelved(video_name(video.width, video.height), "video/mp4", video.size, video.width, video.height, key),
                shelf.put("poster.jpg", picture.content_type, picture.data, picture.width, picture.height),
            )
        return StoredFile(
            "video",
            name,
            kind.content_type,
            video.size,
            shelf.sha256,
            key,
            video.width,
            video.height,
            video.duration_s,
            made,
        )


def video_name(width: int, height: int) -> str:
    """The rendition's name says its shorter side: 854 by 480 is 480p.mp4."""
    return f"{min(width, height)}p.mp4"
