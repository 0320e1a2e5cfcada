"""Uploaded files and what was made from them."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import Base, pk
from app.core.text import fold


def _folded_name(context: Any) -> str:
    return fold(context.get_current_parameters()["file_name"])


class Asset(Base):
    """One file. `kind`: image, video, caption, sound, document, download. `state`: stored, processing, ready, failed.

    `error` says why it failed.
    """

    __tablename__ = "asset"
    __table_args__ = (Index(None, "sha256"), Index(None, "unit_id", "id"))

    id: Mapped[int] = pk()
    # Unguessable; the address of the asset and its renditions.
    public_id: Mapped[str] = mapped_column(String(40), unique=True)
    kind: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(10))
    file_name: Mapped[str] = mapped_column(String(200))
    # The name as the library searches it; folding may write a sign as several.
    folded_name: Mapped[str] = mapped_column(Text, default=_folded_name, server_default="")
    content_type: Mapped[str] = mapped_column(String(80))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    storage_key: Mapped[str] = mapped_column(String(200))
    width: Mapped[int | None]
    height: Mapped[int | None]
    duration_s: Mapped[float | None]
    error: Mapped[str | None] = mapped_column(Text)
    # Set once when a published course version uses it; then anyone may fetch it.
    is_public: Mapped[bool] = mapped_column(default=False)
    # Unit whose authors may see and use it before it is published; empty for files of course folders.
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    uploaded_by: Mapped[int | None]
    # The asset this one is a new version of; both stay, each where it is used. Empty once that one is deleted.
    replaces_id: Mapped[int | None] = mapped_column(index=True)
    # The settings its video was made with (ladder.VERSION); 0 before any.
    ladder_version: Mapped[int] = mapped_column(default=0, server_default="0")
    created_at: Mapped[datetime]

    # Those that pages show; `publishing.publish` says what becomes of the others.
    renditions: Mapped[list["Rendition"]] = relationship(
        primaryjoin="and_(Rendition.asset_id == Asset.id, Rendition.replaced_at.is_(None))", order_by="Rendition.id"
    )


class Rendition(Base):
    """A file made from an asset, whole and playable: `name` such as 480p.mp4, poster.jpg, 960.webp, captions.vtt,
    page-001.webp.

    The bytes behind `storage_key` never change, so its address may be cached for ever.
    """

    __tablename__ = "rendition"
    __table_args__ = (UniqueConstraint("asset_id", "name"),)

    id: Mapped[int] = pk()
    asset_id: Mapped[int] = mapped_column(ForeignKey("asset.id"))
    name: Mapped[str] = mapped_column(String(60))
    content_type: Mapped[str] = mapped_column(String(80))
    size: Mapped[int]
    width: Mapped[int | None]
    height: Mapped[int | None]
    storage_key: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    # A newer one is shown; this one is still served for a day, to those who are watching it.
    replaced_at: Mapped[datetime | None]


class MediaQuota(Base):
    """A unit's own limit in megabytes instead of MEDIA_QUOTA_MB; 0 is no limit."""

    __tablename__ = "media_quota"

    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), primary_key=True, autoincrement=False)
    megabytes: Mapped[int]
    set_at: Mapped[datetime]
