"""A lesson in other languages, in the studio: what there is, one translation beside its original, recordings."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Annotated, BinaryIO

from fastapi import APIRouter, Depends, Request
from starlette.datastructures import UploadFile

from app.authoring import queries, service, translations
from app.authoring.pages import Author, AuthoredCourse
from app.authoring.translation_form import PartFields, PartRow, TranslationFields, problems, rows
from app.authoring.translations import RecordingRow, TranslationRow
from app.catalogue.models import Course
from app.catalogue.queries import CourseView, course_version, newest_version
from app.catalogue.source import LessonSource, TranslationSource
from app.catalogue.stored import source_of
from app.catalogue.translating import Section, translated
from app.core.db import Session
from app.core.errors import AppError, Conflict, Invalid, NotFound
from app.core.forms import lines_in
from app.core.i18n import gettext as _
from app.core.text import nfc, whole
from app.core.web import Config, Databases, Db, Files, Response, redirect, render
from app.media.languages import LANGUAGES, language_in_words, language_name
from app.media.service import store
from app.media.uploads.service import most_bytes

router = APIRouter()

_MOST_FIELDS = 400


@dataclass(frozen=True)
class LanguagesPage:
    """The languages of a lesson. `problem`: why the file for `language` was not taken."""

    course: CourseView
    key: str
    title: str
    rows: tuple[TranslationRow, ...]
    recordings: tuple[RecordingRow, ...]
    most_bytes: int
    language: str = "nut"
    problem: str = ""

    @property
    def further(self) -> list[tuple[str, str]]:
        """Languages there is no translation in yet."""
        there = {self.course.language, *(row.language for row in self.rows)}
        return [(code, name) for code, name in LANGUAGES.items() if code not in there]

    @property
    def spoken(self) -> list[tuple[str, str]]:
        return list(LANGUAGES.items())


@dataclass(frozen=True)
class TranslationPage:
    """One translation beside its original, with what was typed and what is wrong, by field."""

    course: CourseView
    lesson: LessonSource
    language: str
    fields: TranslationFields
    rows: tuple[PartRow, ...]
    head_state: str
    done_count: int
    lost: tuple[Section, ...]
    errors: dict[str, str] = field(default_factory=dict)
    problem: str = ""

    @property
    def name(self) -> str:
        return language_name(self.language)

    @property
    def in_words(self) -> str:
        return language_in_words(self.language)


@dataclass(frozen=True)
class GivenRecording:
    language: str
    file: tuple[str, BinaryIO] | None


async def _typed(request: Request) -> AsyncIterator[TranslationFields]:
    """Read here, not as parameters: after the token was checked, and by the names the sections give."""
    form = await request.form(max_files=0, max_fields=_MOST_FIELDS)
    parts = {name.partition(":")[2] for name in form if name.startswith(("heading:", "body:"))}
    yield TranslationFields(
        title=lines_in(form, "title"),
        objectives=lines_in(form, "objectives"),
        role=lines_in(form, "role"),
        parts={one: PartFields(lines_in(form, f"heading:{one}"), lines_in(form, f"body:{one}")) for one in parts},
        still_right=frozenset(name.partition(":")[2] for name in form if name.startswith("right:")),
        drops_lost=bool(form.get("drop_lost")),
        base_version=whole(lines_in(form, "base_version")) or 0,
    )


async def _given(request: Request) -> AsyncIterator[GivenRecording]:
    form = await request.form(max_files=1, max_fields=10)
    file = form.get("file")
    try:
        has_file = isinstance(file, UploadFile) and bool(file.filename)
        yield GivenRecording(
            lines_in(form, "language"),
            (nfc(file.filename or "")[-200:], file.file) if has_file and isinstance(file, UploadFile) else None,
        )
    finally:
        await form.close()


TypedHere = Annotated[TranslationFields, Depends(_typed)]
GivenHere = Annotated[GivenRecording, Depends(_given)]


@router.get("/studio/{slug}/lessons/{key}/translations")
def languages(
    key: str, request: Request, db: Db, course: AuthoredCourse, settings: Config, language: str = ""
) -> Response:
    """What the lesson is in; `language`: go on to that translation."""
    page = _languages(db, course, key, most_bytes(settings, "sound"))
    if language in LANGUAGES and language != page.course.language:
        return redirect(request, _url(course.slug, key, language))
    return render(request, "authoring/translations.html", page=page)


@router.get("/studio/{slug}/lessons/{key}/translations/{language}")
def translation(key: str, language: str, request: Request, db: Db, course: AuthoredCourse) -> Response:
    return _form(request, _page(db, course, key, language))


@router.post("/studio/{slug}/lessons/{key}/translations/{language}")
def save(
    key: str, language: str, request: Request, db: Db, storage: Files, actor: Author, course: AuthoredCourse,
    typed: TypedHere,
) -> Response:  # fmt: skip
    """Keep what is translated so far; the rest of the lesson stays as the original has it."""
    page = _page(db, course, key, language)
    newest = page.fields.base_version
    page = replace(page, fields=typed, rows=tuple(rows(typed, page.lesson, _kept(page.lesson, language))))
    if errors := problems(typed, page.lesson):
        return _form(request, replace(page, errors=errors), 422)
    try:
        translations.save_translation(db, storage, actor, course, key, language, typed)
    except Invalid as error:
        return _form(request, replace(page, errors=error.fields, problem="" if error.fields else error.message), 422)
    except Conflict as error:
        # Whoever saves once more after the warning has seen the newest version.
        seen = replace(page, fields=replace(typed, base_version=newest), problem=error.message)
        return _form(request, seen, error.status)
    said = _("Đã lưu bản %(language)s vào bản nháp.", language=page.in_words)
    return redirect(request, _url(course.slug, key, language), flash=("ok", said))


@router.post("/studio/{slug}/lessons/{key}/translations/{language}/remove")
def remove(
    key: str, language: str, request: Request, db: Db, storage: Files, actor: Author, course: AuthoredCourse
) -> Response:
    _must_be_offered(db, course, language)
    translations.remove_translation(db, storage, actor, course, key, language)
    said = _("Bản nháp không còn bản %(language)s. Bản đã công bố vẫn có.", language=language_in_words(language))
    return redirect(request, _url(course.slug, key), flash=("ok", said))


@router.post("/studio/{slug}/lessons/{key}/recordings")
def record(
    slug: str, key: str, request: Request, actor: Author, given: GivenHere, database: Databases, storage: Files,
    settings: Config,
) -> Response:  # fmt: skip
    """The whole lesson read aloud in one language. No session is held while a large file is looked at."""
    limit = most_bytes(settings, "sound")
    with database.reading() as db:
        course = queries.authored_course(db, actor, slug)
        page = replace(_languages(db, course, key, limit), language=given.language)
        refused = service.without_room(db, settings, course, {"sound": given.file}) if given.file else {}
    problem = refused.get("sound", "")
    if given.language not in LANGUAGES:
        problem = _("Hãy chọn thứ tiếng của bản đọc.")
    elif given.file is None:
        problem = _("Hãy chọn một tệp âm thanh.")
    if problem or given.file is None:
        return render(request, "authoring/translations.html", status=422, page=replace(page, problem=problem))
    try:
        stored = store(storage, given.file[1], given.file[0], only="sound", limit_bytes=limit)
    except AppError as error:
        page = replace(page, problem=error.message)
        return render(request, "authoring/translations.html", status=error.status, page=page)
    with database.writing() as db:
        course = queries.authored_course(db, actor, slug)
        translations.save_recording(db, storage, actor, course, key, given.language, stored)
    said = _("Đã nhận bản đọc bằng %(language)s vào bản nháp.", language=language_in_words(given.language))
    return redirect(request, _url(slug, key), flash=("ok", said))


@router.post("/studio/{slug}/lessons/{key}/recordings/{language}/remove")
def unrecord(
    key: str, language: str, request: Request, db: Db, storage: Files, actor: Author, course: AuthoredCourse
) -> Response:
    translations.save_recording(db, storage, actor, course, key, language, None)
    said = _("Bản nháp không còn bản đọc bằng %(language)s.", language=language_in_words(language))
    return redirect(request, _url(course.slug, key), flash=("ok", said))


def _languages(db: Session, course: Course, key: str, limit: int) -> LanguagesPage:
    version = newest_version(db, course)
    lesson = service.lesson_in(source_of(db, version.id), key)[1]
    return LanguagesPage(
        course=course_version(db, version.id), key=key, title=lesson.title, most_bytes=limit,
        rows=translations.translation_rows(lesson), recordings=translations.recording_rows(db, lesson),
    )  # fmt: skip


def _page(db: Session, course: Course, key: str, language: str) -> TranslationPage:
    _must_be_offered(db, course, language)
    version = newest_version(db, course)
    lesson = service.lesson_in(source_of(db, version.id), key)[1]
    kept = _kept(lesson, language)
    state = translated(lesson, kept)
    fields = TranslationFields.of(kept, version.id)
    return TranslationPage(
        course=course_version(db, version.id), lesson=lesson, language=language, fields=fields,
        rows=tuple(rows(fields, lesson, kept)), head_state=state.head, done_count=state.done_count, lost=state.lost,
    )  # fmt: skip


def _kept(lesson: LessonSource, language: str) -> TranslationSource:
    return lesson.translation(language) or TranslationSource(language)


def _must_be_offered(db: Session, course: Course, language: str) -> None:
    if language not in LANGUAGES or language == newest_version(db, course).language:
        raise NotFound


def _form(request: Request, page: TranslationPage, status: int = 200) -> Response:
    response = render(request, "authoring/translation.html", status=status, page=page)
    # Back from an error page without scripts, the browser must still have what was typed.
    response.headers["cache-control"] = "private, no-cache"
    return response


def _url(slug: str, key: str, language: str = "") -> str:
    return f"/studio/{slug}/lessons/{key}/translations{'/' if language else ''}{language}"
