"""The ordinary way: tells the services, one by one and in order of time, what happened to simulated people."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest

from app.core import clock
from app.core.db import Session
from app.identity.models import Affiliation, Person
from app.identity.people.people import add_affiliation, add_person, end_affiliation
from app.learning import saving
from app.learning.completions import Learned, annul_completion, record_completion
from app.learning.models import Attempt, Completion, Enrolment
from app.learning.quizzes import start_attempt, submit_attempt
from app.learning.saving import ProgressSaver, Save, Saved
from app.learning.service import enrol, finish_reading, judge_lesson
from app.learning.stamps import Stamp
from app.simulation.events import (
    Attends,
    Enrols,
    IsAnnulled,
    Joins,
    LeavesPost,
    Reads,
    StartsQuiz,
    Story,
    SubmitsQuiz,
    TakesPost,
    Watches,
)
from app.simulation.replay import client_of
from app.simulation.shelf import sheet, shuffle_of


@dataclass
class _Life:
    """What the services gave back so far."""

    person: Person | None = None
    posts: list[Affiliation] = field(default_factory=list)
    enrolments: dict[int, Enrolment] = field(default_factory=dict)
    attempts: dict[tuple[int, str], Attempt] = field(default_factory=dict)


class Ordinary:
    """Acts out stories through identity, learning, and whoever hears of it."""

    def __init__(self, db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
        self.db = db
        self.lives: dict[int, _Life] = {}
        self.saver = ProgressSaver()
        # Simulated people have no account to sign in with: the cookie is their id.
        monkeypatch.setattr(saving, "people_signed_in", lambda _db, tokens: {token: int(token) for token in tokens})

    def act(self, stories: Iterable[Story]) -> None:
        """Everything, in the order of time; of several people at one instant the lowest number first."""
        happenings = [
            (happening.at, story.number, place, story, happening)
            for story in stories
            for place, happening in enumerate(story.happenings)
        ]
        for at, number, _place, story, happening in sorted(happenings, key=lambda one: one[:3]):
            life = self.lives.setdefault(number, _Life())
            with clock.frozen(at):
                self.DEEDS[type(happening)](self, story, life, happening)

    def _joins(self, story: Story, life: _Life, _happened: Joins) -> None:
        life.person = add_person(
            self.db, name=story.name, sex=story.sex, birth_date=story.birth_date, email=story.email
        )  # fmt: skip

    def _takes_post(self, _story: Story, life: _Life, happened: TakesPost) -> None:
        assert life.person is not None
        life.posts.append(
            add_affiliation(
                self.db, life.person, happened.unit_id, title=happened.title, audiences=happened.audiences,
                is_leader=happened.is_leader, is_primary=happened.is_primary, started_on=happened.started_on,
            )
        )  # fmt: skip

    def _leaves_post(self, _story: Story, life: _Life, happened: LeavesPost) -> None:
        end_affiliation(self.db, life.posts[happened.post], happened.ended_on)

    def _enrols(self, _story: Story, life: _Life, happened: Enrols) -> None:
        assert life.person is not None
        life.enrolments[happened.course.course_id] = enrol(self.db, life.person.id, happened.course.course_id)

    def _watches(self, story: Story, life: _Life, happened: Watches) -> None:
        assert life.person is not None
        enrolment = life.enrolments[happened.course.course_id]
        block, seconds = happened.lesson.videos[happened.video]
        stamp = Stamp(enrolment.id, happened.lesson.key, happened.opened_at)
        client = client_of(story.number, happened)
        save = Save(str(life.person.id), stamp, block, client, 0, [(0.0, seconds)], seconds)
        [saved] = self.saver.save(self.db, [save])
        assert isinstance(saved, Saved)
        assert saved.reason is None
        self.db.expire(enrolment)
        if saved.should_judge:
            judge_lesson(self.db, enrolment, happened.lesson.key)

    def _reads(self, _story: Story, life: _Life, happened: Reads) -> None:
        enrolment = life.enrolments[happened.course.course_id]
        stamp = Stamp(enrolment.id, happened.lesson.key, happened.opened_at)
        finish_reading(self.db, enrolment, happened.lesson.key, stamp)

    def _starts_quiz(self, _story: Story, life: _Life, happened: StartsQuiz) -> None:
        enrolment, lesson = life.enrolments[happened.course.course_id], happened.lesson
        attempt = start_attempt(self.db, enrolment, lesson.key, shuffle_of(lesson, happened.variant))
        life.attempts[enrolment.id, lesson.key] = attempt

    def _submits_quiz(self, _story: Story, life: _Life, happened: SubmitsQuiz) -> None:
        enrolment, lesson = life.enrolments[happened.course.course_id], happened.lesson
        filled = sheet(lesson, happened.variant, passes=happened.passes)
        result = submit_attempt(self.db, life.attempts[enrolment.id, lesson.key], filled.given)
        assert result["passed"] is happened.passes

    def _attends(self, _story: Story, life: _Life, happened: Attends) -> None:
        assert life.person is not None
        record_completion(
            self.db,
            Learned(
                life.person.id,
                happened.course.version_id,
                happened.how,
                happened.completed_on,
                score_percent=happened.score_percent,
            ),
        )

    def _is_annulled(self, _story: Story, life: _Life, happened: IsAnnulled) -> None:
        assert life.person is not None
        completion = (
            self.db.query(Completion)
            .filter_by(person_id=life.person.id, course_version_id=happened.course.version_id, how=happened.how)
            .one()
        )
        annul_completion(self.db, completion, None, happened.reason, fraud=happened.fraud)

    DEEDS: dict[type, Callable[..., Any]] = {
        Joins: _joins, TakesPost: _takes_post, LeavesPost: _leaves_post, Enrols: _enrols, Watches: _watches,
        Reads: _reads, StartsQuiz: _starts_quiz, SubmitsQuiz: _submits_quiz, Attends: _attends,
        IsAnnulled: _is_annulled,
    }  # fmt: skip
