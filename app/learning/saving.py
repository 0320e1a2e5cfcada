"""Saving what was watched and read in groups: the half of the hot route that runs on the committer's thread.

Many people's saves share one transaction; each is answered after COMMIT (DESIGN 4.1 and 4.2). Saves of one video are
applied in the order they came, each on what the one before it left, so a batch gives what single saves would have.
"""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.orm import Session

from app.core.batching import GroupCommitter
from app.core.db import Database
from app.core.errors import AppError, NotFound, SignInRequired
from app.identity.sign_in.accounts import people_signed_in
from app.learning.activity import is_news
from app.learning.progress_book import (
    BlockEntry,
    Book,
    ClientEntry,
    EnrolmentEntry,
    Key,
    finished_lessons,
    open_book,
    write_book,
)
from app.learning.queries import block_measures
from app.learning.rules import Measure
from app.learning.spans import Refusal, Span, Watched, clip, credit, credit_pages, credit_reading, merge, total
from app.learning.stamps import Stamp

# A page that counts by ones needs a single range; of one that leaves gaps the newest are remembered. Forgetting one
# costs nothing watched: its save sent again would add the same spans to those that are there.
_MAX_RANGES = 64
_MAX_MEASURES = 50_000


class Save(Struct, frozen=True):
    """One page's report: what was played, read or leafed through since its last one.

    `token` is the session cookie, resolved in the batch; of a page nobody is signed in to, `guest_id` says whose it is.
    """

    token: str
    stamp: Stamp
    block: str
    client: str
    sequence: int
    spans: list[Span]
    position: float
    guest_id: int | None = None

    @property
    def key(self) -> Key:
        return self.stamp.enrolment_id, self.stamp.lesson_key, self.block


class Saved(Struct, frozen=True):
    """What the learner has once the batch is committed. `should_judge`: this part may just have finished its lesson."""

    measure: Measure
    earned: float
    credited: float
    reason: Refusal | None
    position: float
    lesson_finished: bool
    should_judge: bool


class ProgressSaver:
    """Applies batches of saves. Remembers how the parts of published lessons are measured: that never changes."""

    def __init__(self) -> None:
        self._measures: dict[tuple[int, str, str], Measure] = {}

    def save(self, db: Session, saves: Sequence[Save]) -> list[Saved | AppError]:
        """One answer per save, in order; a save that cannot be taken is answered with the error to tell."""
        people = people_signed_in(db, {save.token for save in saves if save.guest_id is None})
        book = open_book(db, {(save.key, save.client) for save in saves})
        self._learn_measures(db, saves, book)
        answers = [self._answer(book, people.get(save.token), save) for save in saves]
        write_book(db, book)
        done = [save.key[:2] for save, answer in zip(saves, answers, strict=True) if _has_seen_it(answer)]
        finished = finished_lessons(db, set(done))
        return [_told(save, answer, finished) for save, answer in zip(saves, answers, strict=True)]

    def _answer(self, book: Book, person_id: int | None, save: Save) -> Saved | AppError:
        try:
            enrolment = _own_enrolment(book, person_id, save)
            measure = self._measures.get((enrolment.version_id, save.stamp.lesson_key, save.block))
            if measure is None:
                raise NotFound
            return _apply(book, enrolment, save, measure)
        except AppError as error:
            return error

    def _learn_measures(self, db: Session, saves: Sequence[Save], book: Book) -> None:
        unknown = {
            (enrolment.version_id, save.stamp.lesson_key)
            for save in saves
            if (enrolment := book.enrolments.get(save.stamp.enrolment_id))
            and (enrolment.version_id, save.stamp.lesson_key, save.block) not in self._measures
        }
        if unknown:
            if len(self._measures) > _MAX_MEASURES:
                self._measures.clear()
            self._measures |= block_measures(db, unknown)


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


def _apply(book: Book, enrolment: EnrolmentEntry, save: Save, measure: Measure) -> Saved:
    block = book.blocks.get(save.key) or BlockEntry(None, (), 0.0, 0.0, 0.0, save.stamp.at)
    client = book.clients.get((save.key, save.client)) or ClientEntry()
    was_enough = measure.is_enough(_earned(block, measure))
    is_repeat = client.took(save.sequence)
    if not is_repeat:
        _take(block, client, save, measure, book)
        book.blocks[save.key], book.clients[save.key, save.client] = block, client
        _mark_active(enrolment, save.stamp.lesson_key, book)
    earned = _earned(block, measure)
    is_latest = client.last_sequence == save.sequence
    return Saved(
        measure=measure,
        earned=earned,
        credited=client.last_credited if is_latest else 0.0,
        reason=client.last_refusal if is_latest else None,
        position=block.position,
        lesson_finished=False,
        # Reading is done by the learner's own word, not by time. A repeat asks again: the first answer may have been
        # lost together with its judgement.
        should_judge=measure.kind != "reading" and measure.is_enough(earned) and (is_repeat or not was_enough),
    )


def _has_seen_it(answer: Saved | AppError) -> bool:
    return isinstance(answer, Saved) and answer.measure.kind != "reading" and answer.measure.is_enough(answer.earned)


def _told(save: Save, answer: Saved | AppError, finished: set[tuple[int, str]]) -> Saved | AppError:
    if isinstance(answer, Saved) and save.key[:2] in finished:
        return replace(answer, lesson_finished=True, should_judge=False)
    return answer


def _take(block: BlockEntry, client: ClientEntry, save: Save, measure: Measure, book: Book) -> None:
    # Of several pages the first one counts: what was watched in it may arrive after the second one's saves.
    block.started_at = min(block.started_at, save.stamp.at)
    if measure.kind == "reading":
        result = credit_reading(block.spans, save.spans, save.stamp.at, book.now)
    elif measure.kind == "pages":
        result = credit_pages(block.spans, save.spans, block.started_at, measure.whole, book.now)
    else:
        result = credit(Watched(block.spans, block.spent_s, block.started_at, measure.whole), save.spans, book.now)
    if measure.kind != "reading" and result.reason is None:
        block.position = min(max(save.position, 0.0), measure.whole)
    block.spans, block.earned, block.spent_s = result.spans, result.earned, result.spent_s
    client.taken = merge((*client.taken, (save.sequence, save.sequence + 1)))[-_MAX_RANGES:]
    client.last_sequence, client.last_credited, client.last_refusal = save.sequence, result.credited, result.reason
    block.changed = client.changed = True


def _mark_active(enrolment: EnrolmentEntry, lesson_key: str, book: Book) -> None:
    if is_news(enrolment.last_lesson_key, enrolment.last_active_at, lesson_key, book.now):
        enrolment.last_lesson_key, enrolment.last_active_at, enrolment.changed = lesson_key, book.now, True


def _earned(block: BlockEntry, measure: Measure) -> float:
    # A newer version of the lesson may have a shorter video or document under the same name.
    if measure.kind != "reading" and block.spans and block.spans[-1][1] > measure.whole:
        return total(clip(block.spans, measure.whole))
    return block.earned
