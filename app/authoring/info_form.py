"""What a course says of itself, as a form: what was typed, what is wrong with it, and the course it makes.

The rules are those of course.yaml: what the fields' own checks let through is read as that file would be.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from app.authoring import starting
from app.authoring.folder import names
from app.authoring.folder.manifest import read_manifest
from app.authoring.folder.marked_yaml import read_yaml
from app.authoring.folder.problems import Findings
from app.authoring.folder.writing import manifest_text
from app.catalogue.skills import skill_areas
from app.catalogue.source import CompletionRule, CourseSource, FileSource, edited_course
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.core.text import nfc, several_lines

# Labels indicators count by (docs/courses-format.md, section 3).
TAGS = {
    "CDS": lazy("chuyển đổi số"), "KNS": lazy("kỹ năng số"), "CNS": lazy("công nghệ số"),
    "ATTT": lazy("an toàn thông tin"), "DULIEU": lazy("khai thác dữ liệu"),
}  # fmt: skip
LEVELS = ("Cơ bản", "Nâng cao", "Chuyên sâu")
FOREVER, MONTHS, YEAR_END = "", "months", "year_end"


@dataclass(frozen=True)
class InfoFields:
    """Everything as typed; numbers as text with a comma or a dot. `validity`: FOREVER, MONTHS or YEAR_END."""

    code: str = ""
    title: str = ""
    summary: str = ""
    programme: str = ""
    audiences: tuple[str, ...] = ()
    access: str = "assigned"
    hours: str = ""
    level: str = ""
    language: str = "vi"
    licence: str = ""
    owner: str = ""
    contact: str = ""
    tags: tuple[str, ...] = ()
    other_tags: str = ""
    skills: tuple[str, ...] = ()
    gives_certificate: bool = True
    certificate_title: str = ""
    all_required_lessons: bool = True
    quiz_percent: str = ""
    needed_hours: str = ""
    in_person: bool = False
    exam: bool = False
    validity: str = FOREVER
    valid_months: str = ""
    renewal: str = ""
    drops_cover: bool = False
    base_version: int = 0


def of_course(course: CourseSource, base_version: int) -> InfoFields:
    """The form of a course there is."""
    rule = course.completion
    return InfoFields(
        code=course.code, title=course.title, summary=course.summary, programme=course.programme or "",
        audiences=course.audiences, access=course.access, hours=written(course.hours), level=course.level,
        language=course.language, licence=course.licence, owner=course.owner, contact=course.contact,
        tags=tuple(tag for tag in course.tags if tag in TAGS),
        other_tags=", ".join(tag for tag in course.tags if tag not in TAGS), skills=course.skills,
        gives_certificate=course.certificate_rule != "none", certificate_title=course.certificate_title,
        all_required_lessons=rule.all_required_lessons, quiz_percent=str(rule.quiz_percent or ""),
        needed_hours=written(rule.hours) if rule.hours else "", in_person=rule.in_person, exam=rule.exam,
        validity=YEAR_END if rule.is_valid_until_year_end else MONTHS if rule.valid_months else FOREVER,
        valid_months=str(rule.valid_months or ""), renewal=rule.renewal, base_version=base_version,
    )  # fmt: skip


def of_form(form: Mapping[str, Sequence[str]]) -> InfoFields:
    """What came with the form."""

    def one(name: str) -> str:
        return nfc(form.get(name, [""])[0])

    return InfoFields(
        code=one("code"), title=one("title"), summary=nfc(several_lines(form.get("summary", [""])[0])),
        programme=one("programme"), audiences=tuple(dict.fromkeys(form.get("audiences", ()))), access=one("access"),
        hours=one("hours"), level=one("level"), language=one("language"), licence=one("licence"), owner=one("owner"),
        contact=one("contact"), tags=tuple(dict.fromkeys(form.get("tags", ()))), other_tags=one("other_tags"),
        skills=tuple(code for code in skill_areas() if code in form.get("skills", ())),
        gives_certificate=bool(one("gives_certificate")), certificate_title=one("certificate_title"),
        all_required_lessons=bool(one("all_required_lessons")), quiz_percent=one("quiz_percent"),
        needed_hours=one("needed_hours"), in_person=bool(one("in_person")), exam=bool(one("exam")),
        validity=one("validity"), valid_months=one("valid_months"), renewal=one("renewal"),
        drops_cover=bool(one("drops_cover")),
        base_version=int(base) if (base := one("base_version")).isdecimal() and len(base) < 19 else 0,
    )  # fmt: skip


def info_problems(
    fields: InfoFields, course: CourseSource, *, is_published: bool, codes: Collection[str], slugs: Collection[str]
) -> dict[str, str]:
    """Messages by field; empty when it can be kept. `codes` and `slugs`: of all other courses."""
    found: dict[str, str] = {}
    for name, longest in (("title", names.LONGEST_TITLE), ("summary", 1000), ("owner", 200), ("contact", 200),
                          ("licence", 40), ("certificate_title", 200)):  # fmt: skip
        text = getattr(fields, name)
        if not text and (name != "certificate_title" or fields.gives_certificate):
            found[name] = _("Hãy điền chỗ này.")
        elif len(text) > longest:
            found[name] = _("Dài quá %(limit)s chữ. Hãy viết gọn lại.", limit=longest)
    if not is_published and not names.COURSE_CODE.fullmatch(fields.code):
        found["code"] = _("Mã gồm 2 đến 20 chữ hoa không dấu, số, gạch nối, ví dụ KH04.")
    elif not is_published and fields.code in codes:
        found["code"] = _("Mã này đã dùng cho khóa học khác.")
    if not fields.audiences:
        found["audiences"] = _("Hãy chọn ít nhất một nhóm.")
    numbers = {
        "hours": (number(fields.hours), 0.1, 500), "needed_hours": (number(fields.needed_hours), 0.1, 500),
        "quiz_percent": (number(fields.quiz_percent), 1, 100), "valid_months": (number(fields.valid_months), 1, 120),
    }  # fmt: skip
    for name, (value, least, most) in numbers.items():
        wanted = {"hours": True, "valid_months": fields.validity == MONTHS}.get(name, bool(getattr(fields, name)))
        whole = name in ("quiz_percent", "valid_months")
        if wanted and (value is None or not least <= value <= most or (whole and value != int(value))):
            found[name] = _("Hãy ghi một số từ %(least)s đến %(most)s.", least=written(least), most=most)
    if bad := [tag for tag in _other_tags(fields) if not names.TAG.fullmatch(tag)]:
        found["other_tags"] = _("Nhãn “%(tag)s” chỉ gồm chữ hoa không dấu, số và gạch nối.", tag=bad[0])
    if fields.renewal and (fields.renewal == course.slug or fields.renewal not in slugs):
        found["renewal"] = _("Hãy chọn một khóa học khác.")
    if not (
        fields.all_required_lessons or fields.quiz_percent or fields.needed_hours or fields.in_person or fields.exam
    ):
        found["all_required_lessons"] = _("Khóa học phải đòi hỏi ít nhất một điều thì mới có lúc hoàn thành.")
    if found:
        return found
    # Whatever else course.yaml would not take: codes from a list that no longer has them, letters it cannot hold.
    findings = Findings()
    root = read_yaml(manifest_text(told(course, fields, is_published=is_published)))
    read_manifest(root, "", findings)
    return {"title": findings.problems[0].message} if findings.problems else {}


def told(
    course: CourseSource, fields: InfoFields, *, is_published: bool, cover: FileSource | None = None
) -> CourseSource:
    """The course as the form tells of it. Its code changes only as long as nobody learns under it: the keys of its
    lessons begin with it, and progress is kept by them. Without `cover` the picture stays, unless it is dropped."""
    course = course if is_published else starting.with_code(course, fields.code)
    rule = CompletionRule(
        all_required_lessons=fields.all_required_lessons,
        quiz_percent=int(number(fields.quiz_percent) or 0) or None,
        hours=number(fields.needed_hours),
        in_person=fields.in_person,
        exam=fields.exam,
        valid_months=int(number(fields.valid_months) or 0) or None if fields.validity == MONTHS else None,
        is_valid_until_year_end=fields.validity == YEAR_END,
        renewal=fields.renewal,
    )
    said = replace(
        course, title=fields.title, summary=fields.summary, programme=fields.programme or None,
        audiences=fields.audiences, access="open" if fields.access == "open" else "assigned",
        hours=number(fields.hours) or course.hours, level=fields.level, language=fields.language,
        licence=fields.licence, owner=fields.owner, contact=fields.contact,
        tags=tuple(dict.fromkeys((*(tag for tag in fields.tags if tag in TAGS), *_other_tags(fields)))),
        skills=fields.skills,
        certificate_rule="all_required_lessons" if fields.gives_certificate else "none",
        certificate_title=fields.certificate_title if fields.gives_certificate else "", completion=rule,
        cover=cover or (None if fields.drops_cover else course.cover),
    )  # fmt: skip
    return course if said == course else edited_course(said, manifest="")


def head(course: CourseSource) -> CourseSource:
    """What the form tells of, without the lessons: to see whether somebody else told of it anew."""
    return replace(course, modules=(), extra_files=(), manifest="", hours=0)


def number(text: str) -> float | None:
    """“7,5” and “7.5” alike; None for what is no number."""
    return float(text.replace(",", ".")) if re.fullmatch(r"\d{1,4}(?:[.,]\d{1,4})?", text) else None


def written(value: float) -> str:
    return f"{value:.10g}".replace(".", ",")


def _other_tags(fields: InfoFields) -> list[str]:
    return [tag for tag in re.split(r"[\s,;]+", fields.other_tags) if tag]
