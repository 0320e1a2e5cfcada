"""Saving watched spans in groups: the half of the hot route that runs on the committer's thread.

Many people's saves share one transaction; each is answered after COMMIT (DESIGN 4.1 and 4.2). Saves of one video are
applied in the order they came, each on what the one before it left, so a batch gives what single saves would have.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec
from sqlalchemy.orm import Session

from app.core.batching import GroupCommitter
from app.core.db import Database
from app.core.errors import AppError, NotFound, SignInRequired
from app.identity.accounts import people_signed_in
from app.learning.progress_book import (
    Book,
    ClientEntry,
    EnrolmentEntry,
    Key,
    VideoEntry,
    finished_lessons,
    open_book,
    write_book,
)
from app.learning.queries import video_lengths
from app.learning.rules import is_video_done
from app.learning.spans import Refusal, Span, Watched, clip, credit, merge, total
from app.learning.stamps import Stamp

# A page that counts by ones needs a single range; of one that leaves gaps the newest are remembered. Forgetting one
# costs nothing watched: its save sent again would add the same spans to those that are there.
_MAX_RANGES = 64
# "Active" need not be known more precisely; it spares most saves a write.
ACTIVE_EVERY_S = 300
_MAX_LENGTHS = 50_000


class Save(msgspec.Struct, frozen=True):
    """One page's report: what was played since its last one.

    `token` is the session cookie, resolved in the batch; of a page nobody is signed in to, `guest_id` says whose it is.
    """

    token: str
    stamp: Stamp
    block: str
    client: str
    sequence: int
    spans: list[Span]
    position_s: float
    guest_id: int | None = None

    @property
    def key(self) -> Key:
        return self.stamp.enrolment_id, self.stamp.lesson_key, self.block


@dataclass(frozen=True)
class Saved:
    """What the learner has once the batch is committed. `should_judge`: the video may just have finished its lesson."""

    watched_s: float
    duration_s: float
    credited_s: float
    reason: Refusal | None
    position_s: float
    lesson_finished: bool
    should_judge: bool


class ProgressSaver:
    """Applies batches of saves. Remembers how long the videos of published versions are: that never changes."""

    def __init__(self) -> None:
        self._lengths: dict[tuple[int, str, str], float] = {}

    def save(self, db: Session, saves: Sequence[Save]) -> list[Saved | AppError]:
        """One answer per save, in order; a save that cannot be taken is answered with the error to tell."""
        people = people_signed_in(db, {save.token for save in saves if save.guest_id is None})
        book = open_book(db, sorted({save.key for save in saves}), {save.client for save in saves})
        self._learn_lengths(db, saves, book)
        answers = [self._answer(book, people.get(save.token), save) for save in saves]
        write_book(db, book)
        done = [save.key[:2] for save, answer in zip(saves, answers, strict=True) if _has_seen_it(answer)]
        finished = finished_lessons(db, set(done))
        return [_told(save, answer, finished) for save, answer in zip(saves, answers, strict=True)]

    def _answer(self, book: Book, person_id: int | None, save: Save) -> Saved | AppError:
        try:
            enrolment = _own_enrolment(book, person_id, save)
            length_s = self._lengths.get((enrolment.version_id, save.stamp.lesson_key, save.block))
            if length_s is None:
                raise NotFound
            return _apply(book, enrolment, save, length_s)
        except AppError as error:
            return error

    def _learn_lengths(self, db: Session, saves: Sequence[Save], book: Book) -> None:
        unknown = {
            (enrolment.version_id, save.stamp.lesson_key)
            for save in saves
            if (enrolment := book.enrolments.get(save.stamp.enrolment_id))
            and (enrolment.version_id, save.stamp.lesson_key, save.block) not in self._lengths
        }
        if unknown:
            if len(self._lengths) > _MAX_LENGTHS:
                self._lengths.clear()
            self._lengths |= video_lengths(db, unknown)


def progress_committer(database: Database) -> GroupCommitter[Save, Saved | AppError]:
    """The committer `app.state.progress_committer`; the application starts and stops it."""
    return GroupCommitter(database, ProgressSaver().save, "progress")


def _own_enrolment(book: Book, person_id: int | None, save: Save) -> EnrolmentEntry:
    if person_id is None and save.guest_id is None:
        raise SignInRequired
    enrolment = book.enrolments.get(save.stamp.enrolment_id)
    if enrolment is None or (enrolment.person_id, enrolment.guest_id) != (person_id, save.guest_id):
        raise NotFound
    return enrolment


def _apply(book: Book, enrolment: EnrolmentEntry, save: Save, length_s: float) -> Saved:
    video = book.videos.get(save.key) or VideoEntry(None, (), 0.0, 0.0, 0.0, save.stamp.at)
    client = book.clients.get((save.key, save.client)) or ClientEntry()
    was_done = is_video_done(_watched_s(video, length_s), length_s)
    is_repeat = client.took(save.sequence)
    if not is_repeat:
        _take(video, client, save, length_s, book)
        book.videos[save.key], book.clients[save.key, save.client] = video, client
        _mark_active(enrolment, save.stamp.lesson_key, book)
    watched_s = _watched_s(video, length_s)
    is_latest = client.last_sequence == save.sequence
    return Saved(
        watched_s=watched_s,
        duration_s=length_s,
        credited_s=client.last_credited_s if is_latest else 0.0,
        reason=client.last_refusal if is_latest else None,
        position_s=video.position_s,
        lesson_finished=False,
        # A repeat asks again: the first answer may have been lost together with its judgement.
        should_judge=is_video_done(watched_s, length_s) and (is_repeat or not was_done),
    )


def _has_seen_it(answer: Saved | AppError) -> bool:
    return isinstance(answer, Saved) and is_video_done(answer.watched_s, answer.duration_s)


def _told(save: Save, answer: Saved | AppError, finished: set[tuple[int, str]]) -> Saved | AppError:
    if isinstance(answer, Saved) and save.key[:2] in finished:
        return replace(answer, lesson_finished=True, should_judge=False)
    return answer


def _take(video: VideoEntry, client: ClientEntry, save: Save, length_s: float, book: Book) -> None:
    # Of several pages the first one counts: what was watched in it may arrive after the second one's saves.
    video.started_at = min(video.started_at, save.stamp.at)
    result = credit(Watched(video.spans, video.played_s, video.started_at, length_s), save.spans, book.now)
    video.spans, video.watched_s, video.played_s = result.spans, result.watched_s, result.played_s
    if result.reason is None:
        video.position_s = min(max(save.position_s, 0.0), length_s)
    client.taken = merge((*client.taken, (save.sequence, save.sequence + 1)))[-_MAX_RANGES:]
    client.last_sequence, client.last_credited_s, client.last_refusal = save.sequence, result.credited_s, result.reason
    video.changed = client.changed = True


def _mark_active(enrolment: EnrolmentEntry, lesson_key: str, book: Book) -> None:
    is_stale = (book.now - enrolment.last_active_at).total_seconds() > ACTIVE_EVERY_S
    if is_stale or enrolment.last_lesson_key != lesson_key:
        enrolment.last_lesson_key, enrolment.last_active_at, enrolment.changed = lesson_key, book.now, True


def _watched_s(video: VideoEntry, length_s: float) -> float:
    # A newer version of the lesson may have a shorter video under the same name.
    if video.spans and video.spans[-1][1] > length_s:
        return total(clip(video.spans, length_s))
    return video.watched_s
