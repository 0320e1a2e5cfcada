"""Finding courses and lessons by words, with or without Vietnamese marks."""

import unicodedata
from collections.abc import Sequence
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
    """Published courses and lessons that hold the words of `q`; exact marks first, titles before texts. Two queries.

    `search(db, "nen tang")` finds “nền tảng”; `search(db, "nền tảng")` finds it before “nên tăng”. Where some hold the
    words side by side, only those count; else every word must be there somewhere. No words: nothing.
    """
    words = fold(q).split()[:_MAX_WORDS]
    if not words:
        return []
    wanted = _Wanted(" ".join(words), " ".join(_lowered(q).split()[:_MAX_WORDS]))
    courses = db.execute(
        select(Course.slug, Course.code, CourseVersion.title, CourseVersion.summary, CourseVersion.folded_text)
        .join(CourseVersion, CourseVersion.id == Course.published_version_id)
        .where(_holds(CourseVersion.folded_text, words))
        .order_by(Course.code)
    )
    found = [
        wanted.judge(Hit(slug, title, None, title), f"{code} {title} {summary}", folded)
        for slug, code, title, summary, folded in courses
    ]
    lessons = db.execute(
        select(
            Course.slug,
            CourseVersion.title,
            LessonVersion.key,
            LessonVersion.title.label("lesson"),
            LessonVersion.markdown,
            LessonVersion.folded_text,
        )
        .join(CourseVersion, CourseVersion.id == Course.published_version_id)
        .join(LessonVersion, LessonVersion.course_version_id == CourseVersion.id)
        .where(_holds(LessonVersion.folded_text, words))
        .order_by(Course.code, LessonVersion.module_version_id, LessonVersion.position)
    )
    found += [
        wanted.judge(Hit(slug, course_title, key, title), f"{title} {markdown}", folded)
        for slug, course_title, key, title, markdown, folded in lessons
    ]
    if any(one.side_by_side for one in found):
        found = [one for one in found if one.side_by_side]
    # The sort keeps the order of the queries among equals: courses before lessons, lessons in their order.
    return [one.hit for one in sorted(found, key=lambda one: (not one.exact, not one.in_title))]


@dataclass(frozen=True)
class _Found:
    hit: Hit
    side_by_side: bool
    exact: bool
    in_title: bool


@dataclass(frozen=True)
class _Wanted:
    """The words searched for: without marks, and as typed in lower case."""

    folded: str
    typed: str

    def judge(self, hit: Hit, text: str, folded_text: str) -> _Found:
        side_by_side = self.folded in folded_text
        exact = self._holds(_lowered(text), self.typed, side_by_side)
        title, words = (_lowered(hit.title), self.typed) if exact else (fold(hit.title), self.folded)
        return _Found(hit, side_by_side, exact, self._holds(title, words, side_by_side))

    @staticmethod
    def _holds(text: str, words: str, side_by_side: bool) -> bool:
        return words in text if side_by_side else all(word in text for word in words.split())


def _holds(column: InstrumentedAttribute[str], words: Sequence[str]) -> ColumnElement[bool]:
    return and_(*(column.contains(word, autoescape=True) for word in words))


def _lowered(text: str) -> str:
    return unicodedata.normalize("NFC", nfc(text).lower())
