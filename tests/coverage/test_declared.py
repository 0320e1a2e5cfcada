"""Declared figures: which one is in force, how it is carried, and entering one."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import func, select

from app.core.db import Session
from app.coverage.counting.figures import Figure, Question, figure
from app.coverage.declared.figures_in_force import Declared, Origin, in_force_for, in_time, largest_remainder
from app.coverage.models import DeclaredFigure
from tests import factories
from tests.browser import Browser

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


def declared(
    id: int, value: float, as_of: str = "2026-01-01", *, unit: int = 1, corrects: int | None = None,
    recorded_at: datetime = NEW_YEAR,
) -> Declared:  # fmt: skip
    return Declared(id, "LDDN", unit, date.fromisoformat(as_of), value, False, "số bịa", recorded_at, "", corrects)


# --- which one is in force ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        ([declared(1, 5, "2025-01-01"), declared(2, 7, "2026-06-30")], 7),
        ([declared(1, 5, "2026-06-30"), declared(2, 7, "2026-07-01")], 5),  # not after the reference date
        ([declared(1, 5), declared(2, 7)], 7),  # the same day: recorded last
        ([declared(1, 5, "2026-02-01"), declared(2, 7, "2026-01-01", corrects=1)], 7),  # what is corrected is gone
        ([declared(1, 5, "2026-07-01")], None),
    ],
)
def test_the_latest_day_not_after_the_reference_date_decides(figures: list[Declared], expected: float | None) -> None:
    found = in_time(figures, date(2026, 6, 30)).get(("LDDN", 1))
    assert (found[-1].value if found else None) == expected


def test_known_at_leaves_out_what_was_recorded_later() -> None:
    later = declared(2, 7, "2026-02-01", recorded_at=datetime(2026, 5, 1, tzinfo=UTC))
    found = in_time([declared(1, 5), later], date(2026, 6, 30), datetime(2026, 4, 1, tzinfo=UTC))
    assert found["LDDN", 1][-1].value == 5


def test_a_figure_is_own_else_carried_else_summed_else_none() -> None:
    merged = [Origin(11, ((3, "c", None),)), Origin(12, ((3, "c", None),))]
    origins = {2: [Origin(10, ((2, "b", None),))], 3: merged}
    own = {1: [declared(1, 5)], 10: [declared(2, 7, unit=10)], 11: [declared(3, 9, unit=11)]}
    children = {4: [1, 2], 5: [1, 3]}

    def value(unit: int, *, may_sum: bool = True) -> tuple[float, str] | None:
        found = in_force_for(unit, own, origins, children, may_sum=may_sum)
        return (found.value, found.how) if found else None

    assert value(1) == (5, "own")
    assert value(2) == (7, "carried")
    assert value(3) is None, "a merged unit declares anew"
    assert value(4) == (12, "summed")
    assert value(5) is None, "not every child has one"
    assert value(4, may_sum=False) is None, "percentages are never added"


@pytest.mark.parametrize(
    ("total", "shares", "expected"),
    [
        (10, [(1, "b", 0.5), (2, "a", 0.5)], {1: 5, 2: 5}),
        (11, [(1, "b", 0.5), (2, "a", 0.5)], {1: 5, 2: 6}),  # a tie goes to the lowest code
        (100, [(1, "a", 1 / 3), (2, "b", 1 / 3), (3, "c", 1 / 3)], {1: 34, 2: 33, 3: 33}),
        (7, [(1, "a", 0.2), (2, "b", 0.8)], {1: 1, 2: 6}),
    ],
)
def test_shares_are_divided_by_largest_remainder(
    total: int, shares: list[tuple[int, str, float]], expected: dict[int, int]
) -> None:
    assert largest_remainder(total, shares) == expected


def test_a_split_unit_hands_on_only_published_shares() -> None:
    published = ((2, "a", 0.25), (3, "b", 0.75))
    unknown = ((4, "a", None), (5, "b", None))
    origins = {2: [Origin(1, published)], 4: [Origin(9, unknown)]}
    own = {1: [declared(1, 10)], 9: [declared(2, 10, unit=9)]}
    found = in_force_for(2, own, origins, {}, may_sum=True)
    assert found
    assert (found.value, found.how) == (3, "carried")  # 2,5 and 7,5: the tie goes to the lower code
    assert in_force_for(4, own, origins, {}, may_sum=True) is None


DAY = date(2026, 7, 1)
AT_ONCE = Origin(1, ((1, "a", 0.7), (2, "b", 0.2), (3, "c", 0.1)), DAY, begins=False)
CEDED = {1: [AT_ONCE], 2: [replace(AT_ONCE, begins=True)], 3: [AT_ONCE]}


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        ({1: [declared(1, 100)], 3: [declared(2, 50)]}, (70, 20, 60)),
        ({1: [declared(1, 100)], 3: []}, (70, 20, None)),  # what was there and never declared does so anew
        ({1: [declared(1, 100), declared(3, 90, "2026-07-01")], 3: [declared(2, 50)]}, (90, 20, 60)),
        ({1: [declared(1, 100)], 3: [declared(2, 65, "2026-08-01")]}, (70, 20, 65)),
        ({1: [], 3: [declared(2, 50)]}, (None, None, 50)),
    ],
)
def test_a_part_given_away_is_taken_off_here_and_added_there(
    figures: dict[int, list[Declared]], expected: tuple[float | None, ...]
) -> None:
    found = [in_force_for(unit, figures, CEDED, {}, may_sum=True) for unit in (1, 2, 3)]
    assert tuple(one.value if one else None for one in found) == expected


def test_a_part_of_unknown_size_leaves_the_figures_that_are_there() -> None:
    unknown = Origin(1, ((1, "a", None), (2, "b", None)), DAY, begins=False)
    origins = {1: [unknown], 2: [replace(unknown, begins=True)]}
    found = in_force_for(1, {1: [declared(1, 100)]}, origins, {}, may_sum=True)
    assert found
    assert (found.value, found.how) == (100, "own")
    assert in_force_for(2, {1: [declared(1, 100)]}, origins, {}, may_sum=True) is None


def test_units_may_give_parts_to_each_other() -> None:
    there = Origin(1, ((1, "a", 0.5), (2, "b", 0.5)), DAY, begins=False)
    back = Origin(2, ((2, "b", 0.5), (1, "a", 0.5)), date(2026, 9, 1), begins=False)
    origins = {1: [there, back], 2: [there, back]}
    own = {1: [declared(1, 100)], 2: [declared(2, 20)]}
    values = [found.value for unit in (1, 2) if (found := in_force_for(unit, own, origins, {}, may_sum=True))]
    assert values == [85, 35]


# --- entering one -------------------------------------------------------------------------------------------------

GIVEN = {"what": "result", "value": "72,5", "unit": "24", "as_of": "2026-03-31", "source": "Báo cáo khảo sát số 05/BC"}


@pytest.fixture
def admin(db: Session, browser: Browser) -> Browser:
    factories.account(db, username="tinh", role="province_admin")
    factories.account(db, username="phutrach", role="unit_manager", at="07210")
    db.commit()
    return browser.sign_in("tinh")


def seen(db: Session, indicator: str, on: date) -> Figure:
    """The figure at the province, without keeping others from writing."""
    db.rollback()
    found = figure(db, Question(indicator, "24", on))
    db.rollback()
    return found


def entered(db: Session) -> int | None:
    db.rollback()
    count = db.scalar(select(func.count()).select_from(DeclaredFigure).where(DeclaredFigure.account_id.is_not(None)))
    db.rollback()
    return count


def test_an_administrator_enters_a_survey_and_everybody_sees_it(db: Session, admin: Browser) -> None:
    before = admin.get("/coverage/BG-NGUOIDAN/definition").text
    assert "Khai báo một số" in before
    assert admin.post("/coverage/BG-NGUOIDAN/figures", GIVEN).status_code == 200
    page = admin.get("/coverage/BG-NGUOIDAN/definition").text
    assert "72,5%" in page
    assert "Báo cáo khảo sát số 05/BC" in page
    assert "Nguyễn Thị Thử" in page, "who entered it"
    overview = admin.get("/coverage?on=2026-11-21").text
    assert "72,5%" in overview
    found = seen(db, "BG-NGUOIDAN", date(2026, 11, 21))
    assert (found.ratio, found.met) == (0.725, False)


def test_a_correction_is_a_new_row_that_names_the_old_one(db: Session, admin: Browser) -> None:
    admin.post("/coverage/BG-NGUOIDAN/figures", GIVEN)
    old = db.scalar(select(func.max(DeclaredFigure.id)))
    db.rollback()
    again = GIVEN | {"value": "71", "corrects": str(old)}
    assert admin.post("/coverage/BG-NGUOIDAN/figures", again).status_code == 200
    page = admin.get("/coverage/BG-NGUOIDAN/definition").text
    assert "72,5%" in page
    assert "đã đính chính" in page
    assert seen(db, "BG-NGUOIDAN", date(2026, 11, 21)).ratio == 0.71
    twice = admin.post("/coverage/BG-NGUOIDAN/figures", again)
    assert twice.status_code == 422
    assert "chưa bị đính chính" in twice.text
    assert entered(db) == 2


def test_a_count_and_its_total_make_a_ratio(db: Session, admin: Browser) -> None:
    school = GIVEN | {"as_of": "2026-05-31", "source": "Báo cáo số 05/BC-SGDĐT"}
    assert admin.post("/coverage/BG-STEM/figures", school | {"value": "310"}).status_code == 200
    assert "chưa có mẫu số" in admin.get("/coverage?on=2026-11-21").text
    total = school | {"what": "denominator", "value": "1.000"}
    assert admin.post("/coverage/BG-STEM/figures", total).status_code == 200
    found = seen(db, "BG-STEM", date(2026, 11, 21))
    assert (found.numerator, found.denominator.value, found.ratio, found.met) == (310, 1000, 0.31, False)
    before = seen(db, "BG-STEM", date(2026, 5, 30))
    assert (before.declared, before.flags) == (None, ("no_figure", "no_denominator"))


def test_last_years_result_says_nothing_about_what_is_counted_anew(db: Session, admin: Browser) -> None:
    admin.post("/coverage/BG-TRUONG/figures", GIVEN | {"value": "200", "as_of": "2025-12-31"})
    assert seen(db, "BG-TRUONG", date(2025, 12, 31)).numerator == 200
    assert seen(db, "BG-TRUONG", date(2026, 11, 21)).numerator is None


def test_yes_or_no_is_met_by_yes(db: Session, admin: Browser) -> None:
    admin.post("/coverage/BG-GDDHS/figures", GIVEN | {"value": "0"})
    assert seen(db, "BG-GDDHS", date(2026, 11, 21)).met is False
    admin.post("/coverage/BG-GDDHS/figures", GIVEN | {"value": "1", "as_of": "2026-04-01"})
    assert seen(db, "BG-GDDHS", date(2026, 11, 21)).met is True


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"value": "101"}, "từ 0 đến 100"),
        ({"value": "bảy mươi"}, "từ 0 đến 100"),
        ({"value": "-5"}, "từ 0 đến 100"),
        ({"what": "denominator", "value": "0"}, "số nguyên không âm"),
        ({"what": "denominator", "value": "9,5"}, "số nguyên không âm"),
        ({"what": "khac"}, "các loại số có thể khai báo"),
        ({"as_of": "31-03"}, "Hãy ghi ngày của con số"),
        ({"as_of": "2999-01-01"}, "không thể sau ngày hôm nay"),
        ({"unit": "khong-co"}, "không có đơn vị nào mang mã"),
        ({"source": "?"}, "văn bản hoặc nguồn"),
        ({"corrects": "1"}, "Chỉ đính chính được số đang có"),
        ({"corrects": "<script>"}, "Chỉ đính chính được số đang có"),
    ],
)
def test_what_makes_no_sense_is_explained_and_kept(
    db: Session, admin: Browser, changes: dict[str, str], message: str
) -> None:
    answer = admin.post("/coverage/BG-NGUOIDAN/figures", GIVEN | changes)
    assert answer.status_code == 422
    assert message in answer.text
    assert 'value="Báo cáo khảo sát số 05/BC"' in answer.text or "source" in changes
    assert entered(db) == 0


@pytest.mark.parametrize("code", ["BG-CBCC", "BG-NC-LAODONG", "BN-NHANTHUC"])
def test_what_is_computed_or_not_measured_takes_no_figure(db: Session, admin: Browser, code: str) -> None:
    assert admin.post(f"/coverage/{code}/figures", GIVEN).status_code == 409
    assert "Khai báo một số" not in admin.get(f"/coverage/{code}/definition").text
    assert entered(db) == 0


def test_who_may_not_manage_sees_the_figures_and_no_form(
    db: Session, admin: Browser, new_browser: Callable[[], Browser]
) -> None:
    manager = new_browser().sign_in("phutrach")
    page = manager.get("/coverage/BG-NGUOIDAN/definition").text
    assert "986.800 người" in page
    assert "Khai báo một số" not in page
    assert manager.post("/coverage/BG-NGUOIDAN/figures", GIVEN).status_code == 403
    assert entered(db) == 0
