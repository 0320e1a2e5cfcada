"""A course as somebody hands it in: a folder that was read, or the studio. Plain values, nothing stored yet.

Texts named `manifest`, `front_matter` and `quiz_source` are files as their author wrote them, so that an export gives
the same bytes. They must say the same as the fields beside them; `edited_*` drops them when a field changes.
"""

import re
from calendar import monthrange
from dataclasses import dataclass, fields, replace
from datetime import date
from pathlib import Path
from typing import Any, Literal

from app.catalogue.lesson_rules import LessonRule
from app.core.text import fold

Access = Literal["assigned", "open"]
CertificateRule = Literal["all_required_lessons", "none"]


@dataclass(frozen=True)
class FileSource:
    """A file by the name lessons use: still on disk (`path`) or stored already (`asset_id`)."""

    name: str
    path: Path | None = None
    asset_id: int | None = None


@dataclass(frozen=True)
class Citation:
    """Where a lesson takes its facts from: a title, the number and date of the document, an address if there is one."""

    title: str
    ref: str
    url: str = ""


@dataclass(frozen=True)
class TranslationSource:
    """A lesson in another language (`01-ten-bai.en.md`), whole or in part; an empty field shows the original's.

    `markdown` holds the sections there are, each under a heading that names the original's: `## Two papers {#hai-to}`.
    `made_from`: (section, fingerprint of the original it was made from), as `translating.fingerprint` gives it.
    """

    language: str
    title: str = ""
    objectives: tuple[str, ...] = ()
    role: str = ""
    markdown: str = ""
    made_from: tuple[tuple[str, str], ...] = ()
    front_matter: str = ""


@dataclass(frozen=True)
class LessonSource:
    """One lesson. `stem` is its file name without ending, with the number that orders it: 01-ten-bai.

    `quiz` is {"pass_percent", "shuffle", "questions"} as in the quiz file, or None. `files` are the pictures,
    videos and captions the text and its translations name. `completion` is None where the author leaves it to the
    defaults. `recordings`: the whole lesson read aloud, each named by its language alone, `nut.mp3`; on disk the stem
    goes before it.
    """

    key: str
    stem: str
    title: str
    minutes: int
    markdown: str
    is_required: bool = True
    objectives: tuple[str, ...] = ()
    role: str = ""
    sources: tuple[Citation, ...] = ()
    quiz: dict[str, Any] | None = None
    completion: LessonRule | None = None
    files: tuple[FileSource, ...] = ()
    front_matter: str = ""
    quiz_source: str = ""
    translations: tuple[TranslationSource, ...] = ()
    recordings: tuple[FileSource, ...] = ()

    def translation(self, language: str) -> TranslationSource | None:
        return next((one for one in self.translations if one.language == language), None)

    def recording_name(self, recording: FileSource) -> str:
        """The name of its file beside the lesson: 01-ten-bai.nut.mp3."""
        return f"{self.stem}.{recording.name}"


@dataclass(frozen=True)
class ModuleSource:
    """A module; `folder` is the name of its folder, with the number that orders it: 01-ten-hoc-phan."""

    folder: str
    title: str
    objective: str
    lessons: tuple[LessonSource, ...]


@dataclass(frozen=True)
class ExtraFile:
    """A file that is kept for export but shown nowhere; `path` is relative to the course folder."""

    path: str
    text: str | None = None
    file: FileSource | None = None


@dataclass(frozen=True)
class CompletionRule:
    """What completes a course and how long that counts (`completion` of course.yaml).

    All that is named must be met: every required lesson; the mean of the best results of the required lessons' quizzes,
    in percent; the planned hours of finished lessons; a class of this course; an exam of it. `renewal` is the slug of
    the shorter course whose completion renews this one.
    """

    all_required_lessons: bool = True
    quiz_percent: int | None = None
    hours: float | None = None
    in_person: bool = False
    exam: bool = False
    valid_months: int | None = None
    is_valid_until_year_end: bool = False
    renewal: str = ""

    @classmethod
    def of(cls, stored: dict[str, Any]) -> "CompletionRule":
        return cls(**stored)

    @property
    def asks_nothing(self) -> bool:
        return not (self.all_required_lessons or self.quiz_percent or self.hours or self.in_person or self.exam)

    @property
    def is_class_only_a_part(self) -> bool:
        """Taking part in a class is asked for, and not all that is asked for."""
        return self.in_person and not replace(self, in_person=False).asks_nothing

    @property
    def is_exam_only_a_part(self) -> bool:
        """Passing an exam is asked for, and not all that is asked for."""
        return self.exam and not replace(self, exam=False).asks_nothing

    def as_json(self) -> dict[str, Any]:
        """What differs from what every course asks; {} for a course that asks nothing else."""
        return {one.name: value for one in fields(self) if (value := getattr(self, one.name)) != one.default}

    def valid_until(self, completed_on: date) -> date | None:
        """The last day a completion of that day counts; None: for ever.

        A term of months ends with the day of the same number (Bộ luật Dân sự 2015, Điều 148), or with the month's last.
        """
        if self.is_valid_until_year_end:
            return date(completed_on.year, 12, 31)
        if self.valid_months is None:
            return None
        year, month = divmod(completed_on.year * 12 + completed_on.month - 1 + self.valid_months, 12)
        return date(year, month + 1, min(completed_on.day, monthrange(year, month + 1)[1]))


@dataclass(frozen=True)
class CourseSource:
    """A whole course, ready for `service.save_version`."""

    slug: str
    code: str
    title: str
    summary: str
    access: Access
    hours: float
    owner: str
    contact: str
    modules: tuple[ModuleSource, ...]
    programme: str | None = None
    audiences: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    # Codes of skills.skill_areas.
    skills: tuple[str, ...] = ()
    language: str = "vi"
    licence: str = "CC-BY-4.0"
    level: str = ""
    certificate_rule: CertificateRule = "all_required_lessons"
    certificate_title: str = "Giấy chứng nhận hoàn thành khóa học"
    completion: CompletionRule = CompletionRule()
    cover: FileSource | None = None
    extra_files: tuple[ExtraFile, ...] = ()
    manifest: str = ""

    def module(self, folder: str) -> ModuleSource:
        """The module of that folder; raises KeyError."""
        for module in self.modules:
            if module.folder == folder:
                return module
        raise KeyError(folder)

    def lesson(self, key: str) -> tuple[ModuleSource, LessonSource]:
        """The lesson of that key and its module; raises KeyError."""
        for module in self.modules:
            for lesson in module.lessons:
                if lesson.key == key:
                    return module, lesson
        raise KeyError(key)


def edited_lesson(lesson: LessonSource, **changes: Any) -> LessonSource:
    """The lesson with other fields; the author's own head or quiz file is dropped where it no longer says the same."""
    if changes.keys() & {"quiz"}:
        changes.setdefault("quiz_source", "")
    if changes.keys() - {"quiz", "quiz_source", "markdown", "files", "stem", "translations", "recordings"}:
        changes.setdefault("front_matter", "")
    return replace(lesson, **changes)


def edited_course(course: CourseSource, **changes: Any) -> CourseSource:
    """The course with other fields; its own course.yaml is dropped if that no longer says the same."""
    if changes.keys() - {"modules", "extra_files"} or _heads(changes.get("modules", course.modules)) != _heads(
        course.modules
    ):
        changes.setdefault("manifest", "")
    return replace(course, **changes)


def with_lesson(course: CourseSource, folder: str, lesson: LessonSource) -> CourseSource:
    """The course with this lesson in the module `folder`: in place of the one of the same key, else at its end."""
    modules = []
    for module in course.modules:
        if module.folder == folder:
            known = any(other.key == lesson.key for other in module.lessons)
            lessons = tuple(lesson if other.key == lesson.key else other for other in module.lessons)
            module = replace(module, lessons=lessons if known else (*lessons, lesson))
        modules.append(module)
    return edited_course(course, modules=tuple(modules))


def next_stem(module: ModuleSource, title: str) -> str:
    """A file name for a new last lesson: the number after the last one, and the title without marks."""
    numbers = [int(found.group()) for lesson in module.lessons if (found := re.match(r"\d+", lesson.stem))]
    return f"{max(numbers, default=0) + 1:02}-{slugify(title)[:60].strip('-')}"


def next_key(course: CourseSource, module: ModuleSource) -> str:
    """A key nobody uses for a new lesson, as KH04.1.4: course code, number of the module, number in it."""
    taken = {lesson.key for other in course.modules for lesson in other.lessons}
    place = course.modules.index(module) + 1
    number = len(module.lessons) + 1
    while (key := f"{course.code}.{place}.{number}") in taken:
        number += 1
    return key


def free_name(module: ModuleSource, stem: str, file_name: str) -> str:
    """A name for an uploaded file that no other file of the module bears: lesson number, plain letters, lower case.

    Files of one module share a folder on export, so two lessons cannot each have their own `anh.png`.
    """
    taken = {file.name for lesson in module.lessons for file in lesson.files}
    number = re.match(r"\d+", stem)
    ending = Path(file_name).suffix.lower()
    base = f"{number.group()}-" if number else ""
    base += slugify(Path(file_name).stem)[:60].strip("-") or "tep"
    name, count = f"{base}{ending}", 1
    while name in taken:
        count += 1
        name = f"{base}-{count}{ending}"
    return name


def caption_name(video_name: str, language: str = "vi") -> str:
    """The name captions must bear to belong to a video: `bai.mp4` has `bai.vi.vtt`."""
    return f"{Path(video_name).stem}.{language}.vtt"


def slugify(text: str) -> str:
    """Lower case letters a to z, digits and single hyphens: `slugify("Họp số") == "hop-so"`."""
    return re.sub(r"[^a-z0-9]+", "-", fold(text)).strip("-")


def _heads(modules: tuple[ModuleSource, ...]) -> list[tuple[str, str, str]]:
    return [(module.folder, module.title, module.objective) for module in modules]
