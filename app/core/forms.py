"""What forms bring, before it is looked at."""

from pydantic import BaseModel, field_validator


class StrippedForm(BaseModel):
    """Fields as typed, without the blanks around them."""

    @field_validator("*", mode="before")
    @classmethod
    def _strip(cls, value: object) -> object:
        return value.strip() if isinstance(value, str) else value
