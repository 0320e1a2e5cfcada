"""Practical tasks: the learner reports one done, another person over their unit confirms it or sends it back."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalogue.queries import course_version, lesson_demands
from app.core import audit, clock
from app.core.access import Actor
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.i18n import lazy as _
from app.identity.models import Affiliation, Person
from app.identity.policy import held_on
from app.identity.records import belongs_to
from app.learning.models import Enrolment, PracticalReport, PracticalVerdict
from app.learning.service import judge_lesson, mark_active
from app.notices.service import notify

LONGEST_TEXT = 2000


class NoteMissing(Invalid):
    text = _("Hãy viết vài câu: đã làm gì, ở đâu, kết quả thế nào.")


class ReasonMissing(Invalid):
    text = _("Hãy viết lý do để người học biết cần làm lại chỗ nào.")


class NobodyToConfirm(Invalid):
    text = _("Tài khoản này chưa gắn với đơn vị nào, nên chưa có người xác nhận. Hãy liên hệ đơn vị đào tạo.")


class OwnPractical(Forbidden):
    text = _("Không ai tự xác nhận bài thực hành của mình. Hãy nhờ người khác có cùng quyền.")


class DecidedOtherwise(Conflict):
    text = _("Bài thực hành này đã có kết quả khác. Hãy tải lại trang.")


def report_done(db: Session, enrolment: Enrolment, lesson_key: str, note: str) -> PracticalReport:
    """The learner's word that the task is done. While one report waits, or is confirmed, saying it again returns that.

    Raises NotFound for a lesson without a task, NoteMissing, and NobodyToConfirm for who belongs to no unit.
    """
    asked = lesson_demands(db, enrolment.course_version_id, lesson_key).rule.practical
    if asked is None or enrolment.person_id is None:
        raise NotFound
    if known := _standing(db, enrolment, lesson_key):
        return known
    if not note.strip():
        raise NoteMissing
    has_post = select(Affiliation.id).where(
        belongs_to(Affiliation.person_id, enrolment.person_id), held_on(clock.today())
    )
    if db.scalar(has_post.limit(1)) is None:
        raise NobodyToConfirm
    report = PracticalReport(
        enrolment_id=enrolment.id, lesson_key=lesson_key, task=asked.task, role=asked.role,
        note=note.strip()[:LONGEST_TEXT], reported_at=clock.now(),
    )  # fmt: skip
    db.add(report)
    mark_active(enrolment, lesson_key)
    db.flush()
    return report


def decide(
    db: Session, report: PracticalReport, actor: Actor, *, is_confirmed: bool, reason: str = ""
) -> PracticalVerdict:  # fmt: skip
    """Confirm the report, and judge the lesson with it; or return it with a reason. The same again changes nothing.

    The caller has found that the actor may. Raises OwnPractical, ReasonMissing, and DecidedOtherwise where somebody
    else was first with another answer.
    """
    if report.enrolment.person_id in actor.records:
        raise OwnPractical
    enrolment = db.get_one(Enrolment, report.enrolment_id, with_for_update=True)
    known = db.get(PracticalVerdict, report.id)
    if known is not None:
        if known.is_confirmed != is_confirmed:
            raise DecidedOtherwise
        return known
    if not is_confirmed and not reason.strip():
        raise ReasonMissing
    verdict = PracticalVerdict(
        report_id=report.id, is_confirmed=is_confirmed, reason=reason.strip()[:LONGEST_TEXT],
        person_id=actor.person_id, account_id=actor.account_id, decided_at=clock.now(),
    )  # fmt: skip
    db.add(verdict)
    db.flush()
    act = "practical.confirm" if is_confirmed else "practical.return"
    audit.record(db, act, "practical_report", report.id, account_id=actor.account_id)
    if is_confirmed:
        judge_lesson(db, enrolment, report.lesson_key)
    _tell(db, enrolment, report, verdict)
    return verdict


def _standing(db: Session, enrolment: Enrolment, lesson_key: str) -> PracticalReport | None:
    """The report that waits or is confirmed."""
    return db.scalars(
        select(PracticalReport)
        .outerjoin(PracticalVerdict, PracticalVerdict.report_id == PracticalReport.id)
        .where(
            PracticalReport.enrolment_id == enrolment.id,
            PracticalReport.lesson_key == lesson_key,
            PracticalVerdict.is_confirmed.is_not(False),
        )
        .limit(1)
    ).first()


def _tell(db: Session, enrolment: Enrolment, report: PracticalReport, verdict: PracticalVerdict) -> None:
    sentence = (
        _("%(name)s đã xác nhận bài thực hành trong khóa “%(course)s”.")
        if verdict.is_confirmed
        else _("%(name)s trả lại bài thực hành trong khóa “%(course)s”. Mở bài để xem lý do.")
    )
    course = course_version(db, enrolment.course_version_id)
    notify(
        db, [enrolment.person_id] if enrolment.person_id else [], category="result", key=f"practical:{report.id}",
        sentence=sentence, url=f"/learn/{course.slug}/{report.lesson_key}",
        name=db.get_one(Person, verdict.person_id).name, course=course.title,
    )  # fmt: skip
