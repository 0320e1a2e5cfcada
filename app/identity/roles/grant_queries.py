"""Who may do what where, and why: the roles of one person, and those that reach one unit."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.access import Actor, UnitClosure, closure_on
from app.core.errors import NotFound
from app.identity.models import Account, Person, RoleGrant
from app.identity.people.people_queries import account_of, posts_of
from app.identity.policy import MANAGE, ROLES, managed_people, words_of
from app.identity.records import belongs_to, holder_of
from app.identity.roles.grants import may_decide, roles_to_give, units_above
from app.identity.units.unit_queries import UnitOnDay, full_names, unit_on, units_by_id


@dataclass(frozen=True)
class GrantView:
    """A role held at a unit. `state`: now, later, over; `ref` is "" for a person the reader may not open."""

    id: int
    ref: str
    name: str
    title: str
    words: tuple[str, ...]
    unit: str
    unit_code: str
    starts_on: date
    ends_on: date | None
    given_on: date
    given_by: str  # "" for what a command or the system gave
    ended_on: date | None  # the day on which somebody set its end
    ended_by: str
    state: str
    may_end: bool

    @property
    def was_withdrawn(self) -> bool:
        """It never held a whole day: taken back on its first."""
        return self.ends_on is not None and self.ends_on < self.starts_on


@dataclass(frozen=True)
class PersonRoles:
    """`elsewhere`: how many more roles the person holds where the reader looks after nobody."""

    ref: str
    name: str
    username: str
    posts: tuple[tuple[str, str], ...]  # title, unit
    has_account: bool
    is_self: bool
    held: list[GrantView]  # now or later
    over: list[GrantView]
    elsewhere: int
    roles: list[tuple[str, str]]  # those the reader may give somewhere: code, title
    unit_code: str  # where the person works, if the reader looks after it


@dataclass(frozen=True)
class UnitRoles:
    unit: UnitOnDay
    held: list[GrantView]
    from_above: list[GrantView]
    over: list[GrantView]
    meanings: list[tuple[str, tuple[str, ...]]]  # of each role: title, what it allows


def managed_person(db: Session, actor: Actor, ref: str) -> Person:
    """Raises NotFound outside of the actor's scope."""
    person = db.scalar(select(Person).where(Person.ref == ref, managed_people(actor)))
    if person is None:
        raise NotFound
    return person


def managed_grant(db: Session, actor: Actor, person: Person, grant_id: int) -> RoleGrant:
    """One of the person's roles; raises NotFound for one the actor does not see."""
    of_person = _grants().where(belongs_to(Account.person_id, person.id), RoleGrant.id == grant_id, _seen(actor))
    grant = db.scalar(of_person.with_for_update(of=RoleGrant))
    if grant is None:
        raise NotFound
    return grant


def person_roles(db: Session, actor: Actor, person: Person) -> PersonRoles:
    today = clock.today()
    account = account_of(db, person)
    mine = _grants().where(belongs_to(Account.person_id, person.id))
    views = _views(db, actor, db.scalars(mine.where(_seen(actor)).order_by(RoleGrant.starts_on, RoleGrant.id)).all())
    hidden = db.scalars(mine.where(~_seen(actor), or_(RoleGrant.ends_on.is_(None), RoleGrant.ends_on >= today))).all()
    posts = [post for post in posts_of(db, [person.id])[person.id] if post.held_on(today)]
    here = actor.units_with(MANAGE).where(UnitClosure.descendant_id.in_([post.unit_id for post in posts]))
    units = units_by_id(db, db.scalars(here).all(), today)
    posts = [post for post in posts if post.unit_id in units]
    return PersonRoles(
        ref=person.ref,
        name=person.name,
        username=account.username if account else "",
        posts=tuple((post.title, units[post.unit_id].name) for post in posts),
        has_account=account is not None,
        is_self=person.id == actor.person_id,
        held=[view for view in views if view.state != "over"],
        over=[view for view in reversed(views) if view.state == "over"],
        elsewhere=len(hidden),
        roles=[(code, str(role.title)) for code, role in roles_to_give(actor).items()],
        unit_code=units[posts[0].unit_id].code if posts else "",
    )


def unit_roles(db: Session, actor: Actor, code: str) -> UnitRoles:
    """Of a unit of today; raises NotFound outside of the actor's scope."""
    unit = unit_on(db, code, clock.today())
    if unit is None or not manages(db, actor, unit.unit_id):
        raise NotFound
    own = _views(db, actor, _held_at(db, [unit.unit_id]))
    above = units_above(db, [unit.unit_id])[unit.unit_id] - {unit.unit_id}
    return UnitRoles(
        unit=unit,
        held=[view for view in own if view.state != "over"],
        from_above=[view for view in _views(db, actor, _held_at(db, above)) if view.state != "over"],
        over=[view for view in reversed(own) if view.state == "over"],
        meanings=[(str(role.title), words_of(code)) for code, role in ROLES.items()],
    )


def manages(db: Session, actor: Actor, unit_id: int) -> bool:
    """Whether the actor looks after roles at the unit."""
    return db.scalar(actor.units_with(MANAGE).where(UnitClosure.descendant_id == unit_id).limit(1)) is not None


def _seen(actor: Actor) -> ColumnElement[bool]:
    """Grants that concern a unit where the actor looks after roles: given there, below, or above it."""
    roots = actor.grants.get(MANAGE, frozenset())
    above = select(UnitClosure.ancestor_id).where(UnitClosure.descendant_id.in_(roots), closure_on(clock.today()))
    return RoleGrant.unit_id.in_(actor.units_with(MANAGE)) | RoleGrant.unit_id.in_(above)


def _grants() -> Select[RoleGrant]:
    return select(RoleGrant).join(Account, Account.id == RoleGrant.account_id)


def _held_at(db: Session, unit_ids: Iterable[int]) -> Sequence[RoleGrant]:
    """By role, the oldest first."""
    found = db.scalars(select(RoleGrant).where(RoleGrant.unit_id.in_(list(unit_ids))).order_by(RoleGrant.starts_on))
    order = list(ROLES)
    return sorted(found, key=lambda grant: (order.index(grant.role) if grant.role in order else len(order), grant.id))


def _views(db: Session, actor: Actor, grants: Sequence[RoleGrant]) -> list[GrantView]:
    """Six queries, however many there are."""
    today = clock.today()
    people = _holders(db, {grant.account_id for grant in grants})
    ids = {person_id for person_id, _ref, _name in people.values()}
    opened = set(db.scalars(select(Person.id).where(Person.id.in_(ids), managed_people(actor))))
    names = _holders(db, {by for grant in grants for by in (grant.granted_by, grant.ended_by) if by})
    unit_ids = {grant.unit_id for grant in grants}
    units, full, above = units_by_id(db, unit_ids, today), full_names(db, unit_ids, today), units_above(db, unit_ids)
    views = []
    for grant in grants:
        person_id, ref, name = people[grant.account_id]
        is_over = grant.ends_on is not None and grant.ends_on < max(today, grant.starts_on)
        views.append(
            GrantView(
                id=grant.id,
                ref=ref if person_id in opened else "",
                name=name,
                title=str(ROLES[grant.role].title) if grant.role in ROLES else grant.role,
                words=words_of(grant.role),
                unit=full[grant.unit_id],
                unit_code=units[grant.unit_id].code,
                starts_on=grant.starts_on,
                ends_on=grant.ends_on,
                given_on=clock.day_of(grant.granted_at),
                given_by=names[grant.granted_by][2] if grant.granted_by in names else "",
                ended_on=clock.day_of(grant.ended_at) if grant.ended_at else None,
                ended_by=names[grant.ended_by][2] if grant.ended_by in names else "",
                state="over" if is_over else "now" if grant.starts_on <= today else "later",
                may_end=not is_over
                and grant.account_id != actor.account_id
                and may_decide(actor, grant.role, above[grant.unit_id]),
            )
        )
    return views


def _holders(db: Session, account_ids: Iterable[int]) -> dict[int, tuple[int, str, str]]:
    """Person id, ref and name by account id."""
    rows = db.execute(
        select(Account.id, Person.id, Person.ref, Person.name)
        .select_from(Account)
        .join(Person, Person.id == holder_of(Account.person_id))
        .where(Account.id.in_(list(account_ids)))
    )
    return {account_id: (person_id, ref, name) for account_id, person_id, ref, name in rows}
