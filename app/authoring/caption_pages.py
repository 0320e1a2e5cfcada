"""Captions of a lesson's videos in the studio: the tracks of each, a file taken in, cues written beside the video."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.datastructures import FormData, UploadFile

from app.authoring.caption_form import MOST_CUES, CueRow, cues_of, edited, judged, rows_of, shift_ms
from app.authoring.captions import CaptionedVideo, captioned_videos, save_track, track_cues, video_view
from app.authoring.pages import Author, AuthoredCourse
from app.authoring.service import lesson_in
from app.catalogue.models import Course
from app.catalogue.queries import CourseView, course_version, newest_version
from app.catalogue.stored import source_of
from app.core.db import Session
from app.core.errors import Conflict, TooLarge
from app.core.forms import text_in
from app.core.i18n import gettext as _
from app.core.storage import Storage
from app.core.text import nfc, whole
from app.core.web import Config, Db, Files, Response, redirect, render
from app.media.captions import MAX_BYTES, CaptionProblem, CaptionsInvalid, read_captions
from app.media.languages import LANGUAGES, is_language, language_name
from app.media.queries import AssetView
from app.media.quota import QuotaFull

router = APIRouter()

_LARGEST_FORM_BYTES = 8 * 1024 * 1024
_FIRST_ROW = CueRow("0:00.000", "0:03.000")


@dataclass(frozen=True)
class TracksPage:
    """The videos of a lesson with their tracks. `problems` of the file that was not taken for `video`."""

    course: CourseView
    key: str
    title: str
    base_version: int
    videos: tuple[CaptionedVideo, ...]
    video: str = ""
    language: str = "vi"
    file_name: str = ""
    problems: tuple[CaptionProblem, ...] = ()

    @property
    def languages(self) -> list[tuple[str, str]]:
        return list(LANGUAGES.items())


@dataclass(frozen=True)
class EditorPage:
    """One track to be written. `is_kept`: its rows are those of the newest version; `problem`: why nothing was kept."""

    course: CourseView
    key: str
    title: str
    video: str
    view: AssetView
    language: str
    rows: tuple[CueRow, ...]
    base_version: int
    is_kept: bool = True
    shift: str = ""
    problem: str = ""

    @property
    def label(self) -> str:
        return language_name(self.language)

    @property
    def errors(self) -> list[tuple[int, str]]:
        return [(number, row.error) for number, row in enumerate(self.rows, start=1) if row.error]

    @property
    def remark_count(self) -> int:
        return sum(bool(row.remarks) for row in self.rows)


@dataclass(frozen=True)
class TypedTrack:
    """The editor's form as it came in; `do` is the button pressed, `cursor` where in the text it stood."""

    rows: tuple[CueRow, ...]
    base_version: int
    do: str
    shift: str
    cursor: int | None


@dataclass(frozen=True)
class GivenTrack:
    """The form that begins a track: with a file, or to be written from nothing."""

    video: str
    language: str
    base_version: int
    file_name: str
    data: bytes


async def _typed(request: Request) -> AsyncIterator[TypedTrack]:
    """Read here, not as parameters: after the token was checked, and with room for all cues."""
    form = await _form(request, files=0)
    columns = [_texts(form, name) for name in ("start", "end", "text")]
    yield TypedTrack(
        rows=tuple(CueRow(*row) for row in zip(*columns, strict=False))[:MOST_CUES],
        base_version=whole(text_in(form, "base_version")) or 0,
        do=text_in(form, "do") or "save",
        shift=text_in(form, "shift")[:20],
        cursor=whole(text_in(form, "cursor")),
    )


async def _given(request: Request) -> AsyncIterator[GivenTrack]:
    form = await _form(request, files=1)
    file = form.get("file")
    has_file = isinstance(file, UploadFile) and bool(file.filename)
    try:
        yield GivenTrack(
            video=text_in(form, "video"),
            language=text_in(form, "language"),
            base_version=whole(text_in(form, "base_version")) or 0,
            file_name=nfc(file.filename or "")[-200:] if isinstance(file, UploadFile) else "",
            data=await file.read(MAX_BYTES + 1) if has_file and isinstance(file, UploadFile) else b"",
        )
    finally:
        await form.close()


TypedHere = Annotated[TypedTrack, Depends(_typed)]
GivenHere = Annotated[GivenTrack, Depends(_given)]


@router.get("/studio/{slug}/lessons/{key}/captions")
def tracks(key: str, request: Request, db: Db, storage: Files, course: AuthoredCourse) -> Response:
    return render(request, "authoring/captions.html", page=_tracks_page(db, storage, course, key))


@router.post("/studio/{slug}/lessons/{key}/captions")
def begin(
    key: str, request: Request, db: Db, storage: Files, settings: Config, actor: Author, course: AuthoredCourse,
    given: GivenHere,
) -> Response:  # fmt: skip
    """Take a file in as the track of a language, or go on to write one."""
    page = _tracks_page(db, storage, course, key)
    page = replace(page, video=given.video, language=given.language, file_name=given.file_name)
    editor = _editor_url(course, key, given.video, given.language)
    video_view(db, lesson_in(source_of(db, page.base_version), key)[1], given.video)
    if not is_language(given.language):
        problem = CaptionProblem(0, _("Hãy chọn thứ tiếng của phụ đề."))
        return render(request, "authoring/captions.html", status=422, page=replace(page, problems=(problem,)))
    if not given.file_name:
        return redirect(request, editor)
    try:
        cues = read_captions(given.data, given.file_name)
        if len(cues) > MOST_CUES:
            too_many = _("Tệp có %(count)s câu, nhiều hơn %(limit)s. Hãy chia video.", count=len(cues), limit=MOST_CUES)
            raise CaptionsInvalid(given.file_name, [CaptionProblem(1, too_many)])
        save_track(db, storage, settings, actor, course, key, given.video, given.language, cues, given.base_version)
    except CaptionsInvalid as error:
        page = replace(page, problems=tuple(error.problems))
        return render(request, "authoring/captions.html", status=error.status, page=page)
    except (Conflict, QuotaFull) as error:
        page = replace(page, problems=(CaptionProblem(0, error.message),))
        return render(request, "authoring/captions.html", status=error.status, page=page)
    return redirect(request, editor, flash=("ok", _("Đã nhận %(count)s câu phụ đề vào bản nháp.", count=len(cues))))


@router.get("/studio/{slug}/lessons/{key}/captions/{video}/{language}")
def editor(
    key: str, video: str, language: str, request: Request, db: Db, storage: Files, course: AuthoredCourse
) -> Response:
    return _editor(request, _editor_page(db, storage, course, key, video, language))


@router.post("/studio/{slug}/lessons/{key}/captions/{video}/{language}")
def write(
    key: str, video: str, language: str, request: Request, db: Db, storage: Files, settings: Config, actor: Author,
    course: AuthoredCourse, typed: TypedHere,
) -> Response:  # fmt: skip
    """Save, or do what another button says with the cues as typed; nothing is kept then."""
    page = _editor_page(db, storage, course, key, video, language)
    newest = page.base_version
    page = replace(page, base_version=typed.base_version, is_kept=False, shift=typed.shift)
    if typed.do != "save":
        return _editor(request, _pressed(page, typed))
    rows = judged(typed.rows, page.view.duration_s)
    if not rows:
        problem = _("Chưa có câu nào để lưu. Muốn bỏ cả phụ đề này thì về trang phụ đề của bài.")
        return _editor(request, replace(page, rows=(_FIRST_ROW,), problem=problem), 422)
    page = replace(page, rows=rows)
    if page.errors:
        return _editor(request, page, 422)
    try:
        cues = cues_of(rows)
        version = save_track(db, storage, settings, actor, course, key, video, language, cues, typed.base_version)
    except Conflict as error:
        # Whoever saves once more after the warning has seen the newest version.
        return _editor(request, replace(page, base_version=newest, problem=error.message), error.status)
    except (CaptionsInvalid, QuotaFull) as error:
        # Each cue was good; together they are too much, for one file or for the unit.
        return _editor(request, replace(page, problem=error.message), error.status)
    text = _("Đã lưu phụ đề vào bản nháp số %(number)s.", number=version.number)
    return redirect(request, _editor_url(course, key, video, language), flash=("ok", text))


@router.post("/studio/{slug}/lessons/{key}/captions/{video}/{language}/remove")
def remove(
    key: str, video: str, language: str, request: Request, db: Db, storage: Files, settings: Config, actor: Author,
    course: AuthoredCourse, base_version: Annotated[int, Form()] = 0,
) -> Response:  # fmt: skip
    """The track leaves the next version; versions before keep it."""
    try:
        save_track(db, storage, settings, actor, course, key, video, language, [], base_version)
        flash = (
            "ok",
            _("Bản nháp không còn phụ đề %(language)s. Bản đã công bố vẫn có.", language=language_name(language)),
        )
    except Conflict as error:
        flash = ("warn", error.message)
    return redirect(request, f"/studio/{course.slug}/lessons/{key}/captions", flash=flash)


def _pressed(page: EditorPage, typed: TypedTrack) -> EditorPage:
    problem = ""
    if typed.do == "shift" and shift_ms(typed.shift) is None:
        problem = _("Ghi số giây cần dời, ví dụ 2,5 để muộn hơn, -2,5 để sớm hơn.")
    rows = judged(edited(typed.rows, typed.do, shift=typed.shift, cursor=typed.cursor), page.view.duration_s)
    # A cue that is still to be written is no mistake yet.
    rows = tuple(row if row.text.strip() else replace(row, error="") for row in rows)
    return replace(page, rows=rows or (_FIRST_ROW,), problem=problem)


def _tracks_page(db: Session, storage: Storage, course: Course, key: str) -> TracksPage:
    version = newest_version(db, course)
    lesson = lesson_in(source_of(db, version.id), key)[1]
    videos = captioned_videos(db, storage, lesson)
    return TracksPage(course_version(db, version.id), key, lesson.title, version.id, videos)


def _editor_page(db: Session, storage: Storage, course: Course, key: str, video: str, language: str) -> EditorPage:
    version = newest_version(db, course)
    lesson = lesson_in(source_of(db, version.id), key)[1]
    view = video_view(db, lesson, video)
    rows = judged(rows_of(track_cues(db, storage, lesson, video, language)), view.duration_s)
    return EditorPage(
        course=course_version(db, version.id),
        key=key,
        title=lesson.title,
        video=video,
        view=view,
        language=language,
        rows=rows or (_FIRST_ROW,),
        base_version=version.id,
    )


def _editor(request: Request, page: EditorPage, status: int = 200) -> Response:
    response = render(request, "authoring/caption_editor.html", status=status, fragment="cues", page=page)
    # Back from an error page without scripts, the browser must still have what was typed.
    response.headers["cache-control"] = "private, no-cache"
    return response


def _editor_url(course: Course, key: str, video: str, language: str) -> str:
    return f"/studio/{course.slug}/lessons/{key}/captions/{video}/{language}"


async def _form(request: Request, files: int) -> FormData:
    declared = whole(request.headers.get("content-length", "0"))
    if declared is None or declared > _LARGEST_FORM_BYTES:
        raise TooLarge
    return await request.form(max_files=files, max_fields=3 * MOST_CUES + 20)


def _texts(form: FormData, name: str) -> list[str]:
    return [one.replace("\0", "").replace("\r\n", "\n") for one in form.getlist(name) if isinstance(one, str)]
