"""Who a report is from, by the date of the document: the names of that day (DESIGN 8)."""

from datetime import date

from sqlalchemy.orm import Session

from app.certificates.forms import form_on
from app.core.text import fold
from app.coverage.reports.frames import Letterhead, Signer
from app.identity.units.unit_queries import UnitOnDay, unit_by_id

_SMALL_WORDS = {"va", "cac", "cua"}


def letterhead_on(db: Session, unit: UnitOnDay, day: date) -> Letterhead:
    """The province reports through the agency in charge, as its certificates do; every other unit by itself.

    A people's committee names no superior body (Nghị định 30/2020, Phụ lục I, mục II).
    """
    province = form_on(db, day)
    now = unit_by_id(db, unit.unit_id, day) or unit
    if now.parent_id is None:
        return Letterhead(
            province.superior_name, province.issuer_name, f"BC-{initials(province.issuer_name)}", bare_name(now)
        )
    if now.kind == "commune":
        return Letterhead("", f"UBND {now.name[:1].lower()}{now.name[1:]}", "BC-UBND", bare_name(now))
    above = unit_by_id(db, now.parent_id, day)
    if above is None or above.parent_id is None:
        superior, place = province.superior_name, bare_name(above or now)
    else:
        superior, place = above.name, bare_name(above)
    return Letterhead(superior, now.name, f"BC-{initials(now.name)}", place)


def signer_on(db: Session, unit: UnitOnDay, day: date) -> Signer:
    """Of the province whoever signs its certificates that day; else to be filled in."""
    form = form_on(db, day)
    if unit.parent_id is None:
        return Signer(form.signer_authority, form.signer_title or "GIÁM ĐỐC", form.signer_name)
    is_committee = unit.kind == "commune"
    return Signer("TM. ỦY BAN NHÂN DÂN" if is_committee else "", "CHỦ TỊCH" if is_committee else "THỦ TRƯỞNG", "")


def initials(name: str) -> str:
    """“Sở Khoa học và Công nghệ” is SKHCN."""
    return "".join(word[0] for word in fold(name).split() if word not in _SMALL_WORDS and word[0].isalpha()).upper()[
        :12
    ]


def bare_name(unit: UnitOnDay) -> str:
    """“Bắc Ninh” of “Thành phố Bắc Ninh”: the place a document is dated at."""
    kind = f"{unit.type_name} "
    return unit.name[len(kind) :] if unit.name.lower().startswith(kind.lower()) else unit.name
