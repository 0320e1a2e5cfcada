"""What the pages of trend, units and two days hand to programs (docs/coverage.md, section 12)."""

from collections.abc import Sequence
from typing import Any

from app.coverage.counting.as_json import as_json
from app.coverage.counting.figures import Figure, Question, period_of
from app.coverage.dashboard.heat import Cell, Heat, HeatRow
from app.coverage.dashboard.pace import Pace
from app.coverage.dashboard.trend import Line, Trend


def trend_as_json(found: Figure, months: Trend | None, years: Sequence[Line], pace: Pace | None) -> dict[str, Any]:
    """The figure without its units, and in `months` and `years` a line for each way of counting; no line where the
    figure cannot be told apart on its map."""
    lines = [line for line in (months.before, months.this) if line] if months else []
    return as_json(found, children=False) | {
        "months": [_line(line) for line in lines], "years": [_line(line) for line in years],
        "pace": {"numerator": pace.people, "ratio": pace.ratio, "on": pace.last.isoformat()} if pace else None,
    }  # fmt: skip


def heat_as_json(heat: Heat, by: str, question: Question, rows: Sequence[HeatRow]) -> dict[str, Any]:
    """Cells stand in the order of `columns`; the first row is the unit itself, counted anew."""
    return _asked(question) | {
        "by": by, "indicator": question.indicator if by == "months" else None,
        "columns": [{"key": one.key, "title": one.title} for one in heat.columns],
        "rows": [
            {"unit": row.code or None, "unit_name": row.name, "cells": [_cell(cell) for cell in row.cells]}
            for row in (heat.whole, *rows)
        ],
    }  # fmt: skip


def compared_as_json(pairs: Sequence[tuple[Figure | None, Figure]], before: Question, now: Question) -> dict[str, Any]:
    """`before` and `now` of each row are figures; `before` is null where there was nothing to ask for then."""
    return _asked(now) | {
        "since": before.on.isoformat(),
        "rows": [
            {"before": as_json(then, children=False) if then else None, "now": as_json(one, children=False)}
            for then, one in pairs
        ],
    }  # fmt: skip


def _asked(question: Question) -> dict[str, Any]:
    return {
        "unit": question.unit_code, "on": question.on.isoformat(),
        "map": (question.map_on or question.on).isoformat(),
        "known_at": question.known_at.isoformat() if question.known_at else None, "period": period_of(question).code,
    }  # fmt: skip


def _line(line: Line) -> dict[str, Any]:
    return {
        "year": line.year, "version": line.version,
        "points": [
            {"on": point.day.isoformat(), "numerator": point.numerator, "denominator": point.denominator,
             "ratio": point.ratio, "output": point.output}
            for point in line.points
        ],
    }  # fmt: skip


def _cell(cell: Cell) -> dict[str, Any]:
    return {"numerator": cell.numerator, "denominator": cell.denominator, "ratio": cell.ratio}
