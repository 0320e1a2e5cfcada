"""When background work is due by itself: the only list of it. Hours are those of Việt Nam."""

from datetime import timedelta

from app.core.crons import Cron

CRONS = (
    Cron("coverage.compare", every=timedelta(days=1), at=timedelta(hours=2)),
    Cron("admin.refresh_statistics", every=timedelta(days=1), at=timedelta(hours=2, minutes=30)),
    Cron("admin.forget_tries", every=timedelta(hours=1)),
    Cron("admin.seal_audit", every=timedelta(minutes=5)),
    Cron("learning.close_overdue_attempts", every=timedelta(minutes=1)),
    Cron("learning.tell_of_work", every=timedelta(days=1), at=timedelta(hours=7, minutes=15)),
    Cron("learning.count_new_answers", every=timedelta(days=1), at=timedelta(hours=1)),
    Cron("learning.forget_progress_clients", every=timedelta(days=1), at=timedelta(hours=3)),
    Cron("learning.forget_watch_logs", every=timedelta(days=1), at=timedelta(hours=3, minutes=5)),
    Cron("learning.forget_guests", every=timedelta(days=1), at=timedelta(hours=3, minutes=15)),
    Cron("learning.forget_evidence", every=timedelta(days=1), at=timedelta(hours=3, minutes=20)),
    Cron("learning.forget_answer_files", every=timedelta(days=1), at=timedelta(hours=3, minutes=25)),
    Cron("authoring.forget_drafts", every=timedelta(days=1), at=timedelta(hours=3, minutes=34)),
    Cron("authoring.forget_uploads", every=timedelta(days=1), at=timedelta(hours=3, minutes=35)),
    Cron("media.forget_uploads", every=timedelta(days=1), at=timedelta(hours=3, minutes=38)),
    Cron("exams.close_overdue", every=timedelta(minutes=5)),
    Cron("identity.forget_imports", every=timedelta(days=1), at=timedelta(hours=3, minutes=30)),
    Cron("identity.forget_slips", every=timedelta(hours=1)),
    Cron("identity.note_likeness", every=timedelta(days=1), at=timedelta(hours=3, minutes=50)),
    Cron("identity.forget_access", every=timedelta(days=1), at=timedelta(hours=3, minutes=40)),
    Cron("identity.disable_idle", every=timedelta(days=1), at=timedelta(hours=4, minutes=30)),
    Cron("identity.forget_contact_checks", every=timedelta(hours=1)),
    Cron("assignments.keep_lists", every=timedelta(days=1), at=timedelta(hours=4)),
    Cron("assignments.remind", every=timedelta(days=1), at=timedelta(hours=7)),
    Cron("declarations.remind", every=timedelta(days=1), at=timedelta(hours=7, minutes=5)),
    Cron("notices.forget_old", every=timedelta(days=1), at=timedelta(hours=3, minutes=45)),
    Cron("notices.look_for_due", every=timedelta(minutes=5)),
    Cron("reports.draft_due", every=timedelta(days=1), at=timedelta(hours=6, minutes=30)),
    Cron("coverage.retry_pending", every=timedelta(minutes=10)),
    Cron("coverage.settle", every=timedelta(minutes=1)),
    Cron("coverage.count_programmes", every=timedelta(days=1), at=timedelta(minutes=30)),
    Cron("privacy.forget_copies", every=timedelta(days=1), at=timedelta(hours=3, minutes=50)),
    Cron("certificates.order_missing", every=timedelta(minutes=15)),
    Cron("coverage.open_data", every=timedelta(days=1), at=timedelta(hours=4, minutes=12)),
    Cron("coverage.forget_exports", every=timedelta(days=1), at=timedelta(hours=3, minutes=48)),
    Cron("certificates.forget_files", every=timedelta(days=1), at=timedelta(hours=3, minutes=45)),
)
