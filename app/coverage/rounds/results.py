"""The results of a unit for a period: as they stand now, and as they were frozen when it handed them in."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.coverage.counting import wording
from app.coverage.counting.figures import Figure, Question, overview
from app.coverage.rounds.models import DeclarationRound
from app.identity.units import unit_queries


@dataclass(frozen=True)
class ResultLine:
    """One indicator at the unit; numbers, and the words they were shown in."""

    code: str
    title: str
    numerator: int | None
    denominator: int | None
    value: str
    basis: str
    target: str
    verdict: str


def results_of(db: Session, round_: DeclarationRound, unit_id: int) -> list[ResultLine]:
    """What the unit has to show for the round's period on its day: indicators with something to count there."""
    unit = unit_queries.unit_by_id(db, unit_id, round_.as_of)
    if unit is None or not round_.period:
        return []
    found = overview(db, Question("", unit.code, round_.as_of, period=round_.period))
    return [_line(one) for one in found if concerns(one)]


def concerns(one: Figure) -> bool:
    """Whether the unit has anything to do with the indicator: people of the roster, a result, or a declared figure."""
    return bool(one.output or one.declared or one.numerator or one.denominator.value)


def frozen(lines: list[ResultLine]) -> list[dict[str, Any]]:
    return [asdict(line) for line in lines]


def thawed(typed: Mapping[str, Any]) -> list[ResultLine]:
    """Of what a step keeps."""
    return [ResultLine(**line) for line in typed.get("results", ())]


def _line(one: Figure) -> ResultLine:
    return ResultLine(
        one.definition.code, one.definition.title, one.numerator, one.denominator.value, wording.value_words(one),
        wording.basis_words(one), wording.target_words(one.definition, one.target), wording.verdict(one).text,
    )  # fmt: skip
