"""Every row of the plans' table: what it asks, what was decided about it, and which indicator it became."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session

from app.core import clock
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.core.table_files import Table, download
from app.core.tables import Column
from app.core.templating import format_number
from app.core.web import Db, Me, Response, render
from app.coverage.counting import wording
from app.coverage.indicators.defining import drafts_of
from app.coverage.indicators.definitions import FIGURE_SOURCES, Definition, Target, definitions, to_speak_of
from app.coverage.indicators.models import IndicatorDraft
from app.coverage.indicators.plan_data import PlanRow, plan_rows, populations

router = APIRouter()

_RECURRENCES = {
    "annual": lazy("hằng năm"), "cumulative_ever": lazy("tích lũy"), "cumulative_valid": lazy("tích lũy khi còn hạn"),
    "none": lazy("không tính"),
}  # fmt: skip


@dataclass(frozen=True)
class Settled:
    """One row with the indicator it became; `denominator` and `target` in words."""

    row: PlanRow
    indicator: Definition
    target: str
    denominator: str
    recurrence: str


@dataclass(frozen=True)
class PlanPage:
    """`decision`: only rows decided so, "" for all. `groups`: the name of a plan and its rows. `added`: indicators
    people defined since, that are no row of the plans; `drafts` of such, for who may define them."""

    decision: str
    counts: Counter[str]
    indicator_count: int
    groups: list[tuple[str, list[Settled]]]
    added: list[Definition]
    drafts: list[IndicatorDraft]


@router.get("/indicators")
def plan(request: Request, actor: Me, db: Db, decision: str = "") -> Response:
    rows = settled_rows(db)
    chosen = decision if decision in FIGURE_SOURCES else ""
    shown = [one for one in rows if chosen in ("", one.row.decision)]
    page = PlanPage(
        chosen, Counter(one.row.decision for one in rows), len({one.row.indicator for one in rows}),
        [(name, list(some)) for name, some in groupby(shown, key=lambda one: one.indicator.plan)],
        [one for code, one in to_speak_of(definitions(db), clock.today().year).items()
         if code not in {row.indicator for row in plan_rows()} and chosen in ("", one.figure_source)],
        drafts_of(db, None) if actor.can("coverage.manage") else [],
    )  # fmt: skip
    return render(request, "coverage/plan.html", page=page, sources=FIGURE_SOURCES, tabs=_tabs(page, len(rows)))


@router.get("/indicators/table.{format}")
def plan_file(actor: Me, db: Db, format: str) -> Response:
    return download(_table(settled_rows(db)), format, "hocso-dong-ke-hoach")


def settled_rows(db: Session) -> list[Settled]:
    """In the order of the plans."""
    by_code = to_speak_of(definitions(db), clock.today().year)
    return [_settled(row, by_code[row.indicator]) for row in plan_rows()]


def _settled(row: PlanRow, indicator: Definition) -> Settled:
    asked = Target(row.year, row.operator, row.value) if row.value is not None else None
    target = wording.target_words(indicator, asked) or "–"
    population = populations().get(row.denominator)
    denominator = population.name if population else row.denominator or _("không dùng")
    return Settled(row, indicator, target, denominator, str(_RECURRENCES[row.recurrence]))


def _tabs(page: PlanPage, total: int) -> list[tuple[str, str, bool, int]]:
    kinds = [("", _("Tất cả"), total), *((code, str(text), page.counts[code]) for code, text in FIGURE_SOURCES.items())]
    return [
        (text, f"/indicators?decision={code}" if code else "/indicators", page.decision == code, count)
        for code, text, count in kinds
    ]


def _table(rows: Sequence[Settled]) -> Table:
    columns = (
        Column(_("Dòng của kế hoạch"), width=22), Column(_("Kế hoạch"), width=40), Column(_("Năm"), "int", 8),
        Column(_("Mục tiêu"), width=16), Column(_("Đã quyết định"), width=20), Column(_("Thành chỉ tiêu"), width=18),
        Column(_("Tên chỉ tiêu"), width=40), Column(_("Tính theo kỳ nào"), width=18), Column(_("Mẫu số"), width=40),
        Column(_("Ghi chú khi làm rõ"), width=60), Column(_("Nguồn của dòng"), width=30),
    )  # fmt: skip
    cells = [
        (
            one.row.code, one.indicator.plan, one.row.year, one.target, str(FIGURE_SOURCES[one.row.decision]),
            one.indicator.code, one.indicator.title, one.recurrence, one.denominator, one.row.note, one.row.provenance,
        )
        for one in rows
    ]  # fmt: skip
    note = _("%(rows)s dòng của các kế hoạch, và điều đã quyết định về từng dòng", rows=format_number(len(rows)))
    return Table(_("Dòng kế hoạch"), (note,), columns, cells)
