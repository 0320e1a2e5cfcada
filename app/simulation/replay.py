"""What the services would have written, had a story happened to them: the same rows, without asking the database.

The rules are the services' own (certificates.contents, judging.desired_entries, spans.credit, quizzes.grade_paper …);
only the order of work differs. tests/simulation holds the rows of both ways against each other.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from app.certificates.forms import chosen
from app.certificates.models import CertificateForm
from app.certificates.service import birth_text, contents, post_of_the_day
from app.core import clock, ids
from app.core.text import fold, sortable
from app.identity import sealing
from app.identity.people.people import SIMULATED
from app.identity.people.people_queries import Post
from app.identity.sealing import PersonKey, SealedFields
from app.learning.activity import is_news
from app.learning.jobs import FORGET_AFTER
from app.learning.spans import LEAST_PAGE_S, Watched, credit
from app.simulation.books import Books
from app.simulation.events import (
    Attends,
    Enrols,
    IsAnnulled,
    Joins,
    LeavesPost,
    Reads,
    StartsQuiz,
    Story,
    SubmitsQuiz,
    TakesPost,
    Watches,
)
from app.simulation.ledger import LedgerReplay
from app.simulation.places import Map
from app.simulation.shelf import Lesson, Shelved, paper, sheet
from app.simulation.tables import json_text

_NO_ANSWERS = json_text({})


@dataclass
class _Taking:
    """An enrolment as it stands; its row is written when the story is over."""

    id: int
    course: Shelved
    enrolled_at: datetime
    last_lesson_key: str | None
    last_active_at: datetime
    finished: set[str] = field(default_factory=set)
    watched: dict[str, int] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)
    passed: set[str] = field(default_factory=set)
    tries: dict[str, int] = field(default_factory=dict)
    best: dict[str, float] = field(default_factory=dict)
    opened_quiz: StartsQuiz | None = None

    def mark_active(self, lesson: Lesson, at: datetime) -> None:
        if is_news(self.last_lesson_key, self.last_active_at, lesson.key, at):
            self.last_lesson_key, self.last_active_at = lesson.key, at

    def meets(self, lesson: Lesson) -> bool:
        return (
            self.watched.get(lesson.key, 0) == len(lesson.videos)
            and (not lesson.has_text or lesson.key in self.read)
            and (lesson.quiz is None or lesson.key in self.passed)
        )


@dataclass(frozen=True)
class _Result:
    """A completion and the certificate it brought."""

    id: int
    certificate_id: int | None


class Replay:
    """Writes stories into the books, one after the other. `now` is when the simulation ends."""

    def __init__(
        self, books: Books, map_: Map, ledger: LedgerReplay, now: datetime, forms: list[CertificateForm],
        signer: tuple[str, str],
    ) -> None:  # fmt: skip
        self._books = books
        self._map = map_
        self._ledger = ledger
        self._forms = forms
        self._signer_name, self._signer_title = signer
        # The nightly job has forgotten the pages that were silent by then.
        self._remembered_since = now - FORGET_AFTER

    def write(self, story: Story, serials: Iterator[int]) -> None:
        """All rows of one person; `serials` are the numbers of the certificates, in the order of `certified_at`."""
        _Life(self, story, serials).write()


class _Life:
    """The state of one person while the story goes on."""

    def __init__(self, replay: Replay, story: Story, serials: Iterator[int]) -> None:
        self._replay, self._books, self._story, self._serials = replay, replay._books, story, serials
        ref = f"{SIMULATED}{ids.readable_code(20)}"
        self._key = PersonKey.new(ref)
        self._fields = SealedFields(story.birth_date, story.birth_date.year, email=story.email or "")
        self._id = 0
        self._posts: list[Post] = []
        self._post_rows: list[tuple[TakesPost, datetime | None]] = []
        self._takings: dict[str, _Taking] = {}
        self._results: dict[tuple[str, str], _Result] = {}
        self._tally = replay._ledger.open()

    def write(self) -> None:
        for happening in self._story.happenings:
            _DEEDS[type(happening)](self, happening)
        for post, (taken, end_recorded_at) in zip(self._posts, self._post_rows, strict=True):
            self._books.posts.add(
                post.affiliation_id, self._id, post.unit_id, post.title, taken.is_leader, post.is_primary,
                post.started_on, post.ended_on, taken.at, end_recorded_at,
            )  # fmt: skip
            for code in dict.fromkeys(taken.audiences):
                self._books.post_audiences.add(post.affiliation_id, code)
        for taking in self._takings.values():
            if taking.opened_quiz:
                self._write_attempt(taking, _NO_ANSWERS, None, None, None)
            self._books.enrolments.add(
                taking.id, self._id, taking.course.course_id, taking.course.version_id, taking.enrolled_at,
                taking.last_lesson_key, taking.last_active_at,
            )  # fmt: skip

    # --- the person and the posts ---------------------------------------------------------------------------------

    def joins(self, happened: Joins) -> None:
        story, key = self._story, self._key
        self._id = self._books.people.add_new(
            key.ref, story.name, fold(story.name), _sortable(story.name), story.sex, key.wrapped(),
            key.seal(self._fields), sealing.likeness(fold(story.name), self._fields.birth_date), happened.at,
        )  # fmt: skip
        if story.email:
            self._books.lookups.add_new(self._id, "email", sealing.digest("email", story.email))

    def takes_post(self, happened: TakesPost) -> None:
        post_id = self._books.posts.next_id
        self._books.posts.next_id += 1
        self._posts.append(
            Post(
                post_id, happened.unit_id, happened.title, happened.is_primary, happened.started_on, None,
                tuple(sorted(happened.audiences)),
            )
        )  # fmt: skip
        self._post_rows.append((happened, None))
        self._account(happened.at, "affiliation")

    def leaves_post(self, happened: LeavesPost) -> None:
        self._posts[happened.post] = replace(self._posts[happened.post], ended_on=happened.ended_on)
        self._post_rows[happened.post] = (self._post_rows[happened.post][0], happened.at)
        self._account(happened.at, "affiliation")

    # --- lessons --------------------------------------------------------------------------------------------------

    def enrols(self, happened: Enrols) -> None:
        enrolment_id = self._books.enrolments.next_id
        self._books.enrolments.next_id += 1
        at = happened.at
        self._takings[happened.course.code] = _Taking(enrolment_id, happened.course, at, None, at)

    def watches(self, happened: Watches) -> None:
        taking, lesson, at = self._takings[happened.course.code], happened.lesson, happened.at
        block, seconds = lesson.videos[happened.video]
        seen = credit(Watched((), 0.0, happened.opened_at, seconds), ((0.0, seconds),), at)
        video_id = self._books.blocks.add_new(
            taking.id, lesson.key, block, json_text(seen.spans), seen.earned, seen.spent_s, seconds,
            happened.opened_at, at,
        )  # fmt: skip
        if at >= self._replay._remembered_since:
            client = client_of(self._story.number, happened)
            self._books.clients.add_new(video_id, client, "[[0,1]]", 0, seen.credited, at)
        taking.mark_active(lesson, at)
        taking.watched[lesson.key] = taking.watched.get(lesson.key, 0) + 1
        self._judge(taking, lesson, at)

    def reads(self, happened: Reads) -> None:
        taking, lesson, at = self._takings[happened.course.code], happened.lesson, happened.at
        for block, count in lesson.documents:
            self._books.blocks.add_new(
                taking.id, lesson.key, block, json_text([[0.0, float(count)]]), count, count * LEAST_PAGE_S, count,
                happened.opened_at, at,
            )  # fmt: skip
        self._books.readings.add_new(taking.id, lesson.key, happened.opened_at, at)
        taking.read.add(lesson.key)
        taking.mark_active(lesson, at)
        self._judge(taking, lesson, at)

    def starts_quiz(self, happened: StartsQuiz) -> None:
        taking, lesson = self._takings[happened.course.code], happened.lesson
        taking.tries[lesson.key] = taking.tries.get(lesson.key, 0) + 1
        taking.opened_quiz = happened
        taking.mark_active(lesson, happened.at)

    def submits_quiz(self, happened: SubmitsQuiz) -> None:
        taking, lesson, at = self._takings[happened.course.code], happened.lesson, happened.at
        answers, result, passed, percent = _graded(lesson, happened.variant, happened.passes)
        self._write_attempt(taking, answers, at, result, passed)
        taking.mark_active(lesson, at)
        taking.best[lesson.key] = max(taking.best.get(lesson.key, 0.0), percent)
        if passed:
            taking.passed.add(lesson.key)
        self._judge(taking, lesson, at)

    def _write_attempt(
        self, taking: _Taking, answers: str, submitted_at: datetime | None, result: str | None, passed: bool | None
    ) -> None:
        opened = taking.opened_quiz
        assert opened is not None
        # The instant of the last answer; with none given it stays that of the start.
        saved_at = submitted_at if submitted_at and answers != _NO_ANSWERS else opened.at
        self._books.attempts.add_new(
            taking.id, opened.lesson.key, taking.tries[opened.lesson.key], taking.course.version_id,
            _paper_text(opened.lesson, opened.variant), answers, _NO_ANSWERS, opened.at, saved_at, submitted_at, result,
            passed,
        )  # fmt: skip
        taking.opened_quiz = None

    def _judge(self, taking: _Taking, lesson: Lesson, at: datetime) -> None:
        if lesson.key in taking.finished or not taking.meets(lesson):
            return
        taking.finished.add(lesson.key)
        self._books.finishes.add_new(taking.id, lesson.key, taking.course.version_id, at)
        required = {one.key for one in taking.course.lessons if one.is_required}
        if lesson.key not in required or required - taking.finished:
            return
        percents = [percent for key, percent in taking.best.items() if key in required]
        score = round(sum(percents) / len(percents), 1) if percents else None
        self._complete(taking.course, "online", clock.day_of(at), at, score, taking.id)

    # --- completions and certificates -----------------------------------------------------------------------------

    def attends(self, happened: Attends) -> None:
        self._complete(
            happened.course, happened.how, happened.completed_on, happened.at, happened.score_percent, None
        )  # fmt: skip

    def _complete(
        self, course: Shelved, how: str, on: date, at: datetime, score: float | None, enrolment_id: int | None
    ) -> None:
        if (course.code, how) in self._results:
            return
        held = [post for post in sorted(self._posts, key=_by_start) if post.held_on(on)]
        completion_id = self._books.completions.add_new(
            self._id, enrolment_id, course.course_id, course.version_id, how, on, at, score, course.hours, "",
            course.rule.valid_until(on),
        )  # fmt: skip
        for post in held:
            self._books.completion_posts.add(
                completion_id, post.affiliation_id, post.unit_id, post.title, post.is_primary, post.started_on,
                json_text(post.audiences),
            )  # fmt: skip
        certificate_id = self._certify(course, completion_id, held, on, at, score) if course.gives_certificate else None
        self._results[course.code, how] = _Result(completion_id, certificate_id)
        self._tally.complete(completion_id, on, how, course, held)
        self._account(at, "completion")

    def _certify(
        self, course: Shelved, completion_id: int, held: list[Post], on: date, at: datetime, score: float | None
    ) -> int:
        post = post_of_the_day(held)
        says = contents(
            form=chosen(self._replay._forms, clock.day_of(at)), serial=next(self._serials),
            issued_on=clock.day_of(at), holder_name=self._story.name,
            holder_title=post.title if post else "", unit_id=post.unit_id if post else None,
            unit_name=self._replay._map.full_name(post.unit_id, on) if post else "",
            certificate_title=course.certificate_title, course_title=course.title, course_version_number=course.number,
            hours=course.hours, score_percent=score, completed_on=on, valid_until=course.rule.valid_until(on),
            signer_name=self._replay._signer_name,
            signer_title=self._replay._signer_title,
        )  # fmt: skip
        rows = self._books.certificates
        born = birth_text(self._fields)
        return rows.add_new(
            ids.readable_code(), completion_id, self._id, self._key.seal_text(born) if born else None, at, 1,
            *(says[name] for name in rows.columns[7:]),
        )  # fmt: skip

    def is_annulled(self, happened: IsAnnulled) -> None:
        result, at = self._results[happened.course.code, happened.how], happened.at
        self._books.annulments.add(result.id, at, None, happened.reason)
        self._books.acts.add_new(
            at, None, "completion.annul", "completion", str(result.id), json_text({"fraud": happened.fraud})
        )
        if result.certificate_id is not None:
            kind = "fraud" if happened.fraud else "clerical"
            self._books.revocations.add(result.certificate_id, kind, happened.reason, at, None)
            self._books.acts.add_new(
                at, None, "certificate.revoke", "certificate", str(result.certificate_id), json_text({"kind": kind})
            )
        self._tally.annul(result.id)
        self._account(at, "annulment")

    def _account(self, at: datetime, cause: str) -> None:
        self._tally.reconcile(self._id, self._posts, at, cause)


_DEEDS: dict[type, Callable[[_Life, Any], None]] = {
    Joins: _Life.joins, TakesPost: _Life.takes_post, LeavesPost: _Life.leaves_post, Enrols: _Life.enrols,
    Watches: _Life.watches, Reads: _Life.reads, StartsQuiz: _Life.starts_quiz, SubmitsQuiz: _Life.submits_quiz,
    Attends: _Life.attends, IsAnnulled: _Life.is_annulled,
}  # fmt: skip


def client_of(number: int, happened: Watches) -> str:
    """The name a page gave itself."""
    return f"mp-{number}-{happened.lesson.key}-{happened.video}"[:40]


def _by_start(post: Post) -> tuple[date, int]:
    return post.started_on, post.affiliation_id


@lru_cache(maxsize=200_000)
def _sortable(name: str) -> str:
    return sortable(name)


@lru_cache(maxsize=50_000)
def _paper_text(lesson: Lesson, variant: int) -> str:
    return json_text(paper(lesson, variant))


@lru_cache(maxsize=50_000)
def _graded(lesson: Lesson, variant: int, passes: bool) -> tuple[str, str, bool, float]:
    """Answers and result as JSON, whether it passed, percent."""
    filled = sheet(lesson, variant, passes=passes)
    return json_text(filled.answers), json_text(filled.result), filled.result["passed"], filled.result["percent"]
