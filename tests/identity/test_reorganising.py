"""Acts on the unit tree: what is shown is what is done, nobody is lost, and undoing leaves nothing behind."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from app.core import clock
from app.core.access import UnitClosure, closure_on
from app.core.db import Base, Session
from app.core.errors import Conflict, Invalid
from app.coverage.counting.facts import posts_of_people
from app.coverage.declared.figures_in_force import history as declared_history
from app.coverage.declared.figures_in_force import in_force_for, in_time, lineage
from app.coverage.models import DeclaredFigure
from app.holdings import HOLDINGS
from app.identity.models import Affiliation, RoleGrant, UnitAct, UnitEdge, UnitVersion
from app.identity.people.people_queries import posts_of
from app.identity.policy import held_on
from app.identity.roles.grants import grant_role
from app.identity.units import reorganising
from app.identity.units.reorganising import StillHanging, carry_out, preview, undo
from app.identity.units.unit_diagram import draw
from app.identity.units.unit_history import history
from app.identity.units.unit_queries import heirs_on, unit_by_id, unit_on
from app.identity.units.unit_timeline import timeline
from app.identity.units.wishes import Absorb, Cede, Close, Create, Draft, Merge, Move, Rename, Retype, Split, Wish
from tests import factories

DAY = date(2026, 11, 1)
EVE = DAY - timedelta(days=1)
BAC_GIANG, DA_MAI = factories.BAC_GIANG, "07228"
BACK = ("unit_version", "unit_edge", "unit_closure", "affiliation", "affiliation_audience", "role_grant")


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    reorganising.wire_holdings(HOLDINGS)
    with clock.frozen(datetime(2026, 11, 21, 5, tzinfo=UTC)):
        yield


@pytest.fixture
def ids(db: Session) -> dict[str, int]:
    """Two communes, each with two people and a manager, a village under the first, and the province above."""
    found = {"province": factories.unit_id(db, "24")}
    for name, code in (("there", DA_MAI), ("here", BAC_GIANG)):
        found[name] = factories.unit_id(db, code)
        for _number in range(2):
            found["someone"] = factories.post(db, factories.person(db), code).person_id
        grant_role(db, factories.account(db, factories.person(db)), "unit_manager", found[name])
    village = Draft("T01", "Thôn Thử", "village", "Thôn", found["here"])
    carry_out(db, Create(village), DAY - timedelta(days=30), "01/QĐ", account_id=None)
    found["village"] = factories.unit_id(db, "T01")
    return found


def draft(ids: dict[str, int], code: str = BAC_GIANG, name: str = "Phường Hợp Nhất") -> Draft:
    return Draft(code, name, "commune", "Phường", ids["province"])


def merge(ids: dict[str, int]) -> Wish:
    return Merge((ids["here"], ids["there"]), draft(ids))


def absorb(ids: dict[str, int]) -> Wish:
    return Absorb((ids["here"],), ids["there"])


def split(ids: dict[str, int]) -> Wish:
    parts = (draft(ids, "X1", "Phường Một"), draft(ids, "X2", "Phường Hai"))
    return Split(ids["here"], parts, (0.4, 0.6), {ids["village"]: 1})


def cede(ids: dict[str, int]) -> Wish:
    """A third to a new unit, with one of the two people and the village; a tenth to the neighbour."""
    parts = (draft(ids, "X1", "Phường Một"), ids["there"])
    return Cede(ids["here"], parts, (0.3, 0.1), {ids["village"]: 0}, {ids["someone"]: 0})


def move(ids: dict[str, int]) -> Wish:
    return Move(ids["village"], ids["there"])


WISHES: dict[str, Callable[[dict[str, int]], Wish]] = {
    "create": lambda ids: Create(draft(ids, "X9")),
    "rename": lambda ids: Rename(ids["here"], BAC_GIANG, "Phường Tên Mới"),
    "retype": lambda ids: Retype(ids["here"], "Đặc khu Bắc Giang", "commune", "Đặc khu"),
    "move": move,
    "merge": merge,
    "absorb": absorb,
    "split": split,
    "cede": cede,
    "close": lambda ids: Close(ids["village"]),
}


def people_under(db: Session, unit_id: int, day: date) -> int:
    """Holders of a post that day in a unit that counts under this one on that day's tree."""
    below = select(UnitClosure.descendant_id).where(UnitClosure.ancestor_id == unit_id, closure_on(day))
    found = db.scalar(
        select(func.count(Affiliation.person_id.distinct())).where(Affiliation.unit_id.in_(below), held_on(day))
    )
    return found or 0


def checksums(db: Session) -> dict[str, str]:
    """Of every table that undoing must bring back; rows of the closure are counted by what they say, not by id."""
    db.flush()
    sums = {}
    for name in BACK:
        columns = [
            column for column in Base.metadata.tables[name].columns if (name, column.name) != ("unit_closure", "id")
        ]
        rows = sorted(repr(tuple(row)) for row in db.execute(select(*columns)))
        sums[name] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    return sums


def test_nobody_is_lost_and_undoing_leaves_the_tables_as_they_were(db: Session, ids: dict[str, int]) -> None:
    before = checksums(db)
    for verb, wish_of in WISHES.items():
        shown = preview(db, wish_of(ids), DAY)
        assert shown.problems == (), verb
        act = carry_out(db, wish_of(ids), DAY, "15/NQ-HĐND", account_id=None, seen=shown.digest)
        assert people_under(db, ids["province"], EVE) == people_under(db, ids["province"], DAY) == 4, verb
        assert set(heirs_on(db, shown.closed, clock.today())) == set(shown.closed), "each leads to a unit of today"
        assert checksums(db) != before
        undo(db, act, account_id=None)
        assert checksums(db) == before, verb
        with pytest.raises(Conflict):
            undo(db, act, account_id=None)


def test_a_merger_ends_posts_and_roles_and_carries_what_stood_below(db: Session, ids: dict[str, int]) -> None:
    shown = preview(db, merge(ids), DAY)
    assert (shown.people_count, len(shown.grants), len(shown.closed)) == (4, 2, 2)
    carry_out(db, merge(ids), DAY, "15/NQ-HĐND", account_id=None)
    new = unit_on(db, BAC_GIANG, DAY)
    assert new is not None
    assert (new.name, new.former_province_code) == ("Phường Hợp Nhất", "24")
    old = unit_on(db, BAC_GIANG, EVE)
    assert old is not None
    assert old.unit_id == ids["here"]
    village = unit_by_id(db, ids["village"], DAY)
    assert village is not None
    assert village.parent_id == new.unit_id
    ends = db.scalars(select(RoleGrant.ends_on).where(RoleGrant.unit_id.in_(shown.closed))).all()
    assert ends == [clock.today() - timedelta(days=1)] * 2, "recorded late: over now, but what was done stays allowed"
    person_id = db.scalar(select(Affiliation.person_id).where(Affiliation.unit_id == ids["there"]).limit(1)) or 0
    first, second = posts_of(db, [person_id])[person_id]
    assert (first.ended_on, second.started_on, second.unit_id) == (EVE, DAY, new.unit_id)
    assert second.audiences == first.audiences
    assert second.first == (first.started_on, first.affiliation_id), "between two posts the first start decides"
    assert posts_of_people(db, [person_id])[person_id][1].first == second.first


def test_after_a_split_people_wait_at_the_parent_and_shares_are_kept(db: Session, ids: dict[str, int]) -> None:
    carry_out(db, split(ids), DAY, "15/NQ-HĐND", account_id=None)
    assert db.scalars(select(Affiliation.unit_id).where(Affiliation.started_on == DAY)).all() == [ids["province"]] * 2
    shares = db.scalars(
        select(UnitEdge.share)
        .where(UnitEdge.from_unit_id == ids["here"], UnitEdge.flags == "split")
        .order_by(UnitEdge.id)
    ).all()
    assert shares == [0.4, 0.6]


def test_of_a_split_unit_only_who_is_not_named_waits(db: Session, ids: dict[str, int]) -> None:
    wish = split(ids)
    assert isinstance(wish, Split)
    carry_out(db, replace(wish, people={ids["someone"]: 1}), DAY, "15/NQ-HĐND", account_id=None)
    second = factories.unit_id(db, "X2")
    at = db.scalars(select(Affiliation.unit_id).where(Affiliation.started_on == DAY)).all()
    assert sorted(at) == sorted([ids["province"], second])


def test_a_unit_that_gives_parts_away_lives_on(db: Session, ids: dict[str, int]) -> None:
    shown = preview(db, cede(ids), DAY)
    assert (shown.closed, shown.grants, shown.people_count) == ([], (), 1)
    carry_out(db, cede(ids), DAY, "15/NQ-HĐND", account_id=None)
    new = factories.unit_id(db, "X1")
    village = unit_by_id(db, ids["village"], DAY)
    assert village is not None
    assert village.parent_id == new
    counts = {unit: (people_under(db, ids[unit], EVE), people_under(db, ids[unit], DAY)) for unit in ("here", "there")}
    assert counts == {"here": (2, 1), "there": (2, 2)}
    assert people_under(db, new, DAY) == 1
    edges = db.execute(
        select(UnitEdge.to_unit_id, UnitEdge.share).where(UnitEdge.from_unit_id == ids["here"]).order_by(UnitEdge.id)
    ).all()
    assert [tuple(edge) for edge in edges[-3:]] == [(ids["here"], 0.6), (new, 0.3), (ids["there"], 0.1)]
    assert heirs_on(db, [ids["here"]], DAY)[ids["here"]].unit_id == ids["here"]
    before = select(UnitClosure.ancestor_id).where(UnitClosure.descendant_id == new, closure_on(EVE))
    assert ids["here"] in db.scalars(before).all(), "on the map of the day before it counts where it was cut off"


def test_after_giving_a_part_away_a_unit_still_counts_at_its_heir_or_parent(db: Session, ids: dict[str, int]) -> None:
    carry_out(db, cede(ids), DAY, "15/NQ-HĐND", account_id=None)
    later = DAY + timedelta(days=5)
    carry_out(db, Close(ids["here"]), later, "16/NQ-HĐND", account_id=None)
    assert heirs_on(db, [ids["here"]], later)[ids["here"]].unit_id == ids["province"]


def test_the_history_of_both_tells_of_the_part(db: Session, ids: dict[str, int]) -> None:
    carry_out(db, cede(ids), DAY, "15/NQ-HĐND", account_id=None)
    carry_out(db, Cede(ids["there"], (ids["here"],), (None,)), DAY + timedelta(days=2), "16", account_id=None)

    def told(code: str) -> str:
        found = history(db, code, clock.today())
        assert found is not None
        assert draw(found) is not None, "also of two units that gave to each other"
        return "\n".join(f"{moment.title} {moment.text}" for moment in timeline(found, None))

    assert "Tách một phần sang Phường Đa Mai, Phường Một Theo 15/NQ-HĐND." in told(BAC_GIANG)
    assert "Nhận một phần của Phường Đa Mai Theo 16." in told(BAC_GIANG)
    assert "Nhận một phần của Phường Bắc Giang Theo 15/NQ-HĐND." in told(DA_MAI)
    assert "Hình thành từ một phần của Phường Bắc Giang." in told("X1")


def test_a_unit_that_takes_back_what_it_gave_stands_once_in_its_own_lineage(db: Session, ids: dict[str, int]) -> None:
    carry_out(db, cede(ids), DAY, "15/NQ-HĐND", account_id=None)
    carry_out(db, Absorb((ids["there"],), ids["here"]), DAY + timedelta(days=2), "16", account_id=None)
    found = history(db, BAC_GIANG, clock.today())
    assert found is not None
    assert [unit.side for unit in found.lineage if unit.unit_id == ids["here"]] == ["self"]


def test_what_was_declared_is_divided_with_the_unit(db: Session, ids: dict[str, int]) -> None:
    """Whole people, and as many after it as before."""
    population, before = "LDDN", {"here": 101, "there": 50}
    for unit, value in before.items():
        told = {"subject": population, "unit_id": ids[unit], "value": value, "source": "số bịa"}
        db.add(DeclaredFigure(**told, as_of=date(2026, 1, 1), recorded_at=clock.now()))
    db.flush()
    carry_out(db, cede(ids), DAY, "15/NQ-HĐND", account_id=None)
    figures = in_time(declared_history(db, [population]), DAY)
    own = {unit_id: some for (_subject, unit_id), some in figures.items()}
    for day, units in ((EVE, ("here", "there")), (DAY, ("here", "there", "X1"))):
        origins = lineage(db, day)
        found = [
            in_force_for(ids.get(unit) or factories.unit_id(db, unit), own, origins, {}, may_sum=True) for unit in units
        ]
        assert [one.value for one in found if one] == ([101, 50] if day == EVE else [61, 60, 30])


def test_a_post_that_began_after_the_day_is_moved_as_it_is(db: Session, ids: dict[str, int]) -> None:
    late = factories.post(db, factories.person(db), started_on=DAY + timedelta(days=3))
    act = carry_out(db, absorb(ids), DAY, "15/NQ-HĐND", account_id=None)
    assert (late.unit_id, late.started_on) == (ids["there"], DAY + timedelta(days=3))
    undo(db, act, account_id=None)
    db.refresh(late)
    assert late.unit_id == ids["here"]


REFUSED: dict[str, tuple[Callable[[dict[str, int]], Wish], date, str]] = {
    "a code in use": (lambda ids: Create(draft(ids, DA_MAI)), DAY, "Mã 07228 đã có đơn vị khác dùng"),
    "a day before it began": (absorb, date(2025, 7, 1), "ngày hiệu lực phải sau ngày ấy"),
    "children without a parent": (lambda ids: Close(ids["here"]), DAY, "Thôn Thử (T01)"),
    "a circle": (lambda ids: Move(ids["here"], ids["village"]), DAY, "nên không thể là cấp trên"),
    "into its own child": (lambda ids: Absorb((ids["here"],), ids["village"]), DAY, "đơn vị trực thuộc của nó"),
    "later changes": (lambda ids: Retype(ids["province"], "Tỉnh Bắc Ninh", "province", "Tỉnh"), date(2026, 1, 1),
                      "đã có thay đổi từ ngày hiệu lực"),
    "one unit alone": (lambda ids: Merge((ids["here"],) * 2, draft(ids)), DAY, "ít nhất hai"),
    "a closing parent": (lambda ids: Merge((ids["here"], ids["there"]),
                                           Draft("X1", "Phường Hợp Nhất", "commune", "Phường", ids["here"])), DAY,
                         "kết thúc trong chính lần sắp xếp này"),
    "shares that miss 1": (lambda ids: Split(ids["there"], (draft(ids, "X1"), draft(ids, "X2")), (0.4, 0.5)), DAY,
                           "cộng lại bằng 1"),
    "shares that leave nothing": (lambda ids: Cede(ids["there"], (draft(ids, "X1"),), (1.0,)), DAY, "nhỏ hơn 1"),
    "a part for its own child": (lambda ids: Cede(ids["here"], (ids["village"],), (0.1,)), DAY,
                                 "không nhận được một phần"),
    "two parts for one unit": (lambda ids: Cede(ids["here"], (ids["there"],) * 2, (0.1, 0.1)), DAY, "gộp các dòng"),
    "a village of somebody else": (lambda ids: Cede(ids["there"], (draft(ids, "X1"),), (0.1,), {ids["village"]: 0}),
                                   DAY, "Thôn Thử không trực thuộc Phường Đa Mai"),
    "people of another unit": (lambda ids: Cede(ids["there"], (draft(ids, "X1"),), (0.1,), {}, {ids["someone"]: 0}),
                               DAY, "1 người được ghi không có vị trí"),
    "nothing new": (lambda ids: Rename(ids["there"], DA_MAI, "Phường Đa Mai"), DAY, "không có gì thay đổi"),
}  # fmt: skip


def test_what_cannot_be_is_said_and_not_done(db: Session, ids: dict[str, int]) -> None:
    acts = db.scalar(select(func.count()).select_from(UnitAct))
    for case, (wish_of, on, said) in REFUSED.items():
        assert said in " ".join(preview(db, wish_of(ids), on).problems), case
        with pytest.raises(Invalid):
            carry_out(db, wish_of(ids), on, "15/NQ-HĐND", account_id=None)
    assert db.scalar(select(func.count()).select_from(UnitAct)) == acts


def test_a_merger_ahead_of_its_day_changes_nothing_until_then(db: Session, ids: dict[str, int]) -> None:
    day = date(2027, 1, 1)
    carry_out(db, merge(ids), day, "15/NQ-HĐND", account_id=None)
    ends = db.scalars(select(RoleGrant.ends_on).where(RoleGrant.unit_id.in_([ids["here"], ids["there"]]))).all()
    assert ends == [day - timedelta(days=1)] * 2
    here = unit_on(db, BAC_GIANG, clock.today())
    assert here is not None
    assert here.unit_id == ids["here"]
    assert people_under(db, ids["here"], day - timedelta(days=1)) == 2
    new = unit_on(db, BAC_GIANG, day)
    assert new is not None
    assert people_under(db, new.unit_id, day) == 4


def test_what_gave_a_part_away_changes_no_second_time_that_day(db: Session, ids: dict[str, int]) -> None:
    carry_out(db, cede(ids), DAY, "15/NQ-HĐND", account_id=None)
    again = preview(db, Rename(ids["here"], BAC_GIANG, "Phường Tên Mới"), DAY)
    assert "đã có thay đổi từ ngày hiệu lực" in " ".join(again.problems)


def test_what_received_something_gives_nothing_away_that_day(db: Session, ids: dict[str, int]) -> None:
    carry_out(db, absorb(ids), DAY, "15/NQ-HĐND", account_id=None)
    for wish in (Close(ids["there"]), Cede(ids["there"], (draft(ids, "X1", "Phường Một"),), (0.3,))):
        assert "trong chính ngày ấy" in " ".join(preview(db, wish, DAY).problems)
        assert "trong chính ngày ấy" not in " ".join(preview(db, wish, DAY + timedelta(days=1)).problems)


def test_what_was_confirmed_must_be_what_was_seen(db: Session, ids: dict[str, int]) -> None:
    seen = preview(db, merge(ids), DAY).digest
    factories.post(db, factories.person(db))
    with pytest.raises(Conflict):
        carry_out(db, merge(ids), DAY, "15/NQ-HĐND", account_id=None, seen=seen)


def test_undoing_names_what_hangs_on_the_act(db: Session, ids: dict[str, int]) -> None:
    act = carry_out(db, merge(ids), DAY, "15/NQ-HĐND", account_id=None)
    holder = db.scalars(select(Affiliation).where(Affiliation.started_on == DAY).limit(1)).one().person
    factories.completion(db, holder, factories.course(db), clock.today())
    factories.post(db, factories.person(db), started_on=clock.today())
    carry_out(db, Create(Draft("T02", "Thôn Sau", "village", "Thôn", factories.unit_id(db))), clock.today(), "16",
              account_id=None)  # fmt: skip
    with pytest.raises(StillHanging) as refused:
        undo(db, act, account_id=None)
    said = refused.value.message
    assert "1 vị trí trong kết quả hoàn thành" in said
    assert "1 vị trí công tác ghi hoặc đổi sau đó" in said
    assert "1 lần sắp xếp sau đó" in said


def test_a_later_act_elsewhere_does_not_hinder_undoing(db: Session, ids: dict[str, int]) -> None:
    act = carry_out(db, move(ids), DAY, "15/NQ-HĐND", account_id=None)
    carry_out(db, Create(draft(ids, "X9")), clock.today(), "16", account_id=None)
    undo(db, act, account_id=None)
    village = unit_by_id(db, ids["village"], clock.today())
    assert village is not None
    assert village.parent_id == ids["here"]


def test_main_says_of_every_table_that_names_units_whether_something_hangs_there() -> None:
    own = {*BACK, "unit_act"}
    naming = {
        table.name
        for table in Base.metadata.tables.values()
        if any(key.target_fullname in ("unit.id", "affiliation.id") for key in table.foreign_keys)
    }
    assert naming - own == set(HOLDINGS)


def test_versions_of_a_unit_never_overlap(db: Session, ids: dict[str, int]) -> None:
    carry_out(db, merge(ids), DAY, "15/NQ-HĐND", account_id=None)
    lives: dict[int, date | None] = {}
    for version in db.scalars(select(UnitVersion).order_by(UnitVersion.unit_id, UnitVersion.valid_from)):
        if version.unit_id in lives:
            assert lives[version.unit_id] == version.valid_from
        lives[version.unit_id] = version.valid_to
