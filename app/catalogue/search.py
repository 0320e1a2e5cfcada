"""Finding courses and lessons by words, with or without Vietnamese marks."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.catalogue.models import Course, CourseVersion, LessonVersion
from app.core.text import fold, nfc

_MAX_WORDS = 8


@dataclass(frozen=True)
class Hit:
    """A published course or, with `lesson_key`, one of its lessons. `title` is that of the thing found."""

    slug: str
    course_title: str
    lesson_key: str | None
    title: str


def search(db: Session, q: str) -> list[Hit]:
    """Published courses and lessons that hold every word of `q`; exact marks first, titles before texts. Two queries.

    `search(db, "nen tang")` finds “nền tảng”; `search(db, "nền tảng")` finds it before “nên tăng”. No words: nothing.
    """
    words = fold(q).split()[:_MAX_WORDS]
    if not words:
        return []
    marked = _lowered(q).split()[:_MAX_WORDS]
    found: list[tuple[tuple[int, int], Hit]] = []
    courses = db.execute(
        select(Course.slug, Course.code, CourseVersion.title, CourseVersion.summary)
        .join(CourseVersion, CourseVersion.id == Course.published_version_id)
        .where(_holds(CourseVersion.folded_text, words)).order_by(Course.code)
    )  # fmt: skip
    for slug, code, title, summary in courses:
        found.append((_rank(marked, words, title, (code, summary)), Hit(slug, title, None, title)))
    lessons = db.execute(
        select(
            Course.slug,
            CourseVersion.title,
            LessonVersion.key,
            LessonVersion.title.label("lesson"),
            LessonVersion.markdown,
        )
        .join(CourseVersion, CourseVersion.id == Course.published_version_id)
        .join(LessonVersion, LessonVersion.course_version_id == CourseVersion.id)
        .where(_holds(LessonVersion.folded_text, words))
        .order_by(Course.code, LessonVersion.module_version_id, LessonVersion.position)
    )
    for slug, course_title, key, title, markdown in lessons:
        found.append((_rank(marked, words, title, (markdown,)), Hit(slug, course_title, key, title)))
    # The sort keeps the order of the queries among equals: courses before lessons, lessons in their order.
    return [hit for _place, hit in sorted(found, key=lambda pair: pair[0])]


def _holds(column: InstrumentedAttribute[str], words: Sequence[str]) -> ColumnElement[bool]:
    return and_(*(column.contains(word, autoescape=True) for word in words))


def _rank(marked: Iterable[str], words: Iterable[str], title: str, texts: Iterable[str]) -> tuple[int, int]:
    """Marks as typed before marks ignored; then in the title before elsewhere."""
    whole = _lowered(" ".join((title, *texts)))
    exact = all(word in whole for word in marked)
    in_title = all(word in _lowered(title) for word in marked) if exact else all(word in fold(title) for word in words)
    return (0 if exact else 1, 0 if in_title else 1)


def _lowered(text: str) -> str:
    return unicodedata.normalize("NFC", nfc(text).lower())
