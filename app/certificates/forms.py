"""The forms of papers by date: letterhead, number series, signer, sentences and colour; what a new one starts from."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.certificates.models import CertificateForm
from app.core import audit, clock

TITLE = "Giấy chứng nhận hoàn thành khóa học"
_FIRST = {"title": TITLE, "lead": "Chứng nhận ông/bà", "body": "đã hoàn thành khóa học", "colour": "#ac3820"}
# The office changed on 2025-03-01 (domain/agencies.csv); its superior body on the two days given in DESIGN section 8.
_OFFICES = (
    (date(2000, 1, 1), "UBND tỉnh Bắc Giang", "Sở Thông tin và Truyền thông", "HS-STTTT"),
    (date(2025, 3, 1), "UBND tỉnh Bắc Giang", "Sở Khoa học và Công nghệ", "HS-SKHCN"),
    (date(2025, 7, 1), "UBND tỉnh Bắc Ninh", "Sở Khoa học và Công nghệ", "HS-SKHCN"),
    (date(2026, 9, 20), "UBND thành phố Bắc Ninh", "Sở Khoa học và Công nghệ", "HS-SKHCN"),
)


def seed_forms(db: Session) -> None:
    """The offices so far; nothing happens where there are forms already."""
    if db.scalar(select(CertificateForm.id).limit(1)) is not None:
        return
    for day, superior, issuer, symbol in _OFFICES:
        db.add(
            CertificateForm(
                valid_from=day, superior_name=superior, issuer_name=issuer, symbol=symbol, recorded_at=clock.now(),
                **_FIRST,
            )
        )  # fmt: skip
        # One by one: the ids follow the days.
        db.flush()


def form_on(db: Session, day: date) -> CertificateForm:
    """The form in force on `day`."""
    query = select(CertificateForm).where(CertificateForm.valid_from <= day)
    return db.scalars(query.order_by(CertificateForm.valid_from.desc(), CertificateForm.id.desc()).limit(1)).one()


def all_forms(db: Session) -> list[CertificateForm]:
    """Every form ever recorded; of two with the same day the second is the one that counts."""
    return list(db.scalars(select(CertificateForm).order_by(CertificateForm.valid_from, CertificateForm.id)))


def chosen(forms: Sequence[CertificateForm], day: date) -> CertificateForm:
    """`form_on` among forms at hand, in the order of `all_forms`."""
    return next(form for form in reversed(forms) if form.valid_from <= day)


def add_form(db: Session, values: dict[str, Any], by: int) -> CertificateForm:
    """Papers issued from `valid_from` on look so; those issued already keep theirs."""
    form = CertificateForm(**values, recorded_at=clock.now(), account_id=by)
    db.add(form)
    db.flush()
    audit.record(
        db, "certificate.form", "certificate_form", form.id, account_id=by, valid_from=form.valid_from.isoformat()
    )
    return form
