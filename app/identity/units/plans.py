"""What is known before an act on the unit tree, and the plan of what it would write: the types, without the rules.

Units the act creates bear negative numbers until they are written.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from app.identity.units.unit_queries import UnitOnDay


@dataclass(frozen=True)
class HeldPost:
    """A post not over before the day of the act."""

    post_id: int
    person_id: int


@dataclass(frozen=True)
class Facts:
    """What the tables know of the units concerned; `lives` includes every unit above a new parent."""

    lives: Mapping[int, Sequence[UnitOnDay]]
    children: Mapping[int, Sequence[UnitOnDay]]
    bearers: Mapping[str, Sequence[UnitOnDay]]  # versions that bear a code on the day of the act or later
    passed_later: frozenset[int]  # units with lineage after the day, or that went elsewhere on it, wholly or in part
    received: frozenset[int]  # units that others went into on that very day, wholly or in part
    posts: Mapping[int, Sequence[HeldPost]]
    grants: Mapping[int, Sequence[int]]


@dataclass(frozen=True)
class NewVersion:
    """A unit's state from the day on."""

    unit_id: int
    code: str
    name: str
    kind: str
    type_name: str
    parent_id: int | None
    former_province_code: str | None


@dataclass(frozen=True)
class NewEdge:
    from_id: int
    to_id: int | None
    flags: str
    share: float | None = None


@dataclass(frozen=True)
class PostMove:
    """The post ends the day before and goes on at `unit_id`; None: there is no unit above to wait at."""

    post: HeldPost
    unit_id: int | None


@dataclass(frozen=True)
class Plan:
    """`ends`: units whose version in force ends the day before; those that do not begin again are closed."""

    verb: str
    on: date
    ends: tuple[int, ...]
    begins: tuple[NewVersion, ...]
    edges: tuple[NewEdge, ...]
    moves: tuple[PostMove, ...]
    grants: tuple[int, ...]
    problems: tuple[str, ...]

    @property
    def made(self) -> list[NewVersion]:
        return [version for version in self.begins if version.unit_id < 0]

    @property
    def changed(self) -> list[NewVersion]:
        return [version for version in self.begins if version.unit_id > 0]

    @property
    def closed(self) -> list[int]:
        going_on = {version.unit_id for version in self.begins}
        return [unit_id for unit_id in self.ends if unit_id not in going_on]

    @property
    def divided(self) -> list[int]:
        """The unit that gave parts away, closed or living on."""
        return list(dict.fromkeys(edge.from_id for edge in self.edges if edge.flags == "split"))

    @property
    def altered(self) -> set[int]:
        """Every unit that is there already and is another, or counts otherwise, from the day on."""
        named = {*self.ends, *(unit_id for edge in self.edges for unit_id in (edge.from_id, edge.to_id))}
        return {unit_id for unit_id in named if unit_id and unit_id > 0}

    @property
    def touched(self) -> set[int]:
        """The altered ones, and those that units are put under."""
        return self.altered | {one.parent_id for one in self.begins if one.parent_id and one.parent_id > 0}

    @property
    def people_count(self) -> int:
        return len({move.post.person_id for move in self.moves})

    @property
    def heirs(self) -> dict[int, int]:
        """The one unit that follows each closed one; empty where it was divided or left none."""
        if self.verb not in ("merge", "absorb"):
            return {}
        return {edge.from_id: edge.to_id for edge in self.edges if edge.to_id and edge.to_id != edge.from_id}

    @property
    def digest(self) -> str:
        """Two plans that would write the same have the same one; the confirmation carries it."""
        return hashlib.sha256(repr(self).encode()).hexdigest()
