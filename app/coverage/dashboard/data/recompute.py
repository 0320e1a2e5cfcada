"""Recomputes the figure of this folder from its entries: python3 recompute.py [FOLDER]. Python's own library is enough.

Nothing of the platform is used. Prints what it found and what the platform said; ends with 1 if they differ.
"""

import csv
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(sys.argv[1] if len(sys.argv) > 1 else ".")


def rows(name: str) -> Iterator[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


said = json.loads((FOLDER / "figure.json").read_text(encoding="utf-8"))
definition = json.loads((FOLDER / "definition.json").read_text(encoding="utf-8"))
sums: Counter[str] = Counter()
by_counted_unit: Counter[str] = Counter()
people: Counter[tuple[str, str]] = Counter()
counted = {row["unit"] for row in rows("units.csv") if row["is_counted"] == "1"}
nearest = {row["unit"]: row["nearest_counted"] for row in rows("units.csv")}
for entry in rows("entries.csv"):
    if entry["effective_on"] <= said["reference_date"] and entry["unit"] in nearest:
        sums[entry["measure"]] += int(entry["sign"])
        people[entry["measure"], entry["person"]] += int(entry["sign"])
        if entry["measure"] == "coverage":
            by_counted_unit[nearest[entry["unit"]]] += int(entry["sign"])
assert all(of in (0, 1) for of in people.values()), "somebody is counted twice"
if definition["measure"] == "units":
    sums["roster"], sums["coverage"] = len(counted), sum(1 for unit in counted if by_counted_unit[unit] > 0)
is_roster = definition["denominator"] == "roster"
numerator = sums["coverage"] if is_roster else sums["output"]
denominator = sums["roster"] if is_roster else sum(int(row["value"]) for row in rows("denominator.csv"))
found = {"numerator": numerator, "denominator": denominator or None, "output": sums["output"]}
expected = {name: said["recomputable"][name] for name in found}
print(json.dumps({"found": found, "said": expected, "ratio": numerator / denominator if denominator else None}))
sys.exit(found != expected)
