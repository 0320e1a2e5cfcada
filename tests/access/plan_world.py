"""The year's plan of the world: an approved one, one that takes needs, one that is ready for its decision."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.storage import Storage
from app.coverage.planning import campaigns, experts, needs, nominating, spending, years
from app.coverage.planning.models import PlanNomination
from app.coverage.planning.needs import Need
from app.coverage.planning.years import Decided, Share
from app.identity.models import Account, Person
from app.identity.sign_in import accounts
from app.media.documents import check_document, keep_document
from tests import factories

TASK = "P04-NENTANG"
ACTIVITY_TITLE, EXPERT_CONTACT = "Loa phường chỉ đơn vị này thấy", "Số máy riêng 02043 555 123"


def plan_objects(
    db: Session, storage: Storage, who: dict[str, Account], colleague: Person, paper: bytes
) -> dict[str, Any]:
    """Of Phường Bắc Giang: a quota of three people, one of them sent, a payment, a broadcast."""
    admin, manager = (accounts.actor_of(db, who[name].id) for name in ("province_admin", "manager"))
    assert admin is not None
    assert manager is not None
    today, here = clock.today(), factories.unit_id(db)
    document = check_document(paper, "van-ban.pdf")

    def kept() -> dict[str, Any]:
        return {
            "file_name": document.file_name, "content_type": document.content_type, "sha256": document.sha256,
            "storage_key": keep_document(storage, document),
        }  # fmt: skip

    approved, asking, ready = (years.begin(db, admin, today.year + more, None) for more in range(3))
    for plan in (approved, asking, ready):
        years.move(db, admin, plan, "needs")
    needs.say_needs(db, manager, approved, here, {TASK: Need(3)})
    for plan in (approved, ready):
        years.move(db, admin, plan, "quotas")
        years.share_out(db, admin, plan, TASK, {here: Share(3, 1_000_000)})
    decision = years.decide(db, admin, approved, Decided("12/QĐ-UBND", today), kept())
    nominating.nominate(db, manager, approved, TASK, here, [colleague.id])
    nomination = db.scalars(select(PlanNomination)).one()
    spent = spending.Spent(TASK, here, 500_000, today, "Ủy nhiệm chi số 1")
    broadcast = campaigns.Activity("P13-COSO", "broadcast", ACTIVITY_TITLE, here, today, today, 3, 200)
    expert = experts.Wanted("", "Trần Chuyên Gia", "Dữ liệu", "", EXPERT_CONTACT, "", "Văn bản thử số 1", today)
    return {
        "plan_year": approved.year, "plan_asking": asking.year, "plan_ready": ready.year,
        "plan_to_come": ready.year + 1, "plan_decision": decision.id, "plan_nomination": nomination.id,
        "plan_spending": spending.enter(db, admin, approved, spent, kept()).id,
        "plan_course": factories.course(db, "KH4", programme=TASK).course_id,
        "campaign": campaigns.log(db, manager, broadcast, kept()).id,
        "expert": experts.add(db, admin, expert).id,
    }  # fmt: skip
