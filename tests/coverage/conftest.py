"""What tests of figures share."""

from collections.abc import Callable
from datetime import date

import pytest

from app.core.db import Session
from app.coverage.counting.figures import Figure, Question, figure
from app.coverage.indicators.definitions import definition_for


@pytest.fixture
def bg_cbcc(db: Session) -> int:
    """The version of BG-CBCC, to look at its entries alone: every act moves several indicators."""
    return definition_for(db, "BG-CBCC", 2026).version_id


@pytest.fixture
def ask(db: Session) -> Callable[..., Figure]:
    """`ask(unit, on, ...)`: the figure of BG-CBCC."""

    def ask_one(unit: str = "24", on: date = date(2026, 11, 21), **more: object) -> Figure:
        db.flush()
        return figure(db, Question("BG-CBCC", unit, on, **more))  # type: ignore[arg-type]

    return ask_one
