"""A ledger kept by the clients against the server's, whatever is lost, doubled or reordered between two devices and it.

Hypothesis plays the network. A device writes down what it did and numbers it; a send may not arrive, arrive without
its answer coming back, arrive again, or after later ones. What was acknowledged must be there, nothing nobody did may
be, and no figure ever shrinks.
"""

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.db import Database
from app.core.errors import AppError
from app.identity.sign_in.accounts import find_candidate, sign_in
from app.learning.answering import AnswerSave, save_answers
from app.learning.models import Attempt, BlockProgress, Enrolment, LessonFinish
from app.learning.quizzes import AttemptClosed, start_attempt, submit_attempt
from app.learning.rules import READING
from app.learning.saving import ProgressSaver, Save, Saved
from app.learning.service import enrol
from app.learning.spans import LEAST_PAGE_S, Refusal, Span, merge, total
from app.learning.stamps import Stamp
from tests import factories
from tests.learning import making

OPENED = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
VIDEO_S = 300.0
DOCUMENT, PAGES = "d1-pdf", 12
# `make proof` tries twice as many, and others each time.
EXAMPLES, STEPS = 40 if "EXPLORE" in os.environ else 20, 40
_numbers = count(1)
# Of a request: answered; done, but the answer never heard; cut off before COMMIT, as a killed server leaves it.
FATES = st.sampled_from(["answered", "unheard", "cut off"])


@dataclass
class Device:
    """A page: its own stamp, client id and numbers, and everything it ever did."""

    name: str
    opened_at: datetime
    done: list[Save] = field(default_factory=list)
    played_to: float = 0.0
    read_to: float = 0.0

    def save(self, token: str, enrolment_id: int, block: str, span: Span) -> Save:
        made = Save(token, Stamp(enrolment_id, "L1", self.opened_at), block, self.name, len(self.done), [span], span[1])
        self.done.append(made)
        return made


class ProgressMachine(RuleBasedStateMachine):
    """Two devices watch, read and leaf through one lesson."""

    database: Database
    saves = Bundle("saves")

    @initialize()
    def begin(self) -> None:
        self.now = OPENED
        with clock.frozen(self.now), self.database.writing() as db:
            version = making.course(
                db, making.Lesson("L1", minutes=2, videos=(VIDEO_S,), documents=(PAGES,)), slug=f"khoa-{next(_numbers)}"
            )
            account = factories.civil_servant(db)
            self.enrolment_id = enrol(db, account.person_id, version.course_id).id
            candidate = find_candidate(db, account.username)
            assert candidate
            self.token = sign_in(db, candidate)
        self.saver = ProgressSaver()
        self.devices = [Device("may-ban", OPENED), Device("dien-thoai", OPENED)]
        self.kept: dict[str, list[Span]] = {"v1": [], READING: [], DOCUMENT: []}
        self.decided: dict[tuple[str, int], tuple[float, Refusal | None]] = {}
        self.earned: dict[str, float] = {"v1": 0.0, READING: 0.0, DOCUMENT: 0.0}

    @rule(target=saves, device=st.integers(0, 1), seconds=st.integers(1, 40), speed=st.sampled_from([1.0, 1.5, 2.0]))
    def watch(self, device: int, seconds: int, speed: float) -> Save:
        """Honest playback, up to double speed."""
        page = self.devices[device]
        start = page.played_to if page.played_to < VIDEO_S else 0.0
        end = min(VIDEO_S, start + seconds * speed)
        self.now += timedelta(seconds=seconds)
        page.played_to = end
        return page.save(self.token, self.enrolment_id, "v1", (start, end))

    @rule(target=saves, device=st.integers(0, 1), seconds=st.integers(1, 40))
    def read(self, device: int, seconds: int) -> Save:
        page = self.devices[device]
        self.now += timedelta(seconds=seconds)
        end = (self.now - page.opened_at).total_seconds()
        return page.save(self.token, self.enrolment_id, READING, (end - seconds, end))

    @rule(target=saves, device=st.integers(0, 1), page=st.integers(1, PAGES), seconds=st.integers(0, 8))
    def leaf(self, device: int, page: int, seconds: int) -> Save:
        """A page in front for a while, at times for too short a one."""
        self.now += timedelta(seconds=seconds)
        return self.devices[device].save(self.token, self.enrolment_id, DOCUMENT, (float(page - 1), float(page)))

    @rule(target=saves, device=st.integers(0, 1), block=st.sampled_from(["v1", READING, DOCUMENT]))
    def lie(self, device: int, block: str) -> Save:
        """Claims all at once, whatever the clock says."""
        whole = float(PAGES) if block == DOCUMENT else VIDEO_S
        return self.devices[device].save(self.token, self.enrolment_id, block, (0.0, whole))

    @rule(batch=st.lists(saves, min_size=1, max_size=6), fate=FATES)
    def deliver(self, batch: list[Save], fate: str) -> None:
        """In any order, any of them again, several in one transaction."""
        with clock.frozen(self.now):
            try:
                with self.database.writing() as db:
                    answers = self.saver.save(db, batch)
                    if fate == "cut off":
                        raise ConnectionError
            except ConnectionError:
                return
        for save, answer in zip(batch, answers, strict=True):
            assert isinstance(answer, Saved)
            self._note(save, answer, is_heard=fate == "answered")

    def _note(self, save: Save, answer: Saved, *, is_heard: bool) -> None:
        name = save.client, save.sequence
        if name not in self.decided and answer.reason is None:
            self.kept[save.block] += self._seconds(save)
        if name in self.decided:
            assert (answer.credited, answer.reason) in (self.decided[name], (0.0, None)), "a repeat was told otherwise"
        self.decided.setdefault(name, (answer.credited, answer.reason))
        if is_heard:
            assert answer.earned >= self.earned[save.block], "a figure shrank"
            self.earned[save.block] = answer.earned

    def _seconds(self, save: Save) -> list[Span]:
        if save.block != READING:  # of a video in seconds, of a document in pages
            return list(save.spans)
        opened = save.stamp.at.timestamp()
        elapsed = (self.now - save.stamp.at).total_seconds()
        return [(opened + start, opened + min(end, elapsed)) for start, end in save.spans]

    @invariant()
    def nothing_is_lost_doubled_or_made_up(self) -> None:
        if not hasattr(self, "saver"):
            return
        with self.database.reading() as db:
            rows = db.scalars(select(BlockProgress).where(BlockProgress.enrolment_id == self.enrolment_id)).all()
            stored = {row.block_id: row for row in rows}
            for block, kept in self.kept.items():
                row = stored.get(block)
                spans = merge((start, end) for start, end in row.spans) if row else ()
                assert spans == merge(kept)
                assert row is None or abs(row.earned - total(spans)) < 1e-6
                if row:
                    elapsed = (self.now - OPENED).total_seconds()
                    most = {READING: elapsed, "v1": 2 * elapsed + 5, DOCUMENT: elapsed}[block]
                    assert row.spent_s <= most + 1e-6
                    assert block != DOCUMENT or row.earned <= elapsed / LEAST_PAGE_S


class AttemptMachine(RuleBasedStateMachine):
    """Two tabs answer one attempt; either may hand it in."""

    database: Database
    sent = Bundle("sent")

    @initialize()
    def begin(self) -> None:
        with self.database.writing() as db:
            version = making.course(db, making.ANSWER, slug=f"khoa-{next(_numbers)}")
            account = factories.civil_servant(db)
            self.enrolment_id = enrol(db, account.person_id, version.course_id).id
            candidate = find_candidate(db, account.username)
            assert candidate
            self.token = sign_in(db, candidate)
            enrolment = db.get_one(Enrolment, self.enrolment_id)
            self.attempt_id = start_attempt(db, enrolment, making.ANSWER.key, Random(1)).id
        self.sequence = 0
        self.newest: dict[str, tuple[int, AnswerSave]] = {}
        self.result: dict[str, Any] | None = None

    @rule(target=sent, question=st.sampled_from(sorted(making.RIGHT_ANSWERS)), is_right=st.booleans())
    def answer(self, question: str, is_right: bool) -> AnswerSave:
        self.sequence += 1
        wrong = {"q1": ["o1"], "q2": ["true"], "q3": ["o3"]}
        values = (making.RIGHT_ANSWERS if is_right else wrong)[question]
        return AnswerSave(self.token, "", self.attempt_id, question, {"": values}, self.sequence, "vi")

    @rule(batch=st.lists(sent, min_size=1, max_size=5), fate=FATES)
    def deliver(self, batch: list[AnswerSave], fate: str) -> None:
        try:
            with self.database.writing() as db:
                answers = save_answers(db, batch)
                if fate == "cut off":
                    raise ConnectionError
        except ConnectionError:
            return
        for save, told in zip(batch, answers, strict=True):
            assert isinstance(told, AppError) == (self.result is not None)
            if isinstance(told, AppError):
                assert isinstance(told, AttemptClosed)
            elif save.sequence > self.newest.get(save.question_id, (-1, save))[0]:
                self.newest[save.question_id] = (save.sequence or 0, save)

    @rule()
    def hand_in(self) -> None:
        """From either tab, once or again: the first result stands."""
        with self.database.writing() as db:
            result = submit_attempt(db, db.get_one(Attempt, self.attempt_id), {})
        assert result == (self.result or result)
        self.result = result

    @invariant()
    def the_newest_answer_of_each_question_is_kept(self) -> None:
        if not hasattr(self, "newest"):
            return
        with self.database.reading() as db:
            attempt = db.get_one(Attempt, self.attempt_id)
            assert {question: sequence for question, (sequence, _save) in self.newest.items()} == attempt.answer_seq
            assert set(attempt.answers) == set(self.newest)
            assert attempt.result == self.result
            finishes = db.scalars(select(LessonFinish).where(LessonFinish.enrolment_id == self.enrolment_id)).all()
            assert len(finishes) == int(bool(self.result and self.result["passed"]))


def run(machine: type[RuleBasedStateMachine], database: Database) -> None:
    machine.database = database  # type: ignore[attr-defined]
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        machine, settings=settings(max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None)
    )


def test_the_ledger_keeps_what_two_devices_were_told_is_kept(db: Session, database: Database) -> None:
    run(ProgressMachine, database)


def test_an_attempt_keeps_the_newest_answers_and_one_result(db: Session, database: Database) -> None:
    run(AttemptMachine, database)
