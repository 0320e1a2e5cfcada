"""Verbs of the catalogue: keep a version of a course, publish it. A published one never changes (immutable.py)."""

import hashlib
import json
from collections import OrderedDict
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import PurePosixPath
from threading import Lock
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalogue import questions
from app.catalogue.banks import draw_faults
from app.catalogue.drawing import asked_count
from app.catalogue.events import CourseVersionPublished
from app.catalogue.inline import media_in
from app.catalogue.lesson_rules import OPENING, LessonRule, as_stored
from app.catalogue.markdown import PLAYED, Track, parse, plain_texts, render_lesson
from app.catalogue.models import Course, CourseFile, CourseVersion, LessonFile, LessonVersion, ModuleVersion
from app.catalogue.render import asset_ids
from app.catalogue.source import CompletionRule, CourseSource, ExtraFile, FileSource, LessonSource, ModuleSource
from app.catalogue.transcripts import spoken_lines
from app.catalogue.translating import render_translation
from app.core import audit, clock
from app.core.errors import Conflict, Invalid
from app.core.events import emit
from app.core.i18n import lazy as _
from app.core.storage import Storage
from app.core.text import fold
from app.media.models import Asset
from app.media.paging import document_words, page_texts
from app.media.service import add_local_file, make_public


def save_version(
    db: Session, storage: Storage, source: CourseSource, unit_id: int | None, by: int | None
) -> CourseVersion:  # fmt: skip
    """The course's newest version if it says exactly this already, else a new draft with the next number.

    `unit_id` owns the course and is needed only for a new one; `by` is an account id. Raises Conflict when another
    course has this code, Invalid when the text names a file that is missing or two files of one module share a name,
    and what media raises for a file it does not take.
    """
    course = _course_for(db, source, unit_id)
    shelf = _Shelf(db, storage, by, course.unit_id)
    files = shelf.take(source)
    checksum = _checksum(source, files)
    newest = db.scalar(
        select(CourseVersion).where(CourseVersion.course_id == course.id).order_by(CourseVersion.number.desc()).limit(1)
    )
    if newest is not None and newest.checksum == checksum:
        return newest
    version = CourseVersion(
        course_id=course.id,
        number=newest.number + 1 if newest else 1,
        state="draft",
        title=source.title,
        folded_text=fold(f"{source.code} {source.title} {source.summary}"),
        summary=source.summary,
        programme_code=source.programme,
        access=source.access,
        hours=source.hours,
        language=source.language,
        licence=source.licence,
        owner=source.owner,
        contact=source.contact,
        level=source.level,
        certificate_rule=source.certificate_rule,
        certificate_title=source.certificate_title if source.certificate_rule != "none" else "",
        completion_rule=source.completion.as_json(),
        audiences=list(source.audiences),
        tags=list(source.tags),
        skills=list(source.skills),
        cover_asset_id=files[source.cover].id if source.cover else None,
        cover_name=source.cover.name if source.cover else "",
        manifest=source.manifest,
        checksum=checksum,
        created_at=clock.now(),
        created_by=by,
        files=[
            CourseFile(path=extra.path, text=extra.text, asset_id=files[extra.file].id if extra.file else None)
            for extra in source.extra_files
        ],
    )
    db.add(version)
    db.flush()
    for place, module in enumerate(source.modules, start=1):
        _add_module(db, storage, version, place, module, files)
    db.flush()
    audit.record(db, "course.save", "course_version", version.id, account_id=by, number=version.number)
    return version


def publish(db: Session, version: CourseVersion, by: int | None, **said: object) -> CourseVersion:
    """Show this version to learners from now on; publishing it again changes nothing. The audit keeps what is `said`.

    Raises Conflict when a newer version is published already, Invalid when the version has no lesson, one of its
    videos could not be prepared or one of its quizzes cannot draw enough questions.
    """
    if version.state == "published":
        return version
    course = db.get_one(Course, version.course_id)
    current = db.get(CourseVersion, course.published_version_id) if course.published_version_id else None
    if current is not None and current.number > version.number:
        raise Conflict(_("Bản %(newer)s của khóa học đã được công bố. Hãy soạn từ bản mới nhất."), newer=current.number)
    used = _used_assets(db, version)
    _must_be_publishable(db, version, used)
    version.state, version.published_at, version.published_by = "published", clock.now(), by
    course.published_version_id = version.id
    make_public(db, used)
    db.flush()
    audit.record(db, "course.publish", "course", course.id, account_id=by, version=version.number, **said)
    emit(db, CourseVersionPublished(course.id, version.id))
    return version


def retire(db: Session, course: Course, by: int | None) -> None:
    """Take the course out of the catalogue: nobody new begins it, who studies it goes on, what was earned stays.

    Raises Conflict for a course that was never published. Again, it changes nothing.
    """
    if course.published_version_id is None:
        raise Conflict(_("Khóa học chưa công bố lần nào nên không có gì để ngừng."))
    if course.retired_at is None:
        course.retired_at = clock.now()
        audit.record(db, "course.retire", "course", course.id, account_id=by)
        db.flush()


def bring_back(db: Session, course: Course, by: int | None) -> None:
    """Offer a retired course again; again, it changes nothing."""
    if course.retired_at is not None:
        course.retired_at = None
        audit.record(db, "course.bring_back", "course", course.id, account_id=by)
        db.flush()


def _course_for(db: Session, source: CourseSource, unit_id: int | None) -> Course:
    course = db.scalar(select(Course).where(Course.slug == source.slug))
    taken = db.scalar(select(Course.slug).where(Course.code == source.code, Course.slug != source.slug))
    if taken:
        raise Conflict(_("Mã khóa học %(code)s đã dùng cho khóa “%(slug)s”."), code=source.code, slug=taken)
    if course is None:
        if unit_id is None:
            raise Invalid(_("Khóa học mới cần một đơn vị chủ quản."))
        course = Course(slug=source.slug, code=source.code, unit_id=unit_id, created_at=clock.now())
        db.add(course)
    course.code = source.code
    db.flush()
    return course


@dataclass
class _Shelf:
    """Stores what is still on disk; each file once."""

    db: Session
    storage: Storage
    by: int | None
    unit_id: int
    assets: dict[FileSource, Asset] = field(default_factory=dict)

    def take(self, source: CourseSource) -> dict[FileSource, Asset]:
        """The asset of every file of the course; raises Invalid for two different files of one name in one module."""
        for module in source.modules:
            seen: dict[str, int] = {}
            for name, file in (named for lesson in module.lessons for named in _named_files(lesson)):
                asset = self._asset(file)
                if seen.setdefault(name, asset.id) != asset.id:
                    raise Invalid(
                        _("Học phần “%(module)s” có hai tệp khác nhau cùng tên “%(name)s”. Hãy đổi tên một tệp."),
                        module=module.title, name=name,
                    )  # fmt: skip
        for other in (source.cover, *(extra.file for extra in source.extra_files)):
            if other is not None:
                self._asset(other)
        return self.assets

    def _asset(self, file: FileSource) -> Asset:
        if file not in self.assets:
            if file.path is not None:
                self.assets[file] = add_local_file(self.db, self.storage, file.path, by=self.by, unit_id=self.unit_id)
            else:
                self.assets[file] = self.db.get_one(Asset, file.asset_id)
        return self.assets[file]


def _add_module(
    db: Session,
    storage: Storage,
    version: CourseVersion,
    place: int,
    source: ModuleSource,
    files: dict[FileSource, Asset],
) -> None:
    module = ModuleVersion(
        course_version_id=version.id,
        position=place,
        folder=source.folder,
        title=source.title,
        objective=source.objective,
    )
    db.add(module)
    db.flush()
    for position, lesson in enumerate(source.lessons, start=1):
        db.add(_lesson_version(storage, version.language, module, position, lesson, files))


def _named_files(lesson: LessonSource) -> Iterator[tuple[str, FileSource]]:
    """Every file of the lesson by the name it bears in the module's folder."""
    yield from ((file.name, file) for file in lesson.files)
    yield from ((lesson.recording_name(one), one) for one in lesson.recordings)


def _lesson_version(
    storage: Storage, language: str, module: ModuleVersion, position: int, source: LessonSource,
    stored: Mapping[FileSource, Asset],
) -> LessonVersion:  # fmt: skip
    assets = {file.name: stored[file] for file in source.files}
    drawn = _drawn(storage, source, assets, language)
    quiz = _quiz(source, assets)
    return LessonVersion(
        course_version_id=module.course_version_id,
        module_version_id=module.id,
        position=position,
        key=source.key,
        stem=source.stem,
        title=source.title,
        folded_text=fold(f"{source.title} {drawn.words}"),
        minutes=source.minutes,
        is_required=source.is_required,
        objectives=list(source.objectives),
        role=source.role,
        sources=[_citation(one) for one in source.sources],
        front_matter=source.front_matter,
        markdown=source.markdown,
        blocks=list(drawn.blocks),
        quiz=quiz,
        quiz_source=source.quiz_source,
        completion_rule=as_stored(source.completion) if source.completion else None,
        has_video=any(block["kind"] == "video" for block in drawn.blocks),
        question_count=asked_count(quiz) if quiz else 0,
        titles={one.language: one.title for one in source.translations},
        translations=[asdict(one) for one in source.translations],
        translated_blocks={name: list(blocks) for name, blocks in drawn.translated.items()},
        recordings={one.name: stored[one].id for one in source.recordings},
        files=[LessonFile(name=name, asset_id=stored[file].id) for name, file in _named_files(source)],
    )


@dataclass(frozen=True)
class _Drawn:
    """A lesson's text as it is kept: its blocks, in every language, and all its words for the search."""

    blocks: tuple[dict[str, Any], ...]
    words: str
    translated: dict[str, tuple[dict[str, Any], ...]]


# What lessons became when they were last saved here, the latest last: an author who moves one of thirty lessons saves
# all of them, and 10 ms for each would be felt. Kept in memory only, so that a newer program draws everything anew.
_known: OrderedDict[Hashable, _Drawn] = OrderedDict()
_MOST_KNOWN = 500
_known_lock = Lock()


def _drawn(storage: Storage, source: LessonSource, assets: Mapping[str, Asset], language: str) -> _Drawn:
    # The pages of a document may come after it was saved; all other files never change.
    if any(asset.kind == "document" for asset in assets.values()):
        return _draw(storage, source, assets, language)
    files = tuple(sorted((name, asset.id, asset.sha256) for name, asset in assets.items()))
    # What stands above the text is no part of it, but a translation must know whether it has changed.
    key = (source.markdown, files, source.translations and (source.translations, language))
    with _known_lock:
        if found := _known.pop(key, None):
            _known[key] = found
            return found
    drawn = _draw(storage, source, assets, language)
    with _known_lock:
        _known[key] = drawn
        while len(_known) > _MOST_KNOWN:
            _known.popitem(last=False)
    return drawn


def _draw(storage: Storage, source: LessonSource, assets: Mapping[str, Asset], language: str) -> _Drawn:
    tracks = _tracks(storage, assets)
    files = {name: asset.id for name, asset in assets.items()}
    pages = {name: page_texts(storage, asset) for name, asset in assets.items() if asset.kind == "document"}
    blocks = render_lesson(source.markdown, files, tracks, pages)
    translated = {
        one.language: tuple(render_translation(source, one, files, tracks, pages, language))
        for one in source.translations
    }
    texts = [source.markdown, *(f"{one.title}\n\n{one.markdown}" for one in source.translations)]
    written = " ".join(text for one in texts for _line, text in plain_texts(parse(one)))
    papers = [asset for asset in assets.values() if asset.kind == "document"]
    printed = " ".join(text for asset in papers for text in document_words(storage, asset))
    spoken = " ".join(line.text for block in tracks.values() for track in block.values() for line in track.lines)
    return _Drawn(tuple(blocks), f"{written} {spoken} {printed}", translated)


def _quiz(source: LessonSource, assets: Mapping[str, Asset]) -> dict[str, Any] | None:
    """The quiz with the assets of the files its questions show: a paper keeps them whatever becomes of the lesson."""
    if source.quiz is None:
        return None
    files: dict[str, int] = {}
    for question in source.quiz["questions"]:
        for name in (one.name for text in questions.texts_of(question) for one in media_in(text)):
            if name not in assets:
                raise Invalid(
                    _("Câu hỏi “%(id)s” nhắc đến tệp “%(name)s” nhưng chưa có tệp này."), id=question["id"], name=name
                )
            files[name] = assets[name].id
    return source.quiz | ({"files": files} if files else {})


def _tracks(storage: Storage, assets: Mapping[str, Asset]) -> dict[str, dict[str, Track]]:
    """Captions by video and language: `bai.vi.vtt` belongs to `bai.mp4`."""
    tracks: dict[str, dict[str, Track]] = {}
    for name, asset in assets.items():
        if asset.kind not in PLAYED:
            continue
        stem = PurePosixPath(name).stem
        for other, captions in assets.items():
            if captions.kind == "caption" and other.startswith(f"{stem}."):
                language = other.removeprefix(f"{stem}.").removesuffix(".vtt")
                content = b"".join(storage.read(captions.storage_key))
                tracks.setdefault(name, {})[language] = Track(captions.id, spoken_lines(content, other))
    return tracks


def _citation(one: Any) -> dict[str, str]:
    return {name: value for name, value in asdict(one).items() if value}


_SUMMED_WHERE_SAID = ("completion", "skills", "translations", "recordings")


def _checksum(source: CourseSource, files: dict[FileSource, Asset]) -> str:
    """SHA-256 over all the source says, files by their content."""

    def plain(value: object) -> object:
        if isinstance(value, FileSource):
            return [value.name, files[value].sha256]
        if isinstance(value, dict):
            return {str(name): plain(one) for name, one in value.items()}
        if isinstance(value, tuple | list):
            plainly = [plain(one) for one in value]
            # Files have no order of their own; everything else has.
            return sorted(plainly, key=str) if value and isinstance(value[0], FileSource | ExtraFile) else plainly
        if isinstance(value, CompletionRule):
            return value.as_json()
        if isinstance(value, LessonRule):
            # As it was summed before there were documents, unless it says something of them.
            base = OPENING if value.open else LessonRule()
            return {name: one for name, one in asdict(value).items() if name != "pages" or one != base.pages}
        if hasattr(value, "__dataclass_fields__"):
            said = {name: plain(getattr(value, name)) for name in value.__dataclass_fields__}
            # What says nothing of what could not be said once keeps the sum it had then.
            return {name: one for name, one in said.items() if one or name not in _SUMMED_WHERE_SAID}
        return value

    return hashlib.sha256(json.dumps(plain(source), ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def _used_assets(db: Session, version: CourseVersion) -> set[int]:
    """Everything a learner of this version fetches: pictures, videos, documents, captions, sounds, the cover."""
    lessons = db.execute(
        select(
            LessonVersion.blocks, LessonVersion.translated_blocks, LessonVersion.recordings, LessonVersion.quiz
        ).where(LessonVersion.course_version_id == version.id)
    ).all()
    used = {version.cover_asset_id} if version.cover_asset_id else set()
    for blocks, translated, recordings, quiz in lessons:
        used |= asset_ids(blocks).union(*(asset_ids(one) for one in translated.values()), recordings.values())
        used |= set(quiz.get("files", {}).values()) if quiz else set()
    return used


def _must_be_publishable(db: Session, version: CourseVersion, used: set[int]) -> None:
    if db.scalar(select(LessonVersion.id).where(LessonVersion.course_version_id == version.id).limit(1)) is None:
        raise Invalid(_("Khóa học chưa có bài học nào để công bố."))
    lessons = db.execute(
        select(LessonVersion.title, LessonVersion.quiz).where(LessonVersion.course_version_id == version.id)
    )
    for title, quiz in lessons:
        if quiz and (faults := draw_faults(db, quiz, version.course_id)):
            raise Invalid(_("Bài “%(title)s”: %(faults)s"), title=title, faults=" ".join(faults))
    broken = db.scalars(
        select(Asset.file_name).where(Asset.id.in_(used), Asset.state == "failed").order_by(Asset.file_name)
    )
    if names := ", ".join(f"“{name}”" for name in broken):
        raise Invalid(
            _("Chưa công bố được vì tệp sau không chuyển mã được: %(names)s. Hãy thay tệp khác."), names=names
        )
