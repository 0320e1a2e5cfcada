"""The skill areas of the national frameworks: what a course says it teaches, what a question says it asks.

data/skill_areas.csv names them and the document each comes from.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path

_FILE = Path(__file__).parent / "data" / "skill_areas.csv"


@dataclass(frozen=True)
class SkillArea:
    """`source`: number and date of the document that sets the framework."""

    code: str
    name: str
    framework: str
    source: str


@cache
def skill_areas() -> Mapping[str, SkillArea]:
    """By code, in the order of the frameworks."""
    with _FILE.open(encoding="utf-8", newline="") as file:
        return {row["code"]: SkillArea(**row) for row in csv.DictReader(file)}


@cache
def frameworks() -> tuple[tuple[SkillArea, ...], ...]:
    """The areas of each framework; never an empty one."""
    return tuple(tuple(areas) for _name, areas in groupby(skill_areas().values(), lambda area: area.framework))
