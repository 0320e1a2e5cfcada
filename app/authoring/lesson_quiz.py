"""The quiz of one lesson as its author changes it: a question more, one less, another order, other rules. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.catalogue.drawing import MOST_DRAWN, THIS, asked_count, draws_of, shortage
from app.catalogue.questions import Question
from app.catalogue.quiz_rules import MOST_ATTEMPTS, MOST_MINUTES, MOST_WAIT_MINUTES, REVIEWS
from app.catalogue.source import CourseSource
from app.core.i18n import gettext as _
from app.core.text import whole

Quiz = Mapping[str, Any]
PASS_PERCENT = 70
# Field of the form -> its greatest value; empty for no limit.
LIMITS = {"time_limit": MOST_MINUTES, "attempts": MOST_ATTEMPTS, "wait": MOST_WAIT_MINUTES}
DRAW_ROWS = 3


@dataclass(frozen=True)
class DrawFields:
    """One line of what is drawn, as typed; a line without a bank is empty."""

    bank: str = ""
    count: str = ""
    topic: str = ""
    difficulty: str = ""


@dataclass(frozen=True)
class QuizFields:
    """The rules of a quiz, as typed. `base_version` is the version the author started from."""

    pass_percent: str = str(PASS_PERCENT)
    shuffle: bool = True
    time_limit: str = ""
    attempts: str = ""
    wait: str = ""
    review: str = REVIEWS[0]
    draws: tuple[DrawFields, ...] = ()
    base_version: int = 0

    @classmethod
    def of_quiz(cls, quiz: Quiz | None, base_version: int) -> "QuizFields":
        if quiz is None:
            return cls(base_version=base_version)
        draws = (
            DrawFields(one["bank"], str(one["count"]), one.get("topic", ""), str(one.get("difficulty", "")))
            for one in draws_of(quiz)
        )
        limits = {name: str(quiz[name]) for name in LIMITS if name in quiz}
        return cls(
            str(quiz["pass_percent"]), quiz.get("shuffle", True), **limits, review=quiz.get("review", REVIEWS[0]),
            draws=tuple(draws), base_version=base_version,
        )  # fmt: skip

    @property
    def draw_rows(self) -> tuple[DrawFields, ...]:
        """What was typed and room for more."""
        return (*self.draws, *[DrawFields()] * max(1, DRAW_ROWS - len(self.draws)))


def with_rules(quiz: Quiz | None, fields: QuizFields, banks: Collection[str]) -> tuple[dict[str, Any], dict[str, str]]:
    """The quiz under these rules, and what is wrong with them by field. `banks`: keys one may draw from."""
    errors: dict[str, str] = {}
    made: dict[str, Any] = {
        "pass_percent": _number(fields.pass_percent, "pass_percent", 100, errors), "shuffle": fields.shuffle,
    }  # fmt: skip
    for name, most in LIMITS.items():
        if typed := getattr(fields, name):
            made[name] = _number(typed, name, most, errors)
    if fields.review in REVIEWS[1:]:
        made["review"] = fields.review
    made["questions"] = list(quiz["questions"]) if quiz else []
    known = {THIS, *banks, *(draw["bank"] for draw in draws_of(quiz or {}))}
    if draws := [_draw(row, known, errors) for row in fields.draws if row.bank]:
        made["draw"] = draws
    if not errors:
        errors = faults(made)
    return made, errors


def faults(quiz: Quiz) -> dict[str, str]:
    """What `courses check` would say of the whole quiz."""
    own = [draw for draw in draws_of(quiz) if draw["bank"] == THIS]
    if lacking := shortage({**quiz, "draw": own}, {}):
        return {"draws": _("Rút nhiều hơn số câu của bài: còn thiếu %(lacking)s câu.", lacking=lacking)}
    if asked_count(quiz) > MOST_DRAWN:
        return {"draws": _("Một đề có nhiều nhất %(most)s câu.", most=MOST_DRAWN)}
    return {}


def with_questions(quiz: Quiz | None, added: Iterable[Question]) -> dict[str, Any]:
    """The quiz, or a new one, with these at its end."""
    base: dict[str, Any] = dict(quiz) if quiz else {"pass_percent": PASS_PERCENT, "shuffle": True, "questions": []}
    return base | {"questions": [*base["questions"], *added]}


def changed(quiz: Quiz, question: Question) -> dict[str, Any]:
    """The quiz with this question in place of the one of the same id."""
    return {**quiz, "questions": [question if one["id"] == question["id"] else one for one in quiz["questions"]]}


def without(quiz: Quiz, question_id: str) -> dict[str, Any] | None:
    """The quiz without that question; None when nothing is left to ask."""
    left = [one for one in quiz["questions"] if one["id"] != question_id]
    return {**quiz, "questions": left} if left or draws_of(quiz) else None


def moved(quiz: Quiz, question_id: str, by: int) -> dict[str, Any]:
    """The quiz with that question so many places further down (up: negative), as far as there are places."""
    asked = list(quiz["questions"])
    place = next((number for number, one in enumerate(asked) if one["id"] == question_id), None)
    if place is not None:
        one = asked.pop(place)
        asked.insert(max(0, place + by), one)
    return {**quiz, "questions": asked}


def new_ids(course: CourseSource, key: str, count: int) -> list[str]:
    """Ids for new questions of that lesson which no other question of the course bears."""
    taken = {
        one["id"]
        for module in course.modules
        for lesson in module.lessons
        for one in (lesson.quiz or {}).get("questions", ())
    }
    found: list[str] = []
    number = 0
    while len(found) < count:
        number += 1
        if (made := f"{key[:30]}-q{number}") not in taken:
            found.append(made)
    return found


def not_there_yet(quiz: Quiz | None, found: Sequence[Question]) -> list[int]:
    """Places in `found` of the questions the quiz does not ask already, in these words: a file read twice adds once."""
    asked = {(one["kind"], one["text"]) for one in (quiz["questions"] if quiz else ())}
    fresh = []
    for place, one in enumerate(found):
        if (said := (one["kind"], one["text"])) not in asked:
            asked.add(said)
            fresh.append(place)
    return fresh


def _number(typed: str, field: str, most: int, errors: dict[str, str]) -> int:
    number = whole(typed)
    if number is None or not 1 <= number <= most:
        errors[field] = _("Hãy ghi một số từ 1 đến %(most)s.", most=most)
        return 1
    return number


def _draw(row: DrawFields, known: Collection[str], errors: dict[str, str]) -> dict[str, Any]:
    if row.bank not in known:
        errors["draws"] = _("Không có ngân hàng câu hỏi ấy. Hãy chọn lại.")
    draw: dict[str, Any] = {"bank": row.bank}
    if row.topic:
        draw["topic"] = row.topic
    if row.difficulty:
        draw["difficulty"] = _number(row.difficulty, "draws", 3, errors)
    return draw | {"count": _number(row.count, "draws", MOST_DRAWN, errors)}
