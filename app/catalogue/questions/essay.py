"""A text that a person marks by a rubric. Handing in files is not possible yet."""

from app.catalogue.questions.asking import (
    Answer,
    Criterion,
    Essay,
    Fields,
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
MOST_WORDS = 3000

freeze = as_it_is


def validate(question: Question) -> list[str]:
    messages = []
    accept = question.get("accept", ["text"])
    if not accept or not set(accept) <= set(ACCEPTABLE):
        messages.append(_("accept gồm text, file hoặc cả hai."))
    elif "file" in accept:
        messages.append(_("Chưa nộp tệp được: hãy để accept: [text]."))
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
    return Essay(_text(answer), LONGEST, _length(question), _rubric(question))


def parse(question: Question, fields: Fields) -> Answer:
    text = several_lines(own_value(fields))
    if len(text) > LONGEST:
        raise Invalid(_("Câu trả lời dài quá %(limit)s ký tự. Hãy viết gọn lại."), limit=LONGEST)
    return text or None


def grade(question: Question, answer: Answer) -> float | None:
    """None: it waits for a person. What was left empty earns 0 at once, nobody need look at it."""
    return None if _text(answer) else 0.0


def review(question: Question, answer: Answer, say: Say) -> ReviewedEssay:
    sample = question.get("sample", "")
    return ReviewedEssay(_text(answer), _rubric(question), say(sample) if sample else None)


def solution(question: Question) -> dict[str, list[str]]:
    return {"": [question.get("sample") or question["rubric"][0]["criterion"]]}


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
    return answer if isinstance(answer, str) else ""
