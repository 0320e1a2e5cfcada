"""Sealed addresses: /media/{seal}/{public_id}/{name} opens to whoever has it, until the last day of its seal.

One seal covers all files of an asset, so that the relative names of a playlist stay under it. It is the same all day
long and holds for the next day too: browsers and nginx may keep what they fetched, and no video stops at midnight.
"""

import re
from datetime import date, timedelta

from app.core import clock
from app.core.keys import sign, signature_fits

_SEAL = re.compile(r"(\d{4}-\d\d-\d\d)\.([\w=-]{32})", re.ASCII)
_PURPOSE = "media"


def seal_of(public_id: str) -> str:
    """Today's seal of an asset, for whom may see it."""
    last_day = clock.today() + timedelta(days=1)
    return f"{last_day}.{sign(_PURPOSE, f'{last_day}/{public_id}')}"


def last_day_of(seal: str, public_id: str) -> date | None:
    """The last day this seal opens the asset, which may be over; None for one we did not give."""
    found = _SEAL.fullmatch(seal)
    if found is None or not signature_fits(_PURPOSE, f"{found[1]}/{public_id}", found[2]):
        return None
    return date.fromisoformat(found[1])
