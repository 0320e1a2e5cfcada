"""What the pages about personal data show."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock, jobs
from app.core.jobs import Job
from app.core.personal import Holding
from app.identity import sealing
from app.identity.identifiers import phone_shown
from app.identity.models import Account, Consent, Person
from app.identity.people.consents import consents_of
from app.identity.people.people_queries import ERASED_NAME, posts_of
from app.identity.records import shown_as
from app.identity.sealing import SealedFields
from app.identity.units.unit_queries import full_names
from app.privacy.clocks import Due, Pressure, answer_due, deed_due, next_due
from app.privacy.holdings import holdings
from app.privacy.jobs import COPY_KEPT
from app.privacy.models import Kind, PrivacyRequest, State
from app.privacy.service import OPEN

_SHOWN = 200
_CLOSED_SHOWN = 50


@dataclass(frozen=True)
class RequestView:
    """A request with what the law still asks for. `copy_until`: the last day a copy can be fetched."""

    id: int
    kind: Kind
    state: State
    name: str
    text: str
    asked_at: datetime
    entered_on_paper: bool
    answer: str
    answered_at: datetime | None
    done_at: datetime | None
    answer_due: date
    deed_due: date
    due: Due | None
    size: int | None
    is_under_way: bool

    @property
    def pressure(self) -> Pressure:
        return self.due.pressure(clock.today()) if self.due else "calm"

    @property
    def copy_until(self) -> date | None:
        return clock.day_of(self.done_at + COPY_KEPT) if self.done_at and self.size is not None else None

    @property
    def may_cancel(self) -> bool:
        return self.state in OPEN and not self.is_under_way


@dataclass(frozen=True)
class Section:
    """What one domain holds about the person: its tables with how many rows, those without left out."""

    holding: Holding
    tables: list[tuple[str, int]]

    @property
    def count(self) -> int:
        return sum(number for _title, number in self.tables)


@dataclass(frozen=True)
class Facts:
    """Who somebody is, as far as we know; `identity` shows its last four digits."""

    ref: str
    name: str
    sex: str | None
    username: str
    fields: SealedFields
    posts: list[str]
    is_erased: bool

    @property
    def phone(self) -> str:
        return phone_shown(self.fields.phone) if self.fields.phone else ""

    @property
    def identity(self) -> str:
        return f"… {self.fields.identity[-4:]}" if self.fields.identity else ""


@dataclass(frozen=True)
class MyDataPage:
    facts: Facts
    sections: list[Section]
    consents: list[Consent]
    requests: list[RequestView]

    @property
    def copy(self) -> RequestView | None:
        """The newest copy that is being made or can be fetched."""
        return next((one for one in self.requests if one.kind == "copy" and (one.due or one.size is not None)), None)

    @property
    def erasure(self) -> RequestView | None:
        """The erasure that is asked for."""
        return next((one for one in self.requests if one.kind == "erase" and one.due), None)


def my_data(db: Session, person_id: int) -> MyDataPage:
    """A fixed number of queries for each record of the person, whatever there is."""
    sections, records = [], sorted(shown_as(db, [person_id]))
    for holding in holdings():
        counts = [sum(numbers) for numbers in zip(*(holding.counts(db, one) for one in records), strict=True)]
        counted = list(zip(holding.tables, counts, strict=True))
        sections.append(Section(holding, [(str(held.title), number) for held, number in reversed(counted) if number]))
    mine = _views(db, PrivacyRequest.person_id.in_(records), _CLOSED_SHOWN)
    return MyDataPage(facts_of(db, person_id), sections, consents_of(db, person_id), mine)


def facts_of(db: Session, person_id: int) -> Facts:
    person = db.get_one(Person, person_id)
    today = clock.today()
    posts = [post for post in posts_of(db, [person_id])[person_id] if post.held_on(today)]
    units = full_names(db, {post.unit_id for post in posts}, today)
    username = db.scalar(select(Account.username).where(Account.person_id == person_id))
    return Facts(
        person.ref, person.name, person.sex, "" if person.erased_at else username or "", sealing.unseal(person),
        [", ".join(part for part in (post.title, units[post.unit_id]) if part) for post in posts],
        person.erased_at is not None,
    )  # fmt: skip


@dataclass(frozen=True)
class Queue:
    """What waits, the most urgent first; and what was settled lately."""

    waiting: list[RequestView]
    settled: list[RequestView]

    @property
    def late_count(self) -> int:
        return sum(one.pressure == "late" for one in self.waiting)


def queue(db: Session) -> Queue:
    waiting = _views(db, PrivacyRequest.state.in_(OPEN), _SHOWN)
    waiting.sort(key=lambda one: (one.due.on if one.due else date.max, one.id))
    return Queue(waiting, _views(db, PrivacyRequest.state.not_in(OPEN), _CLOSED_SHOWN))


def request_view(db: Session, request_id: int) -> RequestView | None:
    return next(iter(_views(db, PrivacyRequest.id == request_id, 1)), None)


def _views(db: Session, where: object, most: int) -> list[RequestView]:
    query = (
        select(PrivacyRequest, Person.name, Person.erased_at, Job.state)
        .join(Person, Person.id == PrivacyRequest.person_id)
        .outerjoin(Job, Job.id == PrivacyRequest.job_id)
        .where(where)  # type: ignore[arg-type]
        .order_by(PrivacyRequest.asked_at.desc(), PrivacyRequest.id.desc())
        .limit(most)
    )
    views = []
    for request, name, erased_at, job_state in db.execute(query):
        asked_on = clock.day_of(request.asked_at)
        views.append(
            RequestView(
                id=request.id, kind=request.kind, state=request.state, name=f"({ERASED_NAME})" if erased_at else name,
                text=request.text, asked_at=request.asked_at, entered_on_paper=request.entered_by is not None,
                answer=request.answer, answered_at=request.answered_at, done_at=request.done_at,
                answer_due=answer_due(asked_on), deed_due=deed_due(request.kind, asked_on),
                due=next_due(request.kind, request.state, asked_on), size=request.size,
                is_under_way=job_state is not None and job_state not in jobs.FINISHED,
            )
        )  # fmt: skip
    return views
