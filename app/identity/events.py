"""Facts identity announces."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from app.core.events import Event


@dataclass(frozen=True)
class AffiliationsChanged(Event):
    """Posts of these people began, ended or were corrected."""

    person_ids: tuple[int, ...]


@dataclass(frozen=True)
class PeopleMerged(Event):
    """All these records are one human being from now on."""

    person_ids: tuple[int, ...]


@dataclass(frozen=True)
class PeopleUnmerged(Event):
    """These records were one human being until a merge among them was undone."""

    person_ids: tuple[int, ...]


@dataclass(frozen=True)
class UnitsReorganised(Event):
    """The unit tree or its lineage changed; the closure is rebuilt already."""

    unit_ids: tuple[int, ...]


@dataclass(frozen=True)
class ResetCodeIssued(Event):
    """Somebody who looks after this person had a code made that sets a new password."""

    person_id: int
    by_name: str
    issued_at: datetime


@dataclass(frozen=True)
class SecondFactorRemoved(Event):
    """An administrator took away this person's second factor."""

    person_id: int
    by_name: str
    removed_at: datetime


@dataclass(frozen=True)
class AccountsIdle(Event):
    """Nobody uses the accounts with a role that these people have: they were warned, or disabled on that day."""

    person_ids: tuple[int, ...]
    day: date  # of the disabling; after a warning the day that will find them disabled
    change: Literal["warned", "disabled"]


@dataclass(frozen=True)
class AccountReopened(Event):
    """Somebody opened this person's idle account again."""

    person_id: int
    by_name: str
    reopened_at: datetime


@dataclass(frozen=True)
class RoleChanged(Event):
    """An account was given a role, its last day was set, or it holds after all; by which account, None: a command."""

    grant_id: int
    change: Literal["given", "ended", "resumed"]
    by: int | None
