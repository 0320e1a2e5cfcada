"""People and their posts: the verbs. All of them flush and announce; none commits."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import get_args

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock, ids
from app.core.errors import Invalid
from app.core.events import emit
from app.core.i18n import gettext as _
from app.core.text import fold, nfc, sortable
from app.identity import sealing
from app.identity.events import AffiliationsChanged
from app.identity.identifiers import Sex, email_address, identity_number, phone_e164
from app.identity.models import Affiliation, AffiliationAudience, Person, PersonLookup
from app.identity.sealing import LookupKind, SealedFields

# A name is letters with single signs between them; that keeps titles, numbers and formulas out of it.
_NAME = re.compile(r"[^\W\d_]+(?:[ '’.-]{1,2}[^\W\d_]+)*\.?")
NAME_LENGTH = 120
# What the refs of made-up people begin with; the sign is in no ref of a real one (ids.readable_code).
SIMULATED, DEMO = "MP-", "TH-"


def add_person(
    db: Session, *, name: str, sex: Sex | None = None, birth_date: date | None = None, birth_year: int | None = None,
    phone: str | None = None, email: str | None = None, identity: str | None = None,
) -> Person:  # fmt: skip
    """A new person; raises Invalid (with `fields`) for values that cannot be, or that belong to somebody else."""
    fields = SealedFields(
        birth_date=birth_date, birth_year=birth_date.year if birth_date else birth_year,
        phone=_normal("phone", phone), email=_normal("email", email), identity=_normal("identity", identity),
    )  # fmt: skip
    for kind in get_args(LookupKind):
        value = getattr(fields, kind)
        if value and find_person(db, kind, value):
            raise Invalid(fields={kind: _("Đã có người khác dùng thông tin này.")})
    person = new_person(name, sex, fields)
    db.add(person)
    db.flush()
    return person


def new_person(name: str, sex: Sex | None, fields: SealedFields, mark: str = "") -> Person:
    """A person not yet in any session, from normalised fields; for imports, which add many at once.

    `mark`: DEMO for the made-up people of a trial.
    """
    name = nfc(name)
    if not is_name(name):
        raise Invalid(fields={"name": _("Họ và tên chỉ gồm chữ cái, dài nhất %(most)s ký tự.", most=NAME_LENGTH)})
    person = Person(
        ref=mark + ids.readable_code(20), name=name, folded_name=fold(name), sort_name=sortable(name), sex=sex,
        created_at=clock.now(),
    )  # fmt: skip
    set_fields(person, fields)
    return person


@dataclass(frozen=True)
class Correction:
    """What is right about somebody, as typed; an empty `identity` leaves the number as it is."""

    name: str
    sex: Sex | None
    birth_date: date | None
    birth_year: int | None
    phone: str
    email: str
    identity: str = ""


def correct(db: Session, person: Person, wanted: Correction) -> set[str]:
    """Write what is right; the names of what changed. Papers issued before say what they said.

    Raises Invalid (with `fields`) for values that cannot be, or that belong to somebody else.
    """
    full_name = nfc(wanted.name)
    if not is_name(full_name):
        raise Invalid(fields={"name": _("Họ và tên chỉ gồm chữ cái, dài nhất %(most)s ký tự.", most=NAME_LENGTH)})
    was = sealing.unseal(person)
    right = SealedFields(
        birth_date=wanted.birth_date, birth_year=wanted.birth_date.year if wanted.birth_date else wanted.birth_year,
        phone=_normal("phone", wanted.phone), email=_normal("email", wanted.email),
        identity=_normal("identity", wanted.identity) or was.identity,
    )  # fmt: skip
    for kind in get_args(LookupKind):
        owner = find_person(db, kind, value) if (value := getattr(right, kind)) else None
        if owner is not None and owner.id != person.id:
            raise Invalid(fields={kind: _("Đã có người khác dùng thông tin này.")})
    changed = {name for name, value in vars(right).items() if value != vars(was)[name]}
    changed |= {"name"} if full_name != person.name else set()
    changed |= {"sex"} if wanted.sex != person.sex else set()
    person.name, person.folded_name, person.sort_name = full_name, fold(full_name), sortable(full_name)
    person.sex = wanted.sex
    set_fields(person, right)
    db.flush()
    return changed


def set_fields(person: Person, fields: SealedFields) -> None:
    """Replace the sealed fields and what finds the person by them."""
    sealing.seal(person, fields)
    known = {lookup.kind: lookup for lookup in person.lookups}
    for kind in get_args(LookupKind):
        value = getattr(fields, kind)
        digest = sealing.digest(kind, value) if value else None
        if kind in known and (digest is None or known[kind].digest != digest):
            person.lookups.remove(known[kind])
        if digest and (kind not in known or known[kind].digest != digest):
            person.lookups.append(PersonLookup(kind=kind, digest=digest))


def is_name(name: str) -> bool:
    return len(name) <= NAME_LENGTH and bool(_NAME.fullmatch(name))


def find_person(db: Session, kind: LookupKind, value: str) -> Person | None:
    """By a normalised phone, email or identity number."""
    return db.scalars(
        select(Person)
        .join(PersonLookup)
        .where(PersonLookup.kind == kind, PersonLookup.digest == sealing.digest(kind, value))
    ).one_or_none()


def add_affiliation(
    db: Session, person: Person, unit_id: int, *, title: str = "", audiences: Iterable[str] = (),
    is_leader: bool = False, is_primary: bool = True, started_on: date, ended_on: date | None = None,
) -> Affiliation:  # fmt: skip
    """A post from its first to its last day, both included; announced."""
    affiliation = new_affiliation(
        person, unit_id, title=title, audiences=audiences, is_leader=is_leader, is_primary=is_primary,
        started_on=started_on, ended_on=ended_on,
    )  # fmt: skip
    db.add(affiliation)
    db.flush()
    emit(db, AffiliationsChanged((person.id,)))
    return affiliation


def new_affiliation(
    person: Person, unit_id: int, *, title: str, audiences: Iterable[str], is_leader: bool, is_primary: bool = True,
    started_on: date, ended_on: date | None = None,
) -> Affiliation:  # fmt: skip
    """A post not yet flushed nor announced; whoever adds many announces them together."""
    if ended_on is not None and ended_on < started_on:
        raise Invalid(fields={"ended_on": _("Ngày kết thúc không thể trước ngày bắt đầu.")})
    now = clock.now()
    return Affiliation(
        person=person, unit_id=unit_id, title=nfc(title), is_leader=is_leader, is_primary=is_primary,
        started_on=started_on, ended_on=ended_on, recorded_at=now, end_recorded_at=now if ended_on else None,
        audiences=[AffiliationAudience(audience_code=code) for code in dict.fromkeys(audiences)],
    )  # fmt: skip


def end_affiliation(db: Session, affiliation: Affiliation, ended_on: date) -> None:
    """The post's last day; announced. Raises Invalid if it lies before the first."""
    close_affiliation(affiliation, ended_on)
    db.flush()
    emit(db, AffiliationsChanged((affiliation.person_id,)))


def close_affiliation(affiliation: Affiliation, ended_on: date) -> None:
    """As `end_affiliation`, neither flushed nor announced."""
    if ended_on < affiliation.started_on:
        raise Invalid(fields={"ended_on": _("Ngày kết thúc không thể trước ngày bắt đầu.")})
    affiliation.ended_on, affiliation.end_recorded_at = ended_on, clock.now()


def continue_affiliations(
    db: Session, posts: Iterable[Affiliation], unit_ids: Mapping[int, int | None], day: date
) -> dict[int, int | None]:
    """Let posts end the day before `day` and go on at another unit from then; announced together.

    `unit_ids` maps each post's id to the unit, None where it only ends; the answer maps it to the post that goes on. A
    post that begins no earlier than `day` has nothing to end: it is moved as it is.
    """
    going_on: dict[int, Affiliation | None] = {}
    people = set()
    now = clock.now()
    for post in posts:
        people.add(post.person_id)
        unit_id, last = unit_ids[post.id], post.ended_on
        going_on[post.id] = None
        if post.started_on >= day:
            post.unit_id = post.unit_id if unit_id is None else unit_id
            continue
        post.ended_on, post.end_recorded_at = day - timedelta(days=1), now
        if unit_id is not None:
            going_on[post.id] = Affiliation(
                person_id=post.person_id, unit_id=unit_id, title=post.title, is_leader=post.is_leader,
                is_primary=post.is_primary, started_on=day, ended_on=last, recorded_at=now,
                end_recorded_at=now if last else None, continues_id=post.continues_id or post.id,
                audiences=[AffiliationAudience(audience_code=one.audience_code) for one in post.audiences],
            )  # fmt: skip
    db.add_all([post for post in going_on.values() if post is not None])
    db.flush()
    emit(db, AffiliationsChanged(tuple(sorted(people))))
    return {post_id: None if post is None else post.id for post_id, post in going_on.items()}


def _normal(kind: LookupKind, value: str | None) -> str:
    """The stored form of what was typed; raises Invalid."""
    if not value:
        return ""
    if kind == "phone":
        normal, problem = phone_e164(value), _("Số điện thoại không đúng.")
    elif kind == "email":
        normal, problem = email_address(value), _("Địa chỉ email không đúng.")
    else:
        number = identity_number(value)
        normal = number.digits if number else None
        problem = _("Số căn cước cần 12 chữ số, số chứng minh cũ cần 9 chữ số.")
    if normal is None:
        raise Invalid(fields={kind: problem})
    return normal
