"""Kinds of quiz questions, each a module of pure functions. Learning and the studio call the functions of this package.

docs/questions.md says what each kind asks, how its quiz file looks and how it is graded. A question is a mapping: first
as its author wrote it, then frozen into a paper (`freeze`), which is all the other functions need.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any, Protocol

from app.catalogue.questions import (
    cloze,
    drag_words,
    essay,
    matching,
    multiple,
    numeric,
    ordering,
    short_text,
    single,
    true_false,
)
from app.catalogue.questions.asking import Answer, Fields, Question, Review, Say, View
from app.catalogue.questions.shape import COMMON, Shape
from app.catalogue.questions.shape import faults as shape_faults
from app.core.i18n import gettext as _


class Kind(Protocol):
    """What a kind of question knows."""

    @property
    def SHAPE(self) -> dict[str, Shape]:  # noqa: N802
        """The fields it has beside those of every question."""

    def validate(self, question: Question) -> list[str]:
        """What is wrong with a question of this shape, in sentences for its author; empty if nothing."""

    def freeze(self, question: Question, rng: Random | None) -> Question:
        """The question for a paper, shuffled by `rng` if the kind allows; None shuffles nothing."""

    def present(self, question: Question, answer: Answer, say: Say) -> View:
        """What an open paper shows; nothing in it may tell what is right."""

    def parse(self, question: Question, fields: Fields) -> Answer:
        """The answer in a form's values; None if empty. Raises Invalid for what no page of ours sends."""

    def grade(self, question: Question, answer: Answer) -> float | None:
        """0 to 1; None if a person must mark it."""

    def review(self, question: Question, answer: Answer, say: Say) -> Review:
        """What the page of a result shows."""

    def solution(self, question: Question) -> dict[str, list[str]]:
        """The form's values, by part, that earn everything."""


KINDS: Mapping[str, Kind] = {
    "single": single, "multiple": multiple, "true_false": true_false, "matching": matching, "ordering": ordering,
    "short_text": short_text, "numeric": numeric, "cloze": cloze, "drag_words": drag_words, "essay": essay,
}  # fmt: skip
# Answered in one's own words.
_WRITTEN = ("short_text", "cloze", "essay")
MOST_POINTS = 100
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
# Stands between a question's id, which has none, and the part of it that a field is for.
_PART = ":"


def shape_of(kind: str) -> dict[str, Shape]:
    """Every field a question of this kind may have; those of all questions for a kind we do not know."""
    return COMMON | (KINDS[kind].SHAPE if kind in KINDS else {})


def validate(question: Question) -> list[str]:
    """Everything wrong with one question, in sentences for its author."""
    messages = []
    if not _text(question, "text"):
        messages.append(_("Câu hỏi chưa có nội dung (text)."))
    if not _text(question, "explanation"):
        messages.append(_("Câu hỏi chưa có lời giải thích (explanation)."))
    kind = KINDS.get(str(question.get("kind")))
    if kind is None:
        return [*messages, _("Loại câu hỏi phải là một trong: %(kinds)s.", kinds=", ".join(KINDS))]
    if wrong := list(shape_faults(question, shape_of(question["kind"]))):
        return messages + wrong
    return messages + _label_faults(question) + kind.validate(question)


def freeze(question: Question, rng: Random | None) -> Question:
    """The question as one learner's paper keeps it; `rng=None` shuffles nothing, and still gives no answer away."""
    return _kind(question).freeze(question, rng)


def present(question: Question, answer: Answer, say: Say) -> View:
    """A frozen question on an open paper, with what was answered so far; it does not know what is right."""
    return _kind(question).present(question, answer, say)


def parse(question: Question, fields: Fields, before: Answer = None) -> Answer:
    """The answer in a form's values; None if nothing was answered. Raises Invalid for what this question lacks.

    `before`: what was answered so far, whose files stay.
    """
    answer = _kind(question).parse(question, fields)
    return essay.with_files(answer, essay.files_of(before)) if essay.takes_files(question) else answer


def grade(question: Question, answer: Answer) -> float | None:
    """0 to 1, or None if it waits for a person; what is missing or no answer to this question earns 0."""
    return _kind(question).grade(question, answer)


def review(question: Question, answer: Answer, say: Say) -> Review:
    """A frozen question with what was right and what was answered."""
    return _kind(question).review(question, answer, say)


def solution(question: Question) -> dict[str, list[str]]:
    """Form values by part that answer a frozen question rightly."""
    return _kind(question).solution(question)


def points(question: Question) -> float:
    """What the whole of it is worth."""
    return question.get("points", 1)  # type: ignore[no-any-return]


def field_name(question_id: str, part: str) -> str:
    """The name of a form's field for one part of a question."""
    return f"{question_id}{_PART}{part}" if part else question_id


def fields_of(question_id: str, form: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    """The values of one question by part; empty if the form does not have it."""
    start = question_id + _PART
    found = {name.removeprefix(start): values for name, values in form.items() if name.startswith(start)}
    return found | {"": form[question_id]} if question_id in form else found


def texts_of(value: Any) -> Iterator[str]:
    """Every text in a question, wherever it stands."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from texts_of(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts_of(one)


def without_texts(paper: Mapping[str, Any], answers: Mapping[str, Answer]) -> dict[str, Answer]:
    """The answers of a paper without those in one's own words: what was chosen names nobody."""
    written = {question["id"] for question in paper["questions"] if question["kind"] in _WRITTEN}
    return {question_id: answer for question_id, answer in answers.items() if question_id not in written}


def _label_faults(question: Question) -> list[str]:
    messages = []
    if not 0 < points(question) <= MOST_POINTS:
        messages.append(_("points phải lớn hơn 0 và nhiều nhất là %(most)s.", most=MOST_POINTS))
    if question.get("difficulty", 1) not in (1, 2, 3):
        messages.append(_("difficulty phải là 1 (dễ), 2 (vừa) hoặc 3 (khó)."))
    messages += [
        _("%(name)s chỉ gồm chữ không dấu, số, chấm và gạch nối, nhiều nhất 40 ký tự.", name=name)
        for name in ("topic", "skill")
        if name in question and not _CODE.fullmatch(question[name])
    ]
    return messages


def _kind(question: Question) -> Kind:
    return KINDS[question["kind"]]


def _text(question: Question, name: str) -> str:
    value: Any = question.get(name)
    return value.strip() if isinstance(value, str) else ""


__all__ = [
    "KINDS",
    "Answer",
    "Fields",
    "Kind",
    "Question",
    "Review",
    "Say",
    "View",
    "field_name",
    "fields_of",
    "freeze",
    "grade",
    "parse",
    "points",
    "present",
    "review",
    "shape_of",
    "solution",
    "texts_of",
    "validate",
    "without_texts",
]
