"""From a certificate's row to what is printed of it."""

from sqlalchemy.orm import Session

from app.certificates.forms import form_on
from app.certificates.keys import PaperKey, statement_key
from app.certificates.models import Certificate
from app.certificates.pdf import Sheet
from app.certificates.statement import Statement, write
from app.core.storage import Storage
from app.identity import sealing
from app.identity.models import Person

TRIAL = "Bản dùng thử: chữ ký số thử nghiệm"


def statement_of(certificate: Certificate) -> str:
    """The signed text its QR code carries."""
    return write(
        Statement(
            certificate.code, certificate.number, certificate.holder_name, certificate.course_title,
            certificate.completed_on, certificate.issued_on,
        ),
        statement_key(),
    )  # fmt: skip


def sheet_of(db: Session, storage: Storage, certificate: Certificate, key: PaperKey) -> Sheet:
    """What is printed of a certificate; `key` will sign the file."""
    # Papers from before there were forms: as the form of their day has it.
    form = certificate.form or form_on(db, certificate.issued_on)
    return Sheet(
        certificate,
        form,
        born=sealing.unseal_text(db.get_one(Person, certificate.person_id), certificate.sealed_birth_date),
        statement=statement_of(certificate),
        signature=b"".join(storage.read(form.signature_key)) if form.signature_key else None,
        label=TRIAL if key.is_trial else "",
    )
