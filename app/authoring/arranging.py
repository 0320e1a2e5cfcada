"""The outline of a course, rearranged: each act takes a course as plain values and returns another.

Acts name lessons by key and modules by folder, never by place alone, so that one made on a page that is no longer the
newest means the same on the newest version. What an act leaves alone stays byte for byte as its author wrote it.
"""

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Any

from app.authoring.folder import names
from app.catalogue.markdown import PLAYED, media_kind
from app.catalogue.source import (
    CourseSource,
    ExtraFile,
    FileSource,
    LessonSource,
    ModuleSource,
    edited_course,
    edited_lesson,
    next_key,
    slugify,
)
from app.core.errors import Conflict, Invalid, NotFound
from app.core.i18n import gettext
from app.core.i18n import lazy as _

# Folders and files are numbered with two digits (docs/courses-format.md, section 3).
MOST_MODULES = MOST_LESSONS = 99
_FIGURE = re.compile(r"figure:\s*['\"]?([A-Za-z0-9][A-Za-z0-9._-]*)")


# --- modules --------------------------------------------------------------------------------------------------------


def with_module(course: CourseSource, title: str, objective: str) -> CourseSource:
    """The course with one more, empty module at its end."""
    return edited_course(
        course, modules=(*course.modules, ModuleSource(_next_folder(course, title), title, objective, ()))
    )


def with_module_said(course: CourseSource, folder: str, title: str, objective: str) -> CourseSource:
    """The module under another title; its folder stays, and with it everything that is found by it."""
    return _with(course, replace(_module(course, folder), title=title, objective=objective))


def module_moved(course: CourseSource, folder: str, before: str) -> CourseSource:
    """The module in front of the module `before`, or at the end where that is empty or gone."""
    moved = _module(course, folder)
    others = [one for one in course.modules if one.folder != folder]
    place = next((number for number, one in enumerate(others) if one.folder == before), len(others))
    if before == folder:
        return course
    return edited_course(course, modules=(*others[:place], moved, *others[place:]))


def module_copied(course: CourseSource, folder: str) -> CourseSource:
    """The module once more, right after itself: its lessons under keys of their own, so that progress stays apart."""
    module = _module(course, folder)
    title = _copied_title(module.title)
    twin = ModuleSource(_next_folder(course, module.title), title, module.objective, ())
    place = course.modules.index(module) + 1
    made = edited_course(course, modules=(*course.modules[:place], twin, *course.modules[place:]))
    for lesson in module.lessons:
        made = _with(made, replace(twin, lessons=(*twin.lessons, _renewed(lesson, next_key(made, twin)))))
        twin = _module(made, twin.folder)
    extras = [
        replace(one, path=f"{twin.folder}/{_name(one)}") for one in course.extra_files if _folder(one) == module.folder
    ]
    return replace(made, extra_files=(*made.extra_files, *extras))


def without_module(course: CourseSource, folder: str) -> CourseSource:
    """The course without the module and its lessons; raises Conflict for the only one."""
    _module(course, folder)
    if len(course.modules) == 1:
        raise Conflict(_("Khóa học cần ít nhất một học phần. Hãy thêm học phần khác rồi mới xóa học phần này."))
    return edited_course(
        course,
        modules=tuple(one for one in course.modules if one.folder != folder),
        extra_files=tuple(one for one in course.extra_files if _folder(one) != folder),
    )


# --- lessons --------------------------------------------------------------------------------------------------------


def lesson_moved(course: CourseSource, key: str, folder: str, before: str = "") -> CourseSource:
    """The lesson in the module `folder`, in front of the lesson `before`, or last where that is empty or elsewhere.

    Its files go with it, and what they were made from; a name the new module uses for another file is changed.
    """
    home, lesson = _lesson(course, key)
    target = _module(course, folder)
    if before == key:
        return course
    if home.folder == folder:
        others = tuple(one for one in home.lessons if one.key != key)
        return _with(course, replace(home, lessons=_numbered(_inserted(others, lesson, before))))
    sources = _made_from(course, home, lesson)
    course = without_lesson(course, key)
    free = _free_names(course, target, (lesson.files, sources))
    lesson = _with_names(lesson, free)
    course = _with(course, replace(target, lessons=_numbered(_inserted(target.lessons, lesson, before))))
    here = {one.path for one in course.extra_files}
    here |= {f"{folder}/{file.name}" for one in (lesson, *target.lessons) for file in one.files}
    moved = [_at(one, folder, free) for one in sources]
    return replace(course, extra_files=(*course.extra_files, *(one for one in moved if one.path not in here)))


def lesson_copied(course: CourseSource, key: str) -> CourseSource:
    """The lesson once more, right after itself, under a key of its own; its questions get ids of their own."""
    module, lesson = _lesson(course, key)
    twin = replace(_renewed(lesson, next_key(course, module)), title=_copied_title(lesson.title))
    place = module.lessons.index(lesson) + 1
    return _with(course, replace(module, lessons=_numbered((*module.lessons[:place], twin, *module.lessons[place:]))))


def without_lesson(course: CourseSource, key: str) -> CourseSource:
    """The course without the lesson, its quiz, and the sources of its slide videos and documents."""
    module, lesson = _lesson(course, key)
    gone = {one.path for one in _made_from(course, module, lesson)}
    kept = replace(module, lessons=tuple(one for one in module.lessons if one.key != key))
    # A picture another slide video of the module shows stays, even if the lesson alone brought it.
    still = {f"{module.folder}/{name}" for one in course.extra_files if one.path not in gone for name in _figures(one)
             if _folder(one) == module.folder}  # fmt: skip
    here = {f"{module.folder}/{file.name}" for one in kept.lessons for file in one.files}
    here |= {one.path for one in course.extra_files}
    left = [
        ExtraFile(path, file=file)
        for file in lesson.files
        if (path := f"{module.folder}/{file.name}") in still and path not in here
    ]
    course = _with(course, kept)
    remaining = (one for one in course.extra_files if one.path not in gone or one.path in still)
    return replace(course, extra_files=(*remaining, *left))


def with_lesson_said(course: CourseSource, key: str, **changes: Any) -> CourseSource:
    """The lesson under another `title`, or `is_required` or not."""
    module, lesson = _lesson(course, key)
    edited = edited_lesson(lesson, **changes)
    if edited == lesson:
        return course
    return _with(course, replace(module, lessons=tuple(edited if one.key == key else one for one in module.lessons)))


# --- names and numbers ----------------------------------------------------------------------------------------------


def _module(course: CourseSource, folder: str) -> ModuleSource:
    try:
        return course.module(folder)
    except KeyError:
        raise NotFound from None


def _lesson(course: CourseSource, key: str) -> tuple[ModuleSource, LessonSource]:
    try:
        return course.lesson(key)
    except KeyError:
        raise NotFound from None


def _with(course: CourseSource, module: ModuleSource) -> CourseSource:
    return edited_course(
        course, modules=tuple(module if one.folder == module.folder else one for one in course.modules)
    )


def _inserted(lessons: tuple[LessonSource, ...], lesson: LessonSource, before: str) -> tuple[LessonSource, ...]:
    place = next((number for number, one in enumerate(lessons) if one.key == before), len(lessons))
    return (*lessons[:place], lesson, *lessons[place:])


def _numbered(lessons: tuple[LessonSource, ...]) -> tuple[LessonSource, ...]:
    """The lessons with file names that sort as they stand; names that do already are left alone."""
    if len(lessons) > MOST_LESSONS:
        raise Invalid(_("Một học phần có nhiều nhất %(most)s bài."), most=MOST_LESSONS)
    stems = [one.stem for one in lessons]
    if all(first < second for first, second in pairwise(stems)):
        return lessons
    return tuple(
        replace(one, stem=f"{place:02}-{_without_number(one.stem)}") for place, one in enumerate(lessons, start=1)
    )


def _without_number(name: str) -> str:
    return re.sub(r"^\d+-", "", name) or "bai"


def _next_folder(course: CourseSource, title: str) -> str:
    """Numbered after the highest there is; where that is the last one possible, into a gap."""
    taken = {int(one.folder[:2]) for one in course.modules if one.folder[:2].isdecimal()}
    highest = max(taken, default=0)
    for number in (*range(highest + 1, MOST_MODULES + 1), *range(1, highest)):
        if number not in taken:
            return f"{number:02}-{slugify(title)[:60].strip('-') or 'hoc-phan'}"
    raise Invalid(_("Một khóa học có nhiều nhất %(most)s học phần."), most=MOST_MODULES)


def _copied_title(title: str) -> str:
    said = gettext("%(title)s (bản sao)", title=title)
    return said if len(said) <= names.LONGEST_TITLE else title


def _renewed(lesson: LessonSource, key: str) -> LessonSource:
    """The same lesson under another key, its questions under ids that begin with it."""
    changes: dict[str, Any] = {"key": key}
    if lesson.quiz and lesson.quiz.get("questions"):
        questions = [one | {"id": f"{key}-q{number}"} for number, one in enumerate(lesson.quiz["questions"], start=1)]
        changes["quiz"] = lesson.quiz | {"questions": questions}
    return edited_lesson(lesson, **changes)


# --- files of a lesson that moves -----------------------------------------------------------------------------------


def _folder(extra: ExtraFile) -> str:
    return extra.path.rpartition("/")[0]


def _name(extra: ExtraFile) -> str:
    return extra.path.rpartition("/")[2]


def _figures(extra: ExtraFile) -> set[str]:
    """Pictures the source of a slide video names."""
    return set(_FIGURE.findall(extra.text or "")) if extra.path.endswith(names.SLIDES_ENDING) else set()


def _made_from(course: CourseSource, module: ModuleSource, lesson: LessonSource) -> list[ExtraFile]:
    """What the lesson's videos and documents were made from: kept beside them under the same stem, and its pictures."""
    here = {_name(one): one for one in course.extra_files if _folder(one) == module.folder}
    found: list[ExtraFile] = []
    for file in lesson.files:
        ending = names.SLIDES_ENDING if media_kind(file.name) in PLAYED else names.TYPST_ENDING
        if source := here.get(f"{PurePosixPath(file.name).stem}{ending}"):
            found += [source, *(here[name] for name in sorted(_figures(source)) if name in here)]
    shown = {file.name: file for one in module.lessons if one.key != lesson.key for file in one.files}
    own = {file.name for file in lesson.files}
    # A picture that another lesson of the module shows too must be there for the slides as well.
    borrowed = {name for one in found for name in _figures(one)} & (shown.keys() - own - here.keys())
    found += [ExtraFile(f"{module.folder}/{name}", file=shown[name]) for name in sorted(borrowed)]
    return list(dict.fromkeys(found))


def _free_names(
    course: CourseSource, target: ModuleSource, moving: tuple[tuple[FileSource, ...], list[ExtraFile]]
) -> dict[str, str]:
    """A new name for each moving file whose name the target module uses for something else, by the old one."""
    files, sources = moving
    taken: dict[str, FileSource | str | None] = {file.name: file for one in target.lessons for file in one.files}
    taken |= {_name(one): one.file or one.text for one in course.extra_files if _folder(one) == target.folder}
    mine: dict[str, FileSource | str | None] = {file.name: file for file in files}
    mine |= {_name(one): one.file or one.text for one in sources}
    # A video, its captions and its source share a stem: they are renamed together or not at all.
    stems = {name.partition(".")[0] for name, what in mine.items() if name in taken and taken[name] != what}
    free: dict[str, str] = {}
    for stem in sorted(stems):
        number = 2
        while any(name.startswith(f"{stem}-{number}.") for name in (*taken, *mine)):
            number += 1
        free |= {name: f"{stem}-{number}{name[len(stem) :]}" for name in mine if name.partition(".")[0] == stem}
    return free


def _with_names(lesson: LessonSource, free: dict[str, str]) -> LessonSource:
    """The lesson naming its files by their new names, in its text and in its questions."""
    if not free:
        return lesson
    quiz = _with_names_in(lesson.quiz, free)
    changes: dict[str, Any] = {"quiz": quiz} if quiz != lesson.quiz else {}
    return edited_lesson(
        lesson,
        markdown=_with_names_in(lesson.markdown, free),
        files=tuple(replace(file, name=free.get(file.name, file.name)) for file in lesson.files),
        translations=tuple(replace(one, markdown=_with_names_in(one.markdown, free)) for one in lesson.translations),
        **changes,
    )


def _with_names_in(value: Any, free: dict[str, str]) -> Any:
    """The same value with files named anew wherever a text shows one: `](cu.png` becomes `](cu-2.png`."""
    if isinstance(value, str):
        return re.sub(
            r"(\]\(\s*<?)([A-Za-z0-9][A-Za-z0-9._-]*)", lambda found: found[1] + free.get(found[2], found[2]), value
        )
    if isinstance(value, dict):
        return {name: _with_names_in(one, free) for name, one in value.items()}
    if isinstance(value, list):
        return [_with_names_in(one, free) for one in value]
    return value


def _at(extra: ExtraFile, folder: str, free: dict[str, str]) -> ExtraFile:
    """The kept file in the lesson's new folder, naming what was renamed."""
    name = free.get(_name(extra), _name(extra))
    text = extra.text
    if text is not None and _figures(extra) & free.keys():
        text = _FIGURE.sub(lambda found: found[0].replace(found[1], free.get(found[1], found[1])), text)
    file = replace(extra.file, name=name) if extra.file else None
    return ExtraFile(f"{folder}/{name}", text=text, file=file)
