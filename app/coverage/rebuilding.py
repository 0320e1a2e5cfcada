"""Comparing the whole ledger with the facts and mending it: every night, on command, and when units or rules changed.

At night and on command there must be nothing to mend; what there was is kept (LedgerComparison) and told to operators.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date

from sqlalchemy import func, select, union
from sqlalchemy.orm import Session

from app.core import clock
from app.core.db import Database
from app.core.i18n import lazy
from app.core.templating import format_number
from app.coverage.counting.amounts import Slice, Sums
from app.coverage.counting.balances import months_unlike
from app.coverage.counting.figures import REBUILDING
from app.coverage.counting.ledger import reconcile
from app.coverage.counting.looked_up import sums_with_subtrees
from app.coverage.counting.settling import forget_balances, settle
from app.coverage.counting.sums import added_up
from app.coverage.indicators.definitions import counted, definitions
from app.coverage.models import CoverageEntry, IndicatorVersion
from app.coverage.verify.models import LedgerComparison
from app.identity.models import Account, Affiliation, RoleGrant, Unit
from app.identity.policy import granting
from app.learning.models import Completion
from app.notices.service import notify

_CHUNK = 500
_DIFFERED = lazy(
    "Đối chiếu chỉ tiêu thấy sổ lệch với dữ kiện ở %(people)s người và đã ghi bù %(entries)s bút toán. "
    "Hãy tìm nguyên nhân."
)
_BALANCES_DIFFERED = lazy(
    "Đối chiếu chỉ tiêu thấy %(count)s số dư lệch với bảng cộng dồn và đã lập lại mọi số dư. Hãy tìm nguyên nhân."
)


def compare_everybody(
    database: Database, cause: str, tell: Callable[[int, int], None] = lambda _done, _all: None
) -> LedgerComparison:
    """Person by person, some hundred in a transaction; `tell` hears how many of how many, between transactions.

    `cause` as in LedgerComparison. Operators get a notice if anything differed that should not have. At night it ends
    where units or rules changed: what differs from then on is no fault, and the rebuild goes through everybody anyway.
    """
    began_at = clock.now()
    compared, differing, entries = 0, 0, Counter[int]()
    with database.reading() as db:
        everybody = people_with_figures(db)
    for start in range(0, len(everybody), _CHUNK):
        chunk = everybody[start : start + _CHUNK]
        with database.writing() as db:
            step = reconcile(db, chunk, "rebuild")
            # Asked after the facts were read: who changes the rules asks for a rebuild in the same transaction.
            if cause == "nightly" and db.scalar(select(REBUILDING)):
                db.rollback()
                break
        compared += len(chunk)
        differing += step.people
        entries.update(step.by_version)
        tell(compared, len(everybody))
    balances = _compare_balances(database) if compared == len(everybody) else 0
    with database.writing() as db:
        codes = dict(db.execute(select(IndicatorVersion.id, IndicatorVersion.indicator_code)).all())
        by_code = Counter[str]()
        for version_id, count in entries.items():
            by_code[codes[version_id]] += count
        done = LedgerComparison(
            cause=cause, began_at=began_at, ended_at=clock.now(), people_count=compared,
            differing_count=differing, entry_counts=dict(sorted(by_code.items())),
            balance_count=balances,
        )  # fmt: skip
        db.add(done)
        db.flush()
        if done.entry_count and cause != "change":
            _tell_operators(db, done)
        if done.balance_count:
            _tell_of_balances(db, done)
    return done


def _compare_balances(database: Database) -> int:
    """How many of the balances at the end of this year differ from what the roll-ups add up to, or from the row of
    their month; if any, all are made anew. `coverage verify` looks at every day of each."""
    settle(database)
    day = date(clock.today().year, 12, 31)
    with database.reading() as db:
        versions = tuple(one.version_id for one in counted(definitions(db)))
        unit_ids = list(db.scalars(select(Unit.id)))
        kept = sums_with_subtrees(db, versions, unit_ids, [day], clock.today())
        if kept is None:
            # The tree changed this very moment.
            return 0
        unlike = months_unlike(db)
        should = added_up(db, Slice(versions, str(day.year), day), unit_ids, clock.today())
    nothing = Sums()
    differing = unlike + sum(
        kept[day][version_id].get(unit_id, nothing) != should[version_id].get(unit_id, nothing)
        for version_id in versions
        for unit_id in unit_ids
    )
    if differing:
        with database.writing() as db:
            forget_balances(db)
        settle(database)
    return differing


def people_with_figures(db: Session) -> list[int]:
    """Everybody who has a post, a completion or an entry."""
    ids = union(select(Affiliation.person_id), select(Completion.person_id), select(CoverageEntry.person_id)).subquery()
    return list(db.scalars(select(ids.c.person_id).group_by(ids.c.person_id).order_by(func.min(ids.c.person_id))))


def _tell_of_balances(db: Session, done: LedgerComparison) -> None:
    notify(
        db, _operators(db), category="work", key=f"coverage.balances:{done.id}", sentence=_BALANCES_DIFFERED,
        url="/admin", count=format_number(done.balance_count),
    )  # fmt: skip


def _operators(db: Session) -> Sequence[int]:
    return db.scalars(
        select(Account.person_id)
        .join(RoleGrant, RoleGrant.account_id == Account.id)
        .where(granting("jobs.view"), Account.disabled_at.is_(None))
        .distinct()
    ).all()


def _tell_operators(db: Session, done: LedgerComparison) -> None:
    notify(
        db, _operators(db), category="work", key=f"coverage.compare:{done.id}", sentence=_DIFFERED, url="/admin",
        people=format_number(done.differing_count), entries=format_number(done.entry_count),
    )  # fmt: skip
