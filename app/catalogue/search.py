"""Finding courses and lessons by words, with or without Vietnamese marks."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal_column, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.catalogue.models import Course, CourseVersion, LessonVersion
from app.catalogue.transcripts import place_of
from app.core.text import fold, nfc

_MAX_WORDS = 8


@dataclass(frozen=True)
class Hit:
    """A published course or, with `lesson_key`, one of its lessons. `title` is that of the thing found."""

    slug: str
    course_title: str
    lesson_key: str | None
    title: str


def places_spoken(db: Session, hits: Sequence[Hit], q: str) -> dict[Hit, str]:
    """Where in the videos of these lessons the words of `q` are said side by side: the `line_id` of the first line.

    At most one query; for the few lessons a page shows, since it reads them whole.
    """
    lessons = [(hit.slug, hit.lesson_key) for hit in hits if hit.lesson_key]
    if not lessons:
        return {}
    rows = db.execute(
        select(Course.slug, LessonVersion.key, LessonVersion.blocks)
        .join(LessonVersion, LessonVersion.course_version_id == Course.published_version_id)
        .where(
            LessonVersion.has_video,
            tuple_(Course.slug, LessonVersion.key).in_(lessons),
        )
    )
    places = {(slug, key): place_of(blocks, fold(q)) for slug, key, blocks in rows}
    return {hit: place for hit in hits if (place := places.get((hit.slug, hit.lesson_key or "")))}


def search(db: Session, q: str) -> list[Hit]:
    """Published courses and lessons that hold the words of `q`; exact marks first, titles before texts. Two queries.

    `search(db, "nen tang")` finds “nền tảng”; `search(db, "nền tảng")` finds it before “nên tăng”. Where some hold the
    words side by side, only those count; else every word must be there somewhere. A word of one or two letters counts
    only as a whole word. No words: nothing.
    """
    words = fold(q).split()[:_MAX_WORDS]
    if not words:
        return []
    wanted = _Wanted(words, _lowered(q).split()[:_MAX_WORDS])
    courses = db.execute(
        select(Course.slug, Course.code, CourseVersion.title, CourseVersion.summary, CourseVersion.folded_text)
        .join(CourseVersion, CourseVersion.id == Course.published_version_id)
        .where(Course.retired_at.is_(None), _may_hold(db, CourseVersion.folded_text, words))
        .order_by(Course.code)
    )
    found = [
        _Found(Hit(slug, title, None, title), f"{code} {title} {summary}", folded)
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
        .where(Course.retired_at.is_(None), _may_hold(db, LessonVersion.folded_text, words))
        .order_by(Course.code, LessonVersion.module_version_id, LessonVersion.position)
    )
    found += [
        _Found(Hit(slug, course_title, key, title), f"{title} {markdown}", folded)
        for slug, course_title, key, title, markdown, folded in lessons
    ]
    # The sort keeps the order of the queries among equals: courses before lessons, lessons in their order.
    return [one.hit for one in sorted(wanted.of(found), key=lambda one: one.rank)]


@dataclass
class _Found:
    """A text the database found; `rank` sorts the best first once it is judged."""

    hit: Hit
    text: str
    folded_text: str
    rank: tuple[bool, bool] = (True, True)


class _Wanted:
    """The words searched for: without marks, and as typed in lower case."""

    def __init__(self, words: list[str], typed: list[str]) -> None:
        self._words, self._typed = words, typed
        self._phrase = _phrase(words)
        self._short = [_phrase([word]) for word in words if _is_short(word)]

    def of(self, found: Sequence[_Found]) -> Sequence[_Found]:
        """Those that count, judged: the ones with the words side by side, if there are any."""
        near = [one for one in found if self._phrase.search(one.folded_text)]
        chosen = near or [one for one in found if all(word.search(one.folded_text) for word in self._short)]
        for one in chosen:
            exact = _holds(_lowered(one.text), self._typed, side_by_side=bool(near))
            title, words = (_lowered(one.hit.title), self._typed) if exact else (fold(one.hit.title), self._words)
            one.rank = (not exact, not _holds(title, words, side_by_side=bool(near)))
        return chosen


def _holds(text: str, words: Sequence[str], *, side_by_side: bool) -> bool:
    return " ".join(words) in text if side_by_side else all(word in text for word in words)


def _may_hold(db: Session, column: InstrumentedAttribute[str], words: Sequence[str]) -> ColumnElement[bool]:
    """The texts to judge. PostgreSQL has an index for either kind of word (migration 0003).

    SQLite reads the texts through: 20,000 of them in the time of a slow page, a province's few hundred in one
    millisecond. FTS5 would keep each text twice for that.
    """
    if db.get_bind().dialect.name == "postgresql" and all(_is_short(word) for word in words):
        # Too short for an index of three letters. Where there is a longer word, that one finds the few to look at.
        in_words: ColumnElement[Any] = literal_column(f"{column.class_.__tablename__}.search_words")
        return in_words.op("@@")(func.plainto_tsquery(literal_column("'simple'::regconfig"), " ".join(words)))
    return and_(*(column.contains(word, autoescape=True) for word in words))


def _is_short(word: str) -> bool:
    """Too short to mean anything inside another word: “an” is not looked for in “toàn”."""
    return len(word) < 3 and word.isascii() and word.isalnum()


def _phrase(words: Sequence[str]) -> re.Pattern[str]:
    before = "(?<![a-z0-9])" if _is_short(words[0]) else ""
    after = "(?![a-z0-9])" if _is_short(words[-1]) else ""
    return re.compile(before + re.escape(" ".join(words)) + after)


def _lowered(text: str) -> str:
    return unicodedata.normalize("NFC", nfc(text).lower())
