"""What the ledger should hold of one human being: asked day by day, "where do they count today?" (DESIGN 5).

counting/judging.py reasons in spans of membership and of validity. Here the only rule is the state of a single day; a
day on which the state changes has an entry for what ends and one for what begins.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple, TypeVar

from app.coverage.verify.facts import Done, Human, Post, Rule
from app.coverage.verify.lineage import FOREVER, Lineage, places_of_province

_DAY = timedelta(days=1)
T = TypeVar("T")
# From a day on, until the next one: a unit and the completion that counts there; None: nowhere.
State = tuple[int, int | None] | None
Course = Sequence[tuple[date, State]]


class Key(NamedTuple):
    """What an entry is about."""

    measure: str
    period: str
    unit_id: int
    day: date
    completion_id: int | None


# Version id -> what an entry is about -> the sum of its signs.
Book = Mapping[int, Counter[Key]]


class Scopes:
    """Which units count in which former province on which day; `province_code` is the unit at the top of the tree."""

    def __init__(self, lineage: Lineage, province_code: str) -> None:
        self._lineage = lineage
        self._places: dict[tuple[int, str], Sequence[tuple[date, date]]] = {}
        self._provinces = [
            version
            for life in lineage.lives.values()
            for version in life
            if version.code == province_code and version.kind == "province"
        ]

    def holds(self, unit_id: int, province: str | None, on: date) -> bool:
        return province is None or any(first <= on < end for first, end in self._of(unit_id, province))

    def days(self, unit_id: int, province: str | None) -> Iterable[date]:
        """Every day on which the answer may change."""
        return () if province is None else (day for span in self._of(unit_id, province) for day in span)

    def top_on(self, on: date) -> int | None:
        return next((one.unit_id for one in self._provinces if one.first <= on < one.end), None)

    def _of(self, unit_id: int, province: str) -> Sequence[tuple[date, date]]:
        if (unit_id, province) not in self._places:
            self._places[unit_id, province] = places_of_province(self._lineage, unit_id, province)
        return self._places[unit_id, province]


def reckon(human: Human, rules: Iterable[Rule], scopes: Scopes) -> dict[int, Counter[Key]]:
    """What each indicator version should hold of them, those with nothing left out."""
    seats: dict[tuple[frozenset[str], str | None], Course] = {}
    found: dict[int, Counter[Key]] = {}
    for rule in rules:
        who = rule.audiences, rule.province
        if rule.over_roster and who not in seats:
            seats[who] = _seats(human.posts, rule, scopes)
        book = Counter[Key]()
        if rule.over_roster:
            _write(book, "roster", "", seats[who])
        for period, last, done in _periods(rule, human.done):
            earned = _earned(rule, done)
            if rule.over_roster:
                _write(book, "coverage", period, _both(seats[who], earned, last))
            placed = {one.id: unit_id for one in done if (unit_id := _unit_of_the_day(one, rule, scopes)) is not None}
            earned_inside = _earned(rule, [one for one in done if one.id in placed])
            _write(
                book, "output", period, [(day, (placed[one.id], one.id) if one else None) for day, one in earned_inside]
            )
        if book := Counter({key: total for key, total in book.items() if total}):
            found[rule.id] = book
    return found


def seat(posts: Iterable[Post], rule: Rule, scopes: Scopes, on: date) -> int | None:
    """The unit somebody is a member at that day: at the post that puts them in the audience and the scope; of several
    the primary one, then the earliest start, then the lowest id."""
    fitting = [
        (not post.is_primary, post.seniority, post.counts_at or post.unit_id)
        for post in posts
        if post.first <= on <= post.last
        and (not rule.audiences or rule.audiences & post.audiences)
        and scopes.holds(post.unit_id, rule.province, on)
    ]
    return min(fitting)[2] if fitting else None


def counts(rule: Rule, done: Done) -> bool:
    """Whether what was completed is what the indicator asks for, in a way that it accepts."""
    if done.is_annulled or done.how not in rule.how:
        return False
    asks_for_anything = not (rule.tags or rule.programmes or rule.courses)
    return asks_for_anything or bool(
        rule.tags & done.tags or done.programme in rule.programmes or done.course in rule.courses
    )


def _seats(posts: Sequence[Post], rule: Rule, scopes: Scopes) -> Course:
    days = {day for post in posts for day in scopes.days(post.unit_id, rule.province)}
    for post in posts:
        days |= {post.first, _next(post.last)}
    return [
        (day, None if (unit_id := seat(posts, rule, scopes, day)) is None else (unit_id, None))
        for day in sorted(days - {FOREVER})
    ]


def _periods(rule: Rule, done: Iterable[Done]) -> Iterable[tuple[str, date, list[Done]]]:
    """The completions of each period that count, with its code and last day. What is not annual knows one period."""
    by_period: dict[str, list[Done]] = defaultdict(list)
    for one in done:
        if counts(rule, one):
            if rule.recurrence != "annual":
                by_period[""].append(one)
            elif rule.covers(one.day.year):
                by_period[str(one.day.year)].append(one)
    return [(period, date(int(period), 12, 31) if period else FOREVER, found) for period, found in by_period.items()]


def _earned(rule: Rule, done: Sequence[Done]) -> list[tuple[date, Done | None]]:
    """Which of these is the earning completion from which day: the earliest one, then the lowest id; where only what
    is valid counts, of those valid that day."""
    expire = rule.recurrence == "cumulative_valid"
    days = {one.day for one in done} | ({_next(one.last) for one in done} if expire else set())

    def on(day: date) -> Done | None:
        held = [one for one in done if one.day <= day and (not expire or day <= one.last)]
        return min(held, key=lambda one: (one.day, one.id)) if held else None

    return [(day, on(day)) for day in sorted(days - {FOREVER})]


def _both(seats: Course, earned: Sequence[tuple[date, Done | None]], last: date) -> Course:
    """Coverage: a member who holds an earning completion, at the unit of their seat, until the period is over."""
    course: list[tuple[date, State]] = []
    seat_on, earned_on = _reader(seats), _reader(earned)
    for day in sorted({day for day, _what in (*seats, *earned) if day <= last}):
        place, one = seat_on(day), earned_on(day)
        course.append((day, (place[0], one.id) if place and one else None))
    return course


def _reader(course: Sequence[tuple[date, T | None]]) -> Callable[[date], T | None]:
    """What held on a day; to be asked in the order of the days."""
    waiting, holds = list(reversed(course)), None

    def on(day: date) -> T | None:
        nonlocal holds
        while waiting and waiting[-1][0] <= day:
            holds = waiting.pop()[1]
        return holds

    return on


def _unit_of_the_day(done: Done, rule: Rule, scopes: Scopes) -> int | None:
    """Where the output of a completion counts: only if it was made inside audience and scope. Without any post that day
    at the province, of indicators open to everyone everywhere (reading 4)."""
    if done.posts or rule.audiences or rule.province is not None:
        return seat(done.posts, rule, scopes, done.day)
    return scopes.top_on(done.day)


def _write(book: Counter[Key], measure: str, period: str, course: Course) -> None:
    before: State = None
    for day, state in course:
        if state != before:
            if before:
                book[Key(measure, period, before[0], day, before[1])] -= 1
            if state:
                book[Key(measure, period, state[0], day, state[1])] += 1
        before = state


def _next(day: date) -> date:
    return day if day == FOREVER else day + _DAY
