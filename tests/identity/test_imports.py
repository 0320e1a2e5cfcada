"""Long lists of people: worked on in parts, mended on the page, taken back."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from app.core import clock, jobs
from app.core.db import Database
from app.core.errors import Conflict
from app.core.jobs import Job, Worker
from app.core.storage import Storage
from app.holdings import HELD_BY_PEOPLE
from app.identity.codes.models import OneTimeCode
from app.identity.codes.one_time_codes import find_code, issue, spend
from app.identity.imports import stages, work
from app.identity.imports.mending import CELLS, Mend, mend, typed_cells
from app.identity.imports.models import PeopleImportRow
from app.identity.imports.queries import people_added, result_table
from app.identity.imports.rows import opened_kept, opened_report
from app.identity.imports.undoing import tables_naming_people, wire_holdings
from app.identity.lists.people_matching import NEW
from app.identity.lists.people_report import RowReport
from app.identity.lists.sheet_imports import keep_source
from app.identity.models import Account, Affiliation, PeopleImport, Person, SignInSession
from app.identity.people.people import add_person, find_person
from app.identity.sealing import unseal
from app.identity.sign_in.accounts import actor_of
from tests import factories
from tests.identity.messy import messy_workbook
from tests.identity.workbooks import GOOD, Row, good, workbook

KINH_BAC = {"Mã đơn vị": "09187", "Tên đơn vị": "Phường Kinh Bắc"}


class Importer:
    """An administrator of the province with one list."""

    def __init__(self, db: Session, database: Database, storage: Storage, worker: Worker, content: bytes) -> None:
        self.database, self.storage, self.worker = database, storage, worker
        self.account_id = factories.account(db, username="quantri", role="province_admin").id
        actor = actor_of(db, self.account_id)
        assert actor is not None
        # Who arranges lets go of the database: others write in this test.
        db.commit()
        self.actor = actor
        key = keep_source(storage, content)
        with database.writing() as own:
            self.id = stages.begin(own, actor, "danh-sach.xlsx", key).id
        worker.run_all()

    def ask(self, what: Callable[..., object], *more: object) -> None:
        with self.database.writing() as db:
            what(db, self.actor, self.id, *more)
        self.worker.run_all()

    def mend(self, row: RowReport, cells: Mapping[str, str] | None = None, **decided: object) -> RowReport:
        with self.database.writing() as db:
            found = next(one for one in self._rows(db) if opened_report(one.report or b"") == row)
            texts = dict(zip(CELLS, typed_cells(opened_kept(found.given).texts), strict=True)) | (cells or {})
            typed = Mend(tuple(texts.values()), **decided)  # type: ignore[arg-type]
            return mend(db, self.storage, self.actor, self.id, found.id, typed)

    @property
    def stage(self) -> str:
        with self.database.reading() as db:
            return db.get_one(PeopleImport, self.id).stage

    @property
    def reports(self) -> list[RowReport]:
        with self.database.reading() as db:
            return [opened_report(row.report) for row in self._rows(db) if row.report]

    @property
    def outcomes(self) -> list[str]:
        return [row.outcome for row in self.reports]

    def _rows(self, db: Session) -> Sequence[PeopleImportRow]:
        return db.scalars(select(PeopleImportRow).order_by(PeopleImportRow.position)).all()


@pytest.fixture
def importer(db: Session, database: Database, storage: Storage, worker: Worker) -> Callable[..., Importer]:
    def of(*rows: Row, content: bytes = b"") -> Importer:
        return Importer(db, database, storage, worker, content or workbook(rows))

    wire_holdings(HELD_BY_PEOPLE)
    return of


def people(database: Database) -> Counter[str]:
    with database.reading() as db:
        return Counter(db.scalars(select(Person.name)))


def test_slips_are_for_those_the_list_added(importer: Callable[..., Importer], db: Session) -> None:
    add_person(db, name="Nguyễn Văn An", identity="024085000001")
    db.commit()
    held = importer(good(1), good(2))

    def added() -> list[str]:
        with held.database.reading() as own:
            found = people_added(own, own.get_one(PeopleImport, held.id))
            return [unseal(own.get_one(Person, one)).identity for one in found]

    assert added() == []
    held.ask(stages.request_apply)
    assert added() == ["024085000002"]


# --- in parts -----------------------------------------------------------------------------------------------------


def test_a_long_list_is_applied_as_it_was_checked_and_every_row_is_accounted_for(
    importer: Callable[..., Importer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "AT_ONCE", 70)
    messy = messy_workbook(400)
    done = importer(content=messy.content)
    checked = done.reports
    expected = {"refused": "refuse", "needs_confirmation": "confirm"}
    for row in checked:
        truth = messy.truth[row.sheet, row.row]
        if row.problem == "person":
            # Two made-up people of one name in one unit, one of them with nothing but a year: the truth knows of none.
            assert any(one.name == row.values["name"] for one in row.candidates), row
            continue
        assert expected.get(row.outcome, "read") == truth.expected, row
        assert row.messages or row.outcome in ("created", "matched"), "whatever is not plain says why"
    named = {place for place, truth in messy.truth.items() if truth.expected != "skip"}
    assert {(row.sheet, row.row) for row in checked} == named
    done.ask(stages.request_apply)
    assert [(row.outcome, row.messages) for row in done.reports] == [(row.outcome, row.messages) for row in checked]
    assert sum("Trùng người" in " ".join(row.messages) for row in checked) > 3


def test_of_many_of_one_name_only_who_may_be_meant_is_looked_at(importer: Callable[..., Importer], db: Session) -> None:
    """By birth date where both are known, by year where not."""
    told = {"Điện thoại": None, "Email": None, "Số CCCD": None}
    for year in range(1950, 1980):
        factories.post(db, factories.person(db, "Nguyễn Văn An", birth_date=date(year, 2, 3)))
    factories.post(db, factories.person(db, "Nguyễn Văn An", birth_year=1990))
    db.commit()
    loaded = set[str]()

    def note(person: Person, _context: object) -> None:
        loaded.add(person.ref)

    event.listen(Person, "load", note)
    done = importer(
        GOOD | told | {"Ngày sinh": "03/02/1960"},
        GOOD | told | {"Ngày sinh": "04/02/1960"},
        GOOD | told | {"Ngày sinh": "1961"},
        GOOD | told | {"Ngày sinh": "04/02/1990"},
        GOOD | told | {"Ngày sinh": "1991"},
    )
    event.remove(Person, "load", note)
    assert done.outcomes == ["matched", "created", "needs_confirmation", "needs_confirmation", "created"]
    assert [len(row.candidates) for row in done.reports] == [0, 0, 1, 1, 0]
    assert len(loaded) == 3, "those who may be meant"


def test_rows_find_each_other_across_parts_in_a_dry_run_too(
    importer: Callable[..., Importer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "AT_ONCE", 1)
    done = importer(
        GOOD,
        GOOD | KINH_BAC | {"Ngày bắt đầu": "05/02/2026"},
        GOOD | {"Ngày bắt đầu": "01/02/2026"},
        good(4) | {"Điện thoại": "0912345678", "Họ và tên": "Trần Văn Khác"},
        GOOD | {"Số CCCD": None, "Điện thoại": None, "Email": None, "Ngày sinh": None} | KINH_BAC,
    )
    checked = done.reports
    assert [row.outcome for row in checked] == [
        "created", "matched", "needs_confirmation", "needs_confirmation", "needs_confirmation"
    ]  # fmt: skip
    done.ask(stages.request_apply)
    assert [(row.outcome, row.messages) for row in done.reports] == [
        # That two rows of a list are one person is said where both are in sight.
        (row.outcome, tuple(said for said in row.messages if not said.startswith("Trùng người"))) for row in checked
    ]  # fmt: skip


def test_a_job_that_dies_between_parts_goes_on_and_does_no_row_twice(
    importer: Callable[..., Importer], database: Database, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "AT_ONCE", 2)
    done = importer(*(good(number) | {"Họ và tên": f"Trần Văn {name}"} for number, name in enumerate("ABCDEFG", 1)))
    parts, act = iter(range(9)), work._act

    def dying(*given: object) -> None:
        act(*given)  # type: ignore[arg-type]
        if next(parts) == 2:
            # Before the transaction ends: this part is lost, the two before it are kept.
            raise SystemExit

    monkeypatch.setattr(work, "_act", dying)
    done.ask(stages.request_apply)
    assert (done.stage, people(database).total()) == ("applying", 4 + 1)
    with clock.frozen(clock.now() + timedelta(minutes=5)):
        worker.run_all()
    assert done.stage == "applied"
    assert [people(database)[f"Trần Văn {name}"] for name in "ABCDEFG"] == [1] * 7
    assert all(row.password for row in done.reports), "no first password is lost"


def test_who_stops_it_keeps_what_is_done_and_can_go_on(
    importer: Callable[..., Importer], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "AT_ONCE", 1)
    done = importer(*(good(number) for number in range(1, 4)))
    act = work._act

    def stopping(*given: object) -> None:
        act(*given)  # type: ignore[arg-type]
        db = given[0]
        assert isinstance(db, Session)
        for job in db.scalars(select(Job).where(Job.state == "running")):
            jobs.cancel(db, job)

    monkeypatch.setattr(work, "_act", stopping)
    done.ask(stages.request_apply)
    assert (done.stage, people(database)["Nguyễn Văn An"]) == ("applying", 1)
    monkeypatch.setattr(work, "_act", act)
    done.ask(stages.request_go_on)
    assert (done.stage, people(database)["Nguyễn Văn An"]) == ("applied", 3)


# --- mending ------------------------------------------------------------------------------------------------------


def test_lost_zeros_are_restored_once_somebody_says_so(importer: Callable[..., Importer]) -> None:
    done = importer(
        *(good(number) | {"Số CCCD": 24085000000 + number} for number in (1, 2)), GOOD | {"Giới tính": "Nữ"}
    )
    assert [row.problem for row in done.reports] == ["identity_zero", "identity_zero", "identity"]
    assert done.mend(done.reports[0], confirmed=True).outcome == "repaired"
    done.ask(stages.request_confirm, "identity_zero")
    assert done.outcomes == ["repaired", "repaired", "needs_confirmation"]
    done.ask(stages.request_apply)
    with done.database.reading() as reader:
        assert find_person(reader, "identity", "024085000002")


def test_a_row_is_mended_and_what_is_still_wrong_is_kept_as_typed(importer: Callable[..., Importer]) -> None:
    done = importer(GOOD | {"Điện thoại": "09"}, good(2))
    still = done.mend(done.reports[0], {"Điện thoại": "0900"})
    assert (still.outcome, still.about) == ("refused", {"Điện thoại": "Số điện thoại “0900” không đúng."})
    assert done.mend(still, {"Điện thoại": "0912345678"}).outcome == "created"
    with pytest.raises(Conflict):
        done.mend(done.reports[0], {"Điện thoại": "0912345679"})


def test_mending_a_row_has_those_checked_again_that_may_be_the_same(importer: Callable[..., Importer]) -> None:
    done = importer(GOOD | {"Mã đơn vị": "99999"}, GOOD | {"Họ và tên": "Trần Văn Khác"})
    assert done.outcomes == ["refused", "created"]
    done.mend(done.reports[0], {"Mã đơn vị": "07210"})
    assert done.outcomes == ["created", "needs_confirmation"]


@pytest.mark.parametrize("choice", ["known", NEW])
def test_somebody_decides_who_a_row_means(importer: Callable[..., Importer], db: Session, choice: str) -> None:
    known = factories.person(db, "Nguyễn Văn An", birth_year=1985)
    factories.post(db, known, title="Chuyên viên")
    done = importer(GOOD | {"Ngày sinh": None, "Số CCCD": None})
    [row] = done.reports
    assert (row.outcome, row.problem, row.may_be_new) == ("needs_confirmation", "person", True)
    assert [(one.name, one.birth) for one in row.candidates] == [("Nguyễn Văn An", "1985")]
    after = done.mend(row, choice=row.candidates[0].key if choice == "known" else NEW)
    assert after.outcome == ("matched" if choice == "known" else "created")
    done.ask(stages.request_apply)
    assert people(done.database)["Nguyễn Văn An"] == (1 if choice == "known" else 2)


def test_a_choice_may_name_somebody_the_list_itself_adds(
    importer: Callable[..., Importer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "AT_ONCE", 1)
    done = importer(GOOD, GOOD | {"Ngày sinh": None, "Số CCCD": None, "Điện thoại": None, "Email": None})
    unsure = done.reports[1]
    assert done.mend(unsure, choice=unsure.candidates[0].key).outcome == "matched"
    done.ask(stages.request_apply)
    first, second = done.reports
    assert first.person == second.person


def test_a_phone_of_somebody_else_is_left_with_them(importer: Callable[..., Importer], db: Session) -> None:
    add_person(db, name="Trần Thị Chung", phone="0912345678")
    done = importer(GOOD)
    assert done.mend(done.reports[0], choice=NEW).outcome == "created"
    done.ask(stages.request_apply)
    with done.database.reading() as reader:
        holder = find_person(reader, "phone", "+84912345678")
        assert holder
        assert holder.name == "Trần Thị Chung"
    assert "không ghi cho người này" in " ".join(done.reports[0].messages)


def test_what_is_mended_after_applying_can_be_applied_too(importer: Callable[..., Importer]) -> None:
    done = importer(GOOD, good(2) | {"Điện thoại": "09"})
    done.ask(stages.request_apply)
    done.mend(done.reports[1], {"Điện thoại": ""})
    assert done.stage == "applied"
    done.ask(stages.request_apply)
    assert people(done.database)["Nguyễn Văn An"] == 2


# --- undoing ------------------------------------------------------------------------------------------------------


def test_taking_a_list_back_leaves_what_was_there_before(
    importer: Callable[..., Importer], db: Session, database: Database
) -> None:
    known = add_person(db, name="Trần Thị Cũ", phone="0987654321")
    factories.post(db, known, started_on=date(2025, 8, 1))
    moved = good(2) | KINH_BAC | {"Họ và tên": "Trần Thị Cũ", "Điện thoại": "0987654321", "Giới tính": "Nữ"}
    done = importer(GOOD, moved | {"Số CCCD": "024185000002"}, good(3) | {"Nhóm đối tượng": None})
    with database.reading() as reader:
        before = {one.ref: unseal(one) for one in reader.scalars(select(Person).where(Person.name == "Trần Thị Cũ"))}
    done.ask(stages.request_apply)
    with database.reading() as reader:
        [now] = reader.scalars(select(Person).where(Person.name == "Trần Thị Cũ"))
        known_id = now.id
        assert unseal(now).identity == "024185000002"
        assert len(now.affiliations) == 2
    done.ask(stages.request_undo)
    assert done.outcomes == ["created", "matched", "created"], "the report still says what it had been"
    with database.reading() as reader:
        assert set(reader.scalars(select(PeopleImportRow.outcome))) == {"undone"}
        again = reader.get_one(Person, known_id)
        assert {again.ref: unseal(again)} == before
        [post] = reader.scalars(select(Affiliation))
        assert (post.person_id, post.ended_on, post.end_recorded_at, again.sex) == (known_id, None, None, None)
        assert not reader.scalar(select(func.count()).select_from(Account).where(Account.username != "quantri"))
        # The ledger may never forget an entry: of whoever it counted a bare row stays.
        left = reader.scalars(select(Person).where(Person.id != known_id, Person.wrapped_key.is_(None))).all()
        assert {(one.name, one.sealed) for one in left if one.name == "-"} == {("-", None)}
    assert "Nguyễn Văn An" not in people(database)


def test_who_has_something_hanging_on_them_stays_and_the_row_says_why(
    importer: Callable[..., Importer], db: Session
) -> None:
    done = importer(GOOD, good(2) | {"Họ và tên": "Trần Văn Mới"})
    done.ask(stages.request_apply)
    account = db.scalars(select(Account).join(Person).where(Person.name == "Nguyễn Văn An")).one()
    now = clock.now()
    db.add(SignInSession(account_id=account.id, token_hash=b"x" * 32, created_at=now, last_seen_at=now))
    db.commit()
    done.ask(stages.request_undo)
    kept, gone = done.reports
    assert kept.messages == ("Giữ lại: đã đăng nhập.",)
    assert kept.password
    assert (gone.messages, gone.password) == ((), "")
    assert people(done.database)["Nguyễn Văn An"] == 1
    with done.database.reading() as reader:
        assert reader.get_one(PeopleImport, done.id).outcome == {"rows": 2, "kept": 1, "undone": 1}


def test_a_slip_nobody_used_goes_with_its_person_and_a_used_one_keeps_them(
    importer: Callable[..., Importer], db: Session
) -> None:
    done = importer(GOOD, good(2) | {"Họ và tên": "Trần Văn Mới"})
    done.ask(stages.request_apply)
    held = select(Person.name, Account.id).join(Account, Account.person_id == Person.id)
    accounts = dict(db.execute(held).all())
    came, never_came = accounts["Nguyễn Văn An"], accounts["Trần Văn Mới"]
    codes = issue(db, [came, never_came], "slip", done.account_id)
    found = find_code(db, codes[came])
    assert found is not None
    # Nobody is signed in by that alone: a second factor may still be asked for.
    spend(db, found, "a hash")
    db.commit()
    done.ask(stages.request_undo)
    kept, gone = done.reports
    assert (kept.values["name"], kept.messages) == ("Nguyễn Văn An", ("Giữ lại: đã đặt mật khẩu.",))
    assert (gone.messages, gone.password) == ((), "")
    with done.database.reading() as reader:
        assert set(reader.scalars(select(OneTimeCode.account_id))) == {came}
        assert find_code(reader, codes[never_came]) is None
        assert reader.get(Account, never_came) is None


def test_a_list_can_be_taken_back_for_a_day(importer: Callable[..., Importer]) -> None:
    done = importer(GOOD)
    with pytest.raises(Conflict):
        done.ask(stages.request_undo)
    done.ask(stages.request_apply)
    with clock.frozen(clock.now() + timedelta(days=1)), pytest.raises(Conflict):
        done.ask(stages.request_undo)


def test_whatever_names_people_is_known_to_keep_them_or_to_follow_them() -> None:
    assert tables_naming_people() == set(HELD_BY_PEOPLE)


# --- the result ---------------------------------------------------------------------------------------------------


def test_the_result_shows_the_row_as_it_was_sent_and_what_was_mended(
    importer: Callable[..., Importer],
) -> None:
    done = importer(GOOD | {"Điện thoại": "09"})
    done.mend(done.reports[0], {"Điện thoại": "0912345678"})
    with done.database.reading() as db:
        table = result_table(db, done.storage, done.actor, done.id)
        [row] = [dict(zip([column.title for column in table.columns], cells, strict=True)) for cells in table.rows]
    assert (row["Điện thoại"], row["Kết quả"], row["Sửa trên trang"]) == ("09", "Thêm mới", "Điện thoại: 0912345678")
