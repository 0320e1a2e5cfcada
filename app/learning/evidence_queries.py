"""Evidence as its owner and those who decide about it see it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from app.catalogue.models import CourseVersion, Programme
from app.core import clock
from app.core.access import Actor
from app.core.errors import NotFound
from app.identity.models import Person
from app.identity.people.people_queries import units_held
from app.identity.policy import held_on, sees_every_post, visible_records
from app.identity.records import belongs_to, holder_of, records_holding
from app.identity.units.unit_queries import full_names
from app.learning.evidence import PERMISSION
from app.learning.evidence_models import Evidence
from app.learning.models import CompletionAnnulment

PER_PAGE = 30
State = Literal["waiting", "verified", "refused", "annulled"]


@dataclass(frozen=True)
class EvidenceView:
    """`subject` is the training task or the course; `reason` of a refusal or an annulment."""

    id: int
    person_id: int
    person: str
    unit: str
    title: str
    subject: str
    issuer: str
    number: str
    dated_on: date
    hours: float
    handed_in_at: datetime
    has_file: bool
    state: State
    decided_at: datetime | None
    reason: str


@dataclass(frozen=True)
class Twin:
    """Another piece of evidence with the same file or the same number; no name for one outside of one's scope."""

    person: str
    same_file: bool
    title: str
    handed_in_at: datetime


@dataclass(frozen=True)
class EvidenceList:
    rows: list[EvidenceView]
    total: int
    page: int
    pages: int


def own_evidence(db: Session, person_id: int) -> list[EvidenceView]:
    """Everything one ever handed in, or had vouched for, the newest first."""
    return _views(db, _select().where(belongs_to(Evidence.person_id, person_id)).order_by(Evidence.id.desc()))


def visible_evidence(db: Session, actor: Actor) -> ColumnElement[bool]:
    """Of people with a post today in a unit one decides for; of people without any, for who decides everywhere."""
    mine = Evidence.person_id.in_(visible_records(actor, PERMISSION))
    if actor.can(PERMISSION) and sees_every_post(db, actor, PERMISSION):
        posted = records_holding(held_on(clock.today()))
        return or_(mine, Evidence.person_id.not_in(posted))
    return mine


def find_evidence(db: Session, actor: Actor, evidence_id: int, *, to_change: bool = False) -> Evidence:
    """Raises NotFound for what is not in one's scope. `to_change` keeps others waiting until the end of this."""
    query = select(Evidence).where(Evidence.id == evidence_id, visible_evidence(db, actor))
    found = db.scalars(query.with_for_update() if to_change else query).one_or_none()
    if found is None:
        raise NotFound
    return found


def evidence_view(db: Session, evidence: Evidence) -> EvidenceView:
    return _views(db, _select().where(Evidence.id == evidence.id))[0]


def waiting_count(db: Session, actor: Actor) -> int:
    """How many wait for this actor, or for somebody else who may; one's own wait for others."""
    waits = Evidence.is_verified.is_(None) & Evidence.person_id.not_in(actor.records) & visible_evidence(db, actor)
    return db.scalar(select(func.count()).select_from(Evidence).where(waits)) or 0


def evidence_queue(db: Session, actor: Actor, *, waiting: bool, page: int = 1) -> EvidenceList:
    """What waits, the oldest first; or what was decided, the newest first."""
    chosen = visible_evidence(db, actor) & (
        Evidence.is_verified.is_(None) if waiting else Evidence.is_verified.is_not(None)
    )
    total = db.scalar(select(func.count()).select_from(Evidence).where(chosen)) or 0
    pages = max(1, -(-total // PER_PAGE))
    page = min(max(page, 1), pages)
    order = (Evidence.handed_in_at, Evidence.id) if waiting else (Evidence.decided_at.desc(), Evidence.id.desc())
    rows = _select().where(chosen).order_by(*order).offset((page - 1) * PER_PAGE).limit(PER_PAGE)
    return EvidenceList(_views(db, rows), total, page, pages)


def twins_of(db: Session, actor: Actor, evidence: Evidence) -> list[Twin]:
    """Others with the same file or number, refused ones included: somebody should look before deciding."""
    same: list[ColumnElement[bool]] = []
    if evidence.sha256:
        same.append(Evidence.sha256 == evidence.sha256)
    if evidence.folded_number:
        same.append(Evidence.folded_number == evidence.folded_number)
    if not same:
        return []
    seen = visible_evidence(db, actor)
    rows = db.execute(
        select(Evidence, Person.name, seen)
        .select_from(Evidence)
        .join(Person, Person.id == holder_of(Evidence.person_id))
        .where(or_(*same), Evidence.id != evidence.id)
        .order_by(Evidence.id)
        .limit(10)
    )
    return [
        Twin(
            name if is_seen else "", bool(evidence.sha256) and other.sha256 == evidence.sha256, other.title,
            other.handed_in_at,
        )
        for other, name, is_seen in rows
    ]  # fmt: skip


def programme_choices(db: Session) -> list[tuple[str, str]]:
    """The training tasks, by number, as a form offers them."""
    tasks = db.execute(select(Programme.code, Programme.task_no, Programme.title).order_by(Programme.code))
    return [(code, f"{number}. {title}") for code, number, title in tasks]


def _select() -> Select[*tuple[Any, ...]]:
    return (
        select(Evidence, Person.name, Programme.title, CourseVersion.title, CompletionAnnulment.reason)
        .select_from(Evidence)
        .join(Person, Person.id == holder_of(Evidence.person_id))
        .outerjoin(Programme, Programme.code == Evidence.programme_code)
        .outerjoin(CourseVersion, CourseVersion.id == Evidence.course_version_id)
        .outerjoin(CompletionAnnulment, CompletionAnnulment.completion_id == Evidence.completion_id)
    )


def _views(db: Session, statement: Select[*tuple[Any, ...]]) -> list[EvidenceView]:
    rows = db.execute(statement).all()
    units = _units_today(db, {row[0].person_id for row in rows})
    return [
        EvidenceView(
            id=evidence.id, person_id=evidence.person_id, person=name, unit=units.get(evidence.person_id, ""),
            title=evidence.title, subject=task or course, issuer=evidence.issuer, number=evidence.number,
            dated_on=evidence.dated_on, hours=evidence.hours, handed_in_at=evidence.handed_in_at,
            has_file=bool(evidence.storage_key), state=_state(evidence.is_verified, annulled is not None),
            decided_at=evidence.decided_at, reason=annulled or evidence.reason,
        )
        for evidence, name, task, course, annulled in rows
    ]  # fmt: skip


def _state(is_verified: bool | None, is_annulled: bool) -> State:
    if is_annulled:
        return "annulled"
    return "waiting" if is_verified is None else "verified" if is_verified else "refused"


def _units_today(db: Session, person_ids: set[int]) -> dict[int, str]:
    """Of the primary post, else the earliest."""
    first = {person_id: held[0] for person_id, held in units_held(db, person_ids, clock.today()).items() if held}
    names = full_names(db, set(first.values()), clock.today())
    return {person_id: names[unit_id] for person_id, unit_id in first.items()}
