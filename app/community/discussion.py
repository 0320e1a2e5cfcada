"""Questions and answers under a lesson: ask, answer, report, hide, show again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.catalogue.models import Course
from app.community.models import Post, PostReport
from app.community.places import MODERATE, LessonPlace
from app.core import audit, clock, limiting
from app.core.access import Actor, UnitClosure, closure_on
from app.core.errors import Conflict, Invalid, NotFound
from app.core.i18n import lazy as _
from app.identity.models import Account, Person, RoleGrant
from app.identity.policy import granting
from app.notices.service import notify

LONGEST = 5000
PER_PAGE = 20
# Far more than anybody asks, far less than a machine would.
_LIMIT = "30/hour"

_ANSWERED = _("Có trả lời cho câu hỏi ở bài “%(lesson)s”.")
_ASKED = _("Có câu hỏi mới ở bài “%(lesson)s”.")
_REPORTED = _("Một tin ở bài “%(lesson)s” bị báo là không phù hợp.")


@dataclass(frozen=True)
class PostView:
    """`name` is the whole name for who looks after the course, else what people call each other."""

    id: int
    name: str
    text: str
    is_staff: bool
    is_mine: bool
    posted_at: datetime
    is_hidden: bool
    hidden_reason: str
    report_count: int


@dataclass(frozen=True)
class Thread:
    question: PostView
    answers: tuple[PostView, ...]


@dataclass(frozen=True)
class DiscussionPage:
    place: LessonPlace
    threads: tuple[Thread, ...]
    page: int
    pages: int


def discussion_page(db: Session, actor: Actor, place: LessonPlace, page: int = 1) -> DiscussionPage:
    """The newest questions first, their answers in order. Hidden ones only for who looks after the course."""
    here = [Post.course_id == place.course.course_id, Post.lesson_key == place.key]
    if not place.moderates:
        here.append(Post.hidden_at.is_(None))
    questions = [*here, Post.parent_id.is_(None)]
    total = db.scalar(select(func.count()).select_from(Post).where(*questions)) or 0
    pages = max(1, -(-total // PER_PAGE))
    page = min(max(page, 1), pages)
    asked = db.scalars(
        select(Post).where(*questions).order_by(Post.id.desc()).offset((page - 1) * PER_PAGE).limit(PER_PAGE)
    ).all()
    answers = db.scalars(
        select(Post).where(*here, Post.parent_id.in_([one.id for one in asked])).order_by(Post.id)
    ).all()
    views = _views(db, actor, place, [*asked, *answers])
    threads = tuple(
        Thread(views[one.id], tuple(views[answer.id] for answer in answers if answer.parent_id == one.id))
        for one in asked
    )
    return DiscussionPage(place, threads, page, pages)


def post(db: Session, actor: Actor, place: LessonPlace, text: str, parent_id: int | None = None) -> Post:
    """Ask, or answer the question `parent_id`; whoever asked, or looks after the course, is told.

    Raises Invalid for nothing or too much, NotFound for a question that is not here, TooMany.
    """
    text = text.strip()
    if not text:
        raise Invalid(fields={"text": str(_("Hãy viết điều muốn hỏi hoặc trả lời."))})
    if len(text) > LONGEST:
        raise Invalid(fields={"text": str(_("Dài quá %(most)s ký tự; hãy viết ngắn hơn.") % {"most": LONGEST})})
    question = _question(db, place, parent_id) if parent_id else None
    limiting.hit(db, "post", _LIMIT, str(actor.person_id))
    said = Post(
        course_id=place.course.course_id, lesson_key=place.key, parent_id=question.id if question else None,
        person_id=actor.person_id, text=text, is_staff=place.moderates, posted_at=clock.now(),
    )  # fmt: skip
    db.add(said)
    db.flush()
    url = f"{place.url}/discussion"
    if question is None:
        tell = set(moderators(db, place.course.course_id)) - {actor.person_id}
        notify(db, tell, category="work", key=f"asked:{said.id}", sentence=_ASKED, url=url, lesson=place.title)
    elif question.person_id not in actor.records:
        notify(
            db, [question.person_id], category="message", key=f"answered:{said.id}", sentence=_ANSWERED,
            url=f"{url}#p{said.id}", lesson=place.title,
        )  # fmt: skip
    return said


def report(db: Session, actor: Actor, place: LessonPlace, post_id: int) -> None:
    """Say that a post is unfit; once each. Who looks after the course is told at the first time."""
    found = _post(db, place, post_id)
    if found.hidden_at is not None:
        raise NotFound
    if db.get(PostReport, (post_id, actor.person_id)) is None:
        db.add(PostReport(post_id=post_id, person_id=actor.person_id, reported_at=clock.now()))
        db.flush()
        notify(
            db, moderators(db, place.course.course_id), category="work", key=f"reported:{post_id}",
            sentence=_REPORTED, url=f"{place.url}/discussion#p{post_id}", lesson=place.title,
        )  # fmt: skip


def hide(db: Session, actor: Actor, place: LessonPlace, post_id: int, reason: str) -> None:
    """Take a post off the page: one's own, or with a reason anybody's, by who looks after the course."""
    found = _post(db, place, post_id)
    if found.person_id not in actor.records and not place.moderates:
        raise NotFound
    reason = " ".join(reason.split())[:300]
    if found.person_id not in actor.records and not reason:
        raise Invalid(fields={"reason": str(_("Hãy ghi lý do."))})
    found.hidden_at, found.hidden_by, found.hidden_reason = clock.now(), actor.account_id, reason or None
    audit.record(db, "discussion.hide", "discussion_post", post_id, account_id=actor.account_id)
    db.flush()


def show_again(db: Session, actor: Actor, place: LessonPlace, post_id: int) -> None:
    """Raises NotFound for who does not look after the course, Conflict for what its own writer took back."""
    if not place.moderates:
        raise NotFound
    found = _post(db, place, post_id)
    if found.hidden_by is not None and found.hidden_reason is None:
        raise Conflict(_("Người viết đã tự rút tin này."))
    found.hidden_at = found.hidden_by = found.hidden_reason = None
    audit.record(db, "discussion.show", "discussion_post", post_id, account_id=actor.account_id)
    db.flush()


def moderators(db: Session, course_id: int) -> Sequence[int]:
    """People given a role that moderates at the course's unit or right above it, the nearest ones only."""
    rows = db.execute(
        select(UnitClosure.depth, Account.person_id)
        .join(Course, Course.unit_id == UnitClosure.descendant_id)
        .join(RoleGrant, RoleGrant.unit_id == UnitClosure.ancestor_id)
        .join(Account, Account.id == RoleGrant.account_id)
        .where(
            Course.id == course_id, closure_on(clock.today()), Account.disabled_at.is_(None),
            granting(MODERATE),
        )
        .order_by(UnitClosure.depth, Account.person_id)
    ).all()  # fmt: skip
    return list(dict.fromkeys(person_id for depth, person_id in rows if depth == rows[0].depth))


def _question(db: Session, place: LessonPlace, post_id: int) -> Post:
    found = _post(db, place, post_id)
    if found.parent_id is not None or (found.hidden_at is not None and not place.moderates):
        raise NotFound
    return found


def _post(db: Session, place: LessonPlace, post_id: int) -> Post:
    found = db.get(Post, post_id)
    if found is None or (found.course_id, found.lesson_key) != (place.course.course_id, place.key):
        raise NotFound
    return found


def _views(db: Session, actor: Actor, place: LessonPlace, posts: Sequence[Post]) -> dict[int, PostView]:
    names = dict(
        db.execute(select(Person.id, Person.name).where(Person.id.in_({one.person_id for one in posts}))).all()
    )
    reports: dict[int, int] = {}
    if place.moderates:
        counted = (
            select(PostReport.post_id, func.count())
            .where(PostReport.post_id.in_([one.id for one in posts]))
            .group_by(PostReport.post_id)
        )
        reports = dict(db.execute(counted).all())

    def name_of(one: Post) -> str:
        whole = names[one.person_id]
        return whole if place.moderates or one.is_staff else whole.rsplit(" ", 1)[-1]

    return {
        one.id: PostView(
            one.id, name_of(one), one.text, one.is_staff, one.person_id in actor.records, one.posted_at,
            one.hidden_at is not None, one.hidden_reason or "", reports.get(one.id, 0),
        )
        for one in posts
    }  # fmt: skip
