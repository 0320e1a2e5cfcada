"""The small units no official table lists: villages, teams, schools, health stations, enterprises, cooperatives.

Made once, under the real communes, districts and departments, with the history those give them: a village lives on when
its commune is merged, under a new parent. Numbers follow the plans (II.I of Decision 1908) as far as they go.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from random import Random

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.access import UnitClosure
from app.core.text import fold
from app.identity.models import Unit, UnitEdge, UnitVersion
from app.identity.units.closure_table import closure_of
from app.simulation.places import Map, Stretch
from app.simulation.shares import FIRST_DAY
from app.simulation.tables import Rows

KEY = "mp-"
_SOURCE = "mô phỏng"
# The whole tree, real units included (DESIGN: simulate).
UNITS_IN_ALL = 12_000
# 1,891 village teams and 209 commune teams in old Bắc Giang (II.I.4.2); for old Bắc Ninh the plans tell no number, so
# it has as many villages as such a province had, and commune teams only.
_VILLAGES = {"24": 1891, "27": 730}
_VILLAGE_TEAMS = {"24": 1891, "27": 0}
_HIGH_SCHOOLS_A_DISTRICT = 4
_PROVINCE_HOSPITALS = ("Bệnh viện Đa khoa", "Bệnh viện Sản - Nhi", "Bệnh viện Y học cổ truyền", "Bệnh viện Phục hồi")
_STATE_ENTERPRISES = 12  # in each province
_COOPERATIVES_A_COMMUNE = 2
_LATER_SHARE, _CLOSED_SHARE = 0.15, 0.04
_MERGED_SCHOOLS = 10
_SCHOOLS_MERGED_ON = date(2024, 8, 1)
# Enterprises open and close with a quarter: the fewer days on which the tree changes, the sooner it is computed.
_QUARTERS = [date(year, month, 1) for year in (2024, 2025, 2026) for month in (1, 4, 7, 10)][:-1]


@dataclass
class MadeUnit:
    """A unit to write: one version for each parent it had, and where it went if it ended."""

    key: str
    name: str
    kind: str
    type_name: str
    stretches: Sequence[Stretch]
    heir: str | None = None  # key of another made unit
    ended_on: date | None = field(default=None)


def add_units(db: Session, map_: Map) -> int:
    """Write the units of `made_units` if they are not here yet; returns how many were written."""
    if db.scalar(select(Unit.id).where(Unit.key.startswith(KEY)).limit(1)):
        return 0
    room = UNITS_IN_ALL - (db.scalar(select(func.count()).select_from(Unit)) or 0)
    units = made_units(map_, room)
    _write(db, units)
    return len(units)


def _write(db: Session, units: Sequence[MadeUnit]) -> None:
    now = clock.now()
    rows = Rows(db, Unit, "id", "key", "created_at")
    ids = {unit.key: rows.add_new(unit.key, now) for unit in units}
    versions = Rows(
        db, UnitVersion, "id", "unit_id", "code", "name", "folded_name", "kind", "type_name", "parent_id", "valid_from",
        "valid_to", "resolution", "source", "recorded_at",
    )  # fmt: skip
    edges = Rows(
        db, UnitEdge, "id", "effective_on", "from_unit_id", "to_unit_id", "flags", "share", "resolution", "confidence",
        "source", "recorded_at",
    )  # fmt: skip
    for unit in units:
        id_, folded = ids[unit.key], fold(unit.name)
        for stretch in unit.stretches:
            versions.add_new(
                id_, unit.key.upper(), unit.name, folded, unit.kind, unit.type_name, stretch.unit_id, stretch.first,
                stretch.end, "", _SOURCE, now,
            )  # fmt: skip
        if unit.ended_on:
            flags, share = ("merged|renamed", 1.0) if unit.heir else ("dissolved", None)
            heir_id = ids[unit.heir] if unit.heir else None
            edges.add_new(unit.ended_on, id_, heir_id, flags, share, "", "", _SOURCE, now)
    for made in (rows, versions, edges):
        made.finish()
    db.execute(delete(UnitClosure))
    closure = Rows(
        db, UnitClosure, "id", "ancestor_id", "descendant_id", "depth", "carried", "valid_from", "valid_to"
    )  # fmt: skip
    for row in closure_of(db):
        closure.add_new(*row)
    closure.finish()


def made_units(map_: Map, room: int) -> list[MadeUnit]:
    """The same `room` units for the same map, whoever asks: they do not depend on the seed."""
    rng = Random("units")  # noqa: S311
    units = [*_schools(map_), *_health(map_), *_villages_and_teams(map_), *_cooperatives(map_), *_state(map_)]
    units += _enterprises(map_, room - len(units), rng)
    return units[:room]


def _schools(map_: Map) -> Iterator[MadeUnit]:
    number = 0
    for at, commune in enumerate(map_.first_communes):
        stretches, bare = map_.follow(commune, FIRST_DAY), map_.bare_name(commune)
        merged = at % 30 == 7 and at // 30 < _MERGED_SCHOOLS
        key = f"{KEY}thts-{at:03d}"
        for word in ("Tiểu học", "Trung học cơ sở"):
            number += 1
            unit = MadeUnit(f"{KEY}th-{number:04d}", f"Trường {word} {bare}", "school", "Trường", stretches)
            if merged:
                unit.stretches = [stretch.cut(FIRST_DAY, _SCHOOLS_MERGED_ON) for stretch in stretches[:1]]
                unit.heir, unit.ended_on = key, _SCHOOLS_MERGED_ON
            yield unit
        if merged:
            name = f"Trường Tiểu học và Trung học cơ sở {bare}"
            yield MadeUnit(key, name, "school", "Trường", map_.follow(commune, _SCHOOLS_MERGED_ON))
    for district in map_.first_districts:
        department = map_.follow(map_.department("SGDDT", map_.province_of(district)), FIRST_DAY)
        for serial in range(1, _HIGH_SCHOOLS_A_DISTRICT + 1):
            number += 1
            name = f"Trường Trung học phổ thông {map_.bare_name(district)} số {serial}"
            yield MadeUnit(f"{KEY}th-{number:04d}", name, "school", "Trường", department)


def _health(map_: Map) -> Iterator[MadeUnit]:
    for number, commune in enumerate(map_.first_communes, start=1):
        stretches = map_.follow(commune, FIRST_DAY)
        yield MadeUnit(f"{KEY}yt-{number:04d}", f"Trạm Y tế {map_.name(commune)}", "health", "Trạm Y tế", stretches)
    for number, district in enumerate(map_.first_districts, start=1):
        department = map_.follow(map_.department("SYT", map_.province_of(district)), FIRST_DAY)
        name = f"Trung tâm Y tế {map_.bare_name(district)}"
        yield MadeUnit(f"{KEY}bv-{number:04d}", name, "health", "Trung tâm Y tế", department)
    for at, province in enumerate(("24", "27")):
        department = map_.follow(map_.department("SYT", province), FIRST_DAY)
        for number, name in enumerate(_PROVINCE_HOSPITALS, start=51 + 10 * at):
            full = f"{name} mô phỏng số {at + 1}"
            yield MadeUnit(f"{KEY}bv-{number:04d}", full, "health", "Bệnh viện", department)


def _villages_and_teams(map_: Map) -> Iterator[MadeUnit]:
    for number, commune in enumerate(map_.first_communes, start=1):
        name = f"Tổ công nghệ số cộng đồng {map_.name(commune)}"
        yield MadeUnit(f"{KEY}tx-{number:04d}", name, "team", "Tổ cấp xã", map_.follow(commune, FIRST_DAY))
    for province, count in _VILLAGES.items():
        communes = [commune for commune in map_.first_communes if map_.province_of(commune) == province]
        for number in range(count):
            commune, serial = communes[number % len(communes)], 1 + number // len(communes)
            stretches = map_.follow(commune, FIRST_DAY)
            rural = map_.name(commune).startswith("Xã")
            village = f"Thôn {serial} {map_.bare_name(commune)}" if rural else f"Tổ dân phố số {serial}"
            code = f"{province}{number + 1:04d}"
            yield MadeUnit(f"{KEY}tdp-{code}", village, "village", "Thôn" if rural else "Tổ dân phố", stretches)
            if number < _VILLAGE_TEAMS[province]:
                name = f"Tổ công nghệ số cộng đồng {village}"
                yield MadeUnit(f"{KEY}tt-{code}", name, "team", "Tổ cấp thôn", stretches)


def _cooperatives(map_: Map) -> Iterator[MadeUnit]:
    for at, commune in enumerate(map_.first_communes):
        for number in range(at * _COOPERATIVES_A_COMMUNE + 1, (at + 1) * _COOPERATIVES_A_COMMUNE + 1):
            key, name = f"{KEY}htx-{number:04d}", f"Hợp tác xã Mô Phỏng {number:04d}"
            yield MadeUnit(key, name, "enterprise", "Hợp tác xã", map_.follow(commune, FIRST_DAY))


def _state(map_: Map) -> Iterator[MadeUnit]:
    for at, province in enumerate(("24", "27")):
        stretches = map_.follow(map_.unit(f"p{province}"), FIRST_DAY)
        for number in range(1 + at * _STATE_ENTERPRISES, 1 + (at + 1) * _STATE_ENTERPRISES):
            key, name = f"{KEY}dnnn-{number:02d}", f"Công ty Nhà nước Mô Phỏng {number:02d}"
            yield MadeUnit(key, name, "enterprise", "Doanh nghiệp nhà nước", stretches)


def _enterprises(map_: Map, count: int, rng: Random) -> Iterator[MadeUnit]:
    for number in range(1, count + 1):
        first, end = FIRST_DAY, None
        if rng.random() < _LATER_SHARE:
            first = rng.choice(_QUARTERS)
        elif rng.random() < _CLOSED_SHARE:
            end = rng.choice(_QUARTERS)
        stretches = [
            stretch.cut(first, end)
            for stretch in map_.follow(rng.choice(map_.first_communes), first)
            if end is None or stretch.first < end
        ]
        name = f"Công ty TNHH Mô Phỏng {number:04d}"
        yield MadeUnit(f"{KEY}dn-{number:04d}", name, "enterprise", "Doanh nghiệp", stretches, ended_on=end)
