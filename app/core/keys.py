"""The secrets of an installation: from the environment, else generated once into a file only we can read."""

import base64
import hashlib
import hmac
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from app.core import ids
from app.core.errors import CommandFailed
from app.core.i18n import lazy as _
from app.core.memory import Memory
from app.core.settings import get_settings
from app.core.storage import flush_folder

# An open page sends the same tags again and again. Those that fit are remembered, about 5 MB of them; a tag somebody
# tries is computed each time.
_fitting, _SHORT = Memory(10_000), 300


@lru_cache(maxsize=1)
def secret_key() -> bytes:
    """Signs sessions and form tokens; changing it signs everybody out and nothing worse."""
    return _given_or_generated(get_settings().secret_key.get_secret_value(), "secret_key")


@lru_cache(maxsize=1)
def field_key() -> bytes:
    """Wraps each person's own key; 32 bytes. Losing it loses every encrypted identity field."""
    return hashlib.sha256(_given_or_generated(get_settings().field_key.get_secret_value(), "field_key")).digest()


def sign(purpose: str, message: str) -> str:
    """An unforgeable tag over a message, 32 characters; `purpose` keeps tags of one use from serving another."""
    tag = hmac.digest(secret_key(), f"{purpose}\0{message}".encode(), "sha256")
    return base64.urlsafe_b64encode(tag[:24]).decode()


def signature_fits(purpose: str, message: str, tag: str) -> bool:
    signed = (purpose, message, tag)
    if _fitting.get(signed):
        return True
    # As bytes: compare_digest raises on text outside ASCII, and a tag comes from anybody.
    fits = hmac.compare_digest(sign(purpose, message).encode(), tag.encode(errors="replace"))
    if fits and len(message) <= _SHORT:
        _fitting.keep(signed, value=True)
    return fits


def forget_cached_keys() -> None:
    """For tests that change the environment."""
    _fitting.forget()
    secret_key.cache_clear()
    field_key.cache_clear()


def _given_or_generated(given: str, name: str) -> bytes:
    return given.encode() if given else kept(name, new_secret)


def new_secret() -> bytes:
    """32 random bytes as text."""
    return base64.b64encode(secrets.token_bytes(32))


def kept(name: str, make: Callable[[], bytes]) -> bytes:
    """What a file of DATA_DIR holds that only we can read; made once if it is not there. Raises CommandFailed."""
    path = get_settings().data_dir / name
    try:
        if not path.exists():
            keep(path, make())
        value = path.read_bytes().strip()
    except OSError as error:
        raise CommandFailed(
            _("Không đọc hoặc không tạo được tệp khóa %(path)s (%(reason)s). Hãy kiểm tra DATA_DIR và quyền ghi."),
            path=path,
            reason=error.strerror,
        ) from error
    # An empty key would sign and encrypt without protest, and anybody could forge it.
    if not value:
        raise CommandFailed(_("Tệp khóa %(path)s trống. Hãy khôi phục tệp này từ bản sao lưu."), path=path)
    return value


def keep(path: Path, key: bytes) -> None:
    """Write a new key in one step that only one of several processes or threads wins; all then read the same key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.{ids.token(48)}")
    try:
        with os.fdopen(os.open(scratch, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(scratch, path)
        # What is encrypted next must never outlive its key: the name is flushed before the key is used.
        flush_folder(path.parent)
    finally:
        scratch.unlink(missing_ok=True)
