"""The register of certificates (sổ cấp): who may look into it, what is chosen of it, and its lines."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, false, func, or_, select
from sqlalchemy.orm import Session, joinedload

from app.catalogue.models import Course, CourseVersion
from app.certificates.models import Certificate, CertificateForm, CertificateReplacement, CertificateRevocation, State
from app.certificates.wording import birth_day, masked_birth_date
from app.core import clock
from app.core.access import Actor, UnitClosure, closure_on
from app.core.templating import format_date
from app.core.text import fold, whole
from app.identity import sealing
from app.identity.models import Person
from app.identity.people.people_queries import ERASED_NAME
from app.identity.units import unit_queries
from app.learning.models import Completion

VIEW, MANAGE = "certificates.view", "certificates.manage"
PER_PAGE = 50


Group = Callable[[int], Select[int]]
_groups: dict[str, Group] = {}


def wire_groups(groups: Mapping[str, Group]) -> None:
    """What other domains call a group: its kind, and the ids of its people by its number. `main.GROUPS`."""
    _groups.clear()
    _groups.update(groups)


@dataclass(frozen=True)
class Choice:
    """Which certificates: of a year, a number series, a course, a unit and all below it, a state, by number or name.

    `group`: of the people of "class:12" or "exam:7" (`wire_groups`).
    """

    year: str = ""
    symbol: str = ""
    course: str = ""
    unit: str = ""
    state: str = ""
    q: str = ""
    group: str = ""

    def as_filters(self) -> dict[str, str]:
        """Only what narrows the choice."""
        return {name: value for name, value in vars(self).items() if value}


@dataclass(frozen=True)
class Line:
    """One line of the register. `born` is masked for those who may only look; empty if it is not known."""

    code: str
    number: str
    holder_name: str
    born: str
    unit_name: str
    course_title: str
    completed_on: date
    issued_on: date
    signer: str
    state: State
    # Why it holds no more, and what stands for it.
    remark: str


def visible(actor: Actor) -> ColumnElement[bool]:
    """Certificates of units in one's care; of people without a unit only for those who manage them all."""
    seen = Certificate.unit_id.in_(actor.units_with(VIEW))
    return or_(seen, Certificate.unit_id.is_(None)) if actor.can(MANAGE) else seen


def chosen(db: Session, actor: Actor, choice: Choice) -> Select[Certificate]:
    """The certificates of a choice that the actor may see, in the order of issue."""
    query = select(Certificate).where(visible(actor)).order_by(Certificate.issued_on, Certificate.id)
    if len(choice.year) == 4 and (year := whole(choice.year)):
        query = query.where(Certificate.issued_on.between(date(year, 1, 1), date(year, 12, 31)))
    if choice.symbol:
        query = query.where(Certificate.number.endswith(f"/{choice.symbol}", autoescape=True))
    if choice.course:
        of_course = select(Completion.id).join(Course, Course.id == Completion.course_id)
        query = query.where(Certificate.completion_id.in_(of_course.where(Course.code == choice.course)))
    if choice.group:
        query = query.where(Certificate.person_id.in_(_people_of(choice.group)))
    if choice.unit:
        unit = unit_queries.unit_on(db, choice.unit, clock.today())
        below = select(UnitClosure.descendant_id).where(
            UnitClosure.ancestor_id == (unit.unit_id if unit else 0), closure_on(clock.today()),
            UnitClosure.carried != "before",
        )  # fmt: skip
        query = query.where(Certificate.unit_id.in_(below))
    if choice.q:
        query = query.where(
            or_(
                Certificate.folded_holder_name.contains(fold(choice.q), autoescape=True),
                Certificate.number.startswith(choice.q.upper(), autoescape=True),
            )
        )
    return _in_state(query, choice.state)


def erased() -> ColumnElement[bool]:
    """Of people who were erased on request: their key is gone, and nothing prints their name again."""
    return Certificate.person_id.in_(select(Person.id).where(Person.erased_at.is_not(None)))


def count(db: Session, query: Select[Certificate]) -> int:
    return db.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0


def lines(db: Session, actor: Actor, query: Select[Certificate]) -> Iterator[Line]:
    """What the register says of each, read in portions."""
    wanted = query.add_columns(Person).join(Person, Person.id == Certificate.person_id).options(
        joinedload(Certificate.revocation),
        joinedload(Certificate.replacement).joinedload(CertificateReplacement.new_certificate),
    )  # fmt: skip
    for certificate, person in db.execute(wanted.execution_options(yield_per=500)):
        yield _line(certificate, person, in_full=actor.can(MANAGE))


def symbols(db: Session) -> list[tuple[str, str]]:
    """Every number series, as a choice."""
    return [(symbol, symbol) for symbol in sorted(db.scalars(select(CertificateForm.symbol).distinct()))]


def courses(db: Session) -> list[tuple[str, str]]:
    """Code and title of every published course."""
    found = select(Course.code, CourseVersion.title).join(
        CourseVersion, CourseVersion.id == Course.published_version_id
    )
    return [(code, f"{code} · {title}") for code, title in db.execute(found.order_by(Course.code))]


def _people_of(group: str) -> Select[int]:
    """Nobody, for a group there is not."""
    kind, _mark, number = group.partition(":")
    nobody = select(Person.id).where(false())
    return _groups[kind](id_) if kind in _groups and (id_ := whole(number)) else nobody


def _in_state(query: Select[Certificate], state: str) -> Select[Certificate]:
    revoked = Certificate.id.in_(select(CertificateRevocation.certificate_id))
    replaced = Certificate.id.in_(select(CertificateReplacement.certificate_id))
    match state:
        case "valid":
            return query.where(~revoked, ~replaced)
        case "revoked":
            return query.where(revoked)
        case "replaced":
            return query.where(replaced, ~revoked)
        case _:
            return query


def _line(certificate: Certificate, person: Person, *, in_full: bool) -> Line:
    born = sealing.unseal_text(person, certificate.sealed_birth_date)
    return Line(
        code=certificate.code, number=certificate.number,
        holder_name=f"({ERASED_NAME})" if person.erased_at else certificate.holder_name,
        born=(birth_day(born).removeprefix("ngày ") if in_full else masked_birth_date(born)) if born else "",
        unit_name=certificate.unit_name, course_title=certificate.course_title,
        completed_on=certificate.completed_on, issued_on=certificate.issued_on,
        signer=", ".join(part for part in (certificate.signer_title, certificate.signer_name) if part),
        state=certificate.state, remark=_remark(certificate),
    )  # fmt: skip


def _remark(certificate: Certificate) -> str:
    """The register speaks Vietnamese, as the papers do."""
    if revoked := certificate.revocation:
        return f"Thu hồi ngày {format_date(revoked.revoked_at)}: {revoked.reason}"
    if replaced := certificate.replacement:
        new = replaced.new_certificate.number
        return f"Thay bằng số {new} ngày {format_date(replaced.replaced_at)}: {replaced.reason}"
    return f"Cấp lại lần {certificate.edition}" if certificate.edition > 1 else ""


def filters_of(filters: dict[str, Any]) -> Choice:
    """A choice from what was kept of it."""
    return Choice(**{name: str(value) for name, value in filters.items() if name in Choice.__dataclass_fields__})
