"""Two servers on one PostgreSQL: whichever one answers, nothing is lost, nothing is done twice, everybody is known."""

import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, select

from app.certificates.models import Certificate
from app.core import clock
from app.core.db import Database
from app.core.settings import Settings
from app.coverage.models import CoverageEntry
from app.identity.models import UnitVersion
from app.identity.sign_in.accounts import find_candidate, sign_in
from app.learning import quizzes, stamps
from app.learning.models import Completion, Enrolment
from app.learning.service import enrol
from tests import factories
from tests.durability.studying import check_nothing_is_lost, enrolled
from tests.learning import making
from tests.live import LiveServer
from tests.seeded import Seeded
from tests.two_machines.conftest import machine

pytestmark = pytest.mark.databases("postgresql")

Servers = tuple[LiveServer, LiveServer]
Visit = Callable[[LiveServer, str], "Visitor"]
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def at_once(*acts: Callable[[], object]) -> list[object]:
    """All acts start together, each in a thread; what they return."""
    gate = threading.Barrier(len(acts))

    def wait_and_act(act: Callable[[], object]) -> object:
        gate.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(wait_and_act, acts))


class Visitor:
    """Somebody signed in by a cookie, at one of the servers."""

    def __init__(self, server: LiveServer, session: str) -> None:
        self.client = httpx.Client(base_url=server.url, cookies={"hs_session": session}, timeout=60)

    def token(self, path: str) -> str:
        found = _TOKEN.search(self.client.get(path, headers={"accept": "text/html"}).text)
        assert found, path
        return found.group(1)

    def post(self, path: str, token: str, **fields: object) -> int:
        answer = self.client.post(path, data={"csrf_token": token, **fields})
        return answer.status_code


@pytest.fixture
def visit() -> Iterator[Visit]:
    """`visit(server, session)`; everybody leaves at the end."""
    with ExitStack() as leaving:

        def come(server: LiveServer, session: str) -> Visitor:
            visitor = Visitor(server, session)
            leaving.callback(visitor.client.close)
            return visitor

        yield come


def learner(database: Database, *lessons: making.Lesson, slug: str = making.SLUG) -> tuple[int, str]:
    """An enrolled civil servant: the enrolment's id and a session."""
    with database.writing() as db:
        course = making.course(db, *lessons, slug=slug)
        account = factories.civil_servant(db)
        enrolment = enrol(db, account.person_id, course.course_id)
        candidate = find_candidate(db, account.username)
        assert candidate
        return enrolment.id, sign_in(db, candidate)


def test_progress_saved_through_both_servers_at_once_loses_nothing(servers: Servers, database: Database) -> None:
    """Each person has the same video open twice, on either server; both group commits meet in the same rows."""
    learners = enrolled(database, servers, people=5)
    done = threading.Event()
    threads = [threading.Thread(target=learner.study, args=(done,)) for learner in learners]
    for thread in threads:
        thread.start()
    enough = 60 * len(learners)
    while sum(len(learner.kept) for learner in learners) < enough and any(thread.is_alive() for thread in threads):
        done.wait(0.05)
    done.set()
    for thread in threads:
        thread.join(60)
    assert [message for learner in learners for message in learner.wrong] == []
    check_nothing_is_lost(database, learners)


def test_handing_in_at_both_servers_completes_and_certifies_once(
    servers: Servers, database: Database, visit: Visit
) -> None:
    for number in range(4):
        enrolment_id, session = learner(database, making.ANSWER, slug=f"khoa-{number}")
        with database.writing() as db:
            attempt = quizzes.start_attempt(db, db.get_one(Enrolment, enrolment_id), "L3")
            path = f"/attempts/{attempt.id}"
        visitors = [visit(server, session) for server in servers]
        tokens = [visitor.token(path) for visitor in visitors]
        acts = [
            partial(visitor.post, f"{path}/submit", token, **making.RIGHT_ANSWERS)
            for visitor, token in zip(visitors * 2, tokens * 2, strict=True)
        ]
        assert set(at_once(*acts)) == {303}
    with database.reading() as db:
        assert db.scalar(select(func.count()).select_from(Completion)) == 4
        numbers = db.scalars(select(Certificate.number).order_by(Certificate.number)).all()
        assert [int(number[:5]) for number in numbers] == [1, 2, 3, 4], "no number twice, none left out"
        counted = db.scalar(select(func.count(func.distinct(CoverageEntry.completion_id))))
        doubles = db.execute(
            select(CoverageEntry.completion_id)
            .group_by(
                CoverageEntry.completion_id, CoverageEntry.indicator_version_id, CoverageEntry.measure,
                CoverageEntry.period, CoverageEntry.unit_id,
            )
            .where(CoverageEntry.completion_id.is_not(None))
            .having(func.sum(CoverageEntry.sign) > 1)
        ).all()  # fmt: skip
    assert counted
    assert doubles == []


def test_the_last_two_lessons_finished_on_two_servers_complete_the_course(
    servers: Servers, database: Database, visit: Visit
) -> None:
    """Neither server may overlook what the other one is just about to write."""
    for number in range(4):
        slug = f"khoa-{number}"
        enrolment_id, session = learner(database, making.Lesson("L1"), making.Lesson("L2"), slug=slug)
        acts = []
        for server, key in zip(servers, ("L1", "L2"), strict=True):
            visitor, path = visit(server, session), f"/learn/{slug}/{key}"
            with clock.frozen(clock.now() - timedelta(hours=1)):
                stamp = stamps.issue(enrolment_id, key)
            acts.append(partial(visitor.post, f"{path}/read", visitor.token(path), stamp=stamp))
        assert set(at_once(*acts)) == {303}
    with database.reading() as db:
        assert db.scalar(select(func.count()).select_from(Completion)) == 4


def test_two_clicks_on_two_servers_enrol_once(servers: Servers, database: Database, visit: Visit) -> None:
    with database.writing() as db:
        making.course(db, making.READ)
        account = factories.civil_servant(db)
        candidate = find_candidate(db, account.username)
        assert candidate
        session = sign_in(db, candidate)
    visitors = [visit(server, session) for server in servers]
    tokens = [visitor.token(f"/courses/{making.SLUG}") for visitor in visitors]
    acts = [
        partial(visitor.post, f"/courses/{making.SLUG}/enrol", token)
        for visitor, token in zip(visitors * 3, tokens * 3, strict=True)
    ]
    assert set(at_once(*acts)) == {303}
    with database.reading() as db:
        assert db.scalar(select(func.count()).select_from(Enrolment)) == 1


def test_who_signs_in_at_one_server_is_known_at_the_other_until_signing_out(
    servers: Servers, database: Database, visit: Visit
) -> None:
    _enrolment_id, session = learner(database, making.READ)
    here, there = (visit(server, session) for server in servers)
    assert here.client.get("/my").status_code == 200
    assert there.client.get("/my").status_code == 200
    assert there.post("/sign-out", there.token("/my")) == 303
    assert here.client.get("/my", headers={"accept": "text/html"}).status_code in (303, 401)


@pytest.fixture
def empty(seeded: Seeded, tmp_path: Path) -> Iterator[str]:
    with seeded.empty(tmp_path) as url:
        yield url


def test_two_servers_may_start_together_on_an_empty_database(empty: str, settings: Settings, tmp_path: Path) -> None:
    first, second = (machine(settings, tmp_path / name, empty) for name in ("a", "b"))
    try:
        at_once(first.start, second.start)
        fresh = Database(empty)
        with fresh.reading() as db:
            count = db.scalar(select(func.count()).select_from(UnitVersion))
        fresh.dispose()
    finally:
        first.kill()
        second.kill()
    known = Database(settings.database_url)
    with known.reading() as db:
        assert db.scalar(select(func.count()).select_from(UnitVersion)) == count
    known.dispose()
