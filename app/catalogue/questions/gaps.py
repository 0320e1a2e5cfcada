"""Texts with gaps: {{1}} is where the answer of the gap “1” goes."""

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from app.catalogue.inline import Said
from app.catalogue.questions.asking import Question, Say
from app.core.i18n import gettext as _

_GAP = re.compile(r"\{\{\s*([A-Za-z0-9]{1,20})\s*\}\}")

T = TypeVar("T")


def names_in(text: str) -> list[str]:
    """The gaps of a text, in its order."""
    return _GAP.findall(text)


def faults(question: Question, known: Mapping[str, Any], field: str) -> list[str]:
    """Every gap stands once in the text and has an entry in the field, and the other way round."""
    names = names_in(question.get("text", ""))
    if not names:
        return [_("Câu hỏi (text) cần ít nhất một chỗ trống, viết {{1}}.")]
    messages = []
    if len(set(names)) < len(names):
        messages.append(_("Mỗi chỗ trống chỉ đứng một lần trong câu hỏi."))
    if missing := sorted(set(names) - set(known)):
        messages.append(_("%(field)s thiếu chỗ trống: %(names)s.", field=field, names=", ".join(missing)))
    if unused := sorted(set(known) - set(names)):
        messages.append(_("Câu hỏi không có chỗ trống: %(names)s.", names=", ".join(unused)))
    return messages


def pieces(text: str, say: Say, gap: Callable[[str, int], T]) -> tuple[Said | T, ...]:
    """The text as a page shows it, with `gap(name, number)` in place of each gap; numbers count from 1."""
    found: list[Said | T] = []
    for place, piece in enumerate(_GAP.split(text)):
        if place % 2:
            found.append(gap(piece, place // 2 + 1))
        elif piece:
            found.append(say(piece))
    return tuple(found)
