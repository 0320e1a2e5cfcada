"""What is said of the blocks of a lesson: read, written, answered, settled."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.authoring.review.models import LessonComment
from app.authoring.review.passages import Passage, find, passages
from app.authoring.review.queries import last_review
from app.catalogue.lesson_docs import lesson
from app.catalogue.models import Course, CourseVersion
from app.core import clock, limiting
from app.core.access import Actor
from app.core.errors import Conflict, Invalid, NotFound
from app.core.i18n import gettext
from app.core.i18n import lazy as _
from app.identity.models import Account, Person
from app.notices.service import notify

LONGEST = 2000
# Far more than anybody says, far less than a machine would.
_LIMIT = "300/hour"
_SAID = _("%(name)s góp ý bài “%(lesson)s”.")
_ANSWERED = _("%(name)s trả lời góp ý của anh/chị ở bài “%(lesson)s”.")


@dataclass(frozen=True)
class Comment:
    id: int
    by: str
    at: datetime
    text: str


@dataclass(frozen=True)
class Thread:
    """A comment and its answers. `is_lost`: what it speaks of was changed since (`quote` says what that was)."""

    first: Comment
    answers: tuple[Comment, ...]
    place: str
    quote: str
    version_number: int
    settled_at: datetime | None
    settled_by: str
    is_lost: bool = False


@dataclass(frozen=True)
class Talk:
    """All that is said of a lesson, by the number of the block it belongs to; 0 is for what belongs to none now."""

    by_passage: Mapping[int, tuple[Thread, ...]]

    @property
    def above(self) -> tuple[Thread, ...]:
        return self.by_passage.get(0, ())

    @property
    def open_count(self) -> int:
        return sum(not one.settled_at for threads in self.by_passage.values() for one in threads)

    def of(self, passage: Passage) -> tuple[Thread, ...]:
        return self.by_passage.get(passage.number, ())


def talk(db: Session, course: Course, key: str, found: Sequence[Passage]) -> Talk:
    """What is said of the lesson, each thread at the block it speaks of, in the order it was said."""
    placed: dict[int, list[Thread]] = {}
    for one in threads(db, course, key):
        passage = find(found, one.place, one.quote) if one.place else None
        is_lost = bool(one.place) and passage is None
        placed.setdefault(passage.number if passage else 0, []).append(replace(one, is_lost=is_lost))
    return Talk({number: tuple(said) for number, said in placed.items()})


def threads(db: Session, course: Course, key: str) -> list[Thread]:
    """What is said of a lesson, in the order it was said."""
    rows = db.execute(
        select(LessonComment, Person.name)
        .join(Person, Person.id == LessonComment.person_id)
        .where(LessonComment.course_id == course.id, LessonComment.lesson_key == key)
        .order_by(LessonComment.id)
    ).all()
    settlers = _names(db, {one.settled_by for one, _name in rows if one.settled_by})

    def view(one: LessonComment, name: str) -> Comment:
        return Comment(one.id, name, one.written_at, one.text)

    return [
        Thread(
            first=view(one, name),
            answers=tuple(view(other, by) for other, by in rows if other.parent_id == one.id),
            place=one.place,
            quote=one.quote,
            version_number=one.version_number,
            settled_at=one.settled_at,
            settled_by=settlers.get(one.settled_by or 0, ""),
        )
        for one, name in rows
        if one.parent_id is None
    ]


def open_counts(db: Session, course: Course) -> dict[str, int]:
    """How much is not settled yet, by lesson key."""
    rows = db.execute(
        select(LessonComment.lesson_key, func.count())
        .where(
            LessonComment.course_id == course.id, LessonComment.parent_id.is_(None), LessonComment.settled_at.is_(None)
        )
        .group_by(LessonComment.lesson_key)
    )
    return dict(rows.all())


def say(db: Session, actor: Actor, course: Course, key: str, *, number: int, passage: int, text: str) -> LessonComment:
    """Comment on a block of version `number` (0: on the lesson as a whole).

    Raises NotFound for a block or version there is none of, Invalid for nothing or too much, TooMany.
    """
    version = db.scalar(
        select(CourseVersion).where(CourseVersion.course_id == course.id, CourseVersion.number == number)
    )
    if version is None:
        raise NotFound
    doc = lesson(db, version.id, key)
    place, quote = "", ""
    if passage:
        spot = next((one for one in passages(doc) if one.number == passage), None)
        if spot is None:
            raise NotFound
        place, quote = spot.place, spot.quote
    said = _write(db, actor, course, key, text, place=place, quote=quote, version_number=number)
    review = last_review(db, course.id)
    if review is not None:
        sender = db.get_one(Account, review.sent_by).person_id
        if sender not in actor.records:
            # Once a day for each lesson, however much is said of it.
            notify(
                db, [sender], category="message", key=f"comment:{course.id}:{key}:{actor.person_id}:{clock.today()}",
                sentence=_SAID, url=f"{_url(course, key)}#c{said.id}", name=actor.name, lesson=doc.title,
            )  # fmt: skip
    return said


def answer(db: Session, actor: Actor, course: Course, key: str, comment_id: int, *, title: str, text: str) -> None:
    """Raises NotFound, Conflict for what is settled, Invalid, TooMany."""
    first = _first(db, course, key, comment_id)
    if first.settled_at is not None:
        raise Conflict(_("Góp ý này đã được đánh dấu xử lý xong."))
    said = _write(
        db, actor, course, key, text, place=first.place, quote=first.quote, version_number=first.version_number,
        parent_id=first.id,
    )  # fmt: skip
    if first.person_id not in actor.records:
        notify(
            db, [first.person_id], category="message", key=f"comment-answer:{said.id}", sentence=_ANSWERED,
            url=f"{_url(course, key)}#c{first.id}", name=actor.name, lesson=title,
        )  # fmt: skip


def settle(db: Session, actor: Actor, course: Course, key: str, comment_id: int, *, is_settled: bool) -> None:
    """Say that it is done, or that it is not; saying it again changes nothing."""
    first = _first(db, course, key, comment_id)
    if is_settled and first.settled_at is None:
        first.settled_at, first.settled_by = clock.now(), actor.account_id
    elif not is_settled:
        first.settled_at = first.settled_by = None
    db.flush()


def _write(
    db: Session, actor: Actor, course: Course, key: str, text: str, *, place: str, quote: str, version_number: int,
    parent_id: int | None = None,
) -> LessonComment:  # fmt: skip
    text = text.strip()
    if not text:
        raise Invalid(fields={"text": gettext("Hãy viết góp ý.")})
    if len(text) > LONGEST:
        raise Invalid(fields={"text": gettext("Dài quá %(most)s ký tự; hãy viết ngắn hơn.", most=LONGEST)})
    limiting.hit(db, "lesson-comment", _LIMIT, str(actor.person_id))
    said = LessonComment(
        course_id=course.id, lesson_key=key, parent_id=parent_id, person_id=actor.person_id, place=place, quote=quote,
        version_number=version_number, text=text, written_at=clock.now(),
    )  # fmt: skip
    db.add(said)
    db.flush()
    return said


def _first(db: Session, course: Course, key: str, comment_id: int) -> LessonComment:
    found = db.get(LessonComment, comment_id)
    if found is None or (found.course_id, found.lesson_key, found.parent_id) != (course.id, key, None):
        raise NotFound
    return found


def _names(db: Session, account_ids: Iterable[int]) -> dict[int, str]:
    rows = db.execute(
        select(Account.id, Person.name)
        .join(Person, Person.id == Account.person_id)
        .where(Account.id.in_(list(account_ids)))
    )
    return dict(rows.all())


def _url(course: Course, key: str) -> str:
    return f"/studio/{course.slug}/lessons/{key}/preview"
