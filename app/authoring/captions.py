"""Captions of a lesson's videos: what there is, its cues, and keeping a track in a new draft."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

from app.authoring.lesson_form import videos_of
from app.authoring.queries import lesson_files
from app.authoring.service import lesson_in, must_be_unchanged
from app.catalogue.models import Course, CourseVersion
from app.catalogue.queries import newest_version
from app.catalogue.service import save_version
from app.catalogue.source import FileSource, LessonSource, caption_name, edited_lesson, with_lesson
from app.catalogue.stored import source_of
from app.core.access import Actor
from app.core.db import Session
from app.core.errors import NotFound
from app.core.settings import Settings
from app.core.storage import Storage
from app.media.captions import Cue, read_captions, remarks, webvtt
from app.media.languages import is_language, language_name, language_order
from app.media.models import Asset
from app.media.queries import AssetView
from app.media.quota import must_fit
from app.media.service import add_asset, store


@dataclass(frozen=True)
class TrackRow:
    """A track in the list; `remark_count`: how many cues deserve a look."""

    language: str
    label: str
    url: str
    cue_count: int
    remark_count: int


@dataclass(frozen=True)
class CaptionedVideo:
    """A video of the lesson by the name its text calls it, with its tracks; the first is shown unless one chooses."""

    name: str
    view: AssetView
    tracks: tuple[TrackRow, ...]


def captioned_videos(db: Session, storage: Storage, lesson: LessonSource) -> tuple[CaptionedVideo, ...]:
    """The videos the lesson shows, in order. Reads each track: they are small."""
    views = dict(lesson_files(db, lesson))
    return tuple(
        CaptionedVideo(name, views[name], tuple(_tracks(db, storage, lesson, name, views)))
        for name in videos_of(lesson)
    )


def video_view(db: Session, lesson: LessonSource, video: str) -> AssetView:
    """The video of that name; raises NotFound for one the lesson does not show."""
    if video not in videos_of(lesson):
        raise NotFound
    return dict(lesson_files(db, lesson))[video]


def track_cues(db: Session, storage: Storage, lesson: LessonSource, video: str, language: str) -> list[Cue]:
    """The cues of a track; none for one nobody wrote yet. Raises NotFound for what is no language."""
    if not is_language(language):
        raise NotFound
    name = caption_name(video, language)
    kept = next((file.asset_id for file in lesson.files if file.name == name), None)
    return _cues(db, storage, kept, name) if kept else []


def save_track(
    db: Session,
    storage: Storage,
    settings: Settings,
    actor: Actor,
    course: Course,
    key: str,
    video: str,
    language: str,
    cues: Sequence[Cue],
    base_version: int,
) -> CourseVersion:
    """Keep a track in a new draft of its course, in place of the one of that language; without cues the track goes.

    Published versions keep theirs. Raises QuotaFull; Conflict when somebody else changed the lesson since
    `base_version`.
    """
    version = newest_version(db, course)
    source = source_of(db, version.id)
    module, lesson = lesson_in(source, key)
    video_view(db, lesson, video)
    if not is_language(language):
        raise NotFound
    if base_version != version.id:
        must_be_unchanged(db, course, source, base_version, key)
    name = caption_name(video, language)
    files = [file for file in lesson.files if file.name != name]
    if cues:
        written = webvtt(cues)
        must_fit(db, settings, course.unit_id, len(written), name)
        stored = store(storage, io.BytesIO(written), name, only="caption")
        files.append(FileSource(name, asset_id=add_asset(db, stored, by=actor.account_id, unit_id=course.unit_id).id))
    changed = edited_lesson(lesson, files=tuple(sorted(files, key=lambda file: file.name)))
    return save_version(db, storage, with_lesson(source, module.folder, changed), course.unit_id, actor.account_id)


def _tracks(
    db: Session, storage: Storage, lesson: LessonSource, video: str, views: dict[str, AssetView]
) -> list[TrackRow]:
    start = caption_name(video, "").removesuffix(".vtt")
    found = []
    for name, view in views.items():
        language = name.removeprefix(start).removesuffix(".vtt")
        if view.kind == "caption" and name.startswith(start) and is_language(language):
            cues = _cues(db, storage, view.asset_id, name)
            worth_a_look = {remark.cue for remark in remarks(cues, views[video].duration_s)}
            found.append(TrackRow(language, language_name(language), view.url or "", len(cues), len(worth_a_look)))
    return sorted(found, key=lambda track: language_order(track.language))


def _cues(db: Session, storage: Storage, asset_id: int, name: str) -> list[Cue]:
    return read_captions(b"".join(storage.read(db.get_one(Asset, asset_id).storage_key)), name)
