"""One right option among several."""

from app.catalogue.questions import option
from app.catalogue.questions.asking import Answer, Choices, Fields, Question, ReviewedChoices, Say
from app.catalogue.questions.option import freeze, solution
from app.catalogue.questions.shape import OPTIONS, Shape
from app.core.errors import Invalid
from app.core.i18n import gettext as _

SHAPE: dict[str, Shape] = {"options": OPTIONS}


def validate(question: Question) -> list[str]:
    messages = option.validate(question)
    if not messages and option.right_count(question) != 1:
        messages.append(_("Câu chọn một (single) phải có đúng một lựa chọn đúng (right: true)."))
    return messages


def present(question: Question, answer: Answer, say: Say) -> Choices:
    return option.present(question, option.picked_one(answer), say, "radio")


def parse(question: Question, fields: Fields) -> Answer:
    ids = option.ids_in(question, fields)
    if len(ids) > 1:
        raise Invalid(_("Câu này chỉ chọn một ý."))
    return ids[0] if ids else None


def grade(question: Question, answer: Answer) -> float:
    """1 for the right option, 0 for any other or none."""
    return float(any(one["right"] and one["id"] == answer for one in option.options_of(question)))


def review(question: Question, answer: Answer, say: Say) -> ReviewedChoices:
    return option.review(question, option.picked_one(answer), say, "radio")


__all__ = ["SHAPE", "freeze", "grade", "parse", "present", "review", "solution", "validate"]
