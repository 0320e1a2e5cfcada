"""A slide video of a lesson's own text: ordered by its author, made by a job, put into a draft if its author wants."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import select

from app.authoring import service
from app.authoring.lesson_form import LessonFields
from app.catalogue.models import Course
from app.catalogue.queries import newest_version
from app.catalogue.source import LessonSource
from app.catalogue.stored import source_of
from app.core import jobs
from app.core.access import Actor
from app.core.db import Session
from app.core.errors import Conflict, NotFound
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.core.jobs import JobContext
from app.core.settings import get_settings
from app.core.storage import Storage
from app.media.lesson_deck import scenes
from app.media.models import Asset
from app.media.narration import narrate
from app.media.queries import AssetView, asset_views
from app.media.quota import must_fit
from app.media.service import add_asset, store
from app.media.shelf import scratch_folder
from app.media.voices import VOICES, espeak_library

VOICE_NAMES = {
    "espeak": lazy("Giọng máy đọc tiếng Việt, có phụ đề"),
    "silence": lazy("Không lời, chỉ có phụ đề"),
}
# A lesson is spoken and drawn in minutes; more tries would end the same.
_TRIES = 2


@dataclass(frozen=True)
class SlideVideo:
    """The newest slide video of a lesson. `state`: none, waiting, running, failed, ready, kept (it is in the draft);
    `ratio` 0 to 1; `text` says how far or why not; `left_out` names the pictures it could not show."""

    state: str = "none"
    ratio: float = 0.0
    text: str = ""
    video: AssetView | None = None
    captions: AssetView | None = None
    left_out: tuple[str, ...] = ()

    @property
    def is_under_way(self) -> bool:
        return self.state in ("waiting", "running")


def voices() -> list[tuple[str, str]]:
    """The voices this server has, the usual one first, with what to call them."""
    return [(name, str(VOICE_NAMES[name])) for name in VOICE_NAMES if name != "espeak" or espeak_library()]


def newest(db: Session, course: Course, lesson: LessonSource) -> SlideVideo:
    """How far the lesson's slide video is, or the video."""
    job = jobs.latest(db, _subject(course, lesson.key))
    if job is None:
        return SlideVideo()
    if job.state in ("failed", "cancelled"):
        stopped = _("Đã dừng theo yêu cầu.")
        return SlideVideo("failed", text=stopped if job.state == "cancelled" else job.error or _("Không dựng được."))
    if job.state != "done":
        text = job.progress_text or _("Đang chờ dựng")
        return SlideVideo("running" if job.state == "running" else "waiting", job.progress_ratio, text)
    made = job.result or {}
    views = asset_views(db, [made.get("video", 0), made.get("captions", 0)])
    video, captions = views.get(made.get("video", 0)), views.get(made.get("captions", 0))
    if video is None or captions is None:
        # It was never put into a draft, and somebody cleaned up.
        return SlideVideo()
    is_kept = any(file.asset_id == video.asset_id for file in lesson.files)
    return SlideVideo("kept" if is_kept else "ready", 1.0, "", video, captions, tuple(made.get("left_out", ())))


def order(db: Session, actor: Actor, course: Course, key: str, voice: str) -> None:
    """Have the lesson of the newest version made into a video. Raises NotFound; ordering twice makes one."""
    version = newest_version(db, course)
    service.lesson_in(source_of(db, version.id), key)
    if voice not in dict(voices()):
        raise NotFound
    jobs.enqueue(
        db, "authoring.slide_video", subject=_subject(course, key), unique_key=_subject(course, key),
        owner=actor.account_id, max_attempts=_TRIES,
        course_id=course.id, version_id=version.id, key=key, voice=voice, by=actor.account_id,
    )  # fmt: skip


def stop(db: Session, course: Course, key: str) -> None:
    """Stop the making; what is over stays as it is."""
    if job := jobs.latest(db, _subject(course, key)):
        jobs.cancel(db, job)


def keep(db: Session, storage: Storage, actor: Actor, course: Course, key: str) -> None:
    """Put the video with its captions at the end of the lesson, in a new draft. Nothing that is there goes.

    Raises Conflict when there is none to put, Invalid as the lesson form does.
    """
    version = newest_version(db, course)
    module, lesson = service.lesson_in(source_of(db, version.id), key)
    found = newest(db, course, lesson)
    if found.state != "ready" or found.video is None or found.captions is None:
        raise Conflict(_("Chưa có video để đặt vào bài, hoặc video đã ở trong bài."))
    fields = replace(LessonFields.of_lesson(module.folder, lesson, version.id), video_title=lesson.title)
    files = {"video": found.video, "captions": found.captions}
    service.save_lesson(db, storage, actor, course, fields, key, files)


def make(context: JobContext, course_id: int, version_id: int, key: str, voice: str, by: int) -> Mapping[str, object]:
    """Job "authoring.slide_video": the ids of the video and its captions, which nothing shows yet, and `left_out`.

    Run twice, it makes them twice; those nobody uses are cleaned up as any other (`media gc`). Raises QuotaFull, and
    what narrate does.
    """
    with context.database.reading() as db:
        course = db.get_one(Course, course_id)
        unit_id = course.unit_id
        lesson = source_of(db, version_id).lesson(key)[1]
        ids = [file.asset_id for file in lesson.files if file.asset_id]
        keys = dict(
            db.execute(select(Asset.id, Asset.storage_key).where(Asset.id.in_(ids), Asset.kind == "image")).all()
        )
    with scratch_folder("slides") as scratch:
        pictures, work = scratch / "pictures", scratch / "work"
        work.mkdir()
        _lay_out(context.storage, lesson, keys, pictures)
        shown = scenes(lesson.title, lesson.objectives, lesson.markdown)
        made = narrate(lesson.title, shown, pictures, VOICES[voice](), work, context.progress)
        with made.video.open("rb") as file:
            video = store(context.storage, file, f"{lesson.stem}-trinh-chieu.mp4", only="video")
        words = io.BytesIO(made.captions.read_bytes())
        captions = store(context.storage, words, f"{lesson.stem}-trinh-chieu.vi.vtt", only="caption")
    with context.database.writing() as db:
        must_fit(db, get_settings(), unit_id, video.size + captions.size, video.file_name)
        added = [add_asset(db, file, by=by, unit_id=unit_id).id for file in (video, captions)]
    return {"video": added[0], "captions": added[1], "left_out": list(made.left_out)}


def _lay_out(storage: Storage, lesson: LessonSource, keys: Mapping[int, str], folder: Path) -> None:
    """The lesson's pictures as files, by the names its text calls them."""
    folder.mkdir()
    for file in lesson.files:
        key = keys.get(file.asset_id or 0)
        if key and Path(file.name).name == file.name:
            with (folder / file.name).open("xb") as copy:
                copy.writelines(storage.read(key))


def _subject(course: Course, key: str) -> str:
    return f"slides:{course.id}:{key}"
