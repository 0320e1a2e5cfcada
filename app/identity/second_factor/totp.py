"""Time-based codes as authenticator apps make them: RFC 6238 over RFC 4226, with SHA-1, six digits, half a minute."""

import base64
import hmac
import secrets
from datetime import datetime
from urllib.parse import quote

_STEP_S = 30
_DIGITS = 6
# RFC 4226, 4: 160 bits, as long as the hash.
_SECRET_BYTES = 20
# Telephones are late or early by a step (RFC 6238, 5.2).
_DRIFT = 1


def new_secret() -> str:
    """32 letters and digits, as people type them where no camera reads the QR code."""
    return base64.b32encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def code_at(secret: str, step: int) -> str:
    """The six digits of a step of half a minute."""
    tag = hmac.digest(base64.b32decode(secret), step.to_bytes(8, "big"), "sha1")
    start = tag[-1] & 15
    number = int.from_bytes(tag[start : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**_DIGITS:0{_DIGITS}}"


def fitting_step(secret: str, typed: str, now: datetime) -> int | None:
    """The step whose code this is, of the present one and its neighbours; None if it is none of theirs."""
    digits = "".join(char for char in typed if char.isdigit())
    present = step_of(now)
    found = None
    for step in range(present - _DRIFT, present + _DRIFT + 1):
        if hmac.compare_digest(code_at(secret, step).encode(), digits.encode()):
            found = step
    return found


def step_of(instant: datetime) -> int:
    return int(instant.timestamp()) // _STEP_S


def address(secret: str, username: str) -> str:
    """What the QR code says, as apps expect it (Key URI Format)."""
    issuer = quote("Học Số")
    return f"otpauth://totp/{issuer}:{quote(username)}?secret={secret}&issuer={issuer}"
