"""Applying a workbook of people: who is already known, who is new, whose post changes.

A dry run does the same and takes it back before it is written. Nothing here guesses between two human beings: where
the row and the register disagree, the row waits for a person to confirm it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.events import emit
from app.core.i18n import gettext as _
from app.core.tables import cell_text
from app.core.text import fold
from app.identity.events import AffiliationsChanged
from app.identity.identifiers import phone_shown
from app.identity.lists.office_units import OfficeUnits
from app.identity.lists.people_deeds import Deed, Wrote
from app.identity.lists.people_import import COLUMNS, KnownUnit, ParsedRow, Register, parse_row
from app.identity.lists.people_matching import Doubt, KnownPeople, chunks, outside_scope
from app.identity.lists.people_report import (
    PROBLEM_OF_COLUMN,
    Candidate,
    Outcome,
    Problem,
    RowReport,
)
from app.identity.lists.people_sheet import SheetRow
from app.identity.lists.unit_names import load_called_units
from app.identity.models import Audience, Person
from app.identity.people.people import close_affiliation, new_affiliation, new_person, set_fields
from app.identity.sealing import SealedFields
from app.identity.sign_in import passwords
from app.identity.sign_in.accounts import UserNames, new_account
from app.identity.units.unit_queries import in_force, lives_of, unit_versions


@dataclass(frozen=True)
class Books:
    """What the rows of a list are looked up in on a day, for all parts of a long one.

    `offices` where units may also be named as of old. `usernames`: to find a free one begins at the first.
    """

    day: date
    register: Register
    offices: OfficeUnits | None
    usernames: UserNames

    def read(self, row: SheetRow) -> "ReadRow":
        placed = self.offices.placed(row) if self.offices else row
        return ReadRow(placed, parsed(placed, self.register, self.day))


@dataclass(frozen=True)
class ReadRow:
    """A row with code and name of the unit it means, where those may be of old, and what it says."""

    given: SheetRow
    said: ParsedRow


@dataclass(frozen=True)
class Settled:
    """What came of a row, and what it wrote if it did. `known_id`: the person it found, if not one of the same rows."""

    report: RowReport
    wrote: Wrote | None = None
    known_id: int | None = None


def open_books(db: Session, *, is_offices_own: bool, answers: Mapping[str, str] | None = None) -> Books:
    """What the rows of today's list are looked up in; `answers` to its questions about units (OfficeUnits)."""
    day = clock.today()
    register = load_register(db, day)
    offices = OfficeUnits(register, load_called_units(db, register, day), answers) if is_offices_own else None
    return Books(day, register, offices, UserNames(db))


def settle_rows(
    db: Session, books: Books, rows: Sequence[ReadRow], *, allowed_units: Collection[int] | None, dry_run: bool
) -> list[Settled]:
    """Apply some rows of a list, in their order; a dry run does the same and writes nothing."""
    savepoint = db.begin_nested()
    settled = _Import(db, books, rows, allowed_units, dry_run).run()
    if dry_run:
        savepoint.rollback()
    else:
        savepoint.commit()
    return settled


def load_register(db: Session, day: date) -> Register:
    """The units in force on a day and the audiences, as the cells of the template are looked up."""
    today = db.execute(unit_versions().where(in_force(day))).all()
    lives = lives_of(db, {row.unit_id for row in today})
    units = {}
    for row in today:
        life = lives[row.unit_id]
        names = {fold(version.name) for version in life}
        names |= {fold(version.name.removeprefix(version.type_name)) for version in life}
        units[row.code.upper()] = KnownUnit(row.unit_id, row.code, row.name, frozenset(names), life[0].valid_from)
    audiences: dict[str, str] = {}
    for code, name in db.execute(select(Audience.code, Audience.name)):
        audiences |= {fold(code): code, fold(name): code}
    return Register(units, audiences)


def row_key(position: int) -> str:
    """What a decision calls the person that another row of the same list adds."""
    return f"row:{position}"


class _Import:
    def __init__(
        self, db: Session, books: Books, rows: Sequence[ReadRow], allowed: Collection[int] | None, dry_run: bool
    ) -> None:
        self.db = db
        self.allowed = allowed
        self.dry_run = dry_run
        self.day = books.day
        self.units = {unit.unit_id: unit for unit in books.register.units.values()}
        self.given = [row.given for row in rows]
        self.rows = [row.said.copy() for row in rows]
        self.known = KnownPeople(db, self.rows, allowed, self.day)
        self.usernames = books.usernames
        self.usernames.db = db
        if not dry_run:
            for some in chunks([row.name for row in self.rows]):
                self.usernames.expect(some)
        self.first_rows: dict[Person, RowReport] = {}
        self.added: dict[Person, int] = {}
        self.changed: dict[Person, None] = {}

    def run(self) -> list[Settled]:
        # Rows find each other in `self.known`, so nothing needs to be flushed before the end.
        with self.db.no_autoflush:
            done = [self._apply(given, row) for given, row in zip(self.given, self.rows, strict=True)]
        if not self.dry_run:
            self.db.flush()
            for people in chunks(list(self.changed)):
                emit(self.db, AffiliationsChanged(tuple(person.id for person in people)))
        return [self._settled(report, deed) for report, deed in done]

    def _settled(self, report: RowReport, deed: Deed | None) -> Settled:
        if deed is None:
            return Settled(report)
        wrote = None if self.dry_run else deed.written()
        return Settled(report, wrote, None if deed.person in self.added else deed.person.id)

    def _apply(self, given: SheetRow, row: ParsedRow) -> tuple[RowReport, Deed | None]:
        texts = tuple(cell_text(cell) for cell in given.cells)
        report = RowReport(
            given.number, texts + ("",) * (len(COLUMNS) - len(texts)), "refused", tuple(row.refusals), "",
            _values(row), self._unit(row), sheet=given.sheet, problem=_problem(row), about=_about(row),
            question=given.question,
        )  # fmt: skip
        if row.refusals:
            return report, None
        try:
            return self._settle(report, given, row)
        except Doubt as doubt:
            candidates = tuple(self._told(person) for person in doubt.candidates)
            waiting = replace(
                    report, outcome="needs_confirmation", messages=(doubt.message,), problem=doubt.problem,
                    candidates=candidates, may_be_new=doubt.may_be_new,
            )  # fmt: skip
            return waiting, None

    def _settle(self, report: RowReport, given: SheetRow, row: ParsedRow) -> tuple[RowReport, Deed | None]:
        assert row.unit is not None, "a row without a unit is refused"
        if self.allowed is not None and row.unit.unit_id not in self.allowed:
            raise outside_scope()
        if row.doubts and not given.confirmed:
            messages = (*row.doubts, *row.notes)
            return replace(report, outcome="needs_confirmation", messages=messages, confirmable=True), None
        row.repairs += [_("%(doubt)s Đã được xác nhận.", doubt=doubt) for doubt in row.doubts]
        person = self.known.find(row, given.choice, self._key)
        outcome: Outcome = "matched"
        username = password = ""
        if person is None:
            outcome = "created"
            deed, username, password = self._add(row, given.position)
            person = deed.person
        else:
            deed = Deed(person)
            if first := self.first_rows.get(person):
                row.notes.append(
                    _("Trùng người với dòng %(row)s của trang tính %(sheet)s.", row=first.row, sheet=first.sheet)
                    if first.sheet != report.sheet
                    else _("Trùng người với dòng %(row)s.", row=first.row)
                )
            self._place(deed, row)
            self._complete(deed, row)
        self.first_rows.setdefault(person, report)
        self.known.remember(person, self.known.fields_of(person), row.unit.unit_id)
        done = replace(
            report, outcome="repaired" if row.repairs else outcome, messages=(*row.repairs, *row.notes),
            person=self._key(person) if self.dry_run else person.ref,
            username=username, password=password, problem="", about={}, question=None,
        )  # fmt: skip
        return done, deed

    def _key(self, person: Person) -> str:
        """What a decision calls a candidate: somebody the list itself adds has no lasting ref before it is applied."""
        return row_key(self.added[person]) if person in self.added else person.ref

    def _told(self, person: Person) -> Candidate:
        fields = self.known.fields_of(person)
        posts = [post for post in self.known.posts_of(person) if post.ended_on is None or post.ended_on >= self.day]
        places = [self.units[post.unit_id].name for post in posts if post.unit_id in self.units]
        titles = [part for part in (*(post.title for post in posts[:1]), *places[:1]) if part]
        born = fields.birth_date or fields.birth_year
        return Candidate(self._key(person), person.name, cell_text(born), " · ".join(titles))

    def _add(self, row: ParsedRow, position: int) -> tuple[Deed, str, str]:
        fields = SealedFields(row.birth_date, row.birth_year, row.phone, row.email, row.identity)
        person = new_person(row.name, row.sex, fields)
        self.db.add(person)
        self.added[person] = position
        deed = Deed(person, is_new=True)
        self._begin_post(deed, row)
        self.known.remember(person, fields, row.unit.unit_id if row.unit else 0)
        if self.dry_run:
            return deed, "", ""
        username, code = self.usernames.free(row.name), passwords.make_one_time_code()
        self.db.add(new_account(person, username, passwords.hash_one_time_code(code)))
        return deed, username, code

    def _complete(self, deed: Deed, row: ParsedRow) -> None:
        """Fill what was not known of the person; what is known stays, whatever the row says."""
        person = deed.person
        fields = self.known.fields_of(person)
        better = SealedFields(
            birth_date=fields.birth_date or row.birth_date,
            birth_year=fields.birth_year or row.birth_year,
            phone=fields.phone or self.known.news("phone", row),
            email=fields.email or self.known.news("email", row),
            identity=fields.identity or self.known.news("identity", row),
        )
        if self.known.news("phone", row) not in ("", better.phone):
            row.notes.append(_("Số điện thoại khác số đang lưu; hệ thống giữ số đang lưu."))
        if self.known.news("email", row) not in ("", better.email):
            row.notes.append(_("Email khác địa chỉ đang lưu; hệ thống giữ địa chỉ đang lưu."))
        if self.known.news("identity", row) not in ("", better.identity):
            row.notes.append(_("Số CCCD khác số đang lưu; hệ thống giữ số đang lưu."))
        if better != fields:
            set_fields(person, better)
            deed.before, deed.after = fields, better
            row.notes.append(_("Đã bổ sung thông tin còn thiếu của người đã có."))
        if row.sex and person.sex is None:
            person.sex, deed.sex_given = row.sex, True
        self.known.remember(person, better, row.unit.unit_id if row.unit else 0)

    def _place(self, deed: Deed, row: ParsedRow) -> None:
        """The row's post of a known person: the same one, or a transfer from the present one."""
        assert row.unit is not None
        posts = self.known.posts_of(deed.person)
        open_posts = [post for post in posts if post.ended_on is None or post.ended_on >= self.day]
        for post in open_posts:
            if post.unit_id == row.unit.unit_id and (not row.title or fold(post.title) == fold(row.title)):
                if set(row.audiences) - {link.audience_code for link in post.audiences}:
                    row.notes.append(_("Nhóm đối tượng khác với vị trí đang lưu; vị trí đang lưu giữ nguyên."))
                return
        starts = self._start(row)
        present = [
            post for post in open_posts if post.is_primary and (post.ended_on is None or post.ended_on >= starts)
        ]
        if any(post.started_on >= starts for post in present):
            raise Doubt(
                _("Người này đang có vị trí khác bắt đầu từ %(day)s; ngày bắt đầu vị trí mới phải sau ngày đó.",
                  day=cell_text(max(post.started_on for post in present))),
                problem="start",
            )  # fmt: skip
        for post in present:
            deed.ended.append((post, post.ended_on, post.end_recorded_at))
            close_affiliation(post, starts - timedelta(days=1))
            row.notes.append(_("Vị trí trước kết thúc ngày %(day)s.", day=cell_text(post.ended_on)))
        self._begin_post(deed, row)

    def _begin_post(self, deed: Deed, row: ParsedRow) -> None:
        assert row.unit is not None
        starts = self._start(row)
        if row.started_on is None:
            row.repairs.append(_("Chưa ghi ngày bắt đầu, lấy ngày nhập %(day)s.", day=cell_text(starts)))
        elif starts != row.started_on:
            row.repairs.append(
                _(
                    "Ngày bắt đầu sớm hơn ngày thành lập %(unit)s, lấy %(day)s.",
                    unit=row.unit.name,
                    day=cell_text(starts),
                )
            )
        deed.began = new_affiliation(
            deed.person,
            row.unit.unit_id,
            title=row.title,
            audiences=row.audiences,
            is_leader=row.is_leader,
            started_on=starts,
        )
        self.db.add(deed.began)
        self.changed[deed.person] = None

    def _start(self, row: ParsedRow) -> date:
        assert row.unit is not None
        return max(row.started_on or self.day, row.unit.first_day)

    def _unit(self, row: ParsedRow) -> dict[str, str]:
        name = row.unit.name if row.unit else row.unit_name
        return {"code": row.unit_code, "name": name, "on": self.day.isoformat()}


def _values(row: ParsedRow) -> dict[str, Any]:
    born = {"birth_date": row.birth_date.isoformat()} if row.birth_date else {"birth_year": row.birth_year}
    return {
        "name": row.name, **born, "sex": row.sex, "phone": row.phone and phone_shown(row.phone),
        "identity": row.identity, "title": row.title,
    }  # fmt: skip


def parsed(given: SheetRow, register: Register, day: date) -> ParsedRow:
    """The row as read, with what was said when an office's list was put into our template."""
    row = parse_row(given.cells, register, day, min(given.period[1], day) if given.period else None)
    if given.question:
        row.refusals = [said for said in row.refusals if row.about[said] != "Mã đơn vị"]
    row.repairs[:0], row.notes[:0] = given.repairs, given.notes
    row.refusals[:0] = [said for _column, said in given.refusals]
    row.about |= {said: column for column, said in given.refusals}
    return row


def _problem(row: ParsedRow) -> Problem:
    """By what a row is found among those somebody must look at, if its own cells are the reason."""
    if row.lost_zeros and not row.refusals and len(row.doubts) == 1:
        return "identity_zero"
    return next((PROBLEM_OF_COLUMN[row.about[said]] for said in (*row.refusals, *row.doubts)), "")


def _about(row: ParsedRow) -> dict[str, str]:
    """What is wrong, by column of the template."""
    said: dict[str, list[str]] = {}
    for text in (*row.refusals, *row.doubts):
        said.setdefault(row.about[text], []).append(text)
    return {column: " ".join(texts) for column, texts in said.items()}
