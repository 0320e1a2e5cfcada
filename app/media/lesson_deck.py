"""From a lesson's Markdown to the slides of a video: headings become titles, steps and bold words become lines.

Nothing is made up: a line is an item, a row, words the author set in bold, or else the first sentence of a paragraph;
what is shown is cut at a word, and the whole text is spoken and captioned. Pure.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import ceil
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

_PICTURES = (".svg", ".png", ".jpg", ".jpeg", ".webp", ".gif")
# What a slide holds at the size of its letters, above the room for captions.
_ROWS = 5
_LETTERS_A_ROW = 36
_LONGEST_LINE = 2 * _LETTERS_A_ROW
_LONGEST_TITLE = 60
_FRONT = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
_BOX = re.compile(r"^:::[ \t]*(?:[a-z]+\b[ \t]*(.*))?$", re.MULTILINE)
_SENTENCE_END = re.compile(r"(?<=[.?!…])\s+|(?<=[.?!…][”\"])\s+")


@dataclass(frozen=True)
class Scene:
    """One slide. `sentences` are spoken while it is shown; `figure` is the name of a picture the lesson shows."""

    title: str
    lines: tuple[str, ...]
    sentences: tuple[str, ...]
    figure: str | None = None


@dataclass(frozen=True)
class _Said:
    """A piece of the text: a line to show, if there is one, and what is said with it."""

    line: str
    sentences: tuple[str, ...]
    figure: str | None = None


@dataclass
class _Section:
    title: str
    said: list[_Said] = field(default_factory=list)


def read_lesson(text: str) -> tuple[str, tuple[str, ...], str]:
    """Title, objectives and Markdown of a lesson's file; the first two are empty where its head does not say them."""
    front = _FRONT.match(text)
    if not front:
        return "", (), text
    try:
        head: Any = yaml.safe_load(front[1])
    except yaml.YAMLError:
        head = None
    head = head if isinstance(head, dict) else {}
    objectives = head.get("objectives")
    goals = tuple(str(one) for one in objectives) if isinstance(objectives, list) else ()
    return str(head.get("title") or ""), goals, text[front.end() :]


def scenes(title: str, objectives: Sequence[str], markdown: str) -> tuple[Scene, ...]:
    """The slides of a lesson, the first with its title and what one will be able to do."""
    goals = [_Said(_short(goal), (_ended(goal),)) for goal in objectives]
    opening = _Section(title, [_Said("", (_ended(title),)), *goals])
    return tuple(scene for section in (opening, *_sections(markdown, title)) for scene in _scenes_of(section))


def _sections(markdown: str, title: str) -> Iterator[_Section]:
    section = _Section(title)
    tokens = MarkdownIt("commonmark").enable("table").parse(_BOX.sub(_box_title, markdown))
    items = place = 0
    while place < len(tokens):
        token = tokens[place]
        if token.type == "heading_open":
            yield section
            heading = _words(tokens[place + 1])
            section = _Section(_short(heading, _LONGEST_TITLE), [_Said("", (_ended(heading),))])
            place += 2
        elif token.type == "tr_open":
            end = _end_of(tokens, place, "tr_close")
            cells = [_words(one) for one in tokens[place:end] if one.type == "inline"]
            if tokens[place + 1].type == "td_open" and any(cells):
                row = ": ".join(cell for cell in (cells[0], "; ".join(filter(None, cells[1:]))) if cell)
                section.said.append(_Said(_short(row), (_ended(row),)))
            place = end
        elif token.type in ("list_item_open", "list_item_close"):
            items += 1 if token.type == "list_item_open" else -1
        elif token.type == "inline":
            section.said += _pieces(token, is_item=items > 0)
        place += 1
    yield section


def _pieces(token: Token, *, is_item: bool) -> Iterator[_Said]:
    children = token.children or []
    for child in children:
        name = unquote(str(child.attrs.get("src", "")))
        if child.type == "image" and PurePosixPath(name).suffix.lower() in _PICTURES:
            told = str(child.attrs.get("title") or "") or child.content
            yield _Said("", _sentences(told), figure=name)
    text = _words(token)
    if not text:
        return
    bold = _bold(children)
    sentences = _sentences(text)
    if is_item:
        yield _Said(_short(bold[0] if bold and text.startswith(bold[0]) else sentences[0]), sentences)
    elif whole := [words for words in bold if words in text]:
        yield from _around_bold(whole, sentences)
    else:
        yield _Said(_short(sentences[0]), sentences)


def _around_bold(bold: Sequence[str], sentences: Sequence[str]) -> Iterator[_Said]:
    """A line for each sentence with bold words: the bold word alone would say little.

    Each line carries its own sentences, so that a slide that ends after it still says something.
    """
    telling = [place for place, one in enumerate(sentences) if any(words in one for words in bold)]
    if not telling:  # bold from one sentence into the next
        yield _Said(_short(bold[-1]), tuple(sentences))
    for start, here, end in zip([0, *telling[1:]], telling, [*telling[1:], len(sentences)], strict=False):
        yield _Said(_short(sentences[here]), tuple(sentences[start:end]))


def _scenes_of(section: _Section) -> Iterator[Scene]:
    """As many slides as its lines need; a picture has a slide of its own."""
    shown: list[_Said] = []
    for piece in section.said:
        if shown and (piece.figure or shown[-1].figure or _rows([*shown, piece]) > _ROWS) and _is_worth_a_slide(shown):
            yield _scene(section.title, shown)
            shown = []
        shown.append(piece)
    if any(piece.sentences for piece in shown):
        yield _scene(section.title, shown)


def _is_worth_a_slide(shown: Sequence[_Said]) -> bool:
    """A heading alone is said with what follows it."""
    return any(piece.line or piece.figure for piece in shown)


def _scene(title: str, shown: Sequence[_Said]) -> Scene:
    return Scene(
        title,
        tuple(piece.line for piece in shown if piece.line),
        tuple(sentence for piece in shown for sentence in piece.sentences),
        next((piece.figure for piece in shown if piece.figure), None),
    )


def _rows(pieces: Sequence[_Said]) -> int:
    return sum(ceil(len(piece.line) / _LETTERS_A_ROW) for piece in pieces)


def _words(token: Token) -> str:
    """Plain words of a line of text; pictures and links give none of their addresses."""
    parts = {"text", "code_inline"}
    said = (
        child.content if child.type in parts else " " if child.type in ("softbreak", "hardbreak") else ""
        for child in token.children or []
    )
    return " ".join("".join(said).split())


def _bold(children: Sequence[Token]) -> list[str]:
    found: list[str] = []
    depth = 0
    for child in children:
        if child.type == "strong_open":
            depth += 1
            found.append("")
        elif child.type == "strong_close":
            depth -= 1
        elif depth and child.type in ("text", "code_inline"):
            found[-1] += child.content
    return [" ".join(words.split()) for words in found if words.strip()]


def _sentences(text: str) -> tuple[str, ...]:
    return tuple(one for one in _SENTENCE_END.split(" ".join(text.split())) if one)


def _short(text: str, most: int = _LONGEST_LINE) -> str:
    """The text in at most so many letters, cut after a whole word and then saying so."""
    text = text.rstrip(" .;:")
    if len(text) <= most:
        return text
    return text[:most].rsplit(" ", 1)[0].rstrip(" ,.;:") + "…"


def _ended(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "?", "!", "…")) else f"{text}."


def _end_of(tokens: Sequence[Token], place: int, kind: str) -> int:
    return next(number for number in range(place, len(tokens)) if tokens[number].type == kind)


def _box_title(found: re.Match[str]) -> str:
    # A call-out's own title is the line its author would show.
    return f"\n**{_ended(found[1])}**\n" if found[1] and found[1].strip() else ""
