"""What exams hold about people. The minute of a sitting is a record: it stays as it was signed, and is restricted."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalogue.questions import without_texts
from app.core.i18n import lazy as _
from app.core.personal import Held, Holding, by, through
from app.exams.models import ExamCandidate, ExamEvent, ExamMarking, ExamNote, ExamSitting

_MINE = by(ExamCandidate.person_id)
_SITTING = select(ExamSitting.title).where(ExamSitting.id == ExamCandidate.sitting_id).scalar_subquery()


def _of_candidate(table: Any) -> Any:
    return through(table.candidate_id, ExamCandidate.id, _MINE)


def _read_candidacies(db: Session, person_id: int) -> list[Mapping[str, Any]]:
    query = select(ExamCandidate, ExamSitting.title).join(ExamSitting, ExamSitting.id == ExamCandidate.sitting_id)
    return [
        {
            "candidate": one.id, "sitting": title, "checked_at": one.checked_at, "check_note": one.check_note,
            "started_at": one.started_at, "submitted_at": one.submitted_at, "passed": one.passed,
            "percent": (one.result or {}).get("percent"), "answers": one.answers,
        }
        for one, title in db.execute(query.where(_MINE(person_id)).order_by(ExamCandidate.id))
    ]  # fmt: skip


def _erase_answers(db: Session, person_id: int) -> None:
    for one in db.scalars(select(ExamCandidate).where(_MINE(person_id), ExamCandidate.paper.is_not(None))):
        one.answers = without_texts(one.paper or {"questions": []}, one.answers)


PERSONAL = Holding(
    "exams",
    title=_("Sát hạch"),
    basis=_("Cần để tổ chức sát hạch và lập biên bản."),
    kept=_("Lâu dài, cùng với biên bản."),
    left=_(
        "Biên bản đã ký giữ nguyên vì là hồ sơ của kỳ sát hạch, chỉ người tổ chức mở được; điểm và kết quả giữ dưới mã "
        "không tên. Bài viết và nhận xét bị xóa."
    ),
    tables=(
        Held(
            ExamEvent, _("Điều trang thi ghi nhận"), _of_candidate(ExamEvent),
            {"kind": ("Việc", ExamEvent.kind), "happened_at": ("Lúc", ExamEvent.happened_at)},
        ),
        Held(
            ExamNote, _("Điều người coi thi ghi"), _of_candidate(ExamNote),
            {
                "kind": ("Loại", ExamNote.kind), "minutes": ("Số phút", ExamNote.minutes),
                "text": ("Nội dung", ExamNote.text), "noted_at": ("Lúc", ExamNote.noted_at),
            },
        ),
        Held(
            ExamMarking, _("Điểm và nhận xét"), _of_candidate(ExamMarking),
            {
                "candidate": ("Mã thí sinh", ExamMarking.candidate_id),
                "question": ("Câu hỏi", ExamMarking.question_id),
                "points": ("Điểm theo tiêu chí", ExamMarking.points), "comment": ("Nhận xét", ExamMarking.comment),
                "marked_at": ("Lúc", ExamMarking.marked_at),
            },
            empties={"comment": ""},
        ),
        Held(
            ExamCandidate, _("Buổi sát hạch đã dự"), _MINE,
            {
                "candidate": ("Mã thí sinh", ExamCandidate.id), "sitting": ("Buổi sát hạch", _SITTING),
                "checked_at": ("Kiểm tra giấy tờ lúc", ExamCandidate.checked_at),
                "check_note": ("Ghi chú kiểm tra", ExamCandidate.check_note),
                "started_at": ("Bắt đầu lúc", ExamCandidate.started_at),
                "submitted_at": ("Nộp lúc", ExamCandidate.submitted_at), "passed": ("Đạt", ExamCandidate.passed),
                "percent": ("Phần trăm", ExamCandidate.result), "answers": ("Câu trả lời", ExamCandidate.answers),
            },
            empties={"check_note": ""}, read=_read_candidacies,
        ),
    ),
    erase_more=_erase_answers,
)  # fmt: skip
