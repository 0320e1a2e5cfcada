"""The lesson form of the studio: new and edit. Files are stored before the database is touched."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from fastapi import APIRouter, Request

from app.authoring import drafting, queries, service
from app.authoring.comparing import PART_NAMES
from app.authoring.folder.quality import LEAST_WORDS, MOST_WORDS
from app.authoring.lesson_form import MORE_PICTURES, SLOTS, LessonFields, in_order
from app.authoring.lesson_upload import LessonUpload, Upload
from app.authoring.library_queries import pickable, usable_files
from app.authoring.merging import Clash
from app.authoring.pages import Author, AuthoredCourse
from app.authoring.presence import Writer, others_writing
from app.authoring.review.comments import Thread, threads
from app.catalogue.embed_sites import embed_sites
from app.catalogue.markdown import media_kind
from app.catalogue.models import Course
from app.catalogue.queries import CourseView, course_version, newest_version
from app.catalogue.stored import source_of
from app.core.access import Actor
from app.core.db import Database, Session
from app.core.errors import Conflict, Invalid
from app.core.i18n import gettext as _
from app.core.settings import Settings
from app.core.storage import Storage
from app.core.web import Config, Databases, Db, Files, Response, redirect, render
from app.media.libreoffice import find_libreoffice
from app.media.queries import AssetView
from app.media.quota import Quota, quota_of
from app.media.service import may_take
from app.media.uploads.service import Unfinished, most_bytes, unfinished

router = APIRouter()


@dataclass(frozen=True)
class LessonFormPage:
    """The form with what was typed and what is wrong. `key` is None for a new lesson.

    `limit_bytes` is for one file that comes with the form, `most_bytes` for one that goes ahead of it, by slot;
    `unfinished` are those on their way.
    """

    course: CourseView
    modules: list[tuple[str, str]]
    key: str | None
    fields: LessonFields
    attached: dict[str, AssetView]
    present: list[tuple[str, AssetView]]
    errors: dict[str, str]
    problem: str
    limit_bytes: int
    most_bytes: dict[str, int]
    unfinished: list[Unfinished]
    # Whether this server can draw the pages of office files.
    draws_office: bool
    room: Quota
    # Names and addresses of the sites whose videos may be embedded.
    sites: list[dict[str, object]]
    # By slot, what the library holds for the words searched without scripts.
    found: dict[str, tuple[AssetView, ...]] = field(default_factory=dict)
    words: str = ""
    # What reviewers said of the lesson and nobody settled yet.
    comments: tuple[Thread, ...] = ()
    # Files put into the text since it was last saved, by the name it shows them by.
    placed: Mapping[str, AssetView] = field(default_factory=dict)
    # How long the check of lessons wants a text, in words.
    least_words: int = LEAST_WORDS
    most_words: int = MOST_WORDS
    # What this author left unsaved and may go on with; None too where the form shows it already.
    draft: drafting.Draft | None = None
    # Who else is writing this lesson, when the page was asked for.
    others: tuple[Writer, ...] = ()
    # Where somebody else changed the same, and what was chosen of it so far.
    clashes: tuple[Clash, ...] = ()
    picks: dict[str, str] = field(default_factory=dict)

    @property
    def clash_names(self) -> dict[str, str]:
        return {name: str(said) for name, said in PART_NAMES.items()}

    @property
    def more_pictures(self) -> tuple[str, ...]:
        return MORE_PICTURES

    @property
    def kinds(self) -> dict[str, str]:
        return SLOTS


@router.get("/studio/{slug}/lessons/new")
def new(
    request: Request,
    db: Db,
    actor: Author,
    course: AuthoredCourse,
    storage: Files,
    settings: Config,
    module: str = "",
    draft: bool = False,
) -> Response:
    """`draft`: go on with what was left unsaved."""
    fields = LessonFields(module=module, base_version=newest_version(db, course).id)
    page = _page(db, course, None, fields, settings, unfinished(db, storage, actor))
    return _form(request, _with_draft(db, actor, course, page, goes_on=draft))


@router.get("/studio/{slug}/lessons/{key}/edit")
def edit(
    key: str,
    request: Request,
    db: Db,
    actor: Author,
    course: AuthoredCourse,
    storage: Files,
    settings: Config,
    draft: bool = False,
) -> Response:
    """`draft`: go on with what was left unsaved."""
    version = newest_version(db, course)
    module, lesson = service.lesson_in(source_of(db, version.id), key)
    fields = LessonFields.of_lesson(module.folder, lesson, version.id)
    page = _page(db, course, key, fields, settings, unfinished(db, storage, actor))
    return _form(request, _with_draft(db, actor, course, page, goes_on=draft))


@router.post("/studio/{slug}/lessons/new")
def create(
    slug: str, request: Request, actor: Author, upload: Upload, database: Databases, storage: Files, settings: Config
) -> Response:
    return _save(request, _Try(slug, None, actor, upload, database, storage, settings))


@router.post("/studio/{slug}/lessons/{key}/edit")
def change(
    slug: str,
    key: str,
    request: Request,
    actor: Author,
    upload: Upload,
    database: Databases,
    storage: Files,
    settings: Config,
) -> Response:
    return _save(request, _Try(slug, key, actor, upload, database, storage, settings))


@dataclass(frozen=True)
class _Try:
    """One press of the save button. It opens its own sessions: none may be held while large files are checked."""

    slug: str
    key: str | None
    actor: Actor
    upload: LessonUpload
    database: Database
    storage: Storage
    settings: Settings


def _save(request: Request, form: _Try) -> Response:
    with form.database.reading() as db:
        course = queries.authored_course(db, form.actor, form.slug)
        if form.key:
            service.lesson_in(source_of(db, newest_version(db, course).id), form.key)
        refused = service.without_room(db, form.settings, course, form.upload.files)
    fitting = {slot: file for slot, file in form.upload.files.items() if slot not in refused}
    taken = service.take_files(form.storage, fitting, form.settings.upload_limit_bytes)
    taken.errors |= refused
    with form.database.writing() as db:
        course = queries.authored_course(db, form.actor, form.slug)
        kept = form.upload.kept | service.add_files(db, form.actor, course, taken.stored)
    if form.upload.find in SLOTS:
        return _found(request, form, kept, taken.errors)
    if taken.errors:
        return _again(request, form, kept, taken.status, errors=taken.errors)
    try:
        with form.database.writing() as db:
            course = queries.authored_course(db, form.actor, form.slug)
            files, placed = _attached(db, form.actor, kept), _placed(db, form.actor, form.upload.placed)
            saved = service.save_lesson(
                db, form.storage, form.actor, course, form.upload.fields, form.key, files, placed, form.upload.picks
            )
            drafting.forget(db, form.actor, course, form.key)
    except Invalid as error:
        return _again(request, form, kept, error.status, errors=error.fields)
    except service.MergeNeeded as error:
        return _again(request, form, kept, error.status, clashes=error.clashes)
    except Conflict as error:
        return _again(request, form, kept, error.status, problem=error.message)
    said = _("Đã lưu vào bản nháp.")
    if saved.is_merged:
        said = _("Đã lưu vào bản nháp, gộp với phần người khác vừa lưu. Anh/chị đọc lại bài một lượt nhé.")
    return redirect(request, f"/studio/{form.slug}/lessons/{saved.key}/preview", flash=("ok", said))


def _again(
    request: Request,
    form: _Try,
    kept: dict[str, str],
    status: int,
    *,
    errors: dict[str, str] | None = None,
    problem: str = "",
    clashes: tuple[Clash, ...] = (),
) -> Response:
    """The form with everything typed and every good file still there, and all that is wrong at once."""
    with form.database.reading() as db:
        course = queries.authored_course(db, form.actor, form.slug)
        files, placed = _attached(db, form.actor, kept), _placed(db, form.actor, form.upload.placed)
        faults = service.faults(db, course, form.upload.fields, form.key, files, placed)
        fields = form.upload.fields
        if problem:
            # Where nothing can be put together, who saves once more after the warning has seen the newest version.
            fields = replace(fields, base_version=newest_version(db, course).id)
        page = replace(
            _page(db, course, form.key, fields, form.settings, unfinished(db, form.storage, form.actor)),
            attached=files,
            placed=placed,
            errors=in_order(faults | (errors or {})),
            problem=problem,
            clashes=clashes,
            picks=form.upload.picks,
        )
        return _form(request, page, status)


def _found(request: Request, form: _Try, kept: dict[str, str], errors: dict[str, str]) -> Response:
    """The form as it was, with what the library holds for one of its fields: nothing is saved, nothing found wrong."""
    slot = form.upload.find
    with form.database.reading() as db:
        course = queries.authored_course(db, form.actor, form.slug)
        page = replace(
            _page(db, course, form.key, form.upload.fields, form.settings, unfinished(db, form.storage, form.actor)),
            attached=_attached(db, form.actor, kept),
            placed=_placed(db, form.actor, form.upload.placed),
            errors=errors,
            found={slot: pickable(db, form.actor, SLOTS[slot], form.upload.words)},
            words=form.upload.words,
        )
        return _form(request, page)


def _page(
    db: Session,
    course: Course,
    key: str | None,
    fields: LessonFields,
    settings: Settings,
    on_their_way: list[Unfinished],
) -> LessonFormPage:
    version = newest_version(db, course)
    source = source_of(db, version.id)
    return LessonFormPage(
        course=course_version(db, version.id),
        modules=[(module.folder, module.title) for module in source.modules],
        key=key,
        fields=fields,
        attached={},
        present=queries.lesson_files(db, source.lesson(key)[1]) if key else [],
        errors={},
        problem="",
        limit_bytes=settings.upload_limit_bytes,
        most_bytes={slot: most_bytes(settings, kind) for slot, kind in SLOTS.items()},
        unfinished=on_their_way,
        room=quota_of(db, settings, course.unit_id),
        sites=[{"name": site.name, "addresses": site.addresses} for site in embed_sites(db)],
        draws_office=bool(find_libreoffice(settings.libreoffice)),
        comments=tuple(one for one in threads(db, course, key) if not one.settled_at) if key else (),
    )


def _with_draft(db: Session, actor: Actor, course: Course, page: LessonFormPage, *, goes_on: bool) -> LessonFormPage:
    if page.key:
        page = replace(page, others=others_writing(db, actor, course, page.key))
    draft = drafting.kept_draft(db, actor, course, page.key, page.fields)
    if draft is None or not goes_on:
        return replace(page, draft=draft)
    return replace(
        page, fields=draft.fields, attached=_attached(db, actor, dict(draft.kept)),
        placed=_placed(db, actor, draft.placed),
    )  # fmt: skip


def _attached(db: Session, actor: Actor, kept: dict[str, str]) -> dict[str, AssetView]:
    """The files a form carries, by slot; only what this person may use and only in its place."""
    uploads = usable_files(db, actor, kept.values())
    views = {slot: uploads[public_id] for slot, public_id in kept.items() if public_id in uploads}
    return {slot: view for slot, view in views.items() if may_take(SLOTS[slot], view.kind)}


def _placed(db: Session, actor: Actor, placed: Mapping[str, str]) -> dict[str, AssetView]:
    """The files put into the text, by the name it shows them by; only what this person may use and such a name says."""
    usable = usable_files(db, actor, placed.values())
    views = {name: usable[public_id] for name, public_id in placed.items() if public_id in usable}
    return {name: view for name, view in views.items() if view.kind == media_kind(name)}


def _form(request: Request, page: LessonFormPage, status: int = 200) -> Response:
    response = render(request, "authoring/lesson_form.html", status=status, fragment="form", page=page)
    # Back from an error page without scripts, the browser must still have what was typed.
    response.headers["cache-control"] = "private, no-cache"
    return response
