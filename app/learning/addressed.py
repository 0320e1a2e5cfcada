"""What an address names, found and checked before a route begins: somebody's own enrolment or attempt, else 404.

Whoever is not signed in is the guest of their browser. In an open course nobody has to enrol: the first act does it.
"""

from typing import Annotated, cast

from fastapi import Depends, Request
from sqlalchemy import Table, bindparam, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from app.catalogue.queries import course_by_slug
from app.core import limiting
from app.core.access import Actor
from app.core.csrf import BROWSER_COOKIE, SAFE_METHODS
from app.core.errors import NotFound, SignInRequired
from app.core.prepared import Prepared, loaded
from app.core.web import Config, Db, MaybeMe, RowId
from app.identity.records import belongs_to
from app.learning import guests
from app.learning.models import Attempt, Enrolment, Guest
from app.learning.page_queries import find_enrolment
from app.learning.policy import Learner, own_enrolments
from app.learning.service import enrol

_ATTEMPT, _ENROLMENT = (cast(Table, model.__table__) for model in (Attempt, Enrolment))
# Built once: every page of a paper asks it.
_PAPER = (
    select(*_ATTEMPT.c, *_ENROLMENT.c)
    .join(_ENROLMENT, _ENROLMENT.c.id == _ATTEMPT.c.enrolment_id)
    .where(_ATTEMPT.c.id == bindparam("attempt_id"))
)
_OF_PERSON = Prepared(_PAPER.where(belongs_to(_ENROLMENT.c.person_id, bindparam("person_id"))))
_OF_GUEST = Prepared(_PAPER.where(_ENROLMENT.c.guest_id == bindparam("guest_id")))


def learner_here(request: Request, db: Session, actor: Actor | None) -> Learner | None:
    """Whoever is signed in, else the guest of this browser, if it has one."""
    return actor or guests.guest_of(db, request.cookies.get(BROWSER_COOKIE))


def count_new_guest(db: Session, request: Request, limit: str) -> None:
    """Raises TooMany where one address makes guests faster than any classroom could."""
    limiting.hit(db, "guest", limit, request.client.host if request.client else "")


def _own_enrolment(slug: str, request: Request, actor: MaybeMe, db: Db) -> Enrolment:
    learner = learner_here(request, db, actor)
    if learner is None:
        raise SignInRequired
    enrolment = find_enrolment(db, learner, slug)
    if enrolment is None:
        raise NotFound if actor else SignInRequired
    return _locked(db, request, enrolment)


def _enrolment_here(slug: str, request: Request, actor: MaybeMe, db: Db, config: Config) -> Enrolment:
    learner = learner_here(request, db, actor)
    enrolment = find_enrolment(db, learner, slug) if learner else None
    if enrolment is not None:
        return _locked(db, request, enrolment)
    course = course_by_slug(db, slug)
    if course.access != "open":
        raise NotFound if actor else SignInRequired
    if request.method in SAFE_METHODS:
        return guests.not_begun(course)
    if actor is not None:
        return enrol(db, actor.person_id, course.course_id)
    if learner is None:
        count_new_guest(db, request, config.guest_limit)
    return guests.begin(db, request.state.browser, course.course_id)


def _own_attempt(attempt_id: RowId, request: Request, actor: MaybeMe, db: Db) -> Attempt:
    learner = learner_here(request, db, actor)
    if learner is None:
        raise SignInRequired
    if _takes_turns(db, request):
        # The enrolment first, as everywhere. What is read next is as it is in our turn: another tab may have handed in.
        mine = (Attempt.id == attempt_id, own_enrolments(learner))
        db.execute(select(Enrolment.id).join(Attempt).where(*mine).with_for_update(of=Enrolment))
    return own_attempt(db, learner, attempt_id)


def own_attempt(db: Session, learner: Learner, attempt_id: int) -> Attempt:
    """With its enrolment; raises NotFound for somebody else's."""
    if isinstance(learner, Guest):
        row = _OF_GUEST.first(db, attempt_id=attempt_id, guest_id=learner.id)
    else:
        row = _OF_PERSON.first(db, attempt_id=attempt_id, person_id=learner.person_id)
    if row is None:
        raise NotFound
    attempt = loaded(db, Attempt, row[: len(_ATTEMPT.c)])
    set_committed_value(attempt, "enrolment", loaded(db, Enrolment, row[len(_ATTEMPT.c) :]))
    return attempt


def _locked(db: Session, request: Request, enrolment: Enrolment) -> Enrolment:
    if _takes_turns(db, request):
        db.refresh(enrolment, with_for_update=True)
    return enrolment


def _takes_turns(db: Session, request: Request) -> bool:
    """Whether two acts in one enrolment (a double click, two tabs) must be kept apart; SQLite does that anyway."""
    return request.method not in SAFE_METHODS and db.get_bind().dialect.name == "postgresql"


# Of somebody who has one.
OwnEnrolment = Annotated[Enrolment, Depends(_own_enrolment)]
# The same; in an open course also of who has none yet: to look at, not written; to act in, made by the act.
EnrolmentHere = Annotated[Enrolment, Depends(_enrolment_here)]
OwnAttempt = Annotated[Attempt, Depends(_own_attempt)]
