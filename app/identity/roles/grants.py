"""Roles given and ended: the verbs. Who gives one holds all it allows there; nobody changes what they may do
themselves."""

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.core import audit, clock
from app.core.access import Actor, UnitClosure, closure_on
from app.core.errors import Conflict, Forbidden, Invalid
from app.core.events import emit
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.core.settings import get_settings
from app.core.templating import format_date
from app.identity.events import RoleChanged
from app.identity.models import Account, RoleGrant
from app.identity.policy import MANAGE, ROLES, Role, not_over_on
from app.identity.units.unit_queries import unit_on


class OwnRoles(Forbidden):
    text = lazy("Không ai tự giao hay tự thôi vai trò của mình. Hãy nhờ người quản lý khác.")


class BeyondOwn(Forbidden):
    text = lazy("Vai trò này được làm nhiều hơn những gì anh/chị được làm ở đơn vị ấy, nên anh/chị không thôi được.")


def grant_role(db: Session, account: Account, role: str, unit_id: int, by: int | None = None) -> RoleGrant:
    """The role at the unit and below from today on, for seeds and commands; granting it again changes nothing.

    `by` is the granting account's id. Raises Invalid for a role there is not.
    """
    if role not in ROLES:
        raise Invalid(fields={"role": _("Không có vai trò này.")})
    return _overlapping(db, account, role, unit_id, clock.today(), None) or _add(
        db, account, role, unit_id, clock.today(), None, by
    )


def give(
    db: Session, actor: Actor, account: Account, role: str, unit_id: int, starts_on: date, ends_on: date | None
) -> RoleGrant:
    """The role at the unit and below on these days, both counted, in the actor's name.

    Raises OwnRoles; Invalid (with `fields`) for what the actor may not give there, days of the past, or one held then.
    """
    if account.person_id in actor.records:
        raise OwnRoles
    _require_allowed(db, actor, role, unit_id)
    today = clock.today()
    if starts_on < today:
        # A right of yesterday would explain acts nobody was allowed to do.
        raise Invalid(fields={"starts_on": _("Ngày bắt đầu sớm nhất là hôm nay, %(day)s.", day=format_date(today))})
    if ends_on is not None and ends_on < starts_on:
        raise Invalid(fields={"ends_on": _("Ngày kết thúc không thể trước ngày bắt đầu.")})
    # Two who give at the same time take turns.
    db.execute(select(Account.id).where(Account.id == account.id).with_for_update())
    if held := _overlapping(db, account, role, unit_id, starts_on, ends_on):
        raise Invalid(fields={"role": _already(held)})
    return _add(db, account, role, unit_id, starts_on, ends_on, actor.account_id)


def end(db: Session, actor: Actor, grant: RoleGrant, last_day: date) -> None:
    """`last_day` is the last on which the role is held; yesterday: it is over at once.

    Raises OwnRoles, BeyondOwn, Conflict for one that is over, Invalid (with `fields`) for an earlier day or a later end
    than was given.
    """
    if db.get_one(Account, grant.account_id).person_id in actor.records:
        raise OwnRoles
    if not may_decide(actor, grant.role, units_above(db, [grant.unit_id])[grant.unit_id]):
        raise BeyondOwn
    today = clock.today()
    if grant.ends_on is not None and grant.ends_on < today:
        raise Conflict(_("Vai trò này đã kết thúc."))
    if last_day < today - timedelta(days=1):
        raise Invalid(fields={"ends_on": _("Ngày đã qua không sửa được nữa. Muốn thôi ngay, hãy bấm Thôi ngay.")})
    if grant.ends_on is not None and last_day > grant.ends_on:
        raise Invalid(
            fields={
                "ends_on": _(
                    "Vai trò này kết thúc ngày %(day)s. Muốn kéo dài, hãy giao tiếp từ hôm sau.",
                    day=format_date(grant.ends_on),
                )
            }
        )
    grant.ends_on, grant.ended_at, grant.ended_by = last_day, clock.now(), actor.account_id
    audit.record(
        db, "role.end", "account", grant.account_id, account_id=actor.account_id, grant=grant.id, role=grant.role,
        unit_id=grant.unit_id, ends_on=last_day.isoformat(),
    )  # fmt: skip
    db.flush()
    emit(db, RoleChanged(grant.id, "ended", actor.account_id))


# A grant and, from before, its last day, when and by which account that was written.
GrantWas = tuple[int, str | None, str | None, int | None]


def end_with_unit(db: Session, grant_ids: Collection[int], closes_on: date, by: int | None) -> list[GrantWas]:
    """Roles held at a unit that closes that day are over the day before, at the latest yesterday; what they were is
    answered for `take_up_again`.
    """
    was: list[GrantWas] = []
    for grant in db.scalars(select(RoleGrant).where(RoleGrant.id.in_(grant_ids)).order_by(RoleGrant.id)):
        was.append((grant.id, _iso(grant.ends_on), _iso(grant.ended_at), grant.ended_by))
        # What somebody might do until today, they might do: days that are over stay as they were.
        grant.ends_on = max(closes_on, clock.today()) - timedelta(days=1)
        grant.ended_at, grant.ended_by = clock.now(), by
        audit.record(
            db, "role.end", "account", grant.account_id, account_id=by, grant=grant.id, role=grant.role,
            unit_id=grant.unit_id, ends_on=grant.ends_on.isoformat(),
        )  # fmt: skip
    db.flush()
    for grant_id, *_before in was:
        emit(db, RoleChanged(grant_id, "ended", by))
    return was


def carry_on(
    db: Session, ended: Collection[GrantWas], unit_ids: Mapping[int, int], from_on: date, by: int | None
) -> list[int]:
    """Their holders have the same roles at the units that follow, from that day, at the earliest today; the new ids.

    `unit_ids` maps the unit that closed to the one that follows.
    """
    given = []
    starts_on = max(from_on, clock.today())
    for grant_id, last_day, *_written in ended:
        old = db.get_one(RoleGrant, grant_id)
        account, unit_id = db.get_one(Account, old.account_id), unit_ids[old.unit_id]
        ends_on = date.fromisoformat(last_day) if last_day else None
        if not _overlapping(db, account, old.role, unit_id, starts_on, ends_on):
            given.append(_add(db, account, old.role, unit_id, starts_on, ends_on, by).id)
    return given


def take_back(db: Session, grant_ids: Collection[int], by: int | None) -> None:
    """Roles that were carried on to a unit that is no more; over at once, as if on their first day.

    Not announced: what they carried on is taken up again.
    """
    for grant in db.scalars(select(RoleGrant).where(RoleGrant.id.in_(grant_ids))):
        grant.ends_on = max(grant.starts_on, clock.today()) - timedelta(days=1)
        grant.ended_at, grant.ended_by = clock.now(), by
        audit.record(db, "role.end", "account", grant.account_id, account_id=by, grant=grant.id, role=grant.role,
                     unit_id=grant.unit_id, ends_on=grant.ends_on.isoformat())  # fmt: skip
    db.flush()


def take_up_again(db: Session, grants: Collection[GrantWas], by: int | None) -> None:
    """The unit did not close after all."""
    for grant_id, ends_on, ended_at, ended_by in grants:
        grant = db.get_one(RoleGrant, grant_id)
        grant.ends_on = date.fromisoformat(ends_on) if ends_on else None
        grant.ended_at = datetime.fromisoformat(ended_at) if ended_at else None
        grant.ended_by = ended_by
    db.flush()
    for grant_id, *_before in grants:
        emit(db, RoleChanged(grant_id, "resumed", by))


def _iso(when: date | datetime | None) -> str | None:
    return when.isoformat() if when else None


def roles_to_give(actor: Actor) -> dict[str, Role]:
    """The roles all of whose permissions the actor holds somewhere; at which unit is for `give` to say."""
    return {code: role for code, role in ROLES.items() if all(actor.can(one) for one in role.permissions | {MANAGE})}


def is_staff(db: Session, account_id: int) -> bool:
    """Holds any role, or will: longer passwords apply (DESIGN 9)."""
    held = select(RoleGrant.id).where(RoleGrant.account_id == account_id, not_over_on(clock.today()))
    return db.scalar(held.limit(1)) is not None


def units_above(db: Session, unit_ids: Collection[int]) -> dict[int, set[int]]:
    """The units a role may be held at to reach each of these today, themselves included."""
    above: dict[int, set[int]] = {unit_id: set() for unit_id in unit_ids}
    rows = db.execute(
        select(UnitClosure.descendant_id, UnitClosure.ancestor_id).where(
            UnitClosure.descendant_id.in_(above), closure_on(clock.today()), UnitClosure.carried != "before"
        )
    )
    for unit_id, ancestor_id in rows:
        above[unit_id].add(ancestor_id)
    return above


def may_decide(actor: Actor, role: str, above: Collection[int]) -> bool:
    """Whether the actor holds all that the role allows at a unit with these above, and looks after roles there."""
    needed = ROLES[role].permissions | {MANAGE} if role in ROLES else {MANAGE}
    return all(not actor.grants.get(one, frozenset()).isdisjoint(above) for one in needed)


def _require_allowed(db: Session, actor: Actor, role: str, unit_id: int) -> None:
    if role not in ROLES:
        raise Invalid(fields={"role": _("Không có vai trò này.")})
    if ROLES[role].province_only:
        province = unit_on(db, get_settings().province_code, clock.today())
        if province is None or unit_id != province.unit_id:
            raise Invalid(fields={"unit": _("Vai trò này chỉ giao ở cấp tỉnh.")})
    if not may_decide(actor, role, units_above(db, [unit_id])[unit_id]):
        raise Invalid(fields={"role": _("Vai trò này được làm nhiều hơn những gì anh/chị được làm ở đơn vị ấy.")})


def _overlapping(
    db: Session, account: Account, role: str, unit_id: int, starts_on: date, ends_on: date | None
) -> RoleGrant | None:
    """A grant of the same role at the same unit that shares a day with these."""
    same = select(RoleGrant).where(
        RoleGrant.account_id == account.id, RoleGrant.role == role, RoleGrant.unit_id == unit_id,
        RoleGrant.starts_on <= (ends_on or date.max),
        or_(RoleGrant.ends_on.is_(None), (RoleGrant.ends_on >= starts_on) & (RoleGrant.ends_on >= RoleGrant.starts_on)),
    )  # fmt: skip
    return db.scalars(same.order_by(RoleGrant.starts_on).limit(1)).first()


def _already(held: RoleGrant) -> str:
    start = format_date(held.starts_on)
    if held.ends_on is None:
        return _("Người này đã có vai trò ấy ở đơn vị ấy từ %(start)s.", start=start)
    end = format_date(held.ends_on)
    return _("Người này đã có vai trò ấy ở đơn vị ấy từ %(start)s đến %(end)s.", start=start, end=end)


def _add(
    db: Session, account: Account, role: str, unit_id: int, starts_on: date, ends_on: date | None, by: int | None
) -> RoleGrant:
    grant = RoleGrant(
        account_id=account.id, role=role, unit_id=unit_id, starts_on=starts_on, ends_on=ends_on,
        granted_at=clock.now(), granted_by=by,
    )  # fmt: skip
    db.add(grant)
    db.flush()
    audit.record(
        db, "role.grant", "account", account.id, account_id=by, grant=grant.id, role=role, unit_id=unit_id,
        starts_on=starts_on.isoformat(), ends_on=ends_on.isoformat() if ends_on else None,
    )  # fmt: skip
    db.flush()
    emit(db, RoleChanged(grant.id, "given", by))
    return grant
