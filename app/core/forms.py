"""What forms bring, before it is looked at."""

from pydantic import BaseModel, field_validator

from app.core.i18n import gettext as _


class StrippedForm(BaseModel):
    """Fields as typed, without the blanks around them."""

    @field_validator("*", mode="before")
    @classmethod
    def _strip(cls, value: object) -> object:
        return value.strip() if isinstance(value, str) else value


def not_a_day(text: str) -> str:
    """What to say at the field of a day that `clock.parse_day` could not read."""
    if not text.strip():
        return _("Hãy ghi ngày.")
    return _("“%(text)s” không phải là ngày. Hãy viết ngày/tháng/năm, ví dụ 01/07/2025.", text=text[:40])
