"""What an address of the dashboard asks: unit, day, map, period and what was known, kept from link to link."""

from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import Self
from urllib.parse import urlencode

from fastapi import Request

from app.core import clock
from app.core.errors import Invalid
from app.core.i18n import gettext as _
from app.coverage.counting.figures import Question


@dataclass(frozen=True)
class Asked:
    """As typed or linked; "" stands for the province, today, the tree of that day, the year of that day, and all that
    has been recorded."""

    unit: str = ""
    on: str = ""
    map: str = ""
    period: str = ""
    known: str = ""

    @property
    def day(self) -> date:
        return parsed_day(self.on) or clock.today()

    @property
    def map_day(self) -> date | None:
        return parsed_day(self.map)

    @property
    def known_at(self) -> datetime | None:
        """The last instant of the day."""
        day = parsed_day(self.known)
        return clock.end_of_day(day) if day else None

    def settled(self) -> Self:
        """Without the other words an address may have for the same things."""
        return self

    def question(self, indicator: str, province_code: str) -> Question:
        """Raises Invalid for a day that is none."""
        return Question(
            indicator, self.unit or province_code, self.day, self.map_day, self.known_at, self.period or None
        )

    def at(self, **changed: str) -> str:
        """The rest of an address with these changed, “?” included; "" where nothing is asked."""
        asked = replace(self, **changed)
        given = {field.name: getattr(asked, field.name) for field in fields(asked)}
        query = urlencode({name: value for name, value in given.items() if value})
        return f"?{query}" if query else ""

    def below(self, unit: str) -> str:
        """The rest of an address that leads to a unit on another page: the same day, map, period and knowledge."""
        return Asked(unit, self.on, self.map, self.period, self.known).at()


def parsed_day(text: str) -> date | None:
    """A day from the address, as browsers or people write it; raises Invalid for what is none."""
    if not text:
        return None
    day = clock.parse_day(text)
    if day is None:
        raise Invalid(_("“%(text)s” không phải là ngày. Hãy viết như 21/11/2026.", text=text[:40]))
    return day


def wants_json(request: Request) -> bool:
    """Whether a program asks, which is handed the same figures as a document."""
    return "application/json" in request.headers.get("accept", "")
