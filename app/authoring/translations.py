"""Translations and recordings of a lesson in the studio: how far they are, and keeping them in a new draft."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from app.authoring.lesson_form import used_files
from app.authoring.service import lesson_in
from app.authoring.translation_form import TranslationFields, merged, problems, translation_of
from app.catalogue.models import Course, CourseVersion
from app.catalogue.queries import newest_version
from app.catalogue.service import save_version
from app.catalogue.source import FileSource, LessonSource, TranslationSource, edited_lesson, with_lesson
from app.catalogue.stored import own_source, source_of
from app.catalogue.translating import translated
from app.core.access import Actor
from app.core.db import Session
from app.core.errors import Conflict, Invalid, NotFound
from app.core.i18n import lazy as _
from app.core.storage import Storage
from app.media.languages import LANGUAGES, language_name, language_order
from app.media.queries import AssetView, asset_views
from app.media.service import StoredFile, add_asset


@dataclass(frozen=True)
class TranslationRow:
    """A translation in the list: sections done of how many, and parts whose original changed since."""

    language: str
    name: str
    done_count: int
    part_count: int
    old_count: int


@dataclass(frozen=True)
class RecordingRow:
    language: str
    name: str
    view: AssetView


def translation_rows(lesson: LessonSource) -> tuple[TranslationRow, ...]:
    states = [translated(lesson, one) for one in lesson.translations]
    return tuple(
        TranslationRow(one.language, language_name(one.language), one.done_count, len(one.parts), one.old_count)
        for one in sorted(states, key=lambda one: language_order(one.language))
    )


def recording_rows(db: Session, lesson: LessonSource) -> tuple[RecordingRow, ...]:
    files = {PurePosixPath(one.name).stem: one.asset_id for one in lesson.recordings if one.asset_id}
    views = asset_views(db, files.values())
    return tuple(
        RecordingRow(language, language_name(language), views[files[language]])
        for language in sorted(files, key=language_order)
    )


def save_translation(
    db: Session, storage: Storage, actor: Actor, course: Course, key: str, language: str, fields: TranslationFields
) -> CourseVersion:
    """Keep the translation in a new draft of its course, together with what others translated meanwhile.

    Raises NotFound, Invalid with messages by field, Conflict where somebody else translated the same part otherwise.
    """

    def change(lesson: LessonSource) -> LessonSource:
        old = lesson.translation(language)
        try:
            seen = own_source(db, course, fields.base_version).lesson(key)[1]
        except (NotFound, KeyError):
            seen = lesson
        base, theirs = (TranslationFields.of(one, 0) for one in (seen.translation(language), old))
        typed = merged(base, fields, theirs)
        if typed is None:
            raise Conflict(
                _("Người khác vừa dịch cùng phần ấy. Hãy mở trang này ở thẻ khác để so, sửa cho khớp rồi bấm lưu lại.")
            )
        if found := problems(typed, lesson):
            raise Invalid(fields=found)
        made = translation_of(typed, language, lesson, seen)
        others = [one for one in lesson.translations if one.language != language]
        return _with(lesson, translations=(*others, made))

    return _changed(db, storage, actor, course, key, change)


def remove_translation(
    db: Session, storage: Storage, actor: Actor, course: Course, key: str, language: str
) -> CourseVersion:
    """The translation leaves the next version; versions before keep it. Again, it changes nothing."""

    def change(lesson: LessonSource) -> LessonSource:
        return _with(lesson, translations=tuple(one for one in lesson.translations if one.language != language))

    return _changed(db, storage, actor, course, key, change)


def save_recording(
    db: Session, storage: Storage, actor: Actor, course: Course, key: str, language: str, stored: StoredFile | None
) -> CourseVersion:
    """Keep the lesson read aloud in that language, in place of a recording there was; None: without one."""
    if language not in LANGUAGES:
        raise NotFound

    def change(lesson: LessonSource) -> LessonSource:
        others = [one for one in lesson.recordings if PurePosixPath(one.name).stem != language]
        if stored:
            asset = add_asset(db, stored, by=actor.account_id, unit_id=course.unit_id)
            ending = PurePosixPath(stored.file_name).suffix.lower()
            others.append(FileSource(f"{language}{ending}", asset_id=asset.id))
        return edited_lesson(lesson, recordings=tuple(sorted(others, key=lambda one: one.name)))

    return _changed(db, storage, actor, course, key, change)


def _with(lesson: LessonSource, translations: tuple[TranslationSource, ...]) -> LessonSource:
    """The lesson with other translations, in the order of their codes, and the files its texts still name."""
    changed = edited_lesson(lesson, translations=tuple(sorted(translations, key=lambda one: one.language)))
    kept = {file.name: file for file in lesson.files}
    return replace(changed, files=used_files(lesson.markdown, lesson.quiz, kept, changed.translations))


def _changed(
    db: Session, storage: Storage, actor: Actor, course: Course, key: str,
    change: Callable[[LessonSource], LessonSource],
) -> CourseVersion:  # fmt: skip
    source = source_of(db, newest_version(db, course).id)
    module, lesson = lesson_in(source, key)
    made = with_lesson(source, module.folder, change(lesson))
    return save_version(db, storage, made, course.unit_id, actor.account_id)
