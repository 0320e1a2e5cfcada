"""A course folder as a CourseSource, or everything that is wrong with it."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.authoring.folder import names
from app.authoring.folder.lesson_file import LessonFile, read_lesson
from app.authoring.folder.manifest import Manifest, ModuleHead, read_manifest
from app.authoring.folder.marked_yaml import Node, YamlProblem, read_yaml
from app.authoring.folder.media_files import check_media_file
from app.authoring.folder.problems import CourseProblems, Findings
from app.authoring.folder.quiz_file import read_quiz, shown_in
from app.authoring.folder.texts import read_text
from app.authoring.folder.translation_file import read_translation
from app.catalogue.markdown import (
    DOCUMENT_ENDINGS,
    IMAGE_ENDINGS,
    PLAYED,
    SHEET_ENDINGS,
    SOUND_ENDINGS,
    VIDEO_ENDINGS,
    parse,
    references,
)
from app.catalogue.source import (
    CourseSource,
    ExtraFile,
    FileSource,
    LessonSource,
    ModuleSource,
    TranslationSource,
)
from app.core.errors import CommandFailed
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.media.languages import LANGUAGES

_SHOWN_ENDINGS = (
    *IMAGE_ENDINGS,
    *VIDEO_ENDINGS,
    *DOCUMENT_ENDINGS,
    *SHEET_ENDINGS,
    *SOUND_ENDINGS,
    names.CAPTION_ENDING,
)


def read_course(folder: Path) -> CourseSource:
    """The course in a folder. Raises CourseProblems with all there is to mend, CommandFailed without a folder."""
    if not folder.is_dir():
        raise CommandFailed(lazy("Không có thư mục “%(path)s”."), path=folder)
    reader = _Reader(folder.resolve())
    try:
        source = reader.read()
    except OSError as error:
        raise CommandFailed(
            lazy("Không đọc được “%(path)s”: %(reason)s"), path=error.filename or folder, reason=error.strerror or error
        ) from error
    if reader.findings.problems or source is None:
        raise CourseProblems(reader.findings.problems)
    return source


class _Reader:
    """Reads one folder; goes on after each fault so that its author sees all of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.findings = Findings()
        self.lesson_keys: dict[str, str] = {}
        self.question_ids: dict[str, str] = {}
        self.used: set[str] = set()
        self.extras: list[ExtraFile] = []

    def read(self) -> CourseSource | None:
        slug = self.folder.name
        if not names.SLUG.fullmatch(slug) or len(slug) > names.LONGEST_SLUG:
            self.findings.add(
                names.MANIFEST,
                1,
                _("Tên thư mục khóa học chỉ gồm chữ thường không dấu, số và gạch nối: “%(name)s”.", name=slug),
            )
        if slug in names.TAKEN_SLUGS:
            self.findings.add(
                names.MANIFEST, 1, _("Phòng soạn bài đã có trang mang tên “%(name)s”; hãy đặt tên khác.", name=slug)
            )
        manifest = self._manifest()
        if manifest is None:
            return None
        if manifest.completion.renewal == slug:
            self.findings.add(
                names.MANIFEST, manifest.completion_line, _("Khóa học cập nhật (renewal) phải là một khóa khác.")
            )
        here = self._files_of(self.folder, folders_allowed={head.folder for head in manifest.modules})
        cover = self._cover(manifest, here)
        for name in sorted(here - {names.MANIFEST, manifest.cover}):
            self.findings.add(
                name, 1, _("Tệp này không thuộc khóa học. Cạnh course.yaml chỉ có hình bìa và các thư mục học phần.")
            )
        modules = tuple(self._module(head, manifest) for head in manifest.modules)
        return CourseSource(
            slug=slug,
            code=manifest.code,
            title=manifest.title,
            summary=manifest.summary,
            access=manifest.access,
            hours=manifest.hours,
            owner=manifest.owner,
            contact=manifest.contact,
            modules=modules,
            programme=manifest.programme,
            audiences=manifest.audiences,
            tags=manifest.tags,
            skills=manifest.skills,
            language=manifest.language,
            licence=manifest.licence,
            level=manifest.level,
            certificate_rule=manifest.certificate_rule,
            certificate_title=manifest.certificate_title,
            completion=manifest.completion,
            cover=cover,
            extra_files=tuple(self.extras),
            manifest=manifest.source,
        )

    def _manifest(self) -> Manifest | None:
        path = self.folder / names.MANIFEST
        if not path.is_file():
            self.findings.add(names.MANIFEST, 1, _("Thiếu tệp course.yaml."))
            return None
        text = read_text(path, names.MANIFEST, self.findings)
        root = self._yaml(text, names.MANIFEST)
        return read_manifest(root, text, self.findings) if root and text is not None else None

    def _yaml(self, text: str | None, file: str) -> Node | None:
        if text is None:
            return None
        try:
            return read_yaml(text)
        except YamlProblem as problem:
            self.findings.add(file, problem.line, problem.message)
            return None

    def _files_of(self, folder: Path, folders_allowed: Collection[str] = ()) -> set[str]:
        """Names of the files in one folder; hidden ones are no part of a course, folders and links are faults."""
        found = set()
        for path in sorted(folder.iterdir()):
            file = path.relative_to(self.folder).as_posix()
            if path.name.startswith("."):
                continue
            if path.is_symlink():
                self.findings.add(file, 1, _("Đây là liên kết tới nơi khác; hãy chép tệp thật vào thư mục."))
            elif path.is_dir():
                if path.name not in folders_allowed:
                    self.findings.add(file, 1, _("Thư mục này không có trong modules của course.yaml."))
            elif not names.FILE.fullmatch(path.name) or len(path.name) > names.LONGEST_FILE_NAME:
                self.findings.add(file, 1, _("Tên tệp chỉ gồm chữ không dấu, số, chấm, gạch nối và gạch dưới."))
            else:
                found.add(path.name)
        return found

    def _cover(self, manifest: Manifest, here: Collection[str]) -> FileSource | None:
        name = manifest.cover
        if not name:
            return None
        if Path(name).name != name or Path(name).suffix.lower() not in IMAGE_ENDINGS:
            self.findings.add(
                names.MANIFEST,
                manifest.cover_line,
                _("Hình bìa là tên một tệp svg, png, jpg hoặc webp nằm cạnh course.yaml."),
            )
            return None
        if name not in here:
            self.findings.add(names.MANIFEST, manifest.cover_line, _("Không có tệp hình bìa “%(name)s”.", name=name))
            return None
        check_media_file(self.folder / name, name, self.findings)
        return FileSource(name, path=self.folder / name)

    def _module(self, head: ModuleHead, manifest: Manifest) -> ModuleSource:
        folder = self.folder / head.folder
        if not folder.is_dir() or folder.is_symlink():
            self.findings.add(names.MANIFEST, head.line, _("Không có thư mục học phần “%(dir)s”.", dir=head.folder))
            return ModuleSource(head.folder, head.title, head.objective, ())
        here = self._files_of(folder)
        self.used = set()
        for name in sorted(here):
            if name.endswith(_SHOWN_ENDINGS):
                check_media_file(folder / name, f"{head.folder}/{name}", self.findings)
        translations = {name for name in here if names.TRANSLATION.fullmatch(name)}
        texts = {name for name in here if name.endswith(names.LESSON_ENDING)} - translations
        stems = sorted(name.removesuffix(names.LESSON_ENDING) for name in texts)
        lessons = tuple(lesson for stem in stems if (lesson := self._lesson(folder, stem, here, manifest)))
        self._alone(head.folder, translations, stems)
        self._slides(folder, here)
        self._document_sources(folder, here)
        self._leftovers(head.folder, here, stems)
        return ModuleSource(head.folder, head.title, head.objective, lessons)

    def _lesson(self, folder: Path, stem: str, here: Collection[str], manifest: Manifest) -> LessonSource | None:
        file = f"{folder.name}/{stem}{names.LESSON_ENDING}"
        if not names.LESSON_STEM.fullmatch(stem) or len(stem) > names.LONGEST_SLUG:
            self.findings.add(file, 1, _("Tên tệp bài học có dạng 01-ten-bai.md, chữ thường không dấu."))
        text = read_text(folder / f"{stem}{names.LESSON_ENDING}", file, self.findings)
        if text is None:
            return None
        lesson = read_lesson(
            text, file, self.findings, course_code=manifest.code, beside=here, language=manifest.language
        )
        quiz, quiz_source = self._quiz(folder, stem, here)
        if lesson is None:
            return None
        self._compare(lesson, file)
        if _asks_nothing(lesson, quiz):
            self.findings.add(
                file, lesson.completion_line,
                _("Theo “completion”, bài này không yêu cầu gì. Hãy giữ ít nhất một việc trong bảng ở tài liệu."),
            )  # fmt: skip
        source = LessonSource(
            key=lesson.key,
            stem=stem,
            title=lesson.title,
            minutes=lesson.minutes,
            markdown=lesson.markdown,
            is_required=lesson.is_required,
            objectives=lesson.objectives,
            role=lesson.role,
            sources=lesson.sources,
            quiz=quiz,
            completion=lesson.completion,
            front_matter=lesson.front_matter,
            quiz_source=quiz_source,
        )
        source = replace(source, translations=tuple(self._translations(folder, source, here, manifest.language)))
        return replace(
            source,
            files=self._shown_files(folder, source, here),
            recordings=tuple(self._recordings(folder, source, here)),
        )

    def _translations(
        self, folder: Path, lesson: LessonSource, here: Collection[str], original_language: str
    ) -> Iterator[TranslationSource]:
        for name in sorted(here):
            found = names.TRANSLATION.fullmatch(name)
            if found is None or found["stem"] != lesson.stem:
                continue
            file = f"{folder.name}/{name}"
            if self._is_language(found["language"], file) and found["language"] == original_language:
                self.findings.add(file, 1, _("Bài gốc đã viết bằng thứ tiếng này (language của course.yaml)."))
            text = read_text(folder / name, file, self.findings)
            made = text and read_translation(
                text, file, self.findings, language=found["language"], lesson=lesson, beside=here
            )
            if made:
                yield made

    def _recordings(self, folder: Path, lesson: LessonSource, here: Collection[str]) -> Iterator[FileSource]:
        """The lesson read aloud, a file for each language."""
        languages: set[str] = set()
        for name in sorted(here):
            found = names.RECORDING.fullmatch(name)
            if found is None or found["stem"] != lesson.stem:
                continue
            file = f"{folder.name}/{name}"
            if name in self.used:
                self.findings.add(file, 1, _("Tên này dành cho bản đọc cả bài; âm thanh trong bài cần tên khác."))
            elif self._is_language(found["language"], file) and found["language"] in languages:
                self.findings.add(file, 1, _("Bài đã có một bản đọc bằng thứ tiếng này."))
            else:
                self.used.add(name)
                languages.add(found["language"])
                yield FileSource(name.removeprefix(f"{lesson.stem}."), path=folder / name)

    def _is_language(self, code: str, file: str) -> bool:
        if code not in LANGUAGES:
            self.findings.add(
                file,
                1,
                _("Không có thứ tiếng “%(code)s”. Các mã: %(codes)s.", code=code, codes=", ".join(LANGUAGES)),
            )
        return code in LANGUAGES

    def _alone(self, folder: str, translations: Collection[str], stems: Collection[str]) -> None:
        for name in sorted(translations):
            if name.split(".")[0] not in stems:
                self.findings.add(f"{folder}/{name}", 1, _("Bản dịch này không có bài học cùng tên (.md)."))

    def _quiz(self, folder: Path, stem: str, here: Collection[str]) -> tuple[dict[str, Any] | None, str]:
        name = f"{stem}{names.QUIZ_ENDING}"
        if name not in here:
            return None, ""
        file = f"{folder.name}/{name}"
        text = read_text(folder / name, file, self.findings)
        root = self._yaml(text, file)
        if root is None or text is None:
            return None, ""
        return read_quiz(root, file, self.findings, self.question_ids, here), text

    def _compare(self, lesson: LessonFile, file: str) -> None:
        """Against the lessons read before: each has a key of its own."""
        if lesson.key in self.lesson_keys:
            self.findings.add(
                file,
                lesson.key_line,
                _("Mã bài “%(key)s” đã dùng trong %(file)s.", key=lesson.key, file=self.lesson_keys[lesson.key]),
            )
        elif lesson.key:
            self.lesson_keys[lesson.key] = file

    def _shown_files(self, folder: Path, lesson: LessonSource, here: Collection[str]) -> tuple[FileSource, ...]:
        shown: list[str] = []
        texts = (lesson.markdown, *(one.markdown for one in lesson.translations))
        for one in (reference for text in texts for reference in references(parse(text))):
            if one.name not in here or one.name in shown:
                continue
            shown.append(one.name)
            if one.kind in PLAYED:
                start = f"{Path(one.name).stem}."
                shown += [
                    name for name in sorted(here) if name.startswith(start) and name.endswith(names.CAPTION_ENDING)
                ]
        shown += [name for name in dict.fromkeys(shown_in(lesson.quiz)) if name in here and name not in shown]
        self.used |= set(shown)
        return tuple(FileSource(name, path=folder / name) for name in shown)

    def _slides(self, folder: Path, here: Collection[str]) -> None:
        """Sources of slide videos and the pictures only they use: kept for export, shown nowhere."""
        pictures: set[str] = set()
        for name in sorted(one for one in here if one.endswith(names.SLIDES_ENDING)):
            file = f"{folder.name}/{name}"
            text = read_text(folder / name, file, self.findings)
            root = self._yaml(text, file)
            if root is None or text is None:
                continue
            self.extras.append(ExtraFile(file, text=text))
            for figure in _values_of(root, "figure"):
                if figure.text and figure.text not in here:
                    self.findings.add(file, figure.line, _("Không có tệp “%(name)s” cạnh bài học.", name=figure.text))
                elif figure.text:
                    pictures.add(figure.text)
        for name in sorted(pictures - self.used):
            self.extras.append(ExtraFile(f"{folder.name}/{name}", file=FileSource(name, path=folder / name)))
        self.used |= pictures

    def _document_sources(self, folder: Path, here: Collection[str]) -> None:
        """What a PDF was made from: kept for export, shown nowhere."""
        for name in sorted(one for one in here if one.endswith(names.TYPST_ENDING)):
            file = f"{folder.name}/{name}"
            if f"{Path(name).stem}.pdf" not in here:
                self.findings.add(file, 1, _("Nguồn này không có tệp PDF cùng tên."))
            elif (text := read_text(folder / name, file, self.findings)) is not None:
                self.extras.append(ExtraFile(file, text=text))

    def _leftovers(self, folder: str, here: Collection[str], stems: Collection[str]) -> None:
        for name in sorted(set(here) - self.used):
            file = f"{folder}/{name}"
            if name.endswith((names.LESSON_ENDING, names.SLIDES_ENDING, names.TYPST_ENDING)):
                continue
            if name.endswith(names.QUIZ_ENDING):
                if name.removesuffix(names.QUIZ_ENDING) not in stems:
                    self.findings.add(file, 1, _("Bài kiểm tra này không có bài học cùng tên (.md)."))
            elif name.endswith(_SHOWN_ENDINGS):
                self.findings.add(file, 1, _("Không bài học nào dùng tệp này."))
            else:
                self.findings.add(file, 1, _("Loại tệp này không thuộc khóa học."))


def _asks_nothing(lesson: LessonFile, quiz: dict[str, object] | None) -> bool:
    rule = lesson.completion
    if rule is None or rule.read or rule.open or rule.practical:
        return False
    shown = {one.kind for one in references(parse(lesson.markdown))}
    return not (
        (rule.watch and shown.intersection(PLAYED)) or (rule.pages and "document" in shown) or (rule.quiz and quiz)
    )  # fmt: skip


def _values_of(node: Node, name: str) -> list[Node]:
    """Every value of that key anywhere in the tree."""
    if isinstance(node.value, list):
        return [found for child in node.value for found in _values_of(child, name)]
    if isinstance(node.value, dict):
        own = [node.value[name]] if name in node.value else []
        return own + [found for child in node.value.values() for found in _values_of(child, name)]
    return []
