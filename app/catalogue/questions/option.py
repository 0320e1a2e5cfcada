"""What the kinds share: options with ids that stay the same however they are shuffled."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, TypedDict

from app.core.errors import Invalid
from app.core.i18n import gettext as _

Question = Mapping[str, Any]
Answer = str | bool | list[str] | None


class Option(TypedDict):
    """One option of a frozen paper."""

    id: str
    text: str
    right: bool


@dataclass(frozen=True)
class ReviewedOption:
    """One option on the page that shows a result."""

    id: str
    text: str
    right: bool
    chosen: bool


def options_of(question: Question) -> list[Option]:
    """The options in their order; ids come from the author's order and are kept once a paper is frozen."""
    return [
        Option(id=option.get("id", f"o{place}"), text=option["text"], right=bool(option.get("right", False)))
        for place, option in enumerate(question["options"], start=1)
    ]


def shuffled(options: list[Option], rng: Random | None) -> list[Option]:
    return options if rng is None else rng.sample(options, len(options))


def known_ids(question: Question, values: list[str]) -> list[str]:
    """The distinct values in the author's order of ids; raises Invalid if one names no option of this question."""
    ids = sorted({option["id"] for option in options_of(question)}, key=_number)
    if unknown := set(values) - set(ids):
        raise Invalid(_("Câu hỏi này không có lựa chọn “%(option)s”."), option=min(unknown))
    return [one for one in ids if one in values]


def validate_options(question: Question) -> list[str]:
    """At least two options, each with a text of its own, and `right` only true or false."""
    options = question.get("options")
    if not isinstance(options, list) or len(options) < 2:
        return [_("Câu hỏi cần ít nhất hai lựa chọn (options).")]
    messages = []
    texts = []
    for place, option in enumerate(options, start=1):
        if not isinstance(option, Mapping) or not isinstance(option.get("text"), str) or not option["text"].strip():
            messages.append(_("Lựa chọn thứ %(place)s chưa có nội dung (text).", place=place))
            continue
        if not isinstance(option.get("right", False), bool):
            messages.append(_("Lựa chọn thứ %(place)s: right phải là true hoặc false.", place=place))
        if extra := set(option) - {"text", "right"}:
            messages.append(
                _(
                    "Lựa chọn thứ %(place)s có trường lạ: %(names)s.",
                    place=place,
                    names=", ".join(sorted(map(str, extra))),
                )
            )
        texts.append(" ".join(option["text"].split()).casefold())
    messages += [
        _("Hai lựa chọn trùng nhau: “%(text)s”.", text=text) for text, count in Counter(texts).items() if count > 1
    ]
    return messages


def right_count(question: Question) -> int:
    options = question.get("options")
    found = options if isinstance(options, list) else []
    return sum(1 for option in found if isinstance(option, Mapping) and option.get("right") is True)


def _number(option_id: str) -> tuple[int, str]:
    return len(option_id), option_id
