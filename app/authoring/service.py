"""Verbs of the studio: take the files of a form in, keep a lesson in a new draft."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, BinaryIO

from sqlalchemy.orm import Session

from app.authoring.history_queries import lesson_at
from app.authoring.lesson_form import SLOTS, LessonFields, lesson_of, problems, used_files, videos_of
from app.authoring.merging import Clash, merge
from app.authoring.starting import with_hours_of
from app.catalogue.markdown import PLAYED
from app.catalogue.models import Course
from app.catalogue.queries import newest_version
from app.catalogue.service import save_version
from app.catalogue.source import (
    CourseSource,
    FileSource,
    LessonSource,
    ModuleSource,
    edited_lesson,
    next_key,
    next_stem,
    with_lesson,
)
from app.catalogue.stored import own_source, source_of
from app.core.access import Actor
from app.core.errors import AppError, Conflict, Invalid, NotFound
from app.core.i18n import lazy as _
from app.core.settings import Settings
from app.core.storage import Storage
from app.media.queries import AssetView
from app.media.quota import QuotaFull, must_fit
from app.media.service import StoredFile, add_asset, store

_CHANGED_ELSEWHERE = _("Bài này vừa được lưu ở nơi khác. Hãy mở bản mới nhất ở thẻ khác để so rồi bấm lưu lại.")


class MergeNeeded(Conflict):
    """Two authors changed the same places; each of `clashes` is to be decided."""

    text = _("Người khác vừa lưu bài này và sửa cùng chỗ với anh/chị.")

    def __init__(self, clashes: Sequence[Clash]) -> None:
        super().__init__()
        self.clashes = tuple(clashes)


@dataclass(frozen=True)
class SavedLesson:
    """`is_merged`: together with what somebody else saved meanwhile."""

    key: str
    is_merged: bool


@dataclass
class Taken:
    """The files of one try: stored ones by slot, and why the others were not; `status` is that of the first refusal."""

    stored: dict[str, StoredFile] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    status: int = 422


def take_files(storage: Storage, given: Mapping[str, tuple[str, BinaryIO]], limit_bytes: int) -> Taken:
    """Store what was chosen in the form, slot by slot; a bad file spoils neither the others nor the text."""
    taken = Taken()
    for slot, (file_name, stream) in given.items():
        try:
            taken.stored[slot] = store(storage, stream, file_name, only=SLOTS[slot], limit_bytes=limit_bytes)
        except AppError as error:
            taken.status = taken.status if taken.errors else error.status
            taken.errors[slot] = error.message
    return taken


def without_room(
    db: Session, settings: Settings, course: Course, given: Mapping[str, tuple[str, BinaryIO]]
) -> dict[str, str]:
    """Which of the chosen files the course's unit has no room for, and why, by slot."""
    refused: dict[str, str] = {}
    wanted = 0
    for slot, (file_name, stream) in given.items():
        # All of it has arrived; its end tells how large it is.
        size = stream.seek(0, os.SEEK_END)
        stream.seek(0)
        try:
            must_fit(db, settings, course.unit_id, wanted + size, file_name)
            wanted += size
        except QuotaFull as error:
            refused[slot] = error.message
    return refused


def add_files(db: Session, actor: Actor, course: Course, stored: Mapping[str, StoredFile]) -> dict[str, str]:
    """Write stored files down, so that a form sent again need not carry them again; public ids by slot."""
    return {
        slot: add_asset(db, file, by=actor.account_id, unit_id=course.unit_id).public_id
        for slot, file in stored.items()
    }


def lesson_in(source: CourseSource, key: str) -> tuple[ModuleSource, LessonSource]:
    """The lesson of that key and its module; raises NotFound."""
    try:
        return source.lesson(key)
    except KeyError:
        raise NotFound from None


def faults(
    db: Session,
    course: Course,
    fields: LessonFields,
    key: str | None,
    files: Mapping[str, AssetView],
    placed: Mapping[str, AssetView] = MappingProxyType({}),
) -> dict[str, str]:
    """What keeps this form from being saved, by field."""
    source = source_of(db, newest_version(db, course).id)
    old = lesson_in(source, key)[1] if key else None
    has_video = bool(old and videos_of(old)) or any(view.kind in PLAYED for view in placed.values())
    return problems(fields, source, files, has_video)


def save_lesson(
    db: Session,
    storage: Storage,
    actor: Actor,
    course: Course,
    fields: LessonFields,
    key: str | None,
    files: Mapping[str, AssetView],
    placed: Mapping[str, AssetView] = MappingProxyType({}),
    picks: Mapping[str, str] = MappingProxyType({}),
) -> SavedLesson:
    """Keep the lesson in a new draft of its course. Without `key` it is a new one.

    `files` by slot of the form; `placed` by the name the text shows them by. What somebody else saved of it meanwhile
    is merged in. Raises Invalid with messages by field, MergeNeeded where both changed the same and `picks` (by the
    clash's key) do not say what to keep.
    """
    if found := faults(db, course, fields, key, files, placed):
        raise Invalid(fields=found)
    version = newest_version(db, course)
    source = source_of(db, version.id)
    old = lesson_in(source, key) if key else None
    is_merged = False
    if old and fields.base_version != version.id:
        fields, old, is_merged = _with_theirs(db, course, fields, old, picks)
    module = old[0] if old else source.module(fields.module)
    key = key or next_key(source, module)
    stem = old[1].stem if old else next_stem(module, fields.title)
    lesson = lesson_of(fields, module, old[1] if old else None, key, stem, files, placed)
    try:
        made = with_hours_of(source, with_lesson(source, module.folder, lesson))
        save_version(db, storage, made, course.unit_id, actor.account_id)
    except Invalid as error:
        raise Invalid(fields={"body": error.message}) from error
    return SavedLesson(key, is_merged)


def save_quiz(
    db: Session, storage: Storage, actor: Actor, course: Course, key: str, quiz: dict[str, Any] | None,
    files: Mapping[str, int], base_version: int,
) -> None:  # fmt: skip
    """Keep the lesson's quiz (None: without one) in a new draft; `files`: asset ids of new pictures by name.

    Raises NotFound, Conflict when somebody else changed the same lesson meanwhile, Invalid as `save_version` does.
    """
    version = newest_version(db, course)
    source = source_of(db, version.id)
    module, lesson = lesson_in(source, key)
    if base_version != version.id:
        must_be_unchanged(db, course, source, base_version, key)
    kept = {file.name: file for file in lesson.files}
    kept |= {name: FileSource(name, asset_id=asset_id) for name, asset_id in files.items()}
    changed = edited_lesson(lesson, quiz=quiz, files=used_files(lesson.markdown, quiz, kept, lesson.translations))
    save_version(db, storage, with_lesson(source, module.folder, changed), course.unit_id, actor.account_id)


def bring_back(
    db: Session, storage: Storage, actor: Actor, course: Course, key: str, number: int, base_version: int
) -> None:
    """Keep the lesson as version `number` has it, quiz and files included, in a new draft; one taken out comes again.

    Raises NotFound, Conflict when somebody changed the lesson after `base_version`, Invalid when another file of its
    module took the name of one of its files.
    """
    folder, old = lesson_at(db, course, key, number)
    version = newest_version(db, course)
    source = source_of(db, version.id)
    try:
        module, present = source.lesson(key)
    except KeyError:
        if not source.modules:
            raise Conflict(_("Khóa học không còn học phần nào. Hãy thêm một học phần rồi lấy lại bài.")) from None
        module = next((one for one in source.modules if one.folder == folder), source.modules[-1])
        lesson = replace(old, stem=next_stem(module, old.title))
    else:
        if base_version != version.id:
            must_be_unchanged(db, course, source, base_version, key)
        lesson = replace(old, stem=present.stem)
    made = with_hours_of(source, with_lesson(source, module.folder, lesson))
    save_version(db, storage, made, course.unit_id, actor.account_id)


def _with_theirs(
    db: Session,
    course: Course,
    fields: LessonFields,
    newest: tuple[ModuleSource, LessonSource],
    picks: Mapping[str, str],
) -> tuple[LessonFields, tuple[ModuleSource, LessonSource], bool]:
    """My fields put together with the newest lesson, which may show the files of the one I began from, too."""
    module, theirs = newest
    try:
        base = own_source(db, course, fields.base_version).lesson(theirs.key)[1]
    except (NotFound, KeyError):
        raise Conflict(_CHANGED_ELSEWHERE) from None
    if base == theirs:
        return fields, newest, False
    merged = merge(LessonFields.of_lesson("", base, 0), fields, LessonFields.of_lesson("", theirs, 0), picks)
    if merged.clashes:
        raise MergeNeeded(merged.clashes)
    files = {file.name: file for file in (*base.files, *theirs.files)}
    return merged.fields, (module, replace(theirs, files=tuple(files.values()))), True


def must_be_unchanged(db: Session, course: Course, source: CourseSource, base_version: int, key: str) -> None:
    """Two people at one lesson: the second is told, instead of undoing the first one's work in silence."""
    try:
        base = own_source(db, course, base_version).lesson(key)
    except (NotFound, KeyError):
        base = None
    if base != source.lesson(key):
        raise Conflict(_CHANGED_ELSEWHERE)
