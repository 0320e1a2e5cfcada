"""The cues of one caption track in a form: what was typed, what a press on a button makes of it, what is wrong."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.core.i18n import gettext as _
from app.media.captions import Cue, remarks, shown_text, typed_text

# Two hours of talk are about 2,000.
MOST_CUES = 3000
_LONGEST_TEXT = 1000
# What a new cue gets when nobody says how long it stands.
_NEW_MS = 3000
_TIME = re.compile(r"(?:(?:(\d{1,2}):)?(\d{1,3}):)?(\d{1,5})(?:[.,](\d{1,3}))?")


@dataclass(frozen=True)
class CueRow:
    """One cue as typed. `error` keeps it from being saved, `remarks` do not."""

    start: str = ""
    end: str = ""
    text: str = ""
    error: str = ""
    remarks: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.start.strip() or self.end.strip() or self.text.strip())


def rows_of(cues: Sequence[Cue]) -> tuple[CueRow, ...]:
    return tuple(CueRow(time_text(cue.start_ms), time_text(cue.end_ms), shown_text(cue.text)) for cue in cues)


def time_text(milliseconds: int) -> str:
    """As authors read and type it: 1:05.250, 1:02:03.000."""
    seconds, thousandths = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    clock = f"{minutes // 60}:{minutes % 60:02}" if minutes >= 60 else f"{minutes}"
    return f"{clock}:{seconds:02}.{thousandths:03}"


def milliseconds(typed: str) -> int | None:
    """`milliseconds("1:05,25") == 65250`; seconds alone will do, hours too; None for anything else."""
    found = _TIME.fullmatch(typed.strip()) if typed.isascii() else None
    if found is None:
        return None
    hours, minutes, seconds, part = found.groups()
    if minutes is not None and int(seconds) >= 60:
        return None
    return ((int(hours or 0) * 60 + int(minutes or 0)) * 60 + int(seconds)) * 1000 + int((part or "0").ljust(3, "0"))


def judged(rows: Sequence[CueRow], duration_s: float | None) -> tuple[CueRow, ...]:
    """The rows with what is wrong in each and, where nothing is, with what is worth a look; empty ones are left out."""
    kept: list[CueRow] = []
    before = 0
    for row in rows:
        if row.is_empty:
            continue
        start = milliseconds(row.start)
        kept.append(replace(row, error=_error(row, before), remarks=()))
        before = before if start is None else max(before, start)
    if any(row.error for row in kept):
        return tuple(kept)
    for remark in remarks(cues_of(kept), duration_s):
        row = kept[remark.cue - 1]
        kept[remark.cue - 1] = replace(row, remarks=(*row.remarks, remark.message))
    return tuple(kept)


def cues_of(rows: Sequence[CueRow]) -> list[Cue]:
    """The cues of rows `judged` found no error in."""
    return [Cue(milliseconds(row.start) or 0, milliseconds(row.end) or 0, typed_text(row.text)) for row in rows]


def edited(rows: Sequence[CueRow], action: str, *, shift: str = "", cursor: int | None = None) -> tuple[CueRow, ...]:
    """The rows after one press: `add:3` puts a row after the third, `delete:3`, `split:3` (at the `cursor`, else in
    the middle), `merge:3` with the one after it, `shift` all by so many seconds, `sort` by their beginning.

    What cannot be done, or names no row, changes nothing.
    """
    name, _colon, place = action.partition(":")
    number = int(place) if place.isascii() and place.isdigit() and len(place) < 6 else -1
    if name == "shift":
        return _shifted(rows, shift)
    if name == "sort":
        return tuple(sorted(rows, key=lambda row: milliseconds(row.start) or 0))
    if name == "add" and 0 <= number <= len(rows) < MOST_CUES:
        return (*rows[:number], _between(rows, number), *rows[number:])
    if not 1 <= number <= len(rows):
        return tuple(rows)
    before, row, after = rows[: number - 1], rows[number - 1], rows[number:]
    if name == "delete":
        return (*before, *after)
    if name == "split" and len(rows) < MOST_CUES:
        return (*before, *_halves(row, cursor), *after)
    if name == "merge" and after:
        joined = CueRow(row.start, after[0].end, f"{row.text.rstrip()}\n{after[0].text.lstrip()}".strip())
        return (*before, joined, *after[1:])
    return tuple(rows)


def shift_ms(typed: str) -> int | None:
    """Seconds with a sign, as milliseconds; None for what is none."""
    text = typed.strip().replace(chr(0x2212), "-").replace(",", ".")
    if not re.fullmatch(r"[+-]?\d{1,5}(\.\d{1,3})?", text, re.ASCII):
        return None
    return round(float(text) * 1000)


def _error(row: CueRow, before: int) -> str:
    start, end = milliseconds(row.start), milliseconds(row.end)
    if start is None or end is None:
        return _("Giờ viết dạng phút:giây, ví dụ 1:05.250.")
    if end <= start:
        return _("Giờ kết thúc phải sau giờ bắt đầu.")
    if start < before:
        return _("Câu này bắt đầu trước câu đứng trên nó. Hãy xếp theo thời gian.")
    if not typed_text(row.text):
        return _("Câu phụ đề không có chữ.")
    if len(row.text) > _LONGEST_TEXT:
        return _("Câu dài quá %(limit)s chữ. Hãy tách ra.", limit=_LONGEST_TEXT)
    return ""


def _shifted(rows: Sequence[CueRow], shift: str) -> tuple[CueRow, ...]:
    by = shift_ms(shift)
    if by is None:
        return tuple(rows)

    def moved(typed: str) -> str:
        at = milliseconds(typed)
        # What is no time stays as it was typed, to be mended.
        return typed if at is None else time_text(max(0, at + by))

    return tuple(replace(row, start=moved(row.start), end=moved(row.end)) for row in rows)


def _between(rows: Sequence[CueRow], number: int) -> CueRow:
    """A new row that begins where the one before it ends, and ends before the next begins."""
    start = (milliseconds(rows[number - 1].end) or 0) if number else 0
    end = start + _NEW_MS
    following = milliseconds(rows[number].start) if number < len(rows) else None
    if following is not None and following > start:
        end = min(end, following)
    return CueRow(time_text(start), time_text(end))


def _halves(row: CueRow, cursor: int | None) -> tuple[CueRow, ...]:
    """Two rows; time is shared out as the letters are."""
    text = row.text.strip()
    if cursor is None or not 0 < cursor < len(text):
        spaces = [found.start() for found in re.finditer(r"\s", text)]
        cursor = min(spaces, key=lambda at: abs(at - len(text) / 2)) if spaces else 0
    start, end = milliseconds(row.start), milliseconds(row.end)
    if not 0 < cursor < len(text) or start is None or end is None or end - start < 2:
        return (row,)
    middle = time_text(min(max(start + (end - start) * cursor // len(text), start + 1), end - 1))
    return (
        CueRow(row.start, middle, text[:cursor].rstrip()),
        CueRow(middle, row.end, text[cursor:].lstrip()),
    )
