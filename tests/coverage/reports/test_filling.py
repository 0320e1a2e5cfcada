"""What the forms say: figures of the period and of the year, and no number where there is no source."""

from collections.abc import Callable
from datetime import date

import pytest

from app.core import i18n
from app.core.errors import AppError, Invalid, NotFound
from app.coverage.reports.frames import Cell, Report, Table, as_json, from_json, printed

CBCC = "(BG-CBCC)"


def row_of(table: Table, words: str) -> tuple[Cell, ...]:
    """The only row whose second cell holds these words."""
    (found,) = [row for row in table.rows if words in str(row[1])]
    return found


@pytest.mark.usefixtures("province")
def test_b01_tells_the_period_from_the_year_and_both_from_last_year(made: Callable[..., Report]) -> None:
    def cells(period: str) -> tuple[object, ...]:
        return row_of(made(period, forms=("B01",)).annexes[0], CBCC)[3:11]

    # target, denominator, its day, in the period, in the year, ratio, compared with last year, verdict
    assert cells("2026-H1") == (100, 5, "2026-06-30", 2, 2, 40.0, None, "Chưa đạt"), "nobody had a post in June 2025"
    assert cells("2026-Q2") == (100, 5, "2026-06-30", 1, 2, 40.0, None, "Chưa đạt")
    assert cells("2026-Q3") == (100, 5, "2026-09-30", 1, 3, 60.0, 2, "Chưa đạt")
    assert cells("2026") == (100, 5, "2026-11-21", 3, 3, 60.0, 2, "Chưa đạt"), "the year is still running"


@pytest.mark.usefixtures("province")
def test_the_customary_cut_off_moves_both_ends_and_is_printed(made: Callable[..., Report]) -> None:
    report = made("2026-Q3", forms=("B01",), cut_off="customary")
    basis = report.basis
    assert (basis.first, basis.last, basis.as_of) == (date(2026, 6, 15), date(2026, 9, 14), date(2026, 9, 14))
    assert row_of(report.annexes[0], CBCC)[6:8] == (0, 2), "Bình was done on the 20th"
    assert "quý III năm 2026: hoạt động từ ngày 15/06/2026 đến ngày 14/09/2026" in report.basis_words
    assert made("2026-H1", forms=("B06",), cut_off="customary").basis.first == date(2025, 12, 15)


@pytest.mark.usefixtures("province")
def test_a_cell_without_a_source_is_empty_and_printed_as_a_dash(made: Callable[..., Report]) -> None:
    tables = {table.form: table for table in made().annexes}
    assert row_of(tables["B01"], "(BG-NGUOIDAN)")[6:11] == (None,) * 5, "no survey yet"
    # The year's plan has them, or nobody.
    assert all(row[4] is row[11] is row[12] is None for row in tables["B02"].rows)
    assert all(row[3] is row[4] is None for row in tables["B03"].rows)
    assert all(row[8] is None for row in tables["B04"].rows)
    assert (printed(None, "int"), printed(0, "int"), printed(1234, "int")) == ("–", "0", "1.234")
    assert (printed(84.26, "percent"), printed("2026-06-14", "date"), printed(90.0, "number")) == (
        "84,3", "14/06/2026", "90",
    )  # fmt: skip


@pytest.mark.usefixtures("province")
def test_b02_counts_people_apart_from_enrolments(made: Callable[..., Report]) -> None:
    def cells(period: str) -> tuple[object, ...]:
        return row_of(made(period, forms=("B02",)).annexes[0], "khai thác nền tảng số")[5:11]

    # classes, enrolments, people, people done, certificates, ratio
    assert cells("2026") == (0, 4, 4, 3, 3, 75.0)
    assert cells("2026-Q1") == (0, 1, 1, 1, 1, 100.0)
    assert cells("2025") == (0, 0, 0, 0, 0, None), "nothing is divided by nobody"


@pytest.mark.usefixtures("province")
def test_b03_tells_units_apart_and_who_among_the_done_leads(made: Callable[..., Report]) -> None:
    table = made(forms=("B03",)).annexes[0]
    here, total = row_of(table, "Phường Bắc Giang"), table.rows[-1]
    # members, –, –, taking part, done, ratio, late, leaders, women
    assert here[2:11] == (4, None, None, 3, 2, 50.0, 0, 1, 1)
    assert total[2:11] == (5, None, None, 4, 3, 60.0, 0, 1, 1)


@pytest.mark.usefixtures("province")
def test_b07_lays_three_years_on_the_communes_of_today(made: Callable[..., Report]) -> None:
    table = made(forms=("B07",)).annexes[0]
    assert [column.header for column in table.columns][3:6] == ["2024", "2025", "2026"]
    assert len(table.rows) == 99
    row = row_of(table, "Phường Bắc Giang")
    assert row[3:6] == (None, 1, 2), "the indicator began in 2025"
    assert "đơn vị cũ" in str(row[6])
    assert "Phường" in str(row[2])


@pytest.mark.usefixtures("province")
def test_a_unit_reports_about_itself_under_its_own_letterhead(made: Callable[..., Report]) -> None:
    report = made("2026", "07210")
    assert report.letterhead.issuer == "UBND phường Bắc Giang"
    assert (report.letterhead.superior, report.letterhead.symbol) == ("", "BC-UBND")
    assert row_of(report.annexes[0], CBCC)[4] == 4
    (only,) = next(table for table in report.annexes if table.form == "B03").rows
    assert only[1] == "Phường Bắc Giang"


@pytest.mark.usefixtures("province")
def test_a_report_speaks_vietnamese_to_an_english_reader(made: Callable[..., Report]) -> None:
    i18n.speak("en")
    try:
        assert made("2026-Q3", forms=("B01",)).basis.period_name == "quý III năm 2026"
        assert i18n.language() == "en"
    finally:
        i18n.speak("vi")


@pytest.mark.usefixtures("province")
def test_what_is_frozen_reads_back_as_it_was(made: Callable[..., Report]) -> None:
    report = made()
    assert from_json(as_json(report)) == report
    assert as_json(from_json(as_json(report))) == as_json(report)


@pytest.mark.parametrize(
    ("period", "unit", "forms", "error"),
    [
        ("2027", "24", ("B01",), Invalid), ("quý 3", "24", ("B01",), Invalid), ("2026", "khong-co", ("B01",), NotFound),
        ("2026", "24", ("B05",), Invalid), ("2026", "24", (), Invalid),
    ],
)  # fmt: skip
def test_what_cannot_be_reported_is_said(
    made: Callable[..., Report], period: str, unit: str, forms: tuple[str, ...], error: type[AppError]
) -> None:
    with pytest.raises(error):
        made(period, unit, forms)
