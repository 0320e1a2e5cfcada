"""How finished lessons were watched is kept no longer than the province says; that they were finished, for ever."""

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.db import Database
from app.core.jobs import JobContext
from app.core.storage import Storage
from app.learning.jobs import forget_watch_logs
from app.learning.models import BlockProgress, LessonFinish
from app.learning.service import enrol
from tests import factories
from tests.learning import making


def test_only_old_logs_of_finished_lessons_are_forgotten(db: Session, database: Database, storage: Storage) -> None:
    version = making.course(db, making.READ)
    enrolment = enrol(db, factories.civil_servant(db, "hanh").person_id, version.course_id)
    now = clock.now()
    for key, finished, watched in (("L1", 400, 400), ("L2", 400, 10), ("L3", None, 400), ("L4", 300, 300)):
        at = now - timedelta(days=watched)
        db.add(
            BlockProgress(
                enrolment_id=enrolment.id, lesson_key=key, block_id="b", spans=[[0, 9]], earned=9, spent_s=9,
                position=9, started_at=at, updated_at=at,
            )
        )  # fmt: skip
        if finished:
            db.add(
                LessonFinish(
                    enrolment_id=enrolment.id, lesson_key=key, course_version_id=version.id,
                    finished_at=now - timedelta(days=finished),
                )
            )  # fmt: skip
    db.commit()
    context = JobContext(0, database, storage, "")
    context.beat = lambda: None  # type: ignore[method-assign]
    assert [forget_watch_logs(context), forget_watch_logs(context)] == [{"forgotten": 1}, {"forgotten": 0}]
    with database.reading() as reader:
        assert set(reader.scalars(select(BlockProgress.lesson_key))) == {"L2", "L3", "L4"}
        assert reader.scalar(select(func.count()).select_from(LessonFinish)) == 3
