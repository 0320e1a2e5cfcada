"""Keeps the balances: makes them from the ledger, lets them follow the unit tree, and moves new entries into them.

Each step is a transaction of its own after which the balances are what this table says, so a kill costs one step:

* a unit by itself: its entries, but for those that CoverageUnsettled still holds;
* a subtree: the sum of the units CoveragePlace puts under it.

Pages add what is not moved yet (looked_up.py), so they are never behind.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date

from sqlalchemy import case, delete, func, insert, select, text, update
from sqlalchemy.orm import Session

from app.core import clock
from app.core.access import UnitClosure, closure_on
from app.core.db import Database
from app.coverage.counting.amounts import Sums
from app.coverage.counting.balances import (
    Account,
    Steps,
    add_new,
    annual_versions,
    balances_of,
    forget_units,
    move,
    steps_of,
)
from app.coverage.models import (
    CoverageBalance,
    CoverageBook,
    CoverageEntry,
    CoveragePlace,
    CoverageRollup,
    CoverageUnsettled,
    IndicatorVersion,
)
from app.identity.models import Unit

_MEASURES = ("roster", "coverage", "output")
# So much at a time that on SQLite, where writers take turns, nobody waits for a second.
_ROWS, _UNITS, _PLACES = 1000, 50, 100
_FOR_EVER = date(9999, 12, 31)

# Ancestor and descendant.
_Place = tuple[int, int]


def settle(database: Database) -> int:
    """Bring the balances up to the ledger and to the unit tree of today; returns how many rows waited.

    Can be killed and begun again at any point; several at once take turns.
    """
    with database.alone("coverage.settle"):
        _make(database)
        _follow_tree(database)
        moved = 0
        while some := _in_one(database, settle_some):
            moved += some
        return moved


def forget_balances(db: Session) -> None:
    """For whoever wrote entries in bulk or no longer trusts the balances: the next `settle` makes them anew."""
    _book(db)
    db.execute(
        update(CoverageBook).values(
            entry_id=None, unit_id_done=0, is_made=False, map_number=0, tree_number=CoverageBook.tree_number + 1
        )
    )


def note_tree_change(db: Session) -> None:
    """The unit tree changes with this transaction: subtrees are added up until `settle` has followed."""
    db.execute(update(CoverageBook).values(tree_number=CoverageBook.tree_number + 1))


def settle_some(db: Session) -> int:
    """Move the oldest unsettled rows into the balances, all in the caller's transaction; how many there were."""
    book = db.get(CoverageBook, 1)
    if book is None or not book.is_made:
        return 0
    oldest = select(CoverageUnsettled.id).order_by(CoverageUnsettled.id).limit(_ROWS)
    rows = db.execute(
        delete(CoverageUnsettled)
        .where(CoverageUnsettled.id.in_(oldest))
        .returning(
            CoverageUnsettled.unit_id, CoverageUnsettled.indicator_version_id, CoverageUnsettled.day,
            CoverageUnsettled.roster, CoverageUnsettled.coverage, CoverageUnsettled.output,
        )
    ).all()  # fmt: skip
    above: dict[int, list[int]] = defaultdict(list)
    under = CoveragePlace.descendant_id.in_({row.unit_id for row in rows})
    for ancestor_id, unit_id in db.execute(select(CoveragePlace.ancestor_id, CoveragePlace.descendant_id).where(under)):
        above[unit_id].append(ancestor_id)
    added: dict[Account, dict[date, Sums]] = defaultdict(lambda: defaultdict(Sums))
    for unit_id, version_id, day, *measures in rows:
        added[Account(unit_id, False, version_id)][day] += Sums(*measures)
        for ancestor_id in above[unit_id]:
            added[Account(ancestor_id, True, version_id)][day] += Sums(*measures)
    move(db, added)
    return len(rows)


# --- from the ledger ----------------------------------------------------------------------------------------------


def _make(database: Database) -> None:
    """Each unit by itself, some at a time. The ledger is only appended to, so up to an entry it stays as it is."""
    with database.writing() as db:
        book = _book(db)
        if book.is_made:
            return
        if book.entry_id is None:
            _begin(db, book)
        through = book.entry_id
    with database.reading() as db:
        versions = list(db.scalars(select(IndicatorVersion.id)))
        periods = list(db.scalars(select(CoverageRollup.period).distinct()))
        done = db.get_one(CoverageBook, 1).unit_id_done
        unit_ids = list(db.scalars(select(Unit.id).where(Unit.id > done).order_by(Unit.id)))
        annual = annual_versions(db)
    for at in range(0, len(unit_ids), _UNITS):
        some = unit_ids[at : at + _UNITS]
        with database.reading() as db:
            found = _steps_of_units(db, some, versions, periods, through or 0)
        with database.writing() as db:
            forget_units(db, some)
            add_new(
                db,
                {
                    account: balances_of(steps, is_annual=account.version_id in annual)
                    for account, steps in found.items()
                },
            )
            _book(db).unit_id_done = some[-1]
    with database.writing() as db:
        book = _book(db)
        db.execute(delete(CoverageUnsettled).where(CoverageUnsettled.id <= book.unsettled_id))
        book.is_made = True


def _begin(db: Session, book: CoverageBook) -> None:
    if db.get_bind().dialect.name == "postgresql":
        # Whoever is writing entries ends first: no smaller number can appear after this.
        db.execute(text("LOCK TABLE coverage_entry IN SHARE MODE"))
    book.entry_id = db.scalar(select(func.max(CoverageEntry.id))) or 0
    book.unsettled_id = db.scalar(select(func.max(CoverageUnsettled.id))) or 0
    db.execute(delete(CoveragePlace))


def _steps_of_units(
    db: Session, unit_ids: Sequence[int], versions: Sequence[int], periods: Sequence[str], through: int
) -> dict[Account, dict[date, Sums]]:
    about = CoverageEntry.unit_id, CoverageEntry.indicator_version_id, CoverageEntry.effective_on
    measures = (
        func.sum(case((CoverageEntry.measure == name, CoverageEntry.sign), else_=0)) for name in _MEASURES
    )  # fmt: skip
    found: dict[Account, dict[date, Sums]] = defaultdict(dict)
    rows = db.connection().execute(
        select(*about, *measures)
        # Naming all versions, measures and periods lets the database use its index to the end.
        .where(CoverageEntry.indicator_version_id.in_(versions), CoverageEntry.measure.in_(_MEASURES))
        .where(CoverageEntry.period.in_(periods), CoverageEntry.unit_id.in_(unit_ids), CoverageEntry.id <= through)
        .group_by(*about)
    )
    for unit_id, version_id, day, *sums in rows:
        found[Account(unit_id, False, version_id)][day] = Sums(*map(int, sums))
    return found


# --- along the unit tree ------------------------------------------------------------------------------------------


def _follow_tree(database: Database) -> None:
    """Until each subtree holds what counts under it today: what came under it is added, what left it is taken away."""
    today = clock.today()
    while True:
        with database.writing() as db:
            book = _book(db)
            number = book.tree_number
            if book.map_number == number and book.map_from and book.map_to and book.map_from <= today < book.map_to:
                return
            book.map_number = 0
        with database.reading() as db:
            first, end = _days_like(db, today)
            wanted, kept = _places_on(db, today), _places(db)
        changed = sorted({unit_id for _above, unit_id in wanted ^ kept})
        for at in range(0, len(changed), _PLACES):
            some = set(changed[at : at + _PLACES])
            with database.writing() as db:
                _replace(db, [p for p in wanted - kept if p[1] in some], [p for p in kept - wanted if p[1] in some])
        with database.writing() as db:
            # Unless the tree changed meanwhile.
            db.execute(
                update(CoverageBook)
                .where(CoverageBook.tree_number == number, CoverageBook.is_made)
                .values(map_number=number, map_from=first, map_to=end)
            )


def _replace(db: Session, come: Sequence[_Place], gone: Sequence[_Place]) -> None:
    """Put what these units have by themselves under others than before."""
    annual = annual_versions(db)
    ways: dict[int, list[tuple[int, bool]]] = defaultdict(list)
    for places, is_new in ((come, True), (gone, False)):
        for ancestor_id, unit_id in places:
            ways[unit_id].append((ancestor_id, is_new))
    added: dict[Account, dict[date, Sums]] = defaultdict(lambda: defaultdict(Sums))
    for account, steps in _own_steps(db, ways, annual).items():
        for ancestor_id, is_new in ways[account.unit_id]:
            sums = added[Account(ancestor_id, True, account.version_id)]
            for day, step in steps.items():
                sums[day] = sums[day] + step if is_new else sums[day] - step
    move(db, added)
    for ancestor_id, unit_id in gone:
        db.execute(
            delete(CoveragePlace).where(
                CoveragePlace.ancestor_id == ancestor_id, CoveragePlace.descendant_id == unit_id
            )
        )
    if come:
        db.execute(insert(CoveragePlace), [{"ancestor_id": above, "descendant_id": below} for above, below in come])


def _own_steps(db: Session, unit_ids: Iterable[int], annual: frozenset[int]) -> dict[Account, Steps]:
    kept: dict[Account, dict[date, Sums]] = defaultdict(dict)
    columns = (
        CoverageBalance.unit_id, CoverageBalance.indicator_version_id, CoverageBalance.day,
        CoverageBalance.roster, CoverageBalance.coverage, CoverageBalance.output,
    )  # fmt: skip
    own = CoverageBalance.unit_id.in_(list(unit_ids)), CoverageBalance.is_subtree.is_(False)
    for unit_id, version_id, day, *measures in db.connection().execute(select(*columns).where(*own)):
        kept[Account(unit_id, False, version_id)][day] = Sums(*measures)
    return {account: steps_of(of, is_annual=account.version_id in annual) for account, of in kept.items()}


def _places(db: Session) -> set[_Place]:
    kept = db.execute(select(CoveragePlace.ancestor_id, CoveragePlace.descendant_id))
    return {(above, below) for above, below in kept}


def _places_on(db: Session, day: date) -> set[_Place]:
    """What counts under units that have others under them; a unit alone is its own balance."""
    pairs = [
        (above, below)
        for above, below in db.execute(
            select(UnitClosure.ancestor_id, UnitClosure.descendant_id).where(closure_on(day))
        )
    ]
    with_others = {above for above, below in pairs if above != below}
    return {(above, below) for above, below in pairs if above in with_others}


def _days_like(db: Session, day: date) -> tuple[date, date]:
    """From the last change of the tree up to a day until before the next one."""
    first, end = date.min, _FOR_EVER
    for column in (UnitClosure.valid_from, UnitClosure.valid_to):
        before = db.scalar(select(func.max(column)).where(column <= day))
        after = db.scalar(select(func.min(column)).where(column > day))
        first, end = max(first, before or first), min(end, after or end)
    return first, end


def _book(db: Session) -> CoverageBook:
    book = db.get(CoverageBook, 1, with_for_update=True)
    if book is None:
        book = CoverageBook(id=1)
        db.add(book)
        db.flush()
    return book


def _in_one(database: Database, step: Callable[[Session], int]) -> int:
    with database.writing() as db:
        return step(db)
