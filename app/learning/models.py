"""Learning records: what was studied, how it is known, what it came to."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import Base, pk


class Guest(Base):
    """Somebody who learns without an account (khách): what was done in one browser, and nothing of a person.

    `holder_digest` is the hash of the cookie that leads here: the browser's, or after a sign-in there the session's,
    until the account says whether the work is its own (guests.py). Idle guests are forgotten after 30 days.
    """

    __tablename__ = "guest"

    id: Mapped[int] = pk()
    holder_digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    created_at: Mapped[datetime]


class Enrolment(Base):
    """A person, or a guest, takes a course (ghi danh), at one version until they move to a newer one.

    Who learns a course again (một đợt học mới, rounds.py) has a row for each round, with what was done in it. Classes,
    exams and completions from `counts_from` to `counts_until` are of this round: a null is no bound, and the round that
    goes on has no `counts_until`. A guest has one round.
    """

    __tablename__ = "enrolment"
    __table_args__ = (
        UniqueConstraint("person_id", "course_id", "round"),
        UniqueConstraint("guest_id", "course_id"),
        Index(None, "course_id"),
        Index(None, "course_version_id", "enrolled_at", "person_id"),
        CheckConstraint("(person_id IS NULL) <> (guest_id IS NULL)", name="one_learner"),
    )

    id: Mapped[int] = pk()
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    guest_id: Mapped[int | None] = mapped_column(ForeignKey("guest.id"))
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    course_version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"))
    enrolled_at: Mapped[datetime]
    round: Mapped[int] = mapped_column(default=1, server_default="1")
    counts_from: Mapped[date | None]
    counts_until: Mapped[date | None]
    # The lesson to continue with.
    last_lesson_key: Mapped[str | None] = mapped_column(String(40))
    last_active_at: Mapped[datetime]

    @property
    def occasion(self) -> str:
        """Sets the completion of this round apart from those of others (Completion.occasion)."""
        return f"round:{self.round}" if self.round > 1 else ""


class BlockProgress(Base):
    """What one person has of one measured part of a lesson: a video, a document, or the reading of its text
    (`READING`).

    `spans` are merged, sorted, disjoint [start, end]: what was credited (spans.py says of what), `earned` their length.
    `spent_s` is the time they took, repeats included: what the server's clock bounds. `started_at` is the server's
    stamp of the first page that showed the part to this person (DESIGN 4.7). Nothing is ever taken away.
    """

    __tablename__ = "block_progress"
    __table_args__ = (UniqueConstraint("enrolment_id", "lesson_key", "block_id"),)

    id: Mapped[int] = pk()
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"))
    lesson_key: Mapped[str] = mapped_column(String(40))
    block_id: Mapped[str] = mapped_column(String(40))
    spans: Mapped[list[list[float]]] = mapped_column(JSON)
    earned: Mapped[float]
    spent_s: Mapped[float] = mapped_column(default=0.0)
    # Where to go on: seconds of a video, or the page of a document.
    position: Mapped[float]
    started_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class ProgressClient(Base):
    """Which saves of one page were taken already; a repeat answers the same and changes nothing.

    `taken` are half-open ranges [first, end) of sequence numbers, usually one. A save that overtook an earlier one (the
    last word of a closing page) leaves a gap, so that the earlier one still counts when it arrives.
    """

    __tablename__ = "progress_client"
    __table_args__ = (UniqueConstraint("block_progress_id", "client_id"), Index(None, "updated_at"))

    id: Mapped[int] = pk()
    block_progress_id: Mapped[int] = mapped_column(ForeignKey("block_progress.id"))
    client_id: Mapped[str] = mapped_column(String(40))
    taken: Mapped[list[list[int]]] = mapped_column(JSON)
    # What the latest save was answered, to answer its repeat alike.
    last_sequence: Mapped[int]
    last_credited: Mapped[float]
    last_refusal: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    updated_at: Mapped[datetime]


class LessonFinish(Base):
    """The person has done all a lesson asks; kept once, never taken back."""

    __tablename__ = "lesson_finish"
    __table_args__ = (UniqueConstraint("enrolment_id", "lesson_key"),)

    id: Mapped[int] = pk()
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"))
    lesson_key: Mapped[str] = mapped_column(String(40))
    course_version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"))
    finished_at: Mapped[datetime]


class LessonReading(Base):
    """The learner said "I have read it", and the server's clock found that possible.

    Where opening a lesson is all it asks, the word that it was opened.
    """

    __tablename__ = "lesson_reading"
    __table_args__ = (UniqueConstraint("enrolment_id", "lesson_key"),)

    id: Mapped[int] = pk()
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"))
    lesson_key: Mapped[str] = mapped_column(String(40))
    opened_at: Mapped[datetime]
    read_at: Mapped[datetime]


class PracticalReport(Base):
    """The learner says that a lesson's practical task is done (báo thực hành); an immutable row.

    `task` and `role` as the lesson asked when it was reported: the role over the learner's unit that may confirm it.
    """

    __tablename__ = "practical_report"
    __table_args__ = (Index(None, "enrolment_id", "lesson_key"), Index(None, "role", "reported_at"))

    id: Mapped[int] = pk()
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"))
    lesson_key: Mapped[str] = mapped_column(String(40))
    task: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(String(20))
    note: Mapped[str] = mapped_column(Text)
    reported_at: Mapped[datetime]

    enrolment: Mapped[Enrolment] = relationship()


class PracticalVerdict(Base):
    """What another person said of a report: confirmed, or returned with a reason; an immutable row."""

    __tablename__ = "practical_verdict"

    report_id: Mapped[int] = mapped_column(ForeignKey("practical_report.id"), primary_key=True)
    is_confirmed: Mapped[bool]
    reason: Mapped[str] = mapped_column(Text)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    account_id: Mapped[int]
    decided_at: Mapped[datetime]


class Attempt(Base):
    """One go at a lesson's quiz (lượt làm bài). The paper is frozen at the start, with its pass rule.

    `paper`: {"pass_percent": 70, "questions": [questions as `questions.freeze` leaves them], "files": {name: asset id}
    if the questions show any}, and the fields of catalogue/quiz_rules.py that its quiz had.
    `answers`: question id -> answer (one with files: catalogue/questions/essay.py); `answer_seq`: question id -> last
    sequence taken.
    `result`: null until submitted, then {"score": points, "max": points, "percent": n, "passed": bool,
    "questions": {id: {"score": 0..1, "right": bool}}}. Where a person must mark, `score` and `right` of that question,
    `percent` and `passed` are null until then.
    """

    __tablename__ = "attempt"
    __table_args__ = (
        UniqueConstraint("enrolment_id", "lesson_key", "number"),
        Index(None, "course_version_id", "lesson_key", "submitted_at"),
        # The few a job closes when their time is up.
        Index(
            "ix_attempt_deadline_at", "deadline_at", sqlite_where=text("submitted_at IS NULL"),
            postgresql_where=text("submitted_at IS NULL"),
        ),
        # The few that wait for a person to mark them.
        Index(
            "ix_attempt_submitted_at", "submitted_at", sqlite_where=text("submitted_at IS NOT NULL AND passed IS NULL"),
            postgresql_where=text("submitted_at IS NOT NULL AND passed IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[int] = pk()
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"))
    lesson_key: Mapped[str] = mapped_column(String(40))
    number: Mapped[int]
    course_version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"))
    paper: Mapped[dict[str, Any]] = mapped_column(JSON)
    answers: Mapped[dict[str, Any]] = mapped_column(JSON)
    answer_seq: Mapped[dict[str, int]] = mapped_column(JSON)
    started_at: Mapped[datetime]
    saved_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    passed: Mapped[bool | None]
    # Null for a quiz without a time limit. Set at the start; nothing moves it.
    deadline_at: Mapped[datetime | None]
    # Handed in by the clock, with what was saved; `submitted_at` is then the deadline.
    is_timed_out: Mapped[bool] = mapped_column(default=False, server_default=false())

    enrolment: Mapped[Enrolment] = relationship()


class AnswerFile(Base):
    """A file handed in with an answer (tệp bài làm): where it lies, sealed. What it is called stands in the answer.

    Taken out of the answer again (`removed_at`), or with its attempt gone, it is deleted in the night.
    """

    __tablename__ = "answer_file"
    __table_args__ = (Index(None, "attempt_id"), Index(None, "removed_at"))

    id: Mapped[int] = pk()
    attempt_id: Mapped[int | None] = mapped_column(ForeignKey("attempt.id", ondelete="SET NULL"))
    question_id: Mapped[str] = mapped_column(String(40))
    content_type: Mapped[str] = mapped_column(String(100))
    # Of the file as it came, so that the same one is known again.
    sha256: Mapped[str] = mapped_column(String(64))
    storage_key: Mapped[str] = mapped_column(String(200))
    added_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]


class AttemptGrant(Base):
    """Leave to attempt a quiz beyond its rule (cho làm thêm, cho làm lại từ đầu): an immutable row, with who and why.

    `kind` and `after_number` are as in attempt_rules.Grant.
    """

    __tablename__ = "attempt_grant"
    __table_args__ = (Index(None, "enrolment_id", "lesson_key"),)

    id: Mapped[int] = pk()
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"))
    lesson_key: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(10))
    after_number: Mapped[int]
    granted_at: Mapped[datetime]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    reason: Mapped[str] = mapped_column(String(300))


class Marking(Base):
    """What a person gave an answer (chấm bài): an immutable row. A correction is a later one, and the last counts.

    `points`: by criterion, in the order of the rubric. `credit`: 0 to 1 of the question.
    """

    __tablename__ = "marking"
    __table_args__ = (Index(None, "attempt_id", "question_id"),)

    id: Mapped[int] = pk()
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"))
    question_id: Mapped[str] = mapped_column(String(40))
    points: Mapped[list[float]] = mapped_column(JSON)
    credit: Mapped[float]
    comment: Mapped[str] = mapped_column(Text)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    marked_at: Mapped[datetime]


class Completion(Base):
    """Something was completed (hoàn thành): an immutable row, ended only by an annulment (DESIGN 4.4).

    One of two shapes: a version of a course of ours, or the training task and title of something learned elsewhere.
    """

    __tablename__ = "completion"
    __table_args__ = (
        Index(None, "person_id", "completed_on"),
        Index(None, "completed_on"),
        Index(None, "course_id", "completed_on"),
        Index(None, "course_version_id", "completed_on"),
        Index(None, "programme_code", "completed_on"),
        # A repeat answers the same.
        UniqueConstraint("person_id", "course_version_id", "how", "occasion"),
        UniqueConstraint("person_id", "programme_code", "how", "occasion"),
        CheckConstraint(
            "(course_id IS NOT NULL AND course_version_id IS NOT NULL AND programme_code IS NULL AND title IS NULL)"
            " OR (course_id IS NULL AND course_version_id IS NULL"
            " AND programme_code IS NOT NULL AND title IS NOT NULL)",
            name="one_subject",
        ),
    )

    id: Mapped[int] = pk()
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    enrolment_id: Mapped[int | None] = mapped_column(ForeignKey("enrolment.id"))
    course_id: Mapped[int | None] = mapped_column(ForeignKey("course.id"))
    course_version_id: Mapped[int | None] = mapped_column(ForeignKey("course_version.id"))
    programme_code: Mapped[str | None] = mapped_column(ForeignKey("programme.code"))
    title: Mapped[str | None] = mapped_column(String(200))
    how: Mapped[str] = mapped_column(String(10))  # online, class, group, exam, evidence
    # Sets apart two completions of the same by the same person: "" for the course itself online, else what it came
    # from, as "class:12", "evidence:7", "renewal:305" (the completion of the renewal course), "round:2" (a later round
    # of the course).
    occasion: Mapped[str] = mapped_column(String(40), default="", server_default="")
    completed_on: Mapped[date]
    # The last day it counts; null: for ever.
    valid_until: Mapped[date | None]
    recorded_at: Mapped[datetime]
    score_percent: Mapped[float | None]
    hours: Mapped[float]

    posts: Mapped[list["CompletionPost"]] = relationship(order_by="CompletionPost.affiliation_id")


class CompletionPost(Base):
    """A post the person held on `completed_on`, as known when recorded; each indicator chooses among them."""

    __tablename__ = "completion_post"
    __table_args__ = (Index(None, "unit_id", "completion_id"),)

    completion_id: Mapped[int] = mapped_column(ForeignKey("completion.id"), primary_key=True)
    affiliation_id: Mapped[int] = mapped_column(ForeignKey("affiliation.id"), primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    title: Mapped[str] = mapped_column(String(120))
    is_primary: Mapped[bool]
    started_on: Mapped[date]
    audiences: Mapped[list[str]] = mapped_column(JSON)


class PartMet(Base):
    """What a course asks beyond its lessons was met by a person: `kind` in_person (a class of it) or exam.

    `occasion` names where, as "attendance:12"; what turns out wrong is withdrawn.
    """

    __tablename__ = "part_met"
    __table_args__ = (UniqueConstraint("person_id", "course_id", "kind", "occasion"),)

    id: Mapped[int] = pk()
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    kind: Mapped[str] = mapped_column(String(10))
    occasion: Mapped[str] = mapped_column(String(40))
    met_on: Mapped[date]
    recorded_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class CompletionAnnulment(Base):
    """Ends a completion: who, when, why. The completion row itself stays."""

    __tablename__ = "completion_annulment"

    completion_id: Mapped[int] = mapped_column(ForeignKey("completion.id"), primary_key=True)
    annulled_at: Mapped[datetime]
    account_id: Mapped[int | None]
    reason: Mapped[str] = mapped_column(Text)


class QuestionFigures(Base):
    """How the questions of one quiz or bank did in the attempts handed in by `counted_at`; a count replaces the last.

    `subject`: "quiz:12:KH01.1.2" (course id, lesson key) or "bank:7". `figures` as in question_figures.py.
    """

    __tablename__ = "question_figures"

    id: Mapped[int] = pk()
    subject: Mapped[str] = mapped_column(String(120), unique=True)
    counted_at: Mapped[datetime]
    attempt_count: Mapped[int]
    figures: Mapped[dict[str, Any]] = mapped_column(JSON)
