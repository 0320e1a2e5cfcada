"""Two records of one human being: merged, they read as one; undone, every record is as it was."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from random import Random

import pytest
from sqlalchemy import select

from app.assignments.members import keep_list, open_rounds
from app.assignments.models import AssignmentMember
from app.assignments.queries import assignment_page
from app.assignments.rules import Rule
from app.assignments.service import Order, assign
from app.catalogue.models import CourseVersion
from app.core import clock
from app.core.access import Actor
from app.core.db import Base, Session
from app.core.i18n import lazy
from app.coverage.counting.ledger import reconcile
from app.coverage.models import CoverageEntry
from app.coverage.rebuilding import people_with_figures
from app.holdings import EARNED
from app.identity.lists.people_sheet import read_people_bytes
from app.identity.models import Account, MergedRecord, Person, PersonMerge
from app.identity.people import merging
from app.identity.people.merging import FIELDS, LaterMerge, NeedsProvince, OwnRecord, pair_of
from app.identity.people.people import find_person
from app.identity.people.people_named import people_named
from app.identity.people.people_queries import people_in_scope, posts_of
from app.identity.people.twins import pair_named, twins
from app.identity.records import records_by_holder
from app.identity.roles.grants import grant_role
from app.identity.sign_in.accounts import actor_of, find_candidates
from app.learning.my_queries import my_learning
from app.learning.service import enrol, enrolment_of
from app.main import PERSONAL, wire
from app.notices.queries import inbox_page, unread_count
from app.notices.service import notify
from app.portal.record import learning_record
from app.privacy.copies import collect
from tests import factories
from tests.browser import Browser
from tests.identity.importing import import_people
from tests.identity.workbooks import GOOD, workbook

DA_MAI = "07228"
BORN = date(1985, 3, 2)
TOLD = lazy("Anh/chị được giao học “%(course)s”, hạn đến hết ngày %(due)s.")
# What says that somebody merged and undid, and what waits to be done; all else must be as it was.
TRAIL = {"person_merge", "audit_entry", "audit_seal", "job"}


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    wire()
    with clock.frozen(datetime(2026, 11, 21, 5, tzinfo=UTC)):
        yield


@pytest.fixture
def admin(db: Session) -> Actor:
    return acting(db, factories.account(db, factories.person(db), role="province_admin"))


def acting(db: Session, account: Account) -> Actor:
    actor = actor_of(db, account.id)
    assert actor is not None
    return actor


def somebody(db: Session, code: str = factories.BAC_GIANG, **fields: object) -> Person:
    made = factories.person(db, "Nguyễn Văn Trùng", **{"birth_date": BORN} | fields)
    factories.post(db, made, code)
    factories.account(db, made)
    return made


def checksums(db: Session) -> dict[str, str]:
    """Of every row of every table but the trail; of the ledger, to which one only appends, of what it adds up to."""
    db.flush()
    db.expire_all()
    sums = {}
    for name, table in Base.metadata.tables.items():
        if name in TRAIL:
            continue
        rows = [tuple(row) for row in db.execute(select(table))]
        if name == "coverage_entry":
            kept = [column for column in table.c if column.name not in ("id", "sign", "recorded_at", "cause")]
            balance: Counter[tuple[object, ...]] = Counter()
            for *key, sign in db.execute(select(*kept, table.c.sign)):
                balance[tuple(key)] += sign
            rows = [(*key, total) for key, total in balance.items() if total]
        elif name == "coverage_unsettled":
            moved: Counter[tuple[object, ...]] = Counter()
            for _id, *key, roster, coverage, output in rows:
                for what, step in (("roster", roster), ("coverage", coverage), ("output", output)):
                    moved[*key, what] += step
            rows = [(*key, total) for key, total in moved.items() if total]
        elif name == "coverage_rollup":
            rows = [row[1:] for row in rows if row[-1]]
        sums[name] = hashlib.sha256("\n".join(sorted(map(repr, rows))).encode()).hexdigest()
    return sums


def live(db: Session, one: Person, chance: Random, versions: Sequence[CourseVersion], at: int) -> None:
    """A random life: a further post, courses begun and completed, notices."""
    if chance.random() < 0.5:
        factories.post(db, one, DA_MAI, started_on=date(2026, chance.randint(1, 9), 1), is_primary=False)
    for version in versions:
        if chance.random() < 0.6:
            enrol(db, one.id, version.course_id)
        if chance.random() < 0.5:
            factories.completion(db, one, version, date(2026, chance.randint(2, 10), 5))
    if chance.random() < 0.5:
        notify(db, [one.id], category="due", key=f"k{chance.randint(0, 2)}", sentence=TOLD, course="x", due=str(at))


def test_merging_then_undoing_leaves_every_record_as_it_was(db: Session, admin: Actor) -> None:
    versions = [factories.course(db), factories.course(db, "THU02")]
    rule = Rule(factories.unit_id(db, factories.BAC_GIANG), ("CBCC",))
    order = Order(versions[0].course_id, rule, date(2026, 12, 1))
    for seed in range(6):
        chance = Random(seed)
        several = {"phone": f"09{seed}2345678", "email": f"thu{seed}@example.vn", "identity": f"00108500000{seed}"}
        fields = [{key: value for key, value in several.items() if chance.random() < 0.5} for _ in range(2)]
        fields[1] = {key: value for key, value in fields[1].items() if key not in fields[0]}
        one = somebody(db, **fields[0])
        other = somebody(db, chance.choice((factories.BAC_GIANG, DA_MAI)), **fields[1])
        for person in (one, other):
            live(db, person, chance, versions, seed)
        if seed == 0:
            assign(db, admin, order)
        for round_ in open_rounds(db, clock.today()):
            keep_list(db, round_)
        before = checksums(db)
        from_alias = [name for name in FIELDS if chance.random() < 0.5]
        done = merging.merge(db, admin, pair_of(one, other), from_alias, "đã hỏi đơn vị")
        assert checksums(db) != before
        merging.undo(db, admin, done)
        after = checksums(db)
        assert [name for name in before if before[name] != after[name]] == [], seed
        merging.merge(db, admin, pair_of(one, other), from_alias, "đúng là một người")
    assert reconcile(db, people_with_figures(db), "rebuild").entries == 0, "a night's comparison finds nothing to mend"


def test_a_chain_is_undone_from_its_end(db: Session, admin: Actor) -> None:
    one, two, three = (somebody(db, phone=f"098765432{n}") for n in range(3))
    before = checksums(db)
    first = merging.merge(db, admin, pair_of(two, three), ["phone"], "một người")
    second = merging.merge(db, admin, pair_of(one, two), ["phone"], "một người")
    assert records_by_holder(db, [three.id]) == {one.id: [one.id, two.id, three.id]}
    assert find_person(db, "phone", "+84987654322") is not None
    with pytest.raises(LaterMerge):
        merging.undo(db, admin, first)
    with pytest.raises(merging.AlreadyMerged):
        merging.merge(db, admin, pair_of(one, three), [], "một người")
    merging.undo(db, admin, second)
    assert records_by_holder(db, [three.id]) == {two.id: [two.id, three.id]}
    merging.undo(db, admin, first)
    assert checksums(db) == before
    assert db.scalars(select(MergedRecord)).all() == []


def test_either_account_opens_the_one_person_with_all_that_both_did(db: Session, admin: Actor) -> None:
    one, other = somebody(db), somebody(db, DA_MAI)
    first, second = factories.course(db), factories.course(db, "THU02")
    enrol(db, one.id, first.course_id)
    enrol(db, other.id, first.course_id)
    factories.completion(db, other, second, date(2026, 5, 5))
    factories.completion(db, one, second, date(2026, 6, 5))
    notify(db, [one.id, other.id], category="due", key="k", sentence=TOLD, course="x", due="y")
    merging.merge(db, admin, pair_of(one, other), [], "đã hỏi đơn vị")
    for account in db.scalars(select(Account).where(Account.person_id.in_((one.id, other.id)))):
        actor = acting(db, account)
        assert (actor.person_id, actor.records) == (one.id, {one.id, other.id})
    mine = my_learning(db, one.id)
    assert [course.slug for course in (*mine.in_progress, *mine.required)].count("thu01") == 1
    assert len(mine.posts) == 2
    assert len(posts_of(db, [other.id])[other.id]) == 2, "whichever record one asks"
    assert unread_count(db, one.id) == sum(len(told) for _day, told in inbox_page(db, one.id, 1).days) == 2
    lines = [line for _year, _hours, lines in learning_record(db, one.id).years for line in lines]
    assert [line.completed_on for line in lines] == ["05/05/2026"], "learned once; both papers are kept"
    going_on = enrolment_of(db, one.id, first.course_id)
    assert going_on is not None
    assert enrol(db, one.id, first.course_id).id == going_on.id, "one of the two goes on, none is added"


def test_figures_and_lists_count_one_person_once(db: Session, admin: Actor) -> None:
    version = factories.course(db)
    one, other = somebody(db), somebody(db)
    factories.completion(db, other, version, date(2026, 5, 5))
    rule = Rule(factories.unit_id(db, factories.BAC_GIANG), ("CBCC",))
    made = assign(db, admin, Order(version.course_id, rule, date(2026, 12, 1)))
    for round_ in open_rounds(db, clock.today()):
        keep_list(db, round_)

    def standing(measure: str) -> dict[int, int]:
        found: Counter[int] = Counter()
        for person_id, sign in db.execute(
            select(CoverageEntry.person_id, CoverageEntry.sign).where(
                CoverageEntry.measure == measure, CoverageEntry.person_id.in_((one.id, other.id))
            )
        ):
            found[person_id] += sign
        return {person_id: total for person_id, total in found.items() if total}

    apart = standing("roster")
    assert apart[one.id] == apart[other.id]
    assert set(standing("coverage")) == {other.id}
    done = merging.merge(db, admin, pair_of(one, other), [], "đã hỏi đơn vị")
    assert standing("roster") == {one.id: apart[one.id]}
    assert set(standing("coverage")) == {one.id}, "earned under either record"
    page = assignment_page(db, admin, made.id)
    assert (page.total, page.members[0].state) == (1, "done")
    assert db.scalars(select(AssignmentMember.completion_id)).all().count(None) == 0
    assert [row.ref for row in people_in_scope(db, admin).rows].count(other.ref) == 0
    assert people_in_scope(db, admin).total == 1
    merging.undo(db, admin, done)
    assert standing("roster") == apart
    assert assignment_page(db, admin, made.id).total == 2


def test_who_may_merge_whom(db: Session, admin: Actor) -> None:
    one, other = somebody(db), somebody(db, DA_MAI)
    at_one = acting(db, factories.account(db, factories.person(db), role="unit_manager", at=factories.BAC_GIANG))
    assert twins(db, at_one).total == 0, "one of them is another manager's"
    assert [(a.ref, b.ref) for a, b in twins(db, admin).pairs] == [(one.ref, other.ref)]
    account = db.scalars(select(Account).where(Account.person_id == other.id)).one()
    with pytest.raises(OwnRecord):
        merging.merge(db, acting(db, account), pair_of(one, other), [], "chính tôi")
    factories.post(db, other, factories.BAC_GIANG, is_primary=False)
    assert twins(db, at_one).total == 1
    grant_role(db, account, "instructor", factories.unit_id(db, DA_MAI))
    with pytest.raises(NeedsProvince):
        merging.merge(db, at_one, pair_named(db, at_one, one.ref, other.ref), [], "một người")
    merging.set_apart(db, at_one, one, other)
    assert twins(db, admin).total == 0, "nobody is asked again"
    merging.merge(db, admin, pair_of(one, other), [], "một người")
    mine = db.scalars(select(Account).where(Account.person_id == one.id)).one()
    assert not acting(db, mine).grants, "a merge gives nobody a right"
    assert acting(db, account).grants


def test_main_says_of_every_table_that_names_people_what_it_is_called() -> None:
    naming = {
        table.name
        for table in Base.metadata.tables.values()
        if any(key.target_fullname == "person.id" for key in table.foreign_keys)
    }
    own = {
        "account",
        "affiliation",
        "consent",
        "contact_check",
        "distinct_people",
        "merged_record",
        "person_lookup",
        "person_merge",
    }
    assert naming - own == set(EARNED)


# --- the pages ----------------------------------------------------------------------------------------------------


def test_an_administrator_looks_chooses_previews_merges_and_undoes(browser: Browser, db: Session) -> None:
    factories.account(db, factories.person(db), "quantri", role="province_admin")
    one, other = somebody(db), somebody(db, DA_MAI, phone="0912345678")
    factories.completion(db, other, factories.course(db), date(2026, 5, 5))
    db.commit()
    browser.sign_in("quantri")
    here = f"/people/duplicates/{one.ref}/{other.ref}"
    assert here in browser.get("/people/duplicates").text
    seen = browser.get(here)
    assert "1 kết quả hoàn thành" in seen.text
    assert "Sau khi gộp" not in seen.text
    shown = browser.get(here, params={"show": "1", "phone": "alias"}).text
    assert "Sau khi gộp" in shown
    assert 'name="phone" value="alias"' in shown
    refused = browser.post(here, {"phone": "alias", "reason": " "})
    assert refused.status_code == 422
    assert "Hãy ghi căn cứ" in refused.text
    assert "Đã gộp" in browser.post(here, {"phone": "alias", "reason": "đã hỏi đơn vị"}).text
    assert browser.get(here).status_code == 404, "nothing left to merge"
    assert here not in browser.get("/people/duplicates").text
    done = db.scalars(select(PersonMerge)).one()
    db.commit()
    assert "Đã hoàn tác" in browser.post(f"/people/merges/{done.id}/undo").text
    assert browser.post(f"/people/merges/{done.id}/undo").status_code == 409
    assert "hai người khác nhau" in browser.post(f"{here}/distinct").text
    assert here not in browser.get("/people/duplicates").text


def test_two_people_are_compared_by_hand(browser: Browser, db: Session) -> None:
    factories.account(db, factories.person(db), "quantri", role="province_admin")
    one = factories.civil_servant(db, "nguoimot")
    other = factories.civil_servant(db, "nguoihai", name="Trần Văn Mau")
    db.commit()
    browser.sign_in("quantri")
    both = browser.get("/people/duplicates", params={"one": "nguoimot", "other": "nguoihai"})
    assert f"/people/duplicates/{one.person.ref}/{other.person.ref}/distinct" in both.text
    wrong = browser.get("/people/duplicates", params={"one": "nguoimot", "other": "aido"})
    assert wrong.status_code == 422
    assert 'value="nguoimot"' in wrong.text


def test_a_list_naming_the_alias_finds_the_person(db: Session, admin: Actor) -> None:
    one, other = somebody(db), somebody(db, DA_MAI, phone="0912345678")
    merging.merge(db, admin, pair_of(one, other), [], "đã hỏi đơn vị")
    assert people_named(db, admin, "people.view", "0912345678", 1) == (one.id,)
    usernames = db.scalars(select(Account.username).where(Account.person_id == other.id)).all()
    assert people_named(db, admin, "people.view", usernames[0], 1) == (one.id,)
    candidates = find_candidates(db, "0912345678")
    assert len(candidates) == 2, "either password opens with either phone"
    named = GOOD | {"Họ và tên": "Nguyễn Văn Trùng", "Ngày sinh": "02/03/1985", "Số CCCD": None, "Email": None}
    report = import_people(db, read_people_bytes(workbook([named]), "x.xlsx"))
    assert [(row.outcome, row.person) for row in report.rows] == [("matched", one.ref)]
    assert len(posts_of(db, [one.id])[one.id]) == 2, "the post is the one it has"


def test_erasing_somebody_erases_every_record_of_theirs(db: Session, admin: Actor) -> None:
    one, other = somebody(db, phone="0912345678"), somebody(db, DA_MAI, email="thu@example.vn")
    done = merging.merge(db, admin, pair_of(one, other), ["email"], "Nguyễn Văn Trùng, đã hỏi")
    (posts,) = [rows for part in collect(db, one.id) for held, rows in part.tables if held.name == "affiliation"]
    assert len(posts) == 2, "the copy holds both"
    for record in records_by_holder(db, [one.id])[one.id]:
        for holding in reversed(PERSONAL):
            holding.erase_person(db, record)
    db.expire_all()
    for person in (one, other):
        assert (person.wrapped_key, person.likeness, person.lookups) == (None, b"", [])
    assert done.reason == ""
    with pytest.raises(merging.WasErased):
        merging.undo(db, admin, done)
