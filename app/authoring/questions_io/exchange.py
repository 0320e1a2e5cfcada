"""What every format of question files gives and takes: questions as quiz files have them, and what was not said."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from app.catalogue import questions
from app.catalogue.inline import media_in
from app.catalogue.questions import Question
from app.catalogue.source import slugify
from app.core.i18n import gettext as _
from app.core.text import several_lines

# More than a bank of a province needs; a larger file is somebody's mistake.
MOST_QUESTIONS = 5000
_LONGEST_LABEL = 40


@dataclass(frozen=True)
class Found:
    """A question that can be taken in. `place`: line or row of the file, from 1; `notes` say what was changed or lost.

    `pictures`: name in its texts -> the file's bytes.
    """

    place: int
    question: dict[str, Any]
    notes: tuple[str, ...] = ()
    pictures: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Refused:
    """What cannot be taken in: where it stands, how it begins, and why not; of a sheet also its cells by column."""

    place: int
    text: str
    reason: str
    cells: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Reading:
    found: tuple[Found, ...]
    refused: tuple[Refused, ...]

    @property
    def picture_bytes(self) -> int:
        return sum(len(picture) for one in self.found for picture in one.pictures.values())


@dataclass(frozen=True)
class LeftOut:
    """A question, or a part of one, that a format cannot say."""

    id: str
    reason: str


@dataclass(frozen=True)
class Written:
    """A file. `left_out` names everything of the questions that is not in it."""

    content: bytes
    written_count: int
    left_out: tuple[LeftOut, ...]


@dataclass
class Collector:
    """Gathers what a reader finds; `keep` judges it as the catalogue will, so that a confirmed import cannot fail."""

    found: list[Found] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)

    def keep(self, one: Found) -> None:
        """Take a question, its explanation made from the answer if it has none; or refuse it with the reason."""
        one = _explained(replace(one, question=_tidied(one.question)))
        lacking = [
            _("Thiếu tệp hình “%(name)s”.", name=name) for name in _shown(one.question) if name not in one.pictures
        ]
        if faults := [*questions.validate({"id": "x", **one.question}), *lacking]:
            self.refuse(one.place, str(one.question.get("text", "")), " ".join(faults))
        elif len(self.found) >= MOST_QUESTIONS:
            self.refuse(one.place, one.question["text"], _("Một tệp có nhiều nhất %(most)s câu.", most=MOST_QUESTIONS))
        else:
            self.found.append(one)

    def refuse(self, place: int, text: str, reason: str) -> None:
        self.refused.append(Refused(place, " ".join(text.split())[:120], reason))

    @property
    def reading(self) -> Reading:
        return Reading(tuple(self.found), tuple(self.refused))


def label(text: str) -> str:
    """A name of a category or tag as a topic or skill of ours: letters without marks, digits, hyphens."""
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}", text):
        return text
    return slugify(text)[:_LONGEST_LABEL].strip("-")


def shared_out(shares: Sequence[float]) -> bool:
    """Whether the right ones earn alike: what our multiple choice does."""
    return max(shares) - min(shares) < 0.02


def answer_text(question: Question) -> str:
    """The right answer in words, for an explanation nobody wrote; empty if there is none to tell."""
    match question["kind"]:
        case "single" | "multiple":
            return "; ".join(one["text"] for one in question["options"] if one.get("right"))
        case "true_false":
            return _("Đúng") if question["answer"] else _("Sai")
        case "short_text":
            first = question["accepted"][0]
            return first if isinstance(first, str) else str(first["text"])
        case "numeric":
            return f"{question['answer']} {question.get('unit', '')}".strip().replace(".", ",")
        case "matching":
            return "; ".join(f"{pair['left']} – {pair['right']}" for pair in question["pairs"])
        case "ordering":
            return "; ".join(question["items"])
        case "drag_words":
            return "; ".join(question["words"].values())
        case "cloze":
            return "; ".join(
                gap.get("right") or answer_text({"kind": "short_text", **gap}) for gap in question["gaps"].values()
            )
    return ""


def _explained(one: Found) -> Found:
    """The catalogue wants to know why; most files do not say."""
    if one.question.get("explanation"):
        return one
    try:
        answer = answer_text(one.question)
    except (KeyError, IndexError, TypeError, AttributeError):
        # Too broken to have an answer: `validate` says what it lacks.
        answer = ""
    text = _("Đáp án: %(answer)s.", answer=answer) if answer else _("Bài làm do người chấm.")
    note = _("Tệp không có lời giải thích; tạm ghi đáp án, hãy viết thêm vì sao.")
    return replace(one, question=one.question | {"explanation": text[:2000]}, notes=(*one.notes, note))


def _tidied(value: Any) -> Any:
    """Every text NFC with line feeds only, as a form of ours would have it."""
    if isinstance(value, str):
        return several_lines(value).strip()
    if isinstance(value, dict):
        return {name: _tidied(one) for name, one in value.items()}
    return [_tidied(one) for one in value] if isinstance(value, list) else value


def _shown(question: Question) -> list[str]:
    return [one.name for text in questions.texts_of(question) for one in media_in(text)]
