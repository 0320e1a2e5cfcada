"""All 41 rows of the plans are settled, and data that leaves anything open is refused."""

import copy
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DatabaseError

from app.core.db import Session
from app.core.errors import CommandFailed
from app.coverage.indicators import plan_data, seeding
from app.coverage.indicators.definitions import Definition, definitions
from app.coverage.models import DeclaredFigure, IndicatorVersion

# The 41 codes of the source table, year by year.
SOURCE = """
BG-CBCC-2025 BG-CBCC-2030 BG-CNTT-2025 BG-CNTT-2030 BG-DULIEU-2025 BG-DULIEU-2030 BG-NGUOIDAN-2025 BG-NGUOIDAN-2030
BG-STEM-2025 BG-STEM-2030 BG-TRUONG-2025 BG-TRUONG-2030 BG-CHUYENGIA-2025 BG-CHUYENGIA-2030 BG-GDDHS-2025
BG-MANGLUOI-2030 BG-NC-LAODONG-2025 BG-NC-CHUNGCHI-2025 BG-NC-CQNN-2025 BG-NC-CNTT-2025 BG-NC-NGUOIDAN-2030
BN-CBCC-2025 BN-CNTT-2025 BN-NGUOIDAN-2025 BN-MANGLUOI-2025 BN-STEM-2025 BN-GDNN-2025 BN-NHANTHUC-2025
BN-NGUOIDAN-2030 BN-STEM-2030 BN-GDDHS-2030 BN-GDNN-2030
BD-CBCC-2025 BD-CBCC-2026 BD-HOCSINH-2025 BD-TRUONGTHANH-2025 BD-TRUONGTHANH-2026 BD-VNEID-2025 BD-VNEID-2026
BD-DOANHNGHIEP-2025 BD-DOANHNGHIEP-2026
""".split()  # noqa: SIM905


@pytest.fixture
def by_code(db: Session) -> dict[str, Definition]:
    return {definition.code: definition for definition in definitions(db)}


def test_the_table_holds_every_row_of_the_source_once() -> None:
    assert len(SOURCE) == 41
    assert [row.code for row in plan_data.plan_rows()] == SOURCE


def test_every_row_leads_to_an_indicator_that_says_the_same(by_code: dict[str, Definition]) -> None:
    for row in plan_data.plan_rows():
        assert row.code == f"{row.indicator}-{row.year}", "addressed by the full series code"
        found = by_code[row.indicator]
        assert (found.figure_source, found.measure, found.recurrence) == (row.decision, row.measure, row.recurrence)
        told = {"percent": "percent", "count": "count", "yes_no": "yes_no", "qualitative": "percent"}[row.unit]
        assert found.target_unit == told
        if row.value is None:
            assert not found.targets
        else:
            target = next(target for target in found.targets if target.year == row.year)
            assert (target.operator, target.value) == (row.operator, row.value)
    assert len(by_code) == 27


def test_the_decisions_are_these() -> None:
    assert Counter(row.decision for row in plan_data.plan_rows()) == {
        "computed": 13, "declared": 14, "survey": 6, "vneid": 2, "not_measured": 6,
    }  # fmt: skip


def test_recurrences_spelled_several_ways_are_one() -> None:
    spelled: dict[str, set[str]] = {}
    for row in plan_data.plan_rows():
        if row.indicator != "BN-MANGLUOI":  # its members are trained regularly: annual (DESIGN 5, reading 9)
            spelled.setdefault(row.source_recurrence, set()).add(row.recurrence)
    assert spelled == {
        "annual": {"annual"}, "yearly": {"annual"}, "cumulative": {"cumulative_ever"}, "once": {"cumulative_ever"},
        "forecast": {"none"}, "": {"none"},
    }  # fmt: skip


def test_a_population_code_that_dangles_is_named_as_such() -> None:
    known = {code for population in plan_data.populations().values() for code in population.plan_codes.split()}
    for row in plan_data.plan_rows():
        if row.source_population and row.source_population not in known:
            assert f"mã {row.source_population} không dẫn tới đâu" in row.note


def test_every_indicator_explains_itself_in_a_note(by_code: dict[str, Definition]) -> None:
    for definition in by_code.values():
        assert len(definition.note) > 40, definition.code
        assert definition.title != definition.name
        if definition.figure_source == "not_measured":
            assert definition.note.startswith("Không đo"), definition.code


@pytest.mark.parametrize(
    ("break_it", "problem"),
    [
        (lambda row: row["versions"][0].update(audiences=["CBCCVC"]), "BG-CBCC: no audience CBCCVC"),
        (lambda row: row["versions"][0]["counts"].update(tags=["CDSS"]), "BG-CBCC: no tag CDSS"),
        (lambda row: row["versions"][0]["counts"].update(programmes=["P99"]), "BG-CBCC: no programme P99"),
        (lambda row: row["versions"][0].update(former_province="99"), "BG-CBCC: no former province 99"),
        (lambda row: row["versions"][0].update(recurrence="yearly"), "BG-CBCC: no recurrence yearly"),
        (lambda row: row["versions"][0].update(denominator="declared"), "BG-CBCC: no population None"),
        (lambda row: row["versions"][0].update(figure_source="survey"), "BG-CBCC-2025: decided otherwise"),
        (lambda row: row["versions"][0]["targets"].pop(), "BG-CBCC-2030: target differs"),
        (lambda row: row.update(code="BG-CBCCC"), "BG-CBCC-2025: no indicator BG-CBCC"),
    ],
)
def test_seed_fails_on_anything_unresolved(
    db: Session, monkeypatch: pytest.MonkeyPatch, break_it: Callable[[dict[str, Any]], None], problem: str
) -> None:
    document = copy.deepcopy(plan_data.document())
    break_it(document["indicators"][0])
    monkeypatch.setattr(plan_data, "document", lambda: document)
    with pytest.raises(CommandFailed) as failed:
        seeding.seed_indicators(db)
    assert problem in failed.value.message


def test_seeding_again_changes_nothing(db: Session) -> None:
    def counts() -> tuple[int | None, int | None]:
        return (
            db.scalar(select(func.count()).select_from(IndicatorVersion)),
            db.scalar(select(func.count()).select_from(DeclaredFigure)),
        )

    before = counts()
    seeding.seed_indicators(db)
    db.flush()
    assert counts() == before == (27, 17)


def test_the_database_refuses_to_change_a_declared_figure(db: Session) -> None:
    one = db.scalars(select(DeclaredFigure).limit(1)).one()
    one.value += 1
    with pytest.raises(DatabaseError, match="append-only"):
        db.flush()


@pytest.mark.parametrize(
    ("code", "year", "milestone"),
    [
        # Annual: the latest milestone reached, none before the first.
        ("BD-CBCC", 2024, None), ("BD-CBCC", 2025, 2025), ("BD-CBCC", 2026, 2026), ("BD-CBCC", 2031, 2026),
        ("BG-CBCC", 2027, 2025), ("BG-CBCC", 2030, 2030),
        # Cumulative: the next one, and after the last it stays.
        ("BG-DULIEU", 2023, 2025), ("BG-DULIEU", 2025, 2025), ("BG-DULIEU", 2026, 2030), ("BG-DULIEU", 2033, 2030),
        ("BG-GDDHS", 2028, 2025), ("BG-MANGLUOI", 2026, 2030),
    ],
)  # fmt: skip
def test_the_target_of_a_year_is_a_milestone(
    by_code: dict[str, Definition], code: str, year: int, milestone: int | None
) -> None:
    target = by_code[code].target_of(year)
    assert (target.year if target else None) == milestone
