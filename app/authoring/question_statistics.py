"""What authors see of their questions' figures: each in plain words, with what to look at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalogue.inline import say
from app.catalogue.models import BankQuestion, Course, LessonVersion, QuestionBank
from app.catalogue.queries import newest_version
from app.catalogue.questions import Question
from app.core.errors import NotFound
from app.core.i18n import gettext as _
from app.learning.question_figures import (
    ENOUGH,
    Figures,
    counted,
    figures_of,
    running_count,
    subject_of_bank,
    subject_of_quiz,
)

_TOO_EASY, _TOO_HARD, _TELLS_LITTLE, _NOBODY = 0.95, 0.2, 0.15, 0.02


@dataclass(frozen=True)
class OptionShares:
    """An option and who chose it: shares among all, the best third, the weakest third."""

    text: str
    right: bool
    all: float
    best: float
    weak: float


@dataclass(frozen=True)
class QuestionStatistics:
    """One question; `figures` is None if nobody was asked it in these words. `verdict`: good, look, unknown."""

    id: str
    text: str
    kind: str
    figures: Figures | None
    options: tuple[OptionShares, ...]
    verdict: str
    advice: str


@dataclass(frozen=True)
class StatisticsPage:
    """`counted_at` is None before the first count; `state`: "", running or failed, of the count under way."""

    title: str
    back: tuple[tuple[str, str], ...]
    counted_at: datetime | None
    attempt_count: int
    state: str
    progress_ratio: float
    rows: tuple[QuestionStatistics, ...]
    enough: int = ENOUGH

    @property
    def look_count(self) -> int:
        return sum(row.verdict == "look" for row in self.rows)


def of_bank(db: Session, bank: QuestionBank) -> StatisticsPage:
    """The active questions of a bank, over every quiz that draws from it."""
    asked = db.scalars(
        select(BankQuestion.body)
        .where(BankQuestion.bank_id == bank.id, BankQuestion.state == "active")
        .order_by(BankQuestion.id)
    )
    back = ((_("Ngân hàng câu hỏi"), "/studio/banks"), (bank.title, f"/studio/banks/{bank.key}"))
    return _page(db, subject_of_bank(bank.id), list(asked), bank.title, back)


def of_quiz(db: Session, course: Course, lesson_key: str) -> StatisticsPage:
    """The quiz's own questions as the newest version has them; raises NotFound if the lesson has no quiz."""
    row = db.execute(
        select(LessonVersion.title, LessonVersion.quiz).where(
            LessonVersion.course_version_id == newest_version(db, course).id, LessonVersion.key == lesson_key
        )
    ).one_or_none()
    if row is None or row.quiz is None:
        raise NotFound
    back = ((_("Soạn bài"), "/studio"), (course.code, f"/studio/{course.slug}"))
    return _page(db, subject_of_quiz(course.id, lesson_key), row.quiz["questions"], row.title, back)


def judged(question: Question, figures: Figures | None) -> tuple[str, str]:
    """(verdict, sentence): what to look at, the gravest first."""
    if figures is None or not figures.is_enough:
        return "unknown", _("Chưa đủ lượt làm: cần %(enough)s, mới có %(asked)s.", enough=ENOUGH,
                            asked=figures.asked if figures else 0)  # fmt: skip
    shares = _options(question, figures.options)
    rights = [one for one in shares if one.right]
    if question["kind"] != "multiple" and rights:
        tempting = max((one for one in shares if not one.right), key=lambda one: one.best, default=None)
        if tempting and tempting.best > rights[0].best:
            return "look", _("Nhiều người giỏi chọn “%(option)s”: xem lại đáp án.", option=tempting.text)
    if figures.discrimination is not None and figures.discrimination < 0:
        return "look", _("Người làm bài tốt lại hay sai câu này: xem lại đáp án và cách hỏi.")
    if figures.mean < _TOO_HARD:
        return "look", _("Rất ít người đúng: xem lại cách hỏi, hoặc bài học chưa dạy điều này.")
    if figures.mean > _TOO_EASY:
        return "look", _("Hầu như ai cũng đúng: câu này chưa phân biệt được ai.")
    if figures.discrimination is not None and figures.discrimination < _TELLS_LITTLE:
        return "look", _("Người giỏi và người yếu đúng gần như nhau: hỏi rõ hơn, hoặc sửa các ý sai.")
    unused = next((one for one in shares if not one.right and one.all < _NOBODY), None)
    if unused:
        return "look", _("Hầu như không ai chọn “%(option)s”: thay bằng một chỗ hay nhầm thật.", option=unused.text)
    return "good", _("Câu dùng tốt.")


def _page(
    db: Session, subject: str, asked: Sequence[Question], title: str, back: tuple[tuple[str, str], ...]
) -> StatisticsPage:
    stored = counted(db, subject)
    job = running_count(db, subject)
    rows = [_row(question, figures_of(stored, question) if stored else None) for question in asked] if stored else []
    order = {"look": 0, "good": 1, "unknown": 2}
    return StatisticsPage(
        title=title, back=back, counted_at=stored.counted_at if stored else None,
        attempt_count=stored.attempt_count if stored else 0,
        state="" if job is None else "running" if job.state in ("queued", "running") else "failed",
        progress_ratio=job.progress_ratio if job else 0.0,
        rows=tuple(sorted(rows, key=lambda row: order[row.verdict])),
    )  # fmt: skip


def _row(question: Question, figures: Figures | None) -> QuestionStatistics:
    verdict, advice = judged(question, figures)
    return QuestionStatistics(
        question["id"], say(question["text"], {}).plain, question["kind"], figures,
        _options(question, figures.options) if figures else (), verdict, advice,
    )  # fmt: skip


def _options(question: Question, shares: Mapping[str, tuple[float, float, float]]) -> tuple[OptionShares, ...]:
    """The options in the author's order; empty for kinds without any."""
    none = (0.0, 0.0, 0.0)
    if question["kind"] == "true_false":
        return (
            OptionShares(_("Đúng"), question["answer"], *shares.get("true", none)),
            OptionShares(_("Sai"), not question["answer"], *shares.get("false", none)),
        )
    if question["kind"] not in ("single", "multiple"):
        return ()
    return tuple(
        OptionShares(say(one["text"], {}).plain, bool(one.get("right")), *shares.get(f"o{place}", none))
        for place, one in enumerate(question["options"], start=1)
    )
