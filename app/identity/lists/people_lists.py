"""Lists that name people already known, one a row, to record something about each: found, never guessed, never added.

A person is named by identity number, phone, email or user name, and by their name, which must be the same one.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.core import clock
from app.core.access import Actor
from app.core.errors import Invalid
from app.core.i18n import gettext as _
from app.core.tables import Cell, cell_text
from app.core.text import fold, nfc
from app.identity import sealing
from app.identity.lists.people_import import ParsedRow, read_email, read_identity, read_phone
from app.identity.lists.people_matching import Doubt, chunks
from app.identity.lists.people_report import ImportReport, Outcome, RowReport
from app.identity.lists.people_sheet import PeopleSheet
from app.identity.models import Account, Affiliation, Person, PersonLookup
from app.identity.policy import sees_every_post
from app.identity.records import holder_of, posts_elsewhere
from app.identity.sealing import LookupKind
from app.identity.units.unit_queries import units_by_id

# The columns that name a person, with their widths; each list adds its own behind them.
WHO = {"STT": 6, "Họ và tên": 26, "Số CCCD": 16, "Điện thoại": 15, "Email": 26, "Tên đăng nhập": 18}
_KINDS: tuple[LookupKind, ...] = ("identity", "phone", "email")


@dataclass(frozen=True)
class ListedRow:
    """One row as read: its cells by column name, and who it says it means."""

    number: int
    cells: Mapping[str, Cell]
    who: ParsedRow
    username: str

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(cell_text(cell) for cell in self.cells.values())


# What came of a row whose person is found: its outcome and what to say. Raises Invalid or Doubt.
Act = Callable[[ListedRow, Person], tuple[Outcome, tuple[str, ...]]]


def settle_list(
    db: Session, sheet: PeopleSheet, columns: Sequence[str], actor: Actor, permission: str, act: Act, *, dry_run: bool
) -> ImportReport:
    """Find the person of every row and `act` on each that is found; nothing is done with the others."""
    today = clock.today()
    rows = [_row(row.number, row.cells, columns) for row in sheet.rows]
    known = _KnownPeople(
        db, rows, set(db.scalars(actor.units_with(permission))), sees_every_post(db, actor, permission)
    )
    units = units_by_id(db, {unit for unit in known.unit_of.values() if unit}, today)
    reports = []
    for row in rows:
        person: Person | None = None
        outcome: Outcome = "refused"
        messages = tuple(row.who.refusals)
        try:
            if not row.who.refusals:
                person = known.find(row)
                outcome, messages = act(row, person)
                messages = (*row.who.repairs, *messages)
        except Doubt as doubt:
            outcome, messages = "needs_confirmation", (doubt.message,)
        except Invalid as problem:
            outcome, messages = "refused", (problem.message,)
        unit = units.get(known.unit_of[person.id]) if person else None
        reports.append(
            RowReport(
                row.number, row.texts, outcome, messages, person.ref if person else "", {"name": row.who.name},
                {"code": unit.code if unit else "", "name": unit.name if unit else ""},
            )
        )  # fmt: skip
    return ImportReport(sheet.file, sheet.sheet, today, dry_run, tuple(reports))


def _row(number: int, cells: Sequence[Cell], columns: Sequence[str]) -> ListedRow:
    padded = [*cells, *[None] * len(columns)]
    by_name = dict(zip(columns, padded, strict=False))
    text = {name: nfc(cell_text(by_name[name])) for name in WHO}
    who = ParsedRow(name=" ".join(text["Họ và tên"].split()))
    read_identity(who, text["Số CCCD"])
    # Sex and birth year follow from the number; nobody asked for them here. A number without its zeros is only looked
    # up, and the name has to fit as well.
    who.repairs += who.doubts
    who.doubts.clear()
    who.notes.clear()
    read_phone(who, text["Điện thoại"])
    read_email(who, text["Email"])
    username = text["Tên đăng nhập"].lower()
    if not who.name:
        who.refusals.append(_("Thiếu họ và tên."))
    if not (username or any(text[name] for name in ("Số CCCD", "Điện thoại", "Email"))):
        who.refusals.append(_("Cần ít nhất một trong: số CCCD, điện thoại, email, tên đăng nhập."))
    return ListedRow(number, by_name, who, username)


class _KnownPeople:
    """The people the rows may mean, loaded in a handful of queries."""

    def __init__(self, db: Session, rows: Sequence[ListedRow], allowed: Collection[int], sees_all: bool) -> None:
        self._allowed, self._sees_all, self._today = allowed, sees_all, clock.today()
        self._by_lookup: dict[tuple[str, bytes], Person] = {}
        self._by_username: dict[str, Person] = {}
        self._elsewhere: dict[int, list[Affiliation]] = {}
        # The unit to show with a person: of the primary post of today.
        self.unit_of: dict[int, int] = {}
        digests = {digest for row in rows for _kind, digest in _digests(row)}
        for some in chunks(sorted(digests)):
            found = db.execute(
                select(PersonLookup.kind, PersonLookup.digest, holder_of(PersonLookup.person_id)).where(
                    PersonLookup.digest.in_(some)
                )
            ).all()
            people = self._load(db, {person_id for _kind, _digest, person_id in found})
            self._by_lookup |= {(kind, digest): people[person_id] for kind, digest, person_id in found}
        for names in chunks(sorted({row.username for row in rows if row.username})):
            signing_in = select(Account.username, holder_of(Account.person_id)).where(Account.username.in_(names))
            accounts = db.execute(signing_in).all()
            people = self._load(db, {person_id for _name, person_id in accounts})
            self._by_username |= {username: people[person_id] for username, person_id in accounts}

    def find(self, row: ListedRow) -> Person:
        """Raises Doubt if it cannot be told for sure, or is not for this importer to tell."""
        found = {person for key in _digests(row) if (person := self._by_lookup.get(key))}
        # Anybody may have typed that phone (DESIGN 9); a user name is its owner's alone.
        found = {person for person in found if person.signed_up_at is None}
        if person := self._by_username.get(row.username):
            found.add(person)
        if not found:
            # Whether such a person exists elsewhere is not to be learnt from a list.
            raise Doubt(_("Không tìm thấy người này.") if self._sees_all else _outside())
        if any(not self._is_in_reach(person) for person in found):
            raise Doubt(_outside())
        if len(found) > 1:
            raise Doubt(_("Các số và tên đăng nhập của dòng này thuộc về những người khác nhau."))
        (person,) = found
        if fold(row.who.name) != person.folded_name:
            raise Doubt(_("Số hoặc tên đăng nhập này là của %(name)s; hãy xem lại họ tên.", name=person.name))
        return person

    def _is_in_reach(self, person: Person) -> bool:
        return self._sees_all or any(post.unit_id in self._allowed for post in self._posts(person))

    def _posts(self, person: Person) -> list[Affiliation]:
        return [
            post
            for post in (*person.affiliations, *self._elsewhere.get(person.id, ()))
            if post.started_on <= self._today and (post.ended_on is None or post.ended_on >= self._today)
        ]

    def _load(self, db: Session, person_ids: Collection[int]) -> dict[int, Person]:
        query = select(Person).where(Person.id.in_(person_ids)).options(selectinload(Person.affiliations))
        people = {person.id: person for person in db.scalars(query)}
        self._elsewhere |= posts_elsewhere(db, people)
        for person in people.values():
            posts = sorted(self._posts(person), key=lambda post: (not post.is_primary, post.started_on, post.id))
            self.unit_of[person.id] = posts[0].unit_id if posts else 0
        return people


def _digests(row: ListedRow) -> list[tuple[str, bytes]]:
    return [(kind, sealing.digest(kind, value)) for kind in _KINDS if (value := getattr(row.who, kind))]


def _outside() -> str:
    return _("Không thuộc đơn vị anh/chị phụ trách; cần tỉnh xác nhận.")
