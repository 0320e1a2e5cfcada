"""A quiz file: the questions of one lesson. What each kind of question may say is in catalogue/questions."""

from collections.abc import Collection, Mapping
from pathlib import PurePosixPath
from typing import Any

import yaml

from app.authoring.folder import names
from app.authoring.folder.marked_yaml import Fields, Node, YamlProblem, read_yaml
from app.authoring.folder.problems import Findings
from app.catalogue import questions
from app.catalogue.drawing import MOST_DRAWN, THIS, asked_count, shortage
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
    fields = Fields(root, file, findings, ("pass_percent", "shuffle", *_LIMITS, "review", "questions", "draw"))
    draws = [_draw(item, file, findings) for item in fields.items("draw", required=False)]
    # A quiz that draws all of its questions from banks need not have any of its own.
    own = fields.items("questions", required=not draws)
    asked = [_question(item, file, findings, taken_ids, beside) for item in own]
    limits = {name: int(fields.number(name, 1, most, whole=True)) for name, most in _LIMITS.items() if fields.has(name)}
    review = {"review": fields.choice("review", REVIEWS)} if fields.has("review") else {}
    quiz = {
        "pass_percent": int(fields.number("pass_percent", 1, 100, whole=True)), "shuffle": fields.flag("shuffle", True),
        **limits, **review, "questions": asked,
    } | ({"draw": draws} if draws else {})  # fmt: skip
    _check_draws(quiz, file, fields.line_of("draw"), findings)
    return quiz


def read_own_fields(text: str, kind: str) -> tuple[dict[str, Any], list[str]]:
    """The fields of one kind written as in a quiz file, and what is wrong with their spelling, by line."""
    findings = Findings()
    try:
        root = read_yaml(text)
    except YamlProblem as error:
        return {}, [_("Dòng %(line)s: %(what)s", line=error.line, what=error.message)]
    if root.value is None:
        return {}, []
    fields = _taken(root, dict(questions.KINDS[kind].SHAPE), "", findings)
    faults = [_("Dòng %(line)s: %(what)s", line=one.line, what=one.message) for one in findings.problems]
    return (
        (fields, faults)
        if isinstance(fields, dict)
        else ({}, [_("Hãy viết mỗi dòng một trường: tên, hai chấm, giá trị.")])
    )


def own_fields_text(question: Mapping[str, Any]) -> str:
    """The fields of a question's kind, as `read_own_fields` reads them."""
    own = {name: question[name] for name in questions.KINDS[question["kind"]].SHAPE if name in question}
    return yaml.safe_dump(own, allow_unicode=True, sort_keys=False, width=100) if own else ""


def shown_in(quiz: dict[str, Any] | None) -> list[str]:
    """Names of the files the questions show, in order."""
    asked = quiz["questions"] if quiz else []
    return [medium.name for question in asked for text in questions.texts_of(question) for medium in media_in(text)]


def _draw(item: Node, file: str, findings: Findings) -> dict[str, Any]:
    fields = Fields(item, file, findings, ("bank", "topic", "difficulty", "count"))
    draw: dict[str, Any] = {"bank": fields.text("bank", longest=80)}
    if fields.has("topic"):
        draw["topic"] = fields.text("topic", longest=40)
    if fields.has("difficulty"):
        draw["difficulty"] = int(fields.number("difficulty", 1, 3, whole=True))
    return draw | {"count": int(fields.number("count", 1, MOST_DRAWN, whole=True))}


def _check_draws(quiz: dict[str, Any], file: str, line: int, findings: Findings) -> None:
    """Whether the quiz has enough questions of its own; what banks hold is known where the course is published."""
    own = [draw for draw in quiz.get("draw", ()) if draw["bank"] == THIS]
    if lacking := shortage(quiz | {"draw": own}, {}):
        findings.add(file, line, _("draw rút nhiều hơn số câu của bài: còn thiếu %(lacking)s câu.", lacking=lacking))
    if asked_count(quiz) > MOST_DRAWN:
        findings.add(file, line, _("Một đề có nhiều nhất %(most)s câu.", most=MOST_DRAWN))


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
    if medium.kind in ("video", "document", "download", "other"):
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
