"""A lesson in another language, section by section: what is translated, what has changed since, what is missing.

A section is what stands under a heading of the second level, up to the next; what stands before the first is one, too.
Sections, subheadings, videos and documents keep the ids the original gives them, so that links, progress and comments
hold in every language. Pure.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from markdown_it.token import Token

from app.catalogue.box_words import box_word
from app.catalogue.markdown import (
    CALL_OUTS,
    PLAYED,
    Track,
    file_name_of,
    media_kind,
    name_headings,
    parse,
    render_tokens,
    say_in,
)
from app.catalogue.source import LessonSource, TranslationSource, slugify

# The parts a fingerprint can be of, besides sections by their ids; ids of headings never begin with a line.
HEAD, OPENING = "_head", "_opening"
State = Literal["missing", "old", "done"]
_EXPLICIT_ID = re.compile(r"\s*\{#([^\s{}]+)\}\s*$")
_LINES = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")


@dataclass(frozen=True)
class Section:
    """A stretch of a lesson's text, byte for byte, its heading included. `line`: where it begins, counted from 1.

    `is_named`: its heading says its id itself, as in `## Two papers {#hai-to}`.
    """

    id: str
    heading: str
    text: str
    line: int
    is_named: bool = False

    @property
    def body(self) -> str:
        """The text without its heading and the blank lines around."""
        if self.id == OPENING:
            return self.text.strip()
        inside = [token for token in parse(self.text) if token.level == 0 and token.map]
        lines = _LINES.findall(self.text)
        first = inside[0].map
        return "".join(lines[first[1] if first else 0 :]).strip()


@dataclass(frozen=True)
class Part:
    """A section of the original beside its translation; one that has no more than a heading yet counts as missing."""

    original: Section
    translated: Section | None
    state: State


@dataclass(frozen=True)
class Translated:
    """How far a translation is: its parts in the original's order, and what of it has no place there any more."""

    language: str
    head: State
    parts: tuple[Part, ...]
    lost: tuple[Section, ...]

    @property
    def done_count(self) -> int:
        """Sections that are translated, those the original has moved on from included."""
        return sum(part.state != "missing" for part in self.parts)

    @property
    def old_count(self) -> int:
        return sum(part.state == "old" for part in self.parts) + (self.head == "old")


def sections(text: str) -> tuple[Section, ...]:
    """The sections of a lesson or a translation, which together are its text; an opening of blank lines is none."""
    tokens = parse(text)
    taken = _explicit_ids(tokens)
    name_headings(tokens)
    lines = _LINES.findall(text)
    starts = [
        (token.map[0], str(token.attrs["id"]), place)
        for place, token in enumerate(tokens)
        if token.type == "heading_open" and token.tag == "h2" and token.level == 0 and token.map
    ]
    found = []
    if opening := "".join(lines[: starts[0][0] if starts else None]):
        found.append(Section(OPENING, "", opening, 1))
    for number, (start, section_id, place) in enumerate(starts):
        end = starts[number + 1][0] if number + 1 < len(starts) else len(lines)
        heading = _EXPLICIT_ID.sub("", tokens[place + 1].content)
        found.append(Section(section_id, heading, "".join(lines[start:end]), start + 1, section_id in taken))
    return tuple(one for one in found if one.id != OPENING or one.text.strip())


def fingerprint(text: str) -> str:
    """Eight letters and digits that stay as long as the words do; line breaks and spaces do not count."""
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()[:8]


def head_fingerprint(lesson: LessonSource) -> str:
    """Of what stands above the text: title, objectives, role."""
    return fingerprint("\n".join((lesson.title, *lesson.objectives, lesson.role)))


def fingerprints(lesson: LessonSource) -> dict[str, str]:
    """Of every part of the lesson as it is now, by section id."""
    return {HEAD: head_fingerprint(lesson)} | {one.id: fingerprint(one.text) for one in sections(lesson.markdown)}


def translated(lesson: LessonSource, translation: TranslationSource) -> Translated:
    """The translation beside its original. What does not say what it was made from counts as old."""
    made_from = dict(translation.made_from)
    now = fingerprints(lesson)
    own = {one.id: one for one in sections(translation.markdown)}
    has_head = bool(translation.title or translation.objectives or translation.role)

    def state(part: str, *, is_there: bool) -> State:
        return "missing" if not is_there else "done" if made_from.get(part) == now[part] else "old"

    originals = sections(lesson.markdown)
    return Translated(
        translation.language,
        state(HEAD, is_there=has_head),
        tuple(Part(one, own.get(one.id), state(one.id, is_there=_is_there(one, own.get(one.id)))) for one in originals),
        tuple(one for one in own.values() if one.id not in now),
    )


def _is_there(original: Section, own: Section | None) -> bool:
    return own is not None and bool(own.body or not original.body)


def render_translation(
    lesson: LessonSource,
    translation: TranslationSource,
    files: Mapping[str, int],
    tracks: Mapping[str, Mapping[str, Track]],
    pages: Mapping[str, Sequence[str]],
    original_language: str,
) -> list[dict[str, Any]]:
    """The blocks of the whole lesson in the translation's language, the original standing in for what it lacks.

    As `markdown.render_lesson` gives them, each with its "lang", and {"kind": "gap", "why": "missing" | "old"} before a
    section that is not translated, or was made from an older original.
    """
    ids = _ids_by_section(lesson.markdown)
    tokens: list[Token] = []
    for part in translated(lesson, translation).parts:
        original = parse(part.original.text)
        _give_ids(original, ids[part.original.id])
        if part.translated is None or part.state == "missing":
            tokens += [say_in(original_language, "missing"), *original]
            continue
        own = parse(part.translated.text)
        _explicit_ids(own)
        _give_ids(own, ids[part.original.id])
        _name_boxes(own, translation.language)
        tokens.append(say_in(translation.language, "old" if part.state == "old" else ""))
        tokens += _with_same_films(own, original, original_language)
    return render_tokens(tokens, files, tracks, pages)


def carried_over(translation: TranslationSource, before: str, after: str) -> TranslationSource:
    """The translation for a text whose headings were put in other words: the sections keep their places.

    A heading that took the place of another, among as many, is taken for it; what it was made from stays said, so that
    the section counts as old.
    """
    old, new = sections(before), sections(after)
    if len(old) != len(new) or OPENING in ({old[0].id} ^ {new[0].id} if old else set()):
        return translation
    known, there = {one.id for one in old}, {one.id for one in new}
    renamed = {a.id: b.id for a, b in zip(old, new, strict=True) if a.id not in there and b.id not in known}
    if not renamed:
        return translation
    parts = [
        one if one.id not in renamed else replace(one, id=renamed[one.id], text=_renamed(one, renamed[one.id]))
        for one in sections(translation.markdown)
    ]
    made_from = tuple((renamed.get(name, name), said) for name, said in translation.made_from)
    return replace(translation, markdown=joined(parts), made_from=made_from, front_matter="")


def joined(parts: Iterable[Section]) -> str:
    """The text of sections one after another, each beginning on a line of its own."""
    text = ""
    for one in parts:
        text += ("\n" if text.endswith("\n") else "\n\n") if text and not text.endswith("\n\n") else ""
        text += one.text
    return text


def written_section(section_id: str, heading: str, body: str) -> Section:
    """A section from its heading and what stands under it, as somebody typed them."""
    body = body.strip()
    text = body + "\n" if section_id == OPENING else f"## {' '.join(heading.split())} {{#{section_id}}}\n\n{body}\n"
    return Section(section_id, heading, text, 0, True)


def _renamed(section: Section, section_id: str) -> str:
    first, line_break, rest = section.text.partition("\n")
    return f"{_EXPLICIT_ID.sub('', first.rstrip())} {{#{section_id}}}{line_break}{rest}"


def _ids_by_section(text: str) -> dict[str, list[str]]:
    """The ids of all headings of the original, by the section they stand in, in order."""
    tokens = parse(text)
    name_headings(tokens)
    found: dict[str, list[str]] = {OPENING: []}
    here = OPENING
    for token in tokens:
        if token.type == "heading_open":
            heading_id = str(token.attrs["id"])
            if token.tag == "h2" and token.level == 0:
                here = heading_id
            found.setdefault(here, []).append(heading_id)
    return found


def _explicit_ids(tokens: Sequence[Token]) -> set[str]:
    """Take `{#id}` off the headings that bear it and give them that id; returns the ids."""
    found = set()
    for place, token in enumerate(tokens):
        children = tokens[place + 1].children if token.type == "heading_open" else None
        if children and children[-1].type == "text" and (said := _EXPLICIT_ID.search(children[-1].content)):
            children[-1].content = children[-1].content[: said.start()]
            token.attrSet("id", slugify(said[1]) or said[1])
            found.add(str(token.attrs["id"]))
    return found


def _give_ids(tokens: Sequence[Token], ids: Sequence[str]) -> None:
    """The section's heading has its id; subheadings have the original's where there are as many."""
    headings = [token for token in tokens if token.type == "heading_open"]
    is_alike = len(headings) == len(ids)
    for place, heading in enumerate(headings[: len(ids)]):
        if is_alike or place == 0:
            heading.attrSet("id", ids[place])


def _name_boxes(tokens: Iterable[Token], language: str) -> None:
    for token in tokens:
        name = token.type.removeprefix("container_").removesuffix("_open")
        if token.type == f"container_{name}_open" and token.info.strip() == name and name in CALL_OUTS:
            token.info = f"{name} {box_word(name, language)}"


def _with_same_films(own: Sequence[Token], original: Sequence[Token], original_language: str) -> Iterator[Token]:
    """The translated section with exactly the videos, sounds and documents of the original's.

    What a learner has to watch must be there in every language. One the translation forgot stands at its end, one the
    original shows no more is left out.
    """
    wanted = dict(_films(original))
    shown = set()
    place = 0
    while place < len(own):
        name = _film_at(own, place)
        if name:
            if name in wanted and name not in shown:
                shown.add(name)
                yield from own[place : place + 3]
            place += 3
            continue
        yield own[place]
        place += 1
    left = [token for name, figure in wanted.items() if name not in shown for token in figure]
    if left:
        yield say_in(original_language)
        yield from left


def _films(tokens: Sequence[Token]) -> Iterator[tuple[str, Sequence[Token]]]:
    for place in range(len(tokens)):
        if name := _film_at(tokens, place):
            yield name, tokens[place : place + 3]


def _film_at(tokens: Sequence[Token], place: int) -> str:
    """The video, sound or document that alone makes up the paragraph that opens here; empty for any other token."""
    children = tokens[place + 1].children or [] if tokens[place].type == "paragraph_open" else []
    if len(children) == 1 and children[0].type == "image":
        name = file_name_of(children[0])
        return name if media_kind(name) in (*PLAYED, "document") else ""
    return ""
