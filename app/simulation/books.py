"""All tables a simulated person leaves rows in, in the order their foreign keys ask for."""

from sqlalchemy.orm import Session

from app.certificates.models import Certificate, CertificateRevocation
from app.core.audit import AuditEntry
from app.coverage.models import CoverageEntry
from app.identity.models import Affiliation, AffiliationAudience, Person, PersonLookup
from app.learning.models import (
    Attempt,
    BlockProgress,
    Completion,
    CompletionAnnulment,
    CompletionPost,
    Enrolment,
    LessonFinish,
    LessonReading,
    ProgressClient,
)
from app.simulation.tables import Rows


class Books:
    """One `Rows` for each table."""

    def __init__(self, db: Session) -> None:
        self.people = Rows(
            db, Person, "id", "ref", "name", "folded_name", "sort_name", "sex", "wrapped_key", "sealed", "likeness",
            "created_at",
        )  # fmt: skip
        self.lookups = Rows(db, PersonLookup, "id", "person_id", "kind", "digest")
        self.posts = Rows(
            db, Affiliation, "id", "person_id", "unit_id", "title", "is_leader", "is_primary", "started_on", "ended_on",
            "recorded_at", "end_recorded_at",
        )  # fmt: skip
        self.post_audiences = Rows(db, AffiliationAudience, "affiliation_id", "audience_code")
        self.enrolments = Rows(
            db, Enrolment, "id", "person_id", "course_id", "course_version_id", "enrolled_at", "last_lesson_key",
            "last_active_at",
        )  # fmt: skip
        self.blocks = Rows(
            db, BlockProgress, "id", "enrolment_id", "lesson_key", "block_id", "spans", "earned", "spent_s",
            "position", "started_at", "updated_at",
        )  # fmt: skip
        self.clients = Rows(
            db, ProgressClient, "id", "block_progress_id", "client_id", "taken", "last_sequence", "last_credited",
            "updated_at",
        )  # fmt: skip
        self.readings = Rows(db, LessonReading, "id", "enrolment_id", "lesson_key", "opened_at", "read_at")
        self.attempts = Rows(
            db, Attempt, "id", "enrolment_id", "lesson_key", "number", "course_version_id", "paper", "answers",
            "answer_seq", "started_at", "saved_at", "submitted_at", "result", "passed",
        )  # fmt: skip
        self.finishes = Rows(
            db, LessonFinish, "id", "enrolment_id", "lesson_key", "course_version_id", "finished_at"
        )  # fmt: skip
        self.completions = Rows(
            db, Completion, "id", "person_id", "enrolment_id", "course_id", "course_version_id", "how", "completed_on",
            "recorded_at", "score_percent", "hours", "occasion", "valid_until",
        )  # fmt: skip
        self.completion_posts = Rows(
            db, CompletionPost, "completion_id", "affiliation_id", "unit_id", "title", "is_primary", "started_on",
            "audiences",
        )  # fmt: skip
        self.annulments = Rows(db, CompletionAnnulment, "completion_id", "annulled_at", "account_id", "reason")
        self.certificates = Rows(
            db, Certificate, "id", "code", "completion_id", "person_id", "sealed_birth_date", "recorded_at", "edition",
            "number",
            "holder_name", "folded_holder_name", "holder_title", "unit_id", "unit_name", "title", "course_title",
            "course_version_number", "hours", "score_percent", "completed_on", "valid_until", "issued_on",
            "superior_name", "issuer_name", "signer_authority", "signer_name", "signer_title", "form_id",
            "template_version",
        )  # fmt: skip
        self.revocations = Rows(
            db, CertificateRevocation, "certificate_id", "kind", "reason", "revoked_at", "account_id"
        )  # fmt: skip
        self.acts = Rows(db, AuditEntry, "id", "at", "account_id", "action", "subject_kind", "subject_id", "details")
        self.entries = Rows(
            db, CoverageEntry, "id", "indicator_version_id", "measure", "period", "person_id", "unit_id",
            "completion_id", "sign", "effective_on", "recorded_at", "cause",
        )  # fmt: skip

    def all(self) -> list[Rows]:
        """In the order of writing."""
        return [rows for rows in vars(self).values() if isinstance(rows, Rows)]

    def write(self) -> None:
        """Send what waits in every table."""
        for rows in self.all():
            rows.write()

    def finish(self) -> None:
        for rows in self.all():
            rows.finish()
