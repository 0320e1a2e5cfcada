"""Reorganising units: reading what a plan needs, applying it, and undoing an act while nothing hangs on it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any, TypedDict

from sqlalchemy import delete, false, func, or_, select, text, update
from sqlalchemy.orm import Session, selectinload

from app.core import audit, clock, ids
from app.core.db import Base
from app.core.errors import Conflict, Invalid
from app.core.events import emit
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.core.text import fold, nfc
from app.identity.events import AffiliationsChanged, UnitsReorganised
from app.identity.models import Affiliation, AffiliationAudience, RoleGrant, Unit, UnitAct, UnitEdge, UnitVersion
from app.identity.people.people import continue_affiliations
from app.identity.policy import in_force_on
from app.identity.records import holder_of
from app.identity.roles.grants import GrantWas, carry_on, end_with_unit, take_back, take_up_again
from app.identity.units.closure_table import update_closure
from app.identity.units.plans import Facts, HeldPost, Plan
from app.identity.units.reorganisation import plan
from app.identity.units.unit_queries import full_name, lives_of, unit_versions, units_by_id
from app.identity.units.unit_queries import listed as listed_units
from app.identity.units.wishes import Absorb, Cede, Create, Draft, Found, Merge, Move, Split, Wish

_CHUNK = 500
_TOLD = 5


class StillHanging(Conflict):
    title = lazy("Chưa hoàn tác được")
    text = lazy("Từ lúc ghi đã có dữ liệu dựa vào lần sắp xếp này: %(what)s.")


PostWas = tuple[int, int | None, int, str | None, str | None]


class Written(TypedDict):
    """Ids of the rows an act wrote or changed.

    A post is [its id, the one that goes on, and from before: its unit, its last day, when that day was recorded].
    """

    units: list[int]
    altered: list[int]
    touched: list[int]
    ended: list[int]
    begun: list[int]
    edges: list[int]
    posts: list[PostWas]
    grants: list[GrantWas]
    given: list[int]


# Tables of any domain that name units or posts, and what their rows are called, with %(count)s; None: they follow the
# posts by themselves, so nothing hangs there.
_HOLDINGS: dict[str, lazy | None] = {}


def wire_holdings(holdings: Mapping[str, lazy | None]) -> None:
    """`app/holdings.py` lists them, for identity knows no domain above it."""
    _HOLDINGS.update(holdings)


def preview(db: Session, wish: Wish, on: date) -> Plan:
    """What the act would change, with everything that stands against it."""
    return plan(wish, on, _facts(db, wish, on))


def carry_out(
    db: Session,
    wish: Wish,
    on: date,
    decision: str,
    *,
    account_id: int | None,
    seen: str = "",
    keep: Collection[int] = (),
) -> UnitAct:
    """Apply the plan, in the caller's transaction. Raises Invalid for a plan with problems, and Conflict when it is no
    longer the plan whose digest was `seen`. `keep`: of the roles that end, those whose holders have them again at
    the unit that follows.
    """
    _take_turns(db)
    found = preview(db, wish, on)
    if found.problems:
        raise Invalid(" ".join(found.problems))
    if seen and found.digest != seen:
        raise Conflict(_("Dữ liệu đã thay đổi từ lúc xem trước. Hãy xem lại trước khi xác nhận."))
    return _apply(db, found, nfc(decision), account_id, keep)


def undo(db: Session, act: UnitAct, *, account_id: int | None) -> None:
    """Put the tables back as they were. Raises Conflict if it was undone before, StillHanging if it is too late.

    The identities of the units it made stay as bare rows without any version: the append-only ledger may name them.
    """
    _take_turns(db)
    db.refresh(act)
    if act.undone_at is not None:
        raise Conflict(_("Lần sắp xếp này đã được hoàn tác."))
    reasons = hanging(db, act)
    if reasons:
        raise StillHanging(what="; ".join(reasons))
    wrote: Written = act.wrote  # type: ignore[assignment]
    db.execute(delete(UnitEdge).where(UnitEdge.id.in_(wrote["edges"])))
    db.execute(delete(UnitVersion).where(UnitVersion.id.in_(wrote["begun"])))
    db.execute(update(UnitVersion).where(UnitVersion.id.in_(wrote["ended"])).values(valid_to=None))
    take_back(db, wrote["given"], account_id)
    take_up_again(db, wrote["grants"], account_id)
    update_closure(db, {*wrote["units"], *wrote["altered"]})
    _bring_posts_back(db, wrote)
    act.undone_at, act.undone_by = clock.now(), account_id
    audit.record(db, "units.undo", "unit_act", act.id, account_id=account_id)
    db.flush()
    emit(db, UnitsReorganised(tuple(wrote["touched"] + wrote["units"])))


def hanging(db: Session, act: UnitAct) -> list[str]:
    """What was recorded since and would lose its ground; empty while the act can be undone."""
    wrote: Written = act.wrote  # type: ignore[assignment]
    reasons = []
    made, altered = set(wrote["units"]), {*wrote["units"], *wrote["altered"]}
    later = sum(
        not made.isdisjoint(other["touched"]) or not altered.isdisjoint(other["altered"])
        for other in db.scalars(select(UnitAct.wrote).where(UnitAct.id > act.id, UnitAct.undone_at.is_(None)))
    )
    if later:
        reasons.append(_("%(count)s lần sắp xếp sau đó", count=later))
    ours = {new for _old, new, *_rest in wrote["posts"] if new}
    moved = {old for old, new, *_rest in wrote["posts"] if not new}
    at_new = db.scalars(select(Affiliation.id).where(Affiliation.unit_id.in_(wrote["units"]))).all()
    strangers = len(set(at_new) - ours - moved) + _changed_since(db, wrote, ours)
    if strangers:
        reasons.append(_("%(count)s vị trí công tác ghi hoặc đổi sau đó", count=strangers))
    at_new_units = RoleGrant.unit_id.in_(wrote["units"]) & RoleGrant.id.not_in(wrote["given"])
    given = db.scalar(select(func.count()).select_from(RoleGrant).where(at_new_units))
    if given:
        reasons.append(_("%(count)s vai trò giao ở đơn vị mới", count=given))
    for table, words in _HOLDINGS.items():
        count = 0 if words is None else _rows_naming(db, table, wrote["units"], sorted(ours))
        if count:
            reasons.append(str(words) % {"count": count})
    return reasons


def _changed_since(db: Session, wrote: Written, post_ids: Collection[int]) -> int:
    """Of the posts that went on, how many were ended or carried on by somebody since."""
    last_days = {new: last for _old, new, _unit, last, _recorded in wrote["posts"]}
    return sum(
        _iso(post.ended_on) != last_days[post.id]
        for some in _chunks(post_ids)
        for post in db.scalars(select(Affiliation).where(Affiliation.id.in_(some)))
    )


def _rows_naming(db: Session, table_name: str, unit_ids: list[int], post_ids: list[int]) -> int:
    """How many rows of a table name one of these units or posts by a foreign key."""
    table = Base.metadata.tables[table_name]
    keys: dict[str, list[Any]] = defaultdict(list)
    for key in table.foreign_keys:
        keys[key.target_fullname].append(key.parent)
    of_units = or_(false(), *(column.in_(unit_ids) for column in keys["unit.id"]))
    count = db.scalar(select(func.count()).select_from(table).where(of_units)) or 0
    for column in keys["affiliation.id"]:
        for some in _chunks(post_ids):
            count += db.scalar(select(func.count()).select_from(table).where(column.in_(some), ~of_units)) or 0
    return count


def _apply(db: Session, found: Plan, decision: str, account_id: int | None, keep: Collection[int]) -> UnitAct:
    now = clock.now()
    made = {version.unit_id: Unit(key=f"u-{ids.readable_code(20)}", created_at=now) for version in found.made}
    db.add_all(made.values())
    ended = db.scalars(
        select(UnitVersion).where(UnitVersion.unit_id.in_(found.ends), UnitVersion.valid_to.is_(None))
    ).all()
    for version in ended:
        version.valid_to = found.on
    db.flush()

    def real(unit_id: int | None) -> int | None:
        return made[unit_id].id if unit_id is not None and unit_id < 0 else unit_id

    begun = [
        UnitVersion(
            **asdict(version) | {"unit_id": real(version.unit_id), "parent_id": real(version.parent_id)},
            folded_name=fold(version.name), valid_from=found.on, resolution=decision, recorded_at=now,
        )
        for version in found.begins
    ]  # fmt: skip
    edges = [
        UnitEdge(
            effective_on=found.on, from_unit_id=real(edge.from_id), to_unit_id=real(edge.to_id), flags=edge.flags,
            share=edge.share, resolution=decision, recorded_at=now,
        )
        for edge in found.edges
    ]  # fmt: skip
    db.add_all([*begun, *edges])
    db.flush()
    update_closure(db, {*found.altered, *(unit.id for unit in made.values())})
    # What goes on is written after the closure: figures of the people are judged on the new tree.
    posts = _move_posts(db, found, {move.post.post_id: real(move.unit_id) for move in found.moves})
    grants = end_with_unit(db, found.grants, found.on, account_id)
    heirs = {old: heir for old, follows in found.heirs.items() if (heir := real(follows)) is not None}
    kept = [was for was in grants if was[0] in keep] if heirs else []
    wrote = Written(
        units=[unit.id for unit in made.values()], altered=sorted(found.altered),
        touched=sorted(found.touched),
        ended=[version.id for version in ended], begun=[version.id for version in begun],
        edges=[edge.id for edge in edges], posts=posts, grants=grants,
        given=carry_on(db, kept, heirs, found.on, account_id),
    )  # fmt: skip
    act = UnitAct(
        verb=found.verb, effective_on=found.on, decision=decision, told=_told(db, found), wrote=dict(wrote),
        account_id=account_id, recorded_at=now,
    )  # fmt: skip
    db.add(act)
    db.flush()
    audit.record(db, f"units.{found.verb}", "unit_act", act.id, account_id=account_id, on=found.on.isoformat())
    emit(db, UnitsReorganised(tuple(wrote["units"] + wrote["touched"])))
    return act


def _told(db: Session, found: Plan) -> dict[str, Any]:
    """Names before and after for the list of acts; they stay readable when the act is undone."""
    eve = found.on - timedelta(days=1)
    gone = found.closed or found.divided or [version.unit_id for version in found.changed]
    lasting = [version for version in found.begins if version.unit_id < 0 or not found.closed]
    if found.verb == "found":
        few = "; ".join(version.name for version in lasting[:_TOLD])
        after = [_("%(count)s đơn vị: %(units)s", count=len(lasting), units=few + (" …" if lasting[_TOLD:] else ""))]
        before = []
    elif found.verb in ("create", "move"):
        before = [full_name(db, unit_id, eve) for unit_id in gone]
        after = [f"{version.name}, {full_name(db, version.parent_id or 0, found.on)}" for version in lasting]
    else:
        before = [unit.name for unit in units_by_id(db, gone, eve).values()]
        after = [version.name for version in lasting]
    if found.verb == "absorb":
        after = [unit.name for unit in units_by_id(db, set(found.heirs.values()), found.on).values()]
    if found.verb == "cede":
        heirs = {edge.to_id for edge in found.edges if edge.to_id and edge.to_id > 0}
        there = [unit.name for unit in units_by_id(db, heirs, found.on).values()]
        after = [*there, *(version.name for version in found.made)]
    return {"before": before, "after": after, "people": found.people_count}


def _move_posts(db: Session, found: Plan, unit_ids: Mapping[int, int | None]) -> list[PostWas]:
    """Every post once, with what undoing needs; one announcement for all."""
    if not unit_ids:
        return []
    posts = [
        post
        for some in _chunks(unit_ids)
        for post in db.scalars(
            select(Affiliation).where(Affiliation.id.in_(some)).options(selectinload(Affiliation.audiences))
        )
    ]
    was = {post.id: (post.unit_id, _iso(post.ended_on), _iso(post.end_recorded_at)) for post in posts}
    going_on = continue_affiliations(db, posts, unit_ids, found.on)
    return [(post_id, going_on[post_id], *before) for post_id, before in was.items()]


def _bring_posts_back(db: Session, wrote: Written) -> None:
    if not wrote["posts"]:
        return
    added = [new for _old, new, *_rest in wrote["posts"] if new]
    for some in _chunks(added):
        db.execute(delete(AffiliationAudience).where(AffiliationAudience.affiliation_id.in_(some)))
        db.execute(delete(Affiliation).where(Affiliation.id.in_(some)))
    was = {old: (unit_id, last, recorded) for old, _new, unit_id, last, recorded in wrote["posts"]}
    people = set()
    for some in _chunks(was):
        for post in db.scalars(select(Affiliation).where(Affiliation.id.in_(some))):
            post.unit_id, last, recorded = was[post.id]
            post.ended_on = date.fromisoformat(last) if last else None
            post.end_recorded_at = datetime.fromisoformat(recorded) if recorded else None
            people.add(post.person_id)
    db.flush()
    db.expire_all()
    emit(db, AffiliationsChanged(tuple(sorted(people))))


def _facts(db: Session, wish: Wish, on: date) -> Facts:
    named = _named(wish)
    lives = lives_of(db, named)
    while (
        above := {version.parent_id for life in lives.values() for version in life if version.parent_id} - lives.keys()
    ):
        lives |= lives_of(db, above)
    alive = or_(UnitVersion.valid_to.is_(None), UnitVersion.valid_to > on)
    children = defaultdict(list)
    for child in listed_units(db, unit_versions().where(UnitVersion.parent_id.in_(named), alive)):
        children[child.parent_id or 0].append(child)
    lives |= lives_of(db, {child.unit_id for some in children.values() for child in some})
    bearers = defaultdict(list)
    for bearer in listed_units(db, unit_versions().where(UnitVersion.code.in_(_codes(wish, lives)), alive)):
        bearers[bearer.code].append(bearer)
    passed = db.execute(
        select(UnitEdge.from_unit_id, UnitEdge.to_unit_id).where(
            UnitEdge.effective_on > on, UnitEdge.to_unit_id.is_distinct_from(UnitEdge.from_unit_id),
            or_(UnitEdge.from_unit_id.in_(lives), UnitEdge.to_unit_id.in_(lives)),
        )
    )  # fmt: skip
    same_day = db.execute(
        select(UnitEdge.from_unit_id, UnitEdge.to_unit_id).where(
            UnitEdge.effective_on == on, UnitEdge.to_unit_id != UnitEdge.from_unit_id,
            or_(UnitEdge.from_unit_id.in_(lives), UnitEdge.to_unit_id.in_(lives)),
        )
    ).all()  # fmt: skip
    posts, grants = defaultdict(list), defaultdict(list)
    still = or_(Affiliation.ended_on.is_(None), Affiliation.ended_on >= on)
    for unit_id, *post in db.execute(
        select(Affiliation.unit_id, Affiliation.id, holder_of(Affiliation.person_id))
        .where(Affiliation.unit_id.in_(named), still)
        .order_by(Affiliation.id)
    ):
        posts[unit_id].append(HeldPost(*post))
    for unit_id, grant_id in db.execute(
        select(RoleGrant.unit_id, RoleGrant.id)
        .where(RoleGrant.unit_id.in_(named), in_force_on(max(on, clock.today())))
        .order_by(RoleGrant.id)
    ):
        grants[unit_id].append(grant_id)
    later = frozenset(unit_id for row in passed for unit_id in row if unit_id)
    gone, received = frozenset(row[0] for row in same_day), frozenset(row[1] for row in same_day if row[1])
    return Facts(lives, children, bearers, later | gone, received, posts, grants)


def _named(wish: Wish) -> set[int]:
    """Units the wish names."""
    match wish:
        case Create(unit):
            return {unit.parent_id}
        case Found(units):
            return {unit.parent_id for unit in units if unit.parent_id > 0}
        case Move(unit_id, parent_id):
            return {unit_id, parent_id}
        case Merge(unit_ids, into):
            return {*unit_ids, into.parent_id}
        case Absorb(unit_ids, into_id):
            return {*unit_ids, into_id}
        case Split():
            return {wish.unit_id, *wish.children, *(part.parent_id for part in wish.parts)}
        case Cede():
            heirs = {part.parent_id if isinstance(part, Draft) else part for part in wish.parts}
            return {wish.unit_id, *wish.children, *heirs}
        case _:
            return {wish.unit_id}


def _codes(wish: Wish, lives: Mapping[int, Collection[Any]]) -> set[str]:
    """Codes that will be borne from the day on."""
    match wish:
        case Create(unit):
            new = {unit.code}
        case Found(units):
            new = {unit.code for unit in units}
        case Merge(_unit_ids, into):
            new = {into.code}
        case Split():
            new = {part.code for part in wish.parts}
        case Cede():
            new = {part.code for part in wish.parts if isinstance(part, Draft)}
        case _:
            new = {wish.code} if hasattr(wish, "code") else set()
    return new | {version.code for life in lives.values() for version in life}


def _iso(when: date | datetime | None) -> str | None:
    return when.isoformat() if when else None


def _chunks(ids: Iterable[int]) -> Iterable[list[int]]:
    some = list(ids)
    return (some[at : at + _CHUNK] for at in range(0, len(some), _CHUNK))


def _take_turns(db: Session) -> None:
    """One reorganisation at a time: each reads the closure that it changes. On SQLite writers take turns anyway."""
    if db.get_bind().dialect.name == "postgresql":
        db.execute(text("LOCK TABLE unit_closure IN EXCLUSIVE MODE"))
