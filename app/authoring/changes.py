"""What a new version changes for learners, told lesson by lesson."""

from dataclasses import dataclass, replace

from app.catalogue.source import CourseSource, LessonSource


@dataclass(frozen=True)
class Change:
    """`kind`: added, changed, removed (a lesson, by key and title), order (of the lessons that stayed) or course (what
    the course says of itself).
    """

    kind: str
    key: str = ""
    title: str = ""
    module: str = ""


def changes_between(before: CourseSource | None, after: CourseSource) -> list[Change]:
    """Every lesson that differs, in the order of the new version; without `before` all lessons are new."""
    known = _lessons(before) if before else {}
    current = _lessons(after)
    found = [
        Change("changed" if key in known else "added", key, lesson.title, module)
        for key, (module, lesson) in current.items()
        if key not in known or known[key] != (module, lesson)
    ]
    found += [
        Change("removed", key, lesson.title, module) for key, (module, lesson) in known.items() if key not in current
    ]
    if before and [key for key in known if key in current] != [key for key in current if key in known]:
        found.insert(0, Change("order", title=after.title))
    if before and _head(before) != _head(after):
        found.insert(0, Change("course", title=after.title))
    return found


def told_of(lesson: LessonSource) -> LessonSource:
    """The lesson as its readers see it: how its author spelt head and quiz file, and the file's number, left out."""
    return replace(lesson, front_matter="", quiz_source="", stem="")


def _lessons(course: CourseSource) -> dict[str, tuple[str, LessonSource]]:
    return {lesson.key: (module.title, told_of(lesson)) for module in course.modules for lesson in module.lessons}


def _head(course: CourseSource) -> CourseSource:
    modules = tuple(replace(module, lessons=()) for module in course.modules if module.lessons)
    return replace(course, modules=modules, manifest="", extra_files=())
