"""One person's posts as a manager sees them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.core import clock
from app.core.access import Actor
from app.core.errors import NotFound
from app.identity.codes.slips import may_order_slip
from app.identity.models import Account, Affiliation, Person
from app.identity.people.people_queries import account_of
from app.identity.policy import MANAGE, POSTS, visible_people
from app.identity.records import belongs_to
from app.identity.units.unit_queries import lives_of, version_for


@dataclass(frozen=True)
class PostView:
    """A post with its unit's name on its last day, or today's; `joined`: it carries on the post before a change."""

    id: int
    title: str
    unit: str
    unit_code: str
    is_leader: bool
    is_primary: bool
    audiences: tuple[str, ...]
    started_on: date
    ended_on: date | None
    joined: bool
    state: Literal["now", "later", "over"]
    may_change: bool


@dataclass(frozen=True)
class PersonPosts:
    """`elsewhere`: how many posts, of any time, lie in units the reader does not see."""

    ref: str
    name: str
    username: str
    account_state: str  # "", "new" (first password not changed yet), "disabled"
    may_order_slip: bool
    held: list[PostView]  # now or later
    over: list[PostView]  # the last one first
    elsewhere: int
    may_add: bool


def visible_person(db: Session, actor: Actor, ref: str, permission: str = "people.view") -> Person:
    """Raises NotFound outside of the actor's scope."""
    person = db.scalar(select(Person).where(Person.ref == ref, visible_people(actor, permission)))
    if person is None:
        raise NotFound
    return person


def kept_post(db: Session, actor: Actor, person: Person, post_id: int) -> Affiliation:
    """A post of the person that the actor may change; raises NotFound."""
    post = db.scalar(
        select(Affiliation).where(
            Affiliation.id == post_id,
            belongs_to(Affiliation.person_id, person.id),
            Affiliation.unit_id.in_(actor.units_with(POSTS)),
        )
    )
    if post is None:
        raise NotFound
    return post


def person_posts(db: Session, actor: Actor, person: Person) -> PersonPosts:
    """What the actor may see of them."""
    account = account_of(db, person)
    posts = db.scalars(
        select(Affiliation)
        .options(selectinload(Affiliation.audiences))
        .where(belongs_to(Affiliation.person_id, person.id))
        .order_by(Affiliation.started_on, Affiliation.id)
    ).all()
    seen = _within(db, actor, "people.view", posts)
    kept = _within(db, actor, POSTS, posts) if actor.can(POSTS) else frozenset()
    views = _views(db, [post for post in posts if post.unit_id in seen], kept)
    return PersonPosts(
        ref=person.ref, name=person.name, username=account.username if account else "",
        account_state=_account_state(account),
        may_order_slip=actor.can(MANAGE) and may_order_slip(db, actor, person.id),
        held=[view for view in views if view.state != "over"],
        over=[view for view in reversed(views) if view.state == "over"],
        elsewhere=len(posts) - len(views), may_add=actor.can(POSTS),
    )  # fmt: skip


def _within(db: Session, actor: Actor, permission: str, posts: Sequence[Affiliation]) -> frozenset[int]:
    """The units of these posts that the permission reaches."""
    reached = select(Affiliation.unit_id).where(
        Affiliation.id.in_([post.id for post in posts]), Affiliation.unit_id.in_(actor.units_with(permission))
    )
    return frozenset(db.scalars(reached))


def _views(db: Session, posts: Sequence[Affiliation], kept: frozenset[int]) -> list[PostView]:
    today = clock.today()
    lives = lives_of(db, {post.unit_id for post in posts})
    views = []
    for post in posts:
        unit = version_for(lives[post.unit_id], min(post.ended_on or today, today))
        state: Literal["now", "later", "over"] = "now"
        if post.started_on > today:
            state = "later"
        elif post.ended_on is not None and post.ended_on < today:
            state = "over"
        views.append(
            PostView(
                post.id, post.title, unit.name, unit.code, post.is_leader, post.is_primary,
                tuple(sorted(one.audience_code for one in post.audiences)), post.started_on, post.ended_on,
                post.continues_id is not None, state, post.unit_id in kept,
            )
        )  # fmt: skip
    return views


def _account_state(account: Account | None) -> str:
    if account is None:
        return ""
    return "disabled" if account.disabled_at else "new" if account.must_change_password else ""
