"""What the ledger holds of some people, against what it should hold."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.i18n import gettext as _
from app.core.templating import format_date
from app.coverage.models import CoverageEntry
from app.coverage.verify.facts import Human, Rule
from app.coverage.verify.findings import Finding
from app.coverage.verify.lineage import Lineage
from app.coverage.verify.reckoning import Key
from app.identity.models import Person

Standing = Mapping[int, Mapping[int, Counter[Key]]]


@dataclass(frozen=True)
class Difference:
    """One entry of one record: the sum of signs it has and the sum it should have."""

    key: Key
    stands: int
    should: int


def standing(db: Session, person_ids: Collection[int], version_ids: Collection[int]) -> Standing:
    """Record -> version -> entry -> sum of its signs, those that cancel each other left out."""
    columns = (
        CoverageEntry.person_id, CoverageEntry.indicator_version_id, CoverageEntry.measure, CoverageEntry.period,
        CoverageEntry.unit_id, CoverageEntry.effective_on, CoverageEntry.completion_id,
    )  # fmt: skip
    rows = db.execute(
        select(*columns, func.sum(CoverageEntry.sign))
        .where(CoverageEntry.person_id.in_(person_ids), CoverageEntry.indicator_version_id.in_(version_ids))
        .group_by(*columns)
        .having(func.sum(CoverageEntry.sign) != 0)
    )
    found: dict[int, dict[int, Counter[Key]]] = defaultdict(lambda: defaultdict(Counter))
    for person_id, version_id, measure, period, unit_id, day, completion_id, total in rows:
        found[person_id][version_id][Key(measure, period, unit_id, day, completion_id)] = int(total)
    return found


def differing(held: Counter[Key], wanted: Counter[Key]) -> list[Difference]:
    """In the order of the days."""
    return [
        Difference(key, held[key], wanted[key])
        for key in sorted({*held, *wanted}, key=lambda key: (key.day, key.measure, key.period, key.unit_id))
        if held[key] != wanted[key]
    ]


class Naming:
    """Says of each difference what must have happened."""

    def __init__(self, db: Session, lineage: Lineage) -> None:
        self._db = db
        self._lineage = lineage

    def findings(self, human: Human, rule: Rule, record: int, found: Sequence[Difference]) -> Iterator[Finding]:
        """The differences of one record of somebody in one version."""
        if not found:
            return
        person = self._db.scalar(select(Person.ref).where(Person.id == record)) or str(record)
        missing = [one for one in found if one.should and not one.stands]
        for one in found:
            if one.should and one.stands:
                yield self._told(_twisted(one), rule, person, one)
            elif one.stands:
                instead = next((other for other in missing if _differ_in_one(one, other)), None)
                if instead is None or record != human.id:
                    yield self._told(_unfounded(human, record, one), rule, person, one)
                else:
                    missing.remove(instead)
                    yield self._displaced(rule, person, one, instead)
        for one in missing:
            yield self._told(_lost(human, rule, one), rule, person, one)

    def _told(self, kind: str, rule: Rule, person: str, one: Difference, **more: str) -> Finding:
        code, name = self._lineage.called(one.key.unit_id, one.key.day)
        says = {"stands": _signed(one.stands), "should": _signed(one.should)} | more
        return Finding(
            kind, indicator=rule.indicator, version=rule.number, measure=one.key.measure, period=one.key.period,
            person=person, unit=code, unit_name=name, day=one.key.day, completion=one.key.completion_id, **says,
        )  # fmt: skip

    def _displaced(self, rule: Rule, person: str, one: Difference, instead: Difference) -> Finding:
        """Told at the place where it should be."""
        here, there = one.key, instead.key
        if here.unit_id != there.unit_id:
            units = [" ".join(self._lineage.called(key.unit_id, key.day)) for key in (here, there)]
            return self._told("wrong_unit", rule, person, instead, stands=units[0], should=units[1])
        if here.day != there.day:
            stands, should = format_date(here.day), format_date(there.day)
            return self._told("wrong_day", rule, person, instead, stands=stands, should=should)
        return self._told(
            "wrong_period", rule, person, instead, stands=here.period or _("mọi kỳ"), should=there.period or _("mọi kỳ")
        )


def _twisted(one: Difference) -> str:
    if one.stands == -one.should:
        return "wrong_sign"
    return "doubled" if abs(one.stands) > abs(one.should) else "lost"


def _differ_in_one(one: Difference, other: Difference) -> bool:
    """Of unit, day and period; measure, completion and sign are the same."""
    here, there = one.key, other.key
    if (here.measure, here.completion_id, one.stands) != (there.measure, there.completion_id, other.should):
        return False
    return sum((here.unit_id != there.unit_id, here.day != there.day, here.period != there.period)) == 1


def _unfounded(human: Human, record: int, one: Difference) -> str:
    if record != human.id:
        return "alias"
    if one.key.measure == "roster":
        return "unfounded"
    named = next((done for done in human.done if done.id == one.key.completion_id), None)
    if named is None:
        return "no_completion"
    return "annulled" if named.is_annulled else "unfounded"


def _lost(human: Human, rule: Rule, one: Difference) -> str:
    """An entry that ends what expired is missing: it goes on counting."""
    if rule.recurrence == "cumulative_valid" and one.should < 0:
        ended = {done.id for done in human.done if done.last < one.key.day}
        if one.key.completion_id in ended and not any(post.last < one.key.day for post in human.posts):
            return "expired"
    return "lost"


def _signed(total: int) -> str:
    return f"{total:+d}".replace("-", "−") if total else "0"
