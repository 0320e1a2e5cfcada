"""Records that may be one human being: whom the pages propose, two side by side, and the merges there were."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session, aliased

from app.core import clock
from app.core.access import Actor
from app.core.db import Base
from app.core.errors import NotFound
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.core.templating import format_date
from app.identity import sealing
from app.identity.identifiers import phone_shown
from app.identity.models import Account, DistinctPeople, MergedRecord, Person, PersonMerge, RoleGrant
from app.identity.people.merging import FIELDS, Pair, has_later, pair_of
from app.identity.people.people_queries import Post, posts_of
from app.identity.policy import MANAGE, ROLES, in_force_on, sees_every_post, visible_posts
from app.identity.records import holders_holding, is_alias, records_by_holder
from app.identity.sealing import SealedFields
from app.identity.units.unit_queries import full_names

PAGE_SIZE = 20
# Tables of the domains above that name people, and what a row there is called; None: nothing to count one's work by.
_EARNED: dict[str, lazy | None] = {}
_SEX = {"male": lazy("Nam"), "female": lazy("Nữ")}


def wire_earned(tables: Mapping[str, lazy | None]) -> None:
    """`create_app` tells which they are (holdings.EARNED)."""
    _EARNED.clear()
    _EARNED.update(tables)


@dataclass(frozen=True)
class Side:
    """One of the two as the page shows it; `fields` by key of merging.FIELDS, in words, "" where nothing is known."""

    ref: str
    name: str
    fields: Mapping[str, str]
    posts: tuple[tuple[str, str, date, date | None], ...]  # title, unit, first and last day
    usernames: tuple[str, ...]
    roles: tuple[str, ...]
    earned: tuple[str, ...]
    has_signed_up: bool
    created_on: date
    record_count: int


@dataclass(frozen=True)
class Twins:
    """One page of the pairs that share name and birth date, neither merged nor set apart."""

    pairs: list[tuple[Side, Side]]
    total: int
    page: int
    pages: int


@dataclass(frozen=True)
class MergeView:
    id: int
    ref: str
    name: str
    alias_name: str
    swapped: tuple[str, ...]
    reason: str
    by: str
    at: datetime
    undone_by: str
    undone_at: datetime | None
    may_undo: bool


def twins(db: Session, actor: Actor, page: int = 1) -> Twins:
    """Both of whom the actor looks after; five queries a pair at most, and a page has few."""
    one, other = aliased(Person), aliased(Person)
    shared = select(Person.likeness).where(Person.likeness > b"").group_by(Person.likeness).having(func.count() > 1)
    found = (
        select(one.id, other.id)
        .join(other, (other.likeness == one.likeness) & (other.id > one.id))
        .where(one.likeness.in_(shared), _is_open(db, actor, one), _is_open(db, actor, other))
        .where(~exists().where(DistinctPeople.one_id == one.id, DistinctPeople.other_id == other.id))
    )
    total = db.scalar(select(func.count()).select_from(found.subquery())) or 0
    pages = max(1, -(-total // PAGE_SIZE))
    page = min(max(page, 1), pages)
    rows = db.execute(
        found.order_by(one.sort_name, one.id, other.id).limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE)
    ).all()
    shown = sides(db, [person_id for row in rows for person_id in row])
    return Twins([(shown[one_id], shown[other_id]) for one_id, other_id in rows], total, page, pages)


def pair_named(db: Session, actor: Actor, ref: str, other_ref: str) -> Pair:
    """Two different people the actor looks after, as they are shown; raises NotFound."""
    found = list(db.scalars(select(Person).where(Person.ref.in_((ref, other_ref)), _is_open(db, actor, Person))))
    if len(found) != 2:
        raise NotFound
    return pair_of(*found)


def sides(db: Session, person_ids: Sequence[int]) -> dict[int, Side]:
    """Each with all records of theirs; a fixed number of queries."""
    records = records_by_holder(db, person_ids)
    shown = {record: holder for holder, kin in records.items() for record in kin}
    people = {one.id: one for one in db.scalars(select(Person).where(Person.id.in_(records)))}
    posts = posts_of(db, records)
    units = full_names(db, {post.unit_id for held in posts.values() for post in held}, clock.today())
    usernames: dict[int, list[str]] = {}
    roles: dict[int, list[str]] = {}
    signing_in = select(Account.person_id, Account.username).where(Account.person_id.in_(shown))
    for record, username in db.execute(signing_in.order_by(Account.id)):
        usernames.setdefault(shown[record], []).append(username)
    held = (
        select(Account.person_id, RoleGrant.role)
        .join(RoleGrant, RoleGrant.account_id == Account.id)
        .where(Account.person_id.in_(shown), in_force_on(clock.today()))
        .order_by(RoleGrant.id)
    )
    for record, role in db.execute(held):
        roles.setdefault(shown[record], []).append(str(ROLES[role].title) if role in ROLES else role)
    earned = _earned(db, shown)
    return {
        person_id: Side(
            ref=one.ref, name=one.name, fields=_in_words(one, sealing.unseal(one)),
            posts=tuple(_post(post, units) for post in posts[person_id]),
            usernames=tuple(usernames.get(person_id, ())), roles=tuple(dict.fromkeys(roles.get(person_id, ()))),
            earned=tuple(earned.get(person_id, ())), has_signed_up=one.signed_up_at is not None,
            created_on=clock.day_of(one.created_at), record_count=len(records[person_id]),
        )
        for person_id, one in people.items()
    }  # fmt: skip


def merges(db: Session, actor: Actor) -> list[MergeView]:
    """Those of people the actor looks after, the latest first."""
    rows = db.scalars(select(PersonMerge).where(_is_seen(db, actor)).order_by(PersonMerge.id.desc()).limit(200)).all()
    ids = {person_id for row in rows for person_id in (row.person_id, row.alias_id)}
    people = {one.id: one for one in db.scalars(select(Person).where(Person.id.in_(ids)))}
    names = dict(
        db.execute(
            select(Account.id, Person.name)
            .join(Person, Person.id == Account.person_id)
            .where(Account.id.in_({by for row in rows for by in (row.merged_by, row.undone_by) if by}))
        ).all()
    )
    return [
        MergeView(
            row.id, people[row.person_id].ref, people[row.person_id].name, people[row.alias_id].name,
            tuple(str(FIELDS[name]) for name in row.swapped), row.reason, names.get(row.merged_by or 0, ""),
            row.merged_at, names.get(row.undone_by or 0, ""), row.undone_at,
            row.undone_at is None and not has_later(db, row),
        )
        for row in rows
    ]  # fmt: skip


def seen_merge(db: Session, actor: Actor, merge_id: int) -> PersonMerge:
    """Raises NotFound."""
    found = db.scalar(select(PersonMerge).where(PersonMerge.id == merge_id, _is_seen(db, actor)))
    if found is None:
        raise NotFound
    return found


def _is_open(db: Session, actor: Actor, person: type[Person]) -> ColumnElement[bool]:
    """Shown as themselves, and looked after by the actor; who holds no post is for the whole province."""
    if sees_every_post(db, actor, MANAGE):
        return ~is_alias(person.id)
    return person.id.in_(holders_holding(visible_posts(actor, MANAGE)))


def _is_seen(db: Session, actor: Actor) -> ColumnElement[bool]:
    """A merge concerns both its records: whoever looks after the one they are shown as, and did so before."""
    if sees_every_post(db, actor, MANAGE):
        return PersonMerge.id.is_not(None)
    mine = holders_holding(visible_posts(actor, MANAGE))
    shown = aliased(MergedRecord)
    alone = PersonMerge.alias_id.in_(mine)
    together = exists().where(shown.person_id == PersonMerge.alias_id, shown.holder_id.in_(mine))
    return PersonMerge.person_id.in_(mine) & (alone | together)


def _earned(db: Session, shown: Mapping[int, int]) -> dict[int, list[str]]:
    """In words, what stands under these records; one query a table."""
    said: dict[int, list[str]] = {}
    for name, words in _EARNED.items():
        if words is None:
            continue
        column = Base.metadata.tables[name].c.person_id
        counts: dict[int, int] = {}
        for record, count in db.execute(select(column, func.count()).where(column.in_(shown)).group_by(column)):
            counts[shown[record]] = counts.get(shown[record], 0) + count
        for holder_id, count in counts.items():
            said.setdefault(holder_id, []).append(str(words) % {"count": count})
    return said


def _post(post: Post, units: Mapping[int, str]) -> tuple[str, str, date, date | None]:
    return post.title, units.get(post.unit_id, ""), post.started_on, post.ended_on


def _in_words(person: Person, fields: SealedFields) -> dict[str, str]:
    if fields.birth_date:
        born = format_date(fields.birth_date)
    else:
        born = _("năm %(year)s", year=fields.birth_year) if fields.birth_year else ""
    return {
        "name": person.name, "sex": str(_SEX[person.sex]) if person.sex in _SEX else "", "birth": born,
        "identity": fields.identity, "phone": phone_shown(fields.phone) if fields.phone else "", "email": fields.email,
    }  # fmt: skip
