"""The drawing of a lineage: rows in order of descent, lanes by generation, lines that turn at the right dot."""

from dataclasses import replace
from datetime import date

import pytest

from app.core.db import Session
from app.identity.units.unit_diagram import WIDTH, Diagram, draw
from app.identity.units.unit_history import LineageUnit, Link, history


def drawing(db: Session, code: str, day: date) -> Diagram:
    found = history(db, code, day)
    assert found is not None
    diagram = draw(found)
    assert diagram is not None
    return diagram


def test_a_merger_ends_in_the_new_unit_at_the_bottom(db: Session) -> None:
    diagram = drawing(db, "24", date(2025, 7, 1))
    assert [(dot.lines, dot.side) for dot in diagram.dots] == [
        (("Tỉnh Bắc Giang",), "before"),
        (("Tỉnh Bắc Ninh",), "before"),
        (("Tỉnh Bắc Ninh",), "self"),
    ]
    first, second, new = diagram.dots
    assert first.x == second.x < new.x
    assert [path.split("Q")[0] for path in diagram.paths] == [
        f"M{dot.x} {dot.y}H{new.x - 7}" for dot in (first, second)
    ]
    assert all(path.endswith(f"V{new.y}") for path in diagram.paths)


def test_a_split_starts_in_the_old_unit_at_the_top(db: Session) -> None:
    diagram = drawing(db, "BG-SLDTBXH", date(2024, 1, 1))
    old = diagram.dots[0]
    assert (old.side, old.lines) == ("self", ("Sở Lao động - Thương binh", "và Xã hội"))
    assert sum(path.startswith(f"M{old.x} {old.y}V") for path in diagram.paths) == 3


def test_units_of_one_name_are_told_apart_by_what_is_above_them(db: Session) -> None:
    notes = {dot.notes for dot in drawing(db, "SKHCN", date(2026, 1, 1)).dots if "Khoa học" in dot.lines[0]}
    assert notes == {
        ("Tỉnh Bắc Giang · đến 30/06/2025",),
        ("Tỉnh Bắc Ninh · đến 30/06/2025",),
        ("Tỉnh Bắc Ninh · từ 01/07/2025",),
    }


@pytest.mark.parametrize("code", ["07210", "09187", "SNV", "24"])
def test_nothing_leaves_the_frame(db: Session, code: str) -> None:
    diagram = drawing(db, code, date(2026, 11, 21))
    assert all(0 < dot.x < dot.text_x < WIDTH / 2 and 0 < dot.y < diagram.height for dot in diagram.dots)
    heights = [dot.y for dot in diagram.dots]
    assert heights == sorted(set(heights))


def test_a_part_given_back_runs_up_and_long_notes_take_two_lines(db: Session) -> None:
    found = history(db, "24", date(2026, 11, 21))
    assert found is not None
    day = date(2026, 10, 1)
    # The first was made of two and gave each a part back; two bear one name, so their notes say where they stood.
    above = "Thành phố trực thuộc Bắc Ninh"
    units = [
        LineageUnit(1, "Xã Một", above, "self", day, None),
        LineageUnit(2, "Xã Một", above, "before", date(2023, 6, 30), date(2026, 10, 31)),
        LineageUnit(3, "Xã Ba", above, "before", date(2023, 6, 30), None),
    ]
    links = [Link(2, 1, day), Link(3, 1, day), Link(1, 2, day), Link(1, 3, day)]
    diagram = draw(replace(found, lineage=units, links=links))
    assert diagram is not None
    by_side = {dot.side: dot for dot in diagram.dots if dot.lines == ("Xã Một",)}
    new, old = by_side["self"], by_side["before"]
    assert old.notes == (above, "đến 31/10/2026")
    assert new.y > old.y
    up = next(path for path in diagram.paths if path.startswith(f"M{new.x} {new.y}V{old.y + 7}"))
    assert up.endswith(f"Q{new.x} {old.y} {new.x - 7} {old.y}H{old.x}")


def test_a_unit_that_never_merged_has_no_drawing(db: Session) -> None:
    found = history(db, "07663", date(2026, 11, 21))
    assert found is not None
    assert draw(found) is None
