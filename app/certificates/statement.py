"""What a paper's QR code says, signed: it checks itself where there is no network, and one altered letter shows.

Bytes: version 1; 4 of the key's id; days of completing and of issuing since 2000-01-01, 2 each; code, number, holder
and course as UTF-8, each after one byte of its length; 64 of the signature (Ed25519) over DOMAIN and all before.
Written in base32 without padding, whose letters a QR code packs tightest. `static/js/statement.js` reads the same.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from app.certificates.keys import key_id
from app.core.errors import AppError
from app.core.i18n import lazy as _

DOMAIN = b"hocso certificate statement\0"
_VERSION, _SIGNATURE = 1, 64
_EPOCH = date(2000, 1, 1)
# A name in full; of the longest course titles the beginning, so that the code stays coarse enough for cheap cameras.
_NAME_BYTES, _COURSE_BYTES = 180, 96


@dataclass(frozen=True)
class Statement:
    """What anybody may read who holds the paper: no birth date and no identity number."""

    code: str
    number: str
    holder_name: str
    course_title: str
    completed_on: date
    issued_on: date


class BadStatement(AppError):
    """The text of a QR code that proves nothing; the message says why."""

    status = 422


def write(statement: Statement, key: Ed25519PrivateKey) -> str:
    """The signed text, letters A to Z and digits 2 to 7."""
    signed = b"".join(
        (
            bytes([_VERSION]), bytes.fromhex(key_id(key.public_key())), _day(statement.completed_on),
            _day(statement.issued_on), _text(statement.code, _NAME_BYTES), _text(statement.number, _NAME_BYTES),
            _text(statement.holder_name, _NAME_BYTES), _text(statement.course_title, _COURSE_BYTES),
        )
    )  # fmt: skip
    return _base32(signed + key.sign(DOMAIN + signed))


def read(text: str, keys: Mapping[str, bytes]) -> Statement:
    """What a signed text says; `keys` are public ones by id. Raises BadStatement with the reason."""
    whole = _bytes(text)
    if len(whole) <= 9 + _SIGNATURE or whole[0] != _VERSION:
        raise BadStatement(_("Nội dung mã QR bị thiếu, hoặc không phải mã của giấy chứng nhận Học Số."))
    public = keys.get(whole[1:5].hex())
    if public is None:
        raise BadStatement(_("Mã QR không do Học Số ký: khóa ký không phải của nền tảng này, hoặc mã đã bị sửa."))
    signed, signature = whole[:-_SIGNATURE], whole[-_SIGNATURE:]
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, DOMAIN + signed)
    except InvalidSignature:
        raise BadStatement(_("Chữ ký trong mã QR không khớp: nội dung đã bị sửa, hoặc mã bị đọc sai.")) from None
    code, number, holder_name, course_title = _texts(signed[9:])
    return Statement(code, number, holder_name, course_title, _on(signed[5:7]), _on(signed[7:9]))


def _base32(content: bytes) -> str:
    return base64.b32encode(content).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    try:
        content = base64.b32decode(text + "=" * (-len(text) % 8))
    except (binascii.Error, ValueError):
        content = b""
    # The last letter has bits to spare: only one way to write a statement counts.
    return content if _base32(content) == text else b""


def _day(day: date) -> bytes:
    return (day - _EPOCH).days.to_bytes(2, "big")


def _on(content: bytes) -> date:
    return _EPOCH + timedelta(days=int.from_bytes(content, "big"))


def _text(text: str, most: int) -> bytes:
    content = text.encode()
    if len(content) > most:
        content = content[: most - 3].decode(errors="ignore").rstrip().encode() + "…".encode()
    return bytes([len(content)]) + content


def _texts(content: bytes) -> list[str]:
    texts = []
    while content:
        texts.append(content[1 : 1 + content[0]].decode())
        content = content[1 + content[0] :]
    return texts
