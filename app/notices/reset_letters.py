"""The letter that lets somebody who forgot their password set another one (identity/codes)."""

from urllib.parse import quote

from sqlalchemy.orm import Session

from app.core import jobs
from app.core.i18n import gettext as _
from app.core.jobs import JobContext
from app.core.settings import get_settings
from app.core.templating import render_template
from app.identity.codes.one_time_codes import KINDS, issue
from app.identity.models import Account
from app.identity.sign_in.accounts import find_candidate
from app.identity.sign_in.contacts import contacts_of
from app.notices.channels import CHANNELS, Message, send_now

_EMAIL = CHANNELS["email"]


def can_send() -> bool:
    return _EMAIL.is_ready()


def ask(db: Session, name: str) -> None:
    """Have a letter sent if somebody signs in by this name and has a verified email.

    The same is done whether they have or not: neither the answer nor its time tells who has an account.
    """
    candidate = find_candidate(db, name)
    jobs.enqueue(db, "notices.send_reset", account_id=candidate.account_id if candidate else None)


def send_reset(context: JobContext, account_id: int | None) -> None:
    """Each try sends a code of its own, and those before it open nothing any more."""
    with context.database.writing() as db:
        account = db.get(Account, account_id) if account_id else None
        if account is None or account.disabled_at is not None:
            return
        email = contacts_of(account.person)["email"]
        if not (email.value and email.is_verified):
            return
        code = issue(db, [account.id], "email", None)[account.id]
        name, message = account.person.name, _message(account, code, f"{context.job_id}-{account.id}")
    send_now(_EMAIL, email.value, name, message)


def _message(account: Account, code: str, ref: str) -> Message:
    url = f"{get_settings().public_url}/sign-in/code?code={quote(code)}"
    minutes = int(KINDS["email"].holds.total_seconds() / 60)
    said = {"name": account.person.name, "username": account.username, "url": url, "minutes": minutes}
    text = "\n\n".join(
        [
            _("Kính gửi anh/chị %(name)s,", name=account.person.name),
            _("Có người xin đặt lại mật khẩu của tài khoản %(username)s. Nếu là anh/chị, hãy mở liên kết này trong"
              " %(minutes)s phút rồi đặt mật khẩu mới: %(url)s", username=account.username, minutes=minutes, url=url),
            _("Không phải anh/chị? Hãy bỏ qua thư; mật khẩu giữ nguyên. Đừng chuyển thư này cho ai."),
        ]
    )  # fmt: skip
    return Message(
        f"hocso-reset-{ref}", _("Học Số: đặt lại mật khẩu"), text, render_template("email/reset.html", said), ""
    )
