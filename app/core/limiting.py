"""Rate limits per process: `hit("sign-in", limit, address)` raises TooMany when a key has had its share."""

import time
from typing import NoReturn

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from app.core.errors import TooMany

_storage = MemoryStorage()
_limiter = MovingWindowRateLimiter(_storage)


def hit(purpose: str, limit: str, *keys: str) -> None:
    """Count one try for each key against e.g. "10/minute"; raises TooMany with the seconds to wait."""
    rule = parse(limit)
    for key in keys:
        if not _limiter.hit(rule, purpose, key):
            _refuse(rule, purpose, key)


def check(purpose: str, limit: str, *keys: str) -> None:
    """Raises TooMany if a key has had its share already, without counting this try."""
    rule = parse(limit)
    for key in keys:
        if not _limiter.test(rule, purpose, key):
            _refuse(rule, purpose, key)


def forget_all() -> None:
    """For tests."""
    _storage.reset()


def _refuse(rule: RateLimitItem, purpose: str, key: str) -> NoReturn:
    reset = _limiter.get_window_stats(rule, purpose, key).reset_time
    raise TooMany(retry_after_s=max(1, round(reset - time.time())))
