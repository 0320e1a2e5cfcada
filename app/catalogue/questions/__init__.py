"""Kinds of quiz questions, each a module of pure functions. Learning and the studio call the functions of this package.

A question is the mapping of the quiz file: {"id", "kind", "text", "explanation"} and, by kind, "options": [{"text",
"right"}] or "answer": true | false. An answer is what JSON can hold; None means nothing was answered.
"""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, Protocol

from app.catalogue.questions import multiple, single, true_false
from app.catalogue.questions.option import Answer, Option, Question, ReviewedOption
from app.core.errors import Invalid
from app.core.i18n import gettext as _


class Kind(Protocol):
    """What a kind of question knows."""

    @property
    def INPUT_TYPE(self) -> str:  # noqa: N802
        """`radio` or `checkbox`: how its options are offered on a page."""

    def validate(self, question: Question) -> list[str]:
        """What is wrong with it, in sentences for its author; empty if nothing."""

    def present(self, question: Question, rng: Random | None) -> list[Option]:
        """Its options in the order to show, shuffled by `rng` if the kind allows."""

    def parse(self, question: Question, values: Sequence[str]) -> Answer:
        """The answer in a form's values; None if empty. Raises Invalid for what no page of ours sends."""

    def grade(self, question: Question, answer: Answer) -> float:
        """0 to 1."""

    def chosen(self, answer: Answer) -> frozenset[str]:
        """Ids of the options the answer picks."""


KINDS: Mapping[str, Kind] = {"single": single, "multiple": multiple, "true_false": true_false}


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
    return messages + kind.validate(question)


def present(question: Question, rng: Random | None) -> list[Option]:
    """The options as they are shown, to be frozen into an attempt's paper; `rng=None` keeps the author's order."""
    return _kind(question).present(question, rng)


def parse(question: Question, values: Sequence[str]) -> Answer:
    """The answer in a form's values; None if nothing was chosen. Raises Invalid for options this question lacks."""
    return _kind(question).parse(question, values)


def grade(question: Question, answer: Answer) -> float:
    """0 to 1; what is missing or no answer to this question earns 0. Takes the question as authored or as frozen."""
    try:
        return _kind(question).grade(question, answer)
    except Invalid:
        return 0.0


def describe(question: Question, answer: Answer) -> list[ReviewedOption]:
    """Each option of a frozen question with what was right and what was chosen, in the order it was shown."""
    kind = _kind(question)
    chosen = kind.chosen(answer)
    return [
        ReviewedOption(id=option["id"], text=option["text"], right=option["right"], chosen=option["id"] in chosen)
        for option in kind.present(question, None)
    ]


def input_type(question: Question) -> str:
    """`radio` or `checkbox`."""
    return _kind(question).INPUT_TYPE


def _kind(question: Question) -> Kind:
    return KINDS[question["kind"]]


def _text(question: Question, name: str) -> str:
    value: Any = question.get(name)
    return value.strip() if isinstance(value, str) else ""


__all__ = [
    "KINDS",
    "Answer",
    "Kind",
    "Option",
    "Question",
    "ReviewedOption",
    "describe",
    "grade",
    "input_type",
    "parse",
    "present",
    "validate",
]
