"""Words and sentences of a lesson. Pure. A Vietnamese "word" here is a syllable between spaces, as people count."""

import itertools
import re
from collections.abc import Iterator

from markdown_it.token import Token

from app.catalogue import asides
from app.catalogue.markdown import parse, plain_texts

_SENTENCE_END = re.compile(r"(?<=[.!?…])[”\")]*\s+")
_WORD = re.compile(r"[\w/]+")
# Labels in tables and headings are no sentences: they would make any text look easy.
_LABELS = ("th_open", "td_open", "heading_open")


def words_of(text: str) -> list[str]:
    """In lower case, without punctuation."""
    return _WORD.findall(text.lower())


def count_words(markdown: str) -> int:
    """Everything a learner reads: paragraphs, lists, headings and tables."""
    return sum(len(words_of(text)) for _line, text in plain_texts(_read(markdown)))


def sentences(markdown: str) -> Iterator[tuple[int, str]]:
    """(line, sentence) of paragraphs and list items; lines count from 1 and are those the paragraph begins on."""
    for line, paragraph in paragraphs(markdown):
        for sentence in _SENTENCE_END.split(paragraph):
            if words_of(sentence):
                yield line, sentence


def paragraphs(markdown: str) -> Iterator[tuple[int, str]]:
    """(line, paragraph or list item), without labels and what is said of pictures."""
    tokens = _read(markdown)
    prose = [
        token
        for before, token in itertools.pairwise(tokens)
        if token.type == "inline" and before.type not in _LABELS and not _is_picture(token)
    ]
    yield from plain_texts(prose)


def _read(markdown: str) -> list[Token]:
    return list(asides.unmarked(parse(markdown)))


def _is_picture(paragraph: Token) -> bool:
    """What a picture shows may take a list of many parts; it is judged by itself."""
    return [child.type for child in paragraph.children or ()] == ["image"]
