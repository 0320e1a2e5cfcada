"""A figure in words: the same on the page, in exports and on the command line."""

from dataclasses import dataclass
from datetime import date, datetime

from app.core.i18n import gettext as _
from app.core.templating import format_date, format_number, format_percent
from app.coverage.counting.figures import Figure
from app.coverage.counting.periods import Period
from app.coverage.indicators.definitions import Definition, Target
from app.coverage.indicators.plan_data import populations

_ROMAN = ("I", "II", "III", "IV")
_SIGNS = {">=": "≥", ">": ">", "=": "=", "~": "≈"}


@dataclass(frozen=True)
class Verdict:
    """`state` is ok, mid or "" (nothing to say yet)."""

    text: str
    state: str


def counted_in(definition: Definition) -> str:
    """What the indicator counts one of."""
    if definition.population:
        return populations()[definition.population].counted_in
    return _("đơn vị") if definition.measure == "units" else _("người")


def target_words(definition: Definition, target: Target | None) -> str:
    """“≥ 100%”, “≥ 50 người”, “có”, “≈ 5.235 người (dự báo)”; "" where the year has no target."""
    if target is None:
        return ""
    if definition.target_unit == "yes_no":
        return _("có")
    sign = _SIGNS[target.operator]
    if definition.target_unit == "percent":
        return f"{sign} {format_number(target.value, 1).removesuffix(',0')}%"
    number = f"{sign} {format_number(target.value)} {counted_in(definition)}"
    return _("%(number)s (dự báo)", number=number) if target.operator == "~" else number


def value_words(found: Figure) -> str:
    """The figure itself: “84,3%”, “37 người”, “có”; an en dash while there is none."""
    definition, declared = found.definition, found.declared
    if definition.target_unit == "yes_no":
        return "–" if declared is None else _("có") if declared.value else _("chưa")
    if found.ratio is not None:
        return format_percent(found.ratio)
    if found.numerator is not None and definition.figure_source != "not_measured":
        return f"{format_number(found.numerator)} {counted_in(definition)}"
    return "–"


def basis_words(found: Figure) -> str:
    """What the value is made of: “4.411 trên 5.235 người”, “khảo sát ngày …”, “chưa có mẫu số”."""
    definition, declared = found.definition, found.declared
    if definition.figure_source == "not_measured":
        return _("không đo")
    if definition.is_declared and declared is None:
        return _("chưa có số khai báo cho năm này") if definition.is_annual else _("chưa có số khai báo")
    if definition.is_declared_in_percent or definition.denominator == "none":
        return _("số ngày %(day)s", day=format_date(declared.as_of)) if declared else ""
    if not found.denominator.value:
        return _("chưa có mẫu số")
    words = _(
        "%(done)s trên %(all)s %(unit)s", done=format_number(found.numerator),
        all=format_number(found.denominator.value), unit=counted_in(definition),
    )  # fmt: skip
    return _("ước tính: %(words)s", words=words) if "estimate" in found.flags else words


def verdict(found: Figure) -> Verdict:
    """Met, not met, or why that cannot be said."""
    definition = found.definition
    if definition.figure_source == "not_measured":
        return Verdict(_("không đo"), "")
    if found.met is not None:
        return Verdict(_("đạt"), "ok") if found.met else Verdict(_("chưa đạt"), "mid")
    if found.target is None:
        return Verdict(_("năm này chưa có mục tiêu"), "")
    if not found.has_begun:
        return Verdict(_("kỳ chưa bắt đầu"), "")
    if "no_figure" in found.flags:
        return Verdict(_("chưa có số khai báo"), "")
    if "no_denominator" in found.flags:
        return Verdict(_("chưa có mẫu số"), "")
    return Verdict(_("chưa kết luận được"), "mid")


def period_name(period: Period) -> str:
    """“quý III năm 2026”, “6 tháng đầu năm 2026”, “năm 2026”, “từ ngày 15/03/2026 đến ngày 14/06/2026”."""
    year, part = period.code[:4], period.code[5:]
    if period.is_whole_year:
        return _("năm %(year)s", year=period.year)
    if part.startswith("Q"):
        return _("quý %(quarter)s năm %(year)s", quarter=_ROMAN[int(part[1]) - 1], year=year)
    if part in ("H1", "H2"):
        return _("6 tháng đầu năm %(year)s", year=year) if part == "H1" else _("6 tháng cuối năm %(year)s", year=year)
    return _(
        "từ ngày %(first)s đến ngày %(last)s", first=format_date(period.first), last=format_date(period.last)
    )  # fmt: skip


def question_words(period: Period, on: date, map_on: date, known_at: datetime | None) -> str:
    """“Kỳ năm 2026, tính đến 30/06/2026, bản đồ đơn vị ngày 30/06/2025, như đã biết đến hết ngày 15/07/2026.”"""
    said = {"period": period_name(period), "day": format_date(period.reference_date(on)), "map": format_date(map_on)}
    if known_at is None:
        return _("Kỳ %(period)s, tính đến %(day)s, bản đồ đơn vị ngày %(map)s.", **said)
    return _(
        "Kỳ %(period)s, tính đến %(day)s, bản đồ đơn vị ngày %(map)s, như đã biết đến hết ngày %(known)s.", **said,
        known=format_date(known_at),
    )  # fmt: skip


def sentence_case(text: str) -> str:
    return text[:1].upper() + text[1:]


def recurrence_words(definition: Definition) -> str:
    return {
        "annual": _("Hằng năm: mỗi năm dương lịch tính lại từ đầu"),
        "cumulative_valid": _("Tích lũy khi còn hạn: hết hạn thì thôi tính, học cập nhật thì tính lại"),
        "cumulative_ever": _("Tích lũy: mỗi người, mỗi đơn vị tính một lần, giữ mãi"),
        "none": _("Không tính theo kỳ"),
    }[definition.recurrence]


def measure_words(definition: Definition) -> str:
    return {
        "people": _("Đếm người"), "units": _("Đếm đơn vị"), "yes_no": _("Có hay chưa"), "none": _("Không có con số"),
    }[definition.measure]  # fmt: skip
