"""What kinds and states of requests are called."""

from app.core.i18n import lazy as _
from app.privacy.models import Kind, State

KINDS: dict[Kind, _] = {
    "see": _("Hỏi về dữ liệu của mình"),
    "correct": _("Yêu cầu sửa"),
    "copy": _("Nhận bản sao"),
    "withdraw": _("Rút sự đồng ý"),
    "erase": _("Yêu cầu xóa"),
}
STATES: dict[State, _] = {
    "waiting": _("chờ trả lời"), "granted": _("đã chấp nhận, chờ thực hiện"), "refused": _("không chấp nhận"),
    "done": _("đã xong"), "cancelled": _("đã thôi yêu cầu"),
}  # fmt: skip
