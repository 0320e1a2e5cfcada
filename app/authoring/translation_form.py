"""The form of a translation: what was typed, what is wrong with it, and the translation it makes. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from app.authoring.folder.lesson_text import check_translation
from app.catalogue.markdown import heading_ids
from app.catalogue.source import LessonSource, TranslationSource
from app.catalogue.translating import (
    HEAD,
    OPENING,
    Section,
    fingerprints,
    joined,
    sections,
    translated,
    written_section,
)
from app.core.i18n import gettext as _
from app.core.text import nfc, several_lines

LONGEST = 200


@dataclass(frozen=True)
class PartFields:
    """A section: its heading, empty for the opening, and what stands under it."""

    heading: str = ""
    body: str = ""

    @classmethod
    def of(cls, section: Section) -> "PartFields":
        return cls(nfc(section.heading), several_lines(section.body))


@dataclass(frozen=True)
class TranslationFields:
    """What was typed, by section id; `still_right`: parts that were looked at again and need no change.

    `base_version` is the version the translator had before him; `drops_lost`: what has no place in the lesson any more
    goes.
    """

    title: str = ""
    objectives: str = ""
    role: str = ""
    parts: Mapping[str, PartFields] = field(default_factory=dict)
    still_right: frozenset[str] = frozenset()
    drops_lost: bool = False
    base_version: int = 0

    @classmethod
    def of(cls, translation: TranslationSource | None, base_version: int) -> "TranslationFields":
        """The fields of a translation as it is kept; empty ones for one nobody began."""
        if translation is None:
            return cls(base_version=base_version)
        return cls(
            title=translation.title,
            objectives="\n".join(translation.objectives),
            role=translation.role,
            parts={one.id: PartFields.of(one) for one in sections(translation.markdown)},
            base_version=base_version,
        )

    @property
    def head(self) -> tuple[str, ...]:
        return (nfc(self.title), *self.objective_list, nfc(self.role))

    @property
    def objective_list(self) -> tuple[str, ...]:
        return tuple(line for one in self.objectives.splitlines() if (line := nfc(one)))

    def part(self, part_id: str) -> PartFields:
        typed = self.parts.get(part_id, PartFields())
        return PartFields(nfc(typed.heading), several_lines(typed.body))

    @property
    def is_empty(self) -> bool:
        return not any(self.head) and not any(self.part(one) != PartFields() for one in self.parts)


def problems(fields: TranslationFields, lesson: LessonSource) -> dict[str, str]:
    """What keeps the form from being saved, by the name of its field; `lesson`: the original as it is now."""
    found = {
        name: _("Dài quá %(most)s ký tự; hãy viết ngắn hơn.", most=LONGEST)
        for name in ("title", "role")
        if len(nfc(getattr(fields, name))) > LONGEST
    }
    if fields.is_empty:
        found["title"] = _("Chưa có chữ nào để lưu. Dịch một phần cũng được, phần còn lại làm sau.")
    files = {file.name for file in lesson.files}
    headings = heading_ids(lesson.markdown)
    for part_id in fields.parts:
        part = fields.part(part_id)
        if part.body and not part.heading and part_id != OPENING:
            found[f"heading:{part_id}"] = _("Phần này đã có chữ, hãy dịch cả đề mục.")
        if len(part.heading) > LONGEST:
            found[f"heading:{part_id}"] = _("Dài quá %(most)s ký tự; hãy viết ngắn hơn.", most=LONGEST)
        if any(one.id != OPENING for one in sections(part.body)):
            found[f"body:{part_id}"] = _("Đề mục “##” viết ở ô đề mục; trong ô này đề mục con bắt đầu bằng “###”.")
        elif faults := check_translation(part.body, files, headings):
            line, message = faults[0]
            found[f"body:{part_id}"] = _("Dòng %(line)s: %(problem)s", line=line, problem=message)
    return found


def merged(base: TranslationFields, mine: TranslationFields, theirs: TranslationFields) -> TranslationFields | None:
    """What I changed since `base` on what they kept meanwhile, part by part; None where both changed the same part."""
    old, new, other = _by_part(base), _by_part(mine), _by_part(theirs)
    both: dict[str, Any] = {}
    for name in old | new | other:
        was, is_mine, is_theirs = (one.get(name) for one in (old, new, other))
        if is_mine not in (was, is_theirs) and is_theirs != was:
            return None
        both[name] = is_mine if is_mine != was else is_theirs
    title, objectives, role = (both.pop(name) or "" for name in ("title", "objectives", "role"))
    parts = {name: one or PartFields() for name, one in both.items()}
    return replace(mine, title=title, objectives=objectives, role=role, parts=parts)


def _by_part(fields: TranslationFields) -> dict[str, Any]:
    head = {"title": nfc(fields.title), "objectives": "\n".join(fields.objective_list), "role": nfc(fields.role)}
    # What is empty and what is not there are the same.
    return head | {name: fields.part(name) for name in fields.parts if fields.part(name) != PartFields()}


def translation_of(
    fields: TranslationFields, language: str, now: LessonSource, seen: LessonSource
) -> TranslationSource:
    """The translation the form describes: what nobody changed stays byte for byte.

    `now` is the lesson as it is kept, `seen` as the translator saw it: from that one he translated.
    """
    old = now.translation(language) or TranslationSource(language)
    kept = {one.id: one for one in sections(old.markdown)}
    order = [one.id for one in sections(now.markdown)]
    lost = [] if fields.drops_lost else [name for name in kept if name not in order]
    before, prints = dict(old.made_from), fingerprints(seen)
    written: list[Section] = []
    made_from: dict[str, str] = {}
    before_head = TranslationFields.of(old, 0).head
    if any(fields.head) and (
        said := _said(HEAD, before, prints, is_new=fields.head != before_head or HEAD in fields.still_right)
    ):
        made_from[HEAD] = said
    # Sections the translator saw and the original has no more stay, as those lost before, until they are dropped.
    for part_id in dict.fromkeys((*order, *lost, *(one for one in fields.parts if one in prints))):
        part = fields.part(part_id) if part_id not in lost else PartFields.of(kept[part_id])
        if part == PartFields() or (fields.drops_lost and part_id not in order):
            continue
        is_kept = part_id in kept and PartFields.of(kept[part_id]) == part
        written.append(kept[part_id] if is_kept else written_section(part_id, part.heading, part.body))
        if said := _said(part_id, before, prints, is_new=not is_kept or part_id in fields.still_right):
            made_from[part_id] = said
    markdown = old.markdown if written == list(kept.values()) else joined(written)
    made = replace(
        old, title=nfc(fields.title), objectives=fields.objective_list, role=nfc(fields.role),
        markdown=markdown, made_from=tuple(made_from.items()),
    )  # fmt: skip
    return made if made == old else replace(made, front_matter="" if _head(made) != _head(old) else old.front_matter)


def _said(part: str, before: Mapping[str, str], prints: Mapping[str, str], *, is_new: bool) -> str:
    return prints.get(part, "") if is_new else before.get(part, "")


def _head(one: TranslationSource) -> tuple[Any, ...]:
    return (one.title, one.objectives, one.role, dict(one.made_from))


@dataclass(frozen=True)
class PartRow:
    """A section of the original beside what is typed of it. `state` as of catalogue.translating."""

    id: str
    heading: str
    body: str
    state: str
    typed: PartFields

    @property
    def is_opening(self) -> bool:
        return self.id == OPENING

    @property
    def rows(self) -> int:
        """How many lines its field shows at first."""
        text = max(self.body, self.typed.body, key=len)
        return min(24, max(4, sum(1 + len(line) // 60 for line in text.splitlines())))


def rows(fields: TranslationFields, lesson: LessonSource, translation: TranslationSource) -> Iterator[PartRow]:
    """The parts in the order of the original."""
    for part in translated(lesson, translation).parts:
        one = part.original
        yield PartRow(one.id, one.heading, one.body, part.state, fields.parts.get(one.id, PartFields()))
