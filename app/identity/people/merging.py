"""Two records are one human being: merging them, undoing it, and saying that they are not. All flush, none commits.

A merge moves no row: it names one record the alias of the other (records.py says who reads what then). Only fields are
exchanged, those of the alias that shall be shown from now on against those of the other, so that none is lost and
undoing is the same exchange again.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, get_args

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from app.core import audit, clock
from app.core.access import Actor
from app.core.errors import Conflict, Forbidden, Invalid
from app.core.events import emit
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.core.text import fold, sortable
from app.identity import sealing
from app.identity.events import PeopleMerged, PeopleUnmerged
from app.identity.models import Account, DistinctPeople, MergedRecord, Person, PersonMerge, RoleGrant
from app.identity.policy import MANAGE, sees_every_post
from app.identity.records import records_by_holder
from app.identity.sealing import LookupKind, SealedFields
from app.identity.taking_turns import take_turns

# What may be taken from either record; `birth` is the date and the year.
FIELDS: Mapping[str, lazy] = {
    "name": lazy("Họ và tên"), "sex": lazy("Giới tính"), "birth": lazy("Ngày sinh"), "identity": lazy("Số định danh"),
    "phone": lazy("Điện thoại"), "email": lazy("Email"),
}  # fmt: skip
REASON_LENGTH = 300


class OwnRecord(Forbidden):
    text = lazy("Không ai tự gộp hồ sơ của mình. Hãy nhờ người quản lý khác.")


class NeedsProvince(Forbidden):
    text = lazy("Một trong hai người đang có vai trò quản lý, nên chỉ quản trị cấp tỉnh được gộp hay hoàn tác.")


class AlreadyMerged(Conflict):
    text = lazy("Hai hồ sơ này đã được gộp rồi.")


class LaterMerge(Conflict):
    text = lazy("Một trong hai hồ sơ còn được gộp lần nữa sau đó. Hãy hoàn tác lần gộp sau trước.")


class WasErased(Conflict):
    text = lazy("Dữ liệu của người này đã được xóa theo yêu cầu, nên không gộp hay hoàn tác được nữa.")


class AlreadyUndone(Conflict):
    text = lazy("Lần gộp này đã được hoàn tác rồi.")


@dataclass(frozen=True)
class Pair:
    """`person` goes on being shown, `alias` becomes a record of theirs."""

    person: Person
    alias: Person


def pair_of(one: Person, other: Person) -> Pair:
    """Who an office entered goes on before who signed up alone, then who was there first."""
    first, second = sorted((one, other), key=lambda person: (person.signed_up_at is not None, person.id))
    return Pair(first, second)


def suggested(pair: Pair) -> frozenset[str]:
    """The fields to take from the alias unless somebody chooses otherwise: those that the person has not."""
    mine, theirs = _values(pair.person), _values(pair.alias)
    return frozenset(name for name in FIELDS if theirs[name] and not mine[name])


def merge(db: Session, actor: Actor, pair: Pair, from_alias: Collection[str], reason: str) -> PersonMerge:
    """Show the alias as the person from now on, with these fields of its own (keys of FIELDS).

    Raises Invalid without a reason, OwnRecord, NeedsProvince, WasErased, AlreadyMerged. Announces PeopleMerged.
    """
    person, alias = pair.person, pair.alias
    reason = " ".join(reason.split())
    if not reason or len(reason) > REASON_LENGTH:
        problem = _("Hãy ghi căn cứ: vì sao biết đây là một người (tối đa %(most)s ký tự).", most=REASON_LENGTH)
        raise Invalid(fields={"reason": problem})
    take_turns(db, [person.id, alias.id])
    require_may(db, actor, [person.id, alias.id])
    if person.erased_at or alias.erased_at:
        raise WasErased
    records = records_by_holder(db, [person.id, alias.id])
    if person.id == alias.id or set(records) != {person.id, alias.id}:
        raise AlreadyMerged
    swapped = [name for name in FIELDS if name in from_alias]
    done = PersonMerge(
        person_id=person.id, alias_id=alias.id, swapped=swapped, person_sealed=person.sealed, alias_sealed=alias.sealed,
        reason=reason, merged_by=actor.account_id, merged_at=clock.now(),
    )  # fmt: skip
    db.add(done)
    _exchange(db, person, alias, swapped)
    db.flush()
    everybody = _redraw(db, [one for kin in records.values() for one in kin])
    audit.record(
        db, "person.merge", "person", person.id, account_id=actor.account_id, alias=alias.id, merge=done.id,
        swapped=swapped,
    )  # fmt: skip
    emit(db, PeopleMerged(tuple(everybody)))
    return done


def undo(db: Session, actor: Actor, done: PersonMerge) -> None:
    """Both are shown as themselves again, each with its fields; what was earned since stays where it was earned.

    Raises OwnRecord, NeedsProvince, WasErased, AlreadyUndone; LaterMerge, after which fields would go to the wrong
    one. Announces PeopleUnmerged.
    """
    take_turns(db, [done.person_id, done.alias_id])
    db.refresh(done, with_for_update=True)
    if done.undone_at is not None:
        raise AlreadyUndone
    if has_later(db, done):
        raise LaterMerge
    require_may(db, actor, [done.person_id, done.alias_id])
    everybody = [one for kin in records_by_holder(db, [done.person_id]).values() for one in kin]
    person, alias = db.get_one(Person, done.person_id), db.get_one(Person, done.alias_id)
    if person.erased_at or alias.erased_at:
        raise WasErased
    _exchange(db, person, alias, done.swapped)
    _seal_as_before(person, done.person_sealed)
    _seal_as_before(alias, done.alias_sealed)
    done.undone_at, done.undone_by = clock.now(), actor.account_id
    db.flush()
    _redraw(db, everybody)
    audit.record(
        db, "person.unmerge", "person", person.id, account_id=actor.account_id, alias=alias.id, merge=done.id
    )  # fmt: skip
    emit(db, PeopleUnmerged(tuple(everybody)))


def has_later(db: Session, done: PersonMerge) -> bool:
    """Whether a merge that holds came after this one and concerns one of its two records."""
    both = (done.person_id, done.alias_id)
    later = select(PersonMerge.id).where(
        PersonMerge.id > done.id,
        PersonMerge.undone_at.is_(None),
        or_(PersonMerge.person_id.in_(both), PersonMerge.alias_id.in_(both)),
    )
    return db.scalar(later.limit(1)) is not None


def set_apart(db: Session, actor: Actor, one: Person, other: Person) -> None:
    """They are not the same human being; saying it again changes nothing."""
    one_id, other_id = sorted((one.id, other.id))
    if db.get(DistinctPeople, (one_id, other_id)) is None:
        db.add(DistinctPeople(one_id=one_id, other_id=other_id, decided_by=actor.account_id, decided_at=clock.now()))
        audit.record(db, "person.set_apart", "person", one_id, account_id=actor.account_id, other=other_id)
        db.flush()


def require_may(db: Session, actor: Actor, person_ids: Iterable[int]) -> None:
    """Nobody merges themselves; whoever holds a role is for the province (a merge shows both to either account)."""
    records = {one for kin in records_by_holder(db, person_ids).values() for one in kin}
    if not actor.records.isdisjoint(records):
        raise OwnRecord
    holds_role = (
        select(RoleGrant.id)
        .join(Account, Account.id == RoleGrant.account_id)
        .where(Account.person_id.in_(records), or_(RoleGrant.ends_on.is_(None), RoleGrant.ends_on >= clock.today()))
    )
    if db.scalar(holds_role.limit(1)) is not None and not sees_every_post(db, actor, MANAGE):
        raise NeedsProvince


def _redraw(db: Session, person_ids: Iterable[int]) -> list[int]:
    """Write who of these records is shown as whom, out of the merges that hold; all of them, in order."""
    everybody = sorted(set(person_ids))
    becomes = dict(
        db.execute(
            select(PersonMerge.alias_id, PersonMerge.person_id).where(
                PersonMerge.alias_id.in_(everybody), PersonMerge.undone_at.is_(None)
            )
        ).all()
    )
    holders = {}
    for person_id in everybody:
        holder_id = person_id
        while holder_id in becomes:
            holder_id = becomes[holder_id]
        holders[person_id] = holder_id
    db.execute(delete(MergedRecord).where(MergedRecord.person_id.in_(everybody)))
    # Somebody alone is shown as themselves without a row.
    several = {holder_id for person_id, holder_id in holders.items() if person_id != holder_id}
    db.add_all(
        MergedRecord(person_id=person_id, holder_id=holder_id)
        for person_id, holder_id in holders.items()
        if holder_id in several
    )
    db.flush()
    return everybody


def _values(person: Person) -> dict[str, Any]:
    fields = sealing.unseal(person)
    return {
        "name": person.name, "sex": person.sex, "birth": fields.birth_date or fields.birth_year,
        "identity": fields.identity, "phone": fields.phone, "email": fields.email,
    }  # fmt: skip


def _exchange(db: Session, person: Person, alias: Person, names: Collection[str]) -> None:
    if "name" in names:
        person.name, alias.name = alias.name, person.name
        for one in (person, alias):
            one.folded_name, one.sort_name = fold(one.name), sortable(one.name)
    if "sex" in names:
        person.sex, alias.sex = alias.sex, person.sex
    kinds = [kind for kind in get_args(LookupKind) if kind in names]
    mine, theirs = sealing.unseal(person), sealing.unseal(alias)
    if kinds or "birth" in names:
        sealing.seal(person, _taking(mine, theirs, names))
        sealing.seal(alias, _taking(theirs, mine, names))
    elif "name" in names:
        person.likeness = sealing.likeness(person.folded_name, mine.birth_date)
        alias.likeness = sealing.likeness(alias.folded_name, theirs.birth_date)
    # The same rows find the other one from now on: two of one digest cannot be, not even for a moment.
    moving = [(lookup, person) for lookup in alias.lookups if lookup.kind in kinds]
    moving += [(lookup, alias) for lookup in person.lookups if lookup.kind in kinds]
    for lookup, to in moving:
        lookup.person_id = to.id
    db.flush()
    db.expire(person, ["lookups"])
    db.expire(alias, ["lookups"])


def _taking(fields: SealedFields, others: SealedFields, names: Collection[str]) -> SealedFields:
    taken = {name: getattr(others, name) for name in ("identity", "phone", "email") if name in names}
    if "birth" in names:
        taken |= {"birth_date": others.birth_date, "birth_year": others.birth_year}
    return replace(fields, **taken)


def _seal_as_before(person: Person, sealed: bytes | None) -> None:
    """The very bytes again if they say the same, as they do unless somebody edited the fields in between."""
    now = person.sealed
    said = sealing.unseal(person)
    person.sealed = sealed
    if sealing.unseal(person) != said:
        person.sealed = now
