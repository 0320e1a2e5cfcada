"""The outline of a course in the studio: modules and lessons added, moved, copied, told of anew, taken out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request

from app.authoring import arranging, queries
from app.authoring.folder.names import LONGEST_TITLE
from app.authoring.making import Act, rearrange
from app.authoring.pages import Author, AuthoredCourse
from app.authoring.review.queries import review_state
from app.authoring.service import lesson_in
from app.catalogue.drawing import asked_count
from app.catalogue.markdown import media_kind
from app.catalogue.models import Course
from app.catalogue.queries import CourseView, course_version, newest_version
from app.catalogue.source import CourseSource, LessonSource, ModuleSource
from app.catalogue.stored import source_of
from app.core.db import Session
from app.core.errors import Conflict, NotFound
from app.core.i18n import gettext as _
from app.core.text import nfc
from app.core.web import Db, Files, Response, redirect, render, wants_fragment

router = APIRouter()

LONGEST_OBJECTIVE = 500
# Part of the course, as in data/starts; placeholders.py finds it.
LEFT_TO_WRITE = "[Hãy ghi học xong học phần này làm được gì.]"


@dataclass(frozen=True)
class Lost:
    """What goes with a lesson, or with a module."""

    lessons: int
    questions: int
    videos: int
    pictures: int

    @classmethod
    def of(cls, lessons: tuple[LessonSource, ...]) -> "Lost":
        kinds = [media_kind(file.name) for lesson in lessons for file in lesson.files]
        return cls(
            len(lessons), sum(asked_count(lesson.quiz) for lesson in lessons if lesson.quiz),
            kinds.count("video") + kinds.count("sound"), kinds.count("image"),
        )  # fmt: skip


@dataclass(frozen=True)
class ArrangePage:
    """What can be done with one module, or with one lesson of it; `lesson` is None for the module itself."""

    course: CourseView
    is_published: bool
    module: ModuleSource
    lesson: LessonSource | None
    modules: tuple[ModuleSource, ...]
    lost: Lost


@router.post("/studio/{slug}/outline")
def move(
    request: Request, db: Db, actor: Author, course: AuthoredCourse, storage: Files, move: Annotated[str, Form()] = ""
) -> Response:
    """`move`: “lesson:KEY:FOLDER:BEFORE” or “module:FOLDER:BEFORE”; nothing after the last colon means at the end."""
    act = _move(move)
    was = review_state(db, actor, course).state
    rearrange(db, storage, actor, course, act)
    # What was published or approved is a draft again: the whole page says so.
    if wants_fragment(request) and was not in ("published", "approved"):
        page = queries.course_page(db, actor, course)
        return render(request, "authoring/course.html", fragment="outline", page=page, typed={})
    what, moved = move.split(":")[:2]
    return redirect(request, f"/studio/{course.slug}#{what}-{moved}")


@router.post("/studio/{slug}/modules")
def add_module(
    request: Request, db: Db, actor: Author, course: AuthoredCourse, storage: Files,
    title: Annotated[str, Form()] = "", objective: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    if problem := _problem(title, objective or "-"):
        typed = {"title": title, "objective": objective, "problem": problem}
        return render(
            request, "authoring/course.html", status=422, page=queries.course_page(db, actor, course), typed=typed
        )
    said = nfc(objective) or LEFT_TO_WRITE
    rearrange(db, storage, actor, course, lambda source: arranging.with_module(source, nfc(title), said))
    return redirect(
        request, f"/studio/{course.slug}", flash=("ok", _("Đã thêm học phần “%(title)s”.", title=nfc(title)))
    )


@router.get("/studio/{slug}/modules/{folder}/arrange")
def module(folder: str, request: Request, db: Db, course: AuthoredCourse) -> Response:
    return render(request, "authoring/arrange.html", page=_page(db, course, folder=folder), problem="", typed={})


@router.post("/studio/{slug}/modules/{folder}/arrange")
def arrange_module(
    folder: str, request: Request, db: Db, actor: Author, course: AuthoredCourse, storage: Files,
    do: Annotated[str, Form()] = "", title: Annotated[str, Form()] = "", objective: Annotated[str, Form()] = "",
    base_version: Annotated[int, Form(ge=0, le=2**63 - 1)] = 0,
) -> Response:  # fmt: skip
    acts: dict[str, tuple[Act, str]] = {
        "say": (lambda source: arranging.with_module_said(source, folder, nfc(title), nfc(objective)),
                _("Đã đổi tên học phần.")),
        "copy": (lambda source: arranging.module_copied(source, folder), _("Đã nhân bản học phần và các bài của nó.")),
        "remove": (lambda source: arranging.without_module(source, folder), _("Đã bỏ học phần khỏi bản nháp.")),
    }  # fmt: skip

    def told(source: CourseSource) -> object:
        one = _module_in(source, folder)
        return one if do == "remove" else (one.title, one.objective)

    page = _page(db, course, folder=folder)
    if do == "say" and (error := _problem(title, objective)):
        return _again(request, page, error, title=title, objective=objective)
    return _done(request, db, actor, course, storage, page, acts, do, base_version, told)


@router.get("/studio/{slug}/lessons/{key}/arrange")
def lesson(key: str, request: Request, db: Db, course: AuthoredCourse) -> Response:
    return render(request, "authoring/arrange.html", page=_page(db, course, key=key), problem="", typed={})


@router.post("/studio/{slug}/lessons/{key}/arrange")
def arrange_lesson(
    key: str, request: Request, db: Db, actor: Author, course: AuthoredCourse, storage: Files,
    do: Annotated[str, Form()] = "", title: Annotated[str, Form()] = "", folder: Annotated[str, Form()] = "",
    is_required: Annotated[str, Form()] = "", base_version: Annotated[int, Form(ge=0, le=2**63 - 1)] = 0,
) -> Response:  # fmt: skip
    acts: dict[str, tuple[Act, str]] = {
        "say": (lambda source: arranging.with_lesson_said(source, key, title=nfc(title), is_required=bool(is_required)),
                _("Đã lưu tên bài và bài bắt buộc hay tự chọn.")),
        "move": (lambda source: arranging.lesson_moved(source, key, folder), _("Đã chuyển bài.")),
        "copy": (lambda source: arranging.lesson_copied(source, key), _("Đã nhân bản bài; bản sao đứng ngay sau.")),
        "remove": (lambda source: arranging.without_lesson(source, key), _("Đã bỏ bài khỏi bản nháp.")),
    }  # fmt: skip

    def told(source: CourseSource) -> object:
        one = lesson_in(source, key)[1]
        return one if do == "remove" else (one.title, one.is_required)

    page = _page(db, course, key=key)
    if do == "say" and (error := _problem(title)):
        return _again(request, page, error, title=title)
    return _done(request, db, actor, course, storage, page, acts, do, base_version, told)


def _done(
    request: Request, db: Session, actor: Author, course: Course, storage: Files, page: ArrangePage,
    acts: dict[str, tuple[Act, str]], do: str, base_version: int, told: Callable[[CourseSource], object],
) -> Response:  # fmt: skip
    """Do it and go back to the outline; what others changed meanwhile is neither taken out nor told over unseen."""
    if do not in acts:
        raise NotFound
    act, text = acts[do]
    untouched = told if do in ("say", "remove") else None
    try:
        rearrange(db, storage, actor, course, act, base_version=base_version, untouched=untouched)
    except Conflict as error:
        return render(
            request, "authoring/arrange.html", status=error.status, page=page, problem=error.message, typed={}
        )
    return redirect(request, f"/studio/{course.slug}", flash=("ok", text))


def _again(request: Request, page: ArrangePage, error: str, **typed: str) -> Response:
    return render(request, "authoring/arrange.html", status=422, page=page, problem=error, typed=typed)


def _move(said: str) -> Act:
    match said.split(":"):
        case ["lesson", key, folder, before]:
            return lambda source: arranging.lesson_moved(source, key, folder, before)
        case ["module", folder, before]:
            return lambda source: arranging.module_moved(source, folder, before)
    raise NotFound


def _page(db: Session, course: Course, *, folder: str = "", key: str = "") -> ArrangePage:
    """Raises NotFound for a module or lesson the newest version does not have."""
    version = newest_version(db, course)
    source = source_of(db, version.id)
    module, lesson = lesson_in(source, key) if key else (_module_in(source, folder), None)
    return ArrangePage(
        course=course_version(db, version.id),
        is_published=course.published_version_id is not None,
        module=module,
        lesson=lesson,
        modules=source.modules,
        lost=Lost.of((lesson,) if lesson else module.lessons),
    )


def _module_in(source: CourseSource, folder: str) -> ModuleSource:
    try:
        return source.module(folder)
    except KeyError:
        raise NotFound from None


def _problem(title: str, objective: str = "-") -> str:
    """What is wrong with the name typed for a lesson or module; empty if nothing is."""
    if not nfc(title):
        return _("Hãy ghi tên.")
    if len(nfc(title)) > LONGEST_TITLE:
        return _("Tên dài quá %(limit)s chữ. Hãy viết gọn lại.", limit=LONGEST_TITLE)
    if not nfc(objective):
        return _("Hãy ghi học xong học phần này làm được gì.")
    if len(nfc(objective)) > LONGEST_OBJECTIVE:
        return _("Mục tiêu dài quá %(limit)s chữ. Hãy viết gọn lại.", limit=LONGEST_OBJECTIVE)
    return ""
