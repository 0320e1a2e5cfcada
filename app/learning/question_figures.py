"""How questions do in attempts that were handed in: how often asked, how hard, whether they tell the able from others.

Counted by a job in two passes over the attempts, a row at a time: first how the percentages are spread, to know the
best and the weakest third; then every answer. Memory grows with the questions, not with the attempts.
"""

import hashlib
import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, cast, false, func, or_, select
from sqlalchemy.orm import Session

from app.catalogue.drawing import banks_of
from app.catalogue.models import CourseVersion, LessonVersion, QuestionBank
from app.catalogue.questions import Question, points
from app.core import clock, jobs
from app.core.jobs import Job, JobContext
from app.learning.models import Attempt, QuestionFigures

JOB, NIGHTLY = "learning.count_questions", "learning.count_new_answers"
# Fewer attempts say too little about who answers rightly.
ENOUGH = 20
# Fewer new attempts change no figure anybody reads.
_GROWN = 1.01
_AT_ONCE = 500
_THIRD = 1 / 3


@dataclass(frozen=True)
class Figures:
    """One question as it is worded now. Shares and means are 0 to 1.

    `discrimination`: correlation of its score with that of the rest of the paper, -1 to 1; None below 20 attempts or
    where all did alike. `options`: option id -> share who chose it among (all, the best third, the weakest third).
    """

    asked: int
    mean: float
    blank: float
    discrimination: float | None
    options: Mapping[str, tuple[float, float, float]]

    @property
    def is_enough(self) -> bool:
        return self.asked >= ENOUGH


def subject_of_quiz(course_id: int, lesson_key: str) -> str:
    return f"quiz:{course_id}:{lesson_key}"


def subject_of_bank(bank_id: int) -> str:
    return f"bank:{bank_id}"


def order_count(db: Session, subject: str, owner: int | None) -> None:
    """Count anew in the background; asked for again while it runs, it runs once more."""
    jobs.enqueue(db, JOB, subject=f"questions:{subject}", unique_key=f"{JOB}:{subject}", owner=owner, counted=subject)


def running_count(db: Session, subject: str) -> Job | None:
    """The newest count of a subject if it is not over, or did not succeed."""
    job = jobs.latest(db, f"questions:{subject}")
    return None if job is None or job.state == "done" else job


def counted(db: Session, subject: str) -> QuestionFigures | None:
    """The last count; None if there was none."""
    return db.scalar(select(QuestionFigures).where(QuestionFigures.subject == subject))


def figures_of(stored: QuestionFigures, question: Question) -> Figures | None:
    """Those of a question as it is worded now; None if nobody was asked it so."""
    found = stored.figures.get(question["id"], {}).get(wording(question))
    if found is None:
        return None
    options = {name: (shares[0], shares[1], shares[2]) for name, shares in found["options"].items()}
    return Figures(found["asked"], found["mean"], found["blank"], found["discrimination"], options)


def wording(question: Question) -> str:
    """The same for every paper that asks the same; another one once its words or its right answer were changed."""
    said: list[Any] = [question.get(name) for name in ("kind", "text", "answer", "accepted", "tolerance")]
    if question["kind"] in ("single", "multiple"):
        said.append(sorted([one["text"], bool(one.get("right"))] for one in question["options"]))
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()[:16]


def count_questions(context: JobContext, counted: str) -> dict[str, int]:
    """The job: `counted` is a subject. It replaces the last count, so it can run twice."""
    spread: Counter[int] = Counter()
    with context.database.reading() as db:
        wanted = _attempts_of(db, counted)
        percents = select(Attempt.result["percent"].as_float()).where(*wanted).execution_options(yield_per=_AT_ONCE)
        for (percent,) in db.execute(percents):
            if percent is not None:
                spread[round(percent * 10)] += 1
        total = spread.total()
        tally = Tally(*thirds(spread))
        rows = select(Attempt.paper, Attempt.answers, Attempt.result).where(*wanted)
        for number, (paper, answers, result) in enumerate(db.execute(rows.execution_options(yield_per=_AT_ONCE))):
            if number % (4 * _AT_ONCE) == 0:
                context.progress(number / total if total else 0.0)
            tally.add(paper, answers, result)
    with context.database.writing() as db:
        row = db.scalar(select(QuestionFigures).where(QuestionFigures.subject == counted).with_for_update())
        if row is None:
            row = QuestionFigures(subject=counted)
            db.add(row)
        row.counted_at, row.attempt_count, row.figures = clock.now(), tally.attempt_count, tally.figures()
    return {"attempts": tally.attempt_count}


def count_new_answers(context: JobContext) -> dict[str, int]:
    """The job of the night: have every quiz and bank counted anew of which a hundredth more was handed in since."""
    with context.database.writing() as db:
        known = dict(db.execute(select(QuestionFigures.subject, QuestionFigures.attempt_count)).all())
        grown = [one for one, count in _handed_in(db).items() if count > known.get(one, 0) * _GROWN]
        for subject in grown:
            order_count(db, subject, None)
    return {"ordered": len(grown)}


def thirds(spread: Mapping[int, int]) -> tuple[float, float]:
    """(at most, at least): the percentages, in tenths, up to which the weakest third lies and from which the best does.

    Those of one percentage are never parted, so a third may be larger; where the two would meet there is neither.
    """
    total = sum(spread.values())
    low, high = _reach(sorted(spread.items()), total), _reach(sorted(spread.items(), reverse=True), total)
    return (low, high) if low < high else (-math.inf, math.inf)


@dataclass
class _Sums:
    """Of one wording of a question. x: its score; y: the score of the rest of the paper."""

    asked: int = 0
    blank: int = 0
    groups: list[int] = field(default_factory=lambda: [0, 0, 0])
    options: dict[str, list[int]] = field(default_factory=dict)
    x: float = 0.0
    paired: int = 0
    sums: list[float] = field(default_factory=lambda: [0.0] * 5)

    def figures(self) -> dict[str, Any]:
        return {
            "asked": self.asked,
            "mean": round(self.x / self.asked, 4),
            "blank": round(self.blank / self.asked, 4),
            "discrimination": self._correlation(),
            "options": {
                name: [round(count / all_ if all_ else 0.0, 4) for count, all_ in zip(counts, self.groups, strict=True)]
                for name, counts in sorted(self.options.items())
            },
        }

    def _correlation(self) -> float | None:
        n = self.paired
        x, y, xx, yy, xy = self.sums
        if n < ENOUGH:
            return None
        spread = (n * xx - x * x) * (n * yy - y * y)
        return round((n * xy - x * y) / math.sqrt(spread), 4) if spread > 1e-9 else None


class Tally:
    """Takes attempts one by one. `low`, `high` as `thirds` gives them."""

    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = low, high
        self.attempt_count = 0
        self._sums: dict[str, dict[str, _Sums]] = {}

    def add(self, paper: Mapping[str, Any], answers: Mapping[str, Any], result: Mapping[str, Any]) -> None:
        """One attempt that was handed in; a question that waits for a person is not counted yet."""
        self.attempt_count += 1
        groups = [0]
        if (percent := result["percent"]) is not None:
            tenths = round(percent * 10)
            groups += [1] if tenths >= self.high else [2] if tenths <= self.low else []
        marked = [
            (question, score, points(question))
            for question in paper["questions"]
            if (score := result["questions"].get(question["id"], {}).get("score")) is not None
        ]
        most = math.fsum(worth for _question, _score, worth in marked)
        earned = math.fsum(score * worth for _question, score, worth in marked)
        for question, score, worth in marked:
            sums = self._sums.setdefault(question["id"], {}).setdefault(wording(question), _Sums())
            answer = answers.get(question["id"])
            sums.asked += 1
            sums.blank += answer is None
            sums.x += score
            if most > worth:
                rest = (earned - score * worth) / (most - worth)
                sums.paired += 1
                for place, value in enumerate((score, rest, score * score, rest * rest, score * rest)):
                    sums.sums[place] += value
            for group in groups:
                sums.groups[group] += 1
            for option in _chosen(question, answer):
                counts = sums.options.setdefault(option, [0, 0, 0])
                for group in groups:
                    counts[group] += 1

    def figures(self) -> dict[str, Any]:
        """Question id -> wording -> figures."""
        return {key: {said: sums.figures() for said, sums in wordings.items()} for key, wordings in self._sums.items()}


def _chosen(question: Question, answer: Any) -> Iterable[str]:
    """Ids of the options that were chosen, for the kinds that have options."""
    match question["kind"], answer:
        case "single", str():
            return (answer,)
        case "multiple", list():
            return answer
        case "true_false", bool():
            return (str(answer).lower(),)
    return ()


def _reach(counts: list[tuple[int, int]], total: int) -> float:
    """The value at which a third of all is reached."""
    so_far = 0
    for value, count in counts:
        so_far += count
        if so_far >= total * _THIRD:
            return value
    return 0.0


def _handed_in(db: Session) -> Counter[str]:
    """Attempts handed in, by subject; those of a quiz that draws are of its banks as well."""
    rows = db.execute(
        select(CourseVersion.course_id, Attempt.course_version_id, Attempt.lesson_key, func.count())
        .join(CourseVersion, CourseVersion.id == Attempt.course_version_id)
        .where(Attempt.submitted_at.is_not(None))
        .group_by(CourseVersion.course_id, Attempt.course_version_id, Attempt.lesson_key)
    ).all()
    by_place = {(version_id, key): count for _course, version_id, key, count in rows}
    found: Counter[str] = Counter()
    for course_id, _version, key, count in rows:
        found[subject_of_quiz(course_id, key)] += count
    for bank_id in db.scalars(select(QuestionBank.id)).all():
        found[subject_of_bank(bank_id)] = sum(by_place.get(place, 0) for place in _drawing_quizzes(db, bank_id))
    return found


def _attempts_of(db: Session, subject: str) -> list[ColumnElement[bool]]:
    """The attempts handed in that may hold questions of a subject."""
    kind, _sign, rest = subject.partition(":")
    handed_in = Attempt.result.is_not(None), Attempt.submitted_at.is_not(None)
    if kind == "quiz":
        course_id, _sign, lesson_key = rest.partition(":")
        versions = select(CourseVersion.id).where(CourseVersion.course_id == int(course_id))
        return [*handed_in, Attempt.lesson_key == lesson_key, Attempt.course_version_id.in_(versions)]
    places = [
        and_(Attempt.course_version_id == version_id, Attempt.lesson_key == key)
        for version_id, key in _drawing_quizzes(db, int(rest))
    ]
    return [*handed_in, or_(*places) if places else false()]


def _drawing_quizzes(db: Session, bank_id: int) -> Iterator[tuple[int, str]]:
    """(course version, lesson key) of every quiz that ever drew from the bank."""
    key = db.scalar(select(QuestionBank.key).where(QuestionBank.id == bank_id))
    quizzes = db.execute(
        # Few quizzes draw; the others need not be read.
        select(LessonVersion.course_version_id, LessonVersion.key, LessonVersion.quiz).where(
            cast(LessonVersion.quiz, Text).contains('"draw"')
        )
    )
    return ((version_id, lesson_key) for version_id, lesson_key, quiz in quizzes if quiz and key in banks_of(quiz))
