"""What a lesson asks of a learner, and how far somebody is. Values in, values and sentences out."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from app.core.i18n import gettext as _
from app.core.templating import format_minutes, format_number, format_percent

# Credits and the last words of the speaker need not be sat through.
VIDEO_RATIO = 0.8
# Nobody reads a lesson in less: 15 % of the minutes its author planned, and never under 20 seconds.
READING_RATIO = 0.15
READING_LEAST = timedelta(seconds=20)


def video_needed_s(duration_s: float) -> float:
    """Seconds of a video that must have been watched."""
    return VIDEO_RATIO * duration_s


def is_video_done(watched_s: float, duration_s: float) -> bool:
    # A hair of tolerance: sums of floating-point spans must not keep anybody from finishing.
    return watched_s >= video_needed_s(duration_s) - 1e-6


def reading_needed(minutes: int) -> timedelta:
    """How long a lesson's page must have been open before "I have read it" is believed."""
    return max(READING_LEAST, READING_RATIO * timedelta(minutes=minutes))


@dataclass(frozen=True)
class Requirement:
    """One thing a lesson asks; `text` says where the learner stands, with figures. `block_id` of a video."""

    kind: Literal["video", "reading", "quiz"]
    is_done: bool
    text: str
    block_id: str = ""


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
    """`duration_s` is None while the video is still being prepared. `watched_s` never exceeds it."""

    block_id: str
    title: str
    duration_s: float | None
    watched_s: float = 0.0
    position_s: float = 0.0

    @property
    def is_done(self) -> bool:
        return self.duration_s is not None and is_video_done(self.watched_s, self.duration_s)

    def requirement(self) -> Requirement:
        name = _("Video “%(title)s”", title=self.title) if self.title else _("Video")
        if self.duration_s is None:
            text = _("%(name)s: đang được chuẩn bị, anh/chị quay lại xem sau.", name=name)
        elif self.is_done:
            text = _("%(name)s: đã xem đủ.", name=name)
        else:
            left_s = math.ceil(video_needed_s(self.duration_s) - self.watched_s - 1e-6)
            text = _(
                "%(name)s: Đã ghi nhận %(watched)s. Còn %(left)s.",
                name=name, watched=format_minutes(math.floor(self.watched_s)), left=format_minutes(left_s),
            )  # fmt: skip
        return Requirement("video", self.is_done, text, self.block_id)


@dataclass(frozen=True)
class QuizState:
    """`best_percent` over submitted attempts, None before the first."""

    pass_percent: int
    question_count: int
    best_percent: float | None = None
    passed: bool = False
    attempt_count: int = 0
    open_attempt_id: int | None = None

    def requirement(self) -> Requirement:
        if self.passed and self.best_percent is not None:
            text = _("Bài kiểm tra: đã đạt, điểm cao nhất %(best)s.", best=format_percent(self.best_percent / 100))
        elif self.open_attempt_id is not None:
            text = _("Bài kiểm tra: đang làm dở. Cần đạt từ %(needed)s%%.", needed=self.pass_percent)
        elif self.best_percent is not None:
            text = _(
                "Bài kiểm tra: điểm cao nhất %(best)s, cần đạt từ %(needed)s%%. Anh/chị được làm lại.",
                best=format_percent(self.best_percent / 100), needed=self.pass_percent,
            )  # fmt: skip
        else:
            count, needed = self.question_count, self.pass_percent
            text = _("Bài kiểm tra: %(count)s câu, cần đạt từ %(needed)s%%.", count=count, needed=needed)
        return Requirement("quiz", self.passed, text)


@dataclass(frozen=True)
class LessonState:
    """How far one learner is with one lesson. Once finished it stays so, whatever a later version asks."""

    lesson_key: str
    minutes: int
    videos: tuple[VideoState, ...] = ()
    has_text: bool = True
    read_at: datetime | None = None
    quiz: QuizState | None = None
    finished_at: datetime | None = None

    @property
    def requirements(self) -> tuple[Requirement, ...]:
        reading = Requirement(
            "reading",
            self.read_at is not None,
            _("Phần chữ: đã xác nhận đọc xong.") if self.read_at else _("Phần chữ: đọc hết rồi bấm “Tôi đã đọc xong”."),
        )
        return (
            *(video.requirement() for video in self.videos),
            *((reading,) if self.has_text else ()),
            *((self.quiz.requirement(),) if self.quiz else ()),
        )

    @property
    def asks_to_read(self) -> bool:
        return self.has_text and self.read_at is None

    @property
    def missing(self) -> tuple[Requirement, ...]:
        return tuple(requirement for requirement in self.requirements if not requirement.is_done)

    @property
    def is_met(self) -> bool:
        return not self.missing
