"""A province with a plan of 2026, a commune with people, and a task with a course."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime

import pytest

from app.core import clock
from app.core.access import Actor
from app.core.db import Session
from app.coverage.planning import needs, years
from app.coverage.planning.models import PlanYear
from app.coverage.planning.needs import Need
from app.coverage.planning.years import Decided, Share
from app.identity.models import Person
from app.identity.sign_in import accounts
from tests import factories

HERE, ELSEWHERE = "07210", "07228"
TASK = "P04-NENTANG"
DAY = datetime(2026, 11, 21, 3, tzinfo=UTC)


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with clock.frozen(DAY):
        yield


@pytest.fixture
def as_actor(db: Session) -> Callable[..., Actor]:
    """`as_actor("tinh", "province_admin")`: an account with a role, as who makes a request."""

    def make(username: str, role: str, at: str = "24") -> Actor:
        found = accounts.actor_of(db, factories.account(db, username=username, role=role, at=at).id)
        assert found is not None
        return found

    return make


@pytest.fixture
def admin(as_actor: Callable[..., Actor]) -> Actor:
    return as_actor("tinh", "province_admin")


@pytest.fixture
def manager(as_actor: Callable[..., Actor]) -> Actor:
    return as_actor("phutrach", "unit_manager", HERE)


@pytest.fixture
def staff(db: Session) -> list[Person]:
    """An, Bình, Chi and Dũng of Phường Bắc Giang."""
    people = [factories.person(db, name) for name in ("Lê Thị An", "Phạm Bình", "Ngô Chi", "Vũ Dũng")]
    for one in people:
        factories.post(db, one, HERE, started_on=date(2025, 8, 1))
    return people


@pytest.fixture
def plan(db: Session, admin: Actor) -> PlanYear:
    """Of 2026, waiting for needs."""
    made = years.begin(db, admin, 2026, date(2026, 12, 15))
    years.move(db, admin, made, "needs")
    db.commit()
    return made


@pytest.fixture
def approved(db: Session, admin: Actor, manager: Actor, plan: PlanYear) -> PlanYear:
    """Approved: of the task two people and 20 million here, three people elsewhere, 100 million at large."""
    here, there, province = (factories.unit_id(db, code) for code in (HERE, ELSEWHERE, "24"))
    needs.say_needs(db, manager, plan, here, {TASK: Need(3)})
    needs.say_needs(db, admin, plan, there, {TASK: Need(3)})
    years.move(db, admin, plan, "quotas")
    given = {here: Share(2, 20_000_000), there: Share(3, None), province: Share(None, 100_000_000)}
    years.share_out(db, admin, plan, TASK, given)
    years.decide(db, admin, plan, Decided("1234/QĐ-UBND", date(2026, 2, 1)), {})
    db.commit()
    return plan
