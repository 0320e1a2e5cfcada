"""The one function that computes a figure: a page, a CSV, a workbook and the command line show the same number."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TypeVar

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.core.errors import Invalid, NotFound
from app.core.i18n import gettext as _
from app.core.i18n import language, ngettext
from app.core.jobs import Job
from app.core.memory import A_MINUTE, asked_once, remembered
from app.core.templating import format_date, format_number
from app.coverage.counting.amounts import Slice, Sums
from app.coverage.counting.periods import Period, period_named, year_period
from app.coverage.counting.standing_tree import unit_with_children
from app.coverage.counting.trees import Row, Tree, tree_of, trees_for
from app.coverage.declared.book import DeclaredBook
from app.coverage.declared.figures_in_force import Declared
from app.coverage.indicators.definitions import Definition, Target, definition_for, definitions, in_year
from app.coverage.indicators.plan_data import populations
from app.coverage.models import CoverageEntry, CoveragePending, DeclaredFigure, IndicatorVersion

Value = TypeVar("Value")


@dataclass(frozen=True)
class Question:
    """What is asked: `on` is the as-of date; `map_on` chooses the unit tree; `known_at` what had been recorded."""

    indicator: str
    unit_code: str
    on: date
    map_on: date | None = None
    known_at: datetime | None = None
    period: str | None = None


@dataclass(frozen=True)
class Denominator:
    """What the numerator is divided by; `value` None means there is none and nothing is divided."""

    kind: str
    value: int | None
    as_of: date | None
    source: str
    text: str
    recorded_at: datetime | None = None


@dataclass(frozen=True)
class Figure:
    """One indicator at one unit. `output` is whole people; `declared` is what somebody entered for it, if that counts.

    `numerator` is coverage where the denominator is a roster, output where it is declared, else the declared count.
    """

    definition: Definition
    unit_id: int
    unit_code: str
    unit_name: str
    unit_kind: str
    on: date
    map_on: date
    known_at: datetime | None
    period: Period
    output: int
    numerator: int | None
    denominator: Denominator
    target: Target | None
    declared: Declared | None = None
    flags: tuple[str, ...] = ()
    # Codes of the units this figure stands for together, when it cannot be told apart on this map.
    group: tuple[str, ...] = ()
    children: tuple["Figure", ...] = ()

    @property
    def ratio(self) -> float | None:
        """0 to 1 (or more); None where nothing is divided."""
        if self.definition.is_declared_in_percent:
            return self.declared.value / 100 if self.declared else None
        if self.definition.target_unit != "percent" or self.numerator is None:
            return None
        return self.numerator / self.denominator.value if self.denominator.value else None

    @property
    def estimate(self) -> float | None:
        """Output over a declared figure, beside a result that somebody declared; never added to it."""
        if self.definition.is_computed or not self.definition.is_counted or not self.denominator.value:
            return None
        return self.output / self.denominator.value

    @property
    def missing(self) -> int:
        return (self.denominator.value or 0) - (self.numerator or 0)

    @property
    def met(self) -> bool | None:
        """None where there is nothing to compare, or where only a part of what the plan asks is measured."""
        if self.target is None or not self.has_begun:
            return None
        if self.definition.is_declared_in_percent or self.definition.target_unit != "percent":
            return self.target.met_by_count(self.declared.value) if self.declared else None
        if self.numerator is None or not self.denominator.value:
            return None
        met = self.target.met_by(self.numerator, self.denominator.value)
        return None if met and self.definition.is_partial else met

    @property
    def has_begun(self) -> bool:
        """Whether what is counted anew each year had a day to be counted in."""
        return not self.definition.is_annual or self.period.year_began <= self.on

    @property
    def reference_date(self) -> date:
        return self.period.reference_date(self.on)


def figure(db: Session, question: Question) -> Figure:
    """One indicator at one unit with its children.

    Raises NotFound for an unknown indicator or unit, Invalid for a period that is none.
    """
    definition = definition_for(db, question.indicator, period_of(question).year, question.known_at)
    return _answer(db, question, [definition], with_children=True)[0]


def figure_under(
    db: Session, question: Question, definition: Definition, own: Mapping[int, Sums] | None = None
) -> Figure:
    """`figure` under a definition that is not in force, such as one that is being thought of.

    `own`: what counts at each unit by itself on the reference date, for what the ledger has no entries of; without it
    the entries of the definition's version are asked. Raises as `figure` does.
    """
    return _answer(db, question, [definition], with_children=True, own=own)[0]


def figure_alone(db: Session, question: Question) -> Figure:
    """`figure` without its children: small enough to be remembered while the books stand."""

    def work_out() -> Figure:
        definition = definition_for(db, question.indicator, period_of(question).year, question.known_at)
        return _answer(db, question, [definition], with_children=False)[0]

    return while_books_stand(db, ("figure", question), work_out)


def overview(db: Session, question: Question) -> list[Figure]:
    """Every indicator in force at one unit, in the order of the plans, without children; `indicator` is not looked at.

    A fixed number of queries, whatever the number of people; the same figures as `figure`. Raises as `figure` does.
    """

    def work_out() -> list[Figure]:
        return _answer(
            db,
            question,
            in_year(definitions(db, known_at=question.known_at), period_of(question).year),
            with_children=False,
        )

    return while_books_stand(db, ("overview", question), work_out)


def computed_by_unit(db: Session, question: Question) -> list[Figure]:
    """The computed ones of `overview` with the unit's children: what a table of units and indicators shows."""
    chosen = [
        one for one in in_year(definitions(db, known_at=question.known_at), period_of(question).year) if one.is_computed
    ]
    return _answer(db, question, chosen, with_children=True)


def while_books_stand(db: Session, key: tuple[Hashable, ...], work_out: Callable[[], Value]) -> Value:
    """What many look at, worked out once for each state of the books and each language, and once a minute for what else
    it hangs on (the unit tree). For small things only: a process keeps a thousand of them."""
    return remembered(db, (*key, language(), state_of_the_books(db)), work_out, for_s=A_MINUTE)


def _answer(
    db: Session, question: Question, chosen: Sequence[Definition], *, with_children: bool,
    own: Mapping[int, Sums] | None = None,
) -> list[Figure]:  # fmt: skip
    period = period_of(question)
    reference = period.reference_date(question.on)
    map_on = question.map_on or question.on
    place = unit_with_children(db, question.unit_code, map_on)
    if place is None:
        raise NotFound(
            _("Ngày %(day)s không có đơn vị nào mang mã %(code)s.", day=format_date(map_on), code=question.unit_code)
        )
    unit, children = place if with_children else (place[0], [])
    ids = tuple(definition.version_id for definition in chosen if definition.is_counted)
    part = Slice(ids, str(period.year), reference, question.known_at)
    if own is None:
        trees = trees_for(db, chosen, part, unit, children, map_on)
    else:
        trees = {one.version_id: tree_of(db, one, own, unit, children, map_on) for one in chosen}
    book = DeclaredBook(db, chosen, period, reference, question.known_at, map_on)
    pending = ("pending",) if ids and _has_pending(db) else ()

    def make(definition: Definition, tree: Tree, row: Row) -> Figure:
        declared = book.result(definition, row.unit.unit_id) if definition.is_declared else None
        denominator = _denominator(definition, row.sums, book, row.unit.unit_id, reference)
        numerator = _numerator(definition, row.sums, declared)
        return Figure(
            definition=definition, unit_id=row.unit.unit_id, unit_code=row.unit.code,
            unit_name=row.name or row.unit.name, unit_kind=row.unit.kind, on=question.on, map_on=map_on,
            known_at=question.known_at, period=period, output=row.sums.output, numerator=numerator,
            denominator=denominator, target=definition.target_of(period.year), declared=declared,
            group=row.group,
            flags=_flags(definition, numerator, denominator, declared,
                         torn=bool(row.group) or tree.is_torn(row.unit.unit_id)),
        )  # fmt: skip

    found = []
    for definition in chosen:
        tree = trees.get(definition.version_id) or Tree(unit, children, {})
        sums, group = tree.own()
        whole = make(definition, tree, Row(unit, sums, group))
        rows = tuple(make(definition, tree, row) for row in tree.rows()) if children else ()
        flags = (*whole.flags, *pending) if definition.is_counted else whole.flags
        found.append(replace(whole, children=rows, flags=flags))
    return found


def period_of(question: Question) -> Period:
    """The one asked for, else the year of the day. Raises Invalid for one that is none."""
    if question.period is None:
        return year_period(question.on.year)
    try:
        return period_named(question.period)
    except ValueError:
        raise Invalid(
            _(
                "Kỳ “%(period)s” không hợp lệ. Hãy viết như 2026, 2026-Q3, 2026-H1 hoặc 2026-03-15..2026-06-14.",
                period=question.period[:40],
            )
        ) from None


def _numerator(definition: Definition, sums: Sums, declared: Declared | None) -> int | None:
    if definition.is_computed:
        # Only coverage is divided by a roster; over a declared figure it is output, an estimate.
        return sums.coverage if definition.denominator == "roster" else sums.output
    if definition.is_declared_in_percent or declared is None:
        return None
    return round(declared.value)


def _denominator(definition: Definition, sums: Sums, book: DeclaredBook, unit_id: int, reference: date) -> Denominator:
    if definition.denominator == "roster":
        return _roster(sums.roster, definition.measure, reference)
    if definition.denominator == "none":
        return Denominator("none", None, None, "", _("không dùng mẫu số"))
    population = populations()[definition.population or ""]
    declared = book.denominator(definition, unit_id)
    if declared is None:
        return Denominator("declared", None, None, population.name, _("chưa có mẫu số"))
    text = _(
        "%(about)s%(value)s %(unit)s, số ngày %(day)s", about=_("khoảng ") if declared.is_approximate else "",
        value=format_number(declared.value), unit=population.counted_in, day=format_date(declared.as_of),
    )  # fmt: skip
    return Denominator("declared", round(declared.value), declared.as_of, declared.source, text, declared.recorded_at)


def _roster(count: int, measure: str, reference: date) -> Denominator:
    source = _("Cây đơn vị") if measure == "units" else _("Danh sách vị trí công tác")
    if not count:
        return Denominator("roster", None, reference, source, _("chưa có mẫu số"))
    if measure == "units":
        text = _("%(count)s đơn vị ngày %(day)s", count=format_number(count), day=format_date(reference))
    else:
        people = ngettext("%(people)s người", "%(people)s người", count, people=format_number(count))
        text = _("%(people)s trong danh sách ngày %(day)s", people=people, day=format_date(reference))
    return Denominator("roster", count, reference, source, text)


def _flags(
    definition: Definition, numerator: int | None, denominator: Denominator, declared: Declared | None, *, torn: bool
) -> tuple[str, ...]:
    flags = []
    if torn:
        flags.append("not_separable")
    if definition.figure_source == "not_measured":
        flags.append("not_measured")
    if definition.is_declared and declared is None:
        flags.append("no_figure")
    if denominator.kind != "none" and not denominator.value:
        flags.append("no_denominator")
    elif denominator.value and (numerator or 0) > denominator.value:
        flags.append("over_100")
    if definition.is_computed and denominator.kind == "declared" and denominator.value:
        flags.append("estimate")
    if definition.is_partial:
        flags.append("partial")
    return tuple(flags)


def state_of_the_books(db: Session) -> tuple[int | None, ...]:
    """Changes whenever an entry, a declared figure or a definition is added; rows of these are never changed."""
    return (*asked_once(db, "newest in the books", lambda: db.execute(_NEWEST).one()), _has_pending(db))


def _has_pending(db: Session) -> bool:
    """Whether people wait to be judged again, or the whole ledger is following new units or definitions."""
    return asked_once(db, "people pending", lambda: bool(db.scalar(_PENDING)))


_NEWEST = select(
    *(select(func.max(table.id)).scalar_subquery() for table in (CoverageEntry, DeclaredFigure, IndicatorVersion))
)
# The whole ledger is following, or is about to follow, new units or definitions.
REBUILDING = select(Job.id).where(Job.state.in_(("queued", "running")), Job.kind == "coverage.rebuild").exists()
_PENDING = select(or_(select(CoveragePending.id).exists(), REBUILDING))
