"""B01 and B06: indicators against their targets, from the very figures of the dashboard."""

from dataclasses import replace
from datetime import date, timedelta

from sqlalchemy.orm import Session

from app.core.templating import format_number, format_percent
from app.coverage.counting import figures, wording
from app.coverage.counting.figures import Figure, Question
from app.coverage.indicators.definitions import FIGURE_SOURCES
from app.coverage.reports.frames import Cell

# The five indicators of “Bình dân học vụ số”.
_FIVE = "BD-"
_TARGET_SIGNS = {">": "mục tiêu là trên mức này", "~": "mục tiêu là dự báo", "=": ""}

NOTES_B01 = (
    "Cột 5: mẫu số của ngày chốt ghi ở cột 6. Cột 7: hiệu của cùng con số ở cột 8 tại cuối kỳ và trước ngày đầu kỳ.",
    "Cột 8: hằng năm thì tính từ ngày 01/01, tích lũy thì tính từ lần đầu. Cột 10: hiệu của cột 8 với cùng ngày năm"
    " trước.",
    "Cột 11 so số chưa làm tròn với mục tiêu. Ô ghi “–” là chưa có nguồn số liệu.",
)
NOTES_B06 = (
    "Số của nền tảng và số khảo sát, VNeID đứng cạnh nhau, không cộng vào nhau. Hoàn thành khóa học chưa phải là xác"
    " nhận kỹ năng. Ô ghi “–” là chưa có nguồn số liệu.",
)


def indicator_rows(db: Session, unit_code: str, first: date, as_of: date, map_on: date) -> list[tuple[Cell, ...]]:
    """B01: every indicator in force in the year of `as_of`, as of that day; `first` begins what is "trong kỳ"."""
    now = Question("", unit_code, as_of, map_on, period=str(as_of.year))
    found = figures.overview(db, now)
    before = _by_code(figures.overview(db, replace(now, on=first - timedelta(days=1))))
    last_year = _by_code(figures.overview(db, replace(now, on=_year_before(as_of), period=str(as_of.year - 1))))
    rows: list[tuple[Cell, ...]] = []
    for number, one in enumerate(found, start=1):
        definition = one.definition
        rows.append((
            number, f"{definition.title} ({definition.code})", _counted_in(one), _target(one), one.denominator.value,
            _day(one.denominator.as_of if one.denominator.value else None), _grown(one, before[definition.code]),
            _count(one), _percent(one.ratio), _compared(one, last_year.get(definition.code)), _verdict(one),
            _remark(one),
        ))  # fmt: skip
    return rows


def five_rows(db: Session, unit_code: str, as_of: date, map_on: date) -> list[tuple[Cell, ...]]:
    """B06: the five indicators of KH 15/KH-UBND."""
    found = figures.overview(db, Question("", unit_code, as_of, map_on, period=str(as_of.year)))
    five = [one for one in found if one.definition.code.startswith(_FIVE)]
    return [
        (
            number, f"{one.definition.title} ({one.definition.code})", _target(one), one.denominator.value,
            _count(one), _percent(one.ratio), _source(one),
            _beside(one) or _remark(one),
        )
        for number, one in enumerate(five, start=1)
    ]  # fmt: skip


def _source(one: Figure) -> str:
    words = str(FIGURE_SOURCES[one.definition.figure_source])
    return words[:1].upper() + words[1:]


def _by_code(found: list[Figure]) -> dict[str, Figure]:
    return {one.definition.code: one for one in found}


def _target(one: Figure) -> Cell:
    if one.target is None:
        return None
    return "có" if one.definition.target_unit == "yes_no" else one.target.value


def _counted_in(one: Figure) -> str:
    """“người (%)” where the target is a percentage of what is counted."""
    definition = one.definition
    if definition.target_unit == "yes_no":
        return "có/chưa"
    words = wording.counted_in(definition)
    return f"{words} (%)" if definition.target_unit == "percent" else words


def _count(one: Figure) -> int | None:
    """What was reached, as whole people or units; None where there is no such number."""
    if one.definition.target_unit == "yes_no" or one.definition.figure_source == "not_measured":
        return None
    return one.numerator


def _grown(one: Figure, before: Figure) -> int | None:
    now, then = _count(one), _count(before)
    if now is not None and then is None and one.definition.is_annual:
        # Nothing was declared yet for what is counted anew each year.
        then = 0
    return None if now is None or then is None else now - then


def _compared(one: Figure, last_year: Figure | None) -> Cell:
    """In people or units; for what is only known as a percentage in percentage points."""
    if last_year is None or not (last_year.denominator.value or last_year.numerator or last_year.declared):
        return None
    now, then = _count(one), _count(last_year)
    if now is not None and then is not None:
        return now - then
    if one.ratio is None or last_year.ratio is None:
        return None
    return round((one.ratio - last_year.ratio) * 100, 6)


def _percent(ratio: float | None) -> float | None:
    return None if ratio is None else round(ratio * 100, 6)


def _verdict(one: Figure) -> str | None:
    if one.met is None:
        return None
    return "Đạt" if one.met else "Chưa đạt"


def _remark(one: Figure) -> str | None:
    """Why there is no verdict, what is an estimate, what the target means where it is not "at least"."""
    said = [] if one.met is not None else [wording.verdict(one).text]
    if one.definition.target_unit == "yes_no" and one.declared:
        said.append(wording.value_words(one))
    if "estimate" in one.flags:
        said.append("tỷ lệ là ước tính")
    if "over_100" in one.flags:
        said.append("tử số lớn hơn mẫu số, cần kiểm tra mẫu số")
    if "not_separable" in one.flags:
        said.append("không tách được theo đơn vị của bản đồ này")
    if "pending" in one.flags:
        said.append("còn người đang chờ tính lại")
    if one.target and (sign := _TARGET_SIGNS.get(one.target.operator, "")):
        said.append(sign)
    return "; ".join(said) or None


def _beside(one: Figure) -> str | None:
    """What the platform knows beside a figure that was entered by hand."""
    if one.definition.is_computed or not one.definition.is_counted:
        return None
    words = f"Trên nền tảng: {format_number(one.output)} người hoàn thành"
    return words if one.estimate is None else f"{words} (ước tính {format_percent(one.estimate)})"


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _year_before(day: date) -> date:
    """The same day of the year before; 28 February for 29."""
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)
