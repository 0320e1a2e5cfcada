"""What single and multiple choice share: options with ids that stay the same however they are shuffled."""

from random import Random
from typing import Any

from app.catalogue.questions.asking import (
    Answer,
    Choice,
    Choices,
    Fields,
    Question,
    ReviewedChoice,
    ReviewedChoices,
    Say,
    doubled,
)
from app.core.errors import Invalid
from app.core.i18n import gettext as _


def options_of(question: Question) -> list[dict[str, Any]]:
    """The options in their order; ids come from the author's order and are kept once a paper is frozen."""
    return [
        {**option, "id": option.get("id", f"o{place}"), "right": bool(option.get("right", False))}
        for place, option in enumerate(question["options"], start=1)
    ]


def freeze(question: Question, rng: Random | None) -> Question:
    options = options_of(question)
    return {**question, "options": options if rng is None else rng.sample(options, len(options))}


def ids_in(question: Question, fields: Fields) -> list[str]:
    """The distinct options picked, in the author's order; raises Invalid if one is none of this question."""
    values = set(fields.get("", ()))
    ids = sorted((option["id"] for option in options_of(question)), key=lambda one: (len(one), one))
    if unknown := values - set(ids):
        raise Invalid(_("Câu hỏi này không có lựa chọn “%(option)s”."), option=min(unknown))
    return [one for one in ids if one in values]


def present(question: Question, picked: frozenset[str], say: Say, input_type: str) -> Choices:
    return Choices(
        input_type,
        tuple(Choice(one["id"], say(one["text"]), one["id"] in picked) for one in options_of(question)),
    )


def review(question: Question, picked: frozenset[str], say: Say, input_type: str) -> ReviewedChoices:
    return ReviewedChoices(
        input_type,
        tuple(
            ReviewedChoice(
                one["id"], say(one["text"]), one["id"] in picked, one["right"],
                say(one["feedback"]) if one.get("feedback") else None,
            )
            for one in options_of(question)
        ),
    )  # fmt: skip


def solution(question: Question) -> dict[str, list[str]]:
    return {"": [option["id"] for option in options_of(question) if option["right"]]}


def validate(question: Question) -> list[str]:
    """At least two options, each with a text of its own."""
    options = question.get("options", [])
    if len(options) < 2:
        return [_("Câu hỏi cần ít nhất hai lựa chọn (options).")]
    messages = [
        _("Lựa chọn thứ %(place)s chưa có nội dung (text).", place=place)
        for place, option in enumerate(options, start=1)
        if not option.get("text", "").strip()
    ]
    if text := doubled([option["text"] for option in options if option.get("text", "").strip()]):
        messages.append(_("Hai lựa chọn trùng nhau: “%(text)s”.", text=text))
    return messages


def right_count(question: Question) -> int:
    return sum(option.get("right") is True for option in question["options"])


def picked_one(answer: Answer) -> frozenset[str]:
    return frozenset({answer}) if isinstance(answer, str) else frozenset()


def picked_many(answer: Answer) -> frozenset[str]:
    return frozenset(one for one in answer if isinstance(one, str)) if isinstance(answer, list) else frozenset()
