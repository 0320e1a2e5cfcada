"""Notes of one's own and lessons marked to come back to."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalogue.models import Course, CourseVersion
from app.catalogue.queries import outline
from app.community.models import Note
from app.community.places import LessonPlace
from app.core import clock
from app.identity.records import belongs_to

LONGEST = 20_000


@dataclass(frozen=True)
class NoteView:
    url: str
    lesson_title: str
    text: str
    is_bookmarked: bool
    changed_at: datetime


@dataclass(frozen=True)
class CourseNotes:
    title: str
    slug: str
    notes: tuple[NoteView, ...]


def note_of(db: Session, person_id: int, place: LessonPlace) -> Note | None:
    return db.scalars(
        select(Note)
        .where(
            belongs_to(Note.person_id, person_id), Note.course_id == place.course.course_id,
            Note.lesson_key == place.key,
        )
        .order_by(Note.changed_at.desc())
    ).first()  # fmt: skip


def keep_note(db: Session, person_id: int, place: LessonPlace, text: str, *, is_bookmarked: bool) -> None:
    """Keep the note; an empty one without a mark is deleted."""
    note = note_of(db, person_id, place)
    text = text.strip()[:LONGEST]
    if not text and not is_bookmarked:
        if note is not None:
            db.delete(note)
        return
    if note is None:
        note = Note(person_id=person_id, course_id=place.course.course_id, lesson_key=place.key)
        db.add(note)
    note.text, note.is_bookmarked, note.changed_at = text, is_bookmarked, clock.now()
    db.flush()


def my_notes(db: Session, person_id: int) -> list[CourseNotes]:
    """All of mine by course, lessons in the order of the course; those of lessons that are no more come last."""
    rows = db.execute(
        select(Note, Course.slug, CourseVersion.id, CourseVersion.title)
        .join(Course, Course.id == Note.course_id)
        .join(CourseVersion, CourseVersion.id == Course.published_version_id)
        .where(belongs_to(Note.person_id, person_id))
        .order_by(CourseVersion.title, Note.id)
    ).all()
    found: dict[str, CourseNotes] = {}
    for slug in dict.fromkeys(row.slug for row in rows):
        mine = [row for row in rows if row.slug == slug]
        titles = {one.key: one.title for one in outline(db, mine[0][2]).lessons}
        places = {key: place for place, key in enumerate(titles)}
        views = [
            NoteView(
                f"/learn/{slug}/{note.lesson_key}", titles.get(note.lesson_key, note.lesson_key), note.text,
                note.is_bookmarked, note.changed_at,
            )
            for note, *_rest in sorted(mine, key=lambda row: places.get(row[0].lesson_key, len(places)))
        ]  # fmt: skip
        found[slug] = CourseNotes(mine[0][3], slug, tuple(views))
    return list(found.values())
