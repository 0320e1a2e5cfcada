"""What figures would be under a definition that is not in force: worked out in memory, only the answer is kept."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from app.core import clock
from app.core.db import Database
from app.core.i18n import gettext as _
from app.core.jobs import JobContext, JobFunction
from app.core.settings import get_settings
from app.core.templating import format_number
from app.coverage.counting.amounts import Sums
from app.coverage.counting.facts import completions_of, posts_of_people, rules_of
from app.coverage.counting.figures import Figure, Question, figure_under
from app.coverage.counting.judging import judge
from app.coverage.indicators.definition_form import IndicatorForm, checked_definition, choices_for
from app.coverage.indicators.definitions import Definition, definitions, in_year
from app.coverage.indicators.models import IndicatorDraft
from app.coverage.rebuilding import people_with_figures

_CHUNK = 500
# What of a definition decides which entries the ledger holds.
_COUNTING = (
    "measure", "audiences", "unit_kinds", "former_province", "recurrence", "denominator", "tags", "programmes",
    "courses", "how", "is_counted",
)  # fmt: skip


@dataclass(frozen=True)
class Side:
    """A figure of one definition; ratio 0 to 1, None where nothing is divided."""

    numerator: int | None
    denominator: int | None
    ratio: float | None
    output: int
    met: bool | None


@dataclass(frozen=True)
class EffectRow:
    """A unit's figure as it is and as it would be; `now` None where nothing is in force yet."""

    code: str
    name: str
    now: Side | None
    then: Side

    @property
    def is_changed(self) -> bool:
        return self.now != self.then


@dataclass(frozen=True)
class Effect:
    """At the province, first, and every unit right under it, on a day. `people_count`: how many were judged anew."""

    on: date
    people_count: int
    rows: tuple[EffectRow, ...]

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"on": self.on.isoformat()}

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "Effect":
        rows = tuple(
            EffectRow(row["code"], row["name"], Side(**row["now"]) if row["now"] else None, Side(**row["then"]))
            for row in stored["rows"]
        )
        return cls(date.fromisoformat(stored["on"]), stored["people_count"], rows)


def effect_of(
    database: Database, base: Definition | None, wanted: Definition, tell: Callable[[int, int], None]
) -> Effect:
    """The province and its units today, counted as it is and as it is wanted; `tell` hears how many people of how many.

    People are judged anew only where the ledger has no entries that answer. A definition of a year to come is shown as
    if it held already.
    """
    today = clock.today()
    question = Question(wanted.code, get_settings().province_code, today)
    wanted = replace(wanted, first_year=min(wanted.first_year, today.year), last_year=None)
    own: dict[int, Sums] | None = None
    people: Sequence[int] = ()
    if wanted.is_counted and not (base and counts_alike(base, wanted)):
        with database.reading() as db:
            people = people_with_figures(db)
        own = judged(database, wanted, today, people, tell)
    with database.reading() as db:
        then = figure_under(db, question, wanted, own)
        now = _now(db, question, wanted.code, today)
        return Effect(today, len(people), tuple(_rows(now, then)))


def counts_alike(base: Definition, wanted: Definition) -> bool:
    """Whether the entries of one answer for the other."""
    return all(getattr(base, name) == getattr(wanted, name) for name in _COUNTING)


def judged(
    database: Database, wanted: Definition, on: date, people: Sequence[int], tell: Callable[[int, int], None]
) -> dict[int, Sums]:
    """What would count at each unit by itself on a day: all people judged by one definition, some hundred at a time."""
    counts: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    periods = ("", str(on.year))
    for start in range(0, len(people), _CHUNK):
        chunk = people[start : start + _CHUNK]
        with database.reading() as db:
            posts, completions = posts_of_people(db, chunk), completions_of(db, chunk)
            units = {post.unit_id for own in posts.values() for post in own}
            units |= {post.unit_id for own in completions.values() for fact in own for post in fact.posts}
            rules = rules_of(db, sorted(units), [wanted])
        for person_id in chunk:
            found = judge(rules, posts.get(person_id, []), completions.get(person_id, []))
            for key, total in found.get(wanted.version_id, {}).items():
                if key.effective_on <= on and key.period in periods:
                    counts[key.unit_id][key.measure] += total
        tell(start + len(chunk), len(people))
    return {unit_id: Sums(**measures) for unit_id, measures in counts.items()}


def preview(context: JobContext, draft_id: int) -> dict[str, Any]:
    """Work out the effect of a draft and keep it there; one that changed or went meanwhile is left alone."""
    with context.database.reading() as db:
        draft = db.get(IndicatorDraft, draft_id)
        if draft is None or draft.effect is not None:
            return {}
        typed, changed_at = dict(draft.typed), draft.changed_at
        base = base_of(db, draft)
        wanted = checked_definition(IndicatorForm(**typed), choices_for(db), base)

    def tell(done: int, all_: int) -> None:
        context.progress(done / all_, _("Đã tính thử %(n)s người", n=format_number(done)))

    effect = effect_of(context.database, base, wanted, tell)
    with context.database.writing() as db:
        draft = db.get(IndicatorDraft, draft_id)
        if draft is not None and draft.changed_at == changed_at:
            draft.effect = effect.as_json()
    return {"people": effect.people_count}


def base_of(db: Session, draft: IndicatorDraft) -> Definition | None:
    """The version a draft starts from; None for a new indicator."""
    found = definitions(db, draft.indicator_code) if draft.base_number else []
    return next((one for one in found if one.number == draft.base_number), None)


def _now(db: Session, question: Question, code: str, today: date) -> Figure | None:
    in_force = in_year(definitions(db, code), today.year)
    return figure_under(db, question, in_force[0]) if in_force else None


def _rows(now: Figure | None, then: Figure) -> Iterable[EffectRow]:
    before = {one.unit_id: one for one in (now, *now.children)} if now else {}
    return (
        EffectRow(
            one.unit_code, one.unit_name, _side(before[one.unit_id]) if one.unit_id in before else None, _side(one)
        )
        for one in (then, *then.children)
        if one.unit_id != then.unit_id or one.unit_name == then.unit_name
    )


def _side(one: Figure) -> Side:
    return Side(one.numerator, one.denominator.value, one.ratio, one.output, one.met)


JOBS: dict[str, JobFunction] = {"coverage.preview": preview}
