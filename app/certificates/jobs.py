"""Background work: making the PDF of a certificate, and looking after those that have none."""

import hashlib
import io
from collections.abc import Mapping
from typing import Any

from sqlalchemy import not_, or_, select

from app.certificates import pdf, service, signing
from app.certificates.keys import paper_key, record_keys
from app.certificates.models import Certificate, CertificateDocument
from app.certificates.papers import sheet_of
from app.core import clock
from app.core.jobs import JobContext, JobFunction
from app.core.settings import get_settings
from app.identity.models import Account, Person
from app.identity.people.people import SIMULATED
from app.learning.models import Completion

_AT_ONCE = 500


def render_pdf(context: JobContext, certificate_id: int) -> Mapping[str, Any]:
    """Make, sign and keep the PDF of a certificate, once.

    A signature is another one each time it is made: the file that is kept is the one whose name was committed. Each
    try has a file of its own, so that a second one never touches what the first has kept.
    """
    key = paper_key()
    with context.database.reading() as db:
        certificate = db.get_one(Certificate, certificate_id)
        if certificate.document:
            return {"sha256": certificate.document.sha256}
        person_id = certificate.person_id
        if db.get_one(Person, person_id).erased_at is not None:
            return {}
        completion_id, place = (
            certificate.completion_id,
            f"certificates/{certificate.issued_on.year}/{certificate.code}",
        )
        document = pdf.render([sheet_of(db, context.storage, certificate, key)], get_settings().public_url)
    content = signing.sign(document, key)
    digest = hashlib.sha256(content).hexdigest()
    name = f"{place}-{digest[:12]}.pdf"
    size = context.storage.put(name, io.BytesIO(content))
    with context.database.writing() as db:
        record_keys(db)
        # In turns with another try; whoever comes second finds the first one's.
        db.get_one(Completion, completion_id, with_for_update=True)
        kept = db.get(CertificateDocument, certificate_id)
        # Erased while it was being made: nobody's name may lie in a file any more.
        is_erased = db.get_one(Person, person_id).erased_at is not None
        if kept:
            digest = kept.sha256
        elif not is_erased:
            db.add(
                CertificateDocument(
                    certificate_id=certificate_id, sha256=digest, size=size, storage_key=name, made_at=clock.now(),
                    signed_by=key.id,
                )
            )  # fmt: skip
    if is_erased or (kept and kept.storage_key != name):
        context.storage.delete(name)
    return {"sha256": digest}


def order_missing(context: JobContext) -> Mapping[str, Any]:
    """Order again what failed for good, on a full disk for instance; what is still waiting is not doubled."""
    with context.database.writing() as db:
        without = db.scalars(
            select(Certificate)
            .outerjoin(CertificateDocument)
            .join(Person, Person.id == Certificate.person_id)
            .outerjoin(Account, Account.person_id == Person.id)
            .where(CertificateDocument.certificate_id.is_(None), Person.erased_at.is_(None))
            # Nobody will ever ask for the papers of a hundred thousand made-up people.
            .where(or_(not_(Person.ref.startswith(SIMULATED)), Account.id.is_not(None)))
            .order_by(Certificate.id)
            .limit(_AT_ONCE)
        ).all()
        service.order_pdfs(db, without)
    return {"ordered": len(without)}


JOBS: dict[str, JobFunction] = {"certificates.render_pdf": render_pdf, "certificates.order_missing": order_missing}
