"""Two days side by side, on one map: every indicator at a unit, or one indicator at a unit and its children."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse, Response

from app.core.i18n import gettext as _
from app.core.templating import format_number
from app.core.web import Config, Db, Me, render
from app.coverage.counting import wording
from app.coverage.counting.figures import Figure, Question, figure, overview
from app.coverage.dashboard.as_json import compared_as_json
from app.coverage.dashboard.asked import Asked, parsed_day, wants_json
from app.coverage.dashboard.choosing import checked, choosing_form

router = APIRouter()


@dataclass(frozen=True)
class ComparingAsked(Asked):
    """`since`: the earlier day, a year before if none is given; `indicator`: every one if none is given."""

    since: str = ""
    indicator: str = ""


@dataclass(frozen=True)
class Compared:
    """One row; `before` is None where there was nothing to ask for then. `code` leads on, "" where nothing does."""

    name: str
    code: str
    before: Figure | None
    now: Figure

    @property
    def points(self) -> float | None:
        """The difference of the ratios in percentage points."""
        if self.before is None or self.before.ratio is None or self.now.ratio is None:
            return None
        return (self.now.ratio - self.before.ratio) * 100

    @property
    def change(self) -> str:
        """“+3,5 điểm”, “−12 người”, "" where nothing can be compared."""
        if self.points is not None:
            return _("%(points)s điểm", points=_signed(self.points, 1))
        if self.before is None or self.before.numerator is None or self.now.numerator is None:
            return ""
        return f"{_signed(self.now.numerator - self.before.numerator, 0)} {wording.counted_in(self.now.definition)}"

    @property
    def is_recounted(self) -> bool:
        return self.before is not None and self.before.definition.number != self.now.definition.number


@dataclass(frozen=True)
class ComparingPage:
    asked: ComparingAsked
    before: Question
    now: Question
    unit_name: str
    title: str
    rows: list[Compared]


Wanted = Annotated[ComparingAsked, Depends(checked(ComparingAsked))]


@router.get("/coverage/compare")
def compare(request: Request, db: Db, actor: Me, config: Config, asked: Wanted) -> Response:
    """Each day is counted in its own year; both on the map of the later day, so that a merger changes nothing."""
    now = asked.question(asked.indicator, config.province_code)
    now = replace(now, map_on=now.map_on or now.on)
    since = parsed_day(asked.since) or now.on - timedelta(days=365)
    before = replace(now, on=since, period=None)
    rows: list[Compared]
    if asked.indicator:
        found = figure(db, now)
        then = figure(db, before)
        was = {child.unit_id: child for child in then.children if child.unit_id != then.unit_id}
        rows = [Compared(found.unit_name, "", then, found)]
        rows += [Compared(child.unit_name, child.unit_code, was.get(child.unit_id), child) for child in _counted(found)]
        unit_name, title = found.unit_name, found.definition.name
    else:
        here, earlier = overview(db, now), {one.definition.code: one for one in overview(db, before)}
        rows = [
            Compared(one.definition.title, one.definition.code, earlier.get(one.definition.code), one)
            for one in here
            if wording.value_words(one) != "–"
        ]
        unit_name, title = here[0].unit_name if here else "", _("Mọi chỉ tiêu có số")
    if wants_json(request):
        return JSONResponse(compared_as_json([(row.before, row.now) for row in rows], before, now))
    page = ComparingPage(asked, before, now, unit_name, title, rows)
    return render(
        request, "coverage/compare.html", page=page, wording=wording, choosing=choosing_form(request, db, asked, now)
    )


def _counted(found: Figure) -> Sequence[Figure]:
    return [
        child
        for child in found.children
        if child.unit_id != found.unit_id and (child.denominator.value or child.output)
    ]


def _signed(value: float, digits: int) -> str:
    """With its sign, true minus included; nothing is 0 and has none."""
    text = format_number(abs(value), digits)
    return text if not round(value, digits) else f"{'+' if value > 0 else '−'}{text}"
