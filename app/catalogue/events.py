"""Facts the catalogue announces."""

from dataclasses import dataclass

from app.core.events import Event


@dataclass(frozen=True)
class CourseVersionPublished(Event):
    course_id: int
    version_id: int
