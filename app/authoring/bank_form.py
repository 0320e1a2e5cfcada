"""The form of a question: what was typed, turned into the question a quiz file would have, and back.

The kinds people write most have fields of their own; the others are written as in a quiz file (docs/questions.md).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.authoring.folder.quiz_file import own_fields_text, read_own_fields
from app.catalogue import questions
from app.catalogue.questions import Question
from app.catalogue.questions.numeric import read_number
from app.catalogue.questions.typed import accepted_of
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.core.text import nfc, several_lines, whole

KIND_NAMES = {
    "single": lazy("Chọn một"), "multiple": lazy("Chọn nhiều"), "true_false": lazy("Đúng, sai"),
    "short_text": lazy("Trả lời ngắn"), "numeric": lazy("Điền số"), "matching": lazy("Ghép cặp"),
    "ordering": lazy("Xếp thứ tự"), "cloze": lazy("Điền chỗ trống"), "drag_words": lazy("Kéo từ"),
    "essay": lazy("Tự luận"),
}  # fmt: skip
DIFFICULTIES = {1: lazy("dễ"), 2: lazy("vừa"), 3: lazy("khó")}
_OPTION_ROWS, _MOST_OPTIONS = 6, 20
_WITH_FIELDS = ("single", "multiple", "true_false", "short_text", "numeric")


@dataclass(frozen=True)
class OptionRow:
    text: str = ""
    right: bool = False
    feedback: str = ""


@dataclass(frozen=True)
class QuestionFields:
    """Everything as typed. `accepted`: a line each, “chữ = 50%” for a part of the point; `own`: YAML of rarer kinds;
    `picture_alt`: of the picture chosen now, which is no part of the question yet."""

    kind: str
    text: str = ""
    explanation: str = ""
    points: str = ""
    topic: str = ""
    difficulty: str = ""
    skill: str = ""
    options: tuple[OptionRow, ...] = ()
    answer: str = ""
    accepted: str = ""
    exact_marks: bool = False
    tolerance: str = ""
    unit: str = ""
    units: str = ""
    own: str = ""
    picture_alt: str = ""
    revision: int = 0

    @property
    def option_rows(self) -> tuple[OptionRow, ...]:
        """What was typed and room for more."""
        room = max(_OPTION_ROWS - len(self.options), 2)
        return (*self.options, *[OptionRow()] * room)[:_MOST_OPTIONS]


def of_question(question: Question, revision: int) -> QuestionFields:
    """The form of a question there is."""
    kind = question["kind"]
    fields = QuestionFields(
        kind=kind, text=question["text"], explanation=question["explanation"],
        points=_written(question["points"]) if "points" in question else "", topic=question.get("topic", ""),
        difficulty=str(int(question["difficulty"])) if "difficulty" in question else "",
        skill=question.get("skill", ""), revision=revision,
    )  # fmt: skip
    match kind:
        case "single" | "multiple":
            rows = (
                OptionRow(one["text"], bool(one.get("right")), one.get("feedback", "")) for one in question["options"]
            )
            return replace(fields, options=tuple(rows))
        case "true_false":
            return replace(fields, answer="true" if question["answer"] else "false")
        case "short_text" if "max_length" not in question:
            return replace(fields, accepted=_accepted_text(question), exact_marks=question.get("exact_marks", False))
        case "numeric":
            slack = question.get("tolerance", "")
            return replace(
                fields, answer=_written(question["answer"]),
                tolerance=slack if isinstance(slack, str) else _written(slack), unit=question.get("unit", ""),
                units="\n".join(f"{name} = {_written(size)}" for name, size in question.get("units", {}).items()),
            )  # fmt: skip
    return replace(fields, own=own_fields_text(question))


def of_form(kind: str, form: Mapping[str, Sequence[str]]) -> QuestionFields:
    """What came with a form; the rows of options come as lists of the same length."""

    def one(name: str) -> str:
        return nfc(form.get(name, [""])[0])

    def lines(name: str) -> str:
        return several_lines(form.get(name, [""])[0])

    texts, notes = ([nfc(text) for text in form.get(name, [])] for name in ("option", "feedback"))
    rights = set(form.get("right", []))
    notes += [""] * (len(texts) - len(notes))
    rows = (OptionRow(text, str(place) in rights, notes[place]) for place, text in enumerate(texts[:_MOST_OPTIONS]))
    revision = one("revision")
    return QuestionFields(
        kind=kind, text=lines("text"), explanation=lines("explanation"), points=one("points"), topic=one("topic"),
        difficulty=one("difficulty"), skill=one("skill"), options=tuple(row for row in rows if row != OptionRow()),
        answer=one("answer"), accepted=lines("accepted"), exact_marks=bool(form.get("exact_marks")),
        tolerance=one("tolerance"), unit=one("unit"), units=lines("units"), own=lines("own"),
        picture_alt=one("picture_alt"), revision=whole(revision) or 0,
    )  # fmt: skip


def question_of(fields: QuestionFields) -> tuple[dict[str, Any], dict[str, str]]:
    """The question, and what is wrong with it by field of the form; “question” for what concerns the whole."""
    errors: dict[str, str] = {}
    question: dict[str, Any] = {"kind": fields.kind, "text": fields.text, "explanation": fields.explanation}
    if fields.points:
        question["points"] = _number(fields.points, "points", errors)
    if (difficulty := whole(fields.difficulty)) is not None:
        question["difficulty"] = difficulty
    question |= {name: value for name in ("topic", "skill") if (value := getattr(fields, name))}
    question |= _own(fields, errors)
    if not fields.text:
        errors["text"] = _("Hãy viết câu hỏi.")
    if not fields.explanation:
        errors["explanation"] = _("Hãy viết vì sao đúng, vì sao sai: người học đọc sau khi có kết quả.")
    if not errors and (faults := questions.validate({"id": "moi", **question})):
        errors["question"] = " ".join(faults)
    return question, errors


def _own(fields: QuestionFields, errors: dict[str, str]) -> dict[str, Any]:
    match fields.kind:
        case "single" | "multiple":
            return {"options": [_option(row) for row in fields.options]}
        case "true_false":
            if fields.answer not in ("true", "false"):
                errors["answer"] = _("Hãy chọn đúng hay sai.")
            return {"answer": fields.answer == "true"}
        case "short_text" if not fields.own:
            marks = {"exact_marks": True} if fields.exact_marks else {}
            return {"accepted": [_accepted(line) for line in fields.accepted.splitlines() if line.strip()], **marks}
        case "numeric":
            return _numeric(fields, errors)
    own, faults = read_own_fields(fields.own, fields.kind)
    if faults:
        errors["own"] = " ".join(faults)
    return own


def _numeric(fields: QuestionFields, errors: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {"answer": _number(fields.answer, "answer", errors)}
    if fields.tolerance:
        percent = fields.tolerance.rstrip().endswith("%")
        slack = _number(fields.tolerance.rstrip(" %"), "tolerance", errors)
        found["tolerance"] = f"{slack}%" if percent else slack
    if fields.unit:
        found["unit"] = fields.unit
    units = {}
    for line in fields.units.splitlines():
        name, _sign, size = line.partition("=")
        if line.strip():
            units[name.strip()] = _number(size, "units", errors)
    return found | ({"units": units} if units else {})


def _option(row: OptionRow) -> dict[str, Any]:
    option: dict[str, Any] = {"text": row.text}
    if row.right:
        option["right"] = True
    return option | ({"feedback": row.feedback} if row.feedback else {})


def _accepted(line: str) -> str | dict[str, Any]:
    text, sign, share = line.rpartition("=")
    percent = read_number(share.strip().removesuffix("%")) if sign and share.strip().endswith("%") else None
    if percent is None:
        return nfc(line)
    return {"text": nfc(text), "credit": float(percent) / 100}


def _accepted_text(question: Question) -> str:
    return "\n".join(
        text if share == 1 else f"{text} = {_written(100 * share)}%"
        for text, share in accepted_of(question["accepted"])
    )


def _number(text: str, field: str, errors: dict[str, str]) -> float:
    number = read_number(text.strip())
    if number is None:
        errors[field] = _("“%(text)s” không phải là một con số.", text=text)
        return 0
    return int(number) if number == int(number) else float(number)


def _written(number: float) -> str:
    """As Vietnam writes it, without signs between thousands: what `read_number` reads as the same number."""
    text = f"{number:.10f}".rstrip("0").rstrip(".")
    return text.replace(".", ",")
