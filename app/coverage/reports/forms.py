"""The seven forms of a report as shipped in data/forms.csv (data/README.md says where they come from)."""

import csv
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Literal, cast

Kind = Literal["int", "number", "percent", "date", "text"]

# Holds people, so it is made for whoever asks and never frozen (people_form.py).
PEOPLE_FORM = "B05"


@dataclass(frozen=True)
class Column:
    """`width` is relative to those of the other columns; of `header` some name years in braces."""

    header: str
    kind: Kind
    width: int


@dataclass(frozen=True)
class Form:
    """`periods` says in words what the form is for."""

    code: str
    title: str
    periods: str
    columns: tuple[Column, ...]


@lru_cache(maxsize=1)
def forms() -> dict[str, Form]:
    """By code, in order."""
    path = Path(__file__).with_name("data") / "forms.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found = {}
    for code, some in groupby(rows, key=lambda row: row["form"]):
        columns = list(some)
        found[code] = Form(
            code, columns[0]["title"], columns[0]["periods"],
            tuple(Column(row["header"], cast(Kind, row["kind"]), int(row["width"])) for row in columns),
        )  # fmt: skip
    return found
