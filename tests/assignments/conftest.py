"""What tests of assignments share."""

import pytest

from app.core.jobs import Worker
from app.main import JOBS
from app.runtime import Runtime
from app.timetable import CRONS


@pytest.fixture
def worker(runtime: Runtime) -> Worker:
    """Of what comes round by itself it does what assignments wait for: a whole night takes seconds, and these tests
    pass many."""
    own = tuple(cron for cron in CRONS if cron.kind.startswith(("assignments.", "notices.")))
    return Worker(runtime.database, runtime.storage, JOBS, own)
