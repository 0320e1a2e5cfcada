"""What the page and the files of the access log show."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.text import fold, nfc
from app.identity.models import AccessEntry, Account, Person


@dataclass(frozen=True)
class AccessChoice:
    """Accesses of the days `first` to `last`, both counted; an empty text chooses all.

    `who` is a user name, part of a person's name, or #number of an account as the audit shows it.
    """

    first: date
    last: date
    who: str = ""
    address: str = ""
    kind: str = ""


@dataclass(frozen=True)
class AccessRow:
    """One access; `at` in Vietnam time to the second. An account that is no more has its number only."""

    at: str
    kind: str
    account_id: int | None
    username: str
    name: str
    address: str
    port: int | None


def count_accesses(db: Session, choice: AccessChoice) -> int:
    return db.scalar(select(func.count()).select_from(AccessEntry).where(*_chosen(choice))) or 0


def accesses(db: Session, choice: AccessChoice, *, limit: int, skip: int = 0) -> Iterator[AccessRow]:
    """Newest first."""
    entry = AccessEntry
    here = select(entry.id).where(*_chosen(choice)).order_by(entry.at.desc(), entry.id.desc()).limit(limit).offset(skip)
    rows = db.execute(
        select(entry.at, entry.kind, entry.account_id, Account.username, Person.name, entry.address, entry.port)
        .where(entry.id.in_(here.subquery().select()))
        .outerjoin(Account, Account.id == entry.account_id)
        .outerjoin(Person, Person.id == Account.person_id)
        .order_by(entry.at.desc(), entry.id.desc())
        .execution_options(yield_per=1000)
    )
    for at, kind, account_id, username, name, address, port in rows:
        shown = f"{at.astimezone(clock.VIETNAM):%d/%m/%Y %H:%M:%S}"
        yield AccessRow(shown, kind, account_id, username or "", name or "", address, port)


def _chosen(choice: AccessChoice) -> list[ColumnElement[bool]]:
    begins = datetime.combine(choice.first, time.min, tzinfo=clock.VIETNAM).astimezone(UTC)
    where = [AccessEntry.at >= begins, AccessEntry.at <= clock.end_of_day(choice.last)]
    if choice.who:
        where.append(AccessEntry.account_id.in_(_accounts(choice.who)))
    if choice.address:
        where.append(AccessEntry.address == choice.address)
    if choice.kind:
        where.append(AccessEntry.kind == choice.kind)
    return where


def _accounts(who: str) -> Select[int] | list[int]:
    if who.startswith("#") and who[1:].isascii() and who[1:].isdigit():
        return [int(who[1:19])]
    named = Person.folded_name.contains(fold(nfc(who)), autoescape=True)
    return (
        select(Account.id)
        .join(Person, Person.id == Account.person_id)
        .where(or_(Account.username == who.lower(), named))
    )  # fmt: skip
