"""Record a class that was held, and who took part: each of them has completed what it taught."""

from datetime import date
from typing import Any

from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalogue.models import Course
from app.catalogue.programmes import shipped_codes
from app.catalogue.queries import course_version
from app.classes.models import Attendance, HeldClass
from app.core import audit, clock
from app.core.access import Actor
from app.core.errors import Forbidden, Invalid
from app.core.i18n import gettext as _
from app.core.templating import format_date
from app.core.text import nfc, several_lines
from app.identity.records import belongs_to
from app.identity.taking_turns import take_turns
from app.identity.units import unit_queries
from app.learning.completions import Learned, LearnedOutside, annul_completion, record_completion
from app.learning.evidence import read_hours
from app.learning.models import Completion
from app.learning.service import meet_part, take_back_part

PERMISSION = "classes.record"
# What the subject field of the form may hold: a task, or a course of ours.
TASK, COURSE = "task:", "course:"
# Fields of the form that results say after the class.
FIXED = ("subject", "last_on", "hours")
_TOLD = ("programme_code", "course_version_id", "first_on", "last_on", "hours", "unit_id")


class ClassForm(BaseModel, frozen=True):
    """What was typed, as it was typed; `subject` is "task:CODE" or "course:CODE", `unit` the code of the unit."""

    title: str = ""
    subject: str = ""
    first_on: str = ""
    last_on: str = ""
    place: str = ""
    hours: str = ""
    unit: str = ""
    teachers: str = ""


def record_class(db: Session, actor: Actor, given: ClassForm) -> HeldClass:
    """Raises Invalid with a message per field; the unit must be in the actor's `classes.record`."""
    held = HeldClass(**_values(db, actor, given), account_id=actor.account_id, recorded_at=clock.now())
    db.add(held)
    db.flush()
    audit.record(db, "class.record", "held_class", held.id, account_id=actor.account_id)
    return held


def correct_class(db: Session, actor: Actor, held: HeldClass, given: ClassForm) -> None:
    """Mend what was written of the class. Raises Invalid as `record_class` does.

    While somebody is recorded as present, what their result says (`FIXED`) cannot change: `given` may leave it out, and
    another value is refused. A result that was given keeps the day, the hours and the title it was given with.
    """
    db.refresh(held, with_for_update=True)
    known = form_of(db, held)
    if has_attendees(db, held):
        given = given.model_copy(update={name: getattr(given, name) or getattr(known, name) for name in FIXED})
        said = _("Không đổi được nữa: đã có người được tính hoàn thành với điều này.")
        if errors := dict.fromkeys(_changed(known, given), said):
            raise Invalid(fields=errors)
    values = _values(db, actor, given, held if given.subject == known.subject else None)
    changed = {name: value for name, value in values.items() if value != getattr(held, name)}
    if not changed:
        return
    # The audit log holds no text that may name people.
    audit.record(
        db, "class.correct", "held_class", held.id, account_id=actor.account_id, changed=sorted(changed),
        **{name: [str(getattr(held, name)), str(value)] for name, value in changed.items() if name in _TOLD},
    )  # fmt: skip
    for name, value in changed.items():
        setattr(held, name, value)
    db.flush()


def has_attendees(db: Session, held: HeldClass) -> bool:
    """Whether anybody is recorded as present."""
    here = select(Attendance.id).where(Attendance.class_id == held.id, Attendance.withdrawn_at.is_(None))
    return db.scalar(here.limit(1)) is not None


def form_of(db: Session, held: HeldClass) -> ClassForm:
    """What is known of the class, as it is typed."""
    if held.course_version_id is None:
        subject = f"{TASK}{held.programme_code}"
    else:
        subject = f"{COURSE}{course_version(db, held.course_version_id).code}"
    unit = unit_queries.unit_by_id(db, held.unit_id, held.last_on)
    return ClassForm(
        title=held.title, subject=subject, first_on=format_date(held.first_on), last_on=format_date(held.last_on),
        place=held.place, hours=f"{held.hours:g}".replace(".", ","), unit=unit.code if unit else "",
        teachers=held.teachers,
    )  # fmt: skip


def _changed(known: ClassForm, given: ClassForm) -> set[str]:
    """Of what results say, what is not the same; 15/3/2026 is the same day as 15/03/2026."""
    same: dict[str, bool] = {
        "subject": known.subject == given.subject,
        "last_on": clock.parse_day(known.last_on) == clock.parse_day(given.last_on),
        "hours": read_hours(known.hours) == read_hours(given.hours),
    }
    return {name for name, is_same in same.items() if not is_same}


def _values(db: Session, actor: Actor, given: ClassForm, known: HeldClass | None = None) -> dict[str, Any]:
    """The columns of a class, or Invalid. `known`: it goes on teaching what it taught, published still or not."""
    errors: dict[str, str] = {}
    for name, least, most, said in (
        ("title", 5, 200, _("Hãy ghi tên lớp, ví dụ: Tập huấn kỹ năng số cho tổ công nghệ số.")),
        ("place", 2, 200, _("Hãy ghi nơi học.")),
        ("teachers", 2, 1000, _("Hãy ghi họ tên giảng viên.")),
    ):
        if not least <= len(getattr(given, name).strip()) <= most:
            errors[name] = said
    first_on, last_on = _days(given, errors)
    hours = read_hours(given.hours)
    if hours is None:
        errors["hours"] = _("Hãy ghi số giờ học, ví dụ 6 hoặc 1,5.")
    if known:
        programme, version_id = known.programme_code, known.course_version_id
    else:
        programme, version_id = _subject(db, given.subject, errors)
    unit_id = _unit(db, actor, given.unit.strip().upper(), last_on, errors) if last_on else None
    if errors or first_on is None or last_on is None or hours is None or unit_id is None:
        raise Invalid(fields=errors)
    return {
        "title": " ".join(nfc(given.title).split()), "programme_code": programme, "course_version_id": version_id,
        "first_on": first_on, "last_on": last_on, "place": " ".join(nfc(given.place).split()), "hours": hours,
        "unit_id": unit_id, "teachers": several_lines(given.teachers),
    }  # fmt: skip


def add_attendee(db: Session, actor: Actor, held: HeldClass, person_id: int) -> tuple[Attendance, bool]:
    """The person took part, and whether that is news. Raises Forbidden for oneself: somebody else must say so."""
    if person_id in actor.records:
        raise Forbidden(_("Không ai tự ghi mình vào lớp; người phụ trách khác hoặc tỉnh sẽ ghi."))
    # The class stays as it is until this result is in (correct_class).
    db.refresh(held, with_for_update={"read": True})
    take_turns(db, [person_id])
    if known := present(db, held, person_id):
        return known, False
    attendance = Attendance(
        class_id=held.id, person_id=person_id, account_id=actor.account_id, recorded_at=clock.now()
    )  # fmt: skip
    db.add(attendance)
    db.flush()
    occasion = occasion_of(attendance)
    if held.course_version_id is None:
        assert held.programme_code is not None
        attendance.completion_id = record_completion(
            db, LearnedOutside(person_id, held.programme_code, held.title, "class", occasion, held.last_on, held.hours)
        ).id
    elif (course := course_version(db, held.course_version_id)).completion.is_class_only_a_part:
        meet_part(
            db, person_id=person_id, course_id=course.course_id, kind="in_person", occasion=occasion,
            met_on=held.last_on,
        )  # fmt: skip
    else:
        attendance.completion_id = record_completion(
            db, Learned(person_id, held.course_version_id, "class", held.last_on, occasion)
        ).id
    audit.record(db, "class.attend", "attendance", attendance.id, account_id=actor.account_id)
    db.flush()
    return attendance, True


def remove_attendee(db: Session, actor: Actor, held: HeldClass, attendance: Attendance, reason: str) -> None:
    """The person did not take part: what it brought ends. Raises Invalid without a reason; again changes nothing."""
    if len(reason.strip()) < 5:
        raise Invalid(fields={"reason": _("Hãy ghi lý do bỏ người này khỏi lớp.")})
    if attendance.withdrawn_at is not None:
        return
    take_turns(db, [attendance.person_id])
    attendance.withdrawn_at, attendance.withdrawn_by = clock.now(), actor.account_id
    attendance.reason = reason.strip()[:1000]
    if attendance.completion_id is not None:
        completion = db.get_one(Completion, attendance.completion_id)
        annul_completion(db, completion, actor.account_id, attendance.reason, fraud=False)
    elif held.course_version_id is not None:
        course_id = course_version(db, held.course_version_id).course_id
        take_back_part(
            db, person_id=attendance.person_id, course_id=course_id, occasion=occasion_of(attendance),
            by=actor.account_id, reason=attendance.reason,
        )  # fmt: skip
    audit.record(db, "class.remove", "attendance", attendance.id, account_id=actor.account_id)
    db.flush()


def present(db: Session, held: HeldClass, person_id: int) -> Attendance | None:
    """The person's attendance, unless it was withdrawn; the first, if two of their merged records were there."""
    return db.scalars(
        select(Attendance)
        .where(
            Attendance.class_id == held.id,
            belongs_to(Attendance.person_id, person_id),
            Attendance.withdrawn_at.is_(None),
        )
        .order_by(Attendance.id)
        .limit(1)
    ).first()


def occasion_of(attendance: Attendance) -> str:
    return f"attendance:{attendance.id}"


def _days(given: ClassForm, errors: dict[str, str]) -> tuple[date | None, date | None]:
    first_on, last_on = clock.parse_day(given.first_on), clock.parse_day(given.last_on or given.first_on)
    if first_on is None:
        errors["first_on"] = _("Hãy ghi ngày đầu, ví dụ 15/03/2026.")
    if last_on is None:
        errors["last_on"] = _("Hãy ghi ngày cuối, ví dụ 16/03/2026; lớp một ngày thì để trống.")
    elif last_on > clock.today():
        errors["last_on" if given.last_on else "first_on"] = _("Chỉ ghi lớp đã kết thúc.")
        return first_on, None
    elif first_on and last_on < first_on:
        errors["first_on"] = _("Ngày đầu không thể sau ngày cuối.")
    return first_on, last_on


def _subject(db: Session, subject: str, errors: dict[str, str]) -> tuple[str | None, int | None]:
    if subject.startswith(TASK) and (code := subject.removeprefix(TASK)) in shipped_codes():
        return code, None
    if subject.startswith(COURSE):
        published = select(Course.published_version_id).where(Course.code == subject.removeprefix(COURSE))
        if version_id := db.scalar(published):
            return None, version_id
    errors["subject"] = _("Hãy chọn nhiệm vụ đào tạo, hoặc khóa học của nền tảng mà lớp đã dạy.")
    return None, None


def _unit(db: Session, actor: Actor, code: str, on: date, errors: dict[str, str]) -> int | None:
    unit = unit_queries.unit_on(db, code, on)
    if unit is None:
        errors["unit"] = _("Ngày ấy không có đơn vị nào mang mã “%(code)s”.", code=code)
        return None
    if unit.unit_id not in set(db.scalars(actor.units_with(PERMISSION))):
        errors["unit"] = _("Đơn vị này không thuộc phạm vi anh/chị phụ trách.")
        return None
    return unit.unit_id
