"""Plan a sitting: what is asked, when and where, who sits and who watches."""

import re
import secrets
from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from itertools import chain

from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalogue.banks import drawn_from
from app.catalogue.models import Course
from app.catalogue.queries import quiz_of
from app.core import audit, clock
from app.core.access import Actor
from app.core.errors import Conflict, Forbidden, Invalid
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.core.templating import format_datetime
from app.core.text import nfc, whole
from app.exams.models import ExamCandidate, ExamInvigilator, ExamSitting
from app.exams.policy import ORGANISE
from app.exams.written import wants_only_files
from app.identity.models import Account
from app.identity.records import belongs_to
from app.identity.taking_turns import take_turns
from app.identity.units import unit_queries
from app.notices.service import notify

# A room; each of them may become a completion with its figures when the sitting is closed.
MOST_CANDIDATES = 200
MOST_MINUTES = 300
_HOUR = re.compile(r"([01]?\d|2[0-3])\s*[:hg]\s*([0-5]\d)?", re.ASCII | re.IGNORECASE)


class ListIsFull(Invalid):
    text = lazy("Mỗi buổi nhiều nhất %(most)s thí sinh; hãy lập thêm buổi khác.")


class SittingIsClosed(Conflict):
    title = lazy("Buổi sát hạch đã kết thúc")
    text = lazy("Buổi sát hạch đã kết thúc; danh sách, bài làm và kết quả không thay đổi nữa.")


class SittingForm(BaseModel, frozen=True):
    """What was typed, as it was typed; `subject` is "version:lesson", `unit` the code of the unit."""

    title: str = ""
    subject: str = ""
    day: str = ""
    opens: str = ""
    closes: str = ""
    minutes: str = ""
    pass_percent: str = ""
    place: str = ""
    unit: str = ""


def plan_sitting(db: Session, actor: Actor, given: SittingForm) -> ExamSitting:
    """Raises Invalid with a message per field; the unit must be in the actor's `exam.organise`."""
    errors: dict[str, str] = {}
    title, place = (" ".join(nfc(text).split()) for text in (given.title, given.place))
    if not 5 <= len(title) <= 200:
        errors["title"] = _("Hãy ghi tên buổi sát hạch, ví dụ: Sát hạch kỹ năng số đợt 1.")
    if not 2 <= len(place) <= 200:
        errors["place"] = _("Hãy ghi nơi sát hạch, ví dụ: Phòng máy 2, UBND phường.")
    window = _window(given, errors)
    minutes = _number(given.minutes, 1, MOST_MINUTES)
    if minutes is None:
        errors["minutes"] = _("Hãy ghi số phút làm bài, từ 1 đến %(most)s.", most=MOST_MINUTES)
    elif window and window[0] + timedelta(minutes=minutes) > window[1]:
        errors["minutes"] = _("Thời gian làm bài dài hơn cả buổi.")
    percent = _number(given.pass_percent, 1, 100)
    if percent is None:
        errors["pass_percent"] = _("Hãy ghi tỷ lệ đạt, từ 1 đến 100.")
    subject = _subject(db, given.subject, errors)
    unit_id = _unit(db, actor, given.unit.strip().upper(), errors)
    if errors or window is None or minutes is None or percent is None or subject is None or unit_id is None:
        raise Invalid(fields=errors)
    sitting = ExamSitting(
        title=title, course_version_id=subject[0], lesson_key=subject[1], opens_at=window[0], closes_at=window[1],
        minutes=minutes, pass_percent=percent, place=place, unit_id=unit_id, room_code=new_code(),
        account_id=actor.account_id, planned_at=clock.now(),
    )  # fmt: skip
    db.add(sitting)
    db.flush()
    audit.record(db, "exam.plan", "exam_sitting", sitting.id, account_id=actor.account_id)
    return sitting


def new_code() -> str:
    """Six digits, to be read aloud in the room."""
    return f"{secrets.randbelow(10**6):06}"


def add_candidates(db: Session, actor: Actor, sitting: ExamSitting, person_ids: Collection[int]) -> int:
    """Put all of them on the list, or none; how many are new. Raises as `add_candidate` does, before adding any."""
    listed = set(db.scalars(select(ExamCandidate.person_id).where(ExamCandidate.sitting_id == sitting.id)))
    if not actor.records.isdisjoint(person_ids):
        raise _own_exam()
    if len(listed.union(person_ids)) > MOST_CANDIDATES:
        raise ListIsFull(most=MOST_CANDIDATES)
    # In order of id, as everybody who waits for several people does.
    return sum(add_candidate(db, actor, sitting, person_id)[1] for person_id in sorted(person_ids))


def add_candidate(db: Session, actor: Actor, sitting: ExamSitting, person_id: int) -> tuple[ExamCandidate, bool]:
    """Put somebody on the list and tell them; whether that is news. Raises Forbidden for oneself, ListIsFull."""
    if sitting.closed_at is not None:
        raise SittingIsClosed
    if person_id in actor.records:
        raise _own_exam()
    take_turns(db, [person_id])
    listed = select(ExamCandidate).where(ExamCandidate.sitting_id == sitting.id)
    if known := db.scalars(listed.where(belongs_to(ExamCandidate.person_id, person_id))).first():
        return known, False
    if len(db.scalars(select(ExamCandidate.id).where(ExamCandidate.sitting_id == sitting.id)).all()) >= MOST_CANDIDATES:
        raise ListIsFull(most=MOST_CANDIDATES)
    candidate = ExamCandidate(
        sitting_id=sitting.id, person_id=person_id, listed_at=clock.now(), answers={}, answer_seq={}
    )  # fmt: skip
    db.add(candidate)
    db.flush()
    audit.record(db, "exam.list", "exam_candidate", candidate.id, account_id=actor.account_id)
    notify(
        db, [person_id], category="due", key=f"exam:{candidate.id}", url=f"/my/exams/{sitting.id}",
        sentence=lazy("Anh/chị có tên trong buổi sát hạch “%(title)s”, lúc %(at)s, tại %(place)s."),
        title=sitting.title, at=format_datetime(sitting.opens_at), place=sitting.place,
    )  # fmt: skip
    return candidate, True


def _own_exam() -> Forbidden:
    return Forbidden(_("Không ai tự tổ chức sát hạch cho mình; người phụ trách khác hoặc tỉnh sẽ thêm."))


def remove_candidate(db: Session, actor: Actor, sitting: ExamSitting, candidate: ExamCandidate) -> None:
    """Take somebody off the list who was put there by mistake. Raises Conflict once they came into the room."""
    if sitting.closed_at is not None:
        raise SittingIsClosed
    if candidate.entered_at is not None or candidate.checked_at is not None:
        raise Conflict(_("Người này đã vào phòng; kết quả của họ được giữ lại."))
    audit.record(
        db, "exam.unlist", "exam_candidate", candidate.id, account_id=actor.account_id, person=candidate.person_id
    )  # fmt: skip
    db.delete(candidate)
    db.flush()


def name_invigilator(db: Session, actor: Actor, sitting: ExamSitting, username: str) -> None:
    """Somebody with an account, whatever their role; naming them again changes nothing. Raises Invalid."""
    if sitting.closed_at is not None:
        raise SittingIsClosed
    account = db.scalars(
        select(Account).where(Account.username == nfc(username).strip().lower(), Account.disabled_at.is_(None))
    ).one_or_none()
    if account is None:
        raise Invalid(fields={"username": _("Không có tài khoản nào mang tên đăng nhập này.")})
    if db.get(ExamInvigilator, (sitting.id, account.id)):
        return
    db.add(ExamInvigilator(sitting_id=sitting.id, account_id=account.id))
    audit.record(
        db, "exam.name_invigilator", "exam_sitting", sitting.id, account_id=actor.account_id, named=account.id
    )  # fmt: skip
    notify(
        db, [account.person_id], category="work", key=f"exam-watch:{sitting.id}", url=f"/exams/{sitting.id}",
        sentence=lazy("Anh/chị được cử coi sát hạch “%(title)s”, lúc %(at)s, tại %(place)s."),
        title=sitting.title, at=format_datetime(sitting.opens_at), place=sitting.place,
    )  # fmt: skip
    db.flush()


def _window(given: SittingForm, errors: dict[str, str]) -> tuple[datetime, datetime] | None:
    day = clock.parse_day(given.day)
    opens, closes = (_at(day, text) for text in (given.opens, given.closes))
    if day is None:
        errors["day"] = _("Hãy ghi ngày sát hạch, ví dụ 15/03/2027.")
        return None
    if opens is None:
        errors["opens"] = _("Hãy ghi giờ mở phòng, ví dụ 08:00.")
    if closes is None:
        errors["closes"] = _("Hãy ghi giờ kết thúc, ví dụ 10:00.")
    elif closes <= clock.now():
        errors["day"] = _("Buổi sát hạch phải ở sau lúc này.")
    if opens and closes and opens >= closes:
        errors["closes"] = _("Giờ kết thúc phải sau giờ mở phòng.")
    return (opens, closes) if opens and closes else None


def _at(day: date | None, text: str) -> datetime | None:
    found = _HOUR.fullmatch(text.strip())
    if found is None or day is None:
        return None
    return datetime.combine(day, time(int(found[1]), int(found[2] or 0)), tzinfo=clock.VIETNAM)


def _number(text: str, least: int, most: int) -> int | None:
    number = whole(text.strip().removesuffix("%"))
    return number if number is not None and least <= number <= most else None


def _subject(db: Session, subject: str, errors: dict[str, str]) -> tuple[int, str] | None:
    version, _colon, lesson_key = subject.partition(":")
    if version_id := whole(version):
        published = db.scalar(select(Course.published_version_id).where(Course.published_version_id == version_id))
        quiz = quiz_of(db, published, lesson_key) if published else None
        if published and quiz:
            drawn = drawn_from(db, quiz).pools.values()
            if any(wants_only_files(one) for one in chain(quiz["questions"], *drawn)):
                errors["subject"] = _("Đề này có câu chỉ nhận tệp, phòng sát hạch không hỏi được; hãy chọn đề khác.")
                return None
            return published, lesson_key
    errors["subject"] = _("Hãy chọn bài kiểm tra của một khóa học.")
    return None


def _unit(db: Session, actor: Actor, code: str, errors: dict[str, str]) -> int | None:
    unit = unit_queries.unit_on(db, code, clock.today())
    if unit is None:
        errors["unit"] = _("Hôm nay không có đơn vị nào mang mã “%(code)s”.", code=code)
        return None
    if unit.unit_id not in set(db.scalars(actor.units_with(ORGANISE))):
        errors["unit"] = _("Đơn vị này không thuộc phạm vi anh/chị phụ trách.")
        return None
    return unit.unit_id
