"""Aiken (docs.moodle.org, “Aiken format”), in and out: the question, options “A.” or “A)”, then “ANSWER: B”."""

import re
from collections.abc import Sequence
from typing import Any

from app.authoring.questions_io.decoding import text_of
from app.authoring.questions_io.exchange import Collector, Found, LeftOut, Reading, Written
from app.authoring.questions_io.rich import plain, words_of
from app.catalogue.inline import media_in
from app.catalogue.questions import Question
from app.core.i18n import gettext as _
from app.core.text import fold

ENDING = ".txt"
CONTENT_TYPE = "text/plain; charset=utf-8"
KINDS = ("single", "true_false")
_OPTION = re.compile(r"\s*([A-Za-z])\s*[.)]\s*(\S.*)")
# People translate the word, and put the sign of Vietnamese keyboards after it.
_ANSWER = re.compile(r"\s*(?:ANSWER|ĐÁP ÁN|DAP AN)\s*[:：]\s*([A-Za-z])\s*\.?\s*", re.IGNORECASE)
_TRUTHS = ({"dung", "sai"}, {"true", "false"})
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def read(content: bytes) -> Reading:
    """The questions of a file. Raises Invalid for what is no text; what is wrong in a text is in the answer."""
    text, guessed = text_of(content)
    notes = (_("Tệp không phải UTF-8, đã đọc theo Windows-1258: hãy xem lại dấu."),) if guessed else ()
    collector = Collector()
    start, asked, options = 0, list[str](), list[tuple[str, str]]()
    for number, line in enumerate(text.split("\n"), start=1):
        if found := _ANSWER.fullmatch(line):
            _close(collector, start or number, asked, options, found[1].upper(), notes)
            start, asked, options = 0, [], []
        elif (option := _OPTION.fullmatch(line)) and asked and option[1].upper() == _LETTERS[len(options) % 26]:
            options.append((option[1].upper(), option[2].strip()))
        elif line.strip() and options:
            collector.refuse(start, asked[0], _("Sau các lựa chọn phải là dòng “ANSWER:” với một chữ cái."))
            start, asked, options = number, [line.strip()], []
        elif line.strip():
            start = start or number
            asked.append(line.strip())
    if asked:
        collector.refuse(start, asked[0], _("Câu cuối thiếu lựa chọn hoặc dòng “ANSWER:”."))
    return collector.reading


def write(asked: Sequence[Question]) -> Written:
    """Questions with one right option; Aiken has nothing else, not even a reason why."""
    pieces, left_out = [], []
    for question in asked:
        options = _options(question)
        if options is None:
            left_out.append(LeftOut(question["id"], _("Aiken chỉ có câu chọn một đáp án.")))
            continue
        if len(options) > len(_LETTERS):
            left_out.append(LeftOut(question["id"], _("Aiken có nhiều nhất 26 lựa chọn.")))
            continue
        lines = [_line(question["text"])]
        lines += [f"{letter}. {_line(text)}" for letter, (text, _right) in zip(_LETTERS, options, strict=False)]
        right = next(letter for letter, (_text, is_right) in zip(_LETTERS, options, strict=False) if is_right)
        pieces.append("\n".join([*lines, f"ANSWER: {right}"]))
        left_out.append(LeftOut(question["id"], _losses(question)))
    return Written(("\n\n".join(pieces) + "\n").encode(), len(pieces), tuple(left_out))


def _close(
    collector: Collector, line: int, asked: Sequence[str], options: Sequence[tuple[str, str]], right: str,
    notes: tuple[str, ...],
) -> None:  # fmt: skip
    title = asked[0] if asked else ""
    if not asked or len(options) < 2:
        collector.refuse(line, title, _("Trước dòng “ANSWER:” phải có câu hỏi và ít nhất hai lựa chọn A, B."))
    elif right not in dict(options):
        collector.refuse(line, title, _("Đáp án %(letter)s không có trong các lựa chọn.", letter=right))
    else:
        collector.keep(Found(line, _question("\n".join(asked), options, right), notes))


def _question(text: str, options: Sequence[tuple[str, str]], right: str) -> dict[str, Any]:
    said = [fold(option) for _letter, option in options]
    if len(said) == 2 and set(said) in _TRUTHS:
        return {"kind": "true_false", "text": plain(text), "answer": fold(dict(options)[right]) in ("dung", "true")}
    return {
        "kind": "single", "text": plain(text),
        "options": [{"text": plain(one)} | ({"right": True} if letter == right else {}) for letter, one in options],
    }  # fmt: skip


def _options(question: Question) -> list[tuple[str, bool]] | None:
    if question["kind"] == "single":
        return [(one["text"], bool(one.get("right"))) for one in question["options"]]
    if question["kind"] == "true_false":
        return [(_("Đúng"), question["answer"]), (_("Sai"), not question["answer"])]
    return None


def _line(text: str) -> str:
    return " ".join(words_of(text).split())


def _losses(question: Question) -> str:
    lost = [_("Aiken không ghi lời giải thích, chủ đề, độ khó, điểm.")]
    if any(one.get("feedback") for one in question.get("options", ())):
        lost.append(_("Không ghi lời riêng cho từng lựa chọn."))
    texts = [question["text"], *(one["text"] for one in question.get("options", ()))]
    if any(media_in(text) for text in texts):
        lost.append(_("Hình và âm thanh chỉ còn lời tả."))
    return " ".join(lost)
