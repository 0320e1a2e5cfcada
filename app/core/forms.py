"""What forms bring, before it is looked at."""

from pydantic import BaseModel, field_validator
from starlette.datastructures import FormData

from app.core.i18n import gettext as _
from app.core.text import nfc


class StrippedForm(BaseModel):
    """Fields as typed, without the blanks around them."""

    @field_validator("*", mode="before")
    @classmethod
    def _strip(cls, value: object) -> object:
        return value.strip() if isinstance(value, str) else value


def text_in(form: FormData, name: str) -> str:
    """One line of a form that is read by hand: normalised, without the blanks around; empty for a file."""
    return nfc(lines_in(form, name))


def lines_in(form: FormData, name: str) -> str:
    """The same as typed, blanks and ends of lines included; only a NUL is in no text of ours."""
    value = form.get(name)
    return value.replace("\0", "") if isinstance(value, str) else ""


def not_a_day(text: str) -> str:
    """What to say at the field of a day that `clock.parse_day` could not read."""
    if not text.strip():
        return _("Hãy ghi ngày.")
    return _("“%(text)s” không phải là ngày. Hãy viết ngày/tháng/năm, ví dụ 01/07/2025.", text=text[:40])
