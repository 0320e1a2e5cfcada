"""Certificates as a PDF: archival (PDF/A-2a), readable aloud (PDF/UA-1), the same bytes each time it is made."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.certificates.models import Certificate, CertificateForm
from app.certificates.wording import birth_day, filled, grouped, plain_number
from app.core import qr
from app.core.paper import typeset
from app.core.templating import format_date

_HERE = Path(__file__).parent
GROUND = _HERE / "ground.typ"


@dataclass(frozen=True)
class Sheet:
    """One paper: what its row says, and what the row does not hold itself.

    `born`: what was sealed, 1985-03-02 or 1985 or nothing. `signature`: the picture of the signer's signature, PNG.
    """

    certificate: Certificate
    form: CertificateForm
    born: str
    statement: str
    signature: bytes | None = None
    # Printed below the number where a paper is not what it looks like.
    label: str = ""


def render(sheets: Sequence[Sheet], public_url: str) -> bytes:
    """The papers, one on each page."""
    first = sheets[0].certificate
    day = first.issued_on
    many = f"{len(sheets)} giấy chứng nhận"
    papers = {
        "title": f"{first.title} {first.number}" if len(sheets) == 1 else many,
        "author": first.issuer_name,
        "date": {"year": day.year, "month": day.month, "day": day.day},
        # As numbers: Typst takes no other files than text from memory.
        "signatures": {str(sheet.form.id): list(sheet.signature) for sheet in sheets if sheet.signature},
        "papers": [words_on(sheet, public_url) for sheet in sheets],
    }
    return typeset(_HERE / "certificate.typ", papers, GROUND)


def verify_url(public_url: str, code: str) -> str:
    """The public page of a certificate."""
    return f"{public_url}/verify/{code}"


def statement_url(public_url: str, statement: str) -> str:
    """What a paper's QR code says: the same page, by the signed statement."""
    return f"{public_url}/verify/q/{statement}"


def qr_svg(public_url: str, statement: str) -> str:
    """The QR code of a paper; the encoder packs the letters of the statement into five and a half bits each."""
    return qr.svg(statement_url(public_url, statement))


def qr_data_uri(public_url: str, statement: str) -> str:
    """The same code as the address of a picture, for a page."""
    return qr.data_uri(statement_url(public_url, statement))


def words_on(sheet: Sheet, public_url: str) -> dict[str, object]:
    """What certificate.typ reads; the paper speaks Vietnamese whatever language the job runs in."""
    certificate, form = sheet.certificate, sheet.form
    place = ", ".join(part for part in (certificate.holder_title, certificate.unit_name) if part)
    return {
        "superior": certificate.superior_name,
        "issuer": certificate.issuer_name,
        "title": certificate.title,
        "colour": form.colour,
        "number": certificate.number,
        "label": sheet.label,
        "lead": filled(form.lead, certificate),
        "holder": certificate.holder_name,
        "about_holder": [line for line in (f"Sinh {birth_day(sheet.born)}" if sheet.born else "", place) if line],
        "body": filled(form.body, certificate),
        "course": certificate.course_title,
        "about_course": " · ".join(_about_course(certificate)),
        "note": filled(form.note, certificate),
        "qr": qr_svg(public_url, sheet.statement),
        "qr_alt": f"Mã QR có chữ ký, mở trang tra cứu giấy chứng nhận số {certificate.number}",
        "verify_page": f"{public_url}/verify",
        "verify_url": verify_url(public_url, certificate.code),
        "code": grouped(certificate.code),
        "issued_on": format_date(certificate.issued_on),
        "has_seal_place": form.has_seal_place,
        "signature": str(sheet.form.id) if sheet.signature else None,
        "signature_alt": f"Chữ ký của {certificate.signer_name}",
        "signer_authority": certificate.signer_authority,
        "signer_title": certificate.signer_title,
        "signer_name": certificate.signer_name,
    }


def _about_course(certificate: Certificate) -> Iterator[str]:
    yield f"Phiên bản {certificate.course_version_number}"
    yield f"{plain_number(certificate.hours)} giờ học"
    if certificate.score_percent is not None:
        yield f"Kết quả {plain_number(certificate.score_percent)}/100 điểm"
    yield f"Hoàn thành ngày {format_date(certificate.completed_on)}"
    if certificate.valid_until:
        yield f"Có giá trị đến hết ngày {format_date(certificate.valid_until)}"
