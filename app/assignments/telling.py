"""Words to the people of an assignment: that it is theirs, that the day comes near, that it has passed."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.assignments.models import AssignmentMember, AssignmentRound
from app.assignments.states import is_late_on, is_open
from app.catalogue.models import Course, CourseVersion
from app.core import clock
from app.core.access import UnitClosure, closure_on
from app.core.i18n import lazy
from app.core.templating import format_date
from app.identity.models import Account, RoleGrant
from app.identity.policy import in_force_on
from app.identity.records import holder_of
from app.notices.service import notify

# Days before (+) or after (-) the due day from which on people are reminded once, and the words.
STAGES: tuple[tuple[int, str, lazy], ...] = (
    (14, "due14", lazy("Sắp đến hạn: khóa học “%(course)s” cần xong chậm nhất ngày %(due)s.")),
    (3, "due3", lazy("Chỉ còn ít ngày: khóa học “%(course)s” cần xong chậm nhất ngày %(due)s.")),
    (0, "due0", lazy("Hôm nay là hạn cuối của khóa học “%(course)s”.")),
    (-7, "late7", lazy("Khóa học “%(course)s” đã quá hạn từ ngày %(due)s. Anh/chị vẫn học và hoàn thành được.")),
    (-30, "late30", lazy("Khóa học “%(course)s” đã quá hạn hơn 30 ngày. Anh/chị vẫn học và hoàn thành được.")),
)
_ASSIGNED = lazy("Anh/chị được giao học “%(course)s”, hạn đến hết ngày %(due)s.")
_REMINDED = lazy("Đơn vị nhắc: khóa học “%(course)s” cần xong chậm nhất ngày %(due)s.")
_LATE_BELOW = lazy("%(count)s người thuộc phạm vi anh/chị phụ trách đã quá hạn khóa học “%(course)s”.")


def tell_assigned(db: Session, round_: AssignmentRound, members: Sequence[AssignmentMember]) -> None:
    _tell(db, round_, members, f"assigned:{round_.id}", _ASSIGNED)


def remind(db: Session, round_: AssignmentRound, members: Sequence[AssignmentMember]) -> int:
    """Remind now, at a manager's word; at most once a day each. How many were told."""
    return _tell(db, round_, members, f"reminded:{round_.id}:{clock.today()}", _REMINDED)


def remind_due(db: Session, round_: AssignmentRound) -> int:
    """The reminders of today. A day nobody ran this is made up for until the next stage."""
    today, told = clock.today(), 0
    for place, (days, stage, sentence) in enumerate(STAGES):
        following = STAGES[place + 1][0] if place + 1 < len(STAGES) else days - 7
        # From this stage's day until the day before the next stage's.
        first, last = today + timedelta(days=following + 1), today + timedelta(days=days)
        members = db.scalars(
            select(AssignmentMember).where(
                AssignmentMember.round_id == round_.id, AssignmentMember.due_on.between(first, last), is_open()
            )
        )
        # Whoever was given it after the stage's day was told the due day then.
        told += _tell(
            db, round_, [one for one in members if one.joined_on < one.due_on - timedelta(days=days)],
            f"{stage}:{round_.id}", sentence,
        )  # fmt: skip
    return told


def tell_managers(db: Session, round_: AssignmentRound) -> int:
    """Once a week: how many of theirs are late."""
    today = clock.today()
    year, week, _day = today.isocalendar()
    rows = db.execute(
        select(Account.person_id, func.count(holder_of(AssignmentMember.person_id).distinct()))
        .join(RoleGrant, RoleGrant.account_id == Account.id)
        .join(UnitClosure, UnitClosure.ancestor_id == RoleGrant.unit_id)
        .join(AssignmentMember, AssignmentMember.unit_id == UnitClosure.descendant_id)
        .where(
            RoleGrant.role == "unit_manager", in_force_on(today), Account.disabled_at.is_(None), closure_on(today),
            UnitClosure.carried != "before", AssignmentMember.round_id == round_.id, is_late_on(today),
        )
        .group_by(Account.person_id)
    ).all()  # fmt: skip
    course = course_title(db, round_)
    for person_id, count in rows:
        notify(
            db, [person_id], category="due", key=f"late-below:{round_.id}:{year}-{week}", sentence=_LATE_BELOW,
            url=f"/assignments/{round_.assignment_id}?state=late", course=course, count=count,
        )  # fmt: skip
    return len(rows)


def course_title(db: Session, round_: AssignmentRound) -> str:
    """Of the course as it is published now."""
    return _course(db, round_)[1]


def _course(db: Session, round_: AssignmentRound) -> tuple[str, str]:
    slug, title = db.execute(
        select(Course.slug, CourseVersion.title)
        .join(CourseVersion, CourseVersion.id == Course.published_version_id)
        .where(Course.id == round_.assignment.course_id)
    ).one()
    return slug, title


def _tell(db: Session, round_: AssignmentRound, members: Iterable[AssignmentMember], key: str, sentence: lazy) -> int:
    by_day: dict[date, list[int]] = defaultdict(list)
    for member in members:
        by_day[member.due_on].append(member.person_id)
    if not by_day:
        return 0
    slug, title = _course(db, round_)
    return sum(
        notify(
            db, people, category="due", key=f"{key}:{due_on}", sentence=sentence, url=f"/courses/{slug}", course=title,
            due=format_date(due_on),
        )
        for due_on, people in by_day.items()
    )  # fmt: skip
