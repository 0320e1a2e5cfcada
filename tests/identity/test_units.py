"""The real units of the two provinces: what is shipped, how it adds up, and what hangs on it."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from app.__main__ import main
from app.core import clock
from app.core.access import Actor, UnitClosure, closure_on
from app.core.db import Database, Session
from app.core.settings import Settings, get_settings
from app.identity.models import Audience, Unit, UnitEdge, UnitVersion
from app.identity.units import unit_queries
from app.identity.units.unit_history import history
from app.identity.units.unit_seeding import seed_units

BEFORE, REFORMED, MERGED, CITY = date(2023, 6, 30), date(2025, 3, 31), date(2025, 7, 1), date(2026, 9, 20)
EVE = MERGED - timedelta(days=1)


def unit_id(db: Session, key: str) -> int:
    found = db.scalar(select(Unit.id).where(Unit.key == key))
    assert found is not None, key
    return found


def place(db: Session, key: str, day: date) -> list[str]:
    """The keys a unit counts under on a day, from itself upwards."""
    rows = db.execute(
        select(Unit.key)
        .join(UnitClosure, UnitClosure.ancestor_id == Unit.id)
        .where(UnitClosure.descendant_id == unit_id(db, key), closure_on(day))
        .order_by(UnitClosure.depth)
    )
    return [row.key for row in rows]


def under(db: Session, key: str, day: date) -> set[str]:
    rows = db.execute(
        select(Unit.key)
        .join(UnitClosure, UnitClosure.descendant_id == Unit.id)
        .where(UnitClosure.ancestor_id == unit_id(db, key), closure_on(day))
    )
    return {row.key for row in rows}


# --- what is shipped ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "by_former_province", "districts", "agencies"),
    [
        (BEFORE, {"24": 209, "27": 126}, 18, 24),
        (REFORMED, {"24": 192, "27": 121}, 18, 14),
        (MERGED, {"24": 58, "27": 41}, 0, 7),
        (CITY, {"24": 58, "27": 41}, 0, 7),
    ],
)
def test_the_tree_of_each_date_has_the_known_number_of_units(
    db: Session, day: date, by_former_province: dict[str, int], districts: int, agencies: int
) -> None:
    units = db.scalars(select(UnitVersion).where(unit_queries.in_force(day))).all()
    communes = Counter(unit.former_province_code for unit in units if unit.kind == "commune")
    assert communes == by_former_province
    kinds = unit_queries.count_by_kind(unit_queries.tree_on(db, day))
    assert (kinds.get("district", 0), kinds["agency"]) == (districts, agencies)
    assert sum(kinds.values()) == len(units), "every unit in force hangs in the tree"


@pytest.mark.parametrize(("day", "types"), [(MERGED, {"Xã": 66, "Phường": 33}), (CITY, {"Xã": 54, "Phường": 45})])
def test_the_99_communes_are_of_the_known_types(db: Session, day: date, types: dict[str, int]) -> None:
    communes = db.scalars(
        select(UnitVersion.type_name).where(unit_queries.in_force(day), UnitVersion.kind == "commune")
    ).all()
    assert Counter(communes) == types


def test_all_747_edges_between_communes_are_there(db: Session) -> None:
    commune_ids = select(UnitVersion.unit_id).where(UnitVersion.kind == "commune")
    assert db.scalar(select(func.count()).select_from(UnitEdge).where(UnitEdge.from_unit_id.in_(commune_ids))) == 747


def test_audiences_are_there(db: Session) -> None:
    assert {"CBCC", "CNTT", "TCNSCD", "NGUOIDAN"} <= set(db.scalars(select(Audience.code)))


def test_seeding_again_changes_nothing_not_even_what_was_edited_since(db: Session) -> None:
    def counts() -> list[int | None]:
        tables = (Unit, UnitVersion, UnitEdge, UnitClosure, Audience)
        return [db.scalar(select(func.count()).select_from(table)) for table in tables]

    edited = db.scalars(select(UnitVersion).where(UnitVersion.code == "SKHCN")).one()
    edited.name = "Sở Khoa học, Công nghệ và Chuyển đổi số"
    before = counts()
    seed_units(db)
    assert counts() == before
    assert edited.name == "Sở Khoa học, Công nghệ và Chuyển đổi số"


def test_51_codes_of_today_named_another_commune_on_the_eve_of_the_merger(db: Session) -> None:
    def names(day: date) -> dict[str, str]:
        rows = db.execute(
            select(UnitVersion.code, UnitVersion.name, UnitVersion.type_name).where(
                unit_queries.in_force(day), UnitVersion.kind == "commune"
            )
        )
        return {code: name.removeprefix(type_name) for code, name, type_name in rows}

    old, new = names(EVE), names(MERGED)
    assert sum(name != old[code] for code, name in new.items()) == 51


# --- the closure --------------------------------------------------------------------------------------------------


def test_every_old_commune_rolls_up_to_exactly_one_commune_of_today(db: Session) -> None:
    today = {
        row.unit_id
        for row in db.scalars(select(UnitVersion).where(unit_queries.in_force(CITY), UnitVersion.kind == "commune"))
    }
    old = set(
        db.scalars(select(UnitVersion.unit_id).where(UnitVersion.kind == "commune", UnitVersion.valid_to <= CITY))
    )
    pairs = db.execute(
        select(UnitClosure.descendant_id, UnitClosure.ancestor_id).where(
            UnitClosure.descendant_id.in_(old - today), UnitClosure.ancestor_id.in_(today), closure_on(CITY)
        )
    ).all()
    assert len(pairs) == len(old - today) > 300
    assert {descendant_id for descendant_id, _ancestor_id in pairs} == old - today


def test_both_old_provinces_count_under_the_new_one(db: Session) -> None:
    for old in ("p24", "p27"):
        assert place(db, old, EVE) == [old]
        assert place(db, old, MERGED) == [old, "p24n"]
    assert place(db, "p24n", EVE) == ["p24n"]


def test_province_totals_are_equal_under_the_old_and_the_new_map(db: Session) -> None:
    """Whoever counts in an old province counts in the new one; only agencies merged from both cannot be told apart."""
    old_map = under(db, "p24", EVE) | under(db, "p27", EVE)
    new_map = under(db, "p24n", MERGED)
    assert under(db, "p24", EVE).isdisjoint(under(db, "p27", EVE))
    assert old_map <= new_map
    merged_agencies = {key for key in new_map if key.startswith("a-") and key.endswith("-24n")}
    assert new_map - old_map == merged_agencies | {"p24n"}
    assert new_map == set(db.scalars(select(Unit.key))), "nobody is lost"


def test_every_unit_has_one_position_on_every_day(db: Session) -> None:
    days = {
        *db.scalars(select(UnitVersion.valid_from)),
        *(day for day in db.scalars(select(UnitVersion.valid_to)) if day),
        *db.scalars(select(UnitEdge.effective_on)),
    }
    number = db.scalar(select(func.count()).select_from(Unit))
    for day in days:
        selves = db.scalars(select(UnitClosure.descendant_id).where(closure_on(day), UnitClosure.depth == 0)).all()
        assert len(selves) == len(set(selves)) == number
        taken = db.execute(select(UnitClosure.descendant_id, UnitClosure.depth).where(closure_on(day))).all()
        assert len(taken) == len(set(taken)), "never two ancestors at one depth"


def test_a_department_shared_out_among_three_waits_at_the_province(db: Session) -> None:
    assert place(db, "a-SLDTBXH-24", date(2025, 3, 1)) == ["a-SLDTBXH-24", "p24"]
    assert place(db, "a-SLDTBXH-24", CITY) == ["a-SLDTBXH-24", "p24", "p24n"]


def test_a_merged_commune_counts_in_the_district_of_its_parts_on_older_maps(db: Session) -> None:
    assert place(db, "n07210", BEFORE) == ["n07210", "d213", "p24"]


def test_a_permission_reaches_closed_units_through_their_successors(db: Session) -> None:
    def reached(key: str, day: date) -> set[int]:
        actor = Actor(1, 1, "Lê Thị Quản", 1, grants={"people.view": frozenset({unit_id(db, key)})})
        with clock.frozen(clock.end_of_day(day)):
            return set(db.scalars(actor.units_with("people.view")))

    of_ward = reached("n07210", CITY)
    assert {unit_id(db, "n07210"), unit_id(db, "c07210"), unit_id(db, "c07207")} <= of_ward
    assert unit_id(db, "n09187") not in of_ward
    assert len(reached("p24n", CITY)) == db.scalar(select(func.count()).select_from(Unit))
    # What is not there yet is nobody's to see through what will become of it.
    assert unit_id(db, "n07210") not in reached("d213", BEFORE)


# --- look-ups -----------------------------------------------------------------------------------------------------


def test_the_same_code_names_different_units_on_different_days(db: Session) -> None:
    old, new = unit_queries.unit_on(db, "07210", EVE), unit_queries.unit_on(db, "07210", MERGED)
    assert old is not None
    assert new is not None
    assert (old.name, new.name) == ("Phường Hoàng Văn Thụ", "Phường Bắc Giang")
    assert old.unit_id != new.unit_id
    assert old.last_day == EVE


def test_full_names_are_of_their_own_time(db: Session) -> None:
    old, new = unit_id(db, "c07210"), unit_id(db, "n07210")
    assert unit_queries.full_names(db, [old, new], CITY) == {
        old: "Phường Hoàng Văn Thụ, Thành phố Bắc Giang, Tỉnh Bắc Giang",
        new: "Phường Bắc Giang, Thành phố Bắc Ninh",
    }
    assert unit_queries.full_name(db, new, MERGED) == "Phường Bắc Giang, Tỉnh Bắc Ninh"
    assert unit_queries.full_name(db, 999_999, CITY) == ""


def test_a_unit_is_found_by_id_on_any_day(db: Session) -> None:
    new = unit_id(db, "p24n")
    names = {day: unit_queries.unit_by_id(db, new, day) for day in (BEFORE, MERGED, CITY)}
    assert [unit.name for unit in names.values() if unit] == ["Tỉnh Bắc Ninh", "Tỉnh Bắc Ninh", "Thành phố Bắc Ninh"]
    assert unit_queries.unit_by_id(db, 999_999, CITY) is None


def test_children_come_by_kind_and_in_vietnamese_order(db: Session) -> None:
    names = [unit.name for unit in unit_queries.children_on(db, unit_id(db, "p24n"), CITY)]
    assert len(names) == 106
    assert names[:2] == ["Sở Giáo dục và Đào tạo", "Sở Khoa học và Công nghệ"]
    assert names.index("Phường Đa Mai") < names.index("Phường Kinh Bắc") < names.index("Phường Yên Dũng")


def test_stays_in_a_former_province_end_where_origins_cannot_be_told_apart(db: Session) -> None:
    commune, old, merged = (unit_id(db, key) for key in ("n07210", "a-SKHCN-24", "a-SKHCN-24n"))
    start = date(2023, 4, 10)
    assert unit_queries.former_province_stays(db, [commune, old, merged], "24") == {
        commune: [(start, None)],
        old: [(start, MERGED)],
    }
    assert unit_queries.former_province_stays(db, [commune], "27") == {}


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("kinh bac", "Phường Kinh Bắc"),
        ("KINH BẮC", "Phường Kinh Bắc"),
        ("07210", "Phường Bắc Giang"),
        ("khoa hoc", "Sở Khoa học và Công nghệ"),
        ("dinh ke", "Phường Dĩnh Kế"),
    ],
)
def test_search_needs_no_marks(db: Session, text: str, first: str) -> None:
    assert unit_queries.search_units(db, text, CITY)[0].unit.name == first


def test_search_puts_exact_marks_first(db: Session) -> None:
    names = [hit.unit.name for hit in unit_queries.search_units(db, "Tân", CITY)]
    exact = [("Tân" in name or "tân" in name) for name in names]
    assert exact == sorted(exact, reverse=True)
    assert exact.count(True) > 1


def test_search_says_what_became_of_a_closed_unit(db: Session) -> None:
    hit = unit_queries.search_units(db, "Dĩnh Kế", CITY)[0]
    assert not hit.in_force
    assert hit.now is not None
    assert hit.now.name == "Phường Bắc Giang"
    assert unit_queries.search_units(db, "100%", CITY) == []


def test_history_tells_both_ways_through_every_generation(db: Session) -> None:
    found = history(db, "07207", EVE)
    assert found is not None
    assert [relation.unit.name for relation in found.predecessors] == ["Phường Trần Nguyên Hãn"]
    assert [relation.unit.name for relation in found.successors] == ["Phường Bắc Giang"]
    assert found.successors[0].on == MERGED
    today = history(db, "07210", CITY)
    assert today is not None
    assert {unit.name for unit in today.lineage if unit.side == "before"} >= {
        "Phường Ngô Quyền",
        "Phường Trần Nguyên Hãn",
    }
    assert [bearer.name for bearer in today.other_bearers] == ["Phường Hoàng Văn Thụ"]
    assert history(db, "07210", date(2020, 1, 1)) is None


# --- the command line ---------------------------------------------------------------------------------------------


Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Command]:
    """Runs `python -m app …` on the test's database; returns the exit code, what it printed and what it complained."""
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("DATA_DIR", str(settings.data_dir))
    get_settings.cache_clear()

    def run(*args: str) -> tuple[int, str, str]:
        code = main(list(args))
        said = capsys.readouterr()
        return code, said.out, said.err

    yield run
    get_settings.cache_clear()


def test_units_tree_prints_one_json_document(command: Command) -> None:
    code, out, _err = command("units", "tree", "--on", "2023-06-30", "--json")
    document = json.loads(out)
    assert code == 0
    assert (document["on"], document["units"]) == ("2023-06-30", 379)
    assert document["by_kind"] == {"province": 2, "agency": 24, "district": 18, "commune": 335}
    province = document["tree"][0]
    assert set(province) == {"code", "name", "kind", "type", "former_province_code", "children"}
    assert (province["code"], province["name"]) == ("24", "Tỉnh Bắc Giang")


def test_units_history_prints_one_json_document(command: Command) -> None:
    code, out, _err = command("units", "history", "07210", "--on", "01/07/2025", "--json")
    document = json.loads(out)
    assert code == 0
    assert document["unit"]["name"] == "Phường Bắc Giang"
    assert document["unit"]["parent"] == {"code": "24", "name": "Tỉnh Bắc Ninh"}
    assert document["versions"][0] | {"resolution": ""} == {
        "code": "07210",
        "name": "Phường Bắc Giang",
        "type": "Phường",
        "parent": {"code": "24", "name": "Tỉnh Bắc Ninh"},
        "valid_from": "2025-07-01",
        "valid_to": None,
        "resolution": "",
    }
    assert len(document["predecessors"]) == 7
    assert document["predecessors"][0]["district"] == "Thành phố Bắc Giang"
    assert document["successors"] == []
    assert document["other_bearers_of_code"] == [
        {"key": "c07210", "name": "Phường Hoàng Văn Thụ", "valid_from": "2023-04-10", "valid_to": "2025-07-01"}
    ]


def test_the_text_form_reads_well(command: Command) -> None:
    code, out, _err = command("units", "history", "219", "--on", "2025-02-01")
    assert code == 0
    assert "30/06/2025: Kết thúc. Không có đơn vị kế thừa; số liệu dồn về Tỉnh Bắc Giang." in out
    code, out, _err = command("units", "tree", "--on", "2026-09-20")
    assert code == 0
    assert "\n  Phường Bắc Giang [07210]\n" in out


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("history", "99999"), "Chưa đơn vị nào mang mã 99999."),
        (("history", "221", "--on", "2025-07-01"), "Huyện Yên Dũng, từ 10/04/2023 đến 31/12/2024"),
        (("tree", "--on", "31/02/2025"), "“31/02/2025” không phải là ngày."),
        (("tree", "--on", "2020-01-01"), "Bảng đơn vị bắt đầu từ ngày 10/04/2023."),
    ],
)
def test_what_cannot_be_answered_is_said_with_exit_code_2(
    command: Command, args: tuple[str, ...], message: str
) -> None:
    code, out, err = command("units", *args)
    assert (code, out) == (2, "")
    assert message in err


def test_database_keeps_the_shares_nobody_published_empty(database: Database) -> None:
    with database.reading() as db:
        assert db.scalar(select(func.count()).select_from(UnitEdge).where(UnitEdge.share.is_(None))) == 8
        assert db.scalar(select(func.count()).select_from(UnitEdge).where(UnitEdge.to_unit_id.is_(None))) == 18
