"""What an address names, found and checked before a route begins: somebody's own enrolment or attempt, else 404."""

from typing import Annotated

from fastapi import Depends
from sqlalchemy import select
from sqlalchemy.orm import contains_eager

from app.core.errors import NotFound
from app.core.web import Db, Me
from app.learning.models import Attempt, Enrolment
from app.learning.page_queries import find_enrolment
from app.learning.policy import own_enrolments


def _own_enrolment(slug: str, actor: Me, db: Db) -> Enrolment:
    enrolment = find_enrolment(db, actor, slug)
    if enrolment is None:
        raise NotFound
    return enrolment


def _own_attempt(attempt_id: int, actor: Me, db: Db) -> Attempt:
    attempt = db.scalars(
        select(Attempt)
        .join(Attempt.enrolment)
        .options(contains_eager(Attempt.enrolment))
        .where(Attempt.id == attempt_id, own_enrolments(actor))
    ).one_or_none()
    if attempt is None:
        raise NotFound
    return attempt


OwnEnrolment = Annotated[Enrolment, Depends(_own_enrolment)]
OwnAttempt = Annotated[Attempt, Depends(_own_attempt)]
