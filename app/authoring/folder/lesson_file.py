"""A lesson file: a YAML head between two lines of ---, then Markdown."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import cast

from app.authoring.folder import names
from app.authoring.folder.lesson_text import check_text
from app.authoring.folder.marked_yaml import Fields, Node, YamlProblem, read_yaml
from app.authoring.folder.problems import Findings
from app.catalogue.lesson_rules import CONFIRMING_ROLES, OPENING, ConfirmingRole, LessonRule, PracticalTask
from app.catalogue.source import Citation
from app.core.i18n import gettext as _

HEAD = re.compile(r"---[ \t]*\r?\n(.*?)^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
KEYS = ("key", "title", "minutes", "required", "completion", "objectives", "role", "sources")
LONGEST_MINUTES = 120


@dataclass(frozen=True)
class LessonFile:
    """A lesson file as values: `front_matter` + `markdown` are its bytes; the text begins at `text_line`."""

    front_matter: str
    markdown: str
    text_line: int
    key: str
    key_line: int
    title: str
    minutes: int
    is_required: bool
    completion: LessonRule | None
    completion_line: int
    objectives: tuple[str, ...]
    role: str
    sources: tuple[Citation, ...]


def read_lesson(
    text: str, file: str, findings: Findings, *, course_code: str, beside: Collection[str], language: str
) -> LessonFile | None:  # fmt: skip
    """Whatever can be read; None, with a finding, without a head. `beside`: names of the files in the same folder."""
    head = HEAD.match(text)
    if head is None:
        findings.add(file, 1, _("Bài học phải mở đầu bằng phần thông tin giữa hai dòng “---”."))
        return None
    front_matter, markdown = head.group(0), text[head.end() :]
    text_line = front_matter.count("\n") + 1
    try:
        root = read_yaml(head.group(1), first_line=2)
    except YamlProblem as problem:
        findings.add(file, problem.line, problem.message)
        root = None
    for line, message in check_text(markdown, beside, language):
        findings.add(file, line + text_line - 1, message)
    if root is None:
        return None
    return _lesson(root, file, findings, course_code, front_matter, markdown, text_line)


def _lesson(
    root: Node, file: str, findings: Findings, course_code: str, front_matter: str, markdown: str, text_line: int
) -> LessonFile:  # fmt: skip
    fields = Fields(root, file, findings, KEYS)
    key = fields.text("key", longest=40)
    if key and course_code and not names.is_lesson_key(key, course_code):
        fields.complain(
            _(
                "Mã bài “%(key)s” phải theo đề cương: %(code)s.<học phần>.<bài>, ví dụ %(code)s.1.2.",
                key=key,
                code=course_code,
            ),
            fields.line_of("key"),
        )
    return LessonFile(
        front_matter=front_matter, markdown=markdown, text_line=text_line, key=key, key_line=fields.line_of("key"),
        title=fields.text("title"), minutes=int(fields.number("minutes", 1, LONGEST_MINUTES, whole=True)),
        is_required=fields.flag("required", True), completion=_completion(fields, file, findings),
        completion_line=fields.line_of("completion"),
        objectives=tuple(text for text, _line in fields.texts("objectives")),
        role=fields.text("role"), sources=tuple(_source(item, file, findings) for item in fields.items("sources")),
    )  # fmt: skip


def _completion(fields: Fields, file: str, findings: Findings) -> LessonRule | None:
    """What the lesson asks; None where its author leaves that to the defaults."""
    if not fields.has("completion"):
        return None
    asked = Fields(
        fields.children["completion"], file, findings, ("watch", "pages", "read", "quiz", "open", "practical")
    )
    base = OPENING if asked.flag("open", False) else LessonRule()
    return LessonRule(
        watch=int(asked.number("watch", 0, 100, whole=True)) if asked.has("watch") else base.watch,
        pages=int(asked.number("pages", 0, 100, whole=True)) if asked.has("pages") else base.pages,
        read=asked.flag("read", base.read), quiz=asked.flag("quiz", base.quiz), open=base.open,
        practical=_practical(asked, file, findings),
    )  # fmt: skip


def _practical(asked: Fields, file: str, findings: Findings) -> PracticalTask | None:
    if not asked.has("practical"):
        return None
    given = Fields(asked.children["practical"], file, findings, ("task", "role"))
    role = cast(ConfirmingRole, given.choice("role", CONFIRMING_ROLES, required=False))
    return PracticalTask(given.text("task", longest=1000), role)


def _source(item: Node, file: str, findings: Findings) -> Citation:
    fields = Fields(item, file, findings, ("title", "ref", "url"))
    url = fields.text("url", required=False, longest=500)
    if url and not url.startswith(("https://", "http://")):
        fields.complain(_("Địa chỉ nguồn (url) phải bắt đầu bằng https:// hoặc http://."), fields.line_of("url"))
    return Citation(fields.text("title", longest=500), fields.text("ref", longest=500), url)
