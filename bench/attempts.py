"""A whole attempt without HTTP: what the work itself costs when a class sits a test together."""

import time

from app.core.db import Database
from app.identity.sign_in.accounts import load_actor
from app.learning.answering import AnswerSave, save_answers
from app.learning.finishing import HandIn, finish
from app.learning.models import Attempt
from app.learning.page_queries import find_enrolment
from app.learning.quiz_queries import attempt_page, quiz_page, result_page
from app.learning.quizzes import start_attempt
from app.main import wire
from bench.world import COURSE, QUIZ_LESSON, Learner, World

_QUESTIONS = 10


def measure_attempts(world: World, rounds: int = 3) -> float:
    """CPU milliseconds of this process for one attempt: rules, start, paper, ten answers, hand in, result.

    Everybody of the world takes the test at once. Pages are found, not drawn; starts have a transaction each, answers
    and papers handed in share one, as on the server.
    """
    wire()
    database = world.database
    _all_at_once(database, world)
    begun = time.process_time()
    for _round in range(rounds):
        _all_at_once(database, world)
    spent = time.process_time() - begun
    database.dispose()
    return 1000 * spent / rounds / len(world.learners)


def _all_at_once(database: Database, world: World) -> None:
    papers = {learner.session: _start(database, learner) for learner in world.learners}
    for number in range(_QUESTIONS):
        saves = [
            AnswerSave(session, "", attempt_id, f"q{number}", {"": ["a"]}, number, "vi")
            for session, (_person_id, attempt_id) in papers.items()
        ]
        with database.writing() as db:
            save_answers(db, saves)
    with database.writing() as db:
        finish(db, [HandIn(person_id, "", attempt_id, {}, "vi") for person_id, attempt_id in papers.values()])
    for _person_id, attempt_id in papers.values():
        with database.reading() as db:
            result_page(db, db.get_one(Attempt, attempt_id))


def _start(database: Database, learner: Learner) -> tuple[int, int]:
    """Whose, and which attempt."""
    with database.reading() as db:
        actor = load_actor(db, learner.session)
        assert actor
        enrolment = find_enrolment(db, actor, COURSE)
        assert enrolment
        quiz_page(db, enrolment, QUIZ_LESSON)
    with database.writing() as db:
        enrolment = find_enrolment(db, actor, COURSE)
        assert enrolment
        attempt_id = start_attempt(db, enrolment, QUIZ_LESSON).id
    with database.reading() as db:
        attempt_page(db, db.get_one(Attempt, attempt_id))
    return actor.person_id, attempt_id
