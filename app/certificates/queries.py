"""What pages, exports and commands ask about certificates."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, cast

from sqlalchemy import ColumnElement, Table, bindparam, select
from sqlalchemy.orm import Session, contains_eager, joinedload

from app.certificates.models import (
    Certificate,
    CertificateDocument,
    CertificateReplacement,
    CertificateRevocation,
    ReplacementKind,
    RevocationKind,
    State,
)
from app.certificates.papers import statement_of
from app.certificates.service import subject_of
from app.certificates.wording import code_in, masked_birth_date, number_in
from app.core import clock, jobs
from app.core.prepared import Prepared
from app.core.text import fold
from app.identity import sealing
from app.identity.models import Person
from app.identity.records import belongs_to
from app.learning.models import Completion


@dataclass(frozen=True)
class CertificateCard:
    """A certificate in its holder's list."""

    code: str
    number: str
    course_title: str
    completed_on: date
    issued_on: date
    state: State
    has_pdf: bool
    completion_id: int


@dataclass(frozen=True)
class Replacement:
    """The certificate that stands for another one now."""

    kind: ReplacementKind
    replaced_at: datetime
    code: str
    number: str


@dataclass(frozen=True)
class PublicCertificate:
    """What anybody with the code may see; `holder_name` and `birth_date` are None once erased or never known.

    `birth_date` is masked (**/**/1985); `sha256` is None until the PDF is made. `valid_until` is of the completion: the
    last day it counts, also where the paper is from before papers said so.
    """

    id: int
    code: str
    number: str
    title: str
    state: State
    revocation_kind: RevocationKind | None
    revoked_at: datetime | None
    replacement: "Replacement | None"
    is_erased: bool
    holder_name: str | None
    birth_date: str | None
    unit_name: str
    course_title: str
    course_version_number: int
    hours: float
    score_percent: float | None
    completed_on: date
    valid_until: date | None
    issued_on: date
    superior_name: str
    issuer_name: str
    sha256: str | None

    @property
    def has_expired(self) -> bool:
        return self.valid_until is not None and self.valid_until < clock.today()


@dataclass(frozen=True)
class Document:
    """A made PDF: where it lies, and the name to save it under."""

    storage_key: str
    size: int
    file_name: str


@dataclass(frozen=True)
class OwnCertificate:
    """A certificate as its holder sees it. `pdf`: ready, making, or failed (it will be tried again by itself).

    `statement`: the signed text of its QR code.
    """

    certificate: PublicCertificate
    statement: str
    pdf: Literal["ready", "making", "failed"]
    document: Document | None


_CERTIFICATE, _DOCUMENT, _REVOCATION, _REPLACEMENT = (
    cast(Table, model.__table__)
    for model in (Certificate, CertificateDocument, CertificateRevocation, CertificateReplacement)
)
# Built once: everybody's own page asks it.
_OF_PERSON = Prepared(
    select(
        _CERTIFICATE.c.code, _CERTIFICATE.c.number, _CERTIFICATE.c.course_title, _CERTIFICATE.c.completed_on,
        _CERTIFICATE.c.issued_on, _REVOCATION.c.kind.is_not(None), _DOCUMENT.c.sha256.is_not(None),
        _CERTIFICATE.c.completion_id,
    )
    .outerjoin(_REVOCATION, _REVOCATION.c.certificate_id == _CERTIFICATE.c.id)
    .outerjoin(_DOCUMENT, _DOCUMENT.c.certificate_id == _CERTIFICATE.c.id)
    .outerjoin(_REPLACEMENT, _REPLACEMENT.c.certificate_id == _CERTIFICATE.c.id)
    .where(belongs_to(_CERTIFICATE.c.person_id, bindparam("person_id")), _REPLACEMENT.c.certificate_id.is_(None))
    .order_by(_CERTIFICATE.c.issued_on.desc(), _CERTIFICATE.c.id.desc())
)  # fmt: skip


def certificates_of(db: Session, person_id: int) -> list[CertificateCard]:
    """All certificates of a person but the replaced ones, the newest first, the revoked ones among them."""
    return [
        CertificateCard(code, number, title, completed_on, issued_on, "revoked" if is_revoked else "valid", *rest)
        for code, number, title, completed_on, issued_on, is_revoked, *rest in _OF_PERSON.all(db, person_id=person_id)
    ]


def is_newest() -> ColumnElement[bool]:
    """Certificates that no other one replaced: each completion has one at most."""
    return Certificate.id.not_in(select(CertificateReplacement.certificate_id))


def public_certificate(db: Session, code: str) -> PublicCertificate | None:
    """By its code, in whatever way somebody copied it (spaces, lower case, the whole address)."""
    return _public(db, Certificate.code == code_in(code))


def by_number_and_name(db: Session, number: str, name: str) -> PublicCertificate | None:
    """By its number, only together with the holder's name; marks and capitals of the name do not matter."""
    return _public(db, Certificate.number == number_in(number), Certificate.folded_holder_name == fold(name))


def by_document(db: Session, sha256: str) -> PublicCertificate | None:
    """By the hash of the PDF that was issued: a copy that differs in one byte finds nothing."""
    return _public(db, CertificateDocument.sha256 == sha256)


def own_certificate(db: Session, person_id: int, code: str) -> OwnCertificate | None:
    """A certificate of this person; somebody else's is not found."""
    row = _row(db, Certificate.code == code, belongs_to(Certificate.person_id, person_id))
    if row is None:
        return None
    certificate = row[0]
    shown, statement = _shown(*row), statement_of(certificate)
    if document := certificate.document:
        name = f"giay-chung-nhan-{certificate.number.replace('/', '-')}.pdf"
        return OwnCertificate(shown, statement, "ready", Document(document.storage_key, document.size, name))
    job = jobs.latest(db, subject_of(certificate.id))
    return OwnCertificate(shown, statement, "failed" if job and job.state == "failed" else "making", None)


def _public(db: Session, *where: ColumnElement[bool]) -> PublicCertificate | None:
    row = _row(db, *where)
    return _shown(*row) if row else None


def _row(db: Session, *where: ColumnElement[bool]) -> tuple[Certificate, Person, date | None] | None:
    found = db.execute(
        select(Certificate, Person, Completion.valid_until)
        .join(Person, Person.id == Certificate.person_id)
        .join(Completion, Completion.id == Certificate.completion_id)
        .outerjoin(Certificate.document)
        .where(*where)
        .options(
            contains_eager(Certificate.document),
            joinedload(Certificate.revocation),
            joinedload(Certificate.replacement).joinedload(CertificateReplacement.new_certificate),
        )
    ).one_or_none()
    return (found[0], found[1], found[2]) if found else None


def _shown(certificate: Certificate, person: Person, valid_until: date | None) -> PublicCertificate:
    # Erasing a person destroys their key: what was sealed cannot be read, and the name is no longer shown either.
    is_erased = person.erased_at is not None
    born = sealing.unseal_text(person, certificate.sealed_birth_date)
    revocation, replacement, document = certificate.revocation, certificate.replacement, certificate.document
    return PublicCertificate(
        id=certificate.id,
        code=certificate.code,
        number=certificate.number,
        title=certificate.title,
        state=certificate.state,
        revocation_kind=revocation.kind if revocation else None,
        revoked_at=revocation.revoked_at if revocation else None,
        replacement=Replacement(
            replacement.kind,
            replacement.replaced_at,
            replacement.new_certificate.code,
            replacement.new_certificate.number,
        )
        if replacement
        else None,
        is_erased=is_erased,
        holder_name=None if is_erased else certificate.holder_name,
        birth_date=masked_birth_date(born) if born else None,
        unit_name=certificate.unit_name,
        course_title=certificate.course_title,
        course_version_number=certificate.course_version_number,
        hours=certificate.hours,
        score_percent=certificate.score_percent,
        completed_on=certificate.completed_on,
        valid_until=valid_until,
        issued_on=certificate.issued_on,
        superior_name=certificate.superior_name,
        issuer_name=certificate.issuer_name,
        sha256=document.sha256 if document else None,
    )
