"""A draft with its figures: which forms, of which period, unit and map. The one place a report's data are read."""

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal

from sqlalchemy.orm import Session

from app.core import clock, i18n
from app.core.errors import Invalid, NotFound
from app.core.i18n import gettext as _
from app.core.templating import format_date
from app.coverage.counting.periods import Period, customary, period_named
from app.coverage.counting.wording import period_name
from app.coverage.indicators.definitions import counted, definitions
from app.coverage.reports import body, indicator_forms, series_form, task_form, unit_forms
from app.coverage.reports.forms import PEOPLE_FORM, Column, forms
from app.coverage.reports.frames import Basis, Cell, Report, Table
from app.coverage.reports.letterheads import letterhead_on, signer_on
from app.identity.units import unit_queries
from app.identity.units.unit_queries import UnitOnDay

CutOff = Literal["calendar", "customary"]
# What can be frozen, in order.
FROZEN_FORMS = tuple(code for code in forms() if code != PEOPLE_FORM)


@dataclass(frozen=True)
class Wish:
    """What somebody wants reported. `map_on` None: the units of the last day; `series` is the indicator of B07.

    `has_body`: the parts I to V before the forms. `cut_off`: the period as the calendar has it, or to the 14th of its
    last month as state reporting has it.
    """

    forms: tuple[str, ...]
    period: str
    unit_code: str
    cut_off: CutOff = "calendar"
    map_on: date | None = None
    has_body: bool = True
    series: str = unit_forms.OFFICIALS

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"forms": list(self.forms), "map_on": self.map_on.isoformat() if self.map_on else None}

    @classmethod
    def of(cls, given: dict[str, Any]) -> "Wish":
        """From what `as_json` gave."""
        map_on = date.fromisoformat(given["map_on"]) if given["map_on"] else None
        return cls(**given | {"forms": tuple(given["forms"]), "map_on": map_on})

    @property
    def span(self) -> Period:
        """The days that are printed; raises Invalid for a period that is none."""
        try:
            period = period_named(self.period)
        except ValueError:
            raise Invalid(fields={"period": _("Hãy viết kỳ như 2026, 2026-Q3, 2026-H1.")}) from None
        return customary(period) if self.cut_off == "customary" else period


def draft(db: Session, province_code: str, wish: Wish) -> Report:
    """The report as it would be drafted now. It speaks Vietnamese whatever the language of the page.

    Raises Invalid for a period or form that is none and for a period that has not begun, NotFound for an unknown unit.
    """
    language = i18n.language()
    i18n.speak(i18n.DEFAULT)
    try:
        return _draft(db, province_code, wish)
    finally:
        i18n.speak(language)


def _draft(db: Session, province_code: str, wish: Wish) -> Report:
    span, today = wish.span, clock.today()
    if span.first > today:
        raise Invalid(fields={"period": _("Kỳ này chưa bắt đầu.")})
    if not wish.forms or set(wish.forms) - set(FROZEN_FORMS):
        raise Invalid(fields={"forms": _("Hãy chọn ít nhất một biểu.")})
    if "B07" in wish.forms and wish.series not in {one.code for one in counted(definitions(db))}:
        raise Invalid(fields={"series": _("Không có chỉ tiêu nào mang mã này mà nền tảng đếm được.")})
    as_of = min(span.last, today)
    map_on = wish.map_on or as_of
    unit = unit_queries.unit_on(db, wish.unit_code or province_code, map_on)
    if unit is None:
        raise NotFound(
            _("Ngày %(day)s không có đơn vị nào mang mã %(code)s.", day=format_date(map_on), code=wish.unit_code[:40])
        )
    basis = Basis(
        period=wish.period, period_name=period_name(period_named(wish.period)), first=span.first, last=span.last,
        as_of=as_of, unit_code=unit.code, unit_name=unit.name, map_on=map_on, read_at=clock.now().isoformat(),
    )  # fmt: skip
    tables = {
        code: _table(db, province_code, code, unit, basis, wish.series) for code in FROZEN_FORMS if code in wish.forms
    }
    letterhead = letterhead_on(db, unit, today)
    return Report(
        subject=body.subject(basis), letterhead=letterhead, number="", dated_on=None,
        addressee=body.addressee(letterhead), bases=body.BASES if wish.has_body else (),
        sections=body.sections(basis, tables) if wish.has_body else (), annexes=tuple(tables.values()), basis=basis,
        sources=body.SOURCES, signer=signer_on(db, unit, today), recipients=body.recipients(letterhead),
    )  # fmt: skip


def _table(db: Session, province_code: str, code: str, unit: UnitOnDay, basis: Basis, series: str) -> Table:
    form = forms()[code]
    rows: list[tuple[Cell, ...]]
    notes: tuple[str, ...]
    as_of, map_on = basis.as_of, basis.map_on
    match code:
        case "B01":
            rows = indicator_forms.indicator_rows(db, unit.code, basis.first, as_of, map_on)
            notes = indicator_forms.NOTES_B01
        case "B02":
            rows = task_form.task_rows(db, province_code, unit.code, basis.first, as_of)
            notes = task_form.NOTES
        case "B03":
            rows, notes = unit_forms.unit_rows(db, unit.code, as_of, map_on), unit_forms.NOTES_B03
        case "B04":
            rows, notes = unit_forms.team_rows(db, unit.code, as_of, map_on), unit_forms.NOTES_B04
        case "B06":
            rows, notes = indicator_forms.five_rows(db, unit.code, as_of, map_on), indicator_forms.NOTES_B06
        case _:
            rows = series_form.series_rows(db, series, unit.code, as_of, map_on)
            notes = series_form.notes(series)
    year = as_of.year
    years = {"year": year, "year_before": year - 1, "two_years_before": year - 2}
    columns = tuple(Column(one.header.format(**years), one.kind, one.width) for one in form.columns)
    return Table(code, form.title, columns, tuple(rows), notes)
