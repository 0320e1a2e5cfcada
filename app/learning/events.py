"""Facts learning announces."""

from dataclasses import dataclass

from app.core.events import Event


@dataclass(frozen=True)
class LessonFinished(Event):
    enrolment_id: int
    lesson_key: str


@dataclass(frozen=True)
class CourseCompleted(Event):
    """A completion row was written; for certificates and coverage."""

    completion_id: int
    person_id: int


@dataclass(frozen=True)
class CompletionAnnulled(Event):
    completion_id: int
    person_id: int
    fraud: bool
