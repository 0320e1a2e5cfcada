"""What became of a translation since its original was last changed: parts that are old, lost, or lack a film.

None of it keeps a course from being loaded: whoever changes the original need not know the other language.
"""

from collections.abc import Iterator

from app.authoring.folder.lesson_text import Found
from app.catalogue.markdown import PLAYED, parse, references
from app.catalogue.source import LessonSource, TranslationSource
from app.catalogue.translating import HEAD, Part, fingerprints, translated
from app.core.i18n import gettext as _


def translation_faults(lesson: LessonSource, translation: TranslationSource) -> Iterator[Found]:
    """(line of the translation's text, message) for everything to mend in what is translated; 0 for its head."""
    state, now = translated(lesson, translation), fingerprints(lesson)
    if state.head == "old":
        yield 0, _old(HEAD, now[HEAD])
    for part in state.parts:
        if part.translated and part.state == "old":
            yield part.translated.line, _old(part.original.id, now[part.original.id])
        if part.translated and part.state != "missing":
            yield from _films(part)
    for lost in state.lost:
        yield lost.line, _("Bài gốc không có đề mục “%(id)s”.", id=lost.id)


def _old(part: str, said: str) -> str:
    return _(
        "Bài gốc đã sửa sau khi dịch phần “%(part)s”. Dịch lại rồi ghi ở “from”: %(part)s: %(said)s",
        part=part, said=said,
    )  # fmt: skip


def _films(part: Part) -> Iterator[Found]:
    """What has to be watched or read through is the same in every language, and in the same section."""
    own = part.translated
    assert own is not None
    there, here = (
        [one for one in references(parse(section.text)) if one.kind in (*PLAYED, "document")]
        for section in (part.original, own)
    )
    for name in sorted({one.name for one in there} - {one.name for one in here}):
        yield own.line, _("Phần này của bài gốc có “%(name)s”; bản dịch cũng phải có.", name=name)
    for one in here:
        if one.name not in {other.name for other in there}:
            yield (
                own.line + one.line - 1,
                _("“%(name)s”: bản dịch chỉ dùng video, âm thanh, tài liệu của đúng phần ấy.", name=one.name),
            )
