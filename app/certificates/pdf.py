"""A certificate as a PDF: archival (PDF/A-2a), readable aloud (PDF/UA-1), the same bytes each time it is made."""

import io
import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import segno

from app.certificates.models import Certificate
from app.certificates.wording import birth_day, grouped, plain_number
from app.core.templating import format_date

# Loaded with the first paper made: 7 MB, needed where jobs run.
if TYPE_CHECKING:
    import typst

_HERE = Path(__file__).parent


def render(certificate: Certificate, born: str, public_url: str) -> bytes:
    """The paper of a certificate. `born`: what was sealed, 1985-03-02 or 1985 or nothing."""
    import typst

    return typst.compile(
        _HERE / "certificate.typ",
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(_data(certificate, born, public_url))},
        pdf_standards=["a-2a", "ua-1"],
    )


def verify_url(public_url: str, code: str) -> str:
    """The public page of a certificate: what its QR code says."""
    return f"{public_url}/verify/{code}"


def qr_svg(text: str) -> str:
    """A QR code as an SVG document; level M still reads with a fold or a stain across it."""
    out = io.BytesIO()
    segno.make_qr(text, error="m").save(out, kind="svg", border=2, xmldecl=False)
    return out.getvalue().decode()


def qr_data_uri(text: str) -> str:
    """The same code as the address of a picture, for a page."""
    return segno.make_qr(text, error="m").svg_data_uri(border=2, xmldecl=False)


def _data(certificate: Certificate, born: str, public_url: str) -> dict[str, object]:
    """What certificate.typ reads; the paper speaks Vietnamese whatever language the job runs in."""
    day = certificate.issued_on
    place = ", ".join(part for part in (certificate.holder_title, certificate.unit_name) if part)
    return {
        "document_title": f"{certificate.title} {certificate.number}",
        "date": {"year": day.year, "month": day.month, "day": day.day},
        "superior": certificate.superior_name,
        "issuer": certificate.issuer_name,
        "title": certificate.title,
        "number": certificate.number,
        "holder": certificate.holder_name,
        "about_holder": [line for line in (f"Sinh {birth_day(born)}" if born else "", place) if line],
        "course": certificate.course_title,
        "about_course": " · ".join(_about_course(certificate)),
        "qr": qr_svg(verify_url(public_url, certificate.code)),
        "qr_alt": f"Mã QR mở trang tra cứu giấy chứng nhận số {certificate.number}",
        "verify_page": f"{public_url}/verify",
        "code": grouped(certificate.code),
        "issued_on": format_date(day),
        "signer_title": certificate.signer_title,
        "signer_name": certificate.signer_name,
    }


def _about_course(certificate: Certificate) -> Iterator[str]:
    yield f"Phiên bản {certificate.course_version_number}"
    yield f"{plain_number(certificate.hours)} giờ học"
    if certificate.score_percent is not None:
        yield f"Kết quả {plain_number(certificate.score_percent)}/100 điểm"
    yield f"Hoàn thành ngày {format_date(certificate.completed_on)}"


@lru_cache(maxsize=1)
def _fonts() -> "typst.Fonts":
    import typst

    return typst.Fonts(include_system_fonts=False, font_paths=[str(_HERE / "fonts")])
