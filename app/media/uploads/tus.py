"""The words of tus 1.0: its headers read and written, its refusals (https://tus.io/protocols/resumable-upload)."""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from app.core.errors import AppError, Conflict
from app.core.i18n import lazy as _
from app.core.text import nfc, whole

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,termination,checksum,expiration"
CONTENT_TYPE = "application/offset+octet-stream"
_ALGORITHMS = ("sha1", "sha256")
# Longer numbers are more than anybody stores.
_LONGEST_NUMBER = 15


class Misspoken(AppError):
    """The program that sends does not keep to the protocol."""

    status = 400
    title = _("Chương trình tải lên gửi sai")
    text = _("Phần đầu của yêu cầu tải lên thiếu hoặc sai “%(header)s”. Hãy tải lại trang rồi chọn lại tệp.")


class OtherVersion(Misspoken):
    status = 412


class OtherType(Misspoken):
    status = 415


class OffsetDiffers(Conflict):
    text = _("Máy chủ đang có %(arrived)s byte của tệp này. Hãy gửi tiếp từ đó.")


class ChecksumDiffers(AppError):
    status = 460
    title = _("Phần vừa gửi bị hỏng trên đường")
    text = _("Phần vừa gửi không khớp mã kiểm nên đã bị bỏ. Hãy gửi lại phần này.")


class Expired(AppError):
    status = 410
    title = _("Tệp tải dở đã hết hạn")
    text = _("Tệp này tải dở quá lâu nên phần đã nhận bị xóa. Hãy chọn lại tệp để tải từ đầu.")


@dataclass(frozen=True)
class Checksum:
    """What the bytes of one request must add up to."""

    algorithm: str
    digest: bytes

    def start(self) -> "hashlib._Hash":
        return hashlib.new(self.algorithm, usedforsecurity=False)


def check_version(headers: Mapping[str, str]) -> None:
    """Raises OtherVersion."""
    if headers.get("tus-resumable") != VERSION:
        raise OtherVersion(header="Tus-Resumable")


def check_type(headers: Mapping[str, str]) -> None:
    """Raises OtherType."""
    if headers.get("content-type") != CONTENT_TYPE:
        raise OtherType(header="Content-Type")


def number(headers: Mapping[str, str], name: str) -> int:
    """A number of bytes; raises Misspoken."""
    text = headers.get(name, "")
    found = whole(text) if len(text) <= _LONGEST_NUMBER else None
    if found is None:
        raise Misspoken(header=name)
    return found


def metadata(headers: Mapping[str, str]) -> dict[str, str]:
    """`filename ZmlsZS5tcDQ=,kind dmlkZW8=` as texts; raises Misspoken."""
    said = {}
    for pair in filter(None, (one.strip() for one in headers.get("upload-metadata", "").split(","))):
        name, _space, value = pair.partition(" ")
        try:
            said[name] = nfc(base64.b64decode(value, validate=True).decode()).replace("\0", "")
        except (binascii.Error, ValueError):
            raise Misspoken(header="Upload-Metadata") from None
    return said


def metadata_header(said: Mapping[str, str]) -> str:
    return ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in said.items())


def checksum(headers: Mapping[str, str]) -> Checksum | None:
    """What the request promises of its bytes, if anything; raises Misspoken for what we cannot check."""
    said = headers.get("upload-checksum")
    if said is None:
        return None
    algorithm, _space, value = said.partition(" ")
    try:
        digest = base64.b64decode(value, validate=True)
    except binascii.Error:
        digest = b""
    if algorithm not in _ALGORITHMS or len(digest) != hashlib.new(algorithm, usedforsecurity=False).digest_size:
        raise Misspoken(header="Upload-Checksum")
    return Checksum(algorithm, digest)


def expires(at: datetime) -> str:
    """As `Upload-Expires` wants it (RFC 9110, 5.6.7)."""
    return format_datetime(at, usegmt=True)


def abilities(limit_bytes: int) -> dict[str, str]:
    return {
        "tus-version": VERSION,
        "tus-extension": EXTENSIONS,
        "tus-max-size": str(limit_bytes),
        "tus-checksum-algorithm": ",".join(_ALGORITHMS),
    }
