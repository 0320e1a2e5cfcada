"""A word or a few, typed; several spellings may be right."""

from app.catalogue.questions import typed
from app.catalogue.questions.asking import Answer, Fields, Line, Question, ReviewedLine, Say, as_it_is, own_value
from app.catalogue.questions.shape import ACCEPTED, FLAG, NUMBER, Shape
from app.core.i18n import gettext as _

SHAPE: dict[str, Shape] = {"accepted": ACCEPTED, "exact_marks": FLAG, "max_length": NUMBER}

freeze = as_it_is


def validate(question: Question) -> list[str]:
    messages = typed.faults(question.get("accepted", []))
    longest = question.get("max_length", typed.LONGEST)
    if not (isinstance(longest, int) and 1 <= longest <= typed.LONGEST):
        messages.append(_("max_length phải là số nguyên từ 1 đến %(most)s.", most=typed.LONGEST))
    elif not messages and any(len(text) > longest for text, _share in typed.accepted_of(question["accepted"])):
        messages.append(_("Có câu trả lời được nhận dài hơn max_length."))
    return messages


def present(question: Question, answer: Answer, say: Say) -> Line:
    hint = _("Viết đúng dấu. Chữ hoa, chữ thường như nhau.") if question.get("exact_marks") else ""
    return Line(_text(answer), question.get("max_length", typed.LONGEST), hint)


def parse(question: Question, fields: Fields) -> Answer:
    return typed.typed(own_value(fields), question.get("max_length", typed.LONGEST)) or None


def grade(question: Question, answer: Answer) -> float:
    """The credit of the accepted text that was typed."""
    return typed.credit(_text(answer), question["accepted"], exact_marks=question.get("exact_marks", False))


def review(question: Question, answer: Answer, say: Say) -> ReviewedLine:
    return ReviewedLine(_text(answer), typed.best(question["accepted"]), grade(question, answer))


def solution(question: Question) -> dict[str, list[str]]:
    return {"": [typed.best(question["accepted"])[0]]}


def _text(answer: Answer) -> str:
    return answer if isinstance(answer, str) else ""
