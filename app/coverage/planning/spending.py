"""Money spent, entered with its paper and never changed: a correction is a new row that names the old one."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, aliased

from app.core import audit, clock
from app.core.access import Actor
from app.core.errors import Conflict, Invalid, NotFound
from app.core.i18n import gettext as _
from app.core.text import nfc, whole
from app.coverage.planning.models import PlanSpending, PlanYear
from app.coverage.planning.papers import Paper
from app.coverage.planning.policy import UNIT

_LATER = aliased(PlanSpending)


@dataclass(frozen=True)
class Spent:
    """A payment as it was typed and read; `corrects` is the id of the row it replaces, or ""."""

    programme_code: str
    unit_id: int
    amount_dong: int
    spent_on: date
    source: str
    corrects: str = ""


def in_force() -> Select[int]:
    """Ids of the rows nobody corrected."""
    return select(PlanSpending.id).where(
        PlanSpending.id.not_in(select(_LATER.corrects_id).where(_LATER.corrects_id.is_not(None)))
    )


def enter(db: Session, actor: Actor, plan: PlanYear, given: Spent, paper: Paper) -> PlanSpending:
    """Append it; raises Conflict unless the plan is approved and open, Invalid with a message per field."""
    if plan.state != "approved":
        raise Conflict(_("Chỉ ghi chi khi kế hoạch đã phê duyệt và chưa khóa."))
    errors = {}
    source = nfc(given.source)[:1000]
    if len(source) < 5:
        errors["source"] = _("Hãy ghi chứng từ: số, ngày, nội dung chi.")
    if given.spent_on > clock.today():
        errors["spent_on"] = _("Ngày chi không thể sau hôm nay.")
    corrects_id = _corrected(db, plan, given.corrects, errors)
    if errors:
        raise Invalid(fields=errors)
    made = PlanSpending(
        plan_id=plan.id, programme_code=given.programme_code, unit_id=given.unit_id, amount_dong=given.amount_dong,
        spent_on=given.spent_on, source=source, recorded_at=clock.now(), account_id=actor.account_id,
        corrects_id=corrects_id, **paper,
    )  # fmt: skip
    db.add(made)
    db.flush()
    audit.record(db, "plan.spend", "plan_spending", made.id, account_id=actor.account_id, corrects=corrects_id)
    return made


def find_spending(db: Session, actor: Actor, plan: PlanYear, spending_id: int) -> PlanSpending:
    """Raises NotFound for one of a unit outside of the actor's care."""
    found = db.scalar(
        select(PlanSpending).where(
            PlanSpending.id == spending_id, PlanSpending.plan_id == plan.id,
            PlanSpending.unit_id.in_(actor.units_with(UNIT)),
        )
    )  # fmt: skip
    if found is None:
        raise NotFound
    return found


def _corrected(db: Session, plan: PlanYear, text: str, errors: dict[str, str]) -> int | None:
    if not text:
        return None
    known = db.scalar(
        select(PlanSpending.id).where(
            PlanSpending.id == whole(text), PlanSpending.plan_id == plan.id, PlanSpending.id.in_(in_force())
        )
    )
    if known is None:
        errors["corrects"] = _("Chỉ đính chính được dòng chi của kế hoạch này, chưa bị đính chính.")
    return known
