"""A question inside a lesson's text, to be tried on the spot: options that open and say whether they are right.

    ::: question
    Tin nhắn nào là giả?

    - [x] Giục chuyển tiền trong 15 phút
    - [ ] Hẹn giờ khám ở trạm y tế

    Kẻ lừa đảo luôn thúc giục để ta không kịp nghĩ.
    :::

Nothing is recorded and no script is needed; what counts stands in the quiz of the lesson.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from markdown_it.token import Token

from app.catalogue.box_words import box_word
from app.catalogue.tokens import raw

NAME = "question"
_MARK = re.compile(r"^\[([xX ])\]\s+")


@dataclass(frozen=True)
class _Parts:
    """What stands in the box: the question, (is right, inline token) of each option, and why."""

    asked: list[Token]
    options: list[tuple[bool, Token]]
    why: list[Token]


def with_questions(tokens: Sequence[Token]) -> list[Token]:
    """The tokens with every question box drawn; one without marked options is a box like any other."""
    shaped: list[Token] = []
    number = 0
    place = 0
    language = "vi"
    while place < len(tokens):
        token = tokens[place]
        if token.type == "language":
            language = token.meta["lang"]
        if token.type != f"container_{NAME}_open":
            shaped.append(token)
            place += 1
            continue
        end = _end(tokens, place)
        number += 1
        title = token.info.strip().removeprefix(NAME).strip() or box_word(NAME, language)
        shaped.append(raw(f'<div class="note ask">\n<p class="name">{escape(title)}</p>\n'))
        shaped += _drawn(_parts(tokens[place + 1 : end]), number, language)
        shaped.append(raw("</div>\n"))
        place = end + 1
    return shaped


def faults(tokens: Sequence[Token]) -> Iterator[int]:
    """Lines, counted from 1, of the boxes that lack two options, a right one, a wrong one or the reason."""
    for place, token in enumerate(tokens):
        if token.type == f"container_{NAME}_open":
            parts = _parts(tokens[place + 1 : _end(tokens, place)])
            verdicts = {right for right, _option in parts.options}
            if verdicts != {True, False} or not parts.why or not parts.asked:
                yield token.map[0] + 1 if token.map else 1


def unmarked(tokens: Sequence[Token]) -> Iterator[Token]:
    """The tokens as a learner reads them: options without the signs that say whether they are right."""
    is_asked = False
    for token in tokens:
        if token.type in (f"container_{NAME}_open", f"container_{NAME}_close"):
            is_asked = token.nesting == 1
        yield _option(token)[1] if is_asked and token.type == "inline" and _MARK.match(token.content) else token


def _end(tokens: Sequence[Token], place: int) -> int:
    level = tokens[place].level
    return next(
        number
        for number in range(place + 1, len(tokens))
        if tokens[number].type == f"container_{NAME}_close" and tokens[number].level == level
    )


def _parts(inner: Sequence[Token]) -> _Parts:
    """The first list whose items are marked holds the options; what follows it says why."""
    opening = next((place for place, token in enumerate(inner) if token.type == "bullet_list_open"), None)
    if opening is None:
        return _Parts(list(inner), [], [])
    level = inner[opening].level
    closing = next(
        place
        for place in range(opening, len(inner))
        if inner[place].type == "bullet_list_close" and inner[place].level == level
    )
    items = [token for token in inner[opening:closing] if token.type == "inline"]
    if not items or not all(_MARK.match(item.content) for item in items):
        return _Parts(list(inner), [], [])
    return _Parts(list(inner[:opening]), [_option(item) for item in items], list(inner[closing + 1 :]))


def _option(item: Token) -> tuple[bool, Token]:
    """The same line without its mark."""
    mark = _MARK.match(item.content)
    assert mark is not None
    children = list(item.children or ())
    first = children[0].copy()
    first.content = first.content[mark.end() :]
    bare = item.copy()
    bare.children = [first, *children[1:]]
    return mark[1] in "xX", bare


def _drawn(parts: _Parts, number: int, language: str) -> Iterator[Token]:
    yield from parts.asked
    for is_right, option in parts.options:
        yield raw(f'<details class="fold" name="hoi-{number}"><summary>')
        yield option
        yield raw(f"</summary>\n<p><b>{box_word('right' if is_right else 'wrong', language)}</b></p>\n")
        if is_right:
            yield from parts.why
        yield raw("</details>\n")
    if not parts.options:
        yield from parts.why
