"""Captions: WebVTT and SubRip read strictly, written as plain WebVTT (cues only, no styles)."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from html import unescape

from app.core.errors import Invalid
from app.core.i18n import gettext
from app.core.i18n import lazy as _

MAX_BYTES = 1024 * 1024
_STAMP = r"(?:(\d{2,}):)?([0-5]\d):([0-5]\d)[.,](\d{3})"
_TIMING = re.compile(rf"\s*{_STAMP}\s*-->\s*{_STAMP}(?:[ \t]+(.*))?\s*")
# Who is speaking, in WebVTT: <v Chị Hoa>. Kept as words, since browsers show it nowhere.
_VOICE = re.compile(r"<v(?:\.[^\s<>]*)?\s+([^<>]+)>")
# Colours and fonts of SubRip mean nothing in WebVTT and would show as text.
_FOREIGN_TAG = re.compile(r"</?(?!/?[ibu]>)[^<>]*>")
_LONE_BRACKET = re.compile(r"<(?!/?[ibu]>)")
_LONE_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|nbsp|lrm|rlm|#\d+);)")
_BLANK_LINES = re.compile(r"\n\s*\n")
# Rules of thumb of subtitlers, a little generous: more than this nobody reads in the time it stands there.
FASTEST_PER_S = 20
MOST_LINES = 2
SHORTEST_MS = 700
_BLOCKS_BESIDE_CUES = ("NOTE", "STYLE", "REGION")


@dataclass(frozen=True)
class Cue:
    """One caption, shown from `start_ms` to `end_ms`."""

    start_ms: int
    end_ms: int
    text: str


@dataclass(frozen=True)
class CaptionProblem:
    """What is wrong, in which line of the file and in which cue (1 is the first; 0: in none)."""

    line: int
    message: str
    cue: int = 0


@dataclass(frozen=True)
class Remark:
    """What is worth a look in a cue (1 is the first) that can be shown as it is."""

    cue: int
    message: str


class CaptionsInvalid(Invalid):
    """The captions cannot be used; `problems` lists every place."""

    title = _("Phụ đề chưa dùng được")

    def __init__(self, file_name: str, problems: Sequence[CaptionProblem]) -> None:
        first = problems[0]
        super().__init__(
            _("Phụ đề “%(file)s”, dòng %(line)s: %(problem)s"), file=file_name, line=first.line, problem=first.message
        )
        self.problems = list(problems)


def read_captions(data: bytes, file_name: str) -> list[Cue]:
    """The cues of a WebVTT or SubRip file in UTF-8 or UTF-16, in order. Raises CaptionsInvalid naming the lines."""
    text = _decode(data, file_name)
    lines = text.split("\n")
    cues: list[Cue] = []
    problems: list[CaptionProblem] = []
    for number, (start, block) in enumerate(_blocks(lines), start=1):
        _read_block(start, block, number, cues, problems)
    if not cues and not problems:
        problems.append(CaptionProblem(len(lines), gettext("Không có câu phụ đề nào.")))
    if problems:
        raise CaptionsInvalid(file_name, problems)
    return cues


def webvtt(cues: Sequence[Cue]) -> bytes:
    """The captions as WebVTT, the only kind browsers show."""
    blocks = (f"{_stamp(cue.start_ms)} --> {_stamp(cue.end_ms)}\n{cue.text}\n" for cue in cues)
    return "\n".join(("WEBVTT\n", *blocks)).encode()


def remarks(cues: Sequence[Cue], duration_s: float | None) -> list[Remark]:
    """What readers of the captions would stumble over, in order; `duration_s` of the video, if it is known."""
    found = []
    whole_ms = None if duration_s is None else duration_s * 1000
    for number, cue in enumerate(cues, start=1):
        shown_ms = cue.end_ms - cue.start_ms
        text = shown_text(cue.text)
        letters = len(re.sub(r"</?[ibu]>|\s+", "", text))
        if number > 1 and cue.start_ms < cues[number - 2].end_ms:
            found.append(Remark(number, gettext("Hiện khi câu trước chưa hết: hai câu chồng lên nhau.")))
        if whole_ms is not None and cue.start_ms >= whole_ms:
            found.append(Remark(number, gettext("Bắt đầu khi video đã hết, nên không ai thấy.")))
        elif whole_ms is not None and cue.end_ms > whole_ms + 1000:
            found.append(Remark(number, gettext("Kết thúc sau khi video đã hết.")))
        if shown_ms < SHORTEST_MS:
            found.append(Remark(number, gettext("Hiện quá ngắn, mắt chưa kịp thấy.")))
        elif letters * 1000 > FASTEST_PER_S * shown_ms:
            said = gettext(
                "Đọc không kịp: %(speed)s chữ cái mỗi giây, nên dưới %(limit)s. Kéo dài hoặc viết gọn.",
                speed=letters * 1000 // shown_ms,
                limit=FASTEST_PER_S,
            )
            found.append(Remark(number, said))
        if text.count("\n") >= MOST_LINES:
            found.append(Remark(number, gettext("Nhiều hơn hai dòng, che mất hình.")))
    return found


def typed_text(typed: str) -> str:
    """The text of a cue as somebody wrote it in a form: bold, italic and underline mean that, any other sign itself."""
    plain = unicodedata.normalize("NFC", typed.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")).strip()
    lines = _BLANK_LINES.sub("\n", plain).split("\n")
    escaped = (_LONE_BRACKET.sub("&lt;", line.strip().replace("&", "&amp;")).replace("-->", "--&gt;") for line in lines)
    return "\n".join(escaped)


def shown_text(text: str) -> str:
    """The text of a cue for a form; `typed_text` gives it back."""
    return unescape(text)


def _decode(data: bytes, file_name: str) -> str:
    if len(data) > MAX_BYTES:
        raise CaptionsInvalid(file_name, [CaptionProblem(1, gettext("Tệp phụ đề lớn quá 1 MB."))])
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = gettext("Chữ không ở dạng UTF-8. Hãy mở tệp, chọn Lưu thành (Save as) với mã hóa UTF-8.")
        raise CaptionsInvalid(file_name, [CaptionProblem(line, message)]) from error
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", ""))


def _blocks(lines: Sequence[str]) -> list[tuple[int, list[str]]]:
    """Runs of non-empty lines with the number of their first line, without the header of a WebVTT file."""
    blocks: list[tuple[int, list[str]]] = []
    current: list[str] = []
    for number, line in enumerate([*lines, ""], start=1):
        if line.strip():
            current.append(line)
        elif current:
            blocks.append((number - len(current), current))
            current = []
    if blocks and blocks[0][0] == 1 and blocks[0][1][0].split()[0] == "WEBVTT":
        blocks.pop(0)
    return [
        (start, block)
        for start, block in blocks
        if block[0].split()[0] not in _BLOCKS_BESIDE_CUES or _has_timing(block)
    ]


def _has_timing(block: Sequence[str]) -> bool:
    return any("-->" in line for line in block[:2])


def _read_block(start: int, block: list[str], number: int, cues: list[Cue], problems: list[CaptionProblem]) -> None:
    """Add the cue of one block, or say what is wrong with it."""
    at = 0 if "-->" in block[0] else 1
    if at >= len(block) or "-->" not in block[at]:
        problems.append(
            CaptionProblem(start, gettext("Thiếu dòng thời gian dạng 00:00:01.000 --> 00:00:04.000."), number)
        )
        return
    found = _TIMING.fullmatch(block[at])
    if found is None:
        problems.append(
            CaptionProblem(
                start + at, gettext("Dòng thời gian sai. Viết đúng là 00:00:01.000 --> 00:00:04.000."), number
            )
        )
        return
    begin, end = _milliseconds(found.groups()[:4]), _milliseconds(found.groups()[4:8])
    said = "\n".join(map(_plain, block[at + 1 :])).strip()
    if any("-->" in line for line in block[at + 1 :]):
        problems.append(CaptionProblem(start + at, gettext("Thiếu một dòng trống giữa câu này và câu sau."), number))
    elif end <= begin:
        problems.append(CaptionProblem(start + at, gettext("Giờ kết thúc phải sau giờ bắt đầu."), number))
    elif cues and begin < cues[-1].start_ms:
        problems.append(
            CaptionProblem(
                start + at, gettext("Câu này bắt đầu trước câu đứng trên nó. Hãy xếp theo thời gian."), number
            )
        )
    elif not said:
        problems.append(CaptionProblem(start + at, gettext("Câu phụ đề không có chữ."), number))
    else:
        cues.append(Cue(begin, end, said))


def _plain(line: str) -> str:
    """One line with bold, italic and underline at most, and no stray sign a browser would swallow the rest after."""
    return _LONE_AMPERSAND.sub(
        "&amp;", _LONE_BRACKET.sub("&lt;", _FOREIGN_TAG.sub("", _VOICE.sub(r"\1: ", line)))
    ).strip()


def _milliseconds(parts: Sequence[str | None]) -> int:
    hours, minutes, seconds, thousandths = (int(part or 0) for part in parts)
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + thousandths


def _stamp(milliseconds: int) -> str:
    seconds, thousandths = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{thousandths:03}"
