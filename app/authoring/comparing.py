"""Two texts of one lesson side by side: which words went and which came. Pure."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby
from typing import Any, Literal

from app.authoring.merging import blocks
from app.catalogue.source import LessonSource
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.media.languages import language_name

Kind = Literal["same", "added", "removed"]
# A paragraph that keeps this share of its words was changed; one that keeps less was written anew.
_ALIKE = 0.5
# Beyond these a comparison would cost seconds; whole paragraphs are shown instead.
_MOST_WORDS = 1500
_MOST_PAIRS = 10_000
_LONG = 3
_TOKEN = re.compile(r"\n|[^\s]+")
PART_NAMES = {
    "title": lazy("Tên bài"), "minutes": lazy("Thời lượng (phút)"), "is_required": lazy("Bắt buộc hay tự chọn"),
    "objectives": lazy("Học xong, người học làm được gì?"), "role": lazy("Nhân vật của bài"),
    "body": lazy("Chữ của bài"), "files": lazy("Tệp của bài"), "sources": lazy("Nguồn"),
    "translations": lazy("Bản dịch"),
    "quiz": lazy("Câu hỏi cuối bài"), "other": lazy("Cách tính điểm, cách tính xong bài"),
}  # fmt: skip
# What a question says to the program, not to people.
_UNSAID = frozenset({"id", "kind", "topic", "skill"})


@dataclass(frozen=True)
class Run:
    """Words in a row of one fate; a line break counts as a word."""

    kind: Kind
    text: str


@dataclass(frozen=True)
class Line:
    """A paragraph, or one line of a list. `kind`: same, added, removed, or changed when its runs differ."""

    kind: Literal["same", "added", "removed", "changed"]
    runs: tuple[Run, ...]


@dataclass(frozen=True)
class Stretch:
    """Lines in a row, all unchanged or none; a reader may want to pass over a long unchanged one."""

    lines: tuple[Line, ...]

    @property
    def is_long(self) -> bool:
        return self.lines[0].kind == "same" and len(self.lines) >= _LONG


@dataclass(frozen=True)
class Part:
    """A field of the lesson that differs, by its name in the lesson form (or quiz, is_required, files, other)."""

    name: str
    lines: tuple[Line, ...]

    @property
    def stretches(self) -> tuple[Stretch, ...]:
        return tuple(Stretch(tuple(lines)) for _same, lines in groupby(self.lines, lambda line: line.kind == "same"))


def compare(before: LessonSource, after: LessonSource) -> tuple[Part, ...]:
    """The parts that differ, in the order of the lesson; `other` without lines where it is nothing one reads."""
    old, new = _said(before, {}), _said(after, _files(before))
    parts = tuple(Part(name, tuple(lines(old[name], new[name]))) for name in old if old[name] != new[name])
    differs = (before.completion, before.quiz) != (after.completion, after.quiz)
    return parts or ((Part("other", ()),) if differs else ())


def lines(before: Sequence[str], after: Sequence[str]) -> Iterator[Line]:
    """Every paragraph of both, the unchanged ones too."""
    for act, i1, i2, j1, j2 in SequenceMatcher(None, before, after).get_opcodes():
        if act == "equal":
            yield from (_whole("same", text) for text in before[i1:i2])
        elif (i2 - i1) * (j2 - j1) > _MOST_PAIRS:
            yield from (_whole("removed", text) for text in before[i1:i2])
            yield from (_whole("added", text) for text in after[j1:j2])
        else:
            yield from _paired(before[i1:i2], after[j1:j2])


def _paired(before: Sequence[str], after: Sequence[str]) -> Iterator[Line]:
    """Each paragraph that went beside the one it became, if it became one."""
    start = 0
    words = [Counter(_TOKEN.findall(text)) for text in after]
    for text in before:
        own = Counter(_TOKEN.findall(text))
        best = max(range(start, len(after)), key=lambda place: _likeness(own, words[place]), default=None)
        if best is None or _likeness(own, words[best]) < _ALIKE:
            yield _whole("removed", text)
            continue
        yield from (_whole("added", one) for one in after[start:best])
        yield Line("changed", tuple(_runs(text, after[best])))
        start = best + 1
    yield from (_whole("added", one) for one in after[start:])


def _likeness(one: Counter[str], other: Counter[str]) -> float:
    """Share of the words both have, 0 to 1."""
    return 2 * (one & other).total() / max(1, one.total() + other.total())


def _runs(before: str, after: str) -> Iterator[Run]:
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    if max(len(old), len(new)) > _MOST_WORDS:
        yield from (Run("removed", before), Run("added", after))
        return
    for act, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if act == "equal":
            yield Run("same", " ".join(old[i1:i2]))
            continue
        if i1 < i2:
            yield Run("removed", " ".join(old[i1:i2]))
        if j1 < j2:
            yield Run("added", " ".join(new[j1:j2]))


def _whole(kind: Kind, text: str) -> Line:
    return Line(kind, (Run(kind, text),))


def _files(lesson: LessonSource) -> dict[str, int | None]:
    """Everything the lesson shows or lets hear, by name."""
    shown = {file.name: file.asset_id for file in lesson.files}
    return shown | {lesson.recording_name(one): one.asset_id for one in lesson.recordings}


def _said(lesson: LessonSource, earlier: Mapping[str, int | None]) -> dict[str, list[str]]:
    """What a lesson says, field by field, as lines. `earlier`: assets a file's name stood for before."""
    return {
        "title": [lesson.title],
        "minutes": [str(lesson.minutes)],
        "is_required": [_("Bài bắt buộc") if lesson.is_required else _("Bài tự chọn")],
        "objectives": list(lesson.objectives),
        "role": [lesson.role] if lesson.role else [],
        "body": blocks(lesson.markdown),
        "files": [
            _("%(name)s (tệp khác cùng tên)", name=name) if earlier.get(name, asset_id) != asset_id else name
            for name, asset_id in _files(lesson).items()
        ],
        "translations": [
            line
            for one in lesson.translations
            for line in (f"{language_name(one.language)}: {one.title}", *one.objectives, *blocks(one.markdown))
        ],
        "sources": [", ".join(filter(None, (one.title, one.ref, one.url))) for one in lesson.sources],
        "quiz": ["\n".join(_texts(question)) for question in (lesson.quiz or {}).get("questions", ())],
    }


def _texts(value: Any) -> Iterator[str]:
    """What a question says to people, a line each; the right choices are marked."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, one in value.items():
            if name == "text" and value.get("right") is True:
                yield f"✓ {one}"
            elif name not in _UNSAID:
                yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
