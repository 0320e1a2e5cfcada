"""Is the human being of a row already known? By identity number, phone, email; else by name and birth in the unit."""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date
from typing import Literal, TypeVar, get_args

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, selectinload

from app.core.i18n import gettext as _
from app.core.text import fold
from app.identity import sealing
from app.identity.lists.people_import import ParsedRow
from app.identity.lists.people_report import Problem
from app.identity.models import Affiliation, Person, PersonLookup
from app.identity.records import holder_of, posts_elsewhere
from app.identity.sealing import LookupKind, SealedFields

Same = Literal["same", "different", "unclear"]
Item = TypeVar("Item")

CHUNK = 500


# In place of a candidate: the row means somebody new.
NEW = "new"


class Doubt(Exception):
    """Somebody must decide; the message says what. `candidates`: whom the row may mean."""

    def __init__(
        self,
        message: str,
        candidates: Collection[Person] = (),
        *,
        may_be_new: bool = False,
        problem: Problem = "person",
    ) -> None:
        self.message = message
        self.candidates = tuple(candidates)
        self.may_be_new = may_be_new
        self.problem = problem
        super().__init__(message)


def outside_scope() -> Doubt:
    # Nothing more: who works outside of one's scope is not to be learnt from an import (DESIGN 9).
    return Doubt(_("Cần tỉnh xác nhận."), problem="scope")


def _ref(person: Person) -> str:
    return person.ref


class KnownPeople:
    """The people the rows of one file may mean, loaded in a handful of queries, and those the file itself adds."""

    def __init__(
        self, db: Session, rows: Sequence[ParsedRow], allowed_units: Collection[int] | None, day: date
    ) -> None:
        self._allowed = allowed_units
        self._day = day
        self._by_lookup: dict[tuple[str, bytes], Person] = {}
        self._by_place: dict[tuple[str, int], list[Person]] = {}
        self._fields: dict[Person, SealedFields] = {}
        # What finds somebody by another record of theirs (identity/records.py).
        self._of_others: set[tuple[str, bytes]] = set()
        self._load_by_lookup(db, rows)
        self._load_by_place(db, rows)
        known = {*self._by_lookup.values(), *(one for some in self._by_place.values() for one in some)}
        self._elsewhere = posts_elsewhere(db, {person.id for person in known})

    def find(self, row: ParsedRow, choice: str = "", key_of: Callable[[Person], str] = _ref) -> Person | None:
        """The one person the row means, None if nobody known; raises Doubt if that cannot be told for sure.

        `choice`: what somebody decided where it could not, the key of a candidate or NEW. What belongs to others is
        then not written for the person of the row.
        """
        try:
            return self._find(row)
        except Doubt as doubt:
            chosen = next((one for one in doubt.candidates if choice and key_of(one) == choice), None)
            if chosen is None and not (choice == NEW and doubt.may_be_new):
                raise
            self._leave_to_others(row, chosen)
            return chosen

    def _find(self, row: ParsedRow) -> Person | None:
        found = {person: kind for kind in reversed(get_args(LookupKind)) if (person := self._holder(kind, row))}
        if any(not self.is_in_reach(person) for person in found):
            raise outside_scope()
        # Whoever bears that identity number is no new person.
        may_be_new = self._holder("identity", row) is None
        if any(person.signed_up_at for person in found):
            # Anybody may have typed that phone: taking the two for one would hand over the other's record (DESIGN 9).
            raise Doubt(
                _(
                    "Điện thoại hoặc email này đang thuộc một tài khoản tự đăng ký, chưa xác minh là cùng một người."
                    " Hãy hỏi người đó, hoặc bỏ trống ô ấy để nhập."
                ),
                may_be_new=may_be_new,
            )
        if len(found) > 1:
            raise Doubt(
                _("Số CCCD, điện thoại và email của dòng này thuộc về những người khác nhau đã có trong hệ thống."),
                found,
                may_be_new=may_be_new,
            )
        for person, kind in found.items():
            self._refuse_contradiction(row, person, kind)
            return person
        return self._namesake(row)

    def fields_of(self, person: Person) -> SealedFields:
        if person not in self._fields:
            self._fields[person] = sealing.unseal(person)
        return self._fields[person]

    def news(self, kind: LookupKind, row: ParsedRow) -> str:
        """The row's value of this kind; "" where another record of the same human being has it already."""
        value: str = getattr(row, kind)
        return "" if value and (kind, sealing.digest(kind, value)) in self._of_others else value

    def posts_of(self, person: Person) -> list[Affiliation]:
        """Those under all records of theirs."""
        return [*person.affiliations, *self._elsewhere.get(person.id, ())]

    def remember(self, person: Person, fields: SealedFields, unit_id: int) -> None:
        """Later rows of the file shall find this person, with these fields, in this unit."""
        self._fields[person] = fields
        for lookup in person.lookups:
            self._by_lookup[lookup.kind, lookup.digest] = person
        neighbours = self._by_place.setdefault((person.folded_name, unit_id), [])
        if person not in neighbours:
            neighbours.append(person)

    def is_in_reach(self, person: Person) -> bool:
        """The importer may touch the person: has a post within the scope, or none at all."""
        if self._allowed is None:
            return True
        posts = [post for post in self.posts_of(person) if post.ended_on is None or post.ended_on >= self._day]
        return not posts or any(post.unit_id in self._allowed for post in posts)

    def _holder(self, kind: LookupKind, row: ParsedRow) -> Person | None:
        value = getattr(row, kind)
        return self._by_lookup.get((kind, sealing.digest(kind, value))) if value else None

    def _refuse_contradiction(self, row: ParsedRow, person: Person, kind: LookupKind) -> None:
        what = {"identity": _("Số CCCD"), "phone": _("Số điện thoại"), "email": _("Email")}[kind]
        may_be_new = kind != "identity"
        if fold(row.name) != person.folded_name:
            said = _("%(what)s này đang thuộc về %(name)s.", what=what, name=person.name)
            raise Doubt(said, [person], may_be_new=may_be_new)
        if compare(row, self.fields_of(person)) == "different":
            raise Doubt(
                _(
                    "%(what)s khớp với người đã có, nhưng ngày sinh hoặc số CCCD lại khác với hồ sơ của người đó.",
                    what=what,
                ),
                [person],
                may_be_new=may_be_new,
            )

    def _leave_to_others(self, row: ParsedRow, chosen: Person | None) -> None:
        said = {
            "identity": _("Số CCCD đang thuộc về người khác nên không ghi cho người này."),
            "phone": _("Số điện thoại đang thuộc về người khác nên không ghi cho người này."),
            "email": _("Email đang thuộc về người khác nên không ghi cho người này."),
        }
        for kind in get_args(LookupKind):
            if self._holder(kind, row) not in (None, chosen):
                setattr(row, kind, "")
                row.notes.append(said[kind])

    def _namesake(self, row: ParsedRow) -> Person | None:
        """Somebody of that name in that unit, whom no number found."""
        namesakes = self._by_place.get((fold(row.name), row.unit.unit_id if row.unit else 0), [])
        verdicts = {person: compare(row, self.fields_of(person)) for person in namesakes}
        same = [person for person, verdict in verdicts.items() if verdict == "same"]
        if len(same) > 1 or (not same and "unclear" in verdicts.values()):
            raise Doubt(
                _("Đơn vị đã có người cùng tên; hãy ghi thêm ngày sinh hoặc số CCCD để phân biệt."),
                same or [person for person, verdict in verdicts.items() if verdict == "unclear"],
                may_be_new=not same,
            )
        return same[0] if same else None

    def _load_by_lookup(self, db: Session, rows: Sequence[ParsedRow]) -> None:
        digests = {
            sealing.digest(kind, value)
            for row in rows
            for kind in get_args(LookupKind)
            if (value := getattr(row, kind))
        }
        for some in chunks(sorted(digests)):
            lookups = select(PersonLookup, holder_of(PersonLookup.person_id)).where(PersonLookup.digest.in_(some))
            holders = dict(db.execute(lookups).all())
            people = {person.id: person for person in db.scalars(_with_posts().where(Person.id.in_(holders.values())))}
            for lookup, person_id in holders.items():
                self._by_lookup[lookup.kind, lookup.digest] = people[person_id]
                if lookup.person_id != person_id:
                    self._of_others.add((lookup.kind, lookup.digest))

    def _load_by_place(self, db: Session, rows: Sequence[ParsedRow]) -> None:
        for person, unit_ids in _possible_namesakes(db, [row for row in rows if not row.refusals]):
            for unit_id in unit_ids:
                self._by_place.setdefault((person.folded_name, unit_id), []).append(person)


def _possible_namesakes(db: Session, rows: Sequence[ParsedRow]) -> Iterator[tuple[Person, set[int]]]:
    """People of the name of a row in its unit who may be the row's person, with those units.

    A unit may have hundreds of one name whom birth or number tells apart: of those no more than that is looked at.
    """
    at_place: dict[tuple[str, int], list[ParsedRow]] = {}
    for row in rows:
        if row.unit:
            at_place.setdefault((fold(row.name), row.unit.unit_id), []).append(row)
    born = {sealing.likeness(fold(row.name), row.birth_date) for row in rows if row.birth_date}
    undated = {fold(row.name) for row in rows if not row.birth_date}
    unit_ids = {unit_id for _name, unit_id in at_place}
    # Two birth dates that differ make two people (`compare`), and the likeness tells them apart unopened.
    may_be = or_(Person.likeness.is_(None), Person.likeness.in_({b"", *born}), Person.folded_name.in_(undated))
    # First who is there, then what they are: joined, SQLite would look for the holders of every record anew.
    places: dict[int, set[int]] = {}
    for some in chunks(sorted({name for name, _unit_id in at_place})):
        posts = (
            select(holder_of(Affiliation.person_id), Affiliation.unit_id)
            .join(Person, Person.id == Affiliation.person_id)
            .where(Person.folded_name.in_(some), Affiliation.unit_id.in_(unit_ids), Person.signed_up_at.is_(None))
        )
        for person_id, unit_id in db.execute(posts):
            places.setdefault(person_id, set()).add(unit_id)
    found: dict[int, set[int]] = {}
    for some_ids in chunks(sorted(places)):
        held = select(Person.id, Person.folded_name, Person.ref, Person.wrapped_key, Person.sealed)
        for person_id, name, ref, wrapped, sealed in db.execute(held.where(Person.id.in_(some_ids), may_be)):
            here = {unit_id: at_place.get((name, unit_id), ()) for unit_id in places[person_id]}
            fields = sealing.opened(ref, wrapped, sealed) if any(here.values()) else SealedFields()
            may = {
                unit_id for unit_id, alike in here.items() if any(compare(row, fields) != "different" for row in alike)
            }
            if may:
                found[person_id] = may
    for some_ids in chunks(sorted(found)):
        for person in db.scalars(_with_posts().where(Person.id.in_(some_ids))):
            yield person, found[person.id]


def compare(row: ParsedRow, fields: SealedFields) -> Same:
    """Is a row's person the one of these fields, as far as identity number and birth can tell?"""
    if row.identity and fields.identity and len(row.identity) == len(fields.identity):
        return "same" if row.identity == fields.identity else "different"
    if row.birth_date and fields.birth_date:
        return "same" if row.birth_date == fields.birth_date else "different"
    if row.birth_year and fields.birth_year and row.birth_year != fields.birth_year:
        return "different"
    return "unclear"


def chunks(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Parts short enough for one IN (…) list."""
    for at in range(0, len(items), CHUNK):
        yield items[at : at + CHUNK]


def _with_posts() -> Select[Person]:
    return select(Person).options(
        selectinload(Person.lookups), selectinload(Person.affiliations).selectinload(Affiliation.audiences)
    )
