"""Plainly made-up people and things for tests; each function flushes and returns the row."""

from collections.abc import Sequence
from datetime import date
from itertools import count

from sqlalchemy.orm import Session

from app.catalogue.models import Course, CourseVersion
from app.core import clock
from app.identity.models import Account, Affiliation, Person
from app.identity.people import people
from app.identity.roles import grants
from app.identity.sign_in import accounts
from app.identity.units import unit_queries
from app.learning import completions
from app.learning.models import Completion
from app.media.models import Asset
from app.media.quota import set_quota

PASSWORD = "mat-khau-thu-nghiem-1"
# Phường Bắc Giang, of former Bắc Giang; Phường Kinh Bắc, of former Bắc Ninh.
BAC_GIANG = "07210"
_numbers = count(1)


def unit_id(db: Session, code: str = BAC_GIANG, on: date | None = None) -> int:
    unit = unit_queries.unit_on(db, code, on or clock.today())
    assert unit is not None, f"no unit bears the code {code}"
    return unit.unit_id


def person(db: Session, name: str = "Nguyễn Thị Thử", **fields: object) -> Person:
    return people.add_person(db, name=name, **fields)  # type: ignore[arg-type]


def post(
    db: Session,
    holder: Person,
    code: str = BAC_GIANG,
    *,
    audiences: Sequence[str] = ("CBCC",),
    started_on: date = date(2026, 1, 1),
    title: str = "Chuyên viên",
    **fields: object,
) -> Affiliation:
    return people.add_affiliation(
        db,
        holder,
        unit_id(db, code, max(started_on, date(2025, 7, 1))),
        title=title,
        audiences=audiences,
        started_on=started_on,
        **fields,  # type: ignore[arg-type]
    )


def account(
    db: Session, holder: Person | None = None, username: str | None = None, *, role: str | None = None, at: str = "24"
) -> Account:
    """An account with PASSWORD; `role` at unit code `at`."""
    holder = holder or person(db)
    made = accounts.create_account(db, holder, username or f"thu{next(_numbers)}", PASSWORD, must_change=False)
    if role:
        # Long held: some tests stop the clock before the day on which they run.
        grants.grant_role(db, made, role, unit_id(db, at)).starts_on = date(2020, 1, 1)
    db.flush()
    return made


def civil_servant(
    db: Session, username: str | None = None, code: str = BAC_GIANG, name: str = "Trần Văn Mẫu"
) -> Account:
    """Somebody whose post at the unit counts for BG-CBCC, with an account."""
    holder = person(db, name)
    post(db, holder, code)
    return account(db, holder, username)


def course(
    db: Session, code: str = "THU01", *, tags: Sequence[str] = ("CDS",), audiences: Sequence[str] = ("CBCC",),
    programme: str | None = None,
) -> CourseVersion:  # fmt: skip
    """A published course without lessons, for tests that need none."""
    made = Course(slug=code.lower(), code=code, unit_id=unit_id(db, "24"), created_at=clock.now())
    db.add(made)
    db.flush()
    now = clock.now()
    version = CourseVersion(
        course_id=made.id, number=1, state="published", title=f"Khóa thử {code}", folded_text="khoa thu",
        summary="", programme_code=programme, access="assigned", hours=1.5, language="vi", licence="CC-BY-4.0",
        owner="Sở thử", contact="",
        certificate_title="Giấy chứng nhận hoàn thành khóa học", audiences=list(audiences), tags=list(tags),
        checksum=code, created_at=now, published_at=now,
    )  # fmt: skip
    db.add(version)
    db.flush()
    made.published_version_id = version.id
    db.flush()
    return version


def completion(db: Session, holder: Person, version: CourseVersion, on: date) -> Completion:
    """The holder completes a course online on a day."""
    return completions.record_completion(
        db,
        completions.Learned(
            person_id=holder.id, course_version_id=version.id, how="online", completed_on=on, score_percent=90.0
        ),
    )


def without_room(db: Session, unit: int) -> None:
    """A unit whose files take all the room it has."""
    set_quota(db, unit, 1, by=None)
    db.add(
        Asset(
            public_id=f"day-{unit}", kind="image", state="ready", file_name="day.webp", content_type="image/webp",
            size=1024 * 1024, sha256="f" * 64, storage_key="day", unit_id=unit, created_at=clock.now(),
        )
    )  # fmt: skip
    db.commit()
