"""What a fresh installation holds: the province's units, programmes and indicators, starter courses, demo people.

Every step is idempotent and cheap the second time, so that `serve` may run it at each start.
"""

from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.assignments.members import keep_list
from app.assignments.models import Assignment
from app.assignments.rules import Rule
from app.assignments.service import Order, assign
from app.authoring.folder import load_starter_courses
from app.catalogue.models import Course
from app.catalogue.programmes import seed_programmes
from app.certificates.forms import seed_forms
from app.core import clock
from app.core.i18n import gettext as _
from app.core.settings import get_settings
from app.coverage.demo import seed_demo_year
from app.coverage.indicators.seeding import seed_indicators
from app.identity.demo import demo_actor, seed_demo
from app.identity.models import Account, Affiliation
from app.identity.units import unit_queries
from app.identity.units.unit_seeding import seed_units
from app.learning.completions import Learned, record_completion
from app.learning.models import Completion
from app.learning.service import enrol
from app.runtime import Runtime


def seed_everything(runtime: Runtime) -> list[str]:
    """Load what is missing; returns lines that say what was done. Servers that start together do it in turn."""
    with runtime.database.alone("seed"):
        return _seed_everything(runtime)


def _seed_everything(runtime: Runtime) -> list[str]:
    with runtime.database.writing() as db:
        seed_units(db)
        seed_programmes(db)
        seed_indicators(db)
        seed_forms(db)
    done = [_("Đã có đơn vị hành chính, nhiệm vụ đào tạo và chỉ tiêu.")]
    for title in load_starter_courses(runtime):
        done.append(_("Đã nạp khóa học: %(title)s", title=title))
    if runtime.settings.demo:
        with runtime.database.writing() as db:
            seed_demo(db)
            _seed_demo_completions(db)
            _seed_demo_assignment(db)
            seed_demo_year(db)
        done.append(_("Đã có người dùng mẫu."))
    return done


def _seed_demo_completions(db: Session) -> None:
    """Every third made-up colleague has completed the first starter course: the dashboard has something to show.

    The personas one signs in as (they have accounts) have not: their way through the course is what a trial is for.
    """
    course = db.scalars(select(Course).where(Course.published_version_id.is_not(None)).order_by(Course.id)).first()
    if course is None or db.scalar(select(Completion.id).limit(1)):
        return
    colleagues = db.execute(
        select(Affiliation.person_id, Affiliation.started_on)
        .outerjoin(Account, Account.person_id == Affiliation.person_id)
        .where(Account.id.is_(None))
        .order_by(Affiliation.person_id)
    ).all()
    today = clock.today()
    for number, (person_id, started_on) in enumerate(colleagues):
        if number % 3 == 0:
            day = max(started_on, date(today.year, 1, 1), today - timedelta(days=9 * number + 2))
            enrolment = enrol(db, person_id, course.id)
            record_completion(
                db,
                Learned(
                    person_id, enrolment.course_version_id, "online", min(day, today),
                    score_percent=80.0 + number % 4 * 5, enrolment_id=enrolment.id,
                ),
            )  # fmt: skip


def _seed_demo_assignment(db: Session) -> None:
    """The made-up province asks its civil servants for the whole of KH04, within six weeks, every year."""
    course = db.scalars(select(Course).where(Course.published_version_id.is_not(None), Course.code == "KH04")).first()
    actor = demo_actor(db, "quantri")
    province = unit_queries.unit_on(db, get_settings().province_code, clock.today())
    if course is None or actor is None or province is None or db.scalar(select(Assignment.id).limit(1)):
        return
    due_on = min(clock.today() + timedelta(days=42), date(clock.today().year, 12, 31))
    order = Order(
        course.id, Rule(province.unit_id, ("CBCC",)), due_on, is_yearly=True, asks_commitment=True,
        grounds=_("Kế hoạch bồi dưỡng của bản dùng thử"),
    )  # fmt: skip
    keep_list(db, assign(db, actor, order).rounds[0])
