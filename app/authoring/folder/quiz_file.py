"""A quiz file: the questions of one lesson."""

from typing import Any

from app.authoring.folder import names
from app.authoring.folder.marked_yaml import Fields, Node
from app.authoring.folder.problems import Findings
from app.catalogue import questions
from app.core.i18n import gettext as _

_QUESTION_KEYS = ("id", "kind", "text", "options", "answer", "explanation")
_OPTION_KEYS = ("text", "right")


def read_quiz(root: Node, file: str, findings: Findings, taken_ids: dict[str, str]) -> dict[str, Any]:
    """The quiz as lessons keep it; `taken_ids` maps the question ids of the course seen so far to their files."""
    fields = Fields(root, file, findings, ("pass_percent", "shuffle", "questions"))
    asked = [_question(item, file, findings, taken_ids) for item in fields.items("questions")]
    return {
        "pass_percent": int(fields.number("pass_percent", 1, 100, whole=True)), "shuffle": fields.flag("shuffle", True),
        "questions": asked,
    }  # fmt: skip


def _question(item: Node, file: str, findings: Findings, taken_ids: dict[str, str]) -> dict[str, Any]:
    fields = Fields(item, file, findings, _QUESTION_KEYS)
    question_id = fields.text("id")
    if question_id and not names.QUESTION_ID.fullmatch(question_id):
        fields.complain(
            _("Mã câu hỏi chỉ gồm chữ không dấu, số, chấm và gạch nối, nhiều nhất 40 ký tự."), fields.line_of("id")
        )
    if question_id in taken_ids:
        fields.complain(
            _("Mã câu hỏi “%(id)s” đã dùng trong %(file)s.", id=question_id, file=taken_ids[question_id]),
            fields.line_of("id"),
        )
    elif question_id:
        taken_ids[question_id] = file
    # What a question lacks is for its kind to say.
    question: dict[str, Any] = {"id": question_id, "kind": fields.text("kind", required=False)}
    for name in ("text", "explanation"):
        question[name] = fields.text(name, required=False, longest=2000)
    if fields.has("options"):
        question["options"] = [_option(option, file, findings) for option in fields.items("options")]
    if "answer" in fields.children:
        question["answer"] = fields.children["answer"].value
    for message in questions.validate(question):
        fields.complain(message)
    return question


def _option(item: Node, file: str, findings: Findings) -> dict[str, Any]:
    fields = Fields(item, file, findings, _OPTION_KEYS)
    option: dict[str, Any] = {"text": fields.text("text", required=False, longest=500)}
    if "right" in fields.children:
        option["right"] = fields.children["right"].value
    return option
