"""What pages show for the province and every unit under it, against sums of what was reckoned (DESIGN 5, Maps)."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from app.coverage.verify.facts import Rule
from app.coverage.verify.findings import Finding, Report
from app.coverage.verify.lineage import Lineage
from app.coverage.verify.reckoning import Key, Scopes


@dataclass(frozen=True)
class Shown:
    """One line of a page. None: the page shows no such count. `is_rest`: what sits at the unit asked for itself."""

    unit_id: int
    roster: int | None
    coverage: int | None
    output: int
    is_rest: bool = False


# Indicator and day -> the province's own line, then the units under it; lines that stand for a group are left out.
Ask = Callable[[str, date], Sequence[Shown]]


class Totals:
    """People by version, measure and own unit on the reference date, added up while everybody is gone through."""

    def __init__(self, rules: Iterable[Rule], on: date) -> None:
        begun = sorted(
            (rule for rule in rules if rule.first_year <= on.year), key=lambda one: (one.first_year, one.number)
        )
        newest = {rule.indicator: rule for rule in begun}
        self.rules = [rule for rule in newest.values() if rule.covers(on.year)]
        self.on = on
        self._counted: dict[int, Counter[tuple[str, int]]] = {rule.id: Counter() for rule in self.rules}

    def add(self, version_id: int, book: Counter[Key]) -> None:
        if version_id not in self._counted:
            return
        for key, total in book.items():
            if key.day <= self.on and key.period in ("", str(self.on.year)):
                self._counted[version_id][key.measure, key.unit_id] += total

    def compare(self, lineage: Lineage, scopes: Scopes, ask: Ask, report: Report) -> None:
        for rule in self.rules:
            should = self.on_tree(rule, lineage, scopes, self.on)
            lines = ask(rule.indicator, self.on)
            report.figures += len(lines)
            report.add(self._differing(rule, lineage, lines, should))

    def on_tree(self, rule: Rule, lineage: Lineage, scopes: Scopes, map_on: date) -> Counter[tuple[str, int]]:
        """(measure, unit) -> its own people and those of all units under it on the tree of a day; units instead of
        people where units are what is counted, but for output."""
        totals: Counter[tuple[str, int]] = Counter()
        own = self._counted[rule.id]
        for (measure, unit_id), people in own.items():
            if rule.measure == "people" or measure == "output":
                for above in lineage.chain_on(unit_id, map_on).chain:
                    totals[measure, above] += people
        if rule.measure == "units":
            members = _units_in_scope(rule, lineage, scopes, map_on)
            covered = {unit_id for (measure, unit_id), people in own.items() if measure == "coverage" and people > 0}
            reached = {_nearest(rule, lineage, unit_id, map_on) for unit_id in covered}
            for measure, units in (("roster", members), ("coverage", members & reached)):
                for member in units:
                    for above in lineage.chain_on(member, map_on).chain:
                        totals[measure, above] += 1
        return totals

    def _differing(
        self, rule: Rule, lineage: Lineage, lines: Sequence[Shown], should: Counter[tuple[str, int]]
    ) -> Iterator[Finding]:
        for line in lines:
            for measure in ("roster", "coverage", "output"):
                stands = getattr(line, measure)
                wanted = should[measure, line.unit_id]
                if line.is_rest:
                    parts = [one for one in lines[1:] if not one.is_rest]
                    wanted -= sum(should[measure, one.unit_id] for one in parts)
                if stands is not None and stands != wanted:
                    code, name = lineage.called(line.unit_id, self.on)
                    yield Finding(
                        "figure", str(stands), str(wanted), rule.indicator, rule.number, measure, str(self.on.year),
                        "", code, name, self.on,
                    )  # fmt: skip


def _units_in_scope(rule: Rule, lineage: Lineage, scopes: Scopes, on: date) -> set[int]:
    return {
        unit_id
        for unit_id in lineage.lives
        if (version := lineage.version_on(unit_id, on)) and version.kind in rule.unit_kinds
        and scopes.holds(unit_id, rule.province, on)
    }  # fmt: skip


def _nearest(rule: Rule, lineage: Lineage, unit_id: int, on: date) -> int | None:
    """A member counts for the nearest unit above, itself included, that is of a kind that is counted (reading 5)."""
    place = lineage.chain_on(unit_id, on)
    if place.carried == "before":
        return None
    return next(
        (
            above
            for above in place.chain
            if (version := lineage.version_on(above, on)) and version.kind in rule.unit_kinds
        ),
        None,
    )
