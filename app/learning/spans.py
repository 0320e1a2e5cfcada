"""Spans of what was watched and read: merging them, and what a new claim may earn (DESIGN 4.7). Values in, values out.

A span is (start, end): of a video in seconds of its own time, of reading in seconds of the server's clock since 1970,
of a document in pages, the fifth being (4, 5).
What somebody has is kept merged: sorted and disjoint. Reading at two devices at once is thus one time on one clock.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from app.core.i18n import gettext as _

Span = tuple[float, float]

# Players offer up to double speed, so one second of the server's clock can hold two of the video's.
MAX_SPEED = 2.0
# Rounding of clocks and of `timeupdate`, and the moment between the stamp and the page.
SLACK_S = 5.0
# A page reports every 15 seconds; nobody jumps about more than this in between.
MAX_SPANS = 200
# Browsers and ffprobe disagree by a few frames about where a video ends.
END_TOLERANCE_S = 1.0
# A page of a document counts once it was in front for so long; nobody takes one in sooner.
LEAST_PAGE_S = 3.0


class Watched(Struct, frozen=True):
    """What one learner has of one video before a claim; `started_at` is the server's own stamp."""

    spans: tuple[Span, ...]
    spent_s: float
    started_at: datetime
    duration_s: float


@dataclass(frozen=True)
class Refusal:
    """Why a claim earned nothing; read it as a sentence with `str()`, in the reader's language."""

    kind: Literal["too_fast", "ahead", "leafed", "outside", "malformed"]
    claimed_s: float = 0.0
    elapsed_s: float = 0.0

    def __str__(self) -> str:
        if self.kind == "too_fast":
            return _(
                "Đoạn vừa gửi chưa được tính: máy chủ mới ghi nhận %(elapsed)s giây kể từ khi mở bài, "
                "không đủ để xem thêm %(claimed)s giây. Cứ xem tiếp, phần sau vẫn được tính.",
                elapsed=math.floor(max(self.elapsed_s, 0)), claimed=math.ceil(self.claimed_s),
            )  # fmt: skip
        if self.kind == "ahead":
            return _(
                "Thời gian đọc vừa gửi chưa được tính: theo đồng hồ máy chủ, trang này mới mở %(elapsed)s giây, "
                "mà máy đang dùng báo %(claimed)s giây. Cứ đọc tiếp, phần sau vẫn được tính.",
                elapsed=math.floor(max(self.elapsed_s, 0)), claimed=math.ceil(self.claimed_s),
            )  # fmt: skip
        if self.kind == "leafed":
            return _(
                "Trang vừa gửi chưa được tính: theo đồng hồ máy chủ, bài này mới mở %(elapsed)s giây, "
                "mà xem chừng ấy trang cần ít nhất %(claimed)s giây. Hãy xem lại trang ấy, rồi sẽ được tính.",
                elapsed=math.floor(max(self.elapsed_s, 0)), claimed=math.ceil(self.claimed_s),
            )  # fmt: skip
        if self.kind == "outside":
            return _(
                "Đoạn vừa gửi chưa được tính vì nằm ngoài video hoặc tài liệu này. Hãy tải lại trang rồi xem tiếp."
            )
        return _("Đoạn vừa gửi chưa được tính vì dữ liệu không đọc được. Hãy tải lại trang rồi xem tiếp.")


class Credit(Struct, frozen=True):
    """What the learner has after a claim.

    `earned`: the length of the spans, seconds or pages. `spent_s`: the time they must have taken, repeats included.
    `credited`: what came for the first time; `reason`: why nothing did.
    """

    spans: tuple[Span, ...]
    earned: float
    spent_s: float
    credited: float
    reason: Refusal | None = None


def merge(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The union, sorted and disjoint; spans that touch become one, empty ones vanish."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if end <= start:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return tuple(merged)


def total(spans: Iterable[Span]) -> float:
    """Seconds, or pages, covered by disjoint spans."""
    return math.fsum(end - start for start, end in spans)


def clip(spans: Iterable[Span], duration_s: float) -> tuple[Span, ...]:
    """The part of the spans that lies within a video or document of this length."""
    return tuple((start, min(end, duration_s)) for start, end in spans if start < duration_s)


def credit(row: Watched, claim: Sequence[Span], now: datetime) -> Credit:
    """Add a claim whole or not at all, by the server's clock; what was earned before always stays."""
    reason = _why_not(row, claim, now)
    if reason is not None:
        return Credit(row.spans, total(row.spans), row.spent_s, 0.0, reason)
    claim = clip(claim, row.duration_s)
    spans = merge((*row.spans, *claim))
    before, after = total(row.spans), total(spans)
    # The two sums round apart by less than a nanosecond; nothing earned may seem to shrink.
    return Credit(spans, max(before, after), row.spent_s + total(claim), max(0.0, after - before))


def credit_reading(has: tuple[Span, ...], claim: Sequence[Span], opened_at: datetime, now: datetime) -> Credit:
    """Add time a page was read, whole or not at all. The claim counts seconds since the page was opened.

    The server's own stamp says when that was, and nothing beyond now counts: a second of reading takes a second.
    """
    elapsed_s = (now - opened_at).total_seconds()
    before, last = total(has), max((end for _start, end in claim), default=0.0)
    if len(claim) > MAX_SPANS or not all(_is_sound(span) for span in claim):
        return Credit(has, before, before, 0.0, Refusal("malformed"))
    if last > max(elapsed_s, 0.0) + SLACK_S:
        return Credit(has, before, before, 0.0, Refusal("ahead", last, elapsed_s))
    opened = opened_at.timestamp()
    spans = merge((*has, *((opened + start, opened + end) for start, end in clip(claim, elapsed_s))))
    after = max(before, total(spans))
    return Credit(spans, after, after, after - before)


def credit_pages(
    has: tuple[Span, ...], claim: Sequence[Span], started_at: datetime, page_count: float, now: datetime
) -> Credit:  # fmt: skip
    """Add pages that were in front, whole or not at all. All of them together must fit into the time since the first
    page of the lesson was opened; one seen again costs nothing.
    """
    before = total(has)
    unchanged = Credit(has, before, before * LEAST_PAGE_S, 0.0)
    if len(claim) > MAX_SPANS or not all(_is_sound(span) and _is_whole(span) for span in claim):
        return replace(unchanged, reason=Refusal("malformed"))
    if any(end > page_count for _start, end in claim):
        return replace(unchanged, reason=Refusal("outside"))
    spans = merge((*has, *claim))
    after, elapsed_s = total(spans), (now - started_at).total_seconds()
    if after > before and after * LEAST_PAGE_S > elapsed_s:
        return replace(unchanged, reason=Refusal("leafed", after * LEAST_PAGE_S, elapsed_s))
    return Credit(spans, after, after * LEAST_PAGE_S, after - before)


def _why_not(row: Watched, claim: Sequence[Span], now: datetime) -> Refusal | None:
    if len(claim) > MAX_SPANS or not all(_is_sound(span) for span in claim):
        return Refusal("malformed")
    if any(end > row.duration_s + END_TOLERANCE_S for _start, end in claim):
        return Refusal("outside")
    claimed_s = total(claim)
    elapsed_s = (now - row.started_at).total_seconds()
    if claimed_s and row.spent_s + claimed_s > MAX_SPEED * elapsed_s + SLACK_S:
        return Refusal("too_fast", claimed_s, elapsed_s)
    return None


def _is_sound(span: Span) -> bool:
    start, end = span
    return math.isfinite(start) and math.isfinite(end) and 0 <= start <= end


def _is_whole(span: Span) -> bool:
    return all(edge == int(edge) for edge in span)
