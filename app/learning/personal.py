"""What learning holds about people: everything that hangs on their enrolments, and their completions."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.catalogue.models import Course, CourseVersion
from app.catalogue.questions import without_texts
from app.core.i18n import lazy as _
from app.core.personal import Held, Holding, by, through
from app.identity.personal import unit_name
from app.learning.evidence_models import Evidence
from app.learning.models import (
    AnswerFile,
    Attempt,
    AttemptGrant,
    BlockProgress,
    Completion,
    CompletionAnnulment,
    CompletionPost,
    Enrolment,
    LessonFinish,
    LessonReading,
    Marking,
    PartMet,
    PracticalReport,
    PracticalVerdict,
    ProgressClient,
)


def course_code(column: Any) -> Any:
    """The code of the course a column points to, as a field of a copy."""
    return select(Course.code).where(Course.id == column).scalar_subquery()


_MINE = by(Enrolment.person_id)


def _enrolled(table: Any) -> Any:
    return through(table.enrolment_id, Enrolment.id, _MINE)


def _where(table: Any) -> dict[str, tuple[str, Any]]:
    """Of what hangs on an enrolment: the course and the lesson."""
    course = select(Course.code).join(Enrolment, Enrolment.course_id == Course.id)
    return {
        "course": ("Khóa học", course.where(Enrolment.id == table.enrolment_id).scalar_subquery()),
        "lesson": ("Bài học", table.lesson_key),
    }


_OF_ATTEMPTS = through(AnswerFile.attempt_id, Attempt.id, _enrolled(Attempt))
_COMPLETIONS = by(Completion.person_id)
_REPORTS = _enrolled(PracticalReport)
# The title of a course of ours, else what was learned elsewhere.
_TITLE = func.coalesce(
    Completion.title,
    select(CourseVersion.title).where(CourseVersion.id == Completion.course_version_id).scalar_subquery(),
)


def _read_attempts(db: Session, person_id: int) -> list[Mapping[str, Any]]:
    query = select(Attempt, Course.code).join(Enrolment, Enrolment.id == Attempt.enrolment_id)
    query = query.join(Course, Course.id == Enrolment.course_id).where(_MINE(person_id)).order_by(Attempt.id)
    return [
        {
            "attempt": attempt.id, "course": code, "lesson": attempt.lesson_key, "number": attempt.number,
            "started_at": attempt.started_at, "submitted_at": attempt.submitted_at, "passed": attempt.passed,
            "percent": (attempt.result or {}).get("percent"),
            "questions": {one["id"]: one.get("text") for one in attempt.paper["questions"]},
            "answers": attempt.answers,
        }
        for attempt, code in db.execute(query)
    ]  # fmt: skip


def _erase_answers(db: Session, person_id: int) -> None:
    """What was written and handed in goes; what was chosen stays for the figures of the questions, as do all marks."""
    for attempt in db.scalars(select(Attempt).where(_enrolled(Attempt)(person_id)).order_by(Attempt.id)):
        attempt.answers = without_texts(attempt.paper, attempt.answers)


PERSONAL = Holding(
    "learning",
    title=_("Việc học và kết quả"),
    basis=_("Cần để ghi nhận việc học, cấp giấy chứng nhận và báo cáo kế hoạch đào tạo của tỉnh."),
    kept=_("Kết quả hoàn thành giữ lâu dài. Nhật ký xem của bài đã xong bị xóa sau thời gian do tỉnh đặt."),
    left=_(
        "Nhật ký xem, tệp, bài viết, ghi chú thực hành và minh chứng bị xóa. Còn lại dưới mã không tên: đã ghi danh, "
        "đã xong bài nào, điểm, giờ học, ngày hoàn thành, vì số liệu và giấy chứng nhận dựa vào đó."
    ),
    tables=(
        Held(
            ProgressClient, _("Lượt lưu của trang đang học"),
            through(ProgressClient.block_progress_id, BlockProgress.id, _enrolled(BlockProgress)),
            {"updated_at": ("Lưu lúc", ProgressClient.updated_at), "taken": ("Số thứ tự", ProgressClient.taken)},
            is_deleted=True,
        ),
        Held(
            BlockProgress, _("Nhật ký xem và đọc"), _enrolled(BlockProgress),
            {
                **_where(BlockProgress), "block": ("Phần", BlockProgress.block_id),
                "spans": ("Các đoạn đã xem", BlockProgress.spans), "earned": ("Được tính", BlockProgress.earned),
                "spent_s": ("Thời gian, giây", BlockProgress.spent_s),
                "started_at": ("Mở lúc", BlockProgress.started_at),
                "updated_at": ("Lần cuối", BlockProgress.updated_at),
            },
            is_deleted=True,
        ),
        Held(
            LessonReading, _("Bài đã đọc"), _enrolled(LessonReading),
            {
                **_where(LessonReading), "opened_at": ("Mở lúc", LessonReading.opened_at),
                "read_at": ("Đọc xong lúc", LessonReading.read_at),
            },
            is_deleted=True,
        ),
        Held(
            LessonFinish, _("Bài đã xong"), _enrolled(LessonFinish),
            {**_where(LessonFinish), "finished_at": ("Xong lúc", LessonFinish.finished_at)},
        ),
        Held(
            PracticalVerdict, _("Lời xác nhận thực hành"),
            through(PracticalVerdict.report_id, PracticalReport.id, _REPORTS),
            {
                "report": ("Mã lời báo", PracticalVerdict.report_id),
                "is_confirmed": ("Đã xác nhận", PracticalVerdict.is_confirmed),
                "reason": ("Lý do", PracticalVerdict.reason), "decided_at": ("Lúc", PracticalVerdict.decided_at),
            },
            empties={"reason": ""},
        ),
        Held(
            PracticalReport, _("Thực hành đã báo"), _REPORTS,
            {
                "report": ("Mã lời báo", PracticalReport.id), **_where(PracticalReport),
                "task": ("Việc thực hành", PracticalReport.task), "note": ("Lời báo", PracticalReport.note),
                "reported_at": ("Lúc", PracticalReport.reported_at),
            },
            empties={"note": ""},
        ),
        Held(
            Marking, _("Điểm và nhận xét bài tự luận"), through(Marking.attempt_id, Attempt.id, _enrolled(Attempt)),
            {
                "attempt": ("Mã bài làm", Marking.attempt_id), "question": ("Câu hỏi", Marking.question_id),
                "points": ("Điểm theo tiêu chí", Marking.points), "comment": ("Nhận xét", Marking.comment),
                "marked_at": ("Lúc", Marking.marked_at),
            },
            empties={"comment": ""},
        ),
        Held(
            AttemptGrant, _("Lượt làm bài được cho thêm"), _enrolled(AttemptGrant),
            {
                **_where(AttemptGrant), "reason": ("Lý do", AttemptGrant.reason),
                "granted_at": ("Lúc", AttemptGrant.granted_at),
            },
            empties={"reason": ""},
        ),
        Held(
            AnswerFile, _("Tệp bài làm"), _OF_ATTEMPTS,
            {
                "attempt": ("Mã bài làm", AnswerFile.attempt_id), "question": ("Câu hỏi", AnswerFile.question_id),
                "content_type": ("Loại tệp", AnswerFile.content_type), "added_at": ("Nộp lúc", AnswerFile.added_at),
            },
            is_deleted=True, files=AnswerFile.storage_key,
        ),
        Held(
            Attempt, _("Bài làm"), _enrolled(Attempt),
            {
                "attempt": ("Mã bài làm", Attempt.id), **_where(Attempt), "number": ("Lượt", Attempt.number),
                "started_at": ("Bắt đầu lúc", Attempt.started_at), "submitted_at": ("Nộp lúc", Attempt.submitted_at),
                "passed": ("Đạt", Attempt.passed), "percent": ("Phần trăm", Attempt.result),
                "questions": ("Câu hỏi", Attempt.paper), "answers": ("Câu trả lời", Attempt.answers),
            },
            read=_read_attempts,
        ),
        Held(
            CompletionAnnulment, _("Kết quả bị hủy"),
            through(CompletionAnnulment.completion_id, Completion.id, _COMPLETIONS),
            {
                "completion": ("Mã kết quả", CompletionAnnulment.completion_id),
                "annulled_at": ("Lúc", CompletionAnnulment.annulled_at),
                "reason": ("Lý do", CompletionAnnulment.reason),
            },
        ),
        Held(
            CompletionPost, _("Vị trí công tác vào ngày hoàn thành"),
            through(CompletionPost.completion_id, Completion.id, _COMPLETIONS),
            {
                "completion": ("Mã kết quả", CompletionPost.completion_id),
                "unit": ("Đơn vị", unit_name(CompletionPost.unit_id)), "title": ("Chức vụ", CompletionPost.title),
                "audiences": ("Nhóm", CompletionPost.audiences),
            },
            empties={"title": ""},
        ),
        Held(
            Evidence, _("Minh chứng học ở nơi khác"), by(Evidence.person_id),
            {
                "title": ("Nội dung", Evidence.title), "issuer": ("Nơi cấp", Evidence.issuer),
                "number": ("Số", Evidence.number), "dated_on": ("Ngày trên giấy", Evidence.dated_on),
                "hours": ("Giờ học", Evidence.hours), "file": ("Tệp", Evidence.file_name),
                "handed_in_at": ("Nộp lúc", Evidence.handed_in_at), "is_verified": ("Được duyệt", Evidence.is_verified),
                "reason": ("Lý do", Evidence.reason),
            },
            empties={
                "number": "", "folded_number": "", "file_name": "", "sha256": "", "storage_key": "", "reason": "",
            },
            files=Evidence.storage_key,
        ),
        Held(
            PartMet, _("Phần của khóa học đã đạt"), by(PartMet.person_id),
            {
                "course": ("Khóa học", course_code(PartMet.course_id)), "kind": ("Phần", PartMet.kind),
                "met_on": ("Ngày", PartMet.met_on),
            },
        ),
        Held(
            Completion, _("Kết quả hoàn thành"), _COMPLETIONS,
            {
                "completion": ("Mã kết quả", Completion.id), "title": ("Nội dung", _TITLE),
                "how": ("Hình thức", Completion.how), "completed_on": ("Ngày hoàn thành", Completion.completed_on),
                "valid_until": ("Có giá trị đến", Completion.valid_until), "hours": ("Giờ học", Completion.hours),
                "score_percent": ("Điểm phần trăm", Completion.score_percent),
            },
        ),
        Held(
            Enrolment, _("Ghi danh"), _MINE,
            {
                "course": ("Khóa học", course_code(Enrolment.course_id)), "round": ("Đợt", Enrolment.round),
                "enrolled_at": ("Ghi danh lúc", Enrolment.enrolled_at),
                "last_active_at": ("Học lần cuối", Enrolment.last_active_at),
            },
        ),
    ),
    erase_more=_erase_answers,
)  # fmt: skip
