"""Definitions that are being thought of."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, pk


class IndicatorDraft(Base):
    """A new indicator or a new version of one, as typed; put in force or thrown away, the row goes.

    `typed`: the fields of definition_form.IndicatorForm. `base_number`: of the version it starts from, None for a new
    indicator. `effect`: previewing.Effect as JSON once it is worked out.
    """

    __tablename__ = "indicator_draft"

    id: Mapped[int] = pk()
    indicator_code: Mapped[str] = mapped_column(String(30))
    base_number: Mapped[int | None]
    typed: Mapped[dict[str, Any]] = mapped_column(JSON)
    effect: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    changed_at: Mapped[datetime]
