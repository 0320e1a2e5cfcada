"""`coverage verify`: sound where nothing was touched, and every kind of corruption found and called by its name."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.orm import Session

from app.core import clock
from app.core.access import UnitClosure
from app.core.db import Base, Database
from app.core.errors import NotFound
from app.coverage.counting.ledger import reconcile
from app.coverage.models import CoverageEntry, CoverageRollup, Indicator, IndicatorVersion
from app.coverage.verification import verify
from app.coverage.verify import verifying
from app.coverage.verify.against_figures import Shown
from app.coverage.verify.findings import Report
from app.identity.models import MergedRecord, Person
from app.identity.people import merging, people
from app.identity.sign_in.accounts import actor_of
from app.learning import completions
from app.learning.models import Completion, CompletionAnnulment, CompletionPost
from tests import factories

TODAY = date(2026, 11, 21)
BAC_GIANG, DA_MAI = "07210", "07228"
# What a wrong entry drags along: its sum, and what pages show of it.
_FOLLOWS = {"rollup", "rollup_half_month", "figure"}


@dataclass
class World:
    """A few people with all that can happen to a figure; the triggers are out of the way."""

    db: Session
    people: dict[str, Person]
    done: dict[str, Completion]
    versions: dict[str, int]

    def entry(self, name: str, measure: str = "coverage", sign: int = 1, indicator: str = "BG-CBCC") -> CoverageEntry:
        """The first such entry of somebody."""
        return self.db.scalars(
            select(CoverageEntry)
            .where(
                CoverageEntry.person_id == self.people[name].id, CoverageEntry.measure == measure,
                CoverageEntry.sign == sign, CoverageEntry.indicator_version_id == self.versions[indicator],
            )
            .order_by(CoverageEntry.effective_on)
            .limit(1)
        ).one()  # fmt: skip

    def change(self, entry: CoverageEntry, **values: object) -> None:
        self.db.execute(update(CoverageEntry).where(CoverageEntry.id == entry.id).values(**values))

    def copy(self, entry: CoverageEntry, **values: object) -> None:
        table = Base.metadata.tables["coverage_entry"]
        row = {column.name: getattr(entry, column.name) for column in table.c if column.name != "id"}
        self.db.execute(insert(table), [row | values])

    def rollup(self, unit: str) -> CoverageRollup:
        """Of coverage of BG-CBCC in 2026."""
        return self.db.scalars(
            select(CoverageRollup)
            .where(
                CoverageRollup.indicator_version_id == self.versions["BG-CBCC"], CoverageRollup.measure == "coverage",
                CoverageRollup.unit_id == factories.unit_id(self.db, unit),
            )
            .order_by(CoverageRollup.half_month)
            .limit(1)
        ).one()  # fmt: skip


@pytest.fixture
def world(db: Session, database: Database) -> World:
    with clock.frozen(datetime(2026, 11, 21, 5, tzinfo=UTC)):
        versions = {"THU-HAN": _indicator_while_valid(db)}
        for one in db.scalars(select(IndicatorVersion).where(IndicatorVersion.indicator_code.in_(("BG-CBCC",)))):
            versions[one.indicator_code] = one.id
        course = factories.course(db, "K1", tags=["CDS"])
        who = {name: factories.person(db, name) for name in ("An", "Bình", "Chi", "Dũng", "Én", "Hà", "Hà cũ")}
        first = factories.post(db, who["An"], BAC_GIANG, started_on=date(2026, 1, 5))
        people.end_affiliation(db, first, date(2026, 6, 30))
        factories.post(db, who["An"], DA_MAI, started_on=date(2026, 7, 1))
        for name, unit in (
            ("Bình", BAC_GIANG),
            ("Chi", DA_MAI),
            ("Dũng", DA_MAI),
            ("Én", BAC_GIANG),
            ("Hà", BAC_GIANG),
        ):
            factories.post(db, who[name], unit, started_on=date(2026, 1, 5))
        days = {"An": (3, 10), "Chi": (5, 20), "Dũng": (9, 15), "Hà": (4, 2), "Hà cũ": (2, 2)}
        done = {name: factories.completion(db, who[name], course, date(2026, *day)) for name, day in days.items()}
        completions.annul_completion(db, done["Chi"], None, "ghi nhầm", fraud=False)
        done["Én"] = _expired(db, who["Én"], done["An"])
        admin = actor_of(db, factories.account(db, role="province_admin").id)
        assert admin
        merging.merge(db, admin, merging.Pair(who["Hà"], who["Hà cũ"]), (), "một người")
        db.flush()
    _drop_triggers(db, database)
    return World(db, who, done, versions)


def _indicator_while_valid(db: Session) -> int:
    db.add(Indicator(code="THU-HAN", position=99, plan="Thử", title="Thử", name="Thử", source_section="Thử"))
    db.flush()
    version = IndicatorVersion(
        indicator_code="THU-HAN", number=1, measure="people", audiences=["CBCC"], unit_kinds=[],
        former_province_code=None, recurrence="cumulative_valid", denominator="roster", population_code=None,
        figure_source="computed", is_partial=False, counts={"tags": ["CDS"], "how": ["online"]},
        target_unit="percent", targets=[], valid_from_year=2024, valid_to_year=None, recorded_at=clock.now(),
    )  # fmt: skip
    db.add(version)
    db.flush()
    return version.id


def _expired(db: Session, holder: Person, like: Completion) -> Completion:
    """Completed on 1 February, counts until 31 August."""
    [post] = holder.affiliations
    done = Completion(
        person_id=holder.id, course_id=like.course_id, course_version_id=like.course_version_id, how="online",
        completed_on=date(2026, 2, 1), valid_until=date(2026, 8, 31), recorded_at=clock.now(), hours=1,
    )  # fmt: skip
    db.add(done)
    db.flush()
    db.add(
        CompletionPost(
            completion_id=done.id, affiliation_id=post.id, unit_id=post.unit_id, title="", is_primary=True,
            started_on=post.started_on, audiences=["CBCC"],
        )
    )  # fmt: skip
    db.flush()
    reconcile(db, [holder.id], "completion")
    return done


def _drop_triggers(db: Session, database: Database) -> None:
    for table in ("coverage_entry", "completion"):
        if database.is_sqlite:
            for verb in ("update", "delete"):
                db.execute(text(f"DROP TRIGGER {table}_refuses_{verb}"))
        else:
            db.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))


def examined(db: Session, **more: object) -> Report:
    db.flush()
    db.expire_all()
    return verify(db, "24", TODAY, **more)  # type: ignore[arg-type]


def lose_an_entry(world: World) -> None:
    world.db.execute(delete(CoverageEntry).where(CoverageEntry.id == world.entry("Dũng").id))


def double_an_entry(world: World) -> None:
    world.copy(world.entry("Dũng"))


def turn_a_sign(world: World) -> None:
    world.change(world.entry("Dũng"), sign=-1)


def move_to_another_unit(world: World) -> None:
    world.change(world.entry("Dũng"), unit_id=factories.unit_id(world.db, BAC_GIANG))


def move_to_another_day(world: World) -> None:
    world.change(world.entry("Dũng"), effective_on=date(2026, 9, 16))


def move_to_another_period(world: World) -> None:
    world.change(world.entry("Dũng"), period="2025")


def count_who_never_completed(world: World) -> None:
    world.copy(world.entry("Dũng"), person_id=world.people["Bình"].id, unit_id=factories.unit_id(world.db, BAC_GIANG))


def count_a_member_of_nothing(world: World) -> None:
    world.copy(world.entry("Bình", "roster"), unit_id=factories.unit_id(world.db, DA_MAI))


def annul_behind_the_ledger(world: World) -> None:
    world.db.execute(
        insert(CompletionAnnulment).values(
            completion_id=world.done["Dũng"].id, annulled_at=clock.now(), account_id=None, reason="sau lưng"
        )
    )


def forget_that_it_expired(world: World) -> None:
    ended = world.entry("Én", sign=-1, indicator="THU-HAN")
    world.db.execute(delete(CoverageEntry).where(CoverageEntry.id == ended.id))


def count_both_records(world: World) -> None:
    world.copy(world.entry("Hà"), person_id=world.people["Hà cũ"].id)


def show_as_somebody_else(world: World) -> None:
    other = world.people["Bình"].id
    world.db.execute(
        update(MergedRecord).where(MergedRecord.person_id == world.people["Hà cũ"].id).values(holder_id=other)
    )


def miscount_a_sum(world: World) -> None:
    world.db.execute(
        update(CoverageRollup)
        .where(CoverageRollup.id == world.rollup(DA_MAI).id)
        .values(total=CoverageRollup.total + 1)
    )


def put_a_sum_into_another_half_month(world: World) -> None:
    world.db.execute(
        update(CoverageRollup)
        .where(CoverageRollup.id == world.rollup(BAC_GIANG).id)
        .values(half_month=date(2026, 10, 15))
    )


def _place(world: World, unit: str, above: str) -> UnitClosure:
    units = {code: factories.unit_id(world.db, code) for code in (unit, above)}
    return world.db.scalars(
        select(UnitClosure).where(
            UnitClosure.descendant_id == units[unit], UnitClosure.ancestor_id == units[above],
            UnitClosure.valid_to.is_(None),
        )
    ).one()  # fmt: skip


def lose_a_place_in_the_tree(world: World) -> None:
    world.db.delete(_place(world, "07228", "24"))


def count_a_unit_under_two(world: World) -> None:
    place = _place(world, "07228", "24")
    world.db.add(
        UnitClosure(
            ancestor_id=factories.unit_id(world.db, BAC_GIANG), descendant_id=place.descendant_id, depth=1, carried="",
            valid_from=date(2026, 1, 1), valid_to=None,
        )
    )  # fmt: skip


# What was done -> the kind it is found as, whom and what the sentence names (a key of World.people, or words).
SEEDED: list[tuple[Callable[[World], None], str, tuple[str, ...]]] = [
    (lose_an_entry, "lost", ("Dũng", "07228 Phường Đa Mai", "15/09/2026", "đang là 0, phải là +1")),
    (double_an_entry, "doubled", ("Dũng", "07228", "đang là +2, phải là +1")),
    (turn_a_sign, "wrong_sign", ("Dũng", "đang là −1, phải là +1")),
    (move_to_another_unit, "wrong_unit", ("Dũng", "là 07210 Phường Bắc Giang, phải là 07228 Phường Đa Mai")),
    (move_to_another_day, "wrong_day", ("Dũng", "đang là 16/09/2026, phải là 15/09/2026")),
    (move_to_another_period, "wrong_period", ("Dũng", "đang là 2025, phải là 2026")),
    (count_who_never_completed, "no_completion", ("Bình", "07210", "đang là +1, phải là 0")),
    (count_a_member_of_nothing, "unfounded", ("Bình", "danh sách", "07228", "đang là +1, phải là 0")),
    (annul_behind_the_ledger, "annulled", ("Dũng", "07228", "đang là +1, phải là 0")),
    (forget_that_it_expired, "expired", ("Én", "THU-HAN", "01/09/2026", "đang là 0, phải là −1")),
    (count_both_records, "alias", ("Hà cũ", "07210", "đang là +1, phải là 0")),
    (show_as_somebody_else, "merged", ("Hà cũ", "Bình", "Hà")),
    (miscount_a_sum, "rollup", ("BG-CBCC", "07228", "15/05/2026", "đang là 1, phải là 0")),
    (put_a_sum_into_another_half_month, "rollup_half_month", ("BG-CBCC", "07210", "15/10/2026")),
    (lose_a_place_in_the_tree, "closure_missing", ("07228", "đang là không, phải là thuộc 24 Tỉnh Bắc Ninh")),
    (count_a_unit_under_two, "closure_extra", ("07228", "07210 Phường Bắc Giang", "01/01/2026")),
]


def test_what_nobody_touched_is_sound(world: World) -> None:
    report = examined(world.db)
    assert report.in_order() == []
    assert report.people == len(world.people), "both records of Hà are one, and there is an administrator"
    assert report.entries
    assert report.rollups
    assert report.figures > 1000


@pytest.mark.parametrize(("corrupt", "kind", "words"), SEEDED, ids=[one[0].__name__ for one in SEEDED])
def test_a_corruption_is_found_and_named(
    world: World, corrupt: Callable[[World], None], kind: str, words: tuple[str, ...]
) -> None:
    corrupt(world)
    report = examined(world.db)
    assert kind in report.counts
    assert set(report.counts) <= {kind, *_FOLLOWS}
    told = [finding.text for finding in report.in_order() if finding.kind == kind]
    wanted = [world.people[word].ref if word in world.people else word.replace("đang", "Đang") for word in words]
    assert any(all(word in sentence for word in wanted) for sentence in told), told


def test_the_kinds_of_corruption_are_distinct() -> None:
    assert len({kind for _corrupt, kind, _words in SEEDED}) == len(SEEDED) >= 10


def test_a_page_that_shows_another_number_is_found(world: World) -> None:
    unit_id = factories.unit_id(world.db, "24")

    def ask(code: str, _on: date) -> list[Shown]:
        return [Shown(unit_id, 5, 3 if code == "BG-CBCC" else 0, 3)] if code == "BG-CBCC" else []

    report = verifying.verify(world.db, "24", ask, TODAY)
    # An, Bình, Chi, Dũng, Én, Hà are members; An, Dũng, Én and Hà have completed, the last under both records.
    assert [(one.kind, one.measure, one.stands, one.should) for one in report.in_order()] == [
        ("figure", "roster", "5", "6"), ("figure", "coverage", "3", "4"), ("figure", "output", "3", "4"),
    ]  # fmt: skip


def test_a_post_that_carries_on_another_keeps_its_place_in_output_too(db: Session) -> None:
    """Of two primary posts of the same day, held under two records, the one whose first post is older (reading 3)."""
    holder, course = factories.person(db, "Hai vị trí"), factories.course(db, "K1", tags=["CDS"])
    start = date(2026, 1, 5)
    first, second = (factories.post(db, holder, unit, started_on=start) for unit in (BAC_GIANG, DA_MAI))
    first.ended_on = date(2026, 3, 31)
    carried = factories.post(db, holder, BAC_GIANG, started_on=date(2026, 4, 1))
    first.is_primary = second.is_primary = carried.is_primary = True
    carried.continues_id = first.id
    db.flush()
    factories.completion(db, holder, course, date(2026, 5, 5))
    reconcile(db, [holder.id], "thử")
    units = set(
        db.scalars(
            select(CoverageEntry.unit_id).where(CoverageEntry.measure != "roster", CoverageEntry.person_id == holder.id)
        )
    )
    assert units == {first.unit_id}
    assert examined(db).in_order() == []


def test_one_indicator_or_some_people_alone(world: World) -> None:
    lose_an_entry(world)
    ref = {name: person.ref for name, person in world.people.items()}
    assert examined(world.db, indicator="BD-CBCC").is_sound
    assert examined(world.db, refs=[ref["An"], ref["Hà cũ"]]).is_sound
    report = examined(world.db, refs=[ref["Dũng"]])
    assert (report.people, dict(report.counts)) == (1, {"lost": 1})
    for wrong in ({"indicator": "KHONG-CO"}, {"refs": ["khong-co"]}):
        with pytest.raises(NotFound):
            examined(world.db, **wrong)


def test_the_command_answers_by_its_exit_code_and_changes_nothing(
    world: World, command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    world.db.commit()
    assert command("coverage", "verify", "--on", "2026-11-21") == 0
    assert "đến từng người" in capsys.readouterr().out
    lose_an_entry(world)
    world.db.commit()
    for _twice in range(2):
        assert command("coverage", "verify", "--on", "2026-11-21", "--indicator", "BG-CBCC", "--json") == 1
        told = json.loads(capsys.readouterr().out)
        assert (told["sound"], told["counts"]["lost"]) == (False, 1)
        [lost] = [one for one in told["findings"] if one["kind"] == "lost"]
        assert (lost["person"], lost["unit"], lost["day"]) == (world.people["Dũng"].ref, "07228", "2026-09-15")
