"""The life of one simulated person, as a pure function of seed, number and today: posts, moves, courses, results."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from app.core import clock
from app.identity.identifiers import Sex
from app.simulation import calendar, shares
from app.simulation.events import Happening, Joins, LeavesPost, Story, TakesPost
from app.simulation.journeys import Journey, Learner
from app.simulation.names import person_name
from app.simulation.population import Population
from app.simulation.shares import FIRST_DAY, GROUPS, Group
from app.simulation.shelf import Shelved

_SECOND = timedelta(seconds=1)
_EVE = timedelta(days=1)
# The rosters of the beginning were entered in these days.
_FIRST_ENTRY, _LAST_ENTRY = date(2023, 5, 15), date(2023, 6, 30)
_WAVES = {group.audience: calendar.Waves(group.months) for group in GROUPS}


class Storyteller:
    """Tells stories of a province; the same for the same seed, first number and day."""

    def __init__(self, population: Population, shelf: Sequence[Shelved], seed: int, today: date) -> None:
        self._population = population
        self._shelf = shelf
        self._seed = seed
        # Whatever would happen today or later has not happened.
        self._today = today
        self._now = calendar.midnight(today)
        self._keen: dict[int, float] = {}

    def tell(self, numbers: Iterable[int]) -> Iterator[Story]:
        for number in numbers:
            yield self._story(number)

    def _story(self, number: int) -> Story:
        rng = Random(f"{self._seed}/{number}")  # noqa: S311
        group = self._population.group(rng)
        sex: Sex = "female" if rng.random() < 0.53 else "male"
        life = self._life(rng, group)
        learner = Learner(group, life.audiences, life.joined_on, life.left_on, self._diligence(life.first_unit))
        journeys = Journey(rng, self._shelf, learner, _WAVES[group.audience], self._today)
        happenings = [*life.happenings, *journeys.happenings()]
        happenings.sort(key=lambda happening: happening.at)
        age = rng.randint(*group.ages)
        return Story(
            number=number, name=person_name(rng, sex), sex=sex,
            birth_date=date(life.joined_on.year - age, rng.randint(1, 12), rng.randint(1, 28)),
            email=f"mp{number:07d}@mophong.example" if rng.random() < shares.EMAIL_SHARE else None,
            happenings=tuple(happening for happening in happenings if happening.at < self._now),
            certified_at=tuple(sorted(instant for instant in journeys.certified_at if instant < self._now)),
        )  # fmt: skip

    def _diligence(self, unit_id: int) -> float:
        """Some units are keener than others: 0.55 to 1.2."""
        if unit_id not in self._keen:
            key = self._population.map.key(unit_id)
            self._keen[unit_id] = 0.55 + 0.65 * Random(f"unit {key}").random()  # noqa: S311
        return self._keen[unit_id]

    # --- posts ----------------------------------------------------------------------------------------------------

    def _life(self, rng: Random, group: Group) -> "_Life":
        home = self._population.home(rng, group)
        started_on, entered_at = self._beginning(rng, group, self._population.opened_on(home.unit_id))
        unit_id = self._population.in_force(rng, home.unit_id, started_on)
        while unit_id is None:
            home = self._population.home(rng, group)
            started_on = max(started_on, self._population.opened_on(home.unit_id))
            unit_id = self._population.in_force(rng, home.unit_id, started_on)
        entered_at = max(entered_at, calendar.at(started_on, 28_800))
        audiences, title, is_leader = home.audiences, rng.choice(group.titles), False
        if group.audience in ("CBCC", "GIAOVIEN", "YTE", "TCNSCD") and rng.random() < shares.LEADER_SHARE:
            title, is_leader = group.leader_title, True
            audiences += ("LANHDAO",) if group.audience == "CBCC" else ()
        elif group.audience == "CBCC" and rng.random() < shares.IT_SHARE:
            title, audiences = "Chuyên viên công nghệ thông tin", (*audiences, "CNTT")
        life = _Life(unit_id, clock.day_of(entered_at), audiences, entered_at, [Joins(entered_at)])
        self._posts(rng, group, life, _Post(unit_id, title, audiences, is_leader, started_on))
        if group.audience == "CBCC" and rng.random() < shares.SECOND_POST_SHARE:
            self._second_post(rng, home.unit_id, life)
        return life

    def _beginning(self, rng: Random, group: Group, opened_on: date) -> tuple[date, datetime]:
        """The first day of the first post, and when it was entered."""
        if opened_on <= FIRST_DAY and rng.random() < group.initial_share:
            started_on = calendar.day_between(rng, FIRST_DAY, date(2023, 5, 1))
            return started_on, calendar.office_hour(rng, calendar.day_between(rng, _FIRST_ENTRY, _LAST_ENTRY))
        last = self._today - _EVE
        started_on = max(calendar.day_between(rng, date(2023, 7, 1), last), opened_on)
        if group.audience == "NGUOIDAN":
            # Citizens sign up in waves, and more of them each year.
            [year] = rng.choices((2023, 2024, 2025, 2026), weights=(1, 3, 6, 8))
            day = _WAVES[group.audience].day(rng, year)
            started_on = max(min(day, last), FIRST_DAY)
            return started_on, calendar.any_hour(rng, started_on)
        entered_on = min(started_on + timedelta(days=self._lag(rng)), last)
        return started_on, calendar.office_hour(rng, entered_on)

    def _posts(self, rng: Random, group: Group, life: "_Life", post: "_Post") -> None:
        """The main post through moves and reorganisations, until the person leaves or today."""
        years = max(1, self._today.year - post.started_on.year + 1)
        moves_on = self._some_day(rng, post.started_on, group.moves * years)
        leaves_on = self._some_day(rng, post.started_on, group.leaves * years)
        while True:
            number = life.takes(post)
            closes_on = self._population.map.end_of(post.unit_id)
            due = [day for day in (moves_on, leaves_on, closes_on) if day and post.started_on < day < self._today]
            if not due:
                return
            day = min(due)
            at = calendar.office_hour(rng, day + timedelta(days=self._lag(rng)))
            life.leaves(number, day - _EVE, at)
            if day == leaves_on:
                life.left_on = day
                return
            if day == closes_on:
                unit_id = self._population.in_force(rng, post.unit_id, day)
            else:
                moves_on = None
                home = self._population.colleagues_home(rng, life.first_unit, group)
                unit_id = self._population.in_force(rng, home, day)
                if unit_id is None or self._population.opened_on(unit_id) > day:
                    unit_id = post.unit_id
            if unit_id is None:
                life.left_on = day
                return
            post = _Post(unit_id, post.title, post.audiences, post.is_leader, day)

    def _second_post(self, rng: Random, home_id: int, life: "_Life") -> None:
        """A member of the commune's staff who serves in the commune's team as well."""
        team_id = self._population.team_of(home_id)
        if team_id is None:
            return
        started_on = calendar.day_between(rng, life.joined_on, self._today)
        life.at = max(life.at, calendar.office_hour(rng, started_on))
        life.takes(_Post(team_id, "Thành viên Tổ công nghệ số cộng đồng", ("TCNSCD",), False, started_on, False))

    def _some_day(self, rng: Random, first: date, chance: float) -> date | None:
        if rng.random() >= chance or first + 2 * _EVE >= self._today:
            return None
        return calendar.day_between(rng, first + 2 * _EVE, self._today)

    @staticmethod
    def _lag(rng: Random) -> int:
        """Days until somebody enters it: mostly none to three."""
        return rng.randint(10, 45) if rng.random() < shares.LATE_ENTRY_SHARE else rng.randrange(4)


@dataclass(frozen=True, slots=True)
class _Post:
    unit_id: int
    title: str
    audiences: tuple[str, ...]
    is_leader: bool
    started_on: date
    is_primary: bool = True


@dataclass
class _Life:
    """What happened so far; `at` is when the last of it was entered."""

    first_unit: int
    joined_on: date
    audiences: tuple[str, ...]
    at: datetime
    happenings: list[Happening]
    left_on: date | None = None
    posts: int = 0

    def takes(self, post: _Post) -> int:
        self.at += _SECOND
        self.happenings.append(
            TakesPost(
                self.at, self.posts, post.unit_id, post.title, post.audiences, post.is_leader, post.is_primary,
                post.started_on,
            )
        )  # fmt: skip
        self.posts += 1
        return self.posts - 1

    def leaves(self, post: int, ended_on: date, at: datetime) -> None:
        self.at = max(at, self.at + _SECOND)
        self.happenings.append(LeavesPost(self.at, post, ended_on))
