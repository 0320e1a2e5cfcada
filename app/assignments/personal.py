"""What assignments hold about people."""

from sqlalchemy import select

from app.assignments.models import Assignment, AssignmentCommitment, AssignmentMember, AssignmentPick, AssignmentRound
from app.core.i18n import lazy as _
from app.core.personal import Held, Holding, by, through
from app.learning.personal import course_code

_MINE = by(AssignmentMember.person_id)
_COURSE = (
    select(course_code(Assignment.course_id))
    .select_from(Assignment)
    .join(AssignmentRound, AssignmentRound.assignment_id == Assignment.id)
    .where(AssignmentRound.id == AssignmentMember.round_id)
    .scalar_subquery()
)

PERSONAL = Holding(
    "assignments",
    title=_("Giao học"),
    basis=_("Nhiệm vụ đào tạo mà đơn vị giao cho người ấy."),
    kept=_("Cùng với danh sách của lần giao học."),
    left=_("Đã được giao khóa nào, hạn nào, đã xong hay chưa, dưới mã không tên; lý do miễn và gia hạn bị xóa."),
    tables=(
        Held(
            AssignmentCommitment, _("Cam kết"),
            through(AssignmentCommitment.member_id, AssignmentMember.id, _MINE),
            {
                "wording": ("Câu đã cam kết", AssignmentCommitment.wording),
                "committed_at": ("Lúc", AssignmentCommitment.committed_at),
            },
        ),
        Held(
            AssignmentPick, _("Được đề cử"), by(AssignmentPick.person_id),
            {"picked_at": ("Lúc", AssignmentPick.picked_at)},
        ),
        Held(
            AssignmentMember, _("Được giao"), _MINE,
            {
                "course": ("Khóa học", _COURSE), "joined_on": ("Vào danh sách ngày", AssignmentMember.joined_on),
                "due_on": ("Hạn", AssignmentMember.due_on), "done_on": ("Xong ngày", AssignmentMember.done_on),
                "left_on": ("Ra khỏi danh sách ngày", AssignmentMember.left_on),
                "exempt_reason": ("Lý do miễn", AssignmentMember.exempt_reason),
                "extension_reason": ("Lý do gia hạn", AssignmentMember.extension_reason),
            },
            empties={"exempt_reason": None, "extension_reason": None},
        ),
    ),
)  # fmt: skip
