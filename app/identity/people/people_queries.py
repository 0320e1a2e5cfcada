"""What other domains and pages ask about people and their posts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, case, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.core import clock
from app.core.access import Actor
from app.core.prepared import Prepared
from app.core.text import fold, nfc
from app.identity import sealing
from app.identity.identifiers import email_address, identity_number, phone_e164
from app.identity.models import Account, Affiliation, AffiliationAudience, Audience, Person, PersonLookup
from app.identity.policy import held_on, sees_every_post, visible_people, visible_posts
from app.identity.records import belongs_to, holder_of, holding_under_another, is_alias, records_by_holder
from app.identity.sealing import LookupKind
from app.identity.units.unit_queries import units_by_id

# Stands where the name of somebody stood who was erased on request.
ERASED_NAME = "đã xóa theo yêu cầu"
_CHUNK = 500
_FIRST = aliased(Affiliation)
_OF_PEOPLE = Affiliation.person_id.in_(bindparam("people", expanding=True))
_AUDIENCES = Prepared(
    select(AffiliationAudience.affiliation_id, AffiliationAudience.audience_code)
    .join(Affiliation, Affiliation.id == AffiliationAudience.affiliation_id)
    .where(_OF_PEOPLE)
    .order_by(AffiliationAudience.audience_code)
)
_POSTS = Prepared(
    select(
        Affiliation.id, Affiliation.person_id, Affiliation.unit_id, Affiliation.title, Affiliation.is_primary,
        Affiliation.started_on, Affiliation.ended_on, Affiliation.continues_id, _FIRST.started_on.label("first_on"),
    )
    .outerjoin(_FIRST, _FIRST.id == Affiliation.continues_id)
    .where(_OF_PEOPLE)
    .order_by(Affiliation.started_on, Affiliation.id)
)  # fmt: skip


@dataclass(frozen=True)
class Post:
    """A dated post; its first and last day both count."""

    affiliation_id: int
    unit_id: int
    title: str
    is_primary: bool
    started_on: date
    ended_on: date | None
    audiences: tuple[str, ...]
    # Of the post it carries on after reorganisations; its own start and id if it carries on none.
    first: tuple[date, int] | None = None

    def held_on(self, day: date) -> bool:
        return self.started_on <= day and (self.ended_on is None or self.ended_on >= day)


def posts_of(db: Session, person_ids: Iterable[int]) -> dict[int, list[Post]]:
    """All posts, past and to come, by person id, in order of start and id; three queries per 500 people.

    Of whichever record one asks, the posts of all that are the same human being (records.py).
    """
    wanted = list(dict.fromkeys(person_ids))
    held: dict[int, list[Post]] = {}
    for kin in records_by_holder(db, wanted).values():
        shared: list[Post] = []
        held |= dict.fromkeys(kin, shared)
    everybody = list(held)
    for at in range(0, len(everybody), _CHUNK):
        some = everybody[at : at + _CHUNK]
        audiences: dict[int, list[str]] = {}
        for affiliation_id, code in _AUDIENCES.all(db, people=some):
            audiences.setdefault(affiliation_id, []).append(code)
        for row in _POSTS.all(db, people=some):
            held[row.person_id].append(
                Post(
                    row.id, row.unit_id, row.title, row.is_primary, row.started_on, row.ended_on,
                    tuple(audiences.get(row.id, ())),
                    (row.first_on or row.started_on, row.continues_id or row.id),
                )
            )  # fmt: skip
    return {person_id: sorted(held[person_id], key=_by_start) for person_id in wanted}


def _by_start(post: Post) -> tuple[date, int]:
    return post.started_on, post.affiliation_id


def units_held(db: Session, person_ids: Iterable[int], day: date) -> dict[int, list[int]]:
    """The units of the posts people hold on a day, by person id: the primary post first, then the earliest."""
    return {
        person_id: [post.unit_id for post in sorted(held, key=lambda post: not post.is_primary) if post.held_on(day)]
        for person_id, held in posts_of(db, person_ids).items()
    }


def account_of(db: Session, person: Person) -> Account | None:
    """The person's own; who has none but was merged with somebody who has, that one."""
    theirs = select(Account).where(belongs_to(Account.person_id, person.id))
    return db.scalars(theirs.order_by(Account.person_id != person.id, Account.id).limit(1)).one_or_none()


def person_known_as(db: Session, typed: str) -> int | None:
    """Whose user name, email, phone, identity number or ref this is, for who may see everybody."""
    if username := db.scalar(select(Account.person_id).where(Account.username == typed.strip().lower())):
        return username
    values: dict[LookupKind, str] = {
        "email": email_address(typed) or "", "phone": phone_e164(typed) or "",
        "identity": number.digits if (number := identity_number(typed)) else "",
    }  # fmt: skip
    digests = [sealing.digest(kind, value) for kind, value in values.items() if value]
    found = db.scalars(select(PersonLookup.person_id).where(PersonLookup.digest.in_(digests)).distinct()).all()
    if found:
        return found[0] if len(found) == 1 else None
    return db.scalar(select(Person.id).where(Person.ref == typed.strip()))


def audience_names(db: Session) -> dict[str, str]:
    """All audiences: name by code."""
    return dict(db.execute(select(Audience.code, Audience.name).order_by(Audience.code)).all())


# --- the list of people -------------------------------------------------------------------------------------------

PAGE_SIZE = 30
_MOST_WORDS = 8


@dataclass(frozen=True)
class PersonRow:
    """One person of a list with today's posts; no sealed field is shown there."""

    ref: str
    name: str
    username: str | None
    account_state: str  # "", "new" (first password not changed yet), "disabled"
    posts: tuple[tuple[str, str, date], ...]  # title, unit, since
    audiences: tuple[str, ...]


@dataclass(frozen=True)
class PeopleList:
    rows: list[PersonRow]
    total: int
    page: int
    pages: int
    query: str


def people_in_scope(db: Session, actor: Actor, query: str = "", page: int = 1) -> PeopleList:
    """People the actor may see whose name holds all words of the query (marks optional), or whose phone, email,
    number or user name it is.

    Names with exactly the typed marks come first, then Vietnamese name order. Six queries whatever the length.
    """
    query = nfc(query)[:100]
    seen, visible, leads = _scope(db, actor)
    where = [visible]
    order: list[ColumnElement[Any]] = [Person.sort_name.expression, Person.id.expression]
    counted = select(holder_of(Affiliation.person_id)).where(seen).distinct()
    if query:
        where.append(_fits(Person, query))
        if not leads and db.get_bind().dialect.name == "sqlite":
            # Found apart, in the index of names; else it walks through all rows in the order of `sort_name`.
            named = aliased(Person)
            where = [visible, Person.id.in_(select(named.id).where(_fits(named, query)))]
        order.insert(0, case((Person.name.contains(query, autoescape=True), 0), else_=1))
        counted = select(Person.id).where(*where)
    total = db.scalar(select(func.count()).select_from(counted.subquery())) or 0
    pages = max(1, -(-total // PAGE_SIZE))
    page = min(max(page, 1), pages)
    first, after = (page - 1) * PAGE_SIZE, min(page * PAGE_SIZE, total)
    # Whom other pages show is passed over, from the nearer end; of them nothing but the order is read.
    if first <= total - after:
        way, passed = order, first
    else:
        way, passed = [key.desc() for key in order], total - after
    here = select(Person.id).where(*where).order_by(*way).limit(after - first).offset(passed).subquery()
    found = db.execute(
        select(Person.id, Person.ref, Person.name, Account.username, Account.must_change_password, Account.disabled_at)
        .join(here, here.c.id == Person.id)
        .outerjoin(Account, Account.person_id == Person.id)
        .order_by(*order)
    ).all()
    today = clock.today()
    posts = posts_of(db, [row.id for row in found])
    units = units_by_id(db, {post.unit_id for held in posts.values() for post in held}, today)
    rows = []
    for row in found:
        held = [post for post in posts[row.id] if post.held_on(today)]
        state = "disabled" if row.disabled_at else "new" if row.must_change_password else ""
        rows.append(
            PersonRow(
                row.ref, row.name, row.username, state,
                tuple((post.title, units[post.unit_id].name, post.started_on) for post in held),
                tuple(sorted({code for post in held for code in post.audiences})),
            )
        )  # fmt: skip
    return PeopleList(rows, total, page, pages, query)


def _scope(db: Session, actor: Actor) -> tuple[ColumnElement[bool], ColumnElement[bool], bool]:
    """The posts the actor may see, the people, and whether these few are where to begin.

    Who sees all posts walks along the names instead and asks of each one passed.
    """
    if not sees_every_post(db, actor):
        return visible_posts(actor), visible_people(actor), True
    posts = held_on(clock.today())
    holding = exists().where(Affiliation.person_id == Person.id, posts) | Person.id.in_(holding_under_another(posts))
    return posts, holding & ~is_alias(Person.id), False


def _fits(person: type[Person], query: str) -> ColumnElement[bool]:
    """Every word in the name, in any order, or one of the person's numbers, or their user name."""
    digests = [sealing.digest("email", email) for email in [email_address(query)] if email]
    if phone := phone_e164(query):
        digests.append(sealing.digest("phone", phone))
    if number := identity_number(query):
        digests.append(sealing.digest("identity", number.digits))
    by_number = person.id.in_(select(holder_of(PersonLookup.person_id)).where(PersonLookup.digest.in_(digests)))
    by_username = person.id.in_(select(holder_of(Account.person_id)).where(Account.username == query.lower()))
    words = fold(query).split()[:_MOST_WORDS] or [query]
    return or_(and_(*(person.folded_name.contains(word, autoescape=True) for word in words)), by_number, by_username)
