"""What a round can ask for: results of indicators that people declare, and populations figures are divided by."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.core import clock
from app.core.i18n import gettext as _
from app.core.templating import format_number
from app.coverage.counting import wording
from app.coverage.declared.declaring import kind_of
from app.coverage.indicators.definitions import definitions, in_year
from app.coverage.indicators.plan_data import populations
from app.coverage.rounds.models import DeclarationRound


@dataclass(frozen=True)
class Subject:
    """`kind`: yes_no, percent, count, denominator; `counted_in` the word for one of it."""

    code: str
    title: str
    kind: str
    counted_in: str

    @property
    def can_be_summed(self) -> bool:
        return self.kind in ("count", "denominator")


def subjects(db: Session) -> dict[str, Subject]:
    """All there are, by code, indicators first."""
    declared = [one for one in in_year(definitions(db), clock.today().year) if one.is_declared]
    found = [Subject(one.code, one.title, kind_of(one), wording.counted_in(one)) for one in declared]
    found += [Subject(one.code, one.name, "denominator", one.counted_in) for one in populations().values()]
    return {one.code: one for one in found}


def subjects_of(db: Session, round_: DeclarationRound) -> list[Subject]:
    """Those of a round, in its order, even if an indicator has ended since."""
    known = subjects(db)
    return [known.get(code) or Subject(code, code, "count", "") for code in round_.subjects]


def asked_kind(round_: DeclarationRound, subject: Subject) -> str:
    """What a unit types for it."""
    return "yes_no" if round_.asks_yes_no and subject.can_be_summed else subject.kind


def value_words(kind: str, text: str, counted_in: str) -> str:
    """A checked answer in words: “có”, “72,5%”, “12 đơn vị”; "" for none."""
    if not text:
        return ""
    if kind == "yes_no":
        return _("có") if text == "1" else _("chưa")
    if kind == "percent":
        return f"{text.removesuffix('%')}%"
    return f"{format_number(int(text.replace('.', '').replace(' ', '')))} {counted_in}"
