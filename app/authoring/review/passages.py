"""A lesson cut into the blocks one can comment on, each with its own words. Pure.

A rendered run of text is cut at its outermost elements: paragraphs, headings, lists, tables, call-outs, figures.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lxml import html as markup
from markupsafe import Markup

from app.catalogue.lesson_docs import LessonDoc
from app.catalogue.render import Block, GapBlock, HtmlBlock
from app.core.text import nfc

LONGEST_QUOTE = 400
# What begins and ends a line inside a block: its words must not run into the next.
_APART = ("li", "p", "td", "th", "br", "figcaption", "div")
TEXT, QUESTION = "text", "question:"


@dataclass(frozen=True)
class Passage:
    """`number` counts from 1 through the lesson and its questions. `doc`: the lesson with this block alone."""

    number: int
    place: str
    quote: str
    doc: LessonDoc | None = None

    @property
    def question_id(self) -> str:
        return self.place.removeprefix(QUESTION) if self.place.startswith(QUESTION) else ""


def passages(doc: LessonDoc) -> tuple[Passage, ...]:
    """All of a lesson in its order, then its questions."""
    texts = [
        (TEXT, quote, replace(doc, blocks=(one,), sources=()))
        for block in doc.blocks
        for one, quote in _blocks_of(block)
    ]
    asked = [(f"{QUESTION}{one['id']}", plain(str(one["text"])), None) for one in _questions(doc.quiz)]
    return tuple(Passage(number, *found) for number, found in enumerate((*texts, *asked), start=1))


def find(found: Sequence[Passage], place: str, quote: str) -> Passage | None:
    """Where something said of `quote` belongs now: a question by its id, a block of text by its very words."""
    if place.startswith(QUESTION):
        return next((one for one in found if one.place == place), None)
    return next((one for one in found if one.place == place and one.quote == quote), None)


def plain(text: str) -> str:
    """On one line, cut to what is kept of it."""
    return nfc(re.sub(r"\s+", " ", text).strip())[:LONGEST_QUOTE]


def _blocks_of(block: Block) -> Iterator[tuple[Block, str]]:
    if isinstance(block, GapBlock):
        return
    if not isinstance(block, HtmlBlock):
        yield block, plain(block.title)
        return
    for element in markup.fragments_fromstring(str(block.html)):
        if isinstance(element, str):
            continue
        whole = markup.tostring(element, encoding="unicode", with_tail=False)
        for inner in element.iter(*_APART):
            inner.tail = f" {inner.tail or ''}"
        # A picture is known by what it shows.
        shown = " ".join(image.get("alt") or "" for image in element.iter("img"))
        yield HtmlBlock(Markup(whole)), plain(f"{element.text_content()} {shown}")  # noqa: S704 rendered by us


def _questions(quiz: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    return list(quiz["questions"]) if quiz else []
