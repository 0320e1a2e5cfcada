"""Completions and certificates for tests of this folder."""

from datetime import date
from itertools import count

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalogue.models import Course, CourseVersion
from app.certificates import service
from app.certificates.forms import TITLE
from app.certificates.models import Certificate
from app.core import clock
from app.identity.models import Person
from app.identity.people.people_queries import posts_of
from app.learning.models import Completion, CompletionPost
from tests import factories

COURSE_TITLE = "Khai thác nền tảng số, dữ liệu số trong cơ quan nhà nước"
_numbers = count(1)


def course_version(db: Session, title: str = COURSE_TITLE, hours: float = 6.0) -> CourseVersion:
    """A course and its version 3, without modules."""
    number = next(_numbers)
    course = Course(
        slug=f"khoa-thu-{number}", code=f"THU{number}", unit_id=factories.unit_id(db, "24"), created_at=clock.now()
    )
    version = CourseVersion(
        course=course, number=3, state="draft", title=title, folded_text="", summary="", access="open", hours=hours,
        language="vi", licence="CC-BY-4.0", owner="", contact="", certificate_title=TITLE,
        audiences=[], tags=[], checksum="", created_at=clock.now(),
    )  # fmt: skip
    db.add(version)
    db.flush()
    return version


def completion(
    db: Session,
    holder: Person,
    version: CourseVersion | None = None,
    *,
    on: date | None = None,
    score: float | None = 92.0,
    valid_until: date | None = None,
) -> Completion:
    """A completion as learning records it, but announced to nobody."""
    version = version or course_version(db)
    on = on or clock.today()
    made = Completion(
        person_id=holder.id, course_id=version.course_id, course_version_id=version.id, how="online", completed_on=on,
        recorded_at=clock.now(), score_percent=score, hours=version.hours, valid_until=valid_until,
    )  # fmt: skip
    db.add(made)
    db.flush()
    for post in posts_of(db, [holder.id])[holder.id]:
        if not post.held_on(on):
            continue
        db.add(
            CompletionPost(
                completion_id=made.id, affiliation_id=post.affiliation_id, unit_id=post.unit_id, title=post.title,
                is_primary=post.is_primary, started_on=post.started_on, audiences=list(post.audiences),
            )
        )  # fmt: skip
    db.flush()
    return made


def certificate(
    db: Session, holder: Person | None = None, *, title: str = COURSE_TITLE, **fields: object
) -> Certificate:
    """An issued certificate whose PDF is ordered; the holder is born on 2 March 1985 unless given."""
    if holder is None:
        holder = factories.person(db, "Nguyễn Thị Hạnh", birth_date=date(1985, 3, 2))
        factories.post(db, holder)
    made = completion(db, holder, course_version(db, title), **fields)  # type: ignore[arg-type]
    (issued,) = service.issue(db, [made.id])
    service.order_pdfs(db, [issued])
    return issued


def certificate_of(db: Session, completion_id: int) -> Certificate:
    return db.scalars(select(Certificate).where(Certificate.completion_id == completion_id)).one()
