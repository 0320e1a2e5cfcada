"""Reports that are drafted by themselves once their period is over, and those concerned told of it."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.access import Actor, UnitClosure, closure_on
from app.core.errors import Invalid
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.core.jobs import JobContext, JobFunction
from app.core.settings import get_settings
from app.coverage.counting.periods import Period, customary, period_named
from app.coverage.reports import desk
from app.coverage.reports.filling import Wish, draft
from app.coverage.reports.models import ReportDraft, ReportRecipient, ReportSchedule
from app.identity.models import Account, Person, RoleGrant
from app.identity.policy import granting
from app.identity.records import holder_of
from app.identity.units import unit_queries
from app.notices.service import notify

EVERY: Mapping[str, lazy] = {"quarter": lazy("mỗi quý"), "half": lazy("mỗi 6 tháng"), "year": lazy("mỗi năm")}
_CODES = {
    "quarter": ("{year}-Q1", "{year}-Q2", "{year}-Q3", "{year}-Q4"), "half": ("{year}-H1", "{year}-H2"),
    "year": ("{year}",),
}  # fmt: skip


def last_over(every: str, cut_off: str, today: date) -> str:
    """The code of the newest period whose last day, as the report cuts it off, lies before today."""
    codes = [code.format(year=year) for year in (today.year - 1, today.year) for code in _CODES[every]]
    return max(
        (code for code in codes if _span(code, cut_off).last < today), key=lambda code: _span(code, cut_off).last
    )


def draft_due(context: JobContext) -> dict[str, Any]:
    """Each morning: a draft for every schedule whose period is over, once; twice makes none twice."""
    made = 0
    with context.database.reading() as db:
        ids = db.scalars(select(ReportSchedule.id).where(ReportSchedule.ended_at.is_(None))).all()
    for place, schedule_id in enumerate(ids, start=1):
        with context.database.writing() as db:
            made += _draft_of(db, db.get_one(ReportSchedule, schedule_id, with_for_update=True))
        context.progress(place / len(ids), _("%(done)s trên %(all)s lịch báo cáo", done=place, all=len(ids)))
    return {"made": made}


def _draft_of(db: Session, schedule: ReportSchedule) -> bool:
    wish = Wish.of(schedule.wish)
    period = last_over(schedule.every, wish.cut_off, clock.today())
    # What was over before anybody asked for it is not drafted.
    is_old = _span(period, wish.cut_off).last < clock.day_of(schedule.created_at)
    unit = unit_queries.unit_by_id(db, schedule.unit_id, clock.today())
    if is_old or period == schedule.last_period or unit is None:
        return False
    schedule.last_period = period
    wish = replace(wish, period=period, unit_code=unit.code)
    report = draft(db, get_settings().province_code, wish)
    made = desk.keep(db, schedule.unit_id, wish, report)
    concerned = concerned_with(db, schedule.unit_id)
    named = set(db.scalars(select(ReportRecipient.person_id).where(ReportRecipient.schedule_id == schedule.id)))
    # Who was named and may no longer issue reports there would open nothing. Named first: nobody is told twice.
    for is_named, some in ((True, concerned & named), (False, concerned - named)):
        notify(
            db, sorted(some), category="report", key=f"report-draft:{made.id}", is_named=is_named,
            sentence=lazy("Dự thảo báo cáo %(period)s của %(unit)s đã sẵn sàng để xem và ban hành."),
            url=f"/reports/drafts/{made.id}", period=report.basis.period_name, unit=unit.name,
        )  # fmt: skip
    return True


def schedule_it(
    db: Session, actor: Actor, made: ReportDraft, every: str, recipient_ids: Collection[int]
) -> ReportSchedule:  # fmt: skip
    """Have what was drafted drafted again each period; raises Invalid for recipients who may not issue it."""
    if stray := set(recipient_ids) - concerned_with(db, made.unit_id):
        names = db.scalars(select(Person.name).where(Person.id.in_(stray)).order_by(Person.sort_name)).all()
        said = _("Không ban hành được báo cáo của đơn vị này: %(names)s.", names="; ".join(names[:5]))
        raise Invalid(fields={"recipients": said})
    schedule = ReportSchedule(
        unit_id=made.unit_id, every=every, wish=made.wish | {"period": "", "map_on": None},
        account_id=actor.account_id, created_at=clock.now(),
    )  # fmt: skip
    db.add(schedule)
    db.flush()
    db.add_all(ReportRecipient(schedule_id=schedule.id, person_id=person_id) for person_id in recipient_ids)
    db.flush()
    return schedule


def concerned_with(db: Session, unit_id: int) -> set[int]:
    """Those who may issue reports of the unit, as they are shown."""
    above = select(UnitClosure.ancestor_id).where(UnitClosure.descendant_id == unit_id, closure_on(clock.today()))
    query = (
        select(holder_of(Account.person_id))
        .join(RoleGrant, RoleGrant.account_id == Account.id)
        .where(granting(desk.MAKE), RoleGrant.unit_id.in_(above))
        .distinct()
    )
    return set(db.scalars(query))


def _span(code: str, cut_off: str) -> Period:
    period = period_named(code)
    return customary(period) if cut_off == "customary" else period


JOBS: dict[str, JobFunction] = {"reports.draft_due": draft_due}
