"""Which unit of today a list means: names that many units bore, districts that are gone, dates, answers."""

import csv
from collections.abc import Callable, Mapping
from datetime import date

import pytest
from sqlalchemy.orm import Session

from app.identity.lists.office_units import OfficeUnits
from app.identity.lists.people_import import COLUMNS
from app.identity.lists.people_import_service import load_register
from app.identity.lists.people_sheet import SheetRow
from app.identity.lists.unit_names import load_called_units
from app.identity.units.unit_seeding import DATA

TODAY = date(2026, 11, 21)
LAST_DAY_OF_OLD = date(2025, 6, 30)


def table(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


VERSIONS, EDGES = table("unit_versions.csv"), table("unit_edges.csv")
TODAYS = {row["unit_key"]: row["code"] for row in VERSIONS if row["kind"] == "commune" and not row["valid_to"]}
OLD = [row for row in VERSIONS if row["kind"] == "commune" and row["unit_key"] not in TODAYS]
DISTRICTS = {
    row["unit_key"]: [one["name"] for one in VERSIONS if one["unit_key"] == row["unit_key"]]
    for row in VERSIONS
    if row["kind"] in ("district", "province")
}


def bare(row: Mapping[str, str]) -> str:
    return row["name"].removeprefix(row["type"]).strip()


def code_today(key: str) -> str:
    """By the edges as shipped, without any of our code; every commune has one heir."""
    while key not in TODAYS:
        [key] = {row["to_key"] for row in EDGES if row["from_key"] == key} - {key}
    return TODAYS[key]


# 35 communes of today bear a name that on the last day of the districts another commune had, under another code.
SAME_NAME = [
    (old, new["code"])
    for new in VERSIONS
    for old in OLD
    if new["unit_key"] in TODAYS and not new["valid_to"] and bare(old) == bare(new) and old["code"] != new["code"]
    and old["valid_to"] == "2025-07-01"
]  # fmt: skip


@pytest.fixture
def units(db: Session) -> Callable[..., OfficeUnits]:
    register = load_register(db, TODAY)
    called = load_called_units(db, register, TODAY)

    def of(answers: Mapping[str, str] | None = None) -> OfficeUnits:
        return OfficeUnits(register, called, answers)

    return of


def row(name: str, code: str = "", period: tuple[date, date] | None = None) -> SheetRow:
    cells = [{"Mã đơn vị": code, "Tên đơn vị": name}.get(column) or None for column in COLUMNS]
    return SheetRow(9, cells, "Danh sách", period=period)


def code_of(placed: SheetRow) -> str:
    return str(placed.cells[COLUMNS.index("Mã đơn vị")] or "")


def offered(placed: SheetRow) -> list[str]:
    assert placed.question is not None
    assert placed.refusals
    return [one.code for one in placed.question.candidates]


def test_all_35_names_that_equal_another_old_unit_lead_to_todays(units: Callable[..., OfficeUnits]) -> None:
    assert len(SAME_NAME) == 35
    found = units()
    for old, new_code in SAME_NAME:
        today = code_today(old["unit_key"])
        # The old code beside the name tells which is meant, as do the district and the new code.
        assert code_of(found.placed(row(old["name"], old["code"]))) == today, old
        assert code_of(found.placed(row(old["name"], new_code))) == new_code, old
        for district in DISTRICTS[old["parent_key"]]:
            assert code_of(found.placed(row(f"{old['name']}, {district}"))) == today, (old, district)


@pytest.mark.parametrize(
    "write",
    [
        "{name}, {district}".format,
        "{name} ({district})".format,
        "UBND {name} - {district}".format,
        "{district}, {name}".format,
        "{name}; {district}; Tỉnh {province}".format,
    ],
    ids=["comma", "brackets", "hyphen", "district first", "province too"],
)
def test_every_old_commune_with_its_district_leads_to_its_heir(
    units: Callable[..., OfficeUnits], write: Callable[..., str]
) -> None:
    found = units()
    for old in OLD:
        district = next(
            one["name"]
            for one in VERSIONS
            if one["unit_key"] == old["parent_key"] and (one["valid_to"] or "9999") >= old["valid_to"]
        )
        province = "Bắc Giang" if old["former_province_code"] == "24" else "Bắc Ninh"
        placed = found.placed(row(write(name=old["name"], district=district, province=province)))
        if bare(old) == "Ninh Xá" and district == "Thành phố Bắc Ninh":
            # Today the province bears the name of that town, and has a Ninh Xá of its own.
            assert code_today(old["unit_key"]) in offered(placed)
        else:
            assert code_of(placed) == code_today(old["unit_key"]), old
            assert placed.notes or placed.cells[COLUMNS.index("Tên đơn vị")] == old["name"], old


def test_equal_names_without_district_are_asked_about_and_told_apart(units: Callable[..., OfficeUnits]) -> None:
    placed = units().placed(row("Xã Phúc Sơn"))
    assert sorted(offered(placed)) == ["07333", "07627"]
    assert placed.question
    assert {one.told for one in placed.question.candidates} == {
        "Xã Phúc Sơn (Huyện Sơn Động, đến 30/06/2025), nay thuộc Xã Đại Sơn",
        "Xã Phúc Sơn (Huyện Tân Yên, đến 31/12/2024), nay thuộc Xã Quang Trung",
    }
    assert code_of(placed) == "", "nothing is guessed"


@pytest.mark.parametrize(
    ("on", "code"),
    [(date(2024, 6, 30), ""), (date(2025, 6, 30), "09445"), (TODAY, "09445")],
    ids=["two of that name", "one left", "today"],
)
def test_the_date_of_the_list_tells_equal_names_apart(units: Callable[..., OfficeUnits], on: date, code: str) -> None:
    placed = units().placed(row("Phường Ninh Xá", period=(on, on)))
    assert code_of(placed) == code
    assert bool(placed.question) == (code == "")


def test_a_date_decides_together_with_the_town_of_then(units: Callable[..., OfficeUnits]) -> None:
    then = date(2024, 6, 30)
    assert code_of(units().placed(row("Phường Ninh Xá, TP Bắc Ninh", period=(then, then)))) == "09187"
    assert code_of(units().placed(row("P. Ninh Xá (TX Thuận Thành)", period=(then, then)))) == "09445"


def test_a_name_spelled_otherwise_is_not_meant_because_of_a_date(units: Callable[..., OfficeUnits]) -> None:
    assert sorted(offered(units().placed(row("Phương Sơn", period=(TODAY, TODAY))))) == ["07444", "07612"]
    assert code_of(units().placed(row("phuong phuong son", period=(TODAY, TODAY)))) == "07612"


@pytest.mark.parametrize("name", ["Xã Phúc Sơn, huyện Gia Bình", "Tổ 5, Xã Xuân Lương", "Đảng ủy - Phường Đa Mai"])
def test_what_does_not_lie_there_is_asked_about(units: Callable[..., OfficeUnits], name: str) -> None:
    placed = units().placed(row(name))
    assert code_of(placed) == ""
    assert offered(placed)


def test_who_went_several_ways_is_asked_about_with_each(units: Callable[..., OfficeUnits]) -> None:
    placed = units().placed(row("Sở Lao động - Thương binh và Xã hội"))
    assert len(offered(placed)) > 1
    assert code_of(placed) == ""


def test_a_district_that_left_no_heir_is_no_province(units: Callable[..., OfficeUnits]) -> None:
    placed = units().placed(row("Huyện Lục Ngạn"))
    assert placed.question
    assert not placed.question.candidates
    assert code_of(placed) == ""


def test_an_answer_holds_for_every_row_that_says_the_same(units: Callable[..., OfficeUnits]) -> None:
    asked = units().placed(row("Xã Phúc Sơn"))
    assert asked.question
    answered = units({asked.question.key: "07627"})
    for name in ("Xã Phúc Sơn", "XÃ PHÚC SƠN"):
        placed = answered.placed(row(name))
        assert code_of(placed) == "07627"
        assert "theo trả lời" in placed.notes[0]
        assert not placed.refusals
    assert answered.placed(row("Xã Đồng Tiến")).question, "another question stays open"
