"""Gaps in a text, to type into or to choose for."""

from collections.abc import Mapping
from random import Random
from typing import Any

from app.catalogue.questions import gaps, typed
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
    doubled,
    mapped,
    mixed,
)
from app.catalogue.questions.shape import ACCEPTED, ANY, FLAG, TEXT, Shape
from app.core.errors import Invalid
from app.core.i18n import gettext as _

SHAPE: dict[str, Shape] = {"gaps": {ANY: {"accepted": ACCEPTED, "options": [TEXT], "right": TEXT, "exact_marks": FLAG}}}


def validate(question: Question) -> list[str]:
    known = question.get("gaps", {})
    messages = gaps.faults(question, known, "gaps")
    for name, gap in known.items():
        messages += [_("Chỗ trống %(name)s: %(fault)s", name=name, fault=fault) for fault in _gap_faults(gap)]
    return messages


def freeze(question: Question, rng: Random | None) -> Question:
    """Options of a gap are numbered as they are shown, so that a number does not tell the right one."""
    return {**question, "gaps": {name: _frozen(gap, rng) for name, gap in question["gaps"].items()}}


def present(question: Question, answer: Answer, say: Say) -> Gaps:
    given = mapped(answer)

    def gap(name: str, number: int) -> Gap:
        options = question["gaps"][name].get("options", [])
        return Gap(name, number, given.get(name, ""), tuple((one["id"], one["text"]) for one in options))

    return Gaps(_("Điền vào các chỗ trống."), gaps.pieces(question["text"], say, gap))


def parse(question: Question, fields: Fields) -> Answer:
    found: dict[str, str] = {}
    for name, values in fields.items():
        gap = question["gaps"].get(name)
        if gap is None or len(values) > 1:
            raise Invalid(_("Câu hỏi này không có chỗ trả lời “%(part)s”."), part=name)
        if "options" in gap:
            found |= chosen_for({name: values}, {name}, {one["id"] for one in gap["options"]})
        elif values and (text := typed.typed(values[0])):
            found[name] = text
    return found or None


def grade(question: Question, answer: Answer) -> float:
    """The mean over the gaps."""
    given = mapped(answer)
    return sum(_credit(gap, given.get(name, "")) for name, gap in question["gaps"].items()) / len(question["gaps"])


def review(question: Question, answer: Answer, say: Say) -> ReviewedGaps:
    given = mapped(answer)

    def gap(name: str, number: int) -> ReviewedGap:
        asked, value = question["gaps"][name], given.get(name, "")
        if "options" not in asked:
            return ReviewedGap(number, value, typed.best(asked["accepted"])[0], _credit(asked, value))
        texts = {one["id"]: one["text"] for one in asked["options"]}
        return ReviewedGap(number, texts.get(value, ""), texts[_right(asked)], _credit(asked, value))

    return ReviewedGaps(_("Điền vào các chỗ trống."), gaps.pieces(question["text"], say, gap))


def solution(question: Question) -> dict[str, list[str]]:
    return {
        name: [_right(gap) if "options" in gap else typed.best(gap["accepted"])[0]]
        for name, gap in question["gaps"].items()
    }


def _gap_faults(gap: Mapping[str, Any]) -> list[str]:
    if "options" not in gap:
        return typed.faults(gap.get("accepted", []))
    if "accepted" in gap:
        return [_("chỉ dùng một trong hai: accepted hoặc options.")]
    options = gap["options"]
    if len(options) < 2 or not all(one.strip() for one in options):
        return [_("cần ít nhất hai lựa chọn (options) có chữ.")]
    messages = []
    if gap.get("right") not in options:
        messages.append(_("right phải là một trong các lựa chọn (options)."))
    if text := doubled(options):
        messages.append(_("Hai lựa chọn trùng nhau: “%(text)s”.", text=text))
    return messages


def _frozen(gap: Mapping[str, Any], rng: Random | None) -> dict[str, Any]:
    if "options" not in gap:
        return dict(gap)
    shown = mixed(gap["options"], rng)
    options = [{"id": f"g{n}", "text": text, "right": text == gap["right"]} for n, text in enumerate(shown, start=1)]
    return {**gap, "options": options}


def _right(gap: Mapping[str, Any]) -> str:
    return str(next(one["id"] for one in gap["options"] if one["right"]))


def _credit(gap: Mapping[str, Any], value: str) -> float:
    if "options" in gap:
        return float(value == _right(gap))
    return typed.credit(value, gap["accepted"], exact_marks=gap.get("exact_marks", False))
