"""The outlines of the province's courses: which lessons a module of that code is made of (data/README.md)."""

import csv
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_FILE = Path(__file__).parent / "data" / "outlines.csv"


@dataclass(frozen=True)
class ModuleOutline:
    """One module as planned; `lessons` are (key, title) in order."""

    number: int
    title: str
    lessons: tuple[tuple[str, str], ...]


def module_outline(course_code: str, number: int) -> ModuleOutline | None:
    """The planned module `number` of a course, or None if that course or module has no outline."""
    return _outlines().get((course_code, number))


@lru_cache(maxsize=1)
def _outlines() -> dict[tuple[str, int], ModuleOutline]:
    lessons: dict[tuple[str, int], list[tuple[str, str]]] = {}
    titles: dict[tuple[str, int], str] = {}
    with _FILE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            place = (row["course"], int(row["module"]))
            titles[place] = row["module_title"]
            lessons.setdefault(place, []).append((row["lesson"], row["lesson_title"]))
    return {place: ModuleOutline(place[1], titles[place], tuple(keys)) for place, keys in lessons.items()}
