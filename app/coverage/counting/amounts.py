"""What is added up: whole people by measure, and which of them a question asks for."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True)
class Slice:
    """Which entries: some versions, a calendar year up to a reference date, only what was recorded by `known_at`."""

    version_ids: tuple[int, ...]
    period: str
    reference: date
    known_at: datetime | None = None


@dataclass(frozen=True)
class Sums:
    """Whole people at one place of the tree."""

    roster: int = 0
    coverage: int = 0
    output: int = 0

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(self.roster + other.roster, self.coverage + other.coverage, self.output + other.output)

    def __sub__(self, other: "Sums") -> "Sums":
        return Sums(self.roster - other.roster, self.coverage - other.coverage, self.output - other.output)

    def __bool__(self) -> bool:
        return bool(self.roster or self.coverage or self.output)


# Version id -> unit id -> what counts there.
VersionSums = dict[int, dict[int, Sums]]
