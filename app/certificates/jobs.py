"""Background work: making the PDF of a certificate, and looking after those that have none."""

import hashlib
import io
from collections.abc import Mapping
from typing import Any

from sqlalchemy import not_, or_, select

from app.certificates import pdf, service
from app.certificates.models import Certificate, CertificateDocument
from app.core import clock
from app.core.jobs import JobContext, JobFunction
from app.core.settings import get_settings
from app.identity import sealing
from app.identity.models import Account, Person
from app.identity.people import SIMULATED

_AT_ONCE = 500


def render_pdf(context: JobContext, certificate_id: int) -> Mapping[str, Any]:
    """Make and keep the PDF of a certificate, once. The same row always gives the same bytes, so two runs agree."""
    with context.database.reading() as db:
        certificate = db.get_one(Certificate, certificate_id)
        if certificate.document:
            return {"sha256": certificate.document.sha256}
        key = f"certificates/{certificate.issued_on.year}/{certificate.code}.pdf"
        born = sealing.unseal_text(db.get_one(Person, certificate.person_id), certificate.sealed_birth_date)
        content = pdf.render(certificate, born, get_settings().public_url)
    size = context.storage.put(key, io.BytesIO(content))
    digest = hashlib.sha256(content).hexdigest()
    with context.database.writing() as db:
        if db.get(CertificateDocument, certificate_id) is None:
            db.add(
                CertificateDocument(
                    certificate_id=certificate_id, sha256=digest, size=size, storage_key=key, made_at=clock.now()
                )
            )
    return {"sha256": digest}


def order_missing(context: JobContext) -> Mapping[str, Any]:
    """Order again what failed for good, on a full disk for instance; what is still waiting is not doubled."""
    with context.database.writing() as db:
        without = db.scalars(
            select(Certificate)
            .outerjoin(CertificateDocument)
            .join(Person, Person.id == Certificate.person_id)
            .outerjoin(Account, Account.person_id == Person.id)
            .where(CertificateDocument.certificate_id.is_(None))
            # Nobody will ever ask for the papers of a hundred thousand made-up people.
            .where(or_(not_(Person.ref.startswith(SIMULATED)), Account.id.is_not(None)))
            .order_by(Certificate.id)
            .limit(_AT_ONCE)
        ).all()
        for certificate in without:
            service.order_pdf(db, certificate)
    return {"ordered": len(without)}


JOBS: dict[str, JobFunction] = {"certificates.render_pdf": render_pdf, "certificates.order_missing": order_missing}
