"""Applying a workbook of people: who is already known, who is new, whose post changes.

A dry run is the same work inside a savepoint that is rolled back. Nothing here guesses between two human beings: where
the row and the register disagree, the row waits for a person to confirm it.
"""

from collections.abc import Collection
from dataclasses import replace
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
from app.identity.lists.office_units import OfficeUnits, PastName
from app.identity.lists.people_import import COLUMNS, KnownUnit, ParsedRow, Register, parse_row
from app.identity.lists.people_matching import Doubt, KnownPeople, chunks, outside_scope
from app.identity.lists.people_report import ImportReport, Outcome, RowReport
from app.identity.lists.people_sheet import PeopleSheet, SheetRow
from app.identity.models import Affiliation, Audience, Person
from app.identity.people.people import close_affiliation, new_affiliation, new_person, set_fields
from app.identity.sealing import SealedFields
from app.identity.sign_in import passwords
from app.identity.sign_in.accounts import UserNames, new_account
from app.identity.units.unit_queries import UnitOnDay, heirs_on, in_force, lives_of, unit_versions


def import_people(
    db: Session, sheet: PeopleSheet, *, allowed_units: Collection[int] | None = None, dry_run: bool = False
) -> ImportReport:
    """Apply every row it can; the report says what came of each.

    `allowed_units`: ids of the units the importer may fill, None for all. One write transaction; about a second per
    2,000 rows. One-time passwords of new accounts are in the report and nowhere else.
    """
    savepoint = db.begin_nested()
    report = _Import(db, sheet, allowed_units, dry_run).run()
    if dry_run:
        savepoint.rollback()
    else:
        savepoint.commit()
    return report


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


def load_past_names(db: Session, register: Register, day: date) -> dict[str, tuple[PastName, ...]]:
    """Names of units that are gone, folded, with the unit of `register` that their people count under on that day."""
    units = {unit.unit_id: unit for unit in register.units.values()}
    gone = [UnitOnDay(*row) for row in db.execute(unit_versions()) if row.unit_id not in units]
    heirs = heirs_on(db, {version.unit_id for version in gone}, day)
    past: dict[str, dict[PastName, None]] = {}
    for version in gone:
        heir = heirs.get(version.unit_id)
        if heir and heir.unit_id in units:
            for name in {fold(version.name), fold(version.name.removeprefix(version.type_name))}:
                past.setdefault(name, {})[PastName(version.code, units[heir.unit_id])] = None
    return {name: tuple(found) for name, found in past.items()}


class _Import:
    def __init__(self, db: Session, sheet: PeopleSheet, allowed: Collection[int] | None, dry_run: bool) -> None:
        self.db = db
        self.allowed = allowed
        self.dry_run = dry_run
        self.day = clock.today()
        register = load_register(db, self.day)
        if sheet.reading:
            units = OfficeUnits(register, load_past_names(db, register, self.day))
            sheet = replace(sheet, rows=[units.placed(row) for row in sheet.rows])
        self.sheet = sheet
        self.rows = [parsed(given, register, self.day) for given in sheet.rows]
        self.known = KnownPeople(db, self.rows, allowed, self.day)
        self.usernames = UserNames(db)
        self.first_rows: dict[Person, RowReport] = {}
        self.changed: dict[Person, None] = {}

    def run(self) -> ImportReport:
        reports = []
        # Rows find each other in `self.known`, so nothing needs to be flushed before the end.
        with self.db.no_autoflush:
            for given, row in zip(self.sheet.rows, self.rows, strict=True):
                reports.append(self._apply(given, row))
        self.db.flush()
        for people in chunks(list(self.changed)):
            emit(self.db, AffiliationsChanged(tuple(person.id for person in people)))
        return ImportReport(
            self.sheet.file, self.sheet.sheet, self.day, self.dry_run, tuple(reports), self.sheet.reading
        )

    def _apply(self, given: SheetRow, row: ParsedRow) -> RowReport:
        texts = tuple(cell_text(cell) for cell in given.cells)
        report = RowReport(
            given.number, texts + ("",) * (len(COLUMNS) - len(texts)), "refused", tuple(row.refusals), "",
            _values(row), self._unit(row), sheet=given.sheet,
        )  # fmt: skip
        if row.refusals:
            return report
        try:
            return self._settle(report, row)
        except Doubt as doubt:
            return replace(report, outcome="needs_confirmation", messages=(doubt.message,))

    def _settle(self, report: RowReport, row: ParsedRow) -> RowReport:
        assert row.unit is not None, "a row without a unit is refused"
        if self.allowed is not None and row.unit.unit_id not in self.allowed:
            raise outside_scope()
        if row.doubts:
            return replace(report, outcome="needs_confirmation", messages=(*row.doubts, *row.notes))
        person = self.known.find(row)
        outcome: Outcome = "matched"
        username = password = ""
        if person is None:
            outcome = "created"
            person, username, password = self._add(row)
        else:
            if first := self.first_rows.get(person):
                row.notes.append(
                    _("Trùng người với dòng %(row)s của trang tính %(sheet)s.", row=first.row, sheet=first.sheet)
                    if first.sheet != report.sheet
                    else _("Trùng người với dòng %(row)s.", row=first.row)
                )
            self._place(person, row)
            self._complete(person, row)
        self.first_rows.setdefault(person, report)
        self.known.remember(person, self.known.fields_of(person), row.unit.unit_id)
        return replace(
            report, outcome="repaired" if row.repairs else outcome, messages=(*row.repairs, *row.notes),
            person=person.ref, username=username, password=password,
        )  # fmt: skip

    def _add(self, row: ParsedRow) -> tuple[Person, str, str]:
        fields = SealedFields(row.birth_date, row.birth_year, row.phone, row.email, row.identity)
        person = new_person(row.name, row.sex, fields)
        self.db.add(person)
        self._begin_post(person, row)
        self.known.remember(person, fields, row.unit.unit_id if row.unit else 0)
        # The dry run spares the codes nobody will ever use; the account it adds is rolled back like all the rest.
        code = "" if self.dry_run else passwords.make_one_time_code()
        username = self.usernames.free(row.name)
        self.db.add(new_account(person, username, passwords.hash_one_time_code(code)))
        return person, "" if self.dry_run else username, code

    def _complete(self, person: Person, row: ParsedRow) -> None:
        """Fill what was not known of the person; what is known stays, whatever the row says."""
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
            row.notes.append(_("Đã bổ sung thông tin còn thiếu của người đã có."))
        if row.sex and person.sex is None:
            person.sex = row.sex
        self.known.remember(person, better, row.unit.unit_id if row.unit else 0)

    def _place(self, person: Person, row: ParsedRow) -> None:
        """The row's post of a known person: the same one, or a transfer from the present one."""
        assert row.unit is not None
        open_posts = [
            post for post in self.known.posts_of(person) if post.ended_on is None or post.ended_on >= self.day
        ]
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
                  day=cell_text(max(post.started_on for post in present)))
            )  # fmt: skip
        for post in present:
            close_affiliation(post, starts - timedelta(days=1))
            row.notes.append(_("Vị trí trước kết thúc ngày %(day)s.", day=cell_text(post.ended_on)))
        self._begin_post(person, row)

    def _begin_post(self, person: Person, row: ParsedRow) -> Affiliation:
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
        post = new_affiliation(
            person,
            row.unit.unit_id,
            title=row.title,
            audiences=row.audiences,
            is_leader=row.is_leader,
            started_on=starts,
        )
        self.db.add(post)
        self.changed[person] = None
        return post

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
    row = parse_row(given.cells, register, day)
    for said in ("repairs", "notes", "doubts", "refusals"):
        getattr(row, said)[:0] = getattr(given, said)
    return row
