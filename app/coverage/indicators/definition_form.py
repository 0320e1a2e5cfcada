"""The form that says how an indicator is to be counted, and what it means once it is checked."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from pydantic import Field, field_validator
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalogue.models import Course, Programme
from app.core import clock
from app.core.errors import Invalid
from app.core.forms import StrippedForm
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.core.text import nfc
from app.coverage.indicators.definitions import FIGURE_SOURCES, Definition, as_definition
from app.coverage.indicators.plan_data import populations, tag_names
from app.coverage.models import Indicator, IndicatorVersion
from app.identity.models import UnitVersion
from app.identity.people import people_queries

MEASURES: Mapping[str, lazy] = {
    "people": lazy("người"), "units": lazy("đơn vị"), "yes_no": lazy("có hay chưa"), "none": lazy("không có con số"),
}  # fmt: skip
RECURRENCES: Mapping[str, lazy] = {
    "annual": lazy("hằng năm: mỗi năm tính lại từ đầu"), "cumulative_ever": lazy("tích lũy: tính một lần, giữ mãi"),
    "cumulative_valid": lazy("tích lũy khi còn hạn: hết hạn thì thôi tính"), "none": lazy("không tính theo kỳ"),
}  # fmt: skip
DENOMINATORS: Mapping[str, lazy] = {
    "roster": lazy("danh sách ngày tham chiếu"), "declared": lazy("số khai báo"), "none": lazy("không dùng"),
}  # fmt: skip
TARGET_UNITS: Mapping[str, lazy] = {
    "percent": lazy("phần trăm"), "count": lazy("con số"), "yes_no": lazy("có hay chưa"),
}  # fmt: skip
OPERATORS: Mapping[str, lazy] = {
    ">=": lazy("từ"), ">": lazy("trên"), "=": lazy("bằng"), "~": lazy("khoảng (dự báo)"),
}  # fmt: skip
WAYS: Mapping[str, lazy] = {
    "online": lazy("học trực tuyến"), "class": lazy("lớp tập trung"), "group": lazy("buổi học cộng đồng"),
    "exam": lazy("sát hạch"), "evidence": lazy("minh chứng từ nơi khác"),
}  # fmt: skip
UNIT_KINDS: Mapping[str, lazy] = {
    "agency": lazy("sở, cơ quan cấp tỉnh"), "district": lazy("huyện (đến 30/6/2025)"), "commune": lazy("xã, phường"),
}  # fmt: skip
BLANK_TARGETS = 3
_CODE = re.compile(r"[A-Z]{2,6}(?:-[A-Z0-9]{2,12}){1,3}", re.ASCII)
_NUMBER = re.compile(r"(?:\d{1,3}(?:\.\d{3})+|\d{1,9})(?:,\d{1,2})?", re.ASCII)
_YEARS_AHEAD = 10


class IndicatorForm(StrippedForm):
    """A definition as typed; the three lists of targets go together line by line."""

    code: str = Field("", max_length=30)
    plan: str = Field("", max_length=300)
    title: str = Field("", max_length=120)
    name: str = Field("", max_length=1000)
    source_section: str = Field("", max_length=80)
    note: str = Field("", max_length=2000)
    measure: str = Field("people", max_length=10)
    figure_source: str = Field("computed", max_length=12)
    recurrence: str = Field("annual", max_length=20)
    denominator: str = Field("roster", max_length=10)
    population: str = Field("", max_length=30)
    former_province: str = Field("", max_length=4)
    is_partial: bool = False
    audiences: list[str] = Field(default_factory=list, max_length=50)
    unit_kinds: list[str] = Field(default_factory=list, max_length=10)
    tags: list[str] = Field(default_factory=list, max_length=50)
    programmes: list[str] = Field(default_factory=list, max_length=50)
    courses: str = Field("", max_length=2000)
    how: list[str] = Field(default_factory=list, max_length=10)
    target_unit: str = Field("percent", max_length=10)
    target_year: list[str] = Field(default_factory=list, max_length=30)
    target_operator: list[str] = Field(default_factory=list, max_length=30)
    target_value: list[str] = Field(default_factory=list, max_length=30)
    first_year: str = Field("", max_length=4)
    last_year: str = Field("", max_length=4)
    reason: str = Field("", max_length=1000)

    @field_validator("plan", "title", "name", "source_section", "note", "reason")
    @classmethod
    def _nfc(cls, value: str) -> str:
        return nfc(value)

    @property
    def targets(self) -> list[tuple[str, str, str]]:
        """Year, operator and value of each line that is not blank."""
        lines = zip_longest(self.target_year, self.target_operator, self.target_value, fillvalue="")
        return [(year.strip(), operator, value.strip()) for year, operator, value in lines if year or value]


@dataclass(frozen=True)
class Choices:
    """What there is to choose from, as (code, words)."""

    audiences: list[tuple[str, str]]
    programmes: list[tuple[str, str]]
    provinces: list[tuple[str, str]]
    plans: list[str]
    courses: frozenset[str]

    tags: tuple[tuple[str, str], ...] = tuple(tag_names().items())
    populations: tuple[tuple[str, str], ...] = tuple((code, one.name) for code, one in populations().items())


def choices_for(db: Session) -> Choices:
    provinces = db.scalars(select(UnitVersion.former_province_code).distinct())
    return Choices(
        audiences=list(people_queries.audience_names(db).items()),
        programmes=list(db.execute(select(Programme.code, Programme.title).order_by(Programme.code)).all()),
        provinces=[(code, _("gốc từ tỉnh cũ mang mã %(code)s", code=code)) for code in sorted(filter(None, provinces))],
        plans=list(dict.fromkeys(db.scalars(select(Indicator.plan).order_by(Indicator.position)))),
        courses=frozenset(db.scalars(select(Course.code))),
    )


def form_of(definition: Definition, first_year: int) -> IndicatorForm:
    """The form of a new version that changes nothing yet."""
    return IndicatorForm(
        code=definition.code, plan=definition.plan, title=definition.title, name=definition.name,
        source_section=definition.source_section, note=definition.note, measure=definition.measure,
        figure_source=definition.figure_source, recurrence=definition.recurrence, denominator=definition.denominator,
        population=definition.population or "", former_province=definition.former_province or "",
        is_partial=definition.is_partial, audiences=sorted(definition.audiences),
        unit_kinds=sorted(definition.unit_kinds), tags=sorted(definition.tags),
        programmes=sorted(definition.programmes), courses=", ".join(sorted(definition.courses)),
        how=sorted(definition.how), target_unit=definition.target_unit,
        target_year=[str(one.year) for one in definition.targets],
        target_operator=[one.operator for one in definition.targets],
        target_value=[_typed(one.value) for one in definition.targets],
        first_year=str(first_year), last_year=str(definition.last_year or ""),
    )  # fmt: skip


def checked(
    form: IndicatorForm, choices: Choices, *, is_new: bool, taken: frozenset[str] = frozenset()
) -> tuple[Indicator, IndicatorVersion]:
    """The rows the form means, in no session; raises Invalid with a message per field.

    `taken`: codes a new indicator cannot bear.
    """
    errors: dict[str, str] = {}
    _check_words(form, errors, is_new=is_new, taken=taken)
    _check_choices(form, choices, errors)
    _check_sense(form, errors)
    first_year, last_year = _years(form, errors)
    targets = _targets(form, errors)
    courses = [code.upper() for code in re.split(r"[\s,;]+", form.courses) if code]
    if unknown := [code for code in courses if code not in choices.courses]:
        errors["courses"] = _("Không có khóa học nào mang mã %(codes)s.", codes=", ".join(unknown[:5]))
    if errors:
        raise Invalid(fields=errors)
    indicator = Indicator(
        code=form.code, plan=form.plan, title=form.title, name=form.name, source_section=form.source_section,
        note=form.note,
    )  # fmt: skip
    return indicator, IndicatorVersion(
        indicator_code=form.code, measure=form.measure, audiences=form.audiences,
        unit_kinds=form.unit_kinds if form.measure == "units" else [],
        former_province_code=form.former_province or None, recurrence=form.recurrence, denominator=form.denominator,
        population_code=form.population if form.denominator == "declared" else None,
        figure_source=form.figure_source, is_partial=form.is_partial, counts=_counts(form, courses),
        target_unit=form.target_unit, targets=targets, valid_from_year=first_year, valid_to_year=last_year,
        reason=form.reason,
    )  # fmt: skip


def checked_definition(form: IndicatorForm, choices: Choices, base: Definition | None) -> Definition:
    """The form as a value to count by, under the version id and number it starts from; raises Invalid as `checked`."""
    indicator, version = checked(form, choices, is_new=base is None)
    version.id, version.number = (base.version_id, base.number) if base else (0, 1)
    return as_definition(version, indicator)


def _check_words(form: IndicatorForm, errors: dict[str, str], *, is_new: bool, taken: frozenset[str]) -> None:
    if is_new and (not _CODE.fullmatch(form.code) or form.code in populations()):
        errors["code"] = _("Mã gồm tên tắt của kế hoạch và của chỉ tiêu, chữ hoa không dấu, ví dụ BN-GIAOVIEN.")
    elif is_new and form.code in taken:
        errors["code"] = _("Đã có chỉ tiêu mang mã này. Hãy sửa chỉ tiêu ấy, hoặc chọn mã khác.")
    for name, least, said in (
        ("plan", 5, _("Hãy ghi kế hoạch, văn bản đặt ra chỉ tiêu.")),
        ("title", 5, _("Hãy ghi tên ngắn, ít nhất năm chữ cái.")),
        ("name", 10, _("Hãy ghi nguyên văn chỉ tiêu trong văn bản.")),
        ("reason", 10, _("Hãy ghi vì sao tính như thế, theo văn bản nào. Người xem số liệu sẽ đọc câu này.")),
    ):
        if len(getattr(form, name)) < least:
            errors[name] = said


def _check_choices(form: IndicatorForm, choices: Choices, errors: dict[str, str]) -> None:
    offered: tuple[tuple[str, list[str], Any], ...] = (
        ("measure", [form.measure], MEASURES), ("figure_source", [form.figure_source], FIGURE_SOURCES),
        ("recurrence", [form.recurrence], RECURRENCES), ("denominator", [form.denominator], DENOMINATORS),
        ("target_unit", [form.target_unit], TARGET_UNITS), ("audiences", form.audiences, dict(choices.audiences)),
        ("unit_kinds", form.unit_kinds, UNIT_KINDS), ("tags", form.tags, dict(choices.tags)),
        ("programmes", form.programmes, dict(choices.programmes)), ("how", form.how, WAYS),
        ("former_province", [form.former_province], ["", *dict(choices.provinces)]),
        ("population", [form.population], ["", *populations()]),
    )  # fmt: skip
    for name, given, known in offered:
        if any(one not in known for one in given):
            errors[name] = _("Hãy chọn trong danh sách.")


def _check_sense(form: IndicatorForm, errors: dict[str, str]) -> None:
    """What each source of figures needs, and what does not go with it (DESIGN 5)."""
    computed, measured = form.figure_source == "computed", form.figure_source != "not_measured"
    if form.measure not in (("people", "units") if computed else MEASURES):
        errors["measure"] = _("Hệ thống chỉ tự đếm được người hoặc đơn vị.")
    if (form.measure == "yes_no") != (form.target_unit == "yes_no"):
        errors["target_unit"] = _("Chỉ tiêu “có hay chưa” thì mục tiêu cũng là “có hay chưa”, và ngược lại.")
    elif form.figure_source in ("survey", "vneid") and form.target_unit != "percent":
        errors["target_unit"] = _("Kết quả khảo sát và VNeID là tỷ lệ phần trăm.")
    if measured and form.recurrence == "none":
        errors["recurrence"] = _("Hãy chọn hằng năm hoặc tích lũy; chỉ chỉ tiêu không đo mới không theo kỳ.")
    if computed and not form.how:
        errors["how"] = _("Hãy chọn ít nhất một hình thức được tính.")
    if computed and form.measure == "units" and not form.unit_kinds:
        errors["unit_kinds"] = _("Hãy chọn loại đơn vị được đếm.")
    if form.denominator == "roster" and not computed:
        errors["denominator"] = _("Danh sách chỉ làm mẫu số cho số hệ thống tự tính. Hãy chọn cách khác.")
    elif form.denominator != "roster" and computed and form.measure == "units":
        errors["denominator"] = _("Khi đếm đơn vị, mẫu số là số đơn vị trên cây đơn vị: hãy chọn danh sách.")
    elif (
        form.denominator == "none" and form.target_unit == "percent" and form.figure_source in ("computed", "declared")
    ):
        errors["denominator"] = _("Mục tiêu phần trăm cần một mẫu số.")
    if form.denominator == "declared" and not form.population:
        errors["population"] = _("Hãy chọn số khai báo nào làm mẫu số.")


def _years(form: IndicatorForm, errors: dict[str, str]) -> tuple[int, int | None]:
    """A period is closed for definitions once its last day is over (DESIGN 5, reading 7)."""
    this_year = clock.today().year
    first = _year(form.first_year)
    if first is None or not this_year <= first <= this_year + _YEARS_AHEAD:
        errors["first_year"] = _(
            "Hãy ghi năm từ %(first)s đến %(last)s: những năm đã qua giữ cách tính của chúng.", first=this_year,
            last=this_year + _YEARS_AHEAD,
        )  # fmt: skip
    last = _year(form.last_year)
    if form.last_year and (last is None or last < (first or this_year) or last > this_year + 100):
        errors["last_year"] = _("Năm cuối không thể trước năm đầu. Để trống nếu chưa biết.")
    return first or this_year, last


def _targets(form: IndicatorForm, errors: dict[str, str]) -> list[dict[str, Any]]:
    targets: dict[int, dict[str, Any]] = {}
    for year_text, operator, value_text in form.targets:
        year, value = _year(year_text), _value(value_text, form.target_unit)
        if year is None or value is None or operator not in OPERATORS:
            said = _("Mục tiêu “%(year)s: %(value)s” cần năm bốn chữ số và một con số, ví dụ 2030 và 90.")
            if form.target_unit == "percent":
                said = _("Mục tiêu “%(year)s: %(value)s” cần năm bốn chữ số và tỷ lệ từ 0 đến 100, ví dụ 2030 và 90.")
            errors["targets"] = said % {"year": year_text[:10], "value": value_text[:20]}
        elif year in targets:
            errors["targets"] = _("Năm %(year)s có hai mục tiêu. Mỗi năm chỉ một.", year=year)
        else:
            targets[year] = {"year": year, "operator": operator, "value": value}
    return [targets[year] for year in sorted(targets)]


def _counts(form: IndicatorForm, courses: list[str]) -> dict[str, Any]:
    """What of ours is counted; beside a figure that somebody declares, only if something was chosen."""
    named = bool(form.tags or form.programmes or courses)
    if not form.how or form.figure_source == "not_measured" or (form.figure_source != "computed" and not named):
        return {}
    return {"tags": form.tags, "programmes": form.programmes, "courses": courses, "how": form.how}


def _year(text: str) -> int | None:
    return int(text) if re.fullmatch("20[0-9]{2}|2100", text) else None


def _value(text: str, target_unit: str) -> float | None:
    if target_unit == "yes_no":
        return 1.0
    if not _NUMBER.fullmatch(text):
        return None
    value = float(text.replace(".", "").replace(",", "."))
    return None if target_unit == "percent" and value > 100 else value


def _typed(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".").replace(".", ",")
