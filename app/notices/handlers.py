"""What identity announces and its people are told."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.i18n import lazy as _
from app.core.templating import format_date
from app.identity.events import (
    AccountReopened,
    AccountsIdle,
    ResetCodeIssued,
    RoleChanged,
    SecondFactorRemoved,
)
from app.identity.models import Account, Person, RoleGrant
from app.identity.people.people_queries import posts_of
from app.identity.policy import ROLES, in_force_on
from app.identity.units.unit_queries import full_names
from app.notices.service import notify

_CODE_ISSUED = _(
    "%(name)s đã cấp mã để đặt lại mật khẩu của anh/chị. Nếu anh/chị không nhờ, hãy báo ngay quản trị viên."
)

_FACTOR_REMOVED = _(
    "%(name)s đã tắt xác thực hai bước của tài khoản anh/chị. Nếu anh/chị không nhờ, hãy báo ngay quản trị viên."
)

_IDLE_WARNED = _(
    "Đã lâu anh/chị không vào Học Số. Tài khoản có vai trò mà lâu không dùng thì bị khóa: hãy đăng nhập trước ngày"
    " %(day)s."
)
_IDLE_DISABLED = _(
    "Tài khoản của anh/chị bị khóa từ ngày %(day)s vì có vai trò mà lâu không dùng. Hãy nhờ quản trị cấp tỉnh mở lại;"
    " vai trò và việc học vẫn còn."
)
_REOPENED = _(
    "%(name)s đã mở lại tài khoản của anh/chị, vốn bị khóa vì lâu không dùng. Nếu anh/chị không nhờ, hãy báo ngay quản"
    " trị viên."
)

_ROLE_GIVEN = _("%(office)s giao anh/chị vai trò %(role)s tại %(unit)s, từ %(start)s.")
_ROLE_GIVEN_UNTIL = _("%(office)s giao anh/chị vai trò %(role)s tại %(unit)s, từ %(start)s đến hết %(end)s.")
_ROLE_ENDS = _("%(office)s kết thúc vai trò %(role)s của anh/chị tại %(unit)s; ngày cuối cùng còn hiệu lực là %(end)s.")
_ROLE_ENDED = _("%(office)s đã kết thúc vai trò %(role)s của anh/chị tại %(unit)s.")
_ROLE_RESUMED = _("%(office)s để vai trò %(role)s của anh/chị tại %(unit)s tiếp tục như trước.")


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


def tell_of_idle_accounts(db: Session, event: AccountsIdle) -> None:
    notify(
        db, event.person_ids, category="account", key=f"idle-{event.change}:{event.day.isoformat()}",
        sentence=_IDLE_WARNED if event.change == "warned" else _IDLE_DISABLED, url="/account",
        day=format_date(event.day),
    )  # fmt: skip


def tell_of_reopened_account(db: Session, event: AccountReopened) -> None:
    notify(
        db, [event.person_id], category="account", key=f"reopened:{event.reopened_at.isoformat()}",
        sentence=_REOPENED, url="/account", name=event.by_name,
    )  # fmt: skip


def tell_of_role(db: Session, event: RoleChanged) -> None:
    """What a command gives, at installation or for the demo, whoever types it tells."""
    if event.by is None:
        return
    grant = db.get_one(RoleGrant, event.grant_id)
    today, end = clock.today(), grant.ends_on
    sentence = _ROLE_RESUMED
    if event.change == "given":
        sentence = _ROLE_GIVEN if end is None else _ROLE_GIVEN_UNTIL
    elif event.change == "ended":
        sentence = _ROLE_ENDS if end is not None and end >= max(today, grant.starts_on) else _ROLE_ENDED
    role = ROLES[grant.role].title.message if grant.role in ROLES else grant.role
    notify(
        db, [db.get_one(Account, grant.account_id).person_id], category="account",
        key=f"role:{grant.id}:{event.change}:{clock.now().isoformat()}", sentence=sentence, url="/account#roles",
        office=_office(db, event.by), role=role, unit=full_names(db, {grant.unit_id}, today)[grant.unit_id],
        start=format_date(grant.starts_on), end=format_date(end) if end else "",
    )  # fmt: skip


def _office(db: Session, account_id: int) -> str:
    """Where whoever did it works today; else the unit whose role they hold."""
    person_id, today = db.get_one(Account, account_id).person_id, clock.today()
    held = [post for post in posts_of(db, [person_id])[person_id] if post.held_on(today)]
    units = [post.unit_id for post in sorted(held, key=lambda post: not post.is_primary)]
    if not units:
        roles = select(RoleGrant.unit_id).where(RoleGrant.account_id == account_id, in_force_on(today))
        units = list(db.scalars(roles.order_by(RoleGrant.id)))
    return full_names(db, set(units[:1]), today)[units[0]] if units else db.get_one(Person, person_id).name
