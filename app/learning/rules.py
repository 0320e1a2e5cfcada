"""What a lesson asks of a learner, and how far somebody is. Values in, values and sentences out."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from app.catalogue.lesson_rules import LessonRule
from app.catalogue.quiz_rules import QuizRule
from app.core.i18n import gettext as _
from app.core.templating import format_date, format_minutes, format_number, format_percent
from app.learning.spans import LEAST_PAGE_S

# The part of a lesson that stands for the reading of its text; no file of an author makes a block of this name.
READING = "@read"
# Nobody reads a lesson in less: 15 % of the minutes its author planned, and never under 20 seconds.
READING_RATIO = 0.15
READING_LEAST = timedelta(seconds=20)


def reading_needed(minutes: int) -> timedelta:
    """How long a lesson must have been read before "I have read it" is believed."""
    return max(READING_LEAST, READING_RATIO * timedelta(minutes=minutes))


@dataclass(frozen=True)
class Measure:
    """How one part of a lesson is measured: in seconds of the video itself or of reading by the server's clock, or in
    pages of a document.

    `whole` is the length of a video or document; of reading, as much as is needed.
    """

    kind: Literal["video", "reading", "pages"]
    whole: float
    needed: float

    def is_enough(self, earned: float) -> bool:
        # A hair of tolerance: sums of floating-point spans must not keep anybody from finishing.
        return earned >= self.needed - 1e-6


def video_measure(duration_s: float, rule: LessonRule) -> Measure:
    return Measure("video", duration_s, duration_s * rule.watch / 100)


def pages_measure(page_count: int, rule: LessonRule) -> Measure:
    return Measure("pages", page_count, math.ceil(page_count * rule.pages / 100))


def reading_measure(minutes: int) -> Measure:
    needed_s = reading_needed(minutes).total_seconds()
    return Measure("reading", needed_s, needed_s)


@dataclass(frozen=True)
class Requirement:
    """One thing a lesson asks; `text` says where the learner stands, with figures. `block_id` of what is measured.

    `is_enough`: what is measured is all there, and only the learner's word is missing.
    """

    kind: Literal["video", "pages", "reading", "opening", "quiz", "practical"]
    is_done: bool
    text: str
    block_id: str = ""
    is_enough: bool = False


def _so_far(name: str, earned_s: float, needed_s: float) -> str:
    earned, left = format_minutes(math.floor(earned_s)), format_minutes(math.ceil(needed_s - earned_s - 1e-6))
    return _("%(name)s: Đã ghi nhận %(watched)s. Còn %(left)s.", name=name, watched=earned, left=left)


@dataclass(frozen=True)
class CourseDemand:
    """One thing a course asks before it is completed, and how far the learner is: `have` of `need`.

    Lessons are counted, a quiz is in percent, hours are planned hours of finished lessons.
    """

    kind: Literal["lessons", "quiz", "hours", "in_person", "exam"]
    have: float
    need: float

    @property
    def is_done(self) -> bool:
        return 0 < self.need <= self.have + 1e-6

    @property
    def text(self) -> str:
        have, need = (format_number(one, 0 if one == int(one) else 1) for one in (self.have, self.need))
        match self.kind:
            case "lessons":
                return _("Học xong các bài bắt buộc: %(have)s trên %(need)s bài.", have=have, need=need)
            case "quiz":
                return _("Điểm kiểm tra trung bình từ %(need)s%%: hiện là %(have)s%%.", have=have, need=need)
            case "hours":
                return _("Học đủ %(need)s giờ: đã ghi nhận %(have)s giờ.", have=have, need=need)
            case "in_person":
                return _("Dự lớp tập trung: đã dự.") if self.is_done else _("Dự lớp tập trung của khóa học.")
            case "exam":
                return _("Sát hạch: đã đạt.") if self.is_done else _("Đạt kỳ sát hạch của khóa học.")


@dataclass(frozen=True)
class VideoState:
    """`measure` is None while the video is still being prepared. `watched_s` never exceeds its length."""

    block_id: str
    title: str
    measure: Measure | None
    watched_s: float = 0.0
    position_s: float = 0.0
    # Heard, not watched.
    is_sound: bool = False

    @property
    def is_done(self) -> bool:
        return self.measure is not None and self.measure.is_enough(self.watched_s)

    def requirement(self) -> Requirement:
        if self.is_sound:
            name = _("Âm thanh “%(title)s”", title=self.title)
        else:
            name = _("Video “%(title)s”", title=self.title) if self.title else _("Video")
        if self.measure is None:
            text = _("%(name)s: đang được chuẩn bị, hãy quay lại xem sau.", name=name)
        elif self.is_done:
            text = _("%(name)s: đã nghe đủ.", name=name) if self.is_sound else _("%(name)s: đã xem đủ.", name=name)
        else:
            text = _so_far(name, self.watched_s, self.measure.needed)
        return Requirement("video", self.is_done, text, self.block_id)


@dataclass(frozen=True)
class DocumentState:
    """How many pages of a document were seen; `position` is the page last in front, 0 before the first."""

    block_id: str
    title: str
    measure: Measure
    seen: float = 0.0
    position: float = 0.0

    @property
    def is_done(self) -> bool:
        return self.measure.is_enough(self.seen)

    @property
    def seconds_left(self) -> float:
        """The least time that what is missing can be seen in."""
        return max(0.0, self.measure.needed - self.seen) * LEAST_PAGE_S

    def requirement(self) -> Requirement:
        name = _("Tài liệu “%(title)s”", title=self.title)
        seen, count, needed = (math.floor(one) for one in (self.seen, self.measure.whole, self.measure.needed))
        if self.is_done:
            text = _("%(name)s: đã xem đủ.", name=name)
        elif needed < count:
            text = _(
                "%(name)s: Đã xem %(seen)s trên %(count)s trang, cần ít nhất %(needed)s.",
                name=name, seen=seen, count=count, needed=needed,
            )  # fmt: skip
        else:
            text = _("%(name)s: Đã xem %(seen)s trên %(count)s trang.", name=name, seen=seen, count=count)
        return Requirement("pages", self.is_done, text, self.block_id)


@dataclass(frozen=True)
class ReadingState:
    """`read_s` was credited while the page was seen; a page without JavaScript reports nothing of it."""

    measure: Measure
    read_s: float = 0.0
    read_at: datetime | None = None

    def requirement(self) -> Requirement:
        is_done, is_enough = self.read_at is not None, self.measure.is_enough(self.read_s)
        if is_done:
            text = _("Phần chữ: đã xác nhận đọc xong.")
        elif is_enough:
            text = _("Phần chữ: đã đủ thời gian đọc. Hãy bấm “Tôi đã đọc xong”.")
        elif self.read_s:
            text = _so_far(_("Phần chữ"), self.read_s, self.measure.needed)
        else:
            least = format_minutes(self.measure.needed)
            text = _("Phần chữ: đọc hết, ít nhất %(least)s, rồi bấm “Tôi đã đọc xong”.", least=least)
        return Requirement("reading", is_done, text, READING, is_enough)


@dataclass(frozen=True)
class QuizState:
    """`best_percent` over submitted and marked attempts, None before the first; `is_waiting`: one is to be marked."""

    rule: QuizRule
    question_count: int
    best_percent: float | None = None
    passed: bool = False
    attempt_count: int = 0
    open_attempt_id: int | None = None
    is_waiting: bool = False

    def requirement(self) -> Requirement:
        needed, shows_score = self.rule.pass_percent, self.rule.shows_score
        if self.passed and not shows_score:
            text = _("Bài kiểm tra: đã đạt.")
        elif self.passed and self.best_percent is not None:
            text = _("Bài kiểm tra: đã đạt, điểm cao nhất %(best)s.", best=format_percent(self.best_percent / 100))
        elif self.open_attempt_id is not None:
            text = _("Bài kiểm tra: đang làm dở. Cần đạt từ %(needed)s%%.", needed=needed)
        elif self.is_waiting:
            text = _("Bài kiểm tra: đã nộp, đang chờ người chấm.")
        elif self.best_percent is not None and not shows_score:
            text = _("Bài kiểm tra: chưa đạt, cần từ %(needed)s%%.", needed=needed)
        elif self.best_percent is not None:
            best = format_percent(self.best_percent / 100)
            if self.rule.attempts is None:
                text = _(
                    "Bài kiểm tra: điểm cao nhất %(best)s, cần đạt từ %(needed)s%%. Được làm lại.",
                    best=best, needed=needed,
                )  # fmt: skip
            else:
                text = _("Bài kiểm tra: điểm cao nhất %(best)s, cần đạt từ %(needed)s%%.", best=best, needed=needed)
        else:
            count = self.question_count
            text = _("Bài kiểm tra: %(count)s câu, cần đạt từ %(needed)s%%.", count=count, needed=needed)
        return Requirement("quiz", self.passed, text)


@dataclass(frozen=True)
class PracticalState:
    """The latest report of a practical task and what was said of it; `by` names who said so."""

    task: str
    role_title: str
    reported_at: datetime | None = None
    is_confirmed: bool | None = None
    decided_at: datetime | None = None
    by: str = ""
    reason: str = ""

    @property
    def may_report(self) -> bool:
        """Nothing was reported yet, or it came back."""
        return self.reported_at is None or self.is_confirmed is False

    def requirement(self) -> Requirement:
        if self.is_confirmed and self.decided_at:
            day = format_date(self.decided_at)
            text = _("Thực hành: %(name)s đã xác nhận ngày %(day)s.", name=self.by, day=day)
        elif self.is_confirmed is False:
            text = _(
                "Thực hành: %(name)s trả lại: “%(reason)s”. Hãy làm lại rồi báo.", name=self.by, reason=self.reason
            )
        elif self.reported_at:
            day = format_date(self.reported_at)
            text = _("Thực hành: đã báo ngày %(day)s, chờ %(role)s xác nhận.", day=day, role=self.role_title.lower())
        else:
            text = _("Thực hành: làm xong thì báo để %(role)s xác nhận.", role=self.role_title.lower())
        return Requirement("practical", bool(self.is_confirmed), text)


@dataclass(frozen=True)
class LessonState:
    """How far one learner is with one lesson. Once finished it stays so, whatever a later version asks.

    `videos`, `documents` and `quiz` are what the lesson holds; `rule` says what of it is asked. `opened_at`: the
    learner's own word that the lesson was read or, where that is enough, opened. `reading` is None where no text has to
    be read.
    """

    lesson_key: str
    rule: LessonRule
    videos: tuple[VideoState, ...] = ()
    documents: tuple[DocumentState, ...] = ()
    reading: ReadingState | None = None
    opened_at: datetime | None = None
    quiz: QuizState | None = None
    practical: PracticalState | None = None
    finished_at: datetime | None = None

    @property
    def requirements(self) -> tuple[Requirement, ...]:
        opened = self.opened_at is not None
        opening = Requirement(
            "opening", opened, _("Mở bài: đã ghi nhận.") if opened else _("Mở bài và bấm “Hoàn thành bài”.")
        )
        return (
            *(video.requirement() for video in self.videos if self.rule.watch),
            *(document.requirement() for document in self.documents if self.rule.pages),
            *((self.reading.requirement(),) if self.reading else ()),
            *((opening,) if self.rule.open and self.reading is None else ()),
            *((self.quiz.requirement(),) if self.quiz and self.rule.quiz else ()),
            *((self.practical.requirement(),) if self.practical else ()),
        )

    @property
    def asks_to_open(self) -> bool:
        return self.rule.open and self.opened_at is None

    @property
    def asks_to_read(self) -> bool:
        """Whether "I have read it" is still to be said, of the text or of documents."""
        return bool(self.unseen) or (self.reading is not None and self.reading.read_at is None)

    @property
    def unseen(self) -> tuple[DocumentState, ...]:
        """The documents whose pages are asked for and not all there."""
        return tuple(one for one in self.documents if self.rule.pages and not one.is_done)

    @property
    def missing(self) -> tuple[Requirement, ...]:
        return tuple(requirement for requirement in self.requirements if not requirement.is_done)

    @property
    def is_met(self) -> bool:
        return not self.missing
