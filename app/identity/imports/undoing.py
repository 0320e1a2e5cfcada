"""Taking back what rows of a list wrote, the last row first.

Whoever the list added goes again as long as nothing hangs on them; what it changed of people known before is set back
if it still is as the list left it. Everything else stays, and the row says why.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import Select, Table, delete, select, update
from sqlalchemy.orm import Session, selectinload

from app.core.db import Base
from app.core.events import emit
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.core.many_rows import ChangeRows
from app.identity import sealing
from app.identity.codes.models import OneTimeCode
from app.identity.events import AffiliationsChanged
from app.identity.imports.models import PeopleImportRow
from app.identity.imports.rows import Row, opened_kept, opened_report, opened_wrote, sealed_report
from app.identity.imports.steps import Hands
from app.identity.lists.people_deeds import Wrote
from app.identity.lists.people_matching import chunks
from app.identity.lists.people_report import RowReport
from app.identity.models import Account, Affiliation, AffiliationAudience, Person, PersonLookup
from app.identity.people.people import set_fields

# What is made for everybody and goes with them. A code nobody used opened nothing; whoever used one has a password.
_OWN = {"person_lookup", "affiliation", "affiliation_audience", "account", "one_time_code"}
# Tables of any domain that name people, accounts or posts, and what hangs there; None: it follows the posts by itself.
_HOLDINGS: dict[str, lazy | None] = {}
_SOMETHING = lazy("đã có dữ liệu khác dựa vào")
# What a person is written over with who may not be deleted.
_NOBODY: dict[str, Any] = {
    "name": "-", "folded_name": "-", "sort_name": "-", "sex": None, "wrapped_key": None, "sealed": None,
    "likeness": b"",
}  # fmt: skip
_END = ChangeRows(cast(Table, PeopleImportRow.__table__), ("stage", "outcome", "report"))
# Everything is loaded anew after them.
_UNSYNCED = {"synchronize_session": False}
_TARGETS = ("person.id", "account.id", "affiliation.id")


def wire_holdings(holdings: Mapping[str, lazy | None]) -> None:
    """`app/holdings.py` lists them, for identity knows no domain above it."""
    _HOLDINGS.update(holdings)


def tables_naming_people() -> set[str]:
    """All whose rows name a person, an account or a post."""
    return {
        table.name
        for table in Base.metadata.tables.values()
        if table.name not in _OWN and any(key.target_fullname in _TARGETS for key in table.foreign_keys)
    }


def applied_rows(db: Session, import_id: int, stage: str, most: int) -> list[Row]:
    """The latest rows of a list that wrote something, the last first."""
    found = db.execute(
        select(PeopleImportRow.id, PeopleImportRow.position, PeopleImportRow.given, PeopleImportRow.confirmed)
        .where(
            PeopleImportRow.import_id == import_id, PeopleImportRow.stage == stage, PeopleImportRow.wrote.is_not(None)
        )
        .order_by(PeopleImportRow.applied_at.desc(), PeopleImportRow.position.desc())
        .limit(most)
    )
    return [Row(id_, position, opened_kept(given), confirmed) for id_, position, given, confirmed in found]


def undo_rows(db: Session, hands: Hands, rows: Sequence[Row]) -> None:
    """Take back some rows, in the order given; what came of each is written with it."""
    kept = {one.id: one for some in chunks([row.id for row in rows]) for one in _rows(db, some)}
    ordered = [kept[row.id] for row in rows]
    wrote = [opened_wrote(row.wrote) for row in ordered if row.wrote]
    undoing = _Undoing(db, wrote)
    ends: list[dict[str, Any]] = []
    for row, own in zip(ordered, wrote, strict=True):
        reasons = undoing.take_back(own)
        report = opened_report(row.report) if row.report else None
        told = sealed_report(_told(report, reasons)) if report else None
        ends.append({"id": row.id, "stage": "undone", "outcome": "kept" if reasons else "undone", "report": told})
    undoing.finish()
    _END.run(db.connection(), ends)


def _rows(db: Session, row_ids: Sequence[int]) -> Iterable[PeopleImportRow]:
    return db.scalars(select(PeopleImportRow).where(PeopleImportRow.id.in_(row_ids)))


def _told(report: RowReport, reasons: Sequence[str]) -> RowReport:
    if reasons:
        return replace(report, messages=(_("Giữ lại: %(reasons)s.", reasons="; ".join(reasons)),))
    return replace(report, messages=(), username="", password="")


class _Undoing:
    """Some rows, with all they touched loaded in a handful of queries."""

    def __init__(self, db: Session, wrote: Sequence[Wrote]) -> None:
        self.db = db
        self.people: dict[int, Person] = {}
        for some in chunks(sorted({own.person_id for own in wrote})):
            self.people |= {one.id: one for one in db.scalars(_people().where(Person.id.in_(some)))}
        # Also those under another record of the same human being.
        posts = {own.post_id for own in wrote if own.post_id} | {post for own in wrote for post, *_was in own.ended}
        self.posts: dict[int, Affiliation] = {}
        for some in chunks(sorted(posts)):
            self.posts |= {one.id: one for one in db.scalars(select(Affiliation).where(Affiliation.id.in_(some)))}
        new = sorted({own.person_id for own in wrote if own.is_new})
        self.accounts: dict[int, Account] = {}
        for some in chunks(new):
            accounts = db.scalars(select(Account).where(Account.person_id.in_(some)))
            self.accounts |= {account.person_id: account for account in accounts}
        self.hanging = self._hanging(new, {own.post_id for own in wrote if own.post_id})
        # Deleted together at the end.
        self.gone: set[int] = set()
        self.gone_accounts: set[int] = set()
        self.gone_posts: set[int] = set()
        self.changed: set[int] = set()

    def take_back(self, own: Wrote) -> list[str]:
        """Why some of it stays; nothing if all of it went."""
        person = self.people.get(own.person_id)
        if person is None:
            return [_("người này không còn")]
        return self._remove(person, own) if own.is_new else self._set_back(person, own)

    def finish(self) -> None:
        self.db.flush()
        for table, column, ids in (
            (AffiliationAudience, AffiliationAudience.affiliation_id, self.gone_posts),
            (Affiliation, Affiliation.id, self.gone_posts),
            (OneTimeCode, OneTimeCode.account_id, self.gone_accounts),
            (Account, Account.id, self.gone_accounts),
            (PersonLookup, PersonLookup.person_id, self.gone),
        ):
            for some in chunks(sorted(ids)):
                self.db.execute(delete(table).where(column.in_(some)), execution_options=_UNSYNCED)
        for some in chunks(sorted(self.gone)):
            self.db.execute(update(Person).where(Person.id.in_(some)).values(_NOBODY), execution_options=_UNSYNCED)
        self.db.expire_all()
        for some in chunks(sorted(self.changed)):
            emit(self.db, AffiliationsChanged(tuple(some)))
        # Facts that may never be deleted, such as entries of the ledger, keep naming the bare row of whoever goes.
        free = self.gone - _named_by(self.db, "person.id", tables_naming_people(), self.gone)
        for some in chunks(sorted(free)):
            self.db.execute(delete(Person).where(Person.id.in_(some)))

    def _remove(self, person: Person, own: Wrote) -> list[str]:
        reasons = sorted(self.hanging["person.id"].get(person.id, ()))
        account = self.accounts.get(person.id)
        if account:
            reasons += sorted(self.hanging["account.id"].get(account.id, ()))
            if not account.must_change_password:
                reasons.append(_("đã đặt mật khẩu"))
        reasons += sorted(self.hanging["affiliation.id"].get(own.post_id or 0, ()))
        if {post.id for post in person.affiliations} - {own.post_id, *self.gone_posts}:
            reasons.append(_("đã có vị trí công tác ghi sau đó"))
        if reasons:
            return list(dict.fromkeys(reasons))
        self.gone_posts |= {own.post_id} if own.post_id else set()
        self.gone_accounts |= {account.id} if account else set()
        self.gone.add(person.id)
        self.changed.add(person.id)
        return []

    def _set_back(self, person: Person, own: Wrote) -> list[str]:
        reasons = []
        if own.post_id and (hanging := self.hanging["affiliation.id"].get(own.post_id)):
            return sorted(hanging)
        if own.post_id and not self._is_as_left(own):
            return [_("vị trí công tác đã được đổi sau đó")]
        for post_id, last, recorded in own.ended:
            self.posts[post_id].ended_on, self.posts[post_id].end_recorded_at = last, recorded
        if own.post_id:
            self.gone_posts.add(own.post_id)
            self.changed.add(person.id)
        if own.before is not None:
            if sealing.unseal(person) == own.after:
                set_fields(person, own.before)
            else:
                reasons.append(_("thông tin cá nhân đã được đổi sau đó"))
        if own.sex_given:
            person.sex = None
        return reasons

    def _is_as_left(self, own: Wrote) -> bool:
        """The post goes on, and those before it end on its eve, as the row wrote them."""
        post = self.posts.get(own.post_id or 0)
        if post is None or post.ended_on is not None:
            return False
        eve = post.started_on - timedelta(days=1)
        before = [self.posts.get(post_id) for post_id, *_was in own.ended]
        return all(one is not None and one.ended_on == eve for one in before)

    def _hanging(self, person_ids: Collection[int], post_ids: Collection[int]) -> dict[str, dict[int, set[str]]]:
        """What hangs on people the list added, on their accounts and on posts it began, in words."""
        ids = {
            "person.id": person_ids,
            "account.id": [account.id for account in self.accounts.values()],
            "affiliation.id": post_ids,
        }
        found: dict[str, dict[int, set[str]]] = {target: defaultdict(set) for target in ids}
        for table in sorted(tables_naming_people()):
            words = _HOLDINGS.get(table, _SOMETHING)
            if words is None:
                continue
            for target, some in ids.items():
                for one in _named_by(self.db, target, {table}, some):
                    found[target][one].add(str(words))
        return found


def _people() -> Select[Person]:
    return select(Person).options(selectinload(Person.lookups), selectinload(Person.affiliations))


def _named_by(db: Session, target: str, tables: Collection[str], ids: Collection[int]) -> set[int]:
    """Which of these ids the rows of some tables name."""
    found: set[int] = set()
    for table in tables:
        for key in Base.metadata.tables[table].foreign_keys:
            if key.target_fullname == target:
                for some in chunks(sorted(ids)):
                    found |= set(db.scalars(select(key.parent).where(key.parent.in_(some)).distinct()))
    return found
