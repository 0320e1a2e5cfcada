"""What notices hold about people."""

from sqlalchemy import Text, cast, select
from sqlalchemy.orm import Session

from app.core.i18n import lazy as _
from app.core.personal import Held, Holding, by, through
from app.identity.models import Person
from app.identity.people.people_queries import ERASED_NAME
from app.notices.models import Notice, NoticeChoice, NoticeDelivery


def _erase_name(db: Session, person_id: int) -> None:
    """What others were told of them stays, without the name; a namesake's goes with it, which nobody can tell apart."""
    name = db.get_one(Person, person_id).name
    for notice in db.scalars(select(Notice).where(cast(Notice.values, Text).contains(name, autoescape=True))):
        notice.values = {key: f"({ERASED_NAME})" if value == name else value for key, value in notice.values.items()}


PERSONAL = Holding(
    "notices",
    title=_("Thông báo"),
    basis=_("Cần để báo việc học, kết quả và câu trả lời cho chính người ấy."),
    kept=_("400 ngày."),
    left=_("Không còn gì; trong thông báo của người khác, tên bị xóa."),
    tables=(
        Held(
            NoticeDelivery, _("Thư đã gửi"), through(NoticeDelivery.notice_id, Notice.id, by(Notice.person_id)),
            {
                "notice": ("Mã thông báo", NoticeDelivery.notice_id), "channel": ("Đường gửi", NoticeDelivery.channel),
                "state": ("Tình trạng", NoticeDelivery.state), "settled_at": ("Xong lúc", NoticeDelivery.settled_at),
            },
            is_deleted=True,
        ),
        Held(
            Notice, _("Hộp thông báo"), by(Notice.person_id),
            {
                "notice": ("Mã thông báo", Notice.id), "created_at": ("Lúc", Notice.created_at),
                "sentence": ("Câu", Notice.sentence), "values": ("Điền vào câu", Notice.values),
                "read_at": ("Đọc lúc", Notice.read_at),
            },
            is_deleted=True,
        ),
        Held(
            NoticeChoice, _("Lựa chọn nhận thông báo"), by(NoticeChoice.person_id),
            {
                "category": ("Loại", NoticeChoice.category), "channel": ("Đường gửi", NoticeChoice.channel),
                "is_wanted": ("Muốn nhận", NoticeChoice.is_wanted), "chosen_at": ("Chọn lúc", NoticeChoice.chosen_at),
            },
            is_deleted=True,
        ),
    ),
    erase_more=_erase_name,
)  # fmt: skip
