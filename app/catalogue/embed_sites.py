"""The list of sites whose videos may be embedded, as the administrator keeps it (`embeds.py` says what a site is)."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalogue.embeds import ID, Site, is_frame, is_pattern
from app.catalogue.models import EmbedSite
from app.core import audit
from app.core.errors import Invalid
from app.core.i18n import gettext as _

LONGEST_NAME = 40
LONGEST_ADDRESS = 200
MOST_ADDRESSES = 20


def embed_sites(db: Session) -> tuple[Site, ...]:
    """All of the list, by name."""
    return tuple(site_of(row) for row in embed_rows(db))


def embed_rows(db: Session) -> Sequence[EmbedSite]:
    return db.scalars(select(EmbedSite).order_by(EmbedSite.name, EmbedSite.id)).all()


def site_of(row: EmbedSite) -> Site:
    return Site(row.name, tuple(row.addresses), row.frame)


def checked_site(name: str, addresses: Sequence[str], frame: str) -> Site:
    """The site somebody typed, addresses with or without https://. Raises Invalid with a sentence for each field."""
    addresses = list(dict.fromkeys(bare for one in addresses if (bare := one.strip().removeprefix("https://"))))
    fields = {}
    if not 0 < len(name) <= LONGEST_NAME:
        fields["name"] = _("Hãy ghi tên nơi ấy, nhiều nhất %(most)s ký tự, ví dụ YouTube.", most=LONGEST_NAME)
    if not 0 < len(addresses) <= MOST_ADDRESSES:
        fields["addresses"] = _("Hãy ghi từ 1 đến %(most)s dạng địa chỉ, mỗi dòng một dạng.", most=MOST_ADDRESSES)
    elif wrong := next((one for one in addresses if len(one) > LONGEST_ADDRESS or not is_pattern(one)), ""):
        fields["addresses"] = _(
            "Dòng “%(line)s” chưa đúng: cần tên miền chữ thường và đúng một %(id)s, ví dụ youtu.be/%(id)s.",
            line=wrong[:LONGEST_ADDRESS], id=ID,
        )  # fmt: skip
    if len(frame) > LONGEST_ADDRESS or not is_frame(frame):
        fields["frame"] = _(
            "Hãy ghi địa chỉ bắt đầu bằng https://, có đúng một %(id)s, ví dụ https://www.youtube-nocookie.com/embed/%(id)s.",
            id=ID,
        )  # fmt: skip
    if fields:
        raise Invalid(fields=fields)
    return Site(name, tuple(addresses), frame)


def keep_site(db: Session, row: EmbedSite | None, site: Site, *, by: int) -> EmbedSite:
    """Put a site on the list, or another in the place of one."""
    row = row or EmbedSite()
    row.name, row.addresses, row.frame = site.name, list(site.addresses), site.frame
    db.add(row)
    db.flush()
    audit.record(
        db, "embeds.keep", "embed_site", row.id, account_id=by, name=site.name, frame=site.frame,
        addresses=list(site.addresses),
    )  # fmt: skip
    return row


def drop_site(db: Session, row: EmbedSite, *, by: int) -> None:
    """Its videos are links from now on, in published lessons too."""
    audit.record(db, "embeds.drop", "embed_site", row.id, account_id=by, name=row.name)
    db.delete(row)
