"""What publishing the newest version of a course would change and what speaks against it; and publishing it."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.authoring.changes import Change, changes_between
from app.authoring.queries import advice, changes_to_publish, may_publish, newest_version, unfinished_videos
from app.authoring.review.deciding import LONGEST, take_turns_at, tell_of_publication
from app.authoring.review.queries import ReviewState, last_review, review_state
from app.catalogue.banks import draw_faults
from app.catalogue.models import Course, CourseVersion
from app.catalogue.queries import CourseView, course_version
from app.catalogue.service import publish
from app.catalogue.source import CourseSource
from app.catalogue.stored import source_of
from app.core.access import Actor
from app.core.errors import Conflict, Forbidden, Invalid
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.learning.version_queries import completed_count, studying_by_version
from app.media.queries import AssetProgress

# Each costs reading a whole version; nobody reads more lines than these.
_MOST_VERSIONS = 5


@dataclass(frozen=True)
class Check:
    """One line of the list before publication. `state`: ok, warn (may be published), block."""

    state: str
    text: str
    lesson_key: str = ""


@dataclass(frozen=True)
class Effect:
    """What those who study version `number` find when they move on: how many lessons differ for them."""

    number: int
    people_count: int
    added_count: int
    changed_count: int
    removed_count: int


@dataclass(frozen=True)
class Publication:
    """What publishing the newest version would change, and whether it may be done."""

    course: CourseView
    published_number: int | None
    changes: tuple[Change, ...]
    checks: tuple[Check, ...]
    videos: tuple[AssetProgress, ...]
    may_publish: bool
    review: ReviewState
    effects: tuple[Effect, ...]
    completed_count: int

    @property
    def may_write(self) -> bool:
        """Who only reads the course does not come here."""
        return True

    @property
    def is_blocked(self) -> bool:
        return any(check.state == "block" for check in self.checks)


def publication(db: Session, actor: Actor, course: Course) -> Publication:
    version = newest_version(db, course)
    source = source_of(db, version.id)
    changes = tuple(changes_to_publish(db, course, version))
    videos = unfinished_videos(db, version)
    touched = {change.key for change in changes if change.kind in ("added", "changed")}
    published = db.get(CourseVersion, course.published_version_id) if course.published_version_id else None
    return Publication(
        course=course_version(db, version.id),
        published_number=published.number if published else None,
        changes=changes,
        checks=(*_video_checks(videos), *_draw_checks(db, course, source), *_lesson_checks(source, touched)),
        videos=videos,
        may_publish=may_publish(db, actor, course),
        review=review_state(db, actor, course),
        effects=_effects(db, course, source),
        completed_count=completed_count(db, course.id),
    )


def _effects(db: Session, course: Course, source: CourseSource) -> tuple[Effect, ...]:
    """For the versions most people study now, the newest first."""
    studying = studying_by_version(db, course.id)
    most = sorted(studying, key=lambda version_id: studying[version_id], reverse=True)[:_MOST_VERSIONS]
    effects = []
    for version_id in sorted(most, reverse=True):
        kinds = [change.kind for change in changes_between(source_of(db, version_id), source)]
        number = db.get_one(CourseVersion, version_id).number
        counts = (kinds.count(kind) for kind in ("added", "changed", "removed"))
        effects.append(Effect(number, studying[version_id], *counts))
    return tuple(effects)


def publish_reviewed(db: Session, actor: Actor, course: Course, number: int, reason: str = "") -> CourseVersion:
    """Publish the version the actor has looked at; one that nobody approved only for a `reason`, which is kept.

    Raises Forbidden without the right to publish here, Conflict when there is a newer draft or a video is not ready,
    Invalid without an approval and without a reason.
    """
    take_turns_at(db, course)
    page = publication(db, actor, course)
    if not page.may_publish:
        raise Forbidden(
            lazy("Tài khoản này được soạn bài nhưng không được công bố. Gửi người có quyền công bố của đơn vị.")
        )
    if page.course.number != number:
        raise Conflict(lazy("Vừa có bản nháp mới hơn bản anh/chị đã xem. Hãy xem lại rồi công bố."))
    if page.is_blocked:
        blocks = " ".join(check.text for check in page.checks if check.state == "block")
        raise Conflict(lazy("Chưa công bố được. %(blocks)s"), blocks=blocks)
    version = newest_version(db, course)
    if page.review.state == "approved":
        review = last_review(db, course.id)
        published = publish(db, version, actor.account_id, approved_by=review.decided_by if review else None)
    else:
        published = publish(db, version, actor.account_id, without_review=_said(reason))
    tell_of_publication(db, actor, course, published)
    return published


def _said(reason: str) -> str:
    reason = " ".join(reason.split())
    if not reason:
        raise Invalid(fields={"reason": _("Bản này chưa được duyệt. Hãy ghi vì sao công bố mà không qua thẩm định.")})
    if len(reason) > LONGEST:
        raise Invalid(fields={"reason": _("Dài quá %(most)s ký tự; hãy viết ngắn hơn.", most=LONGEST)})
    return reason


def _video_checks(videos: Sequence[AssetProgress]) -> list[Check]:
    if not videos:
        return [Check("ok", _("Mọi video, âm thanh và tài liệu đã sẵn sàng."))]
    return [
        Check("block", _("Tệp “%(name)s”: %(state)s. Xong mới công bố được.", name=video.file_name, state=video.text))
        for video in videos
    ]


def _draw_checks(db: Session, course: Course, source: CourseSource) -> list[Check]:
    """Quizzes that cannot draw a full paper: publication would be refused."""
    return [
        Check("block", _("%(title)s: %(fault)s", title=one.title, fault=fault), one.key)
        for module in source.modules
        for one in module.lessons
        if one.quiz
        for fault in draw_faults(db, one.quiz, course.id)
    ]


def _lesson_checks(source: CourseSource, keys: set[str]) -> list[Check]:
    """Advice on the lessons that are new or changed; the others were looked at when they were published."""
    found = [
        Check("warn", _("%(title)s, dòng %(line)s: %(what)s", title=one.title, line=line, what=message), one.key)
        for module in source.modules
        for one in module.lessons
        if one.key in keys
        for line, message in advice(one)
    ]
    return found or [Check("ok", _("Bài mới và bài sửa không có chỗ nào cần xem lại."))]
