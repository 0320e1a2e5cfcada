"""Items to put in order, by giving each its place."""

from itertools import pairwise
from random import Random

from app.catalogue.inline import Said
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
)
from app.catalogue.questions.shape import TEXT, Shape
from app.core.i18n import gettext as _
from app.core.text import whole

SHAPE: dict[str, Shape] = {"items": [TEXT]}
MOST_ITEMS = 12


def validate(question: Question) -> list[str]:
    items = question.get("items", [])
    if not 2 <= len(items) <= MOST_ITEMS:
        return [_("Câu xếp thứ tự (ordering) cần từ 2 đến %(most)s mục (items).", most=MOST_ITEMS)]
    if not all(item.strip() for item in items):
        return [_("Mỗi mục (items) phải có nội dung.")]
    text = doubled(items)
    return [_("Hai mục trùng nhau: “%(text)s”.", text=text)] if text else []


def freeze(question: Question, rng: Random | None) -> Question:
    """Items as they are shown; `place` is the right one, and ids follow the order shown so as not to tell it."""
    right = {text: place for place, text in enumerate(question["items"], start=1)}
    shown = mixed(question["items"], rng)
    return {
        **question,
        "items": [{"id": f"i{n}", "text": text, "place": right[text]} for n, text in enumerate(shown, start=1)],
    }


def present(question: Question, answer: Answer, say: Say) -> Rows:
    given = mapped(answer)
    return Rows(
        _("Thứ tự"),
        tuple(Row(item["id"], say(item["text"]), given.get(item["id"], "")) for item in question["items"]),
        tuple((place, Said.plainly(place)) for place in _places(question)),
        is_exclusive=True,
    )


def parse(question: Question, fields: Fields) -> Answer:
    return chosen_for(fields, {item["id"] for item in question["items"]}, _places(question)) or None


def grade(question: Question, answer: Answer) -> float:
    """Of every two items that follow each other, those given in this order; n items make n - 1 such pairs.

    An item without a place, or sharing one, stands in no order.
    """
    places = [_place(item["id"], answer) for item in sorted(question["items"], key=lambda item: item["place"])]
    kept = sum(first is not None and then is not None and first < then for first, then in pairwise(places))
    return kept / (len(places) - 1)


def review(question: Question, answer: Answer, say: Say) -> ReviewedRows:
    """In the right order, each with the place it was given."""
    rows = []
    for item in sorted(question["items"], key=lambda item: item["place"]):
        given = _place(item["id"], answer)
        rows.append(
            ReviewedRow(
                say(item["text"]), None if given is None else _nth(given),
                _nth(item["place"]), given == item["place"],
            )
        )  # fmt: skip
    return ReviewedRows(tuple(rows))


def solution(question: Question) -> dict[str, list[str]]:
    return {item["id"]: [str(item["place"])] for item in question["items"]}


def _nth(place: int) -> Said:
    return Said.plainly(_("thứ %(place)s", place=place))


def _places(question: Question) -> list[str]:
    return [str(place) for place in range(1, len(question["items"]) + 1)]


def _place(item_id: str, answer: Answer) -> int | None:
    given = mapped(answer).get(item_id, "")
    return whole(given)
