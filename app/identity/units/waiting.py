"""Who waits at the parent since a unit was split, and assigning them to its parts (DESIGN 5, Closed unit).

As though the act had named them: the post they wait in becomes one of the part, from the day of the split on, and what
they had earned in the divided unit follows (DESIGN 5, reading 2).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Row, and_, func, or_, select
from sqlalchemy.orm import Session

from app.core import audit, clock
from app.core.errors import Conflict
from app.core.events import emit
from app.core.i18n import gettext as _
from app.core.text import fold
from app.identity.events import AffiliationsChanged
from app.identity.models import Affiliation, Person, UnitAct
from app.identity.taking_turns import take_turns
from app.identity.units.unit_queries import UnitOnDay, units_by_id

_AT_ONCE = 500
_ON_A_PAGE = 50


@dataclass(frozen=True)
class Waiting:
    """`title` as of the post; may be empty."""

    post_id: int
    person_ref: str
    name: str
    title: str


@dataclass(frozen=True)
class WaitingList:
    """A page of those who wait, by name. `found`: how many the query fits, `total`: how many wait at all."""

    people: Sequence[Waiting]
    parts: Sequence[UnitOnDay]
    query: str
    found: int
    total: int
    page: int
    pages: int


def waiting_list(db: Session, act: UnitAct, query: str = "", page: int = 1) -> WaitingList:
    """Of a split; an act of another kind leaves nobody to assign."""
    everybody = [
        (person.sort_name, Waiting(post.id, person.ref, person.name, post.title)) for post, person in _waiting(db, act)
    ]
    words = fold(query).split()
    fitting = [(key, one) for key, one in everybody if all(word in fold(f"{one.name} {one.title}") for word in words)]
    pages = max(1, -(-len(fitting) // _ON_A_PAGE))
    page = min(max(page, 1), pages)
    shown = sorted(fitting, key=lambda pair: (pair[0], pair[1].post_id))[(page - 1) * _ON_A_PAGE : page * _ON_A_PAGE]
    parts = sorted(units_by_id(db, act.wrote["units"], act.effective_on).values(), key=lambda unit: unit.code)
    return WaitingList([one for _key, one in shown], parts, query, len(fitting), len(everybody), page, pages)


def waiting_count(db: Session, act: UnitAct) -> int:
    """How many people's posts the act brought to the parent and nobody assigned since."""
    counts = (db.scalar(select(func.count()).select_from(Affiliation).where(still)) for still in _still(act))
    return sum(count or 0 for count in counts)


def assign(db: Session, act: UnitAct, parts: Mapping[int, int], *, account_id: int | None) -> int:
    """Let these posts be of these parts; the count of people. Raises Conflict if one of them waits no more."""
    holders = db.scalars(select(Affiliation.person_id).where(Affiliation.id.in_(parts)))
    take_turns(db, sorted(set(holders)))
    db.refresh(act)
    posts = {post.id: post for post, _person in _waiting(db, act, parts)}
    if posts.keys() != parts.keys() or not set(parts.values()) <= set(act.wrote["units"]):
        raise Conflict(_("Danh sách chờ đã thay đổi từ lúc mở trang. Hãy xem lại rồi chọn lại."))
    for post_id, unit_id in parts.items():
        posts[post_id].unit_id = unit_id
    db.flush()
    people = tuple(sorted({post.person_id for post in posts.values()}))
    audit.record(
        db, "units.assign", "unit_act", act.id, account_id=account_id, posts={str(one): to for one, to in parts.items()}
    )
    emit(db, AffiliationsChanged(people))
    return len(people)


def _waiting(db: Session, act: UnitAct, only: Collection[int] | None = None) -> Iterator[Row[Affiliation, Person]]:
    """Posts that still wait with their holders: all, or of these."""
    for still in _still(act, only):
        yield from db.execute(select(Affiliation, Person).join(Person, Person.id == Affiliation.person_id).where(still))


def _still(act: UnitAct, only: Collection[int] | None = None) -> Iterator[ColumnElement[bool]]:
    """Some posts at a time: which of them the act brought to the parent and are still there."""
    if act.verb != "split" or act.undone_at is not None:
        return
    moved = [new or old for old, new, *_was in act.wrote["posts"]]
    moved = [post_id for post_id in moved if only is None or post_id in only]
    for at in range(0, len(moved), _AT_ONCE):
        yield and_(
            Affiliation.id.in_(moved[at : at + _AT_ONCE]),
            Affiliation.unit_id.not_in(act.wrote["units"]),
            or_(Affiliation.ended_on.is_(None), Affiliation.ended_on >= clock.today()),
        )
