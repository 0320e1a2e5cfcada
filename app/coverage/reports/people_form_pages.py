"""The list of people who got certificates (Biểu 05), as paper: chosen on a page, made for whoever asks."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.certificates import register
from app.certificates.register import VIEW
from app.core import audit, clock
from app.core.access import Actor
from app.core.attachments import attachment
from app.core.errors import Invalid, NotFound
from app.core.forms import not_a_day
from app.core.i18n import gettext as _
from app.core.web import Db, having, redirect, render
from app.coverage.reports import desk
from app.coverage.reports.frames import Report, printed
from app.coverage.reports.people_form import PeopleWish, people_report
from app.identity.units import unit_queries
from app.identity.units.unit_queries import UnitOnDay

router = APIRouter()

Viewer = Annotated[Actor, having(VIEW)]


@dataclass(frozen=True)
class Typed:
    """What the address asks, as typed. `group` is "class:12" or "exam:7"."""

    course: str = ""
    first: str = ""
    last: str = ""
    unit: str = ""
    group: str = ""

    @property
    def query(self) -> str:
        return urlencode({name: value for name, value in vars(self).items() if value})


@dataclass(frozen=True)
class PeoplePage:
    """`report` is what would be printed, None before a course is chosen or with `errors`."""

    typed: Typed
    courses: list[tuple[str, str]]
    report: Report | None
    errors: dict[str, str]


@router.get("/reports/people")
def people_page(request: Request, db: Db, actor: Viewer, typed: Annotated[Typed, Depends()]) -> Response:
    """The choice, and what it finds."""
    today = clock.today()
    typed = Typed(
        typed.course, typed.first or date(today.year, 1, 1).isoformat(), typed.last or today.isoformat(),
        typed.unit or _own_unit(db, actor).code, typed.group,
    )  # fmt: skip
    report, errors = None, dict[str, str]()
    try:
        report = _report(db, actor, typed) if typed.course else None
    except Invalid as error:
        errors = dict(error.fields)
    page = PeoplePage(typed, register.courses(db), report, errors)
    return render(request, "reports/people.html", status=422 if errors else 200, page=page, printed=printed)


@router.post("/reports/people/file.{kind}")
def people_file(request: Request, db: Db, actor: Viewer, kind: str, typed: Annotated[Typed, Depends()]) -> Response:
    """The list as DOCX, PDF or XLSX; who took it is on record."""
    if kind not in desk.PAPERS:
        raise NotFound
    media_type, maker = desk.PAPERS[kind]
    try:
        report = _report(db, actor, typed)
    except Invalid:
        return redirect(request, f"/reports/people?{typed.query}")
    audit.record(
        db, "report.people", "course", typed.course, account_id=actor.account_id, count=len(report.annexes[0].rows)
    )
    return attachment(maker(report), f"bieu-05-{typed.course}-{typed.first}-{typed.last}.{kind}", media_type)


def _report(db: Session, actor: Actor, typed: Typed) -> Report:
    """Raises Invalid with a message per field, NotFound for a unit outside of the actor's care."""
    errors = {}
    if typed.course not in dict(register.courses(db)):
        errors["course"] = _("Hãy chọn một khóa học.")
    first, last = clock.parse_day(typed.first), clock.parse_day(typed.last)
    for name, day in (("first", first), ("last", last)):
        if day is None:
            errors[name] = not_a_day(getattr(typed, name))
    if errors or first is None or last is None:
        raise Invalid(fields=errors)
    unit = _own_unit(db, actor) if not typed.unit else unit_queries.unit_on(db, typed.unit.strip(), clock.today())
    if unit is None or unit.unit_id not in set(db.scalars(actor.units_with(VIEW))):
        raise NotFound(_("Không có đơn vị nào như vậy trong phạm vi của anh/chị."))
    return people_report(db, actor, unit, PeopleWish(typed.course, first, last, typed.group[:40]))


def _own_unit(db: Session, actor: Actor) -> UnitOnDay:
    """The unit one looks after, of several the highest."""
    own = unit_queries.units_by_id(db, actor.grants.get(VIEW, frozenset()), clock.today()).values()
    return unit_queries.in_order(own)[0]
