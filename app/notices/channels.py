"""Ways to people outside of the site: email, SMS by a gateway that speaks HTTP, and Zalo, a port to be filled in.

A channel is asked whether it is ready (configured), opened once per batch, and given one message per person.
"""

import json
import smtplib
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTPUTF8
from email.utils import format_datetime, parseaddr
from http.client import HTTPException
from typing import Literal, Protocol
from urllib.parse import unquote, urlsplit

from app.core import clock
from app.core.errors import AppError
from app.core.settings import get_settings
from app.identity.sealing import SealedFields

_PATIENCE_S = 20


@dataclass(frozen=True)
class Message:
    """What one person is sent. `ref` names the message for ever: who gets it twice can tell.

    `stop_url` is empty for what its reader asked for.
    """

    ref: str
    subject: str
    text: str
    html: str
    stop_url: str


class Refused(Exception):
    """This message was not taken; `for_good` says that trying again is useless."""

    def __init__(self, problem: str, *, for_good: bool) -> None:
        super().__init__(problem)
        self.for_good = for_good


class Unreachable(Exception):
    """Nothing can be sent at present: the other side does not answer or does not let us in."""


class Line(Protocol):
    """An open channel."""

    def send(self, address: str, name: str, message: Message) -> None:
        """Raises Refused, or Unreachable if the line broke."""


class Channel(Protocol):
    """`address_kind`: the identity field it needs, as a kind of PersonLookup.

    `carries_notices`: what arrives in the inbox is sent this way too, to who wants it.
    """

    address_kind: Literal["email", "phone"]
    carries_notices: bool

    def is_ready(self) -> bool:
        """Whether the operator has set it up."""

    def address_of(self, fields: SealedFields) -> str:
        """Where to reach a person this way; empty if it is not known."""

    def open(self) -> AbstractContextManager[Line]:
        """Raises Unreachable."""


class Email:
    """SMTP with authentication and encryption as SMTP_URL says."""

    address_kind: Literal["email", "phone"] = "email"
    carries_notices = True

    def is_ready(self) -> bool:
        return bool(get_settings().smtp_url.get_secret_value())

    def address_of(self, fields: SealedFields) -> str:
        return fields.email

    @contextmanager
    def open(self) -> Iterator[Line]:
        """Raises Unreachable."""
        try:
            server = _connect(get_settings().smtp_url.get_secret_value())
        except (OSError, smtplib.SMTPException) as error:
            raise Unreachable(_said(error)) from error
        try:
            yield _SmtpLine(server)
        finally:
            with suppress(OSError, smtplib.SMTPException):
                server.quit()


class Sms:
    """One request to SMS_URL for each text (docs/operations.md). Every text costs money, so notices are not sent."""

    address_kind: Literal["email", "phone"] = "phone"
    carries_notices = False

    def is_ready(self) -> bool:
        return bool(get_settings().sms_url)

    def address_of(self, fields: SealedFields) -> str:
        return fields.phone

    @contextmanager
    def open(self) -> Iterator[Line]:
        """Raises Unreachable."""
        if not self.is_ready():
            raise Unreachable("SMS_URL is not set")
        yield _SmsLine(get_settings().sms_url, get_settings().sms_token.get_secret_value())


class NoGateway:
    """A port without anything behind it yet."""

    address_kind: Literal["email", "phone"] = "phone"
    carries_notices = False

    def is_ready(self) -> bool:
        return False

    def address_of(self, fields: SealedFields) -> str:
        return fields.phone

    def open(self) -> AbstractContextManager[Line]:
        raise Unreachable("no gateway")


CHANNELS: Mapping[str, Channel] = {"email": Email(), "sms": Sms(), "zalo": NoGateway()}


def send_now(channel: Channel, address: str, name: str, message: Message) -> None:
    """One message, from a job: it raises AppError where trying again is useless, else what makes the job try again."""
    try:
        with channel.open() as line:
            line.send(address, name, message)
    except Refused as error:
        if error.for_good:
            raise AppError(str(error)) from error
        raise


@dataclass(frozen=True)
class _SmsLine:
    url: str
    token: str

    def send(self, address: str, name: str, message: Message) -> None:
        body = json.dumps({"to": address, "text": message.text, "ref": message.ref}).encode()
        headers = {"content-type": "application/json", "authorization": f"Bearer {self.token}"}
        try:
            urllib.request.urlopen(urllib.request.Request(self.url, body, headers), timeout=_PATIENCE_S).close()  # noqa: S310
        except urllib.error.HTTPError as error:
            # 408, 425 and 429 ask to come again, and what fails on their side may work later.
            is_final = 400 <= error.code < 500 and error.code not in (408, 425, 429)
            raise Refused(f"{error.code} {error.reason}", for_good=is_final) from error
        except (OSError, HTTPException) as error:
            raise Unreachable(_said(error)) from error


@dataclass(frozen=True)
class _SmtpLine:
    server: smtplib.SMTP

    def send(self, address: str, name: str, message: Message) -> None:
        try:
            self.server.send_message(_mail(address, name, message))
        except smtplib.SMTPServerDisconnected as error:
            raise Unreachable(_said(error)) from error
        except smtplib.SMTPRecipientsRefused as error:
            code, said = next(iter(error.recipients.values()))
            raise Refused(f"{code} {_text(said)}", for_good=code >= 500) from error
        except smtplib.SMTPResponseException as error:
            raise Refused(f"{error.smtp_code} {_text(error.smtp_error)}", for_good=error.smtp_code >= 500) from error
        except (smtplib.SMTPException, ValueError) as error:
            raise Refused(_said(error), for_good=True) from error
        except OSError as error:
            raise Unreachable(_said(error)) from error


def _connect(url: str) -> smtplib.SMTP:
    """smtp:// encrypts with STARTTLS, smtps:// from the start, smtp+plain:// not at all (a relay in the same house)."""
    parts = urlsplit(url)
    host, secure = parts.hostname or "", ssl.create_default_context()
    if parts.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, parts.port or 465, timeout=_PATIENCE_S, context=secure)
    else:
        server = smtplib.SMTP(host, parts.port or 587, timeout=_PATIENCE_S)
        if parts.scheme == "smtp":
            server.starttls(context=secure)
    if parts.username:
        server.login(unquote(parts.username), unquote(parts.password or ""))
    return server


def _mail(address: str, name: str, message: Message) -> EmailMessage:
    settings = get_settings()
    sender_name, sender = parseaddr(settings.mail_from)
    mail = EmailMessage(SMTPUTF8 if not address.isascii() else SMTPUTF8.clone(utf8=False))
    mail["From"] = Address(sender_name, addr_spec=sender)
    mail["To"] = Address(name, addr_spec=address)
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(clock.now())
    mail["Message-ID"] = f"<{message.ref}@{urlsplit(settings.public_url).hostname}>"
    # Nobody's holiday reply should come back.
    mail["Auto-Submitted"] = "auto-generated"
    if message.stop_url:
        mail["List-Unsubscribe"] = f"<{message.stop_url}>"
    mail.set_content(message.text)
    mail.add_alternative(message.html, subtype="html")
    return mail


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _text(said: bytes | str) -> str:
    return said.decode(errors="replace") if isinstance(said, bytes) else said
