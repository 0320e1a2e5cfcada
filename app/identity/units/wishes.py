"""What may be asked of the unit tree: one value a kind of reorganisation, before anybody looked whether it can be."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Draft:
    """A unit to be made."""

    code: str
    name: str
    kind: str
    type_name: str
    parent_id: int


@dataclass(frozen=True)
class Create:
    unit: Draft


@dataclass(frozen=True)
class Found:
    """Many units at once, as from a list. A parent that is itself in the list bears -1 for the first, -2 …"""

    units: tuple[Draft, ...]


@dataclass(frozen=True)
class Rename:
    unit_id: int
    code: str
    name: str


@dataclass(frozen=True)
class Retype:
    unit_id: int
    name: str
    kind: str
    type_name: str


@dataclass(frozen=True)
class Move:
    unit_id: int
    parent_id: int


@dataclass(frozen=True)
class Merge:
    """Several units end and become a new one."""

    unit_ids: tuple[int, ...]
    into: Draft


@dataclass(frozen=True)
class Absorb:
    """Units end and become part of one that lives on."""

    unit_ids: tuple[int, ...]
    into_id: int


@dataclass(frozen=True)
class Split:
    """A unit ends and becomes several. `shares` go with `parts`, all or none given.

    `children`: unit below -> its part; `people`: holder of a post there -> their part, the others wait at the parent.
    """

    unit_id: int
    parts: tuple[Draft, ...]
    shares: tuple[float | None, ...]
    children: Mapping[int, int] = field(default_factory=dict)
    people: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Cede:
    """A unit lives on and gives parts of itself to new units or to ones that are there (by id).

    As in Split, but what is not named stays, and the shares leave something over: that stays too.
    """

    unit_id: int
    parts: tuple[Draft | int, ...]
    shares: tuple[float | None, ...]
    children: Mapping[int, int] = field(default_factory=dict)
    people: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Close:
    unit_id: int


Wish = Create | Found | Rename | Retype | Move | Merge | Absorb | Split | Cede | Close
