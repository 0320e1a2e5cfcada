"""Many people finish one course at once, as the server lets them: through its committers, while servers are killed."""

import json
import multiprocessing
import os
import random
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier

from sqlalchemy import func, insert, select

from app.certificates.models import Certificate, CertificateSeries
from app.core import clock, events
from app.core.db import Database
from app.core.jobs import Job
from app.coverage.models import CoverageEntry, CoveragePending
from app.identity.events import AffiliationsChanged
from app.identity.models import Affiliation, AffiliationAudience, Person
from app.learning.finishing import SeenEnough, finish_committer
from app.learning.models import Completion, Enrolment, LessonFinish, LessonReading
from app.main import HANDLERS
from tests import factories
from tests.learning import making

LESSON = making.READ.key


def prepare(database: Database, people: int) -> list[int]:
    """The enrolments of civil servants in a course of one lesson; all it asks of them is met, but nobody has judged."""
    now = clock.now()
    with database.writing() as db:
        version = making.course(db, making.READ)
        unit_id = factories.unit_id(db)
        names = [f"Người Hoàn Thành {number}" for number in range(people)]
        ids = list(
            db.scalars(
                insert(Person).returning(Person.id, sort_by_parameter_order=True),
                [
                    {"ref": f"HT-{name}", "name": name, "folded_name": "", "sort_name": "", "created_at": now}
                    for name in names
                ],
            )
        )
        post = {"unit_id": unit_id, "title": "Chuyên viên", "started_on": clock.today(), "recorded_at": now}
        posts = db.scalars(insert(Affiliation).returning(Affiliation.id), [post | {"person_id": id_} for id_ in ids])
        audience = [{"affiliation_id": post_id, "audience_code": "CBCC"} for post_id in posts]
        db.execute(insert(AffiliationAudience), audience)
        events.emit(db, AffiliationsChanged(tuple(ids)))
        enrolment = {
            "course_id": version.course_id, "course_version_id": version.id, "enrolled_at": now, "last_active_at": now,
        }  # fmt: skip
        enrolments = list(
            db.scalars(insert(Enrolment).returning(Enrolment.id), [enrolment | {"person_id": id_} for id_ in ids])
        )
        reading = {"lesson_key": LESSON, "opened_at": now, "read_at": now}
        db.execute(insert(LessonReading), [reading | {"enrolment_id": id_} for id_ in enrolments])
        return enrolments


def serve(url: str, enrolments: Sequence[int], at_once: int, gate: Barrier | None) -> None:
    """A server to which these come, so many at a time; each is told that the lesson is finished."""
    events.wire(HANDLERS)
    database = Database(url)
    committer = finish_committer(database)
    committer.start()
    if gate:
        gate.wait()
    for at in range(0, len(enrolments), at_once):
        told = [committer.submit(SeenEnough(id_, LESSON)) for id_ in enrolments[at : at + at_once]]
        assert all(future.result() is True for future in told)
    committer.stop()


@dataclass(frozen=True)
class Course:
    """How it went: seconds from the first to the last, and how many servers were killed at work."""

    seconds: float
    kills: int


def finish_all(
    url: str, enrolments: Sequence[int], *, servers: int, at_once: int, kills: int, pause: tuple[float, float]
) -> Course:  # fmt: skip
    """All finish, through several servers. One is killed after each `pause` (least, most seconds) and comes back."""
    # Children of one process that has everything loaded: a server that comes back is there at once.
    context, chance = multiprocessing.get_context("forkserver"), random.Random(5)
    context.set_forkserver_preload([__name__])
    gate = context.Barrier(servers + 1)
    shares = [enrolments[start::servers] for start in range(servers)]
    running = [context.Process(target=serve, args=(url, share, at_once, gate)) for share in shares]
    for process in running:
        process.start()
    gate.wait()
    start, killed = time.monotonic(), 0
    while killed < kills:
        time.sleep(chance.uniform(*pause))
        at_work = [index for index, process in enumerate(running) if process.is_alive()]
        if not at_work:
            break
        index = chance.choice(at_work)
        os.kill(running[index].pid or 0, signal.SIGKILL)
        running[index].join()
        killed += 1
        # As browsers do that got no answer: everything is sent again, in another order.
        again = chance.sample(shares[index], len(shares[index]))
        running[index] = context.Process(target=serve, args=(url, again, at_once, None))
        running[index].start()
    for process in running:
        process.join()
        assert process.exitcode == 0
    return Course(time.monotonic() - start, killed)


def figures(database: Database) -> str:
    """What there is of everything, and how the certificates are numbered: as JSON."""
    with database.reading() as db:
        numbers = [int(number.split("/")[0]) for number in db.scalars(select(Certificate.number))]
        counted = {
            "finished": db.scalar(select(func.count()).select_from(LessonFinish)),
            "completions": db.scalar(select(func.count()).select_from(Completion)),
            "people": db.scalar(select(func.count(Completion.person_id.distinct()))),
            "certificates": len(numbers),
            "distinct": len(set(numbers)),
            "lowest": min(numbers),
            "highest": max(numbers),
            "series": list(db.scalars(select(CertificateSeries.last_number))),
            "papers_ordered": db.scalar(
                select(func.count(Job.subject.distinct())).where(Job.kind == "certificates.render_pdf")
            ),
            "covered": db.scalar(
                select(func.count(CoverageEntry.person_id.distinct())).where(CoverageEntry.measure == "coverage")
            ),
            "not_judged": db.scalar(select(func.count()).select_from(CoveragePending)),
        }
    return json.dumps(counted)


def expected(people: int) -> str:
    """Exactly one of everything for everybody, and numbers from 1 on without a gap."""
    return json.dumps(
        {
            "finished": people, "completions": people, "people": people, "certificates": people, "distinct": people,
            "lowest": 1, "highest": people, "series": [people], "papers_ordered": people, "covered": people,
            "not_judged": 0,
        }
    )  # fmt: skip
