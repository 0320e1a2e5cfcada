"""Where the review of a course stands, and what waits for whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.authoring.changes import Change, changes_between
from app.authoring.policy import publishable_courses, reviewed_courses
from app.authoring.review.models import CourseReview
from app.catalogue.models import Course, CourseVersion
from app.catalogue.queries import newest_version
from app.catalogue.stored import source_of
from app.core import clock
from app.core.access import Actor
from app.identity.models import Account, Person

State = Literal["draft", "waiting", "changes", "approved", "published"]


@dataclass(frozen=True)
class ReviewState:
    """Where the newest version of a course stands. `sent_by` and the like are of the last review, empty without one.

    `state`: draft (nobody was asked, or it was saved again after it was approved), waiting, changes (asked for),
    approved, published.
    """

    state: State
    number: int
    sent_by: str = ""
    sent_at: datetime | None = None
    note: str = ""
    decided_by: str = ""
    decided_at: datetime | None = None
    decided_number: int | None = None
    reason: str = ""
    # Whether whoever looks sent it, and whether they saved a version of it that is looked at.
    is_own: bool = False
    has_written: bool = False
    may_decide: bool = False


@dataclass(frozen=True)
class Waiting:
    """A course that waits for this actor: to be reviewed, or, approved, to be published (`kind`: review, publish)."""

    kind: str
    slug: str
    title: str
    by: str
    since: datetime
    is_own: bool

    @property
    def days(self) -> int:
        return (clock.today() - clock.day_of(self.since)).days


@dataclass(frozen=True)
class ReviewPage:
    """What a reviewer decides on. `news`: against what learners see; `since_sent`: changed while it waited."""

    title: str
    slug: str
    review: ReviewState
    published_number: int | None
    news: tuple[Change, ...]
    since_sent: frozenset[str]
    may_write: bool
    may_publish: bool


def review_state(db: Session, actor: Actor, course: Course) -> ReviewState:
    """Raises NotFound for a course without any version."""
    newest = newest_version(db, course)
    last = last_review(db, course.id)
    state = state_of(newest, course.published_version_id, last)
    if last is None:
        return ReviewState(state, newest.number)
    names = people_of(db, [one for one in (last.sent_by, last.decided_by) if one])
    decided = db.get(CourseVersion, last.decided_version_id) if last.decided_version_id else None
    sender = names[last.sent_by]
    is_own = sender[0] in actor.records
    has_written = _has_written(db, actor, course, last)
    return ReviewState(
        state=state,
        number=newest.number,
        sent_by=sender[1],
        sent_at=last.sent_at,
        note=last.note,
        decided_by=names[last.decided_by][1] if last.decided_by else "",
        decided_at=last.decided_at,
        decided_number=decided.number if decided else None,
        reason=last.reason,
        is_own=is_own,
        has_written=has_written,
        may_decide=state == "waiting" and not is_own and not has_written,
    )


def _has_written(db: Session, actor: Actor, course: Course, review: CourseReview) -> bool:
    """Whether the actor saved the version that was sent, or one since."""
    saved = (
        select(CourseVersion.id)
        .join(Account, Account.id == CourseVersion.created_by)
        .where(
            CourseVersion.course_id == course.id, CourseVersion.id >= review.sent_version_id,
            Account.person_id.in_(actor.records),
        )
        .limit(1)
    )  # fmt: skip
    return db.scalar(saved) is not None


def state_of(newest: CourseVersion, published_id: int | None, last: CourseReview | None) -> State:
    """An approval holds for exactly one version; a request for changes until the course is sent again."""
    if newest.id == published_id:
        return "published"
    if last is None:
        return "draft"
    if last.state == "approved":
        return "approved" if last.decided_version_id == newest.id else "draft"
    # What was asked for before the last publication is settled by it.
    if last.state == "changes":
        is_over = published_id is not None and (last.decided_version_id or 0) <= published_id
        return "draft" if is_over else "changes"
    return "waiting"


def last_review(db: Session, course_id: int) -> CourseReview | None:
    return db.scalar(
        select(CourseReview).where(CourseReview.course_id == course_id).order_by(CourseReview.id.desc()).limit(1)
    )


def review_page(
    db: Session, actor: Actor, course: Course, *, may_write: bool, may_publish: bool
) -> ReviewPage:  # fmt: skip
    newest = newest_version(db, course)
    source = source_of(db, newest.id)
    last = last_review(db, course.id)
    published = db.get(CourseVersion, course.published_version_id) if course.published_version_id else None
    news: Sequence[Change] = ()
    if published is None or published.id != newest.id:
        news = changes_between(source_of(db, published.id) if published else None, source)
    since = changes_between(source_of(db, last.sent_version_id), source) if last and last.state == "waiting" else []
    return ReviewPage(
        title=newest.title,
        slug=course.slug,
        review=review_state(db, actor, course),
        published_number=published.number if published else None,
        news=tuple(news),
        since_sent=frozenset(change.key for change in since),
        may_write=may_write,
        may_publish=may_publish,
    )


def waiting_for(db: Session, actor: Actor) -> tuple[Waiting, ...]:
    """What waits longest first: courses sent for review by others or this actor, then approved ones to publish."""
    return (
        *_waiting(db, actor, "review", reviewed_courses(actor), CourseReview.state == "waiting"),
        *_waiting(
            db, actor, "publish", publishable_courses(actor),
            (CourseReview.state == "approved") & (CourseReview.decided_version_id == _newest_id()),
        ),
    )  # fmt: skip


def _newest_id() -> ColumnElement[int]:
    newest = select(func.max(CourseVersion.id)).where(CourseVersion.course_id == Course.id)
    return newest.correlate(Course).scalar_subquery()


def _waiting(
    db: Session, actor: Actor, kind: str, whose: ColumnElement[bool], which: ColumnElement[bool]
) -> list[Waiting]:
    by = CourseReview.sent_by if kind == "review" else CourseReview.decided_by
    # What was approved waits since then.
    since = func.coalesce(CourseReview.decided_at, CourseReview.sent_at, type_=CourseReview.sent_at.type)
    rows = db.execute(
        select(Course.slug, CourseVersion.title, Person.id, Person.name, since)
        .select_from(CourseReview)
        .join(Course, Course.id == CourseReview.course_id)
        .join(CourseVersion, CourseVersion.id == _newest_id())
        .join(Account, Account.id == by)
        .join(Person, Person.id == Account.person_id)
        .where(whose, which, Course.published_version_id.is_distinct_from(CourseVersion.id))
        .order_by(since, CourseReview.id)
    )
    return [
        Waiting(kind, slug, title, name, at, person_id in actor.records) for slug, title, person_id, name, at in rows
    ]


def people_of(db: Session, account_ids: Sequence[int]) -> dict[int, tuple[int, str]]:
    """Person id and name by account."""
    rows = db.execute(
        select(Account.id, Person.id, Person.name)
        .join(Person, Person.id == Account.person_id)
        .where(Account.id.in_(account_ids))
    )
    return {account_id: (person_id, name) for account_id, person_id, name in rows}
