"""Many people finish one course at once, through the service and its handlers, while processes are killed."""

import json
import multiprocessing
import os
import random
import signal
import time
from multiprocessing.synchronize import Event

from sqlalchemy import func, select

from app.certificates.models import Certificate, CertificateSeries
from app.core import clock, events
from app.core.db import Database
from app.core.jobs import Job
from app.identity.models import Person
from app.learning.completions import record_completion
from app.learning.models import Completion
from app.main import HANDLERS
from tests import factories


def prepare(database: Database, people: int) -> tuple[int, list[int]]:
    """A published course and people without posts; their ids."""
    with database.writing() as db:
        version = factories.course(db)
        rows = [
            Person(
                ref=f"HT-{number}",
                name=f"Người Hoàn Thành {number}",
                folded_name="",
                sort_name="",
                created_at=clock.now(),
            )
            for number in range(people)
        ]
        db.add_all(rows)
        db.flush()
        return version.id, [row.id for row in rows]


def finish(url: str, version_id: int, people: list[int], started: Event) -> None:
    """What a server does for each: completion and certificate in one transaction."""
    events.wire(HANDLERS)
    database = Database(url)
    started.wait()
    for person_id in people:
        with database.writing() as db:
            record_completion(
                db, person_id=person_id, course_version_id=version_id, how="online", completed_on=clock.today(),
                score_percent=90.0,
            )  # fmt: skip


def finish_all(url: str, version_id: int, people: list[int], *, workers: int, kills: int) -> float:
    """All finish, in several processes of which some are killed in the middle and sent again; the seconds it took."""
    context, chance = multiprocessing.get_context("spawn"), random.Random(5)
    begun = context.Event()
    shares = [people[start::workers] for start in range(workers)]
    running = {
        index: context.Process(target=finish, args=(url, version_id, share, begun))
        for index, share in enumerate(shares)
    }
    for process in running.values():
        process.start()
    time.sleep(3)
    begun.set()
    start = time.monotonic()
    for _time in range(kills):
        time.sleep(chance.uniform(0.2, 1.0))
        index = chance.randrange(workers)
        if not running[index].is_alive():
            continue
        os.kill(running[index].pid or 0, signal.SIGKILL)
        running[index].join()
        # As browsers do that got no answer: everything is sent again, in another order.
        again = chance.sample(shares[index], len(shares[index]))
        running[index] = context.Process(target=finish, args=(url, version_id, again, begun))
        running[index].start()
    for process in running.values():
        process.join()
        assert process.exitcode == 0
    return time.monotonic() - start


def figures(database: Database) -> str:
    """People, completions, certificates, distinct numbers, the highest, what the series says, jobs: as JSON."""
    with database.reading() as db:
        numbers = [int(number.split("/")[0]) for number in db.scalars(select(Certificate.number))]
        series = list(db.scalars(select(CertificateSeries.last_number)))
        counted = {
            "completions": db.scalar(select(func.count()).select_from(Completion)),
            "people": db.scalar(select(func.count(Completion.person_id.distinct()))),
            "certificates": len(numbers),
            "distinct": len(set(numbers)),
            "lowest": min(numbers),
            "highest": max(numbers),
            "series": series,
            "papers_ordered": db.scalar(
                select(func.count(Job.subject.distinct())).where(Job.kind == "certificates.render_pdf")
            ),
        }
    return json.dumps(counted)


def expected(people: int) -> str:
    """Exactly one of everything for everybody, and numbers from 1 on without a gap."""
    return json.dumps(
        {
            "completions": people, "people": people, "certificates": people, "distinct": people, "lowest": 1,
            "highest": people, "series": [people], "papers_ordered": people,
        }
    )  # fmt: skip
