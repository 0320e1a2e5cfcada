"""Whose video a page of an open course reports on, found before its save joins the others (api.py, saving.py).

The first save of a newcomer is what enrols them; every later one of the page finds the enrolment.
"""

from fastapi import Request
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.catalogue.models import Course, CourseVersion
from app.core.csrf import BROWSER_COOKIE
from app.core.db import Database
from app.core.errors import NotFound, SignInRequired
from app.identity.sign_in.accounts import people_signed_in
from app.learning import guests
from app.learning.addressed import count_new_guest
from app.learning.models import Enrolment
from app.learning.service import enrol
from app.learning.stamps import Stamp

# An enrolment's id, and its guest's if it is not a person's.
Mine = tuple[int, int | None]


def enrolment_of_page(request: Request, stamp: Stamp, token: str) -> tuple[Stamp, int | None]:
    """The stamp of whoever learns in this browser now, and the guest's id if nobody is signed in.

    Raises SignInRequired where the session has ended, NotFound for a newcomer to a course that is open no more.
    """
    database: Database = request.app.state.database
    browser = request.cookies.get(BROWSER_COOKIE, "")
    with database.reading() as db:
        person_id = _person(db, token) if token else None
        known = _known(db, stamp, person_id, browser)
        is_new = known is None and person_id is None and guests.guest_of(db, browser) is None
    if known is None:
        with database.writing() as db:
            if is_new:
                count_new_guest(db, request, request.app.state.settings.guest_limit)
            known = _begun(db, stamp.course_id, person_id, browser)
    enrolment_id, guest_id = known
    return stamp.of(enrolment_id, stamp.course_id), guest_id


def _person(db: Session, token: str) -> int:
    person_id = people_signed_in(db, {token}).get(token)
    if person_id is None:
        raise SignInRequired
    return person_id


def _known(db: Session, stamp: Stamp, person_id: int | None, browser: str) -> Mine | None:
    """The round that went on when the page was opened; the first may have begun with a save of it."""
    if person_id is not None:
        whose = Enrolment.person_id == person_id
    elif guest := guests.guest_of(db, browser):
        whose = Enrolment.guest_id == guest.id
    else:
        return None
    return db.execute(
        select(Enrolment.id, Enrolment.guest_id)
        .where(Enrolment.course_id == stamp.course_id, whose)
        .where(or_(Enrolment.round == 1, Enrolment.enrolled_at <= stamp.at))
        .order_by(Enrolment.round.desc())
        .limit(1)
    ).one_or_none()


def _begun(db: Session, course_id: int, person_id: int | None, browser: str) -> Mine:
    access = db.scalar(
        select(CourseVersion.access)
        .join(Course, Course.published_version_id == CourseVersion.id)
        .where(Course.id == course_id, Course.retired_at.is_(None))
    )
    if access != "open":
        raise NotFound
    mine = guests.begin(db, browser, course_id) if person_id is None else enrol(db, person_id, course_id)
    return mine.id, mine.guest_id
