"""Opening and closing a round, and telling the units concerned."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import audit, clock
from app.core.access import Actor, UnitClosure, closure_on
from app.core.errors import Invalid
from app.core.forms import StrippedForm, not_a_day
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.core.templating import format_date
from app.core.text import nfc
from app.coverage.counting.periods import period_named
from app.coverage.rounds.models import DeclarationRound, UnitDeclaration
from app.coverage.rounds.subjects import subjects
from app.identity.models import Account, RoleGrant, UnitVersion
from app.identity.policy import granting, is_within
from app.identity.units import unit_queries
from app.identity.units.unit_queries import KINDS, in_force
from app.notices.service import notify

MANAGE = "coverage.manage"
DECLARE = "coverage.declare"
ASKED_KINDS = tuple(kind for kind in KINDS if kind not in ("province", "district", "village", "team"))
MOST_UNITS = 3_000
_ASKED = lazy("%(unit)s được đề nghị khai báo: %(title)s. Hạn %(due)s.")
_REMINDED = lazy("Nhắc khai báo của %(unit)s: %(title)s. Hạn %(due)s, chưa nhận được.")


class RoundForm(StrippedForm):
    """A round as typed."""

    title: str = ""
    note: str = ""
    subjects: list[str] = []
    period: str = ""
    asks_yes_no: bool = False
    unit: str = ""
    kinds: list[str] = []
    as_of: str = ""
    due_on: str = ""


@dataclass(frozen=True)
class Checked:
    unit_id: int
    unit_ids: list[int]
    as_of: date
    due_on: date


def open_round(db: Session, actor: Actor, form: RoundForm) -> DeclarationRound:
    """Ask all units of the chosen kinds under a unit, and tell who may answer; raises Invalid with a message per
    field."""
    checked = _checked(db, actor, form)
    round_ = DeclarationRound(
        title=nfc(form.title), note=nfc(form.note), subjects=form.subjects, period=form.period,
        asks_yes_no=form.asks_yes_no,
        unit_id=checked.unit_id, kinds=form.kinds, as_of=checked.as_of, due_on=checked.due_on, opened_at=clock.now(),
        account_id=actor.account_id,
    )  # fmt: skip
    db.add(round_)
    db.flush()
    db.add_all(UnitDeclaration(round_id=round_.id, unit_id=unit_id) for unit_id in checked.unit_ids)
    db.flush()
    audit.record(
        db, "declaration.open", "declaration_round", round_.id, account_id=actor.account_id, units=len(checked.unit_ids)
    )
    tell(db, round_, checked.unit_ids, "open", _ASKED)
    return round_


def close_round(db: Session, actor: Actor, round_: DeclarationRound) -> None:
    """No more answers; those submitted can still be decided about. Closing again changes nothing."""
    if round_.closed_at is None:
        round_.closed_at = clock.now()
        audit.record(db, "declaration.close", "declaration_round", round_.id, account_id=actor.account_id)


def remind(db: Session, round_: DeclarationRound, key: str, unit_ids: Collection[int] | None = None) -> int:
    """Tell who may answer for the units that have not, once per `key`; how many notices that made."""
    waiting = select(UnitDeclaration.unit_id).where(
        UnitDeclaration.round_id == round_.id, UnitDeclaration.state.in_(("waiting", "draft", "returned"))
    )
    late = [one for one in db.scalars(waiting) if unit_ids is None or one in unit_ids]
    return tell(db, round_, late, key, _REMINDED)


def tell(
    db: Session, round_: DeclarationRound, unit_ids: Sequence[int], key: str, sentence: lazy, **values: Any
) -> int:
    """A notice to everybody who answers for these units; how many."""
    names = unit_queries.units_by_id(db, unit_ids, clock.today())
    told = 0
    for unit_id, people in answering_for(db, round_, unit_ids).items():
        told += notify(
            db, people, category="work", key=f"declaration:{round_.id}:{unit_id}:{key}", sentence=sentence,
            url=f"/declarations/{round_.id}/units/{unit_id}", unit=names[unit_id].name if unit_id in names else "",
            title=round_.title, due=format_date(round_.due_on), **values,
        )  # fmt: skip
    return told


def answering_for(db: Session, round_: DeclarationRound, unit_ids: Sequence[int]) -> dict[int, list[int]]:
    """Unit -> the people who may answer for it, given the right there or between it and the unit that asks."""
    if not unit_ids:
        return {}
    rows = db.execute(
        select(UnitClosure.descendant_id, Account.person_id)
        .join(RoleGrant, RoleGrant.unit_id == UnitClosure.ancestor_id)
        .join(Account, Account.id == RoleGrant.account_id)
        .where(UnitClosure.descendant_id.in_(unit_ids), closure_on(clock.today()))
        .where(UnitClosure.ancestor_id != round_.unit_id, granting(DECLARE), Account.disabled_at.is_(None))
        .distinct()
    )
    found: dict[int, list[int]] = {}
    for unit_id, person_id in rows:
        found.setdefault(unit_id, []).append(person_id)
    return found


def _checked(db: Session, actor: Actor, form: RoundForm) -> Checked:
    errors: dict[str, str] = {}
    if not 5 <= len(form.title) <= 200:
        errors["title"] = _("Hãy ghi tên đợt khai báo, ví dụ: Hoạt động STEM năm học 2026-2027.")
    if len(form.note) > 4000:
        errors["note"] = _("Ghi chú dài quá 4.000 chữ cái.")
    known = subjects(db)
    if len(form.subjects) > 10 or any(code not in known for code in form.subjects):
        errors["subjects"] = _("Hãy chọn nhiều nhất mười số cần khai báo.")
    elif not form.subjects and not form.period:
        errors["subjects"] = _("Hãy chọn số cần khai báo, hoặc ghi kỳ nộp kết quả.")
    if form.period and not _is_period(form.period):
        errors["period"] = _("Hãy viết kỳ như 2026, 2026-Q3 hoặc 2026-H1.")
    if not form.kinds or any(kind not in ASKED_KINDS for kind in form.kinds):
        errors["kinds"] = _("Hãy chọn loại đơn vị phải trả lời.")
    as_of, due_on, today = clock.parse_day(form.as_of), clock.parse_day(form.due_on), clock.today()
    if as_of is None:
        errors["as_of"] = not_a_day(form.as_of)
    if due_on is None:
        errors["due_on"] = not_a_day(form.due_on)
    elif due_on < today or (as_of and due_on < as_of):
        errors["due_on"] = _("Hạn nộp không thể trước hôm nay, cũng không thể trước ngày của con số.")
    unit = unit_queries.unit_on(db, form.unit, today)
    if unit is None or not is_within(db, actor, {unit.unit_id}, MANAGE):
        errors["unit"] = _("Hãy ghi mã một đơn vị trong phạm vi anh/chị phụ trách, ví dụ 24.")
    if errors or unit is None or as_of is None or due_on is None:
        raise Invalid(fields=errors)
    asked = _asked(db, unit.unit_id, form.kinds)
    if not 0 < len(asked) <= MOST_UNITS:
        said = _("Dưới đơn vị này có %(count)s đơn vị thuộc loại ấy; một đợt hỏi từ 1 đến %(most)s.")
        raise Invalid(fields={"kinds": said % {"count": len(asked), "most": MOST_UNITS}})
    return Checked(unit.unit_id, asked, as_of, due_on)


def _is_period(code: str) -> bool:
    try:
        return bool(period_named(code))
    except ValueError:
        return False


def _asked(db: Session, unit_id: int, kinds: Collection[str]) -> list[int]:
    """The units of these kinds under one today, itself included."""
    today = clock.today()
    return list(
        db.scalars(
            select(UnitVersion.unit_id)
            .join(UnitClosure, UnitClosure.descendant_id == UnitVersion.unit_id)
            .where(UnitClosure.ancestor_id == unit_id, closure_on(today), UnitVersion.kind.in_(list(kinds)))
            .where(in_force(today))
            .order_by(UnitVersion.unit_id)
        )
    )
