"""What the catalogue does when others announce a fact."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalogue.models import CourseVersion, LessonFile, LessonVersion
from app.core.text import fold
from app.media.events import DocumentReady


def fill_document(db: Session, event: DocumentReady) -> None:
    """Drafts saved before an office file was read get its pages, and are found by its words; published ones stay."""
    lessons = db.scalars(
        select(LessonVersion)
        .join(LessonFile, LessonFile.lesson_version_id == LessonVersion.id)
        .join(CourseVersion, CourseVersion.id == LessonVersion.course_version_id)
        .where(LessonFile.asset_id == event.asset_id, CourseVersion.state == "draft")
    )
    for lesson in lessons:
        lesson.blocks = _filled(lesson.blocks, event)
        lesson.translated_blocks = {name: _filled(some, event) for name, some in lesson.translated_blocks.items()}
        words = fold(" ".join(event.words))
        if words not in lesson.folded_text:
            lesson.folded_text = f"{lesson.folded_text} {words}"
    db.flush()


def _filled(blocks: list[dict[str, Any]], event: DocumentReady) -> list[dict[str, Any]]:
    return [
        block | {"pages": list(event.words)} if event.is_paged and _shows(block, event.asset_id) else block
        for block in blocks
    ]


def _shows(block: Mapping[str, object], asset_id: int) -> bool:
    return block["kind"] == "document" and block["asset_id"] == asset_id
