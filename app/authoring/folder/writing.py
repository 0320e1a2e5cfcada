"""A course of the catalogue back into a folder, byte for byte where its author wrote the bytes."""

import shutil
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy.orm import Session

from app.authoring.folder import names
from app.catalogue.lesson_rules import as_stored
from app.catalogue.queries import newest_version_id
from app.catalogue.source import CompletionRule, CourseSource, FileSource, LessonSource, TranslationSource
from app.catalogue.stored import source_of
from app.core.errors import CommandFailed, NotFound
from app.core.i18n import lazy as _
from app.core.storage import Storage
from app.media.models import Asset


def export_course(db: Session, storage: Storage, slug: str, out_dir: Path) -> Path:
    """Write the newest version, published or not, to `out_dir/slug` and return that folder.

    It appears whole or not at all. Raises CommandFailed if there is no such course or the folder exists already.
    """
    version_id = newest_version_id(db, slug)
    if version_id is None:
        raise CommandFailed(_("Không có khóa học “%(slug)s”."), slug=slug)
    target = out_dir / slug
    if target.exists():
        raise CommandFailed(_("Thư mục “%(path)s” đã có. Hãy chọn nơi khác hoặc xóa thư mục ấy trước."), path=target)
    scratch = out_dir / f".{slug}.part"
    try:
        if scratch.exists():
            shutil.rmtree(scratch)
        scratch.mkdir(parents=True)
        _Writer(db, storage, scratch).write(source_of(db, version_id))
        scratch.rename(target)
    except NotFound as error:
        raise CommandFailed(_("Kho lưu trữ mất tệp của khóa học “%(slug)s”, nên chưa ghi ra."), slug=slug) from error
    except OSError as error:
        raise CommandFailed(
            _("Không ghi được vào “%(path)s”: %(reason)s"), path=out_dir, reason=error.strerror or error
        ) from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return target


class _Writer:
    def __init__(self, db: Session, storage: Storage, folder: Path) -> None:
        self.db = db
        self.storage = storage
        self.folder = folder

    def write(self, source: CourseSource) -> None:
        self._text(names.MANIFEST, source.manifest or manifest_text(source))
        if source.cover:
            self._file(source.cover.name, source.cover)
        for module in source.modules:
            # One without a lesson yet is a folder without a file.
            (self.folder / module.folder).mkdir(exist_ok=True)
            for lesson in module.lessons:
                base = f"{module.folder}/{lesson.stem}"
                self._text(f"{base}{names.LESSON_ENDING}", (lesson.front_matter or head_text(lesson)) + lesson.markdown)
                if lesson.quiz is not None:
                    self._text(f"{base}{names.QUIZ_ENDING}", lesson.quiz_source or quiz_text(lesson.quiz))
                for one in lesson.translations:
                    text = (one.front_matter or translation_head(one)) + one.markdown
                    self._text(f"{base}.{one.language}{names.LESSON_ENDING}", text)
                for file in lesson.files:
                    self._file(f"{module.folder}/{file.name}", file)
                for recording in lesson.recordings:
                    self._file(f"{module.folder}/{lesson.recording_name(recording)}", recording)
        for extra in source.extra_files:
            if extra.text is not None:
                self._text(extra.path, extra.text)
            elif extra.file is not None:
                self._file(extra.path, extra.file)

    def _text(self, path: str, text: str) -> None:
        self._place(path).write_bytes(text.encode())

    def _file(self, path: str, file: FileSource) -> None:
        asset = self.db.get_one(Asset, file.asset_id)
        with self._place(path).open("wb") as target:
            for chunk in self.storage.read(asset.storage_key):
                target.write(chunk)

    def _place(self, path: str) -> Path:
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        return place


def manifest_text(source: CourseSource) -> str:
    """course.yaml of a course whose author wrote none."""
    values: dict[str, Any] = {
        "code": source.code,
        "title": source.title,
        "summary": source.summary,
        "programme": source.programme,
        "audiences": list(source.audiences),
        "access": source.access,
        "hours": source.hours,
        "language": source.language,
        "licence": source.licence,
        "owner": source.owner,
        "contact": source.contact,
        "tags": list(source.tags),
        "skills": list(source.skills),
        "level": source.level,
        "cover": source.cover.name if source.cover else "",
    }
    if source.certificate_rule != "none":
        values["certificate"] = {"rule": source.certificate_rule, "title": source.certificate_title}
    if source.completion != CompletionRule():
        values["completion"] = _completion(source.completion)
    values["modules"] = [
        {"dir": module.folder, "title": module.title, "objective": module.objective} for module in source.modules
    ]
    return _yaml({name: value for name, value in values.items() if value not in (None, "", [])})


def _completion(rule: CompletionRule) -> dict[str, Any]:
    said = rule.as_json()
    if "quiz_percent" in said:
        said["quiz"] = said.pop("quiz_percent")
    if said.pop("is_valid_until_year_end", False):
        said["valid_until"] = "year_end"
    return said


def head_text(lesson: LessonSource) -> str:
    """The head of a lesson whose author wrote none, with its lines of ---."""
    values: dict[str, Any] = {
        "key": lesson.key, "title": lesson.title, "minutes": lesson.minutes, "required": lesson.is_required,
        "completion": as_stored(lesson.completion) if lesson.completion else {},
        "objectives": list(lesson.objectives), "role": lesson.role,
        "sources": [
            {"title": one.title, "ref": one.ref} | ({"url": one.url} if one.url else {}) for one in lesson.sources
        ],
    }  # fmt: skip
    return f"---\n{_yaml({name: value for name, value in values.items() if value not in ('', [], {})})}---\n"


def translation_head(one: TranslationSource) -> str:
    """The head of a translation made in the studio."""
    values: dict[str, Any] = {
        "title": one.title, "objectives": list(one.objectives), "role": one.role, "from": dict(one.made_from),
    }  # fmt: skip
    return f"---\n{_yaml({name: value for name, value in values.items() if value})}---\n"


def quiz_text(quiz: dict[str, Any]) -> str:
    """The quiz file of a quiz made in the studio."""
    return _yaml(quiz)


def _yaml(values: dict[str, Any]) -> str:
    return yaml.safe_dump(values, allow_unicode=True, sort_keys=False, width=100)
