"""Passwords: how they are kept and compared, one-time codes for paper, and what a new password must be."""

import base64
import hashlib
import hmac
from enum import Enum
from functools import lru_cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.core import ids
from app.core.i18n import gettext as _
from app.core.text import fold
from app.identity.sealing import derived_key

# Of the argon2id parameters that OWASP's Password Storage Cheat Sheet calls equally strong, those that cost us least:
# 7 MiB, which core/allocation.py keeps, five passes, one lane; 20 to 22 ms of CPU. Its 19 MiB and two passes cost 25 to
# 33, and 40 to 45 where the memory comes anew for each hash.
_HASHER = PasswordHasher(time_cost=5, memory_cost=7168, parallelism=1)

LEARNER_MIN_LENGTH = 8
# Whoever holds a role reaches other people's data: 14 without a second factor (DESIGN 9).
STAFF_MIN_LENGTH = 14
MAX_LENGTH = 200

_CODE_PREFIX = "hmac$"


class Verdict(Enum):
    WRONG = "wrong"
    RIGHT = "right"
    # Right, but kept with older parameters: hash it anew.
    RIGHT_BUT_OLD = "right_but_old"


def hash_password(password: str) -> str:
    """argon2id; costs about 20 ms, so never inside a write transaction of a request."""
    return _HASHER.hash(password)


def verify(password_hash: str | None, password: str) -> Verdict:
    """Compare; without a hash (unknown account) it takes as long as with one and says WRONG.

    A one-time code is compared after a whole argon2 run too, so that time does not tell which accounts still wait
    for their first sign-in.
    """
    if len(password) > MAX_LENGTH:
        return Verdict.WRONG
    if password_hash is None or password_hash.startswith(_CODE_PREFIX):
        _argon2_fits(_nobodys_hash(), password)
        fits = password_hash is not None and hmac.compare_digest(password_hash, hash_one_time_code(password))
        return Verdict.RIGHT if fits else Verdict.WRONG
    if not _argon2_fits(password_hash, password):
        return Verdict.WRONG
    return Verdict.RIGHT_BUT_OLD if _HASHER.check_needs_rehash(password_hash) else Verdict.RIGHT


def make_one_time_code(groups: int = 3, length: int = 6) -> str:
    """A code for paper, e.g. `7KQ2MX-…-…`: 18 characters, 88 random bits."""
    return "-".join(ids.readable_code(length) for _group in range(groups))


def hash_one_time_code(code: str) -> str:
    """A fast keyed hash for one-time codes only.

    Slow hashes protect what people choose, because that can be guessed. These codes are random, at least 58 bits, and
    the hash is keyed by the field key, which is not in the database; so 5,000 accounts of an import
    cost milliseconds instead of two minutes of argon2. The forced first change replaces it by argon2.
    Case, spaces and dashes do not matter: people type this from paper.
    """
    typed = "".join(char for char in code.upper() if char.isalnum())
    tag = hmac.new(derived_key("one-time-code"), typed.encode(), hashlib.sha256).digest()
    return _CODE_PREFIX + base64.urlsafe_b64encode(tag).decode()


def least_length(*, is_staff: bool) -> int:
    """The fewest characters a new password may have."""
    return STAFF_MIN_LENGTH if is_staff else LEARNER_MIN_LENGTH


def password_problem(new: str, *, is_staff: bool, names: tuple[str, ...] = ()) -> str | None:
    """Why `new` cannot be a password, in the reader's words, or None. `names`: the holder's user name, phone, email."""
    least = least_length(is_staff=is_staff)
    if len(new) < least:
        if is_staff:
            return _("Tài khoản có vai trò quản lý cần mật khẩu ít nhất %(least)s ký tự.", least=least)
        return _("Mật khẩu cần ít nhất %(least)s ký tự.", least=least)
    if len(new) > MAX_LENGTH:
        return _("Mật khẩu dài nhất %(most)s ký tự.", most=MAX_LENGTH)
    plain = _plain(new)
    if any(name and plain == _plain(name) for name in names):
        return _("Mật khẩu không được trùng với tên đăng nhập, số điện thoại hoặc email.")
    if plain in _common() or len(set(plain)) < 4:
        return _("Mật khẩu này quá dễ đoán. Hãy ghép vài từ chỉ anh/chị nhớ, ví dụ một câu ngắn.")
    return None


def _argon2_fits(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


@lru_cache(maxsize=1)
def _nobodys_hash() -> str:
    return _HASHER.hash(ids.token())


@lru_cache(maxsize=1)
def _common() -> frozenset[str]:
    lines = (Path(__file__).parent.parent / "data" / "common_passwords.txt").read_text("utf-8").splitlines()
    return frozenset(_plain(line) for line in lines if line and not line.startswith("#"))


def _plain(text: str) -> str:
    return fold(text).replace(" ", "")
