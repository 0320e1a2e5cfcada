"""People who study through real servers, and a ledger of what they were told is kept."""

import re
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

import httpx
from sqlalchemy import select

from app.core import clock
from app.core.db import Database
from app.identity.sign_in.accounts import find_candidate, sign_in
from app.learning import stamps
from app.learning.models import Attempt, BlockProgress
from app.learning.quizzes import start_attempt
from app.learning.service import enrol
from app.learning.spans import Span, merge, total
from tests import factories
from tests.learning import making
from tests.live import LiveServer

VIDEO_S = 100_000
QUESTION, ANSWER_EVERY = "q2", 4
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass
class Learner:
    """One person's page: sends spans in order, each again until it is answered, and writes down what was answered.

    `claimed` is everything ever sent, `kept` what the server acknowledged; the ledger of the test. Every few spans an
    answer is given too, "true" with odd numbers and "false" with even ones; `answered` is the newest acknowledged.
    """

    server: LiveServer
    enrolment_id: int
    session: str
    stamp: str
    random: Random
    attempt_id: int = 0
    page: str = "trang"
    kept: list[Span] = field(default_factory=list)
    claimed: list[Span] = field(default_factory=list)
    answered: int = 0
    token: str = ""
    repeats: int = 0
    wrong: list[str] = field(default_factory=list)

    def study(self, done: threading.Event) -> None:
        cookies = {"hs_session": self.session}
        with httpx.Client(base_url=self.server.url, timeout=10, cookies=cookies) as client:
            sequence = 0
            while not done.is_set():
                start = self.random.randrange(VIDEO_S - 40)
                span = (float(start), float(start + self.random.randrange(1, 40)))
                self.claimed.append(span)
                sequence += 1
                self._send_until_answered(client, sequence, span, done)
                if sequence % ANSWER_EVERY == 0:
                    self._send_until_answered(client, sequence // ANSWER_EVERY, None, done)

    def _send_until_answered(
        self, client: httpx.Client, sequence: int, span: Span | None, done: threading.Event
    ) -> None:  # fmt: skip
        while not done.is_set():
            try:
                self.token = self.token or self._form_token(client)
                if span is None:
                    self._answer(client, sequence)
                else:
                    self._send(client, sequence, span)
                return
            except httpx.TransportError:
                self.repeats += 1
                done.wait(0.05)

    def _form_token(self, client: httpx.Client) -> str:
        found = _TOKEN.search(client.get(f"/learn/{making.SLUG}/L1", headers={"accept": "text/html"}).text)
        assert found
        return found.group(1)

    def _send(self, client: httpx.Client, sequence: int, span: Span) -> None:
        body = {
            "stamp": self.stamp,
            "block": "v1",
            "client": self.page,
            "seq": sequence,
            "spans": [span],
            "position": span[1],
        }
        response = client.post("/progress", json=body, headers={"x-csrf-token": self.token})
        if response.status_code != 200:
            self.wrong.append(f"{response.status_code}: {response.text}")
            return
        self.kept.append(span)
        earned = response.json()["earned"]
        if earned < total(merge(self.kept)):
            self.wrong.append(f"answered {earned} after acknowledging {total(merge(self.kept))}")

    def _answer(self, client: httpx.Client, sequence: int) -> None:
        form = {"question": QUESTION, "value": _value(sequence), "seq": str(sequence), "csrf_token": self.token}
        response = client.post(f"/attempts/{self.attempt_id}/answers", data=form)
        if response.status_code == 303:
            self.answered = sequence
        else:
            self.wrong.append(f"{response.status_code}: {response.text}")


def _value(sequence: int) -> str:
    return "true" if sequence % 2 else "false"


def enrolled(database: Database, servers: Sequence[LiveServer], people: int) -> list[Learner]:
    """People with the same long video, each with a page of it open on every server.

    The pages were opened a week ago: the clock allows all they claim.
    """
    with database.writing() as db:
        version = making.course(db, making.Lesson("L1", videos=(float(VIDEO_S),)), making.ANSWER)
        learners = []
        for number in range(people):
            account = factories.civil_servant(db)
            enrolment = enrol(db, account.person_id, version.course_id)
            candidate = find_candidate(db, account.username)
            assert candidate
            session = sign_in(db, candidate)
            attempt = start_attempt(db, enrolment, making.ANSWER.key)
            with clock.frozen(clock.now() - timedelta(days=7)):
                stamp = stamps.issue(enrolment.id, "L1")
            for page, server in enumerate(servers):
                random = Random(number * len(servers) + page)
                learners.append(Learner(server, enrolment.id, session, stamp, random, attempt.id, f"trang-{page}"))
    return learners


def check_nothing_is_lost(database: Database, learners: Sequence[Learner]) -> None:
    """What the database holds lies between what was acknowledged and what was ever claimed.

    People may go on studying meanwhile: so what was acknowledged is noted before the rows are read, what was claimed
    after.
    """
    kept = _by_enrolment((learner.enrolment_id, learner.kept) for learner in learners)
    answered = [(learner.attempt_id, learner.answered) for learner in learners]
    with database.reading() as db:
        papers = {attempt.id: (attempt.answers, attempt.answer_seq) for attempt in db.scalars(select(Attempt))}
        rows = db.execute(select(BlockProgress.enrolment_id, BlockProgress.spans, BlockProgress.earned)).all()
    claimed = _by_enrolment((learner.enrolment_id, learner.claimed) for learner in learners)
    for attempt_id, sequence in answered:
        answers, sequences = papers[attempt_id]
        assert sequences.get(QUESTION, 0) >= sequence, "an acknowledged answer is missing"
        if sequences:
            assert str(answers[QUESTION]).lower() == _value(sequences[QUESTION]), "another answer than was given"
    stored = {enrolment_id: (merge((a, b) for a, b in spans), earned) for enrolment_id, spans, earned in rows}
    for enrolment_id in kept:
        spans, earned = stored.get(enrolment_id, ((), 0.0))
        assert merge((*spans, *kept[enrolment_id])) == spans, "an acknowledged second is missing"
        assert merge((*spans, *claimed[enrolment_id])) == merge(claimed[enrolment_id]), "a second nobody claimed"
        assert earned == total(spans)


def _by_enrolment(pages: Iterable[tuple[int, list[Span]]]) -> dict[int, list[Span]]:
    together: dict[int, list[Span]] = {}
    for enrolment_id, spans in pages:
        together.setdefault(enrolment_id, []).extend(spans)
    return together
