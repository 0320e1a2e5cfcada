"""How a simulated person gets through courses: which ones, when, in class or lesson by lesson, and with what result."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from app.learning.rules import reading_needed
from app.learning.spans import LEAST_PAGE_S
from app.simulation import calendar, shares
from app.simulation.events import (
    Attends,
    Enrols,
    Happening,
    IsAnnulled,
    Reads,
    StartsQuiz,
    SubmitsQuiz,
    Watches,
)
from app.simulation.shares import Group
from app.simulation.shelf import PAPERS, Lesson, Shelved

_FIRST_YEAR = 2023
_OTHER_WAYS = ("class", "group", "exam")
_FRAUD = "Có người khác làm bài thay"
_CLERICAL = "Nhập nhầm kết quả của người khác"


@dataclass(frozen=True)
class Learner:
    """From `joined_on` until the day before `left_on`; `diligence` around 1."""

    group: Group
    audiences: tuple[str, ...]
    joined_on: date
    left_on: date | None
    diligence: float


class Journey:
    """All courses one person takes. `certified_at` is filled while the happenings are told."""

    def __init__(
        self, rng: Random, shelf: Sequence[Shelved], learner: Learner, waves: calendar.Waves, today: date
    ) -> None:
        self._rng = rng
        self._learner = learner
        self._waves = waves
        self._today = today
        self._last = min(learner.left_on or today, today) - timedelta(days=1)
        own = [course for course in shelf if course.audiences.intersection(learner.audiences)]
        self._eagerness = learner.diligence * (1.0 if own else shares.STRANGER_FACTOR)
        self._courses = own or list(shelf)
        self._done: set[tuple[str, str]] = set()
        self.certified_at: list[datetime] = []

    def happenings(self) -> Iterator[Happening]:
        if not self._courses:
            return
        for year in range(max(_FIRST_YEAR, self._learner.joined_on.year), self._last.year + 1):
            chance = self._learner.group.eagerness[min(year - _FIRST_YEAR, 3)] * self._eagerness
            if self._rng.random() < chance:
                yield from self._take_one(year)
                if self._rng.random() < shares.SECOND_COURSE_SHARE:
                    yield from self._take_one(year)

    def _take_one(self, year: int) -> Iterator[Happening]:
        day = self._day_in(year)
        if day is None:
            return
        course = self._rng.choice(self._courses)
        online = shares.ONLINE_SHARE[min(year - _FIRST_YEAR, 3)]
        online *= min(1.0, shares.LESSONS_A_JOURNEY / max(1, len(course.lessons)))
        if course.can_be_finished and (course.code, "online") not in self._done and self._rng.random() < online:
            self._done.add((course.code, "online"))
            yield from self._online(course, day)
        else:
            yield from self._elsewhere(course, day)

    def _day_in(self, year: int) -> date | None:
        first = max(self._learner.joined_on + timedelta(days=1), date(year, 1, 2))
        last = min(self._last, date(year, 12, 31))
        for _ in range(4):
            day = self._waves.day(self._rng, year)
            if first <= day <= last:
                return day
        return None

    # --- elsewhere ------------------------------------------------------------------------------------------------

    def _elsewhere(self, course: Shelved, day: date) -> Iterator[Happening]:
        ways = [how for how in _OTHER_WAYS if (course.code, how) not in self._done]
        if not ways:
            return
        how = ways[0] if self._rng.random() < 0.8 else self._rng.choice(ways)
        self._done.add((course.code, how))
        # The list of a class is entered some days later.
        at = calendar.office_hour(self._rng, day + timedelta(days=self._rng.randrange(0, 6)))
        score = None if how == "group" else 50.0 + 5 * self._rng.randrange(11)
        yield Attends(max(at, calendar.at(day, 61_200)), course, how, day, score)
        yield from self._certify(max(at, calendar.at(day, 61_200)), course, how)

    # --- online ---------------------------------------------------------------------------------------------------

    def _online(self, course: Shelved, day: date) -> Iterator[Happening]:
        rng = self._rng
        at = calendar.any_hour(rng, day)
        yield Enrols(at, course)
        lessons = course.lessons
        if rng.random() < shares.UNFINISHED_SHARE:
            lessons = lessons[: rng.randrange(len(lessons))]
        last_required = next((lesson for lesson in reversed(course.lessons) if lesson.is_required), None)
        for lesson in lessons:
            at += timedelta(seconds=rng.randrange(20, 200))
            if rng.random() < 0.4:
                evening = calendar.any_hour(rng, day + timedelta(days=rng.randrange(1, 6)))
                at = max(at, evening)
            if at >= calendar.midnight(self._last + timedelta(days=1)):
                return
            for happening in self._lesson(course, lesson, at):
                yield happening
                at = happening.at
            if lesson is last_required:
                yield from self._certify(at, course, "online")

    def _lesson(self, course: Shelved, lesson: Lesson, opened_at: datetime) -> Iterator[Happening]:
        rng, at = self._rng, opened_at
        for video, (_block, seconds) in enumerate(lesson.videos):
            at += timedelta(seconds=int(seconds) + rng.randrange(5, 60))
            yield Watches(at, course, lesson, video, opened_at)
        if lesson.has_text:
            pages_s = sum(count for _block, count in lesson.documents) * LEAST_PAGE_S
            least = opened_at + reading_needed(lesson.minutes) + timedelta(seconds=pages_s)
            at = max(at, least) + timedelta(seconds=rng.randrange(5, 400))
            yield Reads(at, course, lesson, opened_at)
        if lesson.quiz is not None:
            fails_first = rng.random() < shares.FAILED_FIRST_SHARE
            for passes in (False, True) if fails_first else (True,):
                variant = rng.randrange(PAPERS)
                at += timedelta(seconds=rng.randrange(4, 90))
                yield StartsQuiz(at, course, lesson, variant)
                at += timedelta(seconds=rng.randrange(60, 600))
                yield SubmitsQuiz(at, course, lesson, variant, passes)

    def _certify(self, at: datetime, course: Shelved, how: str) -> Iterator[Happening]:
        if course.gives_certificate:
            self.certified_at.append(at)
        if self._rng.random() < shares.ANNULLED_SHARE:
            fraud = how != "class" and self._rng.random() < 0.5
            later = at + timedelta(days=self._rng.randrange(5, 60), seconds=self._rng.randrange(3600))
            yield IsAnnulled(later, course, how, _FRAUD if fraud else _CLERICAL, fraud)
