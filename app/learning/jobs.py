"""Background work of learning."""

from datetime import timedelta

from sqlalchemy import delete, exists, select

from app.core import clock
from app.core.jobs import JobContext, JobFunction
from app.core.settings import get_settings
from app.learning import answer_files, evidence, evidence_lists, guests, question_figures, waiting
from app.learning.models import BlockProgress, LessonFinish, ProgressClient
from app.learning.quizzes import close_overdue, overdue_attempts

# A page silent for a month will not repeat a save; how people watched is kept no longer than needed (DESIGN 9).
FORGET_AFTER = timedelta(days=30)
_MONTH_DAYS = 31
_AT_ONCE = 500


def forget_progress_clients(context: JobContext) -> dict[str, int]:
    """Delete what is only needed to recognise repeated saves; what was watched stays."""
    with context.database.writing() as db:
        gone = db.execute(
            delete(ProgressClient)
            .where(ProgressClient.updated_at < clock.now() - FORGET_AFTER)
            .returning(ProgressClient.id)
        ).all()
    return {"forgotten": len(gone)}


def forget_watch_logs(context: JobContext) -> dict[str, int]:
    """Delete how finished lessons were watched and read WATCH_LOG_MONTHS after they were finished (DESIGN 9).

    That they were finished, and what was completed in how many hours, stays. Whoever looks into one again begins a log
    anew.
    """
    before = clock.now() - timedelta(days=_MONTH_DAYS * get_settings().watch_log_months)
    finished = exists().where(
        LessonFinish.enrolment_id == BlockProgress.enrolment_id, LessonFinish.lesson_key == BlockProgress.lesson_key,
        LessonFinish.finished_at < before,
    )  # fmt: skip
    old = select(BlockProgress.id).where(BlockProgress.updated_at < before, finished).limit(_AT_ONCE)
    forgotten = 0
    while True:
        with context.database.writing() as db:
            some = db.scalars(old).all()
            db.execute(delete(ProgressClient).where(ProgressClient.block_progress_id.in_(some)))
            db.execute(delete(BlockProgress).where(BlockProgress.id.in_(some)))
        if not some:
            return {"forgotten": forgotten}
        forgotten += len(some)
        context.beat()


def forget_guests(context: JobContext) -> dict[str, int]:
    """Delete what guests did who have not come back for 30 days, a few hundred at a time so that nobody waits long."""
    forgotten = 0
    while True:
        with context.database.writing() as db:
            some = guests.forget_idle(db)
        if not some:
            return {"forgotten": forgotten}
        forgotten += some


def close_overdue_attempts(context: JobContext) -> dict[str, int]:
    """Hand in what nobody can add to any more, each in a transaction of its own: nobody waits long."""
    closed = 0
    with context.database.reading() as db:
        waiting = overdue_attempts(db)
    for number, attempt_id in enumerate(waiting):
        if number % 20 == 0:
            context.beat()
        with context.database.writing() as db:
            closed += close_overdue(db, attempt_id)
    return {"closed": closed}


JOBS: dict[str, JobFunction] = {
    "learning.forget_progress_clients": forget_progress_clients,
    "learning.forget_watch_logs": forget_watch_logs,
    "learning.forget_guests": forget_guests,
    "learning.close_overdue_attempts": close_overdue_attempts,
    "learning.tell_of_work": waiting.tell_of_work,
    "learning.forget_evidence": evidence.forget_files,
    "learning.forget_answer_files": answer_files.forget_files,
    evidence_lists.EVIDENCE.job: evidence_lists.run_list,
    question_figures.JOB: question_figures.count_questions,
    question_figures.NIGHTLY: question_figures.count_new_answers,
}
