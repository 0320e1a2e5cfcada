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
from app.identity.accounts import find_candidate, sign_in
from app.learning import stamps
from app.learning.models import BlockProgress
from app.learning.service import enrol
from app.learning.spans import Span, merge, total
from tests import factories
from tests.learning import making
from tests.live import LiveServer

VIDEO_S = 100_000
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass
class Learner:
    """One person's page: sends spans in order, each again until it is answered, and writes down what was answered.

    `claimed` is everything ever sent, `kept` what the server acknowledged; the ledger of the test.
    """

    server: LiveServer
    enrolment_id: int
    session: str
    stamp: str
    random: Random
    page: str = "trang"
    kept: list[Span] = field(default_factory=list)
    claimed: list[Span] = field(default_factory=list)
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

    def _send_until_answered(self, client: httpx.Client, sequence: int, span: Span, done: threading.Event) -> None:
        while not done.is_set():
            try:
                self.token = self.token or self._form_token(client)
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


def enrolled(database: Database, servers: Sequence[LiveServer], people: int) -> list[Learner]:
    """People with the same long video, each with a page of it open on every server.

    The pages were opened a week ago: the clock allows all they claim.
    """
    with database.writing() as db:
        version = making.course(db, making.Lesson("L1", videos=(float(VIDEO_S),)))
        learners = []
        for number in range(people):
            account = factories.civil_servant(db)
            enrolment = enrol(db, account.person_id, version.course_id)
            candidate = find_candidate(db, account.username)
            assert candidate
            session = sign_in(db, candidate)
            with clock.frozen(clock.now() - timedelta(days=7)):
                stamp = stamps.issue(enrolment.id, "L1")
            for page, server in enumerate(servers):
                random = Random(number * len(servers) + page)
                learners.append(Learner(server, enrolment.id, session, stamp, random, f"trang-{page}"))
    return learners


def check_nothing_is_lost(database: Database, learners: Sequence[Learner]) -> None:
    """What the database holds lies between what was acknowledged and what was ever claimed.

    People may go on studying meanwhile: so what was acknowledged is noted before the rows are read, what was claimed
    after.
    """
    kept = _by_enrolment((learner.enrolment_id, learner.kept) for learner in learners)
    with database.reading() as db:
        rows = db.execute(select(BlockProgress.enrolment_id, BlockProgress.spans, BlockProgress.earned)).all()
    claimed = _by_enrolment((learner.enrolment_id, learner.claimed) for learner in learners)
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
