"""The verbs of a plan: begin, move on, share out, decide, and decide anew."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.catalogue.programmes import plans
from app.core import audit, clock
from app.core.access import Actor
from app.core.errors import Conflict, Invalid
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.core.text import nfc
from app.coverage.declared.figures_in_force import largest_remainder
from app.coverage.planning.models import PlanDecision, PlanLine, PlanNomination, PlanQuota, PlanYear
from app.coverage.planning.papers import Paper
from app.identity.units import unit_queries

FIRST_YEAR, LAST_YEAR = 2024, 2035
STATES: Mapping[str, lazy] = {
    "draft": lazy("đang soạn"), "needs": lazy("đang nhận nhu cầu"), "quotas": lazy("đang phân bổ"),
    "approved": lazy("đã phê duyệt"), "closed": lazy("đã khóa"),
}  # fmt: skip
# Where a plan may go without a decision.
STEPS: Mapping[str, tuple[str, ...]] = {
    "draft": ("needs",), "needs": ("quotas",), "quotas": ("needs",), "approved": ("closed",), "closed": ("approved",),
}  # fmt: skip
MOST_PEOPLE = 10_000_000


@dataclass(frozen=True)
class Share:
    """What is prepared for one unit; None: nothing."""

    quota: int | None
    budget_dong: int | None


@dataclass(frozen=True)
class Decided:
    """A decision as it was typed and read."""

    number: str
    signed_on: date
    note: str = ""


def programme_codes() -> frozenset[str]:
    return frozenset(one.code for one in plans())


def begin(db: Session, actor: Actor, year: int, needs_due_on: date | None) -> PlanYear:
    """Raises Invalid for a year that has a plan or lies outside of the programme."""
    errors: dict[str, str] = {}
    if not FIRST_YEAR <= year <= LAST_YEAR:
        errors["year"] = _("Năm từ %(first)s đến %(last)s.", first=FIRST_YEAR, last=LAST_YEAR)
    elif db.scalar(select(PlanYear.id).where(PlanYear.year == year)):
        errors["year"] = _("Năm này đã có kế hoạch.")
    if errors:
        raise Invalid(fields=errors)
    made = PlanYear(year=year, needs_due_on=needs_due_on, created_at=clock.now(), account_id=actor.account_id)
    db.add(made)
    db.flush()
    audit.record(db, "plan.begin", "plan_year", made.id, account_id=actor.account_id, year=year)
    return made


def move(db: Session, actor: Actor, plan: PlanYear, state: str) -> None:
    """To the next or an earlier state; again, nothing changes. Raises Conflict for a step there is not."""
    if state == plan.state:
        return
    if state not in STEPS[plan.state]:
        raise Conflict(_("Kế hoạch %(state)s nên không làm được việc này.", state=STATES[plan.state]))
    audit.record(db, "plan.move", "plan_year", plan.id, account_id=actor.account_id, before=plan.state, after=state)
    plan.state = state
    db.flush()


def may_share(plan: PlanYear) -> bool:
    """Whether quotas may be prepared: for the first decision, or for one that changes it."""
    return plan.state in ("quotas", "approved")


def share_out(
    db: Session, actor: Actor, plan: PlanYear, programme_code: str, shares: Mapping[int, Share]
) -> None:  # fmt: skip
    """Prepare quotas and budgets of units for one task; they hold once a decision says so. Raises Conflict."""
    _require_sharing(plan)
    lines = lines_of(db, plan, programme_code)
    for unit_id, share in shares.items():
        line = lines.get(unit_id)
        if line is None:
            if share == Share(None, None):
                continue
            line = PlanLine(plan_id=plan.id, programme_code=programme_code, unit_id=unit_id)
            db.add(line)
        line.quota, line.budget_dong = share.quota, share.budget_dong
    db.flush()
    audit.record(
        db, "plan.share_out", "plan_year", plan.id, account_id=actor.account_id, programme=programme_code,
        units=len(shares),
    )  # fmt: skip


def suggest(db: Session, actor: Actor, plan: PlanYear, programme_code: str, cap: int | None) -> int:
    """Prepare the needs as quotas, cut down to `cap` by largest remainder if they add up to more; their sum."""
    _require_sharing(plan)
    lines = {unit_id: line for unit_id, line in lines_of(db, plan, programme_code).items() if line.need}
    total = sum(line.need or 0 for line in lines.values())
    units = unit_queries.units_by_id(db, lines, clock.today())
    given = {unit_id: line.need or 0 for unit_id, line in lines.items()}
    if cap is not None and total > cap:
        parts = [(unit_id, units[unit_id].code, (line.need or 0) / total) for unit_id, line in lines.items()]
        given = largest_remainder(cap, parts)
    for unit_id, people in given.items():
        lines[unit_id].quota = people
    db.flush()
    audit.record(
        db, "plan.suggest", "plan_year", plan.id, account_id=actor.account_id, programme=programme_code, cap=cap
    )
    return sum(given.values())


def decide(db: Session, actor: Actor, plan: PlanYear, given: Decided, paper: Paper) -> PlanDecision:
    """Write what was prepared under a decision: the first approves the plan, a later one changes it.

    Raises Conflict where nothing is prepared or the plan waits for something else, Invalid with a message per field.
    """
    _require_sharing(plan)
    errors = {}
    number = nfc(given.number)[:60]
    if len(number) < 3:
        errors["number"] = _("Hãy ghi số, ký hiệu của quyết định, ví dụ 1234/QĐ-UBND.")
    if given.signed_on > clock.today():
        errors["signed_on"] = _("Ngày ký không thể sau hôm nay.")
    if errors:
        raise Invalid(fields=errors)
    changed = prepared(db, plan)
    if not changed:
        raise Conflict(_("Chưa có phân bổ nào mới để quyết định. Hãy phân bổ từng nhiệm vụ trước."))
    if crowded := _over(db, plan, changed):
        raise Conflict(_("Đã cử nhiều người hơn số giao mới ở: %(units)s. Hãy thôi cử trước.", units=crowded))
    is_first = plan.state == "quotas"
    made = PlanDecision(
        plan_id=plan.id, number=number, signed_on=given.signed_on, note=given.note[:2000], recorded_at=clock.now(),
        account_id=actor.account_id, **paper,
    )  # fmt: skip
    db.add(made)
    db.flush()
    db.add_all(
        PlanQuota(
            decision_id=made.id, plan_id=plan.id, programme_code=line.programme_code, unit_id=line.unit_id,
            people=line.quota or 0, budget_dong=line.budget_dong or 0,
        )
        for line in changed
    )  # fmt: skip
    plan.state = "approved"
    db.flush()
    audit.record(
        db, "plan.approve" if is_first else "plan.amend", "plan_decision", made.id, account_id=actor.account_id,
        lines=len(changed),
    )  # fmt: skip
    return made


def prepared(db: Session, plan: PlanYear) -> list[PlanLine]:
    """Lines whose quota or budget differs from what is in force."""
    held = quotas_in_force(db, plan.id)
    lines = db.scalars(select(PlanLine).where(PlanLine.plan_id == plan.id).order_by(PlanLine.id))
    return [
        line
        for line in lines
        if (line.quota or 0, line.budget_dong or 0) != held.get((line.programme_code, line.unit_id), (0, 0))
    ]


def quotas_in_force(db: Session, plan_id: int) -> dict[tuple[str, int], tuple[int, int]]:
    """(task, unit) -> (people, đồng) by the newest decision that names them."""
    rows = db.execute(
        select(PlanQuota.programme_code, PlanQuota.unit_id, PlanQuota.people, PlanQuota.budget_dong)
        .where(PlanQuota.plan_id == plan_id)
        .order_by(PlanQuota.id)
    )
    return {(code, unit_id): (people, dong) for code, unit_id, people, dong in rows}


def lines_of(db: Session, plan: PlanYear, programme_code: str) -> dict[int, PlanLine]:
    """The lines of a task by unit."""
    query = select(PlanLine).where(PlanLine.plan_id == plan.id, PlanLine.programme_code == programme_code)
    return {line.unit_id: line for line in db.scalars(query.order_by(PlanLine.id))}


def _require_sharing(plan: PlanYear) -> None:
    if not may_share(plan):
        raise Conflict(_("Kế hoạch %(state)s nên chưa phân bổ được.", state=STATES[plan.state]))


def _over(db: Session, plan: PlanYear, lines: list[PlanLine]) -> str:
    """The units that have nominated more people than they would be given, in words."""
    rows = db.execute(
        select(PlanNomination.programme_code, PlanNomination.unit_id, func.count())
        .where(PlanNomination.plan_id == plan.id, PlanNomination.withdrawn_at.is_(None))
        .group_by(PlanNomination.programme_code, PlanNomination.unit_id)
    ).all()
    sent = {(code, unit_id): count for code, unit_id, count in rows}
    over = [line for line in lines if sent.get((line.programme_code, line.unit_id), 0) > (line.quota or 0)]
    units = unit_queries.units_by_id(db, {line.unit_id for line in over}, clock.today())
    return "; ".join(f"{units[line.unit_id].name} ({line.programme_code})" for line in over[:5])
