"""The letters and texts that ask somebody to show that a contact is theirs (identity/sign_in/contacts.py)."""

from collections.abc import Mapping
from urllib.parse import urljoin

from sqlalchemy.orm import Session

from app.core import clock, jobs
from app.core.i18n import gettext as _
from app.core.jobs import JobContext
from app.core.settings import get_settings
from app.core.templating import render_template
from app.identity.models import ContactCheck, Person
from app.identity.sign_in import contacts
from app.identity.sign_in.contacts import Kind
from app.notices.channels import CHANNELS, Channel, Message, send_now

# Which channel reaches a contact.
_CHANNEL: Mapping[Kind, str] = {"email": "email", "phone": "sms"}


def can_reach(kind: Kind) -> bool:
    """Whether the operator has set up a way to such contacts."""
    return _channel(kind).is_ready()


def ask(db: Session, person: Person, kind: Kind, contact: str) -> None:
    """Have a code and a link sent to a contact in its stored form; the caller limits how often."""
    check = contacts.order_check(db, person, kind, contact)
    jobs.enqueue(db, "notices.send_check", unique_key=f"notices.send_check.{check.id}", check_id=check.id)


def send_check(context: JobContext, check_id: int) -> None:
    """Send the code of now; whoever confirmed or waited too long in the meantime gets nothing."""
    with context.database.reading() as db:
        check = db.get(ContactCheck, check_id)
        if check is None or check.ends_at <= clock.now():
            return
        person = db.get_one(Person, check.person_id)
        kind, name = contacts.kind_of(check), person.name
        address, message = contacts.contact_of(db, check), _message(check, name)
    send_now(_channel(kind), address, name, message)


def _channel(kind: Kind) -> Channel:
    return CHANNELS[_CHANNEL[kind]]


def _message(check: ContactCheck, name: str) -> Message:
    code, url = contacts.code_of(check), urljoin(get_settings().public_url, f"/contacts/{contacts.link_token(check)}")
    minutes = int(contacts.GOOD_FOR.total_seconds() / 60)
    code = f"{code[:3]} {code[3:]}"
    if check.kind == "phone":
        text = _("Học Số: mã xác minh %(code)s, dùng trong %(minutes)s phút. Không đưa mã cho ai.", code=code,
                 minutes=minutes)  # fmt: skip
        html = ""
    else:
        text = "\n\n".join(
            [
                _("Kính gửi anh/chị %(name)s,", name=name),
                _("Mã xác minh email: %(code)s, dùng trong %(minutes)s phút.", code=code, minutes=minutes),
                _("Hoặc mở liên kết này rồi bấm Xác nhận: %(url)s", url=url),
                _("Không yêu cầu điều này? Hãy bỏ qua thư. Không đưa mã cho ai, kể cả người của Học Số."),
            ]
        )
        html = render_template("email/check.html", {"name": name, "code": code, "url": url, "minutes": minutes})
    return Message(
        f"hocso-check-{check.id}-{check.ends_at.timestamp():.0f}",
        _("Học Số: mã xác minh %(code)s", code=code),
        text,
        html,
        "",
    )
