"""Two authors at one lesson: what both wrote is put together piece by piece; where both changed the same, one chooses.

The text is merged by paragraphs (three-way, as version control merges lines), the other fields one by one. Pure.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Any, Literal

from app.authoring.lesson_form import LessonFields

Pick = Literal["mine", "theirs", "both"]
PICKS: tuple[Pick, ...] = ("mine", "theirs", "both")
# Of one line each; of sources the whole list is taken.
_FIELDS = ("title", "minutes", "role")
_LISTS = ("objectives",)


@dataclass(frozen=True)
class Clash:
    """One place both changed. `field`: body or the name of another field; `key` names this very clash in the form."""

    field: str
    mine: str
    theirs: str

    @property
    def key(self) -> str:
        said = "\0".join((self.field, self.mine, self.theirs))
        return hashlib.sha256(said.encode()).hexdigest()[:16]

    @property
    def may_be_both(self) -> bool:
        return self.field in ("body", *_LISTS)


@dataclass(frozen=True)
class Merged:
    """The fields put together as far as it is decided, and what is still to be chosen."""

    fields: LessonFields
    clashes: tuple[Clash, ...]


@dataclass(frozen=True)
class _Piece:
    """A run of lines: agreed upon, or a clash of two."""

    lines: tuple[str, ...]
    other: tuple[str, ...] | None = None


def merge(
    base: LessonFields, mine: LessonFields, theirs: LessonFields, picks: Mapping[str, str]
) -> Merged:  # fmt: skip
    """What I typed and what was saved meanwhile, both begun from `base`. `picks`: what was chosen, by a clash's key.

    A place still to be chosen holds mine in `fields`.
    """
    clashes: list[Clash] = []
    found: dict[str, Any] = {}
    for name in _FIELDS:
        found[name] = _value(name, getattr(base, name), getattr(mine, name), getattr(theirs, name), picks, clashes)
    for name in _LISTS:
        lines = _lines(getattr(base, name)), _lines(getattr(mine, name)), _lines(getattr(theirs, name))
        found[name] = "\n".join(_text(name, lines, "\n", picks, clashes))
    three = blocks(base.body), blocks(mine.body), blocks(theirs.body)
    found["body"] = "\n\n".join(_text("body", three, "\n\n", picks, clashes))
    sources = mine.sources if mine.sources != base.sources or theirs.sources == base.sources else theirs.sources
    if mine.sources != base.sources and theirs.sources != base.sources:
        # Nobody loses a source: what either has, mine first.
        sources = (*mine.sources, *(one for one in theirs.sources if one not in (*mine.sources, *base.sources)))
    return Merged(replace(mine, sources=sources, **found), tuple(clashes))


def _value(
    field: str, base: str, mine: str, theirs: str, picks: Mapping[str, str], clashes: list[Clash]
) -> str:  # fmt: skip
    if mine == theirs or theirs == base:
        return mine
    if mine == base:
        return theirs
    clash = Clash(field, mine, theirs)
    pick = picks.get(clash.key)
    if pick not in ("mine", "theirs"):
        clashes.append(clash)
    return theirs if pick == "theirs" else mine


def _text(
    field: str, three: tuple[Sequence[str], Sequence[str], Sequence[str]], between: str, picks: Mapping[str, str],
    clashes: list[Clash],
) -> Iterator[str]:  # fmt: skip
    """`three`: the pieces of base, mine and theirs."""
    for piece in _merged(*three):
        if piece.other is None:
            yield from piece.lines
            continue
        clash = Clash(field, between.join(piece.lines), between.join(piece.other))
        pick = picks.get(clash.key)
        if pick not in PICKS:
            clashes.append(clash)
        if pick != "theirs":
            yield from piece.lines
        if pick in ("theirs", "both"):
            yield from piece.other


def _merged(base: Sequence[str], mine: Sequence[str], theirs: Sequence[str]) -> Iterator[_Piece]:
    """Between places where all three agree, the side that changed wins; a clash where both did, differently."""
    at = at_mine = at_theirs = 0
    for start, in_mine, in_theirs, length in _agreed(base, mine, theirs):
        yield from _decided(base[at:start], mine[at_mine:in_mine], theirs[at_theirs:in_theirs])
        if length:
            yield _Piece(tuple(base[start : start + length]))
        at, at_mine, at_theirs = start + length, in_mine + length, in_theirs + length


def _decided(base: Sequence[str], mine: Sequence[str], theirs: Sequence[str]) -> Iterator[_Piece]:
    if mine == theirs or theirs == base:
        chosen = mine
    elif mine == base:
        chosen = theirs
    elif not base:
        # Both added something at the same place: neither took anything from the other.
        chosen = [*theirs, *(line for line in mine if line not in theirs)]
    elif len(base) > 1 and _is_in_step(base, mine) and _is_in_step(base, theirs):
        # Neighbours were changed, and none came or went.
        for place in range(len(base)):
            yield from _decided(*(side[place : place + 1] for side in (base, mine, theirs)))
        return
    else:
        yield _Piece(tuple(mine), tuple(theirs))
        return
    if chosen:
        yield _Piece(tuple(chosen))


def _is_in_step(base: Sequence[str], side: Sequence[str]) -> bool:
    """Whether each line of the side is what became of the one at its place."""
    acts = SequenceMatcher(None, base, side, autojunk=False).get_opcodes()
    return all(act in ("equal", "replace") and i2 - i1 == j2 - j1 for act, i1, i2, j1, j2 in acts)


def _agreed(
    base: Sequence[str], mine: Sequence[str], theirs: Sequence[str]
) -> list[tuple[int, int, int, int]]:  # fmt: skip
    """(start in base, in mine, in theirs, length) of the runs all three share, in order; an empty one at the end."""
    ours = SequenceMatcher(None, base, mine, autojunk=False).get_matching_blocks()
    others = SequenceMatcher(None, base, theirs, autojunk=False).get_matching_blocks()
    found = []
    a = b = 0
    while a < len(ours) and b < len(others):
        one, other = ours[a], others[b]
        start, end = max(one.a, other.a), min(one.a + one.size, other.a + other.size)
        if start < end:
            found.append((start, one.b + start - one.a, other.b + start - other.a, end - start))
        if one.a + one.size < other.a + other.size:
            a += 1
        else:
            b += 1
    return [*found, (len(base), len(mine), len(theirs), 0)]


def blocks(text: str) -> list[str]:
    """Paragraphs; an empty line ends one."""
    return [block for block in re.split(r"\n[ \t]*\n+", text.replace("\r\n", "\n").strip("\n")) if block.strip()]


def _lines(text: str) -> list[str]:
    return [line for line in text.replace("\r\n", "\n").splitlines() if line.strip()]
