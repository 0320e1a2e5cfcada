"""A text, files or both, marked by a person by a rubric.

An answer is the text; with files it is {"text": the text, "files": [{"id", "name", "size"}]}, the fields of HandedFile.
Files come and go by a way of their own (learning/answer_files.py), a form's text leaves them where they are.
"""

from collections.abc import Sequence
from dataclasses import asdict

from app.catalogue.questions.asking import (
    Answer,
    Criterion,
    Essay,
    Fields,
    HandedFile,
    Level,
    Question,
    ReviewedEssay,
    Say,
    as_it_is,
    own_value,
)
from app.catalogue.questions.shape import LONG_TEXT, NUMBER, TEXT, Leaf, Shape
from app.core.errors import Invalid
from app.core.i18n import gettext as _
from app.core.text import several_lines

SHAPE: dict[str, Shape] = {
    "rubric": [{"criterion": TEXT, "points": NUMBER, "levels": [{"points": NUMBER, "text": LONG_TEXT}]}],
    "accept": [TEXT], "min_words": NUMBER, "max_words": NUMBER, "sample": Leaf("text", 5000),
}  # fmt: skip
ACCEPTABLE = ("text", "file")
LONGEST = 20_000
MOST_FILES = 3
MOST_WORDS = 3000

freeze = as_it_is


def validate(question: Question) -> list[str]:
    messages = []
    accept = question.get("accept", ["text"])
    if not accept or not set(accept) <= set(ACCEPTABLE):
        messages.append(_("accept gồm text, file hoặc cả hai."))
    least, most = question.get("min_words", 0), question.get("max_words", MOST_WORDS)
    if not (isinstance(least, int) and isinstance(most, int) and 0 <= least <= most and 1 <= most <= MOST_WORDS):
        messages.append(_("min_words, max_words là số nguyên, min_words không lớn hơn max_words, nhiều nhất %(most)s.",
                          most=MOST_WORDS))  # fmt: skip
    rubric = question.get("rubric", [])
    if not rubric:
        messages.append(_("Câu tự luận (essay) cần tiêu chí chấm (rubric)."))
    for place, line in enumerate(rubric, start=1):
        points = line.get("points", 0)
        if not line.get("criterion", "").strip() or points <= 0:
            messages.append(_("Tiêu chí thứ %(place)s cần criterion và points lớn hơn 0.", place=place))
        elif any(not level.get("text", "").strip() or not 0 <= level.get("points", -1) <= points
                 for level in line.get("levels", [])):  # fmt: skip
            messages.append(_("Tiêu chí thứ %(place)s: mỗi mức (levels) cần text và points từ 0 đến %(points)s.",
                              place=place, points=points))  # fmt: skip
    return messages


def present(question: Question, answer: Answer, say: Say) -> Essay:
    return Essay(
        value=_text(answer), takes_text=takes_text(question), max_length=LONGEST,
        most_files=MOST_FILES if takes_files(question) else 0, files=files_of(answer), hint=_length(question),
        rubric=_rubric(question),
    )  # fmt: skip


def parse(question: Question, fields: Fields) -> Answer:
    text = several_lines(own_value(fields))
    if text and not takes_text(question):
        raise Invalid(_("Câu này chỉ nhận tệp."))
    if len(text) > LONGEST:
        raise Invalid(_("Câu trả lời dài quá %(limit)s ký tự. Hãy viết gọn lại."), limit=LONGEST)
    return text or None


def grade(question: Question, answer: Answer) -> float | None:
    """None: it waits for a person. What was left empty earns 0 at once, nobody need look at it."""
    return None if _text(answer) or files_of(answer) else 0.0


def review(question: Question, answer: Answer, say: Say) -> ReviewedEssay:
    sample = question.get("sample", "")
    return ReviewedEssay(_text(answer), files_of(answer), _rubric(question), say(sample) if sample else None)


def solution(question: Question) -> dict[str, list[str]]:
    return {"": [question.get("sample") or question["rubric"][0]["criterion"]]} if takes_text(question) else {}


def takes_text(question: Question) -> bool:
    return "text" in question.get("accept", ("text",))


def takes_files(question: Question) -> bool:
    return question["kind"] == "essay" and "file" in question.get("accept", ())


def files_of(answer: Answer) -> tuple[HandedFile, ...]:
    """The files of an answer, in the order they came."""
    files = answer.get("files", ()) if isinstance(answer, dict) else ()
    return tuple(HandedFile(**one) for one in files)


def with_files(answer: Answer, files: Sequence[HandedFile]) -> Answer:
    """The answer with its text and these files."""
    if not files:
        return _text(answer) or None
    return {"text": _text(answer), "files": [asdict(one) for one in files]}


def _length(question: Question) -> str:
    least, most = question.get("min_words", 0), question.get("max_words")
    if least and most:
        return _("Viết từ %(least)s đến %(most)s chữ.", least=least, most=most)
    if least:
        return _("Viết ít nhất %(least)s chữ.", least=least)
    return _("Viết nhiều nhất %(most)s chữ.", most=most) if most else ""


def _rubric(question: Question) -> tuple[Criterion, ...]:
    return tuple(
        Criterion(
            line["criterion"], line["points"],
            tuple(Level(level["points"], level["text"]) for level in line.get("levels", [])),
        )
        for line in question["rubric"]
    )  # fmt: skip


def _text(answer: Answer) -> str:
    if isinstance(answer, dict):
        return str(answer.get("text", ""))
    return answer if isinstance(answer, str) else ""
