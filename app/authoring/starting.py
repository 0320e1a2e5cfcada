"""A new course as plain values: from a start the studio ships (data/starts), or as a copy of another course."""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from app.authoring.folder import names
from app.authoring.folder.reading import read_course
from app.catalogue.source import CourseSource, ModuleSource, edited_course, edited_lesson, slugify
from app.core.i18n import lazy as _

_STARTS = Path(__file__).parent / "data" / "starts"
_LONGEST_MADE_SLUG = 60


@dataclass(frozen=True)
class Start:
    """One kind of empty course; `key` is the name of its folder."""

    key: str
    title: object
    note: object


STARTS = (
    Start("nguoi-dan", _("Khóa học cho người dân"), _("Hai học phần, ba bài 10 phút; ai cũng học được ngay.")),
    Start("can-bo", _("Khóa học bắt buộc cho cán bộ"), _("Hai học phần, ba bài 15 phút; học theo phân công.")),
    Start("bai-ngan", _("Một bài ngắn 15 phút"), _("Một bài, cho một việc cần biết ngay.")),
)


@cache
def start(key: str) -> CourseSource:
    """The course of a start, with placeholders to be written over; raises KeyError for a start there is not."""
    if key not in {one.key for one in STARTS}:
        raise KeyError(key)
    return read_course(_STARTS / key)


def new_course(pattern: CourseSource, slug: str, code: str, title: str) -> CourseSource:
    """The pattern as a course of its own. Lessons get keys that begin with its code, so that nobody's progress or
    figures in the one are taken for those in the other; files are the same files.
    """
    renamed = edited_course(pattern, slug=slug, title=title)
    made = with_code(renamed, code)
    return replace(made, completion=replace(made.completion, renewal="")) if made.completion.renewal else made


def with_code(course: CourseSource, code: str) -> CourseSource:
    """The course under another code, which the keys of all its lessons begin with."""
    if code == course.code:
        return course
    modules: list[ModuleSource] = []
    for place, module in enumerate(course.modules, start=1):
        lessons = []
        for number, lesson in enumerate(module.lessons, start=1):
            rest = lesson.key.removeprefix(f"{course.code}.")
            key = f"{code}.{rest}" if rest != lesson.key else f"{code}.{place}.{number}"
            lessons.append(edited_lesson(lesson, key=key))
        modules.append(replace(module, lessons=tuple(lessons)))
    return edited_course(course, code=code, modules=tuple(modules))


def free_slug(title: str, taken: Collection[str]) -> str:
    """An address nobody has, from the title: `ho-tich-so`, else `ho-tich-so-2`."""
    base = slugify(title)[:_LONGEST_MADE_SLUG].strip("-") or "khoa-hoc"
    slug, number = base, 1
    while slug in taken or slug in names.TAKEN_SLUGS:
        number += 1
        slug = f"{base}-{number}"
    return slug


def free_code(title: str, taken: Collection[str]) -> str:
    """A code nobody has, from the first letters of the title's words: “Ký số trong công việc” gives KSTC01."""
    letters = "".join(word[0] for word in slugify(title).split("-") if word)[:4].upper()
    letters = re.sub(r"^[0-9]+", "", letters) or "KH"
    number = 1
    while (code := f"{letters}{number:02}") in taken:
        number += 1
    return code


def required_hours(course: CourseSource) -> float:
    """What the minutes of the required lessons add up to, as a certificate would say it; at least 0.1."""
    minutes = sum(lesson.minutes for module in course.modules for lesson in module.lessons if lesson.is_required)
    return max(round(minutes / 60, 2), 0.1)


def with_hours_of(before: CourseSource, after: CourseSource) -> CourseSource:
    """The hours follow the lessons as long as they said what these add up to; hours somebody chose stay."""
    hours = required_hours(after)
    if before.hours != required_hours(before) or hours == after.hours:
        return after
    return edited_course(after, hours=hours)
