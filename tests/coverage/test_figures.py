"""Figures of BG-CBCC on the province's real units."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import func, select

from app.certificates.models import Certificate
from app.core import clock
from app.core.db import Session
from app.core.errors import Invalid, NotFound
from app.coverage import handlers
from app.coverage.counting.as_json import as_json
from app.coverage.counting.figures import Figure
from app.coverage.counting.ledger import reconcile
from app.coverage.models import CoverageEntry, CoveragePending, CoverageRollup
from app.coverage.rebuilding import people_with_figures
from app.identity.people import people
from app.learning import completions
from tests import factories

Ask = Callable[..., Figure]

BAC_GIANG, KINH_BAC = "07210", "09187"


def test_one_completion_moves_the_commune_and_the_province(db: Session, ask: Ask) -> None:
    done, waiting = factories.person(db, "Nguyễn Văn Xong"), factories.person(db, "Trần Thị Chờ")
    for holder in (done, waiting):
        factories.post(db, holder, BAC_GIANG)
    before = ask(BAC_GIANG)
    assert (before.numerator, before.denominator.value, before.ratio) == (0, 2, 0.0)

    factories.completion(db, done, factories.course(db), date(2026, 11, 20))

    for unit in (BAC_GIANG, "24"):
        after = ask(unit)
        assert (after.numerator, after.denominator.value, after.ratio, after.output) == (1, 2, 0.5, 1)
        assert after.met is False
    neighbour = ask("07228")
    assert (neighbour.numerator, neighbour.denominator.value) == (0, None)


def test_people_of_former_bac_ninh_and_of_merged_agencies_are_outside(db: Session, ask: Ask) -> None:
    for code in (KINH_BAC, "SKHCN"):
        holder = factories.person(db)
        factories.post(db, holder, code)
        factories.completion(db, holder, factories.course(db, f"K{code}"), date(2026, 11, 20))
    assert ask("24").denominator.value is None
    assert ask("24").output == 0
    assert ask("24").flags == ("no_denominator",)


def test_a_transfer_carries_coverage_along_and_leaves_output(db: Session, ask: Ask) -> None:
    holder = factories.person(db)
    old = factories.post(db, holder, BAC_GIANG)
    factories.completion(db, holder, factories.course(db), date(2026, 3, 10))
    people.end_affiliation(db, old, date(2026, 6, 30))
    factories.post(db, holder, "07228", started_on=date(2026, 7, 1))

    before, there, here = ask(BAC_GIANG, date(2026, 6, 30)), ask("07228"), ask(BAC_GIANG)
    assert (before.numerator, before.denominator.value) == (1, 1)
    assert (there.numerator, there.denominator.value, there.output) == (1, 1, 0)
    assert (here.numerator, here.denominator.value, here.output) == (0, None, 1)
    assert (ask("24").numerator, ask("24").denominator.value, ask("24").output) == (1, 1, 1)


def test_an_annulled_completion_leaves_the_figure_and_its_trace(db: Session, ask: Ask, bg_cbcc: int) -> None:
    holder = factories.person(db)
    factories.post(db, holder)
    done = factories.completion(db, holder, factories.course(db), date(2026, 3, 10))
    completions.annul_completion(db, done, None, "nhập nhầm", fraud=False)
    assert (ask().numerator, ask().output, ask().denominator.value) == (0, 0, 1)
    signs = db.execute(
        select(CoverageEntry.measure, CoverageEntry.sign)
        .where(CoverageEntry.measure != "roster", CoverageEntry.indicator_version_id == bg_cbcc)
        .order_by(CoverageEntry.id)
    ).all()
    assert sorted(map(tuple, signs)) == [("coverage", -1), ("coverage", 1), ("output", -1), ("output", 1)]


def test_known_at_shows_what_had_been_recorded(db: Session, ask: Ask) -> None:
    holder = factories.person(db)
    with clock.frozen(datetime(2026, 4, 1, tzinfo=UTC)):
        factories.post(db, holder)
        version = factories.course(db)
    with clock.frozen(datetime(2026, 5, 2, tzinfo=UTC)):
        factories.completion(db, holder, version, date(2026, 4, 20))
    assert ask(on=date(2026, 4, 30), known_at=datetime(2026, 5, 1, tzinfo=UTC)).numerator == 0
    assert ask(on=date(2026, 4, 30), known_at=datetime(2026, 5, 3, tzinfo=UTC)).numerator == 1
    assert ask(on=date(2026, 4, 30)).numerator == 1


def test_the_province_is_equal_to_the_person_under_the_old_and_the_new_map(db: Session, ask: Ask) -> None:
    version = factories.course(db)
    for code in ("07210", "07228", "07246", "07264", KINH_BAC):
        holder = factories.person(db)
        factories.post(db, holder, code, started_on=date(2025, 8, 1))
        factories.completion(db, holder, version, date(2026, 2, 1))
    new = ask("24", map_on=date(2026, 11, 21))
    old = ask("24", map_on=date(2025, 3, 31))
    assert (new.numerator, new.denominator.value) == (old.numerator, old.denominator.value) == (4, 4)


def test_an_old_commune_shows_its_group_when_the_merger_cannot_be_undone(db: Session, ask: Ask) -> None:
    holder = factories.person(db)
    factories.post(db, holder, BAC_GIANG, started_on=date(2025, 8, 1))
    factories.completion(db, holder, factories.course(db), date(2026, 2, 1))
    old = ask("07213", map_on=date(2025, 3, 31))
    assert "not_separable" in old.flags
    assert set(old.group) == {"07201", "07207", "07210", "07213", "07225", "07231", "07441"}
    assert old.numerator == 1


def test_a_district_that_lost_part_of_its_people_to_a_later_unit_says_so(db: Session, ask: Ask) -> None:
    holder = factories.person(db)
    # Phường Đa Mai was made of units of two old districts, 213 and 216.
    factories.post(db, holder, "07228", started_on=date(2025, 8, 1))
    old = date(2025, 3, 31)
    assert "not_separable" in ask("213", map_on=old).flags
    assert "not_separable" not in ask("24", map_on=old).flags
    torn = {child.unit_code for child in ask("24", map_on=old).children if "not_separable" in child.flags}
    assert torn == {"213", "216"}


def test_completions_before_the_merger_are_carried_into_the_new_commune(db: Session, ask: Ask) -> None:
    holder = factories.person(db)
    people.add_affiliation(
        db, holder, factories.unit_id(db, "07201", date(2024, 6, 1)), audiences=("CBCC",),
        started_on=date(2024, 1, 1), ended_on=date(2025, 6, 30),
    )  # fmt: skip
    earned = factories.completion(db, holder, factories.course(db), date(2024, 6, 1))
    paper = db.scalars(select(Certificate).where(Certificate.completion_id == earned.id)).one()
    assert paper.unit_name == "Phường Thọ Xương, Thành phố Bắc Giang, Tỉnh Bắc Giang"
    there = ask("07201", date(2024, 12, 31))
    assert (there.numerator, there.denominator.value, there.target) == (1, 1, None)
    carried = ask(BAC_GIANG, date(2024, 12, 31), map_on=date(2026, 11, 21))
    assert (carried.numerator, carried.denominator.value) == (1, 1)


def test_rollups_equal_the_ledger_on_every_kind_of_day(db: Session, ask: Ask) -> None:
    version = factories.course(db)
    for day in (date(2026, 1, 1), date(2026, 1, 14), date(2026, 1, 15), date(2026, 1, 31), date(2026, 2, 1)):
        holder = factories.person(db)
        factories.post(db, holder)
        factories.completion(db, holder, version, day)
    later = datetime(2030, 1, 1, tzinfo=UTC)
    for day, expected in ((1, 1), (13, 1), (14, 2), (15, 3), (30, 3), (31, 4)):
        on = date(2026, 1, day)
        assert ask(on=on).numerator == ask(on=on, known_at=later).numerator == expected


def test_a_rule_that_fails_costs_nobody_the_completion(db: Session, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    holder = factories.person(db)
    factories.post(db, holder)
    version = factories.course(db)
    monkeypatch.setattr(handlers, "reconcile", _broken)
    factories.completion(db, holder, version, date(2026, 3, 10))
    assert db.scalar(select(func.count()).select_from(CoveragePending)) == 1
    assert ask().numerator == 0
    assert "pending" in ask().flags
    monkeypatch.setattr(handlers, "reconcile", reconcile)
    assert handlers.retry_pending(db) == (1, 0)
    assert ask().numerator == 1
    assert ask().flags == ()


def test_rebuilding_finds_nothing_to_do_and_mends_what_somebody_broke(db: Session, ask: Ask) -> None:
    holder = factories.person(db)
    factories.post(db, holder)
    factories.completion(db, holder, factories.course(db), date(2026, 3, 10))
    assert reconcile(db, people_with_figures(db), "rebuild").entries == 0
    holder_unit = factories.unit_id(db)
    db.add(
        CoverageEntry(
            indicator_version_id=1, measure="coverage", period="2026", person_id=holder.id, unit_id=holder_unit,
            completion_id=None, sign=1, effective_on=date(2026, 5, 1), recorded_at=clock.now(), cause="phá",
        )
    )  # fmt: skip
    db.flush()
    assert reconcile(db, people_with_figures(db), "rebuild").entries == 1


def test_json_has_the_shape_scripts_lean_on(db: Session, ask: Ask) -> None:
    holder = factories.person(db)
    factories.post(db, holder)
    document = as_json(ask("24"))
    assert list(document) == [
        "indicator", "version", "unit", "unit_name", "on", "map", "known_at", "period", "output", "coverage",
        "denominator", "target", "met", "flags", "group", "children",
    ]  # fmt: skip
    assert document["target"] == {"year": 2025, "operator": ">=", "value": 100}
    assert document["coverage"] == {"numerator": 0, "denominator": 1, "ratio": 0.0}
    communes = [child for child in document["children"] if child["unit"] == BAC_GIANG]
    assert communes[0]["coverage"]["denominator"] == 1
    assert sum(child["coverage"]["denominator"] or 0 for child in document["children"]) == 1


@pytest.mark.parametrize(("unit", "period", "error"), [("khong-co", None, NotFound), ("24", "2026-Q9", Invalid)])
def test_a_question_about_nothing_is_answered_clearly(
    ask: Ask, unit: str, period: str | None, error: type[Exception]
) -> None:
    with pytest.raises(error):
        ask(unit, period=period)


def test_rollups_hold_one_row_per_unit_and_half_month(db: Session, bg_cbcc: int) -> None:
    version = factories.course(db)
    for number in range(3):
        holder = factories.person(db)
        factories.post(db, holder)
        factories.completion(db, holder, version, date(2026, 3, 1 + number))
    rows = db.execute(
        select(CoverageRollup.half_month, CoverageRollup.total).where(
            CoverageRollup.measure == "coverage", CoverageRollup.indicator_version_id == bg_cbcc
        )
    ).all()
    assert [tuple(row) for row in rows] == [(date(2026, 3, 1), 3)]


def _broken(*_arguments: object) -> None:
    raise RuntimeError("a rule that fails")
