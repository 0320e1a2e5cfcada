"""The log of broadcasts, campaigns and the like: what, when, where, how often; numbers are the unit's own word."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.catalogue.programmes import ProgrammePlan, plans
from app.core import audit, clock
from app.core.access import Actor, UnitClosure, closure_on
from app.core.errors import Invalid, NotFound
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.core.text import nfc
from app.coverage.planning.models import CampaignActivity
from app.coverage.planning.papers import Paper
from app.coverage.planning.policy import UNIT
from app.identity.models import Account, Person
from app.identity.units import unit_queries

# After the plan's words (Đề án, III.5.1 to III.5.3; II.I.3), and what teams do for residents.
KINDS: Mapping[str, lazy] = {
    "broadcast": lazy("Phát thanh, loa truyền thanh"), "press": lazy("Báo chí, truyền hình, cổng thông tin"),
    "visual": lazy("Pa-nô, áp phích, infographic"), "campaign": lazy("Chiến dịch, ngày chuyển đổi số"),
    "contest": lazy("Cuộc thi"), "event": lazy("Hội nghị, tọa đàm, ngoại khóa"),
    "guidance": lazy("Tổ công nghệ số hướng dẫn người dân"),
}  # fmt: skip
# The task of the community teams: what they do at people's doors belongs to it.
TEAM_TASK = "P10-TCNSCD"
PER_PAGE = 50
_MOST = 100_000_000


@dataclass(frozen=True)
class Activity:
    """One activity as it was typed and read; `reached` people, None where nobody can say."""

    programme_code: str
    kind: str
    title: str
    unit_id: int
    first_on: date
    last_on: date
    times: int
    reached: int | None
    link: str = ""


@dataclass(frozen=True)
class Asked:
    """What the list is to show: days, one task, one kind, a unit and below."""

    first: date
    last: date
    task: str = ""
    kind: str = ""
    unit_id: int | None = None


@dataclass(frozen=True)
class ActivityRow:
    row: CampaignActivity
    unit_name: str
    by: str


@dataclass(frozen=True)
class Sum:
    """Of a task and kind or of a unit: how many activities, how often, people reached as declared, None if not said."""

    name: str
    activities: int
    times: int
    reached: int | None


def campaign_tasks() -> list[ProgrammePlan]:
    """The tasks that are broadcast to people instead of taught, and the teams'."""
    return [task for task in plans() if task.delivery == "broadcast" or task.code == TEAM_TASK]


def log(db: Session, actor: Actor, given: Activity, paper: Paper) -> CampaignActivity:
    """Append it; raises Invalid with a message per field. The unit is one of the actor's already."""
    errors = {}
    if given.programme_code not in {task.code for task in campaign_tasks()}:
        errors["task"] = _("Hãy chọn một nhiệm vụ.")
    if given.kind not in KINDS:
        errors["kind"] = _("Hãy chọn một hình thức.")
    title = nfc(given.title)[:200]
    if len(title) < 3:
        errors["title"] = _("Hãy ghi tên, nội dung của hoạt động.")
    if given.first_on > given.last_on:
        errors["last_on"] = _("Ngày cuối phải sau ngày đầu.")
    elif given.last_on > clock.today():
        errors["last_on"] = _("Chỉ ghi hoạt động đã diễn ra; ngày cuối không thể sau hôm nay.")
    if not 1 <= given.times <= _MOST:
        errors["times"] = _("Hãy ghi số lần, từ 1.")
    if given.reached is not None and given.reached > _MOST:
        errors["reached"] = _("Hãy ghi số người, ví dụ 350.")
    link = given.link.strip()
    if link and (not link.startswith(("https://", "http://")) or len(link) > 500 or any(map(str.isspace, link))):
        errors["link"] = _("Đường dẫn bắt đầu bằng https:// hoặc http://.")
    if errors:
        raise Invalid(fields=errors)
    made = CampaignActivity(
        programme_code=given.programme_code, kind=given.kind, title=title, unit_id=given.unit_id,
        first_on=given.first_on, last_on=given.last_on, times=given.times, reached=given.reached, link=link,
        recorded_at=clock.now(), account_id=actor.account_id, **paper,
    )  # fmt: skip
    db.add(made)
    db.flush()
    audit.record(db, "campaign.log", "campaign_activity", made.id, account_id=actor.account_id)
    return made


def withdraw(db: Session, actor: Actor, found: CampaignActivity, reason: str) -> None:
    """It counts no more; the reason is kept. Again, nothing changes. Raises Invalid without a reason."""
    reason = " ".join(reason.split())[:300]
    if not reason:
        raise Invalid(fields={"reason": _("Hãy ghi lý do.")})
    if found.withdrawn_at is None:
        found.withdrawn_at, found.withdrawn_by, found.reason = clock.now(), actor.account_id, reason
        audit.record(db, "campaign.withdraw", "campaign_activity", found.id, account_id=actor.account_id)
        db.flush()


def find_activity(db: Session, actor: Actor, activity_id: int) -> CampaignActivity:
    """Raises NotFound for one of a unit outside of the actor's care."""
    found = db.scalar(
        select(CampaignActivity).where(
            CampaignActivity.id == activity_id, CampaignActivity.unit_id.in_(actor.units_with(UNIT))
        )
    )
    if found is None:
        raise NotFound
    return found


def activity_rows(
    db: Session, actor: Actor, asked: Asked, page: int, per_page: int = PER_PAGE
) -> tuple[list[ActivityRow], int]:
    """One page, the newest first, withdrawn ones left out; and how many there are."""
    where = _where(actor, asked)
    total = db.scalar(select(func.count()).select_from(CampaignActivity).where(*where)) or 0
    rows = db.execute(
        select(CampaignActivity, Person.name)
        .join(Account, Account.id == CampaignActivity.account_id)
        .join(Person, Person.id == Account.person_id)
        .where(*where)
        .order_by(CampaignActivity.last_on.desc(), CampaignActivity.id.desc())
        .offset((page - 1) * per_page)
        .limit(per_page)
    ).all()
    names = unit_queries.full_names(db, {row.unit_id for row, _by in rows}, clock.today())
    return [ActivityRow(row, names[row.unit_id], by) for row, by in rows], total


def sums_by_task(db: Session, actor: Actor, asked: Asked) -> list[Sum]:
    """By task and kind, in the order of the plan."""
    rows = db.execute(
        select(CampaignActivity.programme_code, CampaignActivity.kind, *_counted())
        .where(*_where(actor, asked))
        .group_by(CampaignActivity.programme_code, CampaignActivity.kind)
    ).all()
    numbers = {task.code: place for place, task in enumerate(plans())}
    order = {kind: place for place, kind in enumerate(KINDS)}
    rows = sorted(rows, key=lambda row: (numbers.get(row[0], 99), order.get(row[1], 99)))
    return [_sum(f"{code} · {KINDS[kind]}", counts) for code, kind, *counts in rows]


def sums_by_unit(db: Session, actor: Actor, asked: Asked) -> list[Sum]:
    """By the unit that did it, the most active first."""
    rows = db.execute(
        select(CampaignActivity.unit_id, *_counted())
        .where(*_where(actor, asked))
        .group_by(CampaignActivity.unit_id)
        .order_by(func.count().desc(), CampaignActivity.unit_id)
    ).all()
    units = unit_queries.units_by_id(db, {unit_id for unit_id, *_rest in rows}, clock.today())
    return [_sum(units[unit_id].name, counts) for unit_id, *counts in rows]


def guided_residents(db: Session, unit_ids: list[int], first: date, last: date, map_on: date) -> dict[int, int]:
    """Residents guided by teams as units declare, by unit of a map; a unit with no entry has said nothing."""
    rows = db.execute(
        select(UnitClosure.ancestor_id, func.sum(CampaignActivity.reached))
        .join(UnitClosure, UnitClosure.descendant_id == CampaignActivity.unit_id)
        .where(UnitClosure.ancestor_id.in_(unit_ids), closure_on(map_on), UnitClosure.carried != "before")
        .where(CampaignActivity.kind == "guidance", CampaignActivity.withdrawn_at.is_(None))
        .where(CampaignActivity.last_on >= first, CampaignActivity.last_on <= last)
        .where(CampaignActivity.reached.is_not(None))
        .group_by(UnitClosure.ancestor_id)
    )
    return {unit_id: int(reached or 0) for unit_id, reached in rows}


def _counted() -> tuple[Any, Any, Any]:
    return func.count(), func.sum(CampaignActivity.times), func.sum(CampaignActivity.reached)


def _sum(name: str, counts: Sequence[Any]) -> Sum:
    # PostgreSQL adds whole numbers up to a Decimal.
    activities, times, reached = counts
    return Sum(name, activities, int(times), None if reached is None else int(reached))


def _where(actor: Actor, asked: Asked) -> list[ColumnElement[bool]]:
    where = [
        CampaignActivity.unit_id.in_(actor.units_with(UNIT)), CampaignActivity.withdrawn_at.is_(None),
        CampaignActivity.last_on >= asked.first, CampaignActivity.first_on <= asked.last,
    ]  # fmt: skip
    if asked.task:
        where.append(CampaignActivity.programme_code == asked.task)
    if asked.kind:
        where.append(CampaignActivity.kind == asked.kind)
    if asked.unit_id:
        below = select(UnitClosure.descendant_id).where(
            UnitClosure.ancestor_id == asked.unit_id, closure_on(clock.today()), UnitClosure.carried != "before"
        )
        where.append(CampaignActivity.unit_id.in_(below))
    return where
