"""What identity announces and its people are told."""

from sqlalchemy.orm import Session

from app.core.i18n import lazy as _
from app.identity.events import ResetCodeIssued
from app.notices.service import notify

_CODE_ISSUED = _(
    "%(name)s đã cấp mã để đặt lại mật khẩu của anh/chị. Nếu anh/chị không nhờ, hãy báo ngay quản trị viên."
)


def tell_of_reset_code(db: Session, event: ResetCodeIssued) -> None:
    notify(
        db, [event.person_id], category="account", key=f"reset-code:{event.issued_at.isoformat()}",
        sentence=_CODE_ISSUED, url="/account", name=event.by_name,
    )  # fmt: skip
