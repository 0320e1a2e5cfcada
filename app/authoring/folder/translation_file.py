"""A lesson in another language, beside its lesson: a head as the lesson has one, then the sections there are."""

import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

from app.authoring.folder.lesson_file import HEAD
from app.authoring.folder.lesson_text import Found, check_translation
from app.authoring.folder.marked_yaml import Fields, YamlProblem, read_yaml
from app.authoring.folder.problems import Findings
from app.catalogue.markdown import heading_ids
from app.catalogue.source import LessonSource, TranslationSource
from app.catalogue.translating import HEAD as HEAD_PART
from app.catalogue.translating import OPENING, Section, sections
from app.core.i18n import gettext as _

KEYS = ("title", "objectives", "role", "from")
_FINGERPRINT = re.compile(r"[0-9a-f]{8}")


def read_translation(
    text: str, file: str, findings: Findings, *, language: str, lesson: LessonSource, beside: Collection[str]
) -> TranslationSource | None:
    """Whatever can be read; None, with a finding, without a head. `beside`: names of the files in the same folder."""
    head = HEAD.match(text)
    if head is None:
        findings.add(file, 1, _("Bản dịch phải mở đầu bằng phần thông tin giữa hai dòng “---”."))
        return None
    front_matter, markdown = head.group(0), text[head.end() :]
    made = TranslationSource(language, markdown=markdown, front_matter=front_matter)
    own = sections(markdown)
    line_before = front_matter.count("\n")
    faults = check_translation(markdown, beside, heading_ids(lesson.markdown) | {one.id for one in own})
    for line, message in (*faults, *_sections(own)):
        findings.add(file, line + line_before, message)
    try:
        root = read_yaml(head.group(1), first_line=2)
    except YamlProblem as problem:
        findings.add(file, problem.line, problem.message)
        return made
    if root.value is None:
        return made
    fields = Fields(root, file, findings, KEYS)
    return replace(
        made,
        title=fields.text("title", required=False),
        objectives=tuple(text for text, _line in fields.texts("objectives", required=False)),
        role=fields.text("role", required=False),
        made_from=tuple(_made_from(fields, {HEAD_PART, *(one.id for one in own)})),
    )


def _made_from(fields: Fields, parts: Collection[str]) -> Iterator[tuple[str, str]]:
    said: Any = fields.children["from"].value if fields.has("from") else {}
    if not isinstance(said, dict):
        fields.complain(_("“from” là các dòng “phần: mã”, mỗi phần đã dịch một dòng."), fields.line_of("from"))
        return
    for part, node in said.items():
        if part not in parts:
            fields.complain(_("“from” ghi phần “%(part)s” mà bản dịch không có.", part=part), node.line)
        elif not _FINGERPRINT.fullmatch(node.text or ""):
            fields.complain(_("Mã của phần “%(part)s” gồm 8 chữ số hoặc chữ a đến f.", part=part), node.line)
        else:
            yield part, node.text or ""


def _sections(own: Collection[Section]) -> Iterator[Found]:
    seen: set[str] = set()
    for one in own:
        if one.id != OPENING and not one.is_named:
            yield (
                one.line,
                _("Đề mục “%(heading)s” phải nêu đề mục gốc ở cuối dòng: {#ma-de-muc-goc}.", heading=one.heading),
            )
        elif one.id in seen:
            yield one.line, _("Đề mục “%(id)s” dịch hai lần.", id=one.id)
        seen.add(one.id)
