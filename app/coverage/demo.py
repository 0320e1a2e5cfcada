"""A made-up year for a trial (DEMO=1): a plan, publicity, experts and a round of declarations, each only once.

All of it goes through the verbs people use, as the personas who would do it; what somebody entered first is left alone.
"""

from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.access import Actor
from app.core.settings import get_settings
from app.coverage.planning import campaigns, experts, needs, nominating, policy, spending, years
from app.coverage.planning.campaigns import Activity
from app.coverage.planning.experts import Wanted
from app.coverage.planning.models import CampaignActivity, Expert, PlanYear
from app.coverage.planning.needs import Need
from app.coverage.planning.spending import Spent
from app.coverage.planning.years import Decided, Share
from app.coverage.rounds import answering, opening
from app.coverage.rounds.models import DeclarationRound
from app.coverage.rounds.opening import RoundForm
from app.identity.demo import demo_actor
from app.identity.models import Account, Affiliation, Person
from app.identity.people.people import DEMO
from app.identity.policy import held_on
from app.identity.units import unit_queries

_WARD, _OTHER_WARD, _DEPARTMENT = "07210", "07228", "SKHCN"
# Task -> unit -> people it needs, people it is given, million đồng.
_PLAN = {
    "P02-CHUYENSAU": {_DEPARTMENT: (2, 2, 24), _WARD: (1, 1, 12)},
    "P04-NENTANG": {_WARD: (6, 5, 15), _OTHER_WARD: (3, 3, 9), _DEPARTMENT: (4, 3, 9)},
    "P05-DVC": {_WARD: (4, 3, 9), _OTHER_WARD: (2, 2, 6)},
}
# Task, unit, how many colleagues it sends.
_SENT = (("P04-NENTANG", _WARD, 3), ("P04-NENTANG", _OTHER_WARD, 2), ("P05-DVC", _WARD, 1))
_ADULTS = "TRUONGTHANH"


def seed_demo_year(db: Session) -> None:
    """After seed_demo; nothing where a trial has lost the personas, their rights or their units."""
    admin, manager = demo_actor(db, "quantri"), demo_actor(db, "quanly")
    units = {code: unit_queries.unit_on(db, code, clock.today()) for code in (_WARD, _OTHER_WARD, _DEPARTMENT)}
    ids = {code: unit.unit_id for code, unit in units.items() if unit}
    if not (admin and manager and admin.can(policy.MANAGE) and admin.can(opening.MANAGE)) or len(ids) < len(units):
        return
    if not db.scalar(select(PlanYear.id).limit(1)):
        _plan(db, admin, manager, ids)
    if not db.scalar(select(CampaignActivity.id).limit(1)):
        _publicity(db, admin, manager, ids)
    if not db.scalar(select(Expert.id).limit(1)):
        _experts(db, admin)
    if not db.scalar(select(DeclarationRound.id).limit(1)):
        _declarations(db, admin, ids[_OTHER_WARD])


def _plan(db: Session, admin: Actor, manager: Actor, ids: dict[str, int]) -> None:
    """Needs, quotas, a decision, people sent and money spent; nothing in a year that has not all the tasks."""
    year = clock.today().year
    if not _PLAN.keys() <= {task.code for task in needs.tasks_with_people(year)}:
        return
    plan = years.begin(db, admin, year, _this_year(75))
    years.move(db, admin, plan, "needs")
    for code, unit_id in ids.items():
        said = {task: Need(shares[code][0]) for task, shares in _PLAN.items() if code in shares}
        needs.say_needs(db, manager if code == _WARD else admin, plan, unit_id, said)
    years.move(db, admin, plan, "quotas")
    for task, shares in _PLAN.items():
        given = {ids[code]: Share(people, million * 1_000_000) for code, (_need, people, million) in shares.items()}
        years.share_out(db, admin, plan, task, given)
    years.decide(db, admin, plan, Decided("01/QĐ-VIDU", _this_year(45), "Quyết định đặt ra cho bản dùng thử."), {})
    for task, code, count in _SENT:
        sent = _colleagues(db, ids[code], count)
        nominating.nominate(db, manager if code == _WARD else admin, plan, task, ids[code], sent)
    paid = Spent("P04-NENTANG", ids[_WARD], 12_500_000, _this_year(12), "Phiếu chi số 01/VIDU: hội trường, tài liệu")
    spending.enter(db, admin, plan, paid, {})


def _publicity(db: Session, admin: Actor, manager: Actor, ids: dict[str, int]) -> None:
    day = _this_year(20)
    guided = Activity(
        campaigns.TEAM_TASK, "guidance", "Tổ công nghệ số mẫu hướng dẫn nộp hồ sơ trực tuyến", ids[_WARD],
        _this_year(24), day, times=4, reached=180,
    )  # fmt: skip
    announced = Activity(
        "P12-TRUYENTHONG", "campaign", "Ngày Chuyển đổi số của bản dùng thử", ids[_DEPARTMENT], day, day, times=1,
        reached=None,
    )  # fmt: skip
    campaigns.log(db, manager, guided, {})
    campaigns.log(db, admin, announced, {})


def _experts(db: Session, admin: Actor) -> None:
    for name, field, contact, task in (
        ("Nguyễn Văn Mẫu", "An toàn thông tin mạng", "mau@vidu.example", "P02-CHUYENSAU"),
        ("Trần Thị Thí Dụ", "Dữ liệu và dịch vụ công trực tuyến", "thidu@vidu.example", "P05-DVC"),
    ):
        source = "Quyết định số 02/QĐ-VIDU đặt ra cho bản dùng thử"
        experts.add(db, admin, Wanted("", name, field, "Trường Đại học Ví Dụ", contact, task, source, _this_year(90)))


def _declarations(db: Session, admin: Actor, answered_by: int) -> None:
    """Every commune is asked; for one the province hands in what it was sent, so that an answer waits for approval."""
    today = clock.today()
    form = RoundForm(
        title="Số người trưởng thành trên địa bàn (bản dùng thử)", subjects=[_ADULTS],
        note="Đợt khai báo đặt ra cho bản dùng thử: mọi con số đều do bịa ra.", unit=get_settings().province_code,
        kinds=["commune"], as_of=(today.replace(day=1) - timedelta(days=1)).isoformat(),
        due_on=(today + timedelta(days=21)).isoformat(),
    )  # fmt: skip
    round_, answer = answering.find(db, admin, opening.open_round(db, admin, form).id, answered_by, to_change=True)
    answering.save(db, admin, round_, answer, {_ADULTS: "21.400"}, "Nhập thay theo công văn của phường.")
    answering.submit(db, admin, round_, answer)


def _colleagues(db: Session, unit_id: int, count: int) -> list[int]:
    """Made-up people with a post in the unit today, but for the personas one signs in as."""
    query = (
        select(Person.id)
        .join(Affiliation, Affiliation.person_id == Person.id)
        .outerjoin(Account, Account.person_id == Person.id)
        .where(
            Affiliation.unit_id == unit_id, held_on(clock.today()), Person.ref.startswith(DEMO), Account.id.is_(None)
        )
        .order_by(Person.id)
    )
    return list(db.scalars(query.limit(count)))


def _this_year(days_ago: int) -> date:
    """That many days ago, but not before this year's first day."""
    today = clock.today()
    return max(today.replace(month=1, day=1), today - timedelta(days=days_ago))
