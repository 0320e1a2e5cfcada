"""Where each unit stands on the tile map: fixed places, so that readers find their own again (data/README.md)."""

import csv
from functools import cache
from pathlib import Path

_COLUMNS = 13


@cache
def places() -> dict[tuple[str, str], tuple[int, int]]:
    """(kind, code) -> (row, column), counted from 0 in the north-west."""
    with (Path(__file__).parent / "data" / "tile_grid.csv").open(encoding="utf-8") as file:
        return {(row["kind"], row["code"]): (int(row["row"]), int(row["col"])) for row in csv.DictReader(file)}


def placed(units: list[tuple[str, str]]) -> list[tuple[int, int]]:
    """The place of each unit given by kind and code; those without one fill rows below all others, in their order."""
    known = places()
    lowest = max((known[unit][0] for unit in units if unit in known), default=-1)
    strangers = [unit for unit in units if unit not in known]
    below = {unit: (lowest + 1 + at // _COLUMNS, at % _COLUMNS) for at, unit in enumerate(strangers)}
    return [known.get(unit) or below[unit] for unit in units]
