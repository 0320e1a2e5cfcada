"""A lesson ready to be read: its blocks with addresses, its neighbours, the languages there are."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalogue.embed_sites import embed_sites
from app.catalogue.models import LessonVersion
from app.catalogue.queries import course_version, of_version, outline
from app.catalogue.render import Block, EmbedBlock, asset_ids, resolve
from app.catalogue.source import Citation
from app.core.errors import NotFound
from app.core.memory import A_MINUTE
from app.media.languages import language_in_words, language_name, language_order
from app.media.queries import AssetView, asset_views


@dataclass(frozen=True)
class Recording:
    """The lesson read aloud. `state` as of a video; `size` in bytes of the lightest form, which `url` gives."""

    language: str
    state: str
    url: str
    size: int
    duration_s: float | None

    @property
    def language_in_words(self) -> str:
        return language_in_words(self.language)


@dataclass(frozen=True)
class LessonDoc:
    """One lesson, ready to show: addresses of files are in. `quiz` is as in LessonVersion, with the right answers.

    `module_count`, `lesson_number` (in its module) and `lesson_count` serve “Học phần 2 trên 7, bài 3 trên 5”.
    """

    version_id: int
    key: str
    title: str
    minutes: int
    is_required: bool
    objectives: tuple[str, ...]
    role: str
    sources: tuple[Citation, ...]
    blocks: tuple[Block, ...]
    quiz: dict[str, Any] | None
    module_title: str
    module_position: int
    module_count: int
    lesson_number: int
    lesson_count: int
    previous_key: str | None
    next_key: str | None
    # What it is shown in, what it was written in, and everything it can be read in.
    language: str = "vi"
    original_language: str = "vi"
    languages: tuple[str, ...] = ("vi",)
    # Of title, role and objectives, what is shown as the original has it.
    untranslated: frozenset[str] = frozenset()
    recordings: tuple[Recording, ...] = ()

    def language_of(self, field: str) -> str:
        return self.original_language if field in self.untranslated else self.language

    @property
    def language_in_words(self) -> str:
        return language_in_words(self.language)

    @property
    def language_names(self) -> tuple[tuple[str, str], ...]:
        return tuple((code, language_name(code)) for code in self.languages)

    @property
    def frame_hosts(self) -> tuple[str, ...]:
        """The hosts whose videos may be embedded in it: what its page must allow in frames."""
        return tuple(sorted({block.site.host for block in self.blocks if isinstance(block, EmbedBlock)}))


def lesson(db: Session, version_id: int, key: str, language: str = "") -> LessonDoc:
    """One lesson of a version with its neighbours; raises NotFound. Eight queries at most, whatever it holds.

    In `language` if it is translated, else as it was written; captions in that language come first.
    """
    # Its pictures and videos are no part of the version: they may come in more sizes later.
    return of_version(
        db, version_id, ("lesson", key, language), lambda: _lesson(db, version_id, key, language), for_s=A_MINUTE
    )


def _lesson(db: Session, version_id: int, key: str, language: str) -> LessonDoc:
    row = db.scalar(
        select(LessonVersion).where(LessonVersion.course_version_id == version_id, LessonVersion.key == key)
    )
    if row is None:
        raise NotFound
    course = outline(db, version_id)
    keys = [one.key for one in course.lessons]
    place = keys.index(key)
    module = next(one for one in course.modules if any(lesson.key == key for lesson in one.lessons))
    in_module = [one.key for one in module.lessons]
    original = course_version(db, version_id).language
    said = next((one for one in row.translations if one["language"] == language), None)
    blocks = row.translated_blocks[language] if said else row.blocks
    head = {name: (said or {}).get(name) or getattr(row, name) for name in ("title", "objectives", "role")}
    views = asset_views(db, asset_ids(blocks) | set(row.recordings.values()))
    sites = embed_sites(db) if any(block["kind"] == "embed" for block in blocks) else ()
    return LessonDoc(
        version_id=version_id, key=row.key, title=head["title"], minutes=row.minutes, is_required=row.is_required,
        objectives=tuple(head["objectives"]), role=head["role"],
        sources=tuple(Citation(one["title"], one["ref"], one.get("url", "")) for one in row.sources),
        blocks=resolve(blocks, views, language or original, sites), quiz=row.quiz,
        module_title=module.title, module_position=module.position, module_count=len(course.modules),
        lesson_number=in_module.index(key) + 1, lesson_count=len(in_module),
        previous_key=keys[place - 1] if place else None, next_key=keys[place + 1] if place + 1 < len(keys) else None,
        language=language if said else original, original_language=original,
        languages=(original, *sorted((one["language"] for one in row.translations), key=language_order)),
        untranslated=frozenset(name for name in head if said and not said[name]),
        recordings=_recordings(row.recordings, views),
    )  # fmt: skip


def _recordings(files: Mapping[str, int], views: Mapping[int, AssetView]) -> tuple[Recording, ...]:
    by_language = {name.partition(".")[0]: views[asset_id] for name, asset_id in files.items()}
    return tuple(
        Recording(name, one.state, one.light_url or one.url or "", one.light_size or one.size, one.duration_s)
        for name, one in sorted(by_language.items(), key=lambda item: language_order(item[0]))
    )
