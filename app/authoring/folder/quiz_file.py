"""A quiz file: the questions of one lesson. What each kind of question may say is in catalogue/questions."""

from collections.abc import Collection
from pathlib import PurePosixPath
from typing import Any

from app.authoring.folder import names
from app.authoring.folder.marked_yaml import Fields, Node
from app.authoring.folder.problems import Findings
from app.catalogue import questions
from app.catalogue.inline import Medium, media_in
from app.catalogue.questions.shape import ANY, Leaf, Shape
from app.catalogue.quiz_rules import MOST_ATTEMPTS, MOST_MINUTES, MOST_WAIT_MINUTES, REVIEWS
from app.core.i18n import gettext as _

# Field -> its greatest value; the least is 1. Left out: no limit.
_LIMITS = {"time_limit": MOST_MINUTES, "attempts": MOST_ATTEMPTS, "wait": MOST_WAIT_MINUTES}


def read_quiz(
    root: Node, file: str, findings: Findings, taken_ids: dict[str, str], beside: Collection[str]
) -> dict[str, Any]:
    """The quiz as lessons keep it; `taken_ids` maps the question ids of the course seen so far to their files.

    `beside` are the names of the files in the quiz's folder.
    """
    fields = Fields(root, file, findings, ("pass_percent", "shuffle", *_LIMITS, "review", "questions"))
    asked = [_question(item, file, findings, taken_ids, beside) for item in fields.items("questions")]
    limits = {name: int(fields.number(name, 1, most, whole=True)) for name, most in _LIMITS.items() if fields.has(name)}
    review = {"review": fields.choice("review", REVIEWS)} if fields.has("review") else {}
    return {
        "pass_percent": int(fields.number("pass_percent", 1, 100, whole=True)), "shuffle": fields.flag("shuffle", True),
        **limits, **review, "questions": asked,
    }  # fmt: skip


def shown_in(quiz: dict[str, Any] | None) -> list[str]:
    """Names of the files the questions show, in order."""
    asked = quiz["questions"] if quiz else []
    return [medium.name for question in asked for text in questions.texts_of(question) for medium in media_in(text)]


def _question(
    item: Node, file: str, findings: Findings, taken_ids: dict[str, str], beside: Collection[str]
) -> dict[str, Any]:
    children: dict[str, Node] = item.value if isinstance(item.value, dict) else {}
    kind = (children["kind"].text or "") if "kind" in children else ""
    shape = questions.shape_of(kind)
    question: dict[str, Any] = {"id": "", "kind": kind, "text": "", "explanation": ""}
    if kind in questions.KINDS:
        question |= _taken(item, shape, file, findings)
    else:
        # Of a kind we do not know any field may be right.
        question |= {name: _taken(children[name], shape[name], file, findings) for name in shape if name in children}
    _check_id(question["id"], file, children["id"].line if "id" in children else item.line, findings, taken_ids)
    # What a question lacks is for its kind to say.
    faults = questions.validate(question)
    faults += [
        fault for text in questions.texts_of(question) for one in media_in(text) for fault in _medium(one, beside)
    ]
    for message in faults:
        findings.add(file, item.line, message)
    return question


def _check_id(question_id: Any, file: str, line: int, findings: Findings, taken_ids: dict[str, str]) -> None:
    if not question_id:
        findings.add(file, line, _("Thiếu trường “%(name)s”.", name="id"))
    elif not isinstance(question_id, str) or not names.QUESTION_ID.fullmatch(question_id):
        findings.add(file, line, _("Mã câu hỏi chỉ gồm chữ không dấu, số, chấm và gạch nối, nhiều nhất 40 ký tự."))
    elif question_id in taken_ids:
        taken = taken_ids[question_id]
        findings.add(file, line, _("Mã câu hỏi “%(id)s” đã dùng trong %(file)s.", id=question_id, file=taken))
    else:
        taken_ids[question_id] = file


def _taken(node: Node, shape: Shape, file: str, findings: Findings) -> Any:
    """The plain value of a node: numbers and dates where a text belongs are taken as they were written."""
    match shape:
        case Leaf():
            return _leaf(node, shape)
        case (leaf, fields):
            return _taken(node, fields if isinstance(node.value, dict) else leaf, file, findings)
        case list():
            if not isinstance(node.value, list):
                return _plain(node)
            return [_taken(one, shape[0], file, findings) for one in node.value]
        case dict():
            if not isinstance(node.value, dict):
                return _plain(node)
            children = node.value if ANY in shape else Fields(node, file, findings, tuple(shape)).children
            inner = {name: shape.get(name, shape.get(ANY)) for name in children}
            return {
                name: _taken(child, kind, file, findings)
                for name, child in children.items()
                if (kind := inner[name]) is not None and child.value is not None
            }


def _leaf(node: Node, leaf: Leaf) -> Any:
    if leaf.kind != "text" or node.text is None:
        return _plain(node)
    # A line of its own in the file is a line of its own on the page.
    return "\n".join(" ".join(line.split()) for line in node.text.splitlines())


def _plain(node: Node) -> Any:
    """A value of the wrong shape as it is, for the question's kind to complain of."""
    if isinstance(node.value, list):
        return [_plain(one) for one in node.value]
    if isinstance(node.value, dict):
        return {name: _plain(one) for name, one in node.value.items()}
    return node.value


def _medium(medium: Medium, beside: Collection[str]) -> list[str]:
    name = medium.name
    if medium.kind in ("video", "other"):
        return [_("“%(name)s”: trong câu hỏi chỉ dùng hình (svg, png, jpg, webp) và âm thanh (mp3, m4a).", name=name)]
    faults = []
    if PurePosixPath(name).name != name or name not in beside:
        faults.append(_("Không có tệp “%(name)s” cạnh bài học.", name=name))
    if not medium.alt:
        what = _("tên đoạn âm thanh") if medium.kind == "sound" else _("lời mô tả cho người không nhìn thấy hình")
        faults.append(_("Thiếu %(what)s trong ngoặc vuông: ![…](%(name)s).", what=what, name=name))
    if medium.kind == "sound" and not medium.words:
        faults.append(_('Âm thanh “%(name)s” thiếu lời: ![tên](%(name)s "lời nói trong đoạn ấy").', name=name))
    return faults
