"""Verbs of a review: send a course, decide on exactly one of its versions. Who is concerned is told."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.authoring.review.models import CourseReview
from app.authoring.review.queries import last_review, review_state
from app.catalogue.models import Course, CourseVersion
from app.catalogue.queries import newest_version
from app.core import audit, clock
from app.core.access import Actor, closure_on
from app.core.errors import Conflict, Forbidden, Invalid
from app.core.i18n import gettext
from app.core.i18n import lazy as _
from app.identity.models import Account, RoleGrant, UnitClosure
from app.identity.policy import granting
from app.notices.service import notify

LONGEST = 2000
_SENT = _("%(name)s gửi khóa học “%(course)s” để thẩm định.")
_APPROVED = _("%(name)s đã duyệt khóa học “%(course)s”.")
_TO_PUBLISH = _("Khóa học “%(course)s” đã được duyệt, chờ anh/chị công bố.")
_CHANGES = _("%(name)s đề nghị sửa khóa học “%(course)s”.")
_PUBLISHED = _("Khóa học “%(course)s” anh/chị gửi thẩm định đã được công bố.")


def send(db: Session, actor: Actor, course: Course, note: str) -> CourseReview:
    """Ask for a review of the newest draft; pressing twice asks once.

    Raises Conflict where there is nothing new to review, Invalid for a note that is too long.
    """
    take_turns_at(db, course)
    state = review_state(db, actor, course)
    known = last_review(db, course.id)
    if state.state == "waiting" and known is not None:
        return known
    if state.state == "published":
        raise Conflict(_("Bản mới nhất đã công bố rồi, không có gì để thẩm định."))
    if state.state == "approved":
        raise Conflict(_("Bản này đã được duyệt rồi. Việc còn lại là công bố."))
    newest = newest_version(db, course)
    review = CourseReview(
        course_id=course.id, state="waiting", sent_version_id=newest.id, sent_by=actor.account_id,
        sent_at=clock.now(), note=_short(note, "note"), reason="",
    )  # fmt: skip
    db.add(review)
    db.flush()
    audit.record(db, "course.send", "course", course.id, account_id=actor.account_id, version=newest.number)
    notify(
        db, _holders(db, course, "course.review", without=actor.records), category="work", key=f"review:{review.id}",
        sentence=_SENT, url=f"/studio/{course.slug}/review", name=actor.name, course=newest.title,
    )  # fmt: skip
    return review


def decide(db: Session, actor: Actor, course: Course, number: int, *, approves: bool, reason: str) -> CourseReview:
    """Approve the version the actor has looked at, or ask for changes.

    Raises Forbidden for who sent it or wrote at it, Conflict where nothing waits or there is a newer draft than
    `number`, Invalid for changes without a reason.
    """
    take_turns_at(db, course)
    state = review_state(db, actor, course)
    review = last_review(db, course.id)
    if review is None or state.state != "waiting":
        raise Conflict(_("Khóa học này không chờ thẩm định nữa."))
    if state.is_own:
        raise Forbidden(_("Anh/chị đã gửi khóa học này nên người khác thẩm định."))
    if state.has_written:
        raise Forbidden(_("Anh/chị đã sửa bản đang chờ thẩm định, nên người khác quyết định."))
    newest = newest_version(db, course)
    if newest.number != number:
        raise Conflict(_("Vừa có bản nháp mới hơn bản anh/chị đã xem. Hãy xem lại những bài vừa sửa rồi quyết định."))
    reason = _short(reason, "reason")
    if not approves and not reason:
        raise Invalid(fields={"reason": gettext("Hãy ghi cần sửa gì, để người soạn biết bắt đầu từ đâu.")})
    review.state = "approved" if approves else "changes"
    review.decided_version_id, review.decided_by, review.decided_at = newest.id, actor.account_id, clock.now()
    review.reason = reason
    db.flush()
    audit.record(
        db, "course.approve" if approves else "course.ask_changes", "course", course.id,
        account_id=actor.account_id, version=newest.number,
    )  # fmt: skip
    sender = db.get_one(Account, review.sent_by)
    notify(
        db, [sender.person_id], category="message", key=f"review:{review.id}:{review.state}",
        sentence=_APPROVED if approves else _CHANGES, url=f"/studio/{course.slug}", name=actor.name,
        course=newest.title,
    )  # fmt: skip
    if approves:
        notify(
            db, _holders(db, course, "course.publish", without=actor.records), category="work",
            key=f"review:{review.id}:publish", sentence=_TO_PUBLISH, url=f"/studio/{course.slug}/publish",
            course=newest.title,
        )  # fmt: skip
    return review


def tell_of_publication(db: Session, actor: Actor, course: Course, version: CourseVersion) -> None:
    """Whoever sent what was published just now hears of it."""
    review = last_review(db, course.id)
    if review is None or review.decided_version_id != version.id:
        return
    sender = db.get_one(Account, review.sent_by)
    if sender.person_id not in actor.records:
        notify(
            db, [sender.person_id], category="message", key=f"review:{review.id}:published", sentence=_PUBLISHED,
            url=f"/studio/{course.slug}", course=version.title,
        )  # fmt: skip


def take_turns_at(db: Session, course: Course) -> None:
    """Who sends, decides on or publishes the same course waits here; SQLite has one writer at a time anyway."""
    db.execute(select(Course.id).where(Course.id == course.id).with_for_update())


def _holders(db: Session, course: Course, permission: str, *, without: Collection[int]) -> list[int]:
    """People who may do this at the course's unit or right above it, the nearest ones only."""
    rows = db.execute(
        select(UnitClosure.depth, Account.person_id)
        .join(RoleGrant, RoleGrant.unit_id == UnitClosure.ancestor_id)
        .join(Account, Account.id == RoleGrant.account_id)
        .where(
            UnitClosure.descendant_id == course.unit_id, closure_on(clock.today()), Account.disabled_at.is_(None),
            granting(permission), Account.person_id.not_in(without),
        )
        .order_by(UnitClosure.depth, Account.person_id)
    ).all()  # fmt: skip
    return list(dict.fromkeys(person_id for depth, person_id in rows if depth == rows[0][0]))


def _short(text: str, field: str) -> str:
    text = text.strip()
    if len(text) > LONGEST:
        raise Invalid(fields={field: gettext("Dài quá %(most)s ký tự; hãy viết ngắn hơn.", most=LONGEST)})
    return text
