"""Lessons of an office file kept in a course: read, its pictures stored, added at the end of a module."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path, PurePath

from app.authoring.folder.lesson_file import LONGEST_MINUTES
from app.authoring.from_office import Piece, Read, read_document, read_presentation
from app.catalogue.models import Course
from app.catalogue.prose import count_words
from app.catalogue.queries import newest_version
from app.catalogue.service import save_version
from app.catalogue.source import (
    CourseSource,
    FileSource,
    LessonSource,
    ModuleSource,
    free_name,
    next_key,
    next_stem,
    with_lesson,
)
from app.catalogue.stored import source_of
from app.core.access import Actor
from app.core.attachments import DOCX, PPTX
from app.core.db import Session
from app.core.errors import AppError, Invalid
from app.core.i18n import gettext as _
from app.core.settings import Settings
from app.core.storage import Storage
from app.media.office import check_office_file
from app.media.quota import must_fit
from app.media.service import StoredFile, add_asset, store

_LEAST_MINUTES, _WORDS_A_MINUTE = 5, 100
_MOST_LESSONS = 60
_READERS = {DOCX: read_document, PPTX: read_presentation}


@dataclass(frozen=True)
class Stored:
    """What was read, each lesson with its pictures in the storage, by the names its text uses."""

    pieces: Sequence[tuple[Piece, Mapping[str, StoredFile]]]
    notes: Sequence[str]


def read(path: Path, file_name: str) -> Read:
    """The lessons of a Word document or a presentation. Raises Invalid for any other file, and one without words."""
    reader = _READERS.get(check_office_file(path))
    if reader is None:
        raise Invalid(_("Ở đây nhận Word (.docx) và PowerPoint (.pptx). Hãy lưu lại dạng ấy rồi chọn lại."))
    try:
        with path.open("rb") as stream:
            found = reader(stream)
    except (KeyError, ValueError, AttributeError, TypeError) as error:
        # A file that is bounded and harmless may still lack parts these readers count on.
        raise Invalid(_("Không đọc được tệp này. Hãy mở bằng Word hoặc PowerPoint, lưu lại rồi chọn lại.")) from error
    if not found.pieces:
        raise Invalid(_("Tệp “%(name)s” không có chữ nào để làm thành bài.", name=file_name))
    if len(found.pieces) > _MOST_LESSONS:
        raise Invalid(
            _("Tệp có %(count)s đề mục lớn, mỗi đề mục một bài; nhiều nhất %(most)s. Hãy chia tệp.",
              count=len(found.pieces), most=_MOST_LESSONS)
        )  # fmt: skip
    name = PurePath(file_name).stem
    return replace(found, pieces=[one if one.title else replace(one, title=name) for one in found.pieces])


def must_have_room(db: Session, settings: Settings, unit_id: int, found: Read) -> None:
    """Raises QuotaFull."""
    size = sum(len(picture.content) for one in found.pieces for picture in one.pictures.values())
    must_fit(db, settings, unit_id, size, _("ảnh trong tệp"))


def store_pictures(storage: Storage, found: Read) -> Stored:
    """Needs no database. A picture we do not take leaves the text, and is told."""
    pieces = []
    notes = list(found.notes)
    for piece in found.pieces:
        stored: dict[str, StoredFile] = {}
        for name, picture in piece.pictures.items():
            try:
                stored[name] = store(storage, BytesIO(picture.content), name, only="image")
            except AppError as error:
                notes.append(error.message)
                lines = piece.markdown.splitlines()
                piece = replace(piece, markdown="\n".join(line for line in lines if not line.endswith(f"]({name})")))
        pieces.append((piece, stored))
    return Stored(pieces, tuple(dict.fromkeys(notes)))


def add(
    db: Session, storage: Storage, actor: Actor, course: Course, folder: str, found: Stored
) -> list[str]:  # fmt: skip
    """Add the lessons at the end of a module in a new draft; their keys. Raises Invalid for a module there is not."""
    version = newest_version(db, course)
    source = source_of(db, version.id)
    if folder not in {module.folder for module in source.modules}:
        raise Invalid(fields={"module": _("Hãy chọn học phần.")})
    keys = []
    for piece, pictures in found.pieces:
        module = source.module(folder)
        lesson = _lesson(db, actor, course, source, module, piece, pictures)
        source = with_lesson(source, folder, lesson)
        keys.append(lesson.key)
    save_version(db, storage, source, course.unit_id, actor.account_id)
    return keys


def _lesson(
    db: Session, actor: Actor, course: Course, source: CourseSource, module: ModuleSource, piece: Piece,
    pictures: Mapping[str, StoredFile],
) -> LessonSource:  # fmt: skip
    """The author fills in the rest: objectives, role and sources are in no office file."""
    stem = next_stem(module, piece.title)
    text = piece.markdown
    files: dict[str, FileSource] = {}
    for name, stored in pictures.items():
        asset = add_asset(db, stored, by=actor.account_id, unit_id=course.unit_id)
        base = free_name(module, stem, PurePath(name).stem + PurePath(stored.file_name).suffix)
        files[base] = FileSource(base, asset_id=asset.id)
        text = text.replace(f"]({name})", f"]({base})")
    minutes = min(max(_LEAST_MINUTES, round(count_words(text) / _WORDS_A_MINUTE)), LONGEST_MINUTES)
    return LessonSource(
        key=next_key(source, module), stem=stem, title=piece.title, minutes=minutes, markdown=text + "\n",
        files=tuple(files[name] for name in sorted(files)),
    )  # fmt: skip
