"""What an author typed of a lesson and did not save yet: kept as it was typed, offered when the form is opened again.

One for each lesson and author; for a lesson that is not there yet, one for each course and author (key "").
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, ForeignKey, Select, String, UniqueConstraint, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.authoring.lesson_form import LessonFields
from app.authoring.lesson_upload import LessonUpload
from app.catalogue.models import Course
from app.catalogue.source import Citation
from app.core import clock
from app.core.access import Actor
from app.core.db import Base, pk
from app.core.errors import NotFound, TooLarge
from app.core.jobs import JobContext

KEPT_DAYS = 30
MOST_CHARACTERS = 400_000


class LessonDraft(Base):
    """`typed`: {"fields": LessonFields, "kept": {slot: public id}, "placed": {name: public id}}."""

    __tablename__ = "lesson_draft"
    __table_args__ = (UniqueConstraint("course_id", "lesson_key", "account_id"),)

    id: Mapped[int] = pk()
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    lesson_key: Mapped[str] = mapped_column(String(40))
    account_id: Mapped[int]
    typed: Mapped[dict[str, Any]] = mapped_column(JSON)
    saved_at: Mapped[datetime]


@dataclass(frozen=True)
class Draft:
    """What was typed, with the files it had, and when that was kept."""

    fields: LessonFields
    kept: Mapping[str, str]
    placed: Mapping[str, str]
    saved_at: datetime


def keep(db: Session, actor: Actor, course: Course, key: str | None, upload: LessonUpload) -> datetime:
    """Keep what is in the form, in place of what was kept before; raises TooLarge."""
    typed = {"fields": asdict(upload.fields), "kept": upload.kept, "placed": upload.placed}
    if len(json.dumps(typed, ensure_ascii=False)) > MOST_CHARACTERS:
        raise TooLarge
    row = db.scalar(_own(actor, course, key))
    if row is None:
        row = LessonDraft(course_id=course.id, lesson_key=key or "", account_id=actor.account_id)
        db.add(row)
    row.typed, row.saved_at = typed, clock.now()
    db.flush()
    return row.saved_at


def kept_draft(db: Session, actor: Actor, course: Course, key: str | None, now: LessonFields) -> Draft | None:
    """What this author left unsaved, unless it says what the lesson says `now` anyway."""
    row = db.scalar(_own(actor, course, key))
    if row is None:
        return None
    fields = _fields(row.typed["fields"])
    is_same = replace(_plain(fields), module=now.module, base_version=now.base_version) == _plain(now)
    if is_same and not row.typed["kept"] and not row.typed["placed"]:
        return None
    return Draft(fields, row.typed["kept"], row.typed["placed"], row.saved_at)


def must_have_draft(draft: Draft | None) -> Draft:
    """Raises NotFound where there is nothing to go on with."""
    if draft is None:
        raise NotFound
    return draft


def forget(db: Session, actor: Actor, course: Course, key: str | None) -> None:
    """It is saved, or not wanted."""
    if row := db.scalar(_own(actor, course, key)):
        db.delete(row)
        db.flush()


def forget_drafts(context: JobContext) -> dict[str, int]:
    """Delete what nobody came back to."""
    before = clock.now() - timedelta(days=KEPT_DAYS)
    with context.database.writing() as db:
        gone = db.execute(delete(LessonDraft).where(LessonDraft.saved_at < before).returning(LessonDraft.id)).all()
    return {"forgotten": len(gone)}


def _own(actor: Actor, course: Course, key: str | None) -> Select[LessonDraft]:
    return select(LessonDraft).where(
        LessonDraft.course_id == course.id, LessonDraft.lesson_key == (key or ""),
        LessonDraft.account_id == actor.account_id,
    )  # fmt: skip


def _fields(typed: dict[str, Any]) -> LessonFields:
    return LessonFields(
        **typed
        | {
            "sources": tuple(Citation(**one) for one in typed["sources"]),
            "more_pictures": {slot: (alt, caption) for slot, (alt, caption) in typed["more_pictures"].items()},
        }
    )


def _plain(fields: LessonFields) -> LessonFields:
    """As every browser would send them: ends of lines and texts alike, pictures nobody chose left out."""
    return replace(
        fields,
        body=fields.body.replace("\r\n", "\n").strip(),
        objectives=fields.objectives.replace("\r\n", "\n").strip(),
        more_pictures={slot: both for slot, both in fields.more_pictures.items() if any(both)},
    )
