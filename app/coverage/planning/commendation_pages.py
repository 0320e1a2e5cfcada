"""The short-list for commendation: criteria in the address, figures beside every name, decided by people."""

from dataclasses import dataclass, field
from datetime import date
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.core import clock
from app.core.access import Actor
from app.core.i18n import gettext as _
from app.core.table_files import Table, download
from app.core.tables import Cell, Column
from app.core.templating import format_date
from app.core.web import Db, redirect, render
from app.coverage.indicators.definitions import counted, definitions
from app.coverage.planning import commendations
from app.coverage.planning.commendations import (
    MOST_PEOPLE,
    UNIT_WORDS,
    PersonCandidate,
    PersonCriteria,
    UnitCandidate,
    UnitCriteria,
)
from app.coverage.planning.plan_pages import Planner
from app.coverage.planning.policy import unit_in_care
from app.coverage.reports.unit_forms import OFFICIALS
from app.identity.units.unit_queries import UnitOnDay

router = APIRouter()

_UNIT_FIELDS = ("coverage", "on_time", "plan_done", "teams", "activities")
_PERSON_FIELDS = ("courses", "score")


@dataclass(frozen=True)
class Typed:
    """What the address asks, as typed."""

    what: str = "units"
    unit: str = ""
    on: str = ""
    kind: str = ""
    indicator: str = OFFICIALS
    coverage: str = ""
    on_time: str = ""
    plan_done: str = ""
    teams: str = ""
    activities: str = ""
    courses: str = ""
    score: str = ""
    never_late: str = ""

    @property
    def query(self) -> str:
        return urlencode({name: value for name, value in vars(self).items() if value})


@dataclass(frozen=True)
class ListPage:
    """`has_asked`: some criterion is given; else the lists are empty because nobody asked."""

    typed: Typed
    unit: UnitOnDay
    on: date
    indicators: list[tuple[str, str]]
    units: list[UnitCandidate]
    people: list[PersonCandidate]
    total: int
    has_asked: bool
    errors: dict[str, str] = field(default_factory=dict)


@router.get("/commendations")
def short_list(request: Request, db: Db, actor: Planner, typed: Annotated[Typed, Depends()]) -> Response:
    page = _page(db, actor, typed)
    status = 422 if page.errors else 200
    return render(
        request, "coverage/planning/commendations.html", status=status, page=page, words=UNIT_WORDS, most=MOST_PEOPLE
    )  # fmt: skip


@router.get("/commendations/table.{format}")
def short_list_file(
    request: Request, db: Db, actor: Planner, format: str, typed: Annotated[Typed, Depends()]
) -> Response:
    """The same list as a file, with the criteria that made it above the rows."""
    page = _page(db, actor, typed)
    if page.errors:
        return redirect(request, f"/commendations?{typed.query}")
    notes = (_("Danh sách đề nghị xem xét, không phải quyết định khen thưởng."), *_criteria(page))
    return download(_table(page, notes), format, f"de-nghi-xem-xet-{page.on.year}")


def _page(db: Session, actor: Actor, typed: Typed) -> ListPage:
    errors: dict[str, str] = {}
    on = clock.parse_day(typed.on) if typed.on else clock.today()
    if on is None or on > clock.today():
        errors["on"], on = _("Hãy ghi một ngày đến hôm nay."), clock.today()
    numbers = {name: _number(name, getattr(typed, name), errors) for name in (*_UNIT_FIELDS, *_PERSON_FIELDS)}
    chosen = [(one.code, f"{one.code} · {one.title}") for one in counted(definitions(db))]
    indicators = list(dict(chosen).items())
    if typed.indicator not in dict(indicators):
        errors["indicator"] = _("Không có chỉ tiêu nào mang mã này mà nền tảng đếm được.")
    unit = unit_in_care(db, actor, typed.unit)
    units, people, total, has_asked = list[UnitCandidate](), list[PersonCandidate](), 0, False
    if not errors and typed.what == "people":
        wanted = PersonCriteria(numbers["courses"], numbers["score"], typed.never_late == "1")
        has_asked = wanted != PersonCriteria()
        if has_asked:
            people, total = commendations.person_candidates(db, unit, wanted, on)
    elif not errors:
        criteria = UnitCriteria(**{name: numbers[name] for name in _UNIT_FIELDS})
        has_asked = bool(criteria.asked)
        units = commendations.unit_candidates(db, unit, criteria, typed.indicator, on, typed.kind)
        total = len(units)
    return ListPage(typed, unit, on, indicators, units, people, total, has_asked, errors)


def _number(name: str, text: str, errors: dict[str, str]) -> float | None:
    text = text.strip().replace(",", ".")
    if not text:
        return None
    is_number = len(text) < 12 and text.isascii() and text.replace(".", "", 1).isdigit()
    if not is_number or (name not in ("activities", "courses") and float(text) > 100):
        errors[name] = _("Hãy ghi một số, ví dụ 80; phần trăm từ 0 đến 100.")
        return None
    return float(text)


def _criteria(page: ListPage) -> list[str]:
    """What was asked, in words."""
    typed = page.typed
    said = [_("%(unit)s, tính đến %(day)s.", unit=page.unit.name, day=format_date(page.on))]
    if typed.what == "people":
        if typed.courses:
            said.append(_("Từ %(n)s khóa, lớp hoàn thành trong năm.", n=typed.courses))
        if typed.score:
            said.append(_("Điểm trung bình từ %(n)s.", n=typed.score))
        if typed.never_late == "1":
            said.append(_("Có việc học được giao, việc nào cũng xong đúng hạn."))
        return said
    if typed.coverage:
        said.append(_("Chỉ tiêu: %(code)s.", code=typed.indicator))
    said += [f"{UNIT_WORDS[name]} ≥ {getattr(typed, name)}" for name in _UNIT_FIELDS if getattr(typed, name)]
    return said


def _table(page: ListPage, notes: tuple[str, ...]) -> Table:
    columns: tuple[Column, ...]
    rows: list[list[Cell]]
    if page.typed.what == "people":
        columns = (
            Column(_("Họ và tên"), width=28, name="name"), Column(_("Vị trí công tác"), width=44, name="post"),
            Column(_("Khóa, lớp hoàn thành"), "int", 12, name="courses"),
            Column(_("Điểm trung bình"), "number", 12, name="score"),
            Column(_("Việc được giao"), "int", 12, name="assigned"), Column(_("Trễ hạn"), "int", 10, name="late"),
        )  # fmt: skip
        rows = [
            [
                one.name,
                one.post,
                one.courses,
                None if one.score is None else round(one.score, 1),
                one.assigned,
                one.late,
            ]
            for one in page.people
        ]
        return Table(_("Đề nghị xem xét"), notes, columns, rows)
    asked = [name for name in _UNIT_FIELDS if getattr(page.typed, name)]
    columns = (
        Column(_("Mã đơn vị"), width=12, name="unit"), Column(_("Đơn vị"), width=40, name="unit_name"),
        *(
            column
            for name in asked
            for column in (
                Column(str(UNIT_WORDS[name]), "number", 16, name=name),
                Column(_("Diễn giải"), width=24, name=f"{name}_parts"),
            )
        ),
    )  # fmt: skip
    rows = [
        [
            one.unit.code,
            one.unit.name,
            *(cell for name in asked for cell in (round(one.values[name], 2), one.said[name])),
        ]
        for one in page.units
    ]
    return Table(_("Đề nghị xem xét"), notes, columns, rows)
