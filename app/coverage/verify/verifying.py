"""Go through everybody once, then through the sums, the tree and the figures; only reads."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.errors import NotFound
from app.core.i18n import lazy as _
from app.coverage.verify import against_balances, against_sums, facts
from app.coverage.verify.against_figures import Ask, Totals
from app.coverage.verify.against_ledger import Naming, differing, standing
from app.coverage.verify.findings import Report
from app.coverage.verify.reckoning import Scopes, reckon
from app.identity.models import Person


def verify(
    db: Session,
    province_code: str,
    ask: Ask,
    on: date,
    *,
    indicator: str | None = None,
    refs: Sequence[str] = (),
    tell: Callable[[int], None] = lambda _people: None,
) -> Report:
    """Everything of every indicator, or of one; with `refs` only the entries of these people, under whichever record.

    `ask` answers as the pages do, on the day `on`. `tell` hears how many people were gone through. Memory grows with
    units, not with people. Raises NotFound for an indicator that counts nothing or a person who is not there.
    """
    rules = facts.rules(db, indicator)
    if not rules:
        raise NotFound(_("Không có chỉ tiêu %(code)s, hoặc chỉ tiêu ấy không đếm gì của nền tảng."), code=indicator)
    lineage, shown, report = facts.lineage(db), facts.shown_as(db), Report()
    only = _people(db, refs, shown) if refs else None
    if only is None:
        against_sums.closure(db, lineage, report)
        report.add(against_sums.merged_records(db, shown))
        if report.counts["closure_broken"]:
            # Nothing can be counted on a tree that turns in a circle.
            return report
    scopes, totals, naming = Scopes(lineage, province_code), Totals(rules, on), Naming(db, lineage)
    for some in facts.humans(db, shown, only):
        records = [record for human in some for record in (human.id, *human.aliases)]
        held = standing(db, records, [rule.id for rule in rules])
        for human in some:
            wanted = reckon(human, rules, scopes)
            for version_id, book in wanted.items():
                totals.add(version_id, book)
            for record in (human.id, *human.aliases):
                mine = wanted if record == human.id else {}
                books = held.get(record, {})
                if books == mine:
                    continue
                for rule in rules:
                    found = differing(Counter(books.get(rule.id, {})), Counter(mine.get(rule.id, {})))
                    report.add(naming.findings(human, rule, record, found))
        report.people += len(some)
        tell(report.people)
    if only is None:
        for rule in rules:
            against_sums.rollups(db, rule, lineage, report)
            against_balances.balances(db, rule, lineage, report)
        totals.compare(lineage, scopes, ask, report)
    return report


def _people(db: Session, refs: Sequence[str], shown: dict[int, int]) -> set[int]:
    known = dict(db.execute(select(Person.ref, Person.id).where(Person.ref.in_(refs))).all())
    if unknown := [ref for ref in refs if ref not in known]:
        raise NotFound(_("Không có người mang mã %(ref)s."), ref=unknown[0])
    return {shown.get(one, one) for one in known.values()}
