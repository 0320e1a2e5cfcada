"""The kinds of notices people may choose about."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.core.i18n import lazy as _


@dataclass(frozen=True)
class Category:
    """`is_sent`: whether it leaves the inbox for email and the like unless its reader says otherwise."""

    title: _
    hint: _
    is_sent: bool = True


CATEGORIES: Mapping[str, Category] = {
    "due": Category(_("Việc học được giao và hạn học"), _("Khi được giao khóa học, khi sắp đến hạn, khi quá hạn.")),
    "result": Category(
        _("Kết quả học tập"), _("Bài được chấm, thực hành được xác nhận, minh chứng được duyệt, giấy chứng nhận.")
    ),
    "message": Category(_("Tin nhắn và trả lời"), _("Giảng viên hoặc đơn vị nhắn tin, có người trả lời câu hỏi.")),
    "account": Category(
        _("Tài khoản và bảo mật"),
        _("Khi có người cấp mã đặt lại mật khẩu, đổi cách đăng nhập, giao hay kết thúc vai trò của anh/chị."),
    ),
    "report": Category(
        _("Báo cáo đến kỳ"),
        _("Dự thảo báo cáo tự lập đã sẵn sàng để xem và ban hành."),
        is_sent=False,
    ),
    "work": Category(
        _("Việc chờ anh/chị xử lý"),
        _("Bài chờ chấm, thực hành chờ xác nhận, minh chứng chờ duyệt, câu hỏi chờ trả lời."),
        is_sent=False,
    ),
}
