"""Gaps in a text, to fill from one box of words; a word may serve more than one gap."""

from random import Random

from app.catalogue.questions import gaps
from app.catalogue.questions.asking import (
    Answer,
    Fields,
    Gap,
    Gaps,
    Question,
    ReviewedGap,
    ReviewedGaps,
    Say,
    chosen_for,
    mapped,
    mixed,
    same_text,
)
from app.catalogue.questions.shape import ANY, TEXT, Shape
from app.core.i18n import gettext as _

SHAPE: dict[str, Shape] = {"words": {ANY: TEXT}, "distractors": [TEXT]}


def validate(question: Question) -> list[str]:
    words, distractors = question.get("words", {}), question.get("distractors", [])
    messages = gaps.faults(question, words, "words")
    if not all(word.strip() for word in (*words.values(), *distractors)):
        messages.append(_("Mỗi từ (words, distractors) phải có chữ."))
    rights = {same_text(word) for word in words.values()}
    messages += [
        _("“%(text)s” vừa là đáp án vừa là mồi nhử (distractors).", text=word)
        for word in distractors
        if same_text(word) in rights
    ]
    if len(rights | {same_text(word) for word in distractors}) < 2:
        messages.append(_("Câu kéo từ (drag_words) cần ít nhất hai từ khác nhau."))
    return messages


def freeze(question: Question, rng: Random | None) -> Question:
    """The box of words, numbered as it is shown, so that a number does not tell the gap."""
    shown = mixed([*question["words"].values(), *question.get("distractors", [])], rng)
    return {**question, "choices": [{"id": f"w{n}", "text": text} for n, text in enumerate(shown, start=1)]}


def present(question: Question, answer: Answer, say: Say) -> Gaps:
    given = mapped(answer)
    words = tuple((one["id"], one["text"]) for one in question["choices"])
    pieces = gaps.pieces(question["text"], say, lambda name, number: Gap(name, number, given.get(name, ""), words))
    return Gaps(_("Đặt từ vào các chỗ trống."), pieces, words)


def parse(question: Question, fields: Fields) -> Answer:
    return chosen_for(fields, set(question["words"]), {one["id"] for one in question["choices"]}) or None


def grade(question: Question, answer: Answer) -> float:
    """The mean over the gaps."""
    given, texts, words = mapped(answer), _texts(question), question["words"]
    rights: int = sum(texts.get(given.get(name, "")) == word for name, word in words.items())
    return rights / len(words)


def review(question: Question, answer: Answer, say: Say) -> ReviewedGaps:
    given, texts = mapped(answer), _texts(question)

    def gap(name: str, number: int) -> ReviewedGap:
        text, right = texts.get(given.get(name, ""), ""), question["words"][name]
        return ReviewedGap(number, text, right, float(text == right))

    return ReviewedGaps(_("Đặt từ vào các chỗ trống."), gaps.pieces(question["text"], say, gap))


def solution(question: Question) -> dict[str, list[str]]:
    ids = {text: word_id for word_id, text in _texts(question).items()}
    return {name: [ids[word]] for name, word in question["words"].items()}


def _texts(question: Question) -> dict[str, str]:
    return {one["id"]: one["text"] for one in question["choices"]}
