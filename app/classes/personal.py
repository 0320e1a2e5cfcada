"""What in-person classes hold about people."""

from sqlalchemy import select

from app.classes.models import Attendance, HeldClass
from app.core.i18n import lazy as _
from app.core.personal import Held, Holding, by

_CLASS = select(HeldClass.title).where(HeldClass.id == Attendance.class_id).scalar_subquery()

PERSONAL = Holding(
    "classes",
    title=_("Lớp tập trung"),
    basis=_("Cần để ghi nhận việc học của lớp do cơ quan, đơn vị tổ chức."),
    kept=_("Lâu dài, cùng với lớp."),
    left=_("Số người dự của lớp, dưới mã không tên."),
    tables=(
        Held(
            Attendance, _("Lớp đã dự"), by(Attendance.person_id),
            {
                "class": ("Lớp", _CLASS), "recorded_at": ("Ghi lúc", Attendance.recorded_at),
                "withdrawn_at": ("Bỏ lúc", Attendance.withdrawn_at), "reason": ("Lý do", Attendance.reason),
            },
            empties={"reason": ""},
        ),
    ),
)  # fmt: skip
