"""What identity announces and its people are told."""

from sqlalchemy.orm import Session

from app.core.i18n import lazy as _
from app.identity.events import ResetCodeIssued, SecondFactorRemoved
from app.notices.service import notify

_CODE_ISSUED = _(
    "%(name)s đã cấp mã để đặt lại mật khẩu của anh/chị. Nếu anh/chị không nhờ, hãy báo ngay quản trị viên."
)

_FACTOR_REMOVED = _(
    "%(name)s đã tắt xác thực hai bước của tài khoản anh/chị. Nếu anh/chị không nhờ, hãy báo ngay quản trị viên."
)


def tell_of_reset_code(db: Session, event: ResetCodeIssued) -> None:
    notify(
        db, [event.person_id], category="account", key=f"reset-code:{event.issued_at.isoformat()}",
        sentence=_CODE_ISSUED, url="/account", name=event.by_name,
    )  # fmt: skip


def tell_of_removed_factor(db: Session, event: SecondFactorRemoved) -> None:
    notify(
        db, [event.person_id], category="account", key=f"factor-removed:{event.removed_at.isoformat()}",
        sentence=_FACTOR_REMOVED, url="/account/second-factor", name=event.by_name,
    )  # fmt: skip
