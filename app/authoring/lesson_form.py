"""The lesson form: what an author typed, what is wrong with it, and the lesson it makes."""

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any

from app.authoring.folder.lesson_file import LONGEST_MINUTES
from app.authoring.folder.quiz_file import shown_in
from app.catalogue.markdown import PLAYED, parse, references
from app.catalogue.source import (
    Citation,
    CourseSource,
    FileSource,
    LessonSource,
    ModuleSource,
    TranslationSource,
    caption_name,
    free_name,
)
from app.catalogue.translating import carried_over
from app.core.i18n import gettext as _
from app.core.text import nfc, several_lines
from app.media.queries import AssetView

TITLE_LENGTH = ROLE_LENGTH = 200
SOURCE_ROWS = 2
# Where a file may be chosen in the form, and the kind of asset it must be.
# Further pictures of one save; with the first they make a gallery.
MORE_PICTURES = ("picture_2", "picture_3", "picture_4", "picture_5", "picture_6")
SLOTS = {
    "picture": "image",
    **dict.fromkeys(MORE_PICTURES, "image"),
    "video": "video",
    "sound": "sound",
    "captions": "caption",
    "document": "document",
    "download": "download",
}
# Fields in the order of the page, so that messages can be listed in it.
_ORDER = (
    "module",
    "title",
    "minutes",
    "objectives",
    "role",
    "body",
    "picture",
    "picture_alt",
    *(name for slot in MORE_PICTURES for name in (slot, f"{slot}_alt")),
    "video",
    "sound",
    "captions",
    "document",
    "document_title",
    "download",
    "download_title",
    "sources",
)
_ADDRESS = re.compile(r"https?://[^\s]+", re.IGNORECASE)


@dataclass(frozen=True)
class LessonFields:
    """What was typed, as it was typed; `base_version` is the version the author started from."""

    module: str = ""
    title: str = ""
    minutes: str = ""
    objectives: str = ""
    role: str = ""
    body: str = ""
    sources: tuple[Citation, ...] = ()
    picture_alt: str = ""
    picture_caption: str = ""
    # Description and caption of further pictures, by slot.
    more_pictures: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    video_title: str = ""
    sound_title: str = ""
    document_title: str = ""
    download_title: str = ""
    base_version: int = 0

    @classmethod
    def of_lesson(cls, folder: str, lesson: LessonSource, base_version: int) -> "LessonFields":
        """The fields of a stored lesson, to be changed."""
        return cls(
            module=folder,
            title=lesson.title,
            minutes=str(lesson.minutes),
            objectives="\n".join(lesson.objectives),
            role=lesson.role,
            body=lesson.markdown,
            sources=lesson.sources,
            base_version=base_version,
        )

    @property
    def pictures(self) -> dict[str, tuple[str, str]]:
        """Description and caption of every picture there may be, by slot."""
        none = ("", "")
        first = {"picture": (self.picture_alt, self.picture_caption)}
        return first | {slot: self.more_pictures.get(slot, none) for slot in MORE_PICTURES}

    @property
    def source_rows(self) -> tuple[Citation, ...]:
        """The sources with room for more."""
        return self.sources + (Citation("", ""),) * max(1, SOURCE_ROWS - len(self.sources))

    @property
    def objective_list(self) -> tuple[str, ...]:
        return tuple(nfc(line.lstrip("-•* ")) for line in self.objectives.splitlines() if line.strip(" -•*"))


def problems(
    fields: LessonFields, course: CourseSource, files: Mapping[str, AssetView], has_video: bool
) -> dict[str, str]:
    """Messages by field; empty when the lesson can be saved. `has_video`: the lesson already shows one."""
    found: dict[str, str] = {}
    if fields.module not in {module.folder for module in course.modules}:
        found["module"] = _("Hãy chọn học phần.")
    if not fields.title:
        found["title"] = _("Hãy đặt tên bài.")
    elif len(fields.title) > TITLE_LENGTH:
        found["title"] = _("Tên bài dài quá %(limit)s chữ. Hãy viết gọn lại.", limit=TITLE_LENGTH)
    if not (fields.minutes.isdecimal() and 1 <= int(fields.minutes[:9]) <= LONGEST_MINUTES):
        found["minutes"] = _("Hãy ghi số phút từ 1 đến %(limit)s.", limit=LONGEST_MINUTES)
    if not fields.objective_list:
        found["objectives"] = _("Hãy ghi ít nhất một điều người học làm được sau bài này.")
    if not fields.role:
        found["role"] = _("Hãy cho biết bài kể chuyện của ai, ví dụ: Chị Hoa, văn thư một xã.")
    elif len(fields.role) > ROLE_LENGTH:
        found["role"] = _("Phần này dài quá %(limit)s chữ. Hãy viết gọn lại.", limit=ROLE_LENGTH)
    if message := _body_problem(fields.body):
        found["body"] = message
    if message := _sources_problem(fields.sources):
        found["sources"] = message
    for slot, (alt, _caption) in fields.pictures.items():
        if slot in files and not alt:
            found[f"{slot}_alt"] = _("Hãy tả ảnh bằng lời cho người không nhìn thấy ảnh.")
    if "document" in files and not fields.document_title:
        found["document_title"] = _("Hãy đặt tên cho tài liệu.")
    if "download" in files and not fields.download_title:
        found["download_title"] = _("Hãy đặt tên cho tệp để tải về.")
    if "captions" in files and not files.keys() & {"video", "sound"} and not has_video:
        found["captions"] = _("Phụ đề phải đi cùng một video hay âm thanh. Hãy chọn cả tệp ấy.")
    return found


def in_order(errors: Mapping[str, str]) -> dict[str, str]:
    """Messages as the page's fields follow each other."""
    return {name: errors[name] for name in _ORDER if name in errors}


def lesson_of(
    fields: LessonFields,
    module: ModuleSource,
    old: LessonSource | None,
    key: str,
    stem: str,
    files: Mapping[str, AssetView],
    placed: Mapping[str, AssetView] = MappingProxyType({}),
) -> LessonSource:
    """The lesson the form describes; files the author did not place in the text stand at its end.

    `files` by slot; `placed` by the name the text shows them by, which becomes one of the module.
    """
    body = several_lines(fields.body)
    kept = {file.name: file for file in old.files} if old else {}
    body = _with_placed(body, placed, module, stem, kept)
    body = _with_pictures(body, fields, module, stem, files, kept)
    if video := files.get("video"):
        name = free_name(module, stem, video.file_name)
        kept[name] = FileSource(name, asset_id=video.asset_id)
        body = _placed(body, video.file_name, name, _image(fields.video_title or fields.title, name), "video")
    if sound := files.get("sound"):
        name = free_name(module, stem, sound.file_name)
        kept[name] = FileSource(name, asset_id=sound.asset_id)
        body = _placed(body, sound.file_name, name, _image(fields.sound_title or fields.title, name), "sound")
    if document := files.get("document"):
        name = free_name(module, stem, document.file_name)
        kept[name] = FileSource(name, asset_id=document.asset_id)
        body = _placed(body, document.file_name, name, _image(fields.document_title, name), "document")
    if download := files.get("download"):
        name = free_name(module, stem, download.file_name)
        kept[name] = FileSource(name, asset_id=download.asset_id)
        link = _image(fields.download_title, name).removeprefix("!")
        body = _placed(body, download.file_name, name, link, "download")
    if captions := files.get("captions"):
        name = caption_name(_new_video(body, kept, files))
        kept[name] = FileSource(name, asset_id=captions.asset_id)
    body = _as_before(body, old)
    translations = tuple(carried_over(one, old.markdown, body) for one in old.translations) if old else ()
    return LessonSource(
        key=key,
        stem=stem,
        title=fields.title,
        minutes=int(fields.minutes),
        markdown=body,
        is_required=old.is_required if old else True,
        objectives=fields.objective_list,
        role=fields.role,
        sources=fields.sources,
        quiz=old.quiz if old else None,
        quiz_source=old.quiz_source if old else "",
        completion=old.completion if old else None,
        files=used_files(body, old.quiz if old else None, kept, translations),
        translations=translations,
        recordings=old.recordings if old else (),
    )


def _as_before(body: str, old: LessonSource | None) -> str:
    """The text as kept: the old one, byte for byte, if nothing changed; else after the blank lines it began with."""
    before = old.markdown if old else ""
    if before and several_lines(before) == body:
        return before
    return before[: len(before) - len(before.lstrip("\n"))] + body + "\n"


def _with_placed(
    body: str, placed: Mapping[str, AssetView], module: ModuleSource, stem: str, kept: dict[str, FileSource]
) -> str:
    """The text with files put in where they stand, under names no other file of the module bears."""
    shown = {reference.name for reference in references(parse(body))}
    named: dict[str, str] = {}
    for given, view in placed.items():
        if given not in shown or given in kept:
            continue
        # The same file twice, or one the lesson had already, needs no second name.
        known = next((name for name, file in kept.items() if file.asset_id == view.asset_id), "")
        named[given] = known or _another_name(free_name(module, stem, view.file_name), kept)
        kept[named[given]] = FileSource(named[given], asset_id=view.asset_id)
    return (
        re.sub(r"(\]\(\s*)<?([^\s<>()]+)>?", lambda found: found[1] + named.get(found[2], found[2]), body)
        if named
        else body
    )


def _another_name(base: str, taken: Container[str]) -> str:
    name, count = base, 1
    while name in taken:
        count += 1
        name = f"{PurePosixPath(base).stem}-{count}{PurePosixPath(base).suffix}"
    return name


def _with_pictures(
    body: str, fields: LessonFields, module: ModuleSource, stem: str, files: Mapping[str, AssetView],
    kept: dict[str, FileSource],
) -> str:  # fmt: skip
    """The text with its new pictures; several that the author did not place stand at its end as a gallery."""
    loose = []
    for slot, (alt, caption) in fields.pictures.items():
        if (picture := files.get(slot)) is None:
            continue
        name = base = free_name(module, stem, picture.file_name)
        count = 1
        while kept.get(name, picture).asset_id != picture.asset_id:
            count += 1
            name = f"{PurePosixPath(base).stem}-{count}{PurePosixPath(base).suffix}"
        kept[name] = FileSource(name, asset_id=picture.asset_id)
        if placed := _at_its_name(body, picture.file_name, name, "image"):
            body = placed
        else:
            loose.append(_image(alt, name, caption))
    if len(loose) > 1:
        return "\n\n".join((body, "::: gallery", *loose, ":::"))
    return "\n\n".join((body, *loose))


def videos_of(lesson: LessonSource) -> list[str]:
    """Names of the videos and sounds the lesson plays, in order."""
    return [reference.name for reference in references(parse(lesson.markdown)) if reference.kind in PLAYED]


def _body_problem(body: str) -> str:
    if not body.strip():
        return _("Hãy viết nội dung bài.")
    for reference in references(parse(several_lines(body))):
        if reference.kind == "image" and not reference.alt:
            return _("Dòng %(line)s: ảnh “%(name)s” chưa có lời tả.", line=reference.line, name=reference.name)
    return ""


def _sources_problem(sources: tuple[Citation, ...]) -> str:
    if not sources:
        return _("Mỗi bài cần ít nhất một nguồn: tên văn bản, số hiệu và ngày.")
    for source in sources:
        if not source.title:
            return _("Mỗi nguồn cần có tên văn bản hoặc tài liệu.")
        if not source.ref:
            return _("Nguồn “%(title)s” cần số hiệu, ngày hoặc trang.", title=source.title)
        if source.url and not _ADDRESS.fullmatch(source.url):
            return _("Địa chỉ “%(url)s” phải bắt đầu bằng https:// hoặc http://.", url=source.url)
    return ""


def _image(alt: str, name: str, caption: str = "") -> str:
    said = re.sub(r"([\[\]\\])", r"\\\1", alt)
    quoted = f' "{caption.replace(chr(34), "”")}"' if caption else ""
    return f"![{said}]({name}{quoted})"


def _placed(body: str, given_name: str, name: str, line: str, kind: str) -> str:
    """The text naming the stored file: where the author wrote the name it had before, else in a line at the end."""
    return _at_its_name(body, given_name, name, kind) or f"{body}\n\n{line}"


def _at_its_name(body: str, given_name: str, name: str, kind: str) -> str:
    """The text naming the stored file where the author wrote the name it had before; empty if nowhere."""
    stem = PurePosixPath(given_name).stem
    for reference in references(parse(body)):
        # The ending may have changed on the way: photo.jpg is kept as photo.webp.
        if PurePosixPath(reference.name).stem == stem and (reference.kind == kind or reference.kind == "other"):
            return re.sub(rf"(\]\(\s*)<?{re.escape(reference.name)}>?", lambda found: found.group(1) + name, body)
    return ""


def _new_video(body: str, kept: Mapping[str, FileSource], files: Mapping[str, AssetView]) -> str:
    """The video or sound captions belong to: the one chosen with them, else the first of the lesson."""
    shown = [reference.name for reference in references(parse(body)) if reference.kind in PLAYED]
    new = files.get("video") or files.get("sound")
    return next((name for name in shown if new and kept.get(name) == FileSource(name, asset_id=new.asset_id)), shown[0])


def used_files(
    body: str, quiz: dict[str, Any] | None, kept: Mapping[str, FileSource],
    translations: Sequence[TranslationSource] = (),
) -> tuple[FileSource, ...]:  # fmt: skip
    """Files the text, its translations or the quiz name, and the captions of its videos.

    What is named no more leaves the lesson.
    """
    texts = (body, *(one.markdown for one in translations))
    named = {reference.name: reference.kind for text in texts for reference in references(parse(text))}
    asked = set(shown_in(quiz))
    stems = tuple(f"{PurePosixPath(name).stem}." for name, kind in named.items() if kind in PLAYED)
    return tuple(
        file
        for name, file in sorted(kept.items())
        if name in named or name in asked or (name.endswith(".vtt") and stems and name.startswith(stems))
    )
