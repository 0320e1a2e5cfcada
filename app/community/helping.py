"""Calls for help: routed to whoever looks after the learner's unit, with the time an answer usually takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.community.models import HelpRequest
from app.community.places import LessonPlace, lesson_title
from app.core import audit, clock, limiting
from app.core.access import Actor, UnitClosure, closure_on
from app.core.errors import Conflict, Invalid, NotFound
from app.core.i18n import gettext
from app.core.i18n import lazy as _
from app.core.settings import get_settings
from app.identity.models import Account, Affiliation, Person, RoleGrant
from app.identity.policy import granting, held_on
from app.identity.records import belongs_to
from app.identity.units.unit_queries import full_names, unit_on
from app.notices.service import notify

ANSWER = "help.answer"
LONGEST = 5000
# Nobody has answered here yet: what a unit is expected to keep.
PROMISED = timedelta(days=2)
_LIMIT = "10/hour"
_LOOK_BACK = timedelta(days=90)

_CALLED = _("%(name)s cần trợ giúp ở bài “%(lesson)s”.")
_ANSWERED = _("Có trả lời cho yêu cầu trợ giúp ở bài “%(lesson)s”.")


@dataclass(frozen=True)
class HelpView:
    id: int
    asker: str
    unit_name: str
    course_title: str
    lesson_title: str
    url: str
    text: str
    asked_at: datetime
    answer: str
    answered_at: datetime | None
    is_late: bool


@dataclass(frozen=True)
class HelpPage:
    """Asking for help with a lesson: who will answer, how soon as a rule, and what I asked here before."""

    place: LessonPlace
    unit_name: str
    usual: str
    mine: tuple[HelpView, ...]


def help_page(db: Session, actor: Actor, place: LessonPlace) -> HelpPage:
    unit_id = supporting_unit(db, actor.person_id)
    mine = db.scalars(
        select(HelpRequest)
        .where(
            HelpRequest.person_id.in_(actor.records), HelpRequest.course_id == place.course.course_id,
            HelpRequest.lesson_key == place.key,
        )
        .order_by(HelpRequest.id.desc())
    ).all()  # fmt: skip
    name = full_names(db, [unit_id], clock.today())[unit_id]
    return HelpPage(place, name, in_words(usual_time(db, unit_id)), _views(db, mine))


def ask(db: Session, actor: Actor, place: LessonPlace, text: str) -> HelpRequest:
    """Raises Invalid for nothing or too much, TooMany."""
    text = text.strip()
    if not text:
        raise Invalid(fields={"text": str(_("Hãy viết đang vướng ở đâu."))})
    if len(text) > LONGEST:
        raise Invalid(fields={"text": str(_("Dài quá %(most)s ký tự; hãy viết ngắn hơn.") % {"most": LONGEST})})
    limiting.hit(db, "help", _LIMIT, str(actor.person_id))
    unit_id = supporting_unit(db, actor.person_id)
    request = HelpRequest(
        person_id=actor.person_id, course_id=place.course.course_id, lesson_key=place.key, unit_id=unit_id, text=text,
        asked_at=clock.now(),
    )  # fmt: skip
    db.add(request)
    db.flush()
    notify(
        db, set(_supporters(db, unit_id)) - {actor.person_id}, category="work", key=f"help:{request.id}",
        sentence=_CALLED, url=f"/help-requests#r{request.id}", name=actor.name, lesson=place.title,
    )  # fmt: skip
    return request


def waiting_and_answered(db: Session, actor: Actor) -> tuple[tuple[HelpView, ...], tuple[HelpView, ...]]:
    """What the actor may answer, the oldest first; and what was answered last."""
    here = select(HelpRequest).where(HelpRequest.unit_id.in_(actor.units_with(ANSWER)))
    waiting = db.scalars(here.where(HelpRequest.answered_at.is_(None)).order_by(HelpRequest.id).limit(100)).all()
    answered = db.scalars(
        here.where(HelpRequest.answered_at.is_not(None)).order_by(HelpRequest.answered_at.desc()).limit(20)
    ).all()
    return _views(db, waiting), _views(db, answered)


def answer(db: Session, actor: Actor, request_id: int, text: str) -> None:
    """Raises NotFound outside of the actor's units, Invalid for nothing, Conflict if somebody was faster."""
    request = db.scalars(
        select(HelpRequest)
        .where(HelpRequest.id == request_id, HelpRequest.unit_id.in_(actor.units_with(ANSWER)))
        .with_for_update()
    ).one_or_none()
    if request is None:
        raise NotFound
    text = text.strip()[:LONGEST]
    if not text:
        raise Invalid(fields={"answer": str(_("Hãy viết câu trả lời."))})
    if request.answered_at is not None:
        raise Conflict(_("Yêu cầu này đã có người trả lời."))
    request.answer, request.answered_at, request.answered_by = text, clock.now(), actor.account_id
    audit.record(db, "help.answer", "help_request", request.id, account_id=actor.account_id)
    slug, _title, lesson = lesson_title(db, request.course_id, request.lesson_key)
    notify(
        db, [request.person_id], category="message", key=f"helped:{request.id}", sentence=_ANSWERED,
        url=f"/learn/{slug}/{request.lesson_key}/help", lesson=lesson,
    )  # fmt: skip
    db.flush()


def supporting_unit(db: Session, person_id: int) -> int:
    """The nearest unit above one of the person's posts of today where somebody may answer; else the province."""
    found = db.scalar(
        select(UnitClosure.ancestor_id)
        .join(Affiliation, Affiliation.unit_id == UnitClosure.descendant_id)
        .join(RoleGrant, RoleGrant.unit_id == UnitClosure.ancestor_id)
        .join(Account, Account.id == RoleGrant.account_id)
        .where(
            belongs_to(Affiliation.person_id, person_id), held_on(clock.today()), closure_on(clock.today()),
            granting(ANSWER), Account.disabled_at.is_(None),
        )
        .order_by(Affiliation.is_primary.desc(), UnitClosure.depth, UnitClosure.ancestor_id)
        .limit(1)
    )  # fmt: skip
    if found is not None:
        return found
    province = unit_on(db, get_settings().province_code, clock.today())
    if province is None:
        raise NotFound
    return province.unit_id


def usual_time(db: Session, unit_id: int) -> timedelta:
    """The median time to an answer there in the last 90 days; PROMISED where there was none."""
    rows = db.execute(
        select(HelpRequest.asked_at, HelpRequest.answered_at).where(
            HelpRequest.unit_id == unit_id, HelpRequest.answered_at > clock.now() - _LOOK_BACK
        )
    ).all()
    taken = [(answered_at - asked_at).total_seconds() for asked_at, answered_at in rows if answered_at is not None]
    return timedelta(seconds=median(taken)) if taken else PROMISED


def in_words(taken: timedelta) -> str:
    """Rounded up to what one can plan with: an hour, so many hours, so many days."""
    hours = -(-taken // timedelta(hours=1))
    if hours <= 1:
        return gettext("trong vòng một giờ")
    if hours < 24:
        return gettext("trong khoảng %(hours)s giờ", hours=hours)
    return gettext("trong khoảng %(days)s ngày", days=-(-hours // 24))


def _supporters(db: Session, unit_id: int) -> list[int]:
    return list(
        db.scalars(
            select(Account.person_id)
            .join(RoleGrant, RoleGrant.account_id == Account.id)
            .where(RoleGrant.unit_id == unit_id, granting(ANSWER), Account.disabled_at.is_(None))
        )
    )


def _views(db: Session, found: Sequence[HelpRequest]) -> tuple[HelpView, ...]:
    people = dict(
        db.execute(select(Person.id, Person.name).where(Person.id.in_({one.person_id for one in found}))).all()
    )
    units = full_names(db, {one.unit_id for one in found}, clock.today())
    views = []
    for one in found:
        slug, course_title, lesson = lesson_title(db, one.course_id, one.lesson_key)
        views.append(
            HelpView(
                one.id, people[one.person_id], units[one.unit_id], course_title, lesson,
                f"/learn/{slug}/{one.lesson_key}", one.text, one.asked_at, one.answer or "", one.answered_at,
                one.answered_at is None and clock.now() - one.asked_at > PROMISED,
            )
        )  # fmt: skip
    return tuple(views)
