"""Posts as a manager keeps them: a new one, a change from a day on, an end, a mistake put right.

Nothing is deleted, and nothing a person earned moves with a post: completions carry the posts of their own day. What
was done with a post is in the audit trail; whoever counts by posts hears AffiliationsChanged.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.access import Actor
from app.core.audit import record
from app.core.errors import Conflict, Invalid
from app.core.events import emit
from app.core.i18n import gettext as _
from app.core.text import fold, nfc
from app.identity.events import AffiliationsChanged
from app.identity.models import Affiliation, AffiliationAudience, Person
from app.identity.people.people import add_affiliation, continue_affiliations, end_affiliation
from app.identity.policy import POSTS, is_within
from app.identity.records import belongs_to
from app.identity.taking_turns import take_turns
from app.identity.units.unit_queries import lives_of

TITLE_LENGTH = 120
_FOREVER = date.max


@dataclass(frozen=True)
class PostWish:
    """A post as somebody wants it: from its first to its last day, both included."""

    unit_id: int
    title: str
    is_leader: bool
    is_primary: bool
    audiences: tuple[str, ...]
    starts_on: date
    ends_on: date | None = None


def add_post(db: Session, actor: Actor, person: Person, wish: PostWish) -> Affiliation:
    """One more post; Invalid with `fields` for what cannot be."""
    take_turns(db, [person.id])
    held = _held_from(db, person, wish.starts_on)
    _check(db, wish, held)
    is_primary = _settle_primary(db, actor, wish, held)
    post = add_affiliation(
        db, person, wish.unit_id, title=wish.title, audiences=wish.audiences, is_leader=wish.is_leader,
        is_primary=is_primary, started_on=wish.starts_on, ended_on=wish.ends_on,
    )  # fmt: skip
    _note(db, actor, "post.add", post)
    return post


def change_post(db: Session, actor: Actor, post: Affiliation, wish: PostWish) -> Affiliation:
    """The post ends the day before `wish.starts_on` and is what the wish says from then on: a transfer, a new title.

    At the same unit it is carried on, so that it keeps its place among several posts (DESIGN 5, "Two posts").
    """
    take_turns(db, [post.person_id])
    if wish.starts_on <= post.started_on:
        said = _(
            "Vị trí này bắt đầu ngày %(day)s; thay đổi phải từ sau ngày ấy. Nếu ghi sai từ đầu, hãy sửa chỗ ghi sai."
        )
        raise Invalid(fields={"starts_on": said % {"day": post.started_on.strftime("%d/%m/%Y")}})
    if post.ended_on is not None and wish.starts_on > post.ended_on:
        raise Invalid(fields={"starts_on": _("Lúc ấy vị trí này đã kết thúc.")})
    held = [one for one in _held_from(db, post.person, wish.starts_on) if one is not post]
    _check(db, wish, held)
    is_primary = _settle_primary(db, actor, wish, held)
    if wish.unit_id == post.unit_id:
        going_on = continue_affiliations(db, [post], {post.id: post.unit_id}, wish.starts_on)[post.id]
        after = db.get_one(Affiliation, going_on)
        after.ended_on, after.end_recorded_at = wish.ends_on, clock.now() if wish.ends_on else None
        after.is_primary = is_primary
        _describe(after, wish)
        db.flush()
        emit(db, AffiliationsChanged((post.person_id,)))
    else:
        end_affiliation(db, post, wish.starts_on - timedelta(days=1))
        after = add_affiliation(
            db, post.person, wish.unit_id, title=wish.title, audiences=wish.audiences, is_leader=wish.is_leader,
            is_primary=is_primary, started_on=wish.starts_on, ended_on=wish.ends_on,
        )  # fmt: skip
    _note(db, actor, "post.change", after, before=post.id)
    return after


def correct_post(db: Session, actor: Actor, post: Affiliation, wish: PostWish) -> None:
    """What was recorded wrongly, put right for all of the post's days. What was earned meanwhile stays where it was."""
    take_turns(db, [post.person_id])
    if (wish.unit_id, wish.starts_on) != (post.unit_id, post.started_on) and is_joined(db, post):
        raise Conflict(_("Vị trí này nối với một vị trí khác của người ấy: không sửa được đơn vị và ngày bắt đầu."))
    held = [one for one in _held_from(db, post.person, wish.starts_on) if one is not post]
    _check(db, wish, held)
    before = _facts(post)
    post.is_primary = _settle_primary(db, actor, wish, held)
    post.unit_id, post.started_on = wish.unit_id, wish.starts_on
    if wish.ends_on != post.ended_on:
        post.ended_on, post.end_recorded_at = wish.ends_on, clock.now() if wish.ends_on else None
    _describe(post, wish)
    db.flush()
    emit(db, AffiliationsChanged((post.person_id,)))
    _note(db, actor, "post.correct", post, was=before)


def end_post(db: Session, actor: Actor, post: Affiliation, last_day: date) -> None:
    """Its last day; Invalid if it lies before the first."""
    take_turns(db, [post.person_id])
    end_affiliation(db, post, last_day)
    _note(db, actor, "post.end", post)


def is_joined(db: Session, post: Affiliation) -> bool:
    """Whether it carries on another post or is carried on by one."""
    first = post.continues_id or post.id
    carried_on = select(Affiliation.id).where(Affiliation.continues_id == first, Affiliation.id != post.id)
    return post.continues_id is not None or db.scalar(carried_on.limit(1)) is not None


def _held_from(db: Session, person: Person, day: date) -> Sequence[Affiliation]:
    """The person's posts that are held on the day or later."""
    return db.scalars(
        select(Affiliation)
        .where(
            belongs_to(Affiliation.person_id, person.id),
            or_(Affiliation.ended_on.is_(None), Affiliation.ended_on >= day),
        )
        .order_by(Affiliation.started_on, Affiliation.id)
    ).all()


def _check(db: Session, wish: PostWish, held: Sequence[Affiliation]) -> None:
    """Raises Invalid with everything wrong at once; `held` are the person's other posts from that day on."""
    errors = {}
    life = lives_of(db, [wish.unit_id])[wish.unit_id]
    first, last = life[0].valid_from, life[-1].last_day
    if wish.starts_on < first:
        said = _("%(unit)s được lập ngày %(day)s. Hãy ghi đơn vị của lúc ấy, hoặc ngày từ khi lập.")
        errors["starts_on"] = said % {"unit": life[0].name, "day": first.strftime("%d/%m/%Y")}
    elif last is not None and (wish.ends_on or _FOREVER) > last:
        errors["unit"] = _("Đơn vị này chỉ có đến hết ngày %(day)s.", day=last.strftime("%d/%m/%Y"))
    if wish.ends_on is not None and wish.ends_on < wish.starts_on:
        errors["ends_on"] = _("Ngày kết thúc không thể trước ngày bắt đầu.")
    for post in held:
        if (post.unit_id, fold(post.title)) == (wish.unit_id, fold(wish.title)) and _overlap(post, wish):
            errors["unit"] = _("Người này đã giữ vị trí ấy ở đơn vị ấy trong thời gian ấy.")
    if errors:
        raise Invalid(fields=errors)


def _settle_primary(db: Session, actor: Actor, wish: PostWish, held: Sequence[Affiliation]) -> bool:
    """Whether the wished post is the primary one: of several at once exactly one is.

    The one that was yields from the wish's first day on; its days before stay as they were. Raises Invalid if that one
    lies where the actor keeps no posts.
    """
    others = [post for post in held if post.is_primary and _overlap(post, wish)]
    if not wish.is_primary or not others:
        return not others
    if not is_within(db, actor, {post.unit_id for post in others}, POSTS):
        said = _("Vị trí chính của người này ở đơn vị ngoài phạm vi của anh/chị. Hãy ghi vị trí này là kiêm nhiệm.")
        raise Invalid(fields={"primary": said})
    going_on = continue_affiliations(db, others, {post.id: post.unit_id for post in others}, wish.starts_on)
    for before, after in going_on.items():
        db.get_one(Affiliation, after or before).is_primary = False
    db.flush()
    return True


def _overlap(post: Affiliation, wish: PostWish) -> bool:
    return post.started_on <= (wish.ends_on or _FOREVER) and wish.starts_on <= (post.ended_on or _FOREVER)


def _describe(post: Affiliation, wish: PostWish) -> None:
    """Title, leadership and audiences as wished."""
    post.title, post.is_leader = nfc(wish.title), wish.is_leader
    if {one.audience_code for one in post.audiences} != set(wish.audiences):
        kept = {one.audience_code: one for one in post.audiences}
        post.audiences = [kept.get(code) or AffiliationAudience(audience_code=code) for code in wish.audiences]


def _note(db: Session, actor: Actor, action: str, post: Affiliation, **more: object) -> None:
    record(db, action, "person", post.person_id, account_id=actor.account_id, post=post.id, **_facts(post), **more)


def _facts(post: Affiliation) -> dict[str, object]:
    """What the trail says of a post: no name, nothing that erasing a person would have to find there."""
    return {
        "unit": post.unit_id, "primary": post.is_primary, "leader": post.is_leader,
        "audiences": sorted(one.audience_code for one in post.audiences),
        "first": post.started_on.isoformat(), "last": post.ended_on.isoformat() if post.ended_on else None,
    }  # fmt: skip
