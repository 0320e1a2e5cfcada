"""What publishing the newest version of a course would change and what speaks against it; and publishing it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.authoring.changes import Change, changes_between
from app.authoring.folder.lesson_text import check_text_by_rule
from app.authoring.folder.mending import ADVICE, Advice
from app.authoring.folder.quality import weaknesses
from app.authoring.queries import changes_to_publish, may_publish, unfinished_videos
from app.authoring.review.deciding import LONGEST, take_turns_at, tell_of_publication
from app.authoring.review.queries import ReviewState, last_review, review_state
from app.catalogue.banks import draw_faults
from app.catalogue.embed_sites import embed_sites
from app.catalogue.markdown import links, parse
from app.catalogue.models import Course, CourseVersion
from app.catalogue.queries import CourseView, course_version, newest_version
from app.catalogue.service import publish
from app.catalogue.source import CourseSource, LessonSource
from app.catalogue.stored import source_of
from app.catalogue.translating import translated
from app.core.access import Actor
from app.core.errors import Conflict, Forbidden, Invalid
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.core.templating import format_filesize, format_number
from app.learning.version_queries import completed_count, studying_by_version
from app.media.languages import language_in_words
from app.media.queries import AssetProgress, asset_views

# Each costs reading a whole version; nobody reads more lines than these.
_MOST_VERSIONS = 5
# A mobile line in a mountain commune; who waits longer than this for a lesson gives up.
SLOW_LINE_BITS_A_SECOND = 1_000_000
LONGEST_WAIT_MINUTES = 5
MOST_PICTURE_BYTES = 300_000
_COURSE_ADDRESS = re.compile(r"/(?:courses|learn)/([a-z0-9-]+)")


@dataclass(frozen=True)
class Check:
    """What publishing needs. `state`: ok, block; `url` leads to where it is mended, empty where one can only wait."""

    state: str
    text: str
    url: str = ""


@dataclass(frozen=True)
class Place:
    """One finding: in which lesson, empty for the course as a whole, and at which line of its text; 0 for none."""

    text: str
    lesson_key: str = ""
    lesson_title: str = ""
    line: int = 0


@dataclass(frozen=True)
class Shortcoming:
    """All findings of one rule, with why it matters and how to mend them."""

    rule: str
    advice: Advice
    places: tuple[Place, ...]


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
    shortcomings: tuple[Shortcoming, ...]
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
        checks=(*_video_checks(videos), *_module_checks(source), *_draw_checks(db, course, source)),
        shortcomings=_shortcomings(db, source, touched),
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


def _module_checks(source: CourseSource) -> list[Check]:
    """A module without a lesson would be a heading over nothing."""
    return [
        Check(
            "block",
            _("Học phần “%(title)s” chưa có bài nào. Hãy thêm bài, hoặc bỏ học phần ấy.", title=one.title),
            f"/studio/{source.slug}#module-{one.folder}",
        )
        for one in source.modules
        if not one.lessons
    ]


def _draw_checks(db: Session, course: Course, source: CourseSource) -> list[Check]:
    """Quizzes that cannot draw a full paper: publication would be refused."""
    return [
        Check(
            "block",
            _("%(title)s: %(fault)s", title=one.title, fault=fault),
            f"/studio/{source.slug}/lessons/{one.key}/quiz",
        )
        for module in source.modules
        for one in module.lessons
        if one.quiz
        for fault in draw_faults(db, one.quiz, course.id)
    ]


def _shortcomings(db: Session, source: CourseSource, keys: set[str]) -> tuple[Shortcoming, ...]:
    """What is worth mending in the lessons that are new or changed and in the course itself, by rule.

    The other lessons were looked at when they were published.
    """
    found: dict[str, list[Place]] = {}
    for module in source.modules:
        for one in module.lessons:
            if one.key not in keys:
                continue
            for line, message, rule in check_text_by_rule(one.markdown, {file.name for file in one.files}):
                found.setdefault(rule, []).append(Place(message, one.key, one.title, line))
    for problem in weaknesses([source], embed_sites(db))[0]:
        lesson = _lesson_of(source, problem.file)
        if lesson is None:
            found.setdefault(problem.rule, []).append(Place(problem.message))
        elif lesson.key in keys:
            # Lines are those of the lesson's text; a translation has its own page.
            line = 0 if problem.rule == "translation" else max(problem.line - lesson.front_matter.count("\n"), 0)
            found.setdefault(problem.rule, []).append(Place(problem.message, lesson.key, lesson.title, line))
    for place in _untranslated(source, keys):
        found.setdefault("translation", []).append(place)
    for place in _heavy(db, source, keys):
        found.setdefault("weight", []).append(place)
    for place in _lost_links(db, source, keys):
        found.setdefault("links", []).append(place)
    return tuple(Shortcoming(rule, ADVICE[rule], tuple(found[rule])) for rule in ADVICE if rule in found)


def _untranslated(source: CourseSource, keys: set[str]) -> Iterator[Place]:
    for module in source.modules:
        for one in module.lessons:
            for translation in one.translations if one.key in keys else ():
                state = translated(one, translation)
                if left := len(state.parts) - state.done_count:
                    text = _(
                        "Bản %(language)s: còn %(left)s trên %(count)s phần chưa dịch.",
                        language=language_in_words(translation.language), left=left, count=len(state.parts),
                    )  # fmt: skip
                    yield Place(text, one.key, one.title)


def _lesson_of(source: CourseSource, file: str) -> LessonSource | None:
    """The lesson whose text or quiz a finding is about."""
    for module in source.modules:
        for one in module.lessons:
            if file.startswith(f"{module.folder}/{one.stem}."):
                return one
    return None


def _heavy(db: Session, source: CourseSource, keys: set[str]) -> Iterator[Place]:
    """Lessons whose videos and documents take long on a slow line; what is counted is the lightest of each."""
    lessons = [one for module in source.modules for one in module.lessons if one.key in keys]
    views = asset_views(db, {file.asset_id for one in lessons for file in one.files if file.asset_id})
    for one in lessons:
        shown = [views[file.asset_id] for file in one.files if file.asset_id]
        size = sum(view.light_size or view.size for view in shown if view.kind not in ("image", "caption"))
        minutes = size * 8 / SLOW_LINE_BITS_A_SECOND / 60
        if minutes > LONGEST_WAIT_MINUTES:
            text = _(
                "Video, âm thanh, tài liệu và tệp tải về nặng %(size)s: %(minutes)s phút mới tải hết ở 1 Mbit/s.",
                size=format_filesize(size), minutes=format_number(minutes, 1),
            )  # fmt: skip
            yield Place(text, one.key, one.title)
        pictures = sum(view.size for view in shown if view.kind == "image")
        if pictures > MOST_PICTURE_BYTES:
            text = _("Các hình của bài nặng %(size)s trước khi tới video.", size=format_filesize(pictures))
            yield Place(text, one.key, one.title)


def _lost_links(db: Session, source: CourseSource, keys: set[str]) -> Iterator[Place]:
    """Links to a course of ours that nobody can open. Outer addresses are judged by their shape alone."""
    known = set(db.scalars(select(Course.slug).where(Course.published_version_id.is_not(None)))) | {source.slug}
    for module in source.modules:
        for one in module.lessons:
            for line, address in links(parse(one.markdown)) if one.key in keys else ():
                inner = _COURSE_ADDRESS.match(address)
                if inner and inner.group(1) not in known:
                    text = _("Liên kết “%(address)s” trỏ tới một khóa học chưa công bố.", address=address)
                    yield Place(text, one.key, one.title, line)
