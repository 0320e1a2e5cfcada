"""Facts learning announces."""

from dataclasses import dataclass

from app.core.events import Event


@dataclass(frozen=True)
class LessonFinished(Event):
    enrolment_id: int
    lesson_key: str


@dataclass(frozen=True)
class CoursesCompleted(Event):
    """Completion rows were written, 500 at most, and whose each is; for certificates and coverage."""

    completion_ids: tuple[int, ...]
    person_ids: tuple[int, ...]


@dataclass(frozen=True)
class CompletionAnnulled(Event):
    completion_id: int
    person_id: int
    fraud: bool
