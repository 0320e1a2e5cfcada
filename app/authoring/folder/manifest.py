"""course.yaml: what a course is called, whom it is for, which modules it has."""

import csv
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from app.authoring.folder import names
from app.authoring.folder.marked_yaml import Fields, Node
from app.authoring.folder.problems import Findings
from app.catalogue.programmes import shipped_codes
from app.catalogue.skills import skill_areas
from app.catalogue.source import Access, CertificateRule, CompletionRule
from app.core.i18n import gettext as _
from app.identity.units.unit_seeding import DATA as IDENTITY_DATA

KEYS = (
    "code",
    "title",
    "summary",
    "programme",
    "audiences",
    "access",
    "hours",
    "language",
    "licence",
    "owner",
    "contact",
    "tags",
    "skills",
    "level",
    "cover",
    "certificate",
    "completion",
    "modules",
)


@dataclass(frozen=True)
class ModuleHead:
    """One entry of `modules`, with its line in course.yaml."""

    folder: str
    title: str
    objective: str
    line: int


@dataclass(frozen=True)
class Manifest:
    """course.yaml as values; `source` is the file itself."""

    source: str
    code: str
    title: str
    summary: str
    programme: str | None
    audiences: tuple[str, ...]
    access: Access
    hours: float
    language: str
    licence: str
    owner: str
    contact: str
    tags: tuple[str, ...]
    skills: tuple[str, ...]
    level: str
    cover: str
    cover_line: int
    certificate_rule: CertificateRule
    certificate_title: str
    completion: CompletionRule
    completion_line: int
    modules: tuple[ModuleHead, ...]


def read_manifest(root: Node, source: str, findings: Findings) -> Manifest:
    """Whatever can be read; each fault is a finding."""
    fields = Fields(root, names.MANIFEST, findings, KEYS)
    code = fields.text("code", longest=20)
    if code and not names.COURSE_CODE.fullmatch(code):
        fields.complain(_("Mã khóa học chỉ gồm chữ hoa không dấu, số và gạch nối, ví dụ KH04."), fields.line_of("code"))
    rule, title = _certificate(fields, findings)
    return Manifest(
        source=source, code=code, title=fields.text("title"), summary=fields.text("summary", longest=1000),
        programme=_programme(fields), audiences=_audiences(fields),
        access=cast(Access, fields.choice("access", ("assigned", "open"))), hours=fields.number("hours", 0.1, 500),
        language=_language(fields), licence=fields.text("licence", longest=40), owner=fields.text("owner"),
        contact=fields.text("contact"), tags=_tags(fields), skills=_skills(fields),
        level=fields.text("level", required=False, longest=40),
        cover=fields.text("cover", required=False, longest=names.LONGEST_FILE_NAME), cover_line=fields.line_of("cover"),
        certificate_rule=rule, certificate_title=title, completion=_completion(fields, findings),
        completion_line=fields.line_of("completion"), modules=_modules(fields, findings),
    )  # fmt: skip


def _programme(fields: Fields) -> str | None:
    code = fields.text("programme", required=False)
    if code and code not in shipped_codes():
        fields.complain(
            _(
                "Không có nhiệm vụ đào tạo “%(code)s”. Các mã: %(codes)s.",
                code=code,
                codes=", ".join(sorted(shipped_codes())),
            ),
            fields.line_of("programme"),
        )
        return None
    return code or None


def _audiences(fields: Fields) -> tuple[str, ...]:
    known = known_audiences()
    found = fields.texts("audiences")
    for code, line in found:
        if code not in known:
            fields.complain(
                _("Không có nhóm đối tượng “%(code)s”. Các mã: %(codes)s.", code=code, codes=", ".join(known)), line
            )
    return _once(fields, "audiences", found)


def _tags(fields: Fields) -> tuple[str, ...]:
    found = fields.texts("tags", required=False)
    for tag, line in found:
        if not names.TAG.fullmatch(tag):
            fields.complain(_("Nhãn “%(tag)s” chỉ gồm chữ hoa không dấu, số và gạch nối.", tag=tag), line)
    return _once(fields, "tags", found)


def _skills(fields: Fields) -> tuple[str, ...]:
    known = skill_areas()
    found = fields.texts("skills", required=False)
    for code, line in found:
        if code not in known:
            fields.complain(
                _("Không có nhóm kỹ năng “%(code)s”. Các mã: %(codes)s.", code=code, codes=", ".join(known)), line
            )
    return _once(fields, "skills", found)


def _once(fields: Fields, name: str, found: tuple[tuple[str, int], ...]) -> tuple[str, ...]:
    seen: list[str] = []
    for value, line in found:
        if value in seen:
            fields.complain(_("“%(value)s” ghi hai lần trong “%(name)s”.", value=value, name=name), line)
        else:
            seen.append(value)
    return tuple(seen)


def _language(fields: Fields) -> str:
    language = fields.text("language", required=False, longest=8, default="vi")
    if not names.LANGUAGE.fullmatch(language):
        fields.complain(_("Ngôn ngữ viết bằng hai chữ thường, ví dụ vi."), fields.line_of("language"))
        return "vi"
    return language


def _certificate(fields: Fields, findings: Findings) -> tuple[CertificateRule, str]:
    """No `certificate` at all: the course gives none."""
    if not fields.has("certificate"):
        return "none", ""
    inner = Fields(fields.children["certificate"], names.MANIFEST, findings, ("rule", "title"))
    rule = cast(CertificateRule, inner.choice("rule", ("all_required_lessons", "none")))
    return rule, inner.text("title", required=rule != "none")


COMPLETION_KEYS = (
    "all_required_lessons", "quiz", "hours", "in_person", "exam", "valid_months", "valid_until", "renewal",
)  # fmt: skip


def _completion(fields: Fields, findings: Findings) -> CompletionRule:
    """No `completion` at all: every required lesson, for ever."""
    if not fields.has("completion"):
        return CompletionRule()
    inner = Fields(fields.children["completion"], names.MANIFEST, findings, COMPLETION_KEYS)
    renewal = inner.text("renewal", required=False, longest=names.LONGEST_SLUG)
    if renewal and not names.SLUG.fullmatch(renewal):
        inner.complain(_("“renewal” là tên thư mục của khóa học cập nhật: “%(slug)s”.", slug=renewal))
        renewal = ""
    rule = CompletionRule(
        all_required_lessons=inner.flag("all_required_lessons", True),
        quiz_percent=int(inner.number("quiz", 1, 100, whole=True)) if inner.has("quiz") else None,
        hours=inner.number("hours", 0.1, 500) if inner.has("hours") else None,
        in_person=inner.flag("in_person", False),
        exam=inner.flag("exam", False),
        valid_months=int(inner.number("valid_months", 1, 120, whole=True)) if inner.has("valid_months") else None,
        is_valid_until_year_end=inner.has("valid_until") and inner.choice("valid_until", ("year_end",)) == "year_end",
        renewal=renewal,
    )
    if rule.asks_nothing:
        inner.complain(_("Khóa học phải đòi hỏi ít nhất một điều thì mới có lúc hoàn thành."))
    if rule.valid_months and rule.is_valid_until_year_end:
        inner.complain(_("Chỉ ghi một trong hai: valid_months hoặc valid_until."))
    return rule


def _modules(fields: Fields, findings: Findings) -> tuple[ModuleHead, ...]:
    heads: list[ModuleHead] = []
    for item in fields.items("modules"):
        inner = Fields(item, names.MANIFEST, findings, ("dir", "title", "objective"))
        folder = inner.text("dir", longest=80)
        if folder and not names.MODULE_FOLDER.fullmatch(folder):
            inner.complain(
                _("Thư mục học phần có dạng 01-ten-hoc-phan, nằm ngay trong thư mục khóa học: “%(dir)s”.", dir=folder)
            )
            folder = ""
        if folder in {head.folder for head in heads}:
            inner.complain(_("Thư mục “%(dir)s” ghi hai lần trong modules.", dir=folder))
        head = ModuleHead(folder, inner.text("title"), inner.text("objective", longest=500), inner.line)
        if folder:
            heads.append(head)
    return tuple(heads)


@lru_cache(maxsize=1)
def known_audiences() -> tuple[str, ...]:
    """Codes of the audiences identity ships, so that a folder can be checked without a database."""
    with (IDENTITY_DATA / "audiences.csv").open(encoding="utf-8-sig", newline="") as file:
        return tuple(row["code"] for row in csv.DictReader(file))
