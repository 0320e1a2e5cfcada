"""Who lives where: draws people of each group and the unit they belong to. Everything follows from seed and number."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from random import Random

from app.simulation.places import Map
from app.simulation.shares import BAC_GIANG_SHARE, FORMER_PROVINCES, GROUPS, STATE_ENTERPRISE_SHARE, Group


@dataclass(frozen=True)
class Home:
    """Where somebody belongs at first: a unit, and whether it is a state enterprise."""

    unit_id: int
    audiences: tuple[str, ...]


class Population:
    """The places of each group, by old province."""

    def __init__(self, map_: Map) -> None:
        self.map = map_
        self._sums = list(accumulate(group.weight for group in GROUPS))
        self._teams = {
            map_.lives[team][0].parent_id: team for team in map_.of_kind("team", "Tổ cấp xã")
        }  # fmt: skip
        self._places = {
            (audience, province): units
            for audience, parts in self._kinds().items()
            for province in FORMER_PROVINCES
            if (units := [[unit for unit in part if map_.province_of(unit) == province] for part in parts])
        }

    def group(self, rng: Random) -> Group:
        return GROUPS[bisect_right(self._sums, rng.random() * self._sums[-1])]

    def home(self, rng: Random, group: Group) -> Home:
        """A unit in force on the first day or made later, of an old province drawn by population."""
        province = "24" if rng.random() < BAC_GIANG_SHARE else "27"
        parts = self._places[group.audience, province]
        if group.audience == "LDDN":
            is_state = rng.random() < STATE_ENTERPRISE_SHARE
            return Home(rng.choice(parts[1 if is_state else 0]), ("LDDN", "DNNN") if is_state else ("LDDN",))
        return Home(rng.choice(parts[self._part(rng, parts)]), (group.audience,))

    def colleagues_home(self, rng: Random, unit_id: int, group: Group) -> int:
        """Another unit of the same group to move to, in the same old province."""
        province = self.map.province_of(unit_id) or rng.choice(FORMER_PROVINCES)
        return rng.choice(rng.choice(self._places[group.audience, province]))

    def team_of(self, commune_id: int) -> int | None:
        """The digital team of a commune of the beginning."""
        return self._teams.get(commune_id)

    def opened_on(self, unit_id: int) -> date:
        return self.map.lives[unit_id][0].valid_from

    def in_force(self, rng: Random, unit_id: int, day: date) -> int | None:
        """The unit itself, or what its people came to by that day; None if it ended without successors."""
        while (end := self.map.end_of(unit_id)) is not None and end <= day:
            heirs = self.map.heirs(unit_id)
            if not heirs:
                return None
            unit_id = rng.choice(heirs)
        return unit_id

    @staticmethod
    def _part(rng: Random, parts: Sequence[Sequence[int]]) -> int:
        """Each part of a group's places has as many people as any other."""
        return rng.randrange(len(parts))

    def _kinds(self) -> dict[str, list[list[int]]]:
        map_ = self.map
        communes = map_.first_communes
        schools, villages = map_.of_kind("school"), map_.of_kind("village")
        health = map_.of_kind("health")
        return {
            # As many in departments as in districts, and half of all in communes.
            "CBCC": [map_.agencies, map_.first_districts, communes, communes],
            "GIAOVIEN": [schools],
            "YTE": [map_.of_kind("health", "Trạm Y tế"), [u for u in health if "Trạm" not in map_.name(u)]],
            "TCNSCD": [map_.of_kind("team")],
            "LDDN": [
                map_.of_kind("enterprise", "Doanh nghiệp") + map_.of_kind("enterprise", "Hợp tác xã"),
                map_.of_kind("enterprise", "Doanh nghiệp nhà nước"),
            ],
            "NGUOIDAN": [villages, villages, villages, communes],
            "HOCSINH": [[unit for unit in schools if "phổ thông" in map_.name(unit)]],
        }
