"""Pairs: what belongs to what."""

from random import Random

from app.catalogue.questions.asking import (
    Answer,
    Fields,
    Question,
    ReviewedRow,
    ReviewedRows,
    Row,
    Rows,
    Say,
    chosen_for,
    doubled,
    mapped,
    mixed,
    same_text,
)
from app.catalogue.questions.shape import TEXT, Shape
from app.core.i18n import gettext as _

SHAPE: dict[str, Shape] = {"pairs": [{"left": TEXT, "right": TEXT}], "distractors": [TEXT]}
# Each has a letter where its choices hold pictures.
MOST_CHOICES = 26


def validate(question: Question) -> list[str]:
    pairs = question.get("pairs", [])
    if len(pairs) < 2:
        return [_("Câu ghép cặp (matching) cần ít nhất hai cặp (pairs).")]
    messages = [
        _("Cặp thứ %(place)s cần cả left và right.", place=place)
        for place, pair in enumerate(pairs, start=1)
        if not pair.get("left", "").strip() or not pair.get("right", "").strip()
    ]
    if messages:
        return messages
    if text := doubled([pair["left"] for pair in pairs]):
        messages.append(_("Hai cặp có cùng vế trái: “%(text)s”.", text=text))
    distractors = question.get("distractors", [])
    rights = {same_text(pair["right"]) for pair in pairs}
    if len(rights | {same_text(one) for one in distractors}) < 2:
        messages.append(_("Câu ghép cặp (matching) cần ít nhất hai vế phải khác nhau."))
    if len(pairs) + len(distractors) > MOST_CHOICES:
        messages.append(_("Câu ghép cặp (matching) có nhiều nhất %(most)s vế phải.", most=MOST_CHOICES))
    messages += [
        _("“%(text)s” vừa là đáp án vừa là mồi nhử (distractors).", text=text)
        for text in distractors
        if same_text(text) in rights
    ]
    return messages


def freeze(question: Question, rng: Random | None) -> Question:
    """Choices are numbered as they are shown, so that a number does not tell which row it belongs to."""
    texts = mixed([*(pair["right"] for pair in question["pairs"]), *question.get("distractors", [])], rng)
    return {
        **question,
        "pairs": [{**pair, "id": f"p{place}"} for place, pair in enumerate(question["pairs"], start=1)],
        "choices": [{"id": f"c{place}", "text": text} for place, text in enumerate(texts, start=1)],
    }


def present(question: Question, answer: Answer, say: Say) -> Rows:
    given = mapped(answer)
    return Rows(
        _("Ghép với"),
        tuple(Row(pair["id"], say(pair["left"]), given.get(pair["id"], "")) for pair in question["pairs"]),
        tuple((choice["id"], say(choice["text"])) for choice in question["choices"]),
    )


def parse(question: Question, fields: Fields) -> Answer:
    parts = {pair["id"] for pair in question["pairs"]}
    return chosen_for(fields, parts, {choice["id"] for choice in question["choices"]}) or None


def grade(question: Question, answer: Answer) -> float:
    """Right pairs / pairs."""
    given, texts = mapped(answer), _texts(question)
    rights: int = sum(texts.get(given.get(pair["id"], "")) == pair["right"] for pair in question["pairs"])
    return rights / len(question["pairs"])


def review(question: Question, answer: Answer, say: Say) -> ReviewedRows:
    given, texts = mapped(answer), _texts(question)
    rows = []
    for pair in question["pairs"]:
        text = texts.get(given.get(pair["id"], ""))
        rows.append(
            ReviewedRow(
                say(pair["left"]), None if text is None else say(text), say(pair["right"]), text == pair["right"]
            )
        )
    return ReviewedRows(tuple(rows))


def solution(question: Question) -> dict[str, list[str]]:
    ids = {text: choice_id for choice_id, text in _texts(question).items()}
    return {pair["id"]: [ids[pair["right"]]] for pair in question["pairs"]}


def _texts(question: Question) -> dict[str, str]:
    return {choice["id"]: choice["text"] for choice in question["choices"]}
