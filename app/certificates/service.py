"""Issue, revoke and replace. What a certificate says is copied into its row once and never changed (DESIGN 4.5)."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any, Protocol, TypeVar

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.catalogue.models import CourseVersion
from app.catalogue.queries import course_version
from app.certificates.forms import form_on
from app.certificates.models import (
    Certificate,
    CertificateDocument,
    CertificateForm,
    CertificateReplacement,
    CertificateRevocation,
    CertificateSeries,
    ReplacementKind,
    RevocationKind,
)
from app.core import audit, clock, ids, jobs, text
from app.core.errors import Conflict
from app.core.i18n import lazy as _
from app.core.settings import get_settings
from app.identity import sealing
from app.identity.models import Person
from app.identity.sealing import SealedFields
from app.identity.taking_turns import take_turns
from app.identity.units import unit_queries
from app.learning import completions
from app.learning.models import Completion, CompletionAnnulment, CompletionPost

# Names the layout of certificate.typ; a paper keeps the one it was printed with.
TEMPLATE_VERSION = "2"


def issue(db: Session, completion_ids: Sequence[int]) -> list[Certificate]:
    """The certificates of completions, in order; issuing again returns those there are.

    Their numbers follow each other in that order. Raises Conflict for an annulled one.
    """
    # The lock makes two simultaneous issues take turns, so that the second neither doubles nor wastes a number.
    these = select(Completion).where(Completion.id.in_(completion_ids)).order_by(Completion.id).with_for_update()
    completions = {one.id: one for one in db.scalars(these)}
    issued = newest(db, completion_ids)
    missing = [completions[id_] for id_ in dict.fromkeys(completion_ids) if id_ not in issued]
    annulled = CompletionAnnulment.completion_id.in_([one.id for one in missing])
    if missing and db.scalar(select(CompletionAnnulment.completion_id).where(annulled).limit(1)):
        raise Conflict(_("Kết quả hoàn thành này đã bị hủy nên không cấp giấy chứng nhận."))
    learned = _learned(db, missing)
    for certificate in _write(db, [(one, learned[one.id]) for one in missing]):
        issued[certificate.completion_id] = certificate
    return [issued[id_] for id_ in completion_ids]


def newest(db: Session, completion_ids: Sequence[int]) -> dict[int, Certificate]:
    """By completion its certificate that no other one replaced, where there is one."""
    query = select(Certificate).where(Certificate.completion_id.in_(completion_ids)).order_by(Certificate.edition)
    return {one.completion_id: one for one in db.scalars(query)}


def earning(db: Session, completion_ids: Sequence[int]) -> list[int]:
    """Those whose course gives a certificate at all (`certificate.rule` of its course.yaml), in order of id.

    What was learned elsewhere has its own paper: the evidence.
    """
    return list(
        db.scalars(
            select(Completion.id)
            .join(CourseVersion)
            .where(Completion.id.in_(completion_ids), Completion.how != "evidence")
            .where(CourseVersion.certificate_rule != "none")
            .order_by(Completion.id)
        )
    )


def order_pdfs(db: Session, certificates: Sequence[Certificate]) -> None:
    """Have the PDFs made by jobs of this transaction; nothing happens for one that is made or ordered already."""
    ids = [one.id for one in certificates]
    made = set(
        db.scalars(
            select(CertificateDocument.certificate_id).where(CertificateDocument.certificate_id.in_(ids))
        )
    )  # fmt: skip
    jobs.enqueue_each(
        db, "certificates.render_pdf",
        [
            jobs.Order(subject_of(id_), f"certificates.render_pdf:{id_}", {"certificate_id": id_})
            for id_ in ids
            if id_ not in made
        ],
    )  # fmt: skip


def subject_of(certificate_id: int) -> str:
    """The subject of the jobs that concern a certificate."""
    return f"certificate:{certificate_id}"


def revoke(
    db: Session, certificate: Certificate, kind: RevocationKind, reason: str, by: int | None
) -> CertificateRevocation:
    """End a certificate: "clerical" leaves the completion, "fraud" annuls it. `by`: the account, None for the system.

    Those it replaced end with it. Revoking again returns the first revocation.
    """
    # In turns with whoever replaces it: the person first, as those do who record and annul what was learned.
    take_turns(db, [certificate.person_id])
    completion = db.get_one(Completion, certificate.completion_id, with_for_update=True)
    db.refresh(certificate, ["revocation"])
    if certificate.revocation:
        return certificate.revocation
    editions = select(Certificate).where(
        Certificate.completion_id == certificate.completion_id, Certificate.edition <= certificate.edition
    )
    for edition in db.scalars(editions.order_by(Certificate.edition)):
        if edition.revocation is None:
            edition.revocation = CertificateRevocation(kind=kind, reason=reason, revoked_at=clock.now(), account_id=by)
            audit.record(db, "certificate.revoke", "certificate", edition.id, account_id=by, kind=kind)
    db.flush()
    if kind == "fraud":
        completions.annul_completion(db, completion, by, reason, fraud=True)
    assert certificate.revocation
    return certificate.revocation


def replace(db: Session, certificate: Certificate, kind: ReplacementKind, reason: str, by: int | None) -> Certificate:
    """A new certificate for the same completion, with today's number and form and the holder's name as it is now.

    Replacing again returns the one that stands for it. Raises Conflict for a revoked one.
    """
    # In turns with whoever issues or replaces for the same completion.
    completion = db.get_one(Completion, certificate.completion_id, with_for_update=True)
    db.refresh(certificate, ["revocation", "replacement"])
    if certificate.replacement:
        return certificate.replacement.new_certificate
    if certificate.revocation:
        raise Conflict(_("Giấy chứng nhận này đã bị thu hồi nên không cấp lại được."))
    if db.get_one(Person, certificate.person_id).erased_at is not None:
        raise Conflict(_("Người được cấp đã yêu cầu xóa dữ liệu cá nhân nên không cấp lại được giấy này."))
    (new,) = _write(db, [(completion, _said(certificate))], edition=certificate.edition + 1)
    certificate.replacement = CertificateReplacement(
        new_certificate=new, kind=kind, reason=reason, replaced_at=clock.now(), account_id=by
    )
    db.flush()
    audit.record(db, "certificate.replace", "certificate", certificate.id, account_id=by, kind=kind, new=new.id)
    order_pdfs(db, [new])
    return new


def revoke_after_annulment(db: Session, completion_id: int, *, fraud: bool) -> None:
    """A completion that was annulled takes its certificate with it, also one that another is being replaced by."""
    db.get_one(Completion, completion_id, with_for_update=True)
    certificate = newest(db, [completion_id]).get(completion_id)
    annulment = db.get(CompletionAnnulment, completion_id)
    if certificate and annulment:
        revoke(db, certificate, "fraud" if fraud else "clerical", annulment.reason, annulment.account_id)


def _write(
    db: Session, learned: Sequence[tuple[Completion, dict[str, Any]]], edition: int = 1
) -> list[Certificate]:  # fmt: skip
    """A certificate for each, with what it says of the course and of the day's post."""
    if not learned:
        return []
    holders = select(Person).where(Person.id.in_({completion.person_id for completion, _says in learned}))
    people = {person.id: person for person in db.scalars(holders)}
    today, settings = clock.today(), get_settings()
    form = form_on(db, today)
    first = _next_numbers(db, form.symbol, today.year, len(learned))
    certificates = []
    for serial, (completion, says) in enumerate(learned, start=first):
        person = people[completion.person_id]
        born = birth_text(sealing.unseal(person))
        certificates.append(
            Certificate(
                code=ids.readable_code(),
                completion_id=completion.id,
                person_id=person.id,
                sealed_birth_date=sealing.seal_text(person, born) if born else None,
                recorded_at=clock.now(),
                edition=edition,
                **contents(
                    form=form,
                    serial=serial,
                    issued_on=today,
                    holder_name=person.name,
                    signer_name=settings.signer_name,
                    signer_title=settings.signer_title,
                    valid_until=completion.valid_until,
                    **says,
                ),
            )
        )
    db.add_all(certificates)
    db.flush()
    return certificates


def _learned(db: Session, completions: Sequence[Completion]) -> dict[int, dict[str, Any]]:
    """By completion, what a first certificate says of the course and of the post of the day."""
    held: dict[int, list[CompletionPost]] = defaultdict(list)
    theirs = CompletionPost.completion_id.in_([one.id for one in completions])
    for held_post in db.scalars(select(CompletionPost).where(theirs)):
        held[held_post.completion_id].append(held_post)
    posts = {id_: post_of_the_day(some) for id_, some in held.items()}
    units = {post.unit_id for post in posts.values() if post}
    # Of a list they are of one day, nearly always.
    names = {day: unit_queries.full_names(db, units, day) for day in {one.completed_on for one in completions}}
    versions = {one.course_version_id for one in completions if one.course_version_id is not None}
    courses = {version_id: course_version(db, version_id) for version_id in versions}
    said = {}
    for one in completions:
        assert one.course_version_id is not None
        course, post = courses[one.course_version_id], posts.get(one.id)
        said[one.id] = {
            "holder_title": post.title if post else "",
            "unit_id": post.unit_id if post else None,
            "unit_name": names[one.completed_on].get(post.unit_id, "") if post else "",
            "certificate_title": course.certificate_title,
            "course_title": course.title,
            "course_version_number": course.number,
            "hours": one.hours,
            "score_percent": one.score_percent,
            "completed_on": one.completed_on,
        }
    return said


def _said(certificate: Certificate) -> dict[str, Any]:
    kept = (
        "holder_title", "unit_id", "unit_name", "course_title", "course_version_number", "hours", "score_percent",
        "completed_on",
    )  # fmt: skip
    return {"certificate_title": certificate.title} | {name: getattr(certificate, name) for name in kept}


def contents(
    *, form: CertificateForm, serial: int, issued_on: date, holder_name: str, holder_title: str, unit_id: int | None,
    unit_name: str, certificate_title: str, course_title: str, course_version_number: int, hours: float,
    score_percent: float | None, completed_on: date, valid_until: date | None, signer_name: str, signer_title: str,
) -> dict[str, Any]:  # fmt: skip
    """What a certificate of that day says, by the columns of its row: a pure function, so that it is written once.

    `form`: the one in force that day. `serial` counts within its series and the year of issue. The signer given is
    printed where the form names none.
    """
    return {
        "number": f"{serial:05d}/{issued_on.year}/{form.symbol}",
        "holder_name": holder_name,
        "folded_holder_name": text.fold(holder_name),
        "holder_title": holder_title,
        "unit_id": unit_id,
        "unit_name": unit_name,
        "title": certificate_title or form.title,
        "course_title": course_title,
        "course_version_number": course_version_number,
        "hours": hours,
        "score_percent": score_percent,
        "completed_on": completed_on,
        "valid_until": valid_until,
        "issued_on": issued_on,
        "superior_name": form.superior_name,
        "issuer_name": form.issuer_name,
        "signer_authority": form.signer_authority,
        "signer_name": form.signer_name if form.signer_title else signer_name,
        "signer_title": form.signer_title or signer_title,
        "form_id": form.id,
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


def _next_numbers(db: Session, symbol: str, year: int, count: int) -> int:
    """Count a series up by that many, and answer the first of them.

    Its row stays locked until the commit, and a rollback gives the numbers back.
    """
    insert = postgresql.insert if db.get_bind().dialect.name == "postgresql" else sqlite.insert
    last: int = db.execute(
        insert(CertificateSeries)
        .values(symbol=symbol, year=year, last_number=count)
        .on_conflict_do_update(
            index_elements=[CertificateSeries.symbol, CertificateSeries.year],
            set_={"last_number": CertificateSeries.last_number + count},
        )
        .returning(CertificateSeries.last_number)
    ).scalar_one()
    return last - count + 1
