"""Balances: the figures they give are those the ledger adds up to, whatever happened, on any day and in any order."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from itertools import count
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, func, insert, select, update

from app.core import clock
from app.core.access import UnitClosure, closure_on
from app.core.db import Database, Session
from app.coverage.counting import settling
from app.coverage.counting.amounts import Slice, Sums, VersionSums
from app.coverage.counting.balances import balances_of, month_of, months_of, on_day, steps_of
from app.coverage.counting.ledger import append
from app.coverage.counting.looked_up import sums_alone, sums_with_subtrees
from app.coverage.counting.settling import forget_balances, settle, settle_some
from app.coverage.counting.sums import added_up, sums_of_unborn, units_with_coverage
from app.coverage.counting.timeline import added_up_over, month_ends, sums_over
from app.coverage.indicators.definitions import Definition, counted, definitions
from app.coverage.models import (
    CoverageBalance,
    CoverageBook,
    CoverageEntry,
    CoverageMonth,
    CoverageRollup,
    CoverageUnsettled,
)
from app.coverage.verification import verify
from app.identity.models import UnitVersion
from app.identity.units import unit_queries
from app.identity.units.reorganising import carry_out
from app.identity.units.unit_queries import in_force
from app.identity.units.wishes import Absorb, Close, Create, Draft, Move
from tests import factories

TODAY = date(2026, 11, 21)
FIRST = date(2023, 1, 1)
COLUMNS = ("unit_id", "is_subtree", "indicator_version_id", "day", "roster", "coverage", "output")

days = st.dates(date(2023, 11, 1), date(2025, 2, 28))
steps = st.dictionaries(days, st.builds(Sums, *(st.integers(-3, 3) for _measure in range(3))), max_size=12)


@given(steps, days, st.booleans())
def test_a_balance_is_the_sum_of_its_steps_up_to_a_day(given: dict[date, Sums], day: date, is_annual: bool) -> None:
    kept = balances_of(given, is_annual=is_annual)
    assert balances_of(steps_of(kept, is_annual=is_annual), is_annual=is_annual) == kept
    upto = [step for when, step in given.items() if when <= day]
    this_year = [step for when, step in given.items() if when <= day and (when.year == day.year or not is_annual)]
    should = Sums(
        sum(step.roster for step in upto), sum(step.coverage for step in this_year),
        sum(step.output for step in this_year),
    )  # fmt: skip
    last = max((when for when in kept if when <= day), default=None)
    assert (on_day(kept[last], last, day, is_annual=is_annual) if last else Sums()) == should


@given(steps)
def test_a_month_ends_with_its_last_balance_which_stands_until_the_next(given: dict[date, Sums]) -> None:
    kept = balances_of(given, is_annual=False)
    months = months_of(kept)
    for end in month_ends(date(2023, 10, 1), date(2025, 4, 30)):
        standing = [day for until, day in months.items() if month_of(day) <= end and month_of(end) <= until]
        assert standing == sorted(day for day in kept if day <= end)[-1:]


class Province:
    """The units of the seed, and entries of somebody anywhere on any day: all of them are sums the same way."""

    def __init__(self, database: Database, seed: int) -> None:
        self.database, self.chance = database, Random(seed)
        with database.writing() as db:
            self.person_id = factories.person(db).id
            self.versions = counted(definitions(db))
            self.units = list(db.scalars(select(UnitVersion.unit_id).distinct().order_by(UnitVersion.unit_id)))
            self.root = factories.unit_id(db, "24")
        # Few enough that they meet again and again.
        self.places = self.chance.sample(self.units, 40)
        self.codes = 0

    def day(self) -> date:
        return FIRST + timedelta(days=self.chance.randrange((TODAY - FIRST).days + 20))

    def enter(self, entries: int) -> None:
        with self.database.writing() as db:
            append(db, [self._entry() for _number in range(entries)])

    def _entry(self) -> dict[str, object]:
        definition: Definition = self.chance.choice(self.versions)
        measures = ["roster", "coverage", "output"] if definition.denominator == "roster" else ["output"]
        measure, day = self.chance.choice(measures), self.day()
        return {
            "indicator_version_id": definition.version_id, "measure": measure,
            "period": "" if measure == "roster" else definition.entry_period(str(day.year)),
            "person_id": self.person_id, "unit_id": self.chance.choice(self.places), "completion_id": None, "sign": 1,
            "effective_on": day, "recorded_at": clock.now(), "cause": "thử",
        }  # fmt: skip

    def reorganise(self) -> None:
        with self.database.writing() as db:
            now = [unit.unit_id for unit in unit_queries.children_on(db, self.root, TODAY) if unit.kind == "commune"]
            one, other = self.chance.sample(now, 2)
            self.codes += 1
            draft = Draft(f"T{self.codes}", f"Thôn {self.codes}", "village", "Thôn", one)
            wish = self.chance.choice([Create(draft), Absorb((one,), other), Close(one), Move(one, other)])
            act = carry_out(db, wish, self.chance.choice([TODAY, TODAY - timedelta(days=40)]), "thử", account_id=None)
            self.places += act.wrote["units"]
            self.units += act.wrote["units"]

    def check(self, *, is_kept: bool) -> None:
        """All units, on some days and over the months; `is_kept`: the map is that of the balances."""
        ids = tuple(one.version_id for one in self.versions)
        with self.database.reading() as db:
            for day in (TODAY, date(TODAY.year, 1, 1), date(2024, 12, 31), self.day(), self.day()):
                part = Slice(ids, str(day.year), day)
                known = sums_with_subtrees(db, ids, self.units, [day], TODAY)
                assert (known is not None) == is_kept
                if known is not None:
                    assert plain(known[day]) == plain(added_up(db, part, self.units, TODAY))
                alone = sums_alone(db, ids, self.units, day)
                assert alone is not None
                assert plain(alone) == self.alone(db, day)
            months = month_ends(date(2025, 1, 1), TODAY)
            version = self.chance.choice(ids)
            over = sums_over(db, version, months, self.units, TODAY)
            assert over == added_up_over(db, version, months, self.units, TODAY)

    def alone(self, db: Session, day: date) -> dict[tuple[int, int], Sums]:
        found: dict[tuple[int, int], Sums] = defaultdict(Sums)
        for entry in db.scalars(select(CoverageEntry).where(CoverageEntry.effective_on <= day)):
            if entry.period in ("", str(day.year)):
                found[entry.indicator_version_id, entry.unit_id] += Sums(**{entry.measure: entry.sign})
        return dict(found)


def ending_after(allowed: int, writing: Callable[[], AbstractContextManager[Session]]) -> Callable[[], object]:
    """`writing` for so many transactions; then the process is gone."""
    left = count(allowed, -1)

    def one_more() -> AbstractContextManager[Session]:
        if not next(left):
            raise KeyboardInterrupt
        return writing()

    return one_more


def plain(sums: VersionSums) -> dict[tuple[int, int], Sums]:
    return {(version_id, unit_id): of for version_id, own in sums.items() for unit_id, of in own.items() if of}


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with clock.frozen(datetime(2026, 11, 21, 5, tzinfo=UTC)):
        yield


@pytest.mark.parametrize("seed", range(2))
def test_figures_looked_up_are_those_added_up_whatever_happens(database: Database, seed: int) -> None:
    province = Province(database, seed)
    province.enter(60)
    settle(database)
    province.check(is_kept=True)
    for _round in range(3):
        province.enter(province.chance.randrange(1, 30))
        province.check(is_kept=True)
        if province.chance.random() < 0.5:
            with database.writing() as db:
                settle_some(db)
            province.check(is_kept=True)
        if province.chance.random() < 0.6:
            province.reorganise()
            # Until the balances have followed nobody takes them for those of the new tree.
            province.check(is_kept=False)
            province.enter(5)
        settle(database)
        with database.reading() as db:
            assert db.scalar(select(func.count()).select_from(CoverageUnsettled)) == 0
        province.check(is_kept=True)


def test_a_kill_at_any_step_leaves_nothing_wrong(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each time one transaction further than the last, until it ends."""
    province = Province(database, 9)
    province.enter(50)
    monkeypatch.setattr(settling, "_UNITS", 150)
    real = database.writing
    for allowed in range(1, 40):
        monkeypatch.setattr(database, "writing", ending_after(allowed, real))
        try:
            settle(database)
        except KeyboardInterrupt:
            continue
        finally:
            monkeypatch.setattr(database, "writing", real)
            with database.reading() as db:
                followed = select(CoverageBook.map_number == CoverageBook.tree_number)
                is_made = db.scalar(followed.where(CoverageBook.is_made))
            if is_made:
                province.check(is_kept=True)
            province.enter(3)
        break
    else:
        pytest.fail("never ended")
    province.check(is_kept=True)


def test_entries_written_while_they_are_made_are_counted_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    province = Province(database, 4)
    province.enter(30)
    real = settling._steps_of_units

    def slowly(db: Session, *asked: Sequence[int]) -> object:
        found = real(db, *asked)  # type: ignore[arg-type]
        db.rollback()
        province.enter(2)
        return found

    monkeypatch.setattr(settling, "_steps_of_units", slowly)
    settle(database)
    province.check(is_kept=True)


def test_other_maps_and_what_was_known_are_added_up(database: Database) -> None:
    settle(database)
    with database.reading() as db:
        assert sums_with_subtrees(db, [1], [1], [TODAY], TODAY) is not None
        assert sums_with_subtrees(db, [1], [1], [TODAY], date(2025, 6, 30)) is None


def test_unborn_units_have_what_they_have_by_themselves(database: Database) -> None:
    province = Province(database, 2)
    province.enter(80)
    part = Slice(tuple(one.version_id for one in province.versions), "2026", TODAY)
    with database.reading() as db:
        before = sums_of_unborn(db, part, date(2025, 6, 30))
    assert plain(before)
    settle(database)
    with database.reading() as db:
        assert plain(sums_of_unborn(db, part, date(2025, 6, 30))) == plain(before)


@pytest.mark.parametrize("kinds", [("commune", "department"), ("commune", "village"), ("province", "commune")])
def test_units_with_coverage_are_the_same_either_way(database: Database, kinds: tuple[str, ...]) -> None:
    province = Province(database, 6)
    province.enter(200)
    version = next(one.version_id for one in province.versions if one.code == "BN-MANGLUOI")
    part = Slice((version,), "2026", TODAY)
    with database.reading() as db:
        covered = {unit for (one, unit), sums in province.alone(db, TODAY).items() if one == version and sums.coverage}
        chains = db.execute(
            select(UnitClosure.descendant_id, UnitClosure.ancestor_id)
            .join(UnitVersion, UnitVersion.unit_id == UnitClosure.ancestor_id)
            .where(UnitClosure.descendant_id.in_(covered), closure_on(TODAY), UnitVersion.kind.in_(kinds))
            .where(in_force(TODAY))
            .order_by(UnitClosure.depth.desc())
        )
        # The last one said of a unit is the nearest above it.
        nearest = dict(chains.all())
        assert nearest
        assert units_with_coverage(db, part, kinds, TODAY) == set(nearest.values())
    settle(database)
    with database.reading() as db:
        assert units_with_coverage(db, part, kinds, TODAY) == set(nearest.values())


def test_making_them_anew_changes_nothing(database: Database) -> None:
    province = Province(database, 3)
    province.enter(60)
    settle(database)
    for _round in range(3):
        province.enter(20)
        settle(database)
    tables = [select(*CoverageBalance.__table__.columns), select(*CoverageMonth.__table__.columns)]
    with database.reading() as db:
        before = [set(db.execute(table)) for table in tables]
    with database.writing() as db:
        forget_balances(db)
    settle(database)
    with database.reading() as db:
        assert [set(db.execute(table)) for table in tables] == before


# --- the second reading finds what is wrong ---------------------------------------------------------------------------


def a_member_who_completed(db: Session) -> None:
    holder = factories.person(db)
    factories.post(db, holder, started_on=date(2026, 1, 5))
    factories.completion(db, holder, factories.course(db, "K1", tags=["CDS"]), date(2026, 3, 10))
    db.commit()


def counts(db: Session) -> dict[str, int]:
    db.expire_all()
    return dict(verify(db, "24", TODAY).counts)


def test_sound_balances_are_found_sound(db: Session, database: Database) -> None:
    a_member_who_completed(db)
    settle(database)
    report = verify(db, "24", TODAY)
    assert report.in_order() == []
    assert report.balances > 4


@pytest.mark.parametrize("is_subtree", [False, True])
@pytest.mark.parametrize("how", ["more", "lost", "invented"])
def test_a_wrong_balance_is_found(db: Session, database: Database, how: str, is_subtree: bool) -> None:
    a_member_who_completed(db)
    settle(database)
    row = db.scalars(
        select(CoverageBalance)
        .where(CoverageBalance.is_subtree == is_subtree, CoverageBalance.coverage > 0)
        .order_by(CoverageBalance.unit_id, CoverageBalance.indicator_version_id)
    ).first()
    assert row
    of = (
        CoverageBalance.unit_id == row.unit_id, CoverageBalance.is_subtree == is_subtree,
        CoverageBalance.indicator_version_id == row.indicator_version_id, CoverageBalance.day == row.day,
    )  # fmt: skip
    if how == "more":
        db.execute(update(CoverageBalance).where(*of).values(coverage=CoverageBalance.coverage + 1))
    elif how == "lost":
        db.execute(delete(CoverageBalance).where(*of))
    else:
        values = {name: getattr(row, name) for name in COLUMNS}
        db.execute(insert(CoverageBalance).values(values | {"day": date(2026, 8, 1), "output": row.output + 2}))
    db.commit()
    found = counts(db)
    kind = "balance_subtree" if is_subtree else "balance"
    assert kind in found
    # The month is no longer the same, and figures are those of the months.
    assert found.keys() <= {kind, "balance_month"}


@pytest.mark.parametrize("how", ["more", "lost", "ended"])
def test_a_wrong_balance_of_a_month_is_found(db: Session, database: Database, how: str) -> None:
    a_member_who_completed(db)
    settle(database)
    of = CoverageMonth.is_subtree, CoverageMonth.coverage > 0
    change = {"coverage": CoverageMonth.coverage + 1} if how == "more" else {"until": CoverageMonth.day}
    statement = delete(CoverageMonth) if how == "lost" else update(CoverageMonth).values(change)
    db.execute(statement.where(*of))
    db.commit()
    assert {"balance_month"} <= counts(db).keys() <= {"balance_month", "figure"}


def test_an_entry_the_balances_never_heard_of_is_found(db: Session, database: Database) -> None:
    a_member_who_completed(db)
    settle(database)
    assert counts(db) == {}
    holder = factories.person(db)
    factories.post(db, holder, started_on=date(2026, 1, 5))
    db.execute(delete(CoverageUnsettled))
    db.commit()
    assert {"balance", "balance_subtree"} <= counts(db).keys()
    assert db.scalars(select(CoverageRollup)).first()
