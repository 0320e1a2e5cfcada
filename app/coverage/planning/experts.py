"""The register of digital-transformation experts, as the agency in charge confirms them (chỉ tiêu CHUYENGIA)."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from app.core import audit, clock
from app.core.access import Actor
from app.core.errors import Invalid, NotFound
from app.core.i18n import gettext as _
from app.core.text import fold, nfc, several_lines, vietnamese_key
from app.coverage.planning.models import Expert
from app.coverage.planning.years import programme_codes
from app.identity.models import Person
from app.identity.people.people_named import UnknownPeople, people_named
from app.identity.records import holder_of
from app.identity.sealing import seal_file, unseal_file

INDICATORS = frozenset({"BG-CHUYENGIA"})


@dataclass(frozen=True)
class Wanted:
    """An expert as typed: `who` names somebody of ours by user name, phone or email; else `name` is all there is."""

    who: str
    name: str
    field: str
    workplace: str
    contact: str
    programme_code: str
    source: str
    started_on: date
    ended_on: date | None = None


@dataclass(frozen=True)
class ExpertRow:
    """`contact` of a plain name, "" for somebody of ours: their own record knows it."""

    row: Expert
    name: str
    contact: str
    is_ours: bool
    is_now: bool


def add(db: Session, actor: Actor, given: Wanted) -> Expert:
    """Append one; raises Invalid with a message per field."""
    errors, person_id = {}, None
    name, field, source = nfc(given.name)[:120], nfc(given.field)[:200], nfc(given.source)[:500]
    if given.who.strip():
        try:
            found = people_named(db, actor, "people.view", given.who, 1)
            person_id = found[0] if found else None
        except UnknownPeople as error:
            errors["who"] = str(error)
    elif len(name) < 3:
        errors["name"] = _("Hãy ghi họ tên, hoặc tên đăng nhập của người có tài khoản.")
    if len(field) < 2:
        errors["field"] = _("Hãy ghi lĩnh vực chuyên môn.")
    if len(source) < 5:
        errors["source"] = _("Hãy ghi văn bản xác nhận, ví dụ Quyết định số 12/QĐ-SKHCN ngày 05/03/2026.")
    if given.programme_code and given.programme_code not in programme_codes():
        errors["task"] = _("Hãy chọn một nhiệm vụ.")
    if given.ended_on and given.ended_on < given.started_on:
        errors["ended_on"] = _("Ngày cuối phải sau ngày đầu.")
    if person_id and db.scalar(select(Expert.id).where(holder_of(Expert.person_id) == person_id, _on(clock.today()))):
        errors["who"] = _("Người này đã có trong sổ.")
    if errors:
        raise Invalid(fields=errors)
    contact = several_lines(given.contact)[:300]
    made = Expert(
        person_id=person_id, name="" if person_id else name, field=field, workplace=nfc(given.workplace)[:200],
        sealed_contact=seal_file(contact.encode()) if contact and not person_id else None,
        programme_code=given.programme_code or None, source=source, started_on=given.started_on,
        ended_on=given.ended_on, recorded_at=clock.now(), account_id=actor.account_id,
    )  # fmt: skip
    db.add(made)
    db.flush()
    audit.record(db, "expert.add", "expert", made.id, account_id=actor.account_id)
    return made


def end(db: Session, actor: Actor, expert_id: int, last_on: date) -> Expert:
    """The last day somebody is an expert; raises NotFound, Invalid for a day before the first."""
    found = db.get(Expert, expert_id)
    if found is None:
        raise NotFound
    if last_on < found.started_on:
        raise Invalid(fields={"ended_on": _("Ngày cuối phải sau ngày đầu.")})
    found.ended_on = last_on
    audit.record(db, "expert.end", "expert", found.id, account_id=actor.account_id, last_on=last_on.isoformat())
    db.flush()
    return found


def count_on(db: Session, day: date) -> int:
    """Distinct experts of a day: people of ours once however often merged, plain names by name and workplace."""
    people = db.scalar(
        select(func.count(holder_of(Expert.person_id).distinct())).where(Expert.person_id.is_not(None), _on(day))
    )
    names = db.execute(select(Expert.name, Expert.workplace).where(Expert.person_id.is_(None), _on(day)))
    return (people or 0) + len({(fold(name), fold(workplace)) for name, workplace in names})


def expert_rows(db: Session, day: date, query: str = "", *, with_contact: bool = False) -> list[ExpertRow]:
    """Everybody who ever was one, those of that day first, then by name; contacts only where asked for."""
    rows = db.execute(
        select(Expert, Person.name)
        .outerjoin(Person, Person.id == holder_of(Expert.person_id))
        .order_by(Expert.id)
    ).all()  # fmt: skip
    found = [
        ExpertRow(
            row, name or row.name,
            unseal_file(row.sealed_contact).decode() if with_contact and row.sealed_contact else "",
            row.person_id is not None, row.started_on <= day and (row.ended_on is None or row.ended_on >= day),
        )
        for row, name in rows
    ]  # fmt: skip
    if query:
        found = [one for one in found if fold(query) in fold(f"{one.name} {one.row.field} {one.row.workplace}")]
    return sorted(found, key=lambda one: (not one.is_now, vietnamese_key(one.name), one.row.id))


def _on(day: date) -> ColumnElement[bool]:
    return (Expert.started_on <= day) & or_(Expert.ended_on.is_(None), Expert.ended_on >= day)
