"""Several right options; every one counts."""

from app.catalogue.questions import option
from app.catalogue.questions.asking import Answer, Choices, Fields, Question, ReviewedChoices, Say
from app.catalogue.questions.option import freeze, solution
from app.catalogue.questions.shape import OPTIONS, Shape
from app.core.i18n import gettext as _

SHAPE: dict[str, Shape] = {"options": OPTIONS}


def validate(question: Question) -> list[str]:
    messages = option.validate(question)
    if not messages and option.right_count(question) == 0:
        messages.append(_("Câu chọn nhiều (multiple) phải có ít nhất một lựa chọn đúng (right: true)."))
    return messages


def present(question: Question, answer: Answer, say: Say) -> Choices:
    return option.present(question, option.picked_many(answer), say, "checkbox")


def parse(question: Question, fields: Fields) -> Answer:
    return option.ids_in(question, fields) or None


def grade(question: Question, answer: Answer) -> float:
    """Partial credit: (right options picked - wrong options picked) / right options, never below 0.

    Picking everything therefore earns no more than guessing: with 2 right of 4, all four give (2 - 2) / 2 = 0.
    """
    picked = option.picked_many(answer)
    options = option.options_of(question)
    rights = sum(one["right"] for one in options)
    points = sum(1 if one["right"] else -1 for one in options if one["id"] in picked)
    return max(points, 0) / rights if rights else 0.0


def review(question: Question, answer: Answer, say: Say) -> ReviewedChoices:
    return option.review(question, option.picked_many(answer), say, "checkbox")


__all__ = ["SHAPE", "freeze", "grade", "parse", "present", "review", "solution", "validate"]
