"""Questions of a file into the quiz of a lesson: the good ones at once, since a draft can be put right."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.authoring import lesson_quiz, service
from app.authoring.question_files import Taken, name_pictures
from app.authoring.questions_io import Refused
from app.catalogue.models import Course
from app.catalogue.queries import newest_version
from app.catalogue.stored import source_of
from app.core.access import Actor
from app.core.db import Session
from app.core.errors import Invalid
from app.core.storage import Storage


@dataclass(frozen=True)
class TakenIn:
    """What became of a file: questions added, those the quiz asks already, and what could not be taken."""

    added: int
    known: int
    refused: Sequence[Refused]


def take_in(db: Session, storage: Storage, actor: Actor, course: Course, key: str, taken: Taken) -> TakenIn:
    """Add what was read to the quiz of the lesson in a new draft; the same file once more adds nothing.

    Raises Invalid when the quiz would grow too long.
    """
    version = newest_version(db, course)
    source = source_of(db, version.id)
    lesson = service.lesson_in(source, key)[1]
    found = taken.reading.found
    fresh = lesson_quiz.not_there_yet(lesson.quiz, [one.question for one in found])
    added = []
    files: dict[str, int] = {}
    for question_id, place in zip(lesson_quiz.new_ids(source, key, len(fresh)), fresh, strict=True):
        question, pictures = name_pictures(
            db, course.unit_id, found[place].question, taken.pictures[place], by=actor.account_id
        )
        added.append({**question, "id": question_id})
        files |= pictures
    if added:
        quiz = lesson_quiz.with_questions(lesson.quiz, added)
        if faults := lesson_quiz.faults(quiz):
            raise Invalid(" ".join(faults.values()))
        service.save_quiz(db, storage, actor, course, key, quiz, files, version.id)
    return TakenIn(len(added), len(found) - len(fresh), taken.reading.refused)
