"""The form with which a reader of the dashboard chooses day, period, map of units and what was known."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, timedelta
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from sqlalchemy.orm import Session

from app.core import clock
from app.core.errors import Invalid
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.core.templating import format_date
from app.core.web import Config, Db
from app.coverage.counting import wording
from app.coverage.counting.figures import Question, period_of
from app.coverage.counting.periods import EARLIEST, period_named
from app.coverage.dashboard.asked import Asked, parsed_day
from app.coverage.dashboard.map_changes import act_days
from app.identity.units import unit_queries

# In the lists of the form: "as usual", chosen on purpose, and "what is written in the field beside".
_USUAL, _OWN = "-", "own"
_DAYS = ("on", "map", "known", "since")
_CHOSEN_HERE = (*_DAYS, "period")
_PARTS = ("H1", "H2", "Q1", "Q2", "Q3", "Q4")


@dataclass(frozen=True)
class Choices:
    """What a list offers as (value, text), which of it is chosen, and what is written beside it instead."""

    options: list[tuple[str, str]]
    chosen: str
    own: str


@dataclass(frozen=True)
class ChoosingForm:
    """The form as the address filled it. `said` is the answer in words, `kept` what else the address asks; `since` is
    None on pages of one day."""

    action: str
    asked: Asked
    said: str
    periods: Choices
    maps: Choices
    kept: list[tuple[str, str]]
    since: str | None = None
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def is_usual(self) -> bool:
        """Whether the page shows today as it stands."""
        return not any(getattr(self.asked, name, "") for name in _CHOSEN_HERE)

    @property
    def back(self) -> str:
        """The same page as of today."""
        changed = {name: "" for name in _CHOSEN_HERE if hasattr(self.asked, name)}
        return self.action + self.asked.at(**changed)


class AskedWrong(Invalid):
    """An address that asks for what is no day, no period or no unit of its map: the form is shown again."""

    title = lazy("Chưa xem được như đã chọn")
    template = "coverage/asked_wrong.html"

    def __init__(self, page: ChoosingForm) -> None:
        super().__init__(fields=page.errors)
        self.page = page


def choosing_form(request: Request, db: Session, asked: Asked, question: Question) -> ChoosingForm:
    said = wording.question_words(period_of(question), question.on, question.map_on or question.on, question.known_at)
    return _form(request, db, asked, question.on, said)


Kind = TypeVar("Kind", bound=Asked)


def checked(kind: type[Kind]) -> Callable[..., Kind]:
    """A dependency: what the address asks, once it is known that it can be asked. Raises AskedWrong."""

    def check(
        request: Request, db: Db, config: Config, raw: Annotated[Any, Depends(kind)], own_map: str = "",
        own_period: str = "",
    ) -> Kind:  # fmt: skip
        raw = raw.settled()
        asked: Kind = replace(raw, map=_chosen(raw.map, own_map), period=_chosen(raw.period, own_period))
        # As the fields of the form take days.
        asked = replace(asked, **{name: day.isoformat() for name in _DAYS if (day := _day(asked, name))})
        if errors := _errors(db, asked, config.province_code):
            day = clock.today() if "on" in errors else asked.day
            raise AskedWrong(replace(_form(request, db, asked, day), errors=errors))
        return asked

    return check


Here = Annotated[Asked, Depends(checked(Asked))]


def _chosen(listed: str, own: str) -> str:
    """The value of the list counts, unless it leaves the word to the field beside it."""
    if listed in ("", _OWN):
        return own.strip()
    return "" if listed == _USUAL else listed


def _day(asked: Asked, name: str) -> date | None:
    return clock.parse_day(getattr(asked, name, ""))


def _errors(db: Session, asked: Asked, province_code: str) -> dict[str, str]:
    errors: dict[str, str] = {}
    for name in _DAYS:
        try:
            parsed_day(getattr(asked, name, ""))
        except Invalid as error:
            errors[name] = error.message
    if asked.period:
        try:
            period_of(Question("", "", clock.today(), period=asked.period))
        except Invalid as error:
            errors["period"] = error.message
    if not errors and (asked.on or asked.map):
        day, code = asked.map_day or asked.day, asked.unit or province_code
        if unit_queries.unit_on(db, code, day) is None:
            errors["map"] = _(
                "Ngày %(day)s không có đơn vị nào mang mã %(code)s. Hãy chọn bản đồ của ngày khác.",
                day=format_date(day), code=code[:40],
            )  # fmt: skip
    return errors


def _form(request: Request, db: Session, asked: Asked, day: date, said: str = "") -> ChoosingForm:
    return ChoosingForm(
        request.url.path, asked, said, _periods(asked, day), _maps(asked, act_days(db)),
        [(one.name, value) for one in fields(asked) if one.name not in _CHOSEN_HERE
         and (value := getattr(asked, one.name))],
        getattr(asked, "since", None),
    )  # fmt: skip


def _periods(asked: Asked, day: date) -> Choices:
    try:
        year = period_named(asked.period).year
    except ValueError:
        year = max(day.year, EARLIEST)
    codes = [str(year), *(f"{year}-{part}" for part in _PARTS)]
    named = [(code, wording.sentence_case(wording.period_name(period_named(code)))) for code in codes]
    return _choices(asked.period, _("Năm của ngày xem"), named, _("Kỳ khác, ghi ở ô bên"))


def _maps(asked: Asked, changes: Sequence[date]) -> Choices:
    today = clock.today()
    days = [(today.isoformat(), _("Bản đồ hôm nay, %(day)s", day=format_date(today)))]
    days += [
        ((eve := change - timedelta(days=1)).isoformat(),
         _("%(eve)s, trước lần sắp xếp ngày %(day)s", eve=format_date(eve), day=format_date(change)))
        for change in reversed(changes)
    ]  # fmt: skip
    return _choices(asked.map, _("Bản đồ của ngày xem"), days, _("Ngày khác, ghi ở ô bên"))


def _choices(value: str, usual: str, named: list[tuple[str, str]], other: str) -> Choices:
    own = "" if value in ("", *(code for code, _text in named)) else value
    # Where something is written beside the list, only a value of its own can say that it is not meant any more.
    options = [(_USUAL if own else "", usual), *named, (_OWN, other)]
    return Choices(options, _OWN if own else value, own)
