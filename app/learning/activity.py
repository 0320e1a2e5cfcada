"""Where somebody goes on in a course, and when they were there: known to five minutes, which spares most writes."""

from datetime import datetime

ACTIVE_EVERY_S = 300


def is_news(last_key: str | None, last_at: datetime, key: str, now: datetime) -> bool:
    """Whether being in the lesson `key` now tells more than what was noted last."""
    return last_key != key or (now - last_at).total_seconds() > ACTIVE_EVERY_S
