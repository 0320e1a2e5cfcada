"""Who counts where and since when: pure functions from facts to the entries a person's figures should consist of.

The ledger (ledger.py) compares these with what it holds and appends the difference; so every cause — a completion, a
transfer, a late entry, an annulment — is handled by one rule (DESIGN 5).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from app.coverage.definitions import Definition
from app.coverage.periods import year_period

# Half-open intervals of days: [first, end); no end means for ever.
Interval = tuple[date, date | None]
Scope = Mapping[int, Sequence[Interval]]


@dataclass(frozen=True)
class PostFact:
    """A dated post; `last_on` counts too."""

    post_id: int
    unit_id: int
    audiences: frozenset[str]
    is_primary: bool
    started_on: date
    last_on: date | None


@dataclass(frozen=True)
class CompletionFact:
    """A valid completion with the posts its holder had that day, as stored with it."""

    completion_id: int
    completed_on: date
    how: str
    tags: frozenset[str]
    programme: str | None
    course: str
    posts: tuple[PostFact, ...]


@dataclass(frozen=True)
class Stay:
    """A member of the audience is counted at `unit_id` from `first` until the day before `end`."""

    unit_id: int
    first: date
    end: date | None


@dataclass(frozen=True)
class EntryKey:
    """What an entry is about; its sign is the value it maps to."""

    measure: str
    period: str
    unit_id: int
    effective_on: date
    completion_id: int | None


def in_scope(scope: Scope | None, unit_id: int, day: date) -> bool:
    """`None` means the indicator covers every unit."""
    if scope is None:
        return True
    return any(first <= day and (end is None or day < end) for first, end in scope.get(unit_id, ()))


def counting_post(posts: Iterable[PostFact], audience: str | None, scope: Scope | None, day: date) -> PostFact | None:
    """The post a person counts at on a day: within audience and scope, the primary one, then the earliest start, then
    the lowest id (DESIGN 5, Two posts). Roster and numerator share this function."""
    fitting = [
        post
        for post in posts
        if post.started_on <= day
        and (post.last_on is None or day <= post.last_on)
        and (audience is None or audience in post.audiences)
        and in_scope(scope, post.unit_id, day)
    ]
    return min(fitting, key=lambda post: (not post.is_primary, post.started_on, post.post_id), default=None)


def stays(posts: Sequence[PostFact], audience: str | None, scope: Scope | None) -> list[Stay]:
    """The whole membership of a person, in order; neighbours at the same unit are one stay."""
    breaks = sorted(_breaks(posts, scope))
    found: list[Stay] = []
    for index, first in enumerate(breaks):
        end = breaks[index + 1] if index + 1 < len(breaks) else None
        post = counting_post(posts, audience, scope, first)
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
    return bool(
        definition.tags & completion.tags
        or completion.programme in definition.programmes
        or completion.course in definition.courses
    )


def desired_entries(
    definition: Definition, scope: Scope | None, posts: Sequence[PostFact], completions: Sequence[CompletionFact]
) -> Counter[EntryKey]:
    """What the ledger should hold for one person and one indicator version: entry -> sum of its signs."""
    wanted: Counter[EntryKey] = Counter()
    membership = stays(posts, definition.audience, scope)
    for stay in membership:
        wanted[EntryKey("roster", "", stay.unit_id, stay.first, None)] += 1
        if stay.end:
            wanted[EntryKey("roster", "", stay.unit_id, stay.end, None)] -= 1
    earning = sorted(
        (completion for completion in completions if earns(definition, completion)),
        key=lambda completion: (completion.completed_on, completion.completion_id),
    )
    for year in sorted({completion.completed_on.year for completion in earning}):
        if not definition.covers_year(year):
            continue
        of_year = [completion for completion in earning if completion.completed_on.year == year]
        wanted.update(_coverage_of_year(year, of_year[0], membership))
        wanted.update(_output_of_year(year, of_year, definition, scope))
    return Counter({key: total for key, total in wanted.items() if total})


def _coverage_of_year(year: int, earned: CompletionFact, membership: Sequence[Stay]) -> Counter[EntryKey]:
    """A member counts from the later of completing and joining until leaving, within the year."""
    period = year_period(year)
    wanted: Counter[EntryKey] = Counter()
    for stay in membership:
        first = max(stay.first, earned.completed_on)
        if first > period.last or (stay.end and stay.end <= first):
            continue
        wanted[EntryKey("coverage", period.code, stay.unit_id, first, earned.completion_id)] += 1
        if stay.end and stay.end <= period.last:
            wanted[EntryKey("coverage", period.code, stay.unit_id, stay.end, earned.completion_id)] -= 1
    return wanted


def _output_of_year(
    year: int, earning: Sequence[CompletionFact], definition: Definition, scope: Scope | None
) -> Counter[EntryKey]:
    """Only a completion made inside audience and scope can earn output; it stays at the unit of that day for ever."""
    for completion in earning:
        post = counting_post(completion.posts, definition.audience, scope, completion.completed_on)
        if post:
            key = EntryKey("output", str(year), post.unit_id, completion.completed_on, completion.completion_id)
            return Counter({key: 1})
    return Counter()


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
