"""Which records are one human being: after a merge several, all shown as one of them, the holder (models.MergedRecord).

A merge moves no row. What somebody earned stays with the record it was earned under; who reads all of it says so with
one of these.
"""

from collections.abc import Iterable
from typing import Any, cast

from sqlalchemy import BindParameter, ColumnElement, Select, Table, bindparam, func, literal, or_, select, union_all
from sqlalchemy.orm import Session, aliased, selectinload

from app.core.prepared import Prepared
from app.identity.models import Affiliation, MergedRecord

_CHUNK = 500
_MERGED = cast(Table, MergedRecord.__table__)
_SHOWN, _KIN = aliased(MergedRecord), aliased(MergedRecord)
_ASKED = select(_SHOWN.holder_id).where(_SHOWN.person_id.in_(bindparam("people", expanding=True)))
_RECORDS = Prepared(select(_KIN.holder_id, _KIN.person_id).where(_KIN.holder_id.in_(_ASKED)).order_by(_KIN.person_id))


def holder_of(person_id: Any) -> ColumnElement[int]:
    """The id a record's human being is shown as: its own unless it was merged."""
    shown = _MERGED.alias()
    return func.coalesce(select(shown.c.holder_id).where(shown.c.person_id == person_id).scalar_subquery(), person_id)


def belongs_to(column: Any, person_id: int | BindParameter[Any]) -> ColumnElement[bool]:
    """Rows of all records of the human being that this one is a record of. The index of the column is used."""
    own = literal(person_id) if isinstance(person_id, int) else person_id
    return cast(ColumnElement[bool], column.in_(union_all(select(own), _kin_of(own))))


def of_same_human(column: Any, other: Any) -> ColumnElement[bool]:
    """`belongs_to` where both are columns, as of a join."""
    return or_(column == other, column.in_(_kin_of(other)))


def _kin_of(person_id: Any) -> Select[int]:
    own, kin = _MERGED.alias(), _MERGED.alias()
    return select(kin.c.person_id).where(own.c.person_id == person_id, kin.c.holder_id == own.c.holder_id)


def is_alias(column: Any) -> ColumnElement[bool]:
    """Whether somebody is shown as another."""
    return cast(ColumnElement[bool], column.in_(select(_SHOWN.person_id).where(_SHOWN.person_id != _SHOWN.holder_id)))


def records_holding(posts: ColumnElement[bool]) -> Select[int]:
    """Ids of all records of those who hold one of these posts, under whichever of them."""
    kin = (
        select(_KIN.person_id)
        .join(_SHOWN, _SHOWN.holder_id == _KIN.holder_id)
        .join(Affiliation, Affiliation.person_id == _SHOWN.person_id)
        .where(posts)
    )
    every = union_all(select(Affiliation.person_id).where(posts), kin).subquery()
    return select(every.c[0])


def holding_under_another(posts: ColumnElement[bool]) -> Select[int]:
    """The people, as they are shown, who hold one of these posts under another record of theirs."""
    return select(_SHOWN.holder_id).join(Affiliation, Affiliation.person_id == _SHOWN.person_id).where(posts)


def holders_holding(posts: ColumnElement[bool]) -> Select[int]:
    """The people who hold one of these posts, each as they are shown."""
    return select(holder_of(Affiliation.person_id)).where(posts)


def records_by_holder(db: Session, person_ids: Iterable[int]) -> dict[int, list[int]]:
    """All records of these people by the id each is shown as, that one first; one query per 500 people."""
    wanted = list(dict.fromkeys(person_ids))
    found: dict[int, list[int]] = {}
    alone = set(wanted)
    db.flush()
    for at in range(0, len(wanted), _CHUNK):
        for holder_id, person_id in _RECORDS.all(db, people=wanted[at : at + _CHUNK]):
            found.setdefault(holder_id, [holder_id])
            if person_id not in found[holder_id]:
                found[holder_id].append(person_id)
            alone.discard(person_id)
    return found | {person_id: [person_id] for person_id in wanted if person_id in alone}


def shown_as(db: Session, person_ids: Iterable[int] | None = None) -> dict[int, int]:
    """Record -> the id it is shown as, of the merged ones among these and their other records; of all merged ones."""
    if person_ids is None:
        return dict(db.execute(select(MergedRecord.person_id, MergedRecord.holder_id)).all())
    return {record: holder for holder, kin in records_by_holder(db, person_ids).items() for record in kin}


def posts_elsewhere(db: Session, holder_ids: Iterable[int]) -> dict[int, list[Affiliation]]:
    """The posts of these people that stand under other records of theirs, by the id they are shown as."""
    found: dict[int, list[Affiliation]] = {}
    wanted = sorted(set(holder_ids))
    for at in range(0, len(wanted), _CHUNK):
        rows = db.execute(
            select(MergedRecord.holder_id, Affiliation)
            .join(Affiliation, Affiliation.person_id == MergedRecord.person_id)
            .where(MergedRecord.holder_id.in_(wanted[at : at + _CHUNK]))
            .where(MergedRecord.person_id != MergedRecord.holder_id)
            .options(selectinload(Affiliation.audiences))
            .order_by(Affiliation.started_on, Affiliation.id)
        )
        for holder_id, post in rows:
            found.setdefault(holder_id, []).append(post)
    return found
