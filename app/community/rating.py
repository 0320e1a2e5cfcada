"""Ratings of a course: one each, changed as one likes; names stay with who looks after the course."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from app.community.models import Rating
from app.community.places import CoursePlace
from app.core import clock
from app.core.access import Actor
from app.core.errors import Invalid
from app.core.i18n import lazy as _

LONGEST = 2000
_SHOWN = 50


@dataclass(frozen=True)
class RatingPage:
    """`average` is None below three ratings: fewer would be somebody's in particular. `words` only for its authors."""

    place: CoursePlace
    count: int
    average: float | None
    per_star: tuple[tuple[int, int], ...]
    mine: Rating | None
    words: tuple[Row[int, str, datetime], ...]


def rating_page(db: Session, actor: Actor, place: CoursePlace) -> RatingPage:
    here = Rating.course_id == place.course.course_id
    counted = dict(db.execute(select(Rating.stars, func.count()).where(here).group_by(Rating.stars)).all())
    count = sum(counted.values())
    said = (
        select(Rating.stars, Rating.text, Rating.rated_at)
        .where(here, Rating.text != "")
        .order_by(Rating.rated_at.desc())
        .limit(_SHOWN)
    )
    return RatingPage(
        place=place,
        count=count,
        average=sum(stars * number for stars, number in counted.items()) / count if count >= 3 else None,
        per_star=tuple((stars, counted.get(stars, 0)) for stars in (5, 4, 3, 2, 1)),
        mine=db.scalars(select(Rating).where(here, Rating.person_id.in_(actor.records)).order_by(Rating.id)).first(),
        words=tuple(db.execute(said).all()) if place.moderates else (),
    )


def rate(db: Session, actor: Actor, place: CoursePlace, stars: str, text: str) -> Rating:
    """Raises Invalid for no stars."""
    if stars not in ("1", "2", "3", "4", "5"):
        raise Invalid(fields={"stars": str(_("Hãy chọn từ 1 đến 5 sao."))})
    mine = db.scalars(
        select(Rating)
        .where(Rating.course_id == place.course.course_id, Rating.person_id.in_(actor.records))
        .order_by(Rating.id)
    ).first()
    if mine is None:
        mine = Rating(person_id=actor.person_id, course_id=place.course.course_id)
        db.add(mine)
    mine.course_version_id, mine.stars = place.course.version_id, int(stars)
    mine.text, mine.rated_at = text.strip()[:LONGEST], clock.now()
    db.flush()
    return mine
