"""Issue and revoke. What a certificate says is copied into its row once and never changed (DESIGN 4.5)."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Protocol, TypeVar

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, joinedload

from app.catalogue.models import CourseVersion
from app.certificates.issuer import issuer_on
from app.certificates.models import Certificate, CertificateRevocation, CertificateSeries, RevocationKind
from app.core import audit, clock, ids, jobs, text
from app.core.errors import Conflict
from app.core.i18n import lazy as _
from app.core.settings import get_settings
from app.identity import sealing, unit_queries
from app.identity.models import Person
from app.identity.sealing import SealedFields
from app.learning import completions
from app.learning.models import Completion, CompletionAnnulment, CompletionPost

# Names the layout and wording of certificate.typ; a paper keeps the one it was printed with.
TEMPLATE_VERSION = "1"
DEFAULT_TITLE = "Giấy chứng nhận hoàn thành khóa học"


def issue(db: Session, completion_id: int) -> Certificate:
    """The certificate of a completion; issuing again returns the first one. Raises Conflict for an annulled one."""
    # The lock makes two simultaneous issues take turns, so that the second neither doubles nor wastes a number.
    completion = db.get_one(Completion, completion_id, with_for_update=True)
    if issued := db.scalar(select(Certificate).where(Certificate.completion_id == completion_id)):
        return issued
    if db.get(CompletionAnnulment, completion_id):
        raise Conflict(_("Kết quả hoàn thành này đã bị hủy nên không cấp giấy chứng nhận."))
    certificate = _write(db, completion)
    db.add(certificate)
    db.flush()
    return certificate


def is_earned(db: Session, completion_id: int) -> bool:
    """Whether the completed course gives a certificate at all (`certificate.rule` of its course.yaml).

    What was learned elsewhere has its own paper: the evidence.
    """
    rule = db.scalar(
        select(CourseVersion.certificate_rule)
        .join(Completion)
        .where(Completion.id == completion_id, Completion.how != "evidence")
    )
    return rule not in (None, "none")


def order_pdf(db: Session, certificate: Certificate) -> None:
    """Have the PDF made by a job of this transaction; nothing happens if it is made or ordered already."""
    if certificate.document is None:
        jobs.enqueue(
            db, "certificates.render_pdf", subject=subject_of(certificate.id),
            unique_key=f"certificates.render_pdf:{certificate.id}", certificate_id=certificate.id,
        )  # fmt: skip


def subject_of(certificate_id: int) -> str:
    """The subject of the jobs that concern a certificate."""
    return f"certificate:{certificate_id}"


def revoke(
    db: Session, certificate: Certificate, kind: RevocationKind, reason: str, by: int | None
) -> CertificateRevocation:
    """End a certificate: "clerical" leaves the completion, "fraud" annuls it. `by`: the account, None for the system.

    Revoking again returns the first revocation.
    """
    if certificate.revocation:
        return certificate.revocation
    certificate.revocation = CertificateRevocation(kind=kind, reason=reason, revoked_at=clock.now(), account_id=by)
    audit.record(db, "certificate.revoke", "certificate", certificate.id, account_id=by, kind=kind)
    db.flush()
    if kind == "fraud":
        completion = db.get_one(Completion, certificate.completion_id)
        completions.annul_completion(db, completion, by, reason, fraud=True)
    return certificate.revocation


def revoke_after_annulment(db: Session, completion_id: int, *, fraud: bool) -> None:
    """A completion that was annulled takes its certificate with it."""
    certificate = db.scalar(
        select(Certificate)
        .where(Certificate.completion_id == completion_id)
        .options(joinedload(Certificate.revocation))
    )
    annulment = db.get(CompletionAnnulment, completion_id)
    if certificate and annulment:
        revoke(db, certificate, "fraud" if fraud else "clerical", annulment.reason, annulment.account_id)


def _write(db: Session, completion: Completion) -> Certificate:
    person = db.get_one(Person, completion.person_id)
    version = db.get_one(CourseVersion, completion.course_version_id)
    post = post_of_the_day(
        db.scalars(select(CompletionPost).where(CompletionPost.completion_id == completion.id)).all()
    )
    born = birth_text(sealing.unseal(person))
    today, settings = clock.today(), get_settings()
    return Certificate(
        code=ids.readable_code(),
        completion_id=completion.id,
        person_id=person.id,
        sealed_birth_date=sealing.seal_text(person, born) if born else None,
        recorded_at=clock.now(),
        **contents(
            serial=_next_number(db, today.year),
            issued_on=today,
            holder_name=person.name,
            holder_title=post.title if post else "",
            unit_id=post.unit_id if post else None,
            unit_name=unit_queries.full_name(db, post.unit_id, completion.completed_on) if post else "",
            certificate_title=version.certificate_title,
            course_title=version.title,
            course_version_number=version.number,
            hours=completion.hours,
            score_percent=completion.score_percent,
            completed_on=completion.completed_on,
            signer_name=settings.signer_name,
            signer_title=settings.signer_title,
        ),
    )


def contents(
    *, serial: int, issued_on: date, holder_name: str, holder_title: str, unit_id: int | None, unit_name: str,
    certificate_title: str, course_title: str, course_version_number: int, hours: float, score_percent: float | None,
    completed_on: date, signer_name: str, signer_title: str,
) -> dict[str, Any]:  # fmt: skip
    """What a certificate of that day says, by the columns of its row: a pure function, so that it is written once.

    `serial` counts within the year of issue.
    """
    issuer = issuer_on(issued_on)
    return {
        "number": f"{serial:05d}/{issued_on.year}/{issuer.symbol}",
        "holder_name": holder_name,
        "folded_holder_name": text.fold(holder_name),
        "holder_title": holder_title,
        "unit_id": unit_id,
        "unit_name": unit_name,
        "title": certificate_title or DEFAULT_TITLE,
        "course_title": course_title,
        "course_version_number": course_version_number,
        "hours": hours,
        "score_percent": score_percent,
        "completed_on": completed_on,
        "issued_on": issued_on,
        "superior_name": issuer.superior_name,
        "issuer_name": issuer.name,
        "signer_name": signer_name,
        "signer_title": signer_title,
        "template_version": TEMPLATE_VERSION,
    }


class HeldPost(Protocol):
    """What a paper needs to know of a post to choose among several."""

    @property
    def affiliation_id(self) -> int: ...
    @property
    def is_primary(self) -> bool: ...
    @property
    def started_on(self) -> date: ...


AnyPost = TypeVar("AnyPost", bound=HeldPost)


def post_of_the_day(posts: Sequence[AnyPost]) -> AnyPost | None:
    """The post a paper names among those of the day: the primary one, then the earliest start, then the lowest id."""
    return min(posts, key=lambda post: (not post.is_primary, post.started_on, post.affiliation_id), default=None)


def birth_text(fields: SealedFields) -> str:
    """The birth date as it is sealed: 1985-03-02, or 1985 where only the year is known, or nothing."""
    return fields.birth_date.isoformat() if fields.birth_date else str(fields.birth_year or "")


def _next_number(db: Session, year: int) -> int:
    """Count the year's series up; its row stays locked until the commit, and a rollback gives the number back."""
    insert = postgresql.insert if db.get_bind().dialect.name == "postgresql" else sqlite.insert
    return db.execute(
        insert(CertificateSeries)
        .values(year=year, last_number=1)
        .on_conflict_do_update(
            index_elements=[CertificateSeries.year], set_={"last_number": CertificateSeries.last_number + 1}
        )
        .returning(CertificateSeries.last_number)
    ).scalar_one()
