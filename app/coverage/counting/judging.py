"""Who counts where and since when: pure functions from facts to the entries a person's figures should consist of.

The ledger (ledger.py) compares these with what it holds and appends the difference; so every cause (a completion, a
transfer, a late entry, an annulment) is handled by one rule (DESIGN 5).

In bulk: read one `RuleBook` (facts.rule_book) for all the units concerned, then call `judge` once per person with the
person's posts and valid completions. It looks nothing up and keeps nothing, so it may run in any order and process.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from app.coverage.counting.periods import year_period
from app.coverage.indicators.definitions import Definition

# Half-open intervals of days: [first, end); no end means for ever.
Interval = tuple[date, date | None]
Scope = Mapping[int, Sequence[Interval]]


@dataclass(frozen=True, slots=True)
class PostFact:
    """A dated post; `last_on` counts too."""

    post_id: int
    unit_id: int
    audiences: frozenset[str]
    is_primary: bool
    started_on: date
    last_on: date | None
    # Start and id of the post it carries on after reorganisations; None: its own.
    first: tuple[date, int] | None = None
    # Of a completion made in a unit that was split since: the part its holder was assigned to (DESIGN 5, reading 2).
    # Audience and scope are judged at the post's own unit all the same.
    counts_at: int | None = None


@dataclass(frozen=True, slots=True)
class CompletionFact:
    """A valid completion with the posts its holder had that day, as stored with it.

    `course` is its code, "" for what was learned outside of our courses; it counts until `valid_until`, None for ever.
    """

    completion_id: int
    completed_on: date
    how: str
    tags: frozenset[str]
    programme: str | None
    course: str
    posts: tuple[PostFact, ...]
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class Stay:
    """A member of the audience is counted at `unit_id` from `first` until the day before `end`."""

    unit_id: int
    first: date
    end: date | None


class Term(NamedTuple):
    """A completion counts from `first` until the day before `end`."""

    completion: CompletionFact
    first: date
    end: date | None


class EntryKey(NamedTuple):
    """What an entry is about; its sign is the value it maps to."""

    measure: str
    period: str
    unit_id: int
    effective_on: date
    completion_id: int | None


@dataclass(frozen=True)
class RuleBook:
    """What judging needs besides the person: the counted indicator versions and where units belong.

    `scopes`: former province code -> days on which each unit belonged to it. `provinces`: which unit was the province,
    in half-open intervals; who completes without any post is counted there.
    """

    definitions: tuple[Definition, ...]
    scopes: Mapping[str, Scope]
    provinces: Sequence[tuple[Interval, int]] = ()

    def scope_of(self, definition: Definition) -> Scope | None:
        """None covers every unit."""
        return None if definition.former_province is None else self.scopes.get(definition.former_province, {})

    def province_on(self, day: date) -> int | None:
        return next((unit_id for interval, unit_id in self.provinces if _holds(interval, day)), None)


def judge(
    rules: RuleBook, posts: Sequence[PostFact], completions: Sequence[CompletionFact]
) -> dict[int, Counter[EntryKey]]:
    """What the ledger should hold for one person: version id -> entry -> sum of its signs; empty versions left out."""
    memberships: dict[tuple[frozenset[str], str | None], list[Stay]] = {}
    in_order = sorted(completions, key=lambda completion: (completion.completed_on, completion.completion_id))
    wanted: dict[int, Counter[EntryKey]] = {}
    for definition in rules.definitions:
        scope = rules.scope_of(definition)
        membership: list[Stay] = []
        if definition.denominator == "roster":
            # Indicators of the same audience and scope share the work.
            key = definition.audiences, definition.former_province
            if key not in memberships:
                memberships[key] = stays(posts, definition.audiences, scope)
            membership = memberships[key]
        entries = _entries(definition, scope, membership, in_order, rules)
        if entries:
            wanted[definition.version_id] = entries
    return wanted


def desired_entries(
    definition: Definition, scope: Scope | None, posts: Sequence[PostFact], completions: Sequence[CompletionFact]
) -> Counter[EntryKey]:
    """`judge` for a single indicator version whose scope is at hand."""
    scopes = {} if definition.former_province is None else {definition.former_province: scope or {}}
    return judge(RuleBook((definition,), scopes), posts, completions).get(definition.version_id, Counter())


def in_scope(scope: Scope | None, unit_id: int, day: date) -> bool:
    """`None` means the indicator covers every unit."""
    return scope is None or any(_holds(interval, day) for interval in scope.get(unit_id, ()))


def counting_post(
    posts: Iterable[PostFact], audiences: frozenset[str], scope: Scope | None, day: date
) -> PostFact | None:
    """The post a person counts at on a day: within audience and scope, the primary one, then the earliest start, then
    the lowest id (DESIGN 5, Two posts). Roster and numerator share this function. No audiences: open to everyone."""
    fitting = [
        post
        for post in posts
        if post.started_on <= day
        and (post.last_on is None or day <= post.last_on)
        and (not audiences or not audiences.isdisjoint(post.audiences))
        and in_scope(scope, post.unit_id, day)
    ]
    if len(fitting) < 2:
        return fitting[0] if fitting else None
    return min(fitting, key=lambda post: (not post.is_primary, post.first or (post.started_on, post.post_id)))


def stays(posts: Sequence[PostFact], audiences: frozenset[str], scope: Scope | None) -> list[Stay]:
    """The whole membership of a person, in order; neighbours at the same unit are one stay."""
    # A post of another audience changes no answer.
    posts = [post for post in posts if not audiences or not audiences.isdisjoint(post.audiences)]
    breaks = sorted(_breaks(posts, scope))
    found: list[Stay] = []
    for index, first in enumerate(breaks):
        end = breaks[index + 1] if index + 1 < len(breaks) else None
        post = counting_post(posts, audiences, scope, first)
        if post is None:
            continue
        last = found[-1] if found else None
        if last and last.unit_id == post.unit_id and last.end == first:
            found[-1] = Stay(last.unit_id, last.first, end)
        else:
            found.append(Stay(post.unit_id, first, end))
    return found


def earns(definition: Definition, completion: CompletionFact) -> bool:
    """Whether the indicator counts such a completion at all."""
    if completion.how not in definition.how:
        return False
    if not (definition.tags or definition.programmes or definition.courses):
        return True
    return (
        not definition.tags.isdisjoint(completion.tags)
        or completion.programme in definition.programmes
        or completion.course in definition.courses
    )


def _entries(
    definition: Definition,
    scope: Scope | None,
    membership: Sequence[Stay],
    completions: Sequence[CompletionFact],
    rules: RuleBook,
) -> Counter[EntryKey]:
    wanted: Counter[EntryKey] = Counter()
    for stay in membership:
        wanted[EntryKey("roster", "", stay.unit_id, stay.first, None)] += 1
        if stay.end:
            wanted[EntryKey("roster", "", stay.unit_id, stay.end, None)] -= 1
    for period, last, earning in _by_period(definition, completions):
        for term in _terms(definition, earning):
            wanted.update(_coverage(period, last, term, membership))
        placed = [(one, unit_id) for one in earning if (unit_id := _output_unit(one, definition, scope, rules))]
        units = {one.completion_id: unit_id for one, unit_id in placed}
        for term in _terms(definition, [one for one, _unit in placed]):
            completion_id = term.completion.completion_id
            wanted[EntryKey("output", period, units[completion_id], term.first, completion_id)] += 1
            if term.end:
                wanted[EntryKey("output", period, units[completion_id], term.end, completion_id)] -= 1
    return Counter({key: total for key, total in wanted.items() if total})


def _by_period(
    definition: Definition, completions: Sequence[CompletionFact]
) -> Iterator[tuple[str, date | None, list[CompletionFact]]]:
    """The earning completions of each period, in order, with its code and last day; what counts once has one period."""
    earning = [completion for completion in completions if earns(definition, completion)]
    if not definition.is_annual:
        # The version of the reference date's year judges completions of all years (DESIGN 5, reading 7).
        if earning:
            yield "", None, earning
        return
    for year in sorted({completion.completed_on.year for completion in earning}):
        if definition.covers_year(year):
            period = year_period(year)
            yield period.code, period.last, [one for one in earning if one.completed_on.year == year]


def _terms(definition: Definition, earning: Sequence[CompletionFact]) -> list[Term]:
    """Which completion counts when. The earliest counts, for ever; where only what is valid counts, until it expires,
    and from then on, or from its own day if that is later, the next one that is still valid (DESIGN 5)."""
    if not definition.is_while_valid:
        return [Term(earning[0], earning[0].completed_on, None)] if earning else []
    terms: list[Term] = []
    counted_until: date | None = date.min
    for completion in earning:
        end = completion.valid_until + timedelta(days=1) if completion.valid_until else None
        if counted_until is None or (end and end <= counted_until):
            continue
        terms.append(Term(completion, max(completion.completed_on, counted_until), end))
        counted_until = end
    return terms


def _coverage(period: str, last: date | None, term: Term, membership: Sequence[Stay]) -> Counter[EntryKey]:
    """A member counts from the later of completing and joining until leaving or expiry, within the period."""
    wanted: Counter[EntryKey] = Counter()
    for stay in membership:
        first = max(stay.first, term.first)
        end = min((day for day in (stay.end, term.end) if day), default=None)
        if (last and first > last) or (end and end <= first):
            continue
        wanted[EntryKey("coverage", period, stay.unit_id, first, term.completion.completion_id)] += 1
        if end and (last is None or end <= last):
            wanted[EntryKey("coverage", period, stay.unit_id, end, term.completion.completion_id)] -= 1
    return wanted


def _output_unit(
    completion: CompletionFact, definition: Definition, scope: Scope | None, rules: RuleBook
) -> int | None:
    """Only a completion made inside audience and scope can earn output; it stays at the unit of that day for ever,
    or where that was split, at the part its holder was assigned to.

    Without any post that day it counts at the province, for indicators open to everyone and everywhere (reading 4).
    """
    if post := counting_post(completion.posts, definition.audiences, scope, completion.completed_on):
        return post.counts_at or post.unit_id
    is_open = not definition.audiences and definition.former_province is None
    return rules.province_on(completion.completed_on) if is_open and not completion.posts else None


def _breaks(posts: Iterable[PostFact], scope: Scope | None) -> set[date]:
    """Every day on which the answer of `counting_post` may change."""
    days: set[date] = set()
    for post in posts:
        days.add(post.started_on)
        if post.last_on:
            days.add(post.last_on + timedelta(days=1))
        for first, end in (scope or {}).get(post.unit_id, ()):
            days.add(first)
            if end:
                days.add(end)
    return days


def _holds(interval: Interval, day: date) -> bool:
    first, end = interval
    return first <= day and (end is None or day < end)
