"""Moodle XML, written: every kind of question has its like there."""

import base64
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from lxml import etree
from lxml.builder import E

from app.authoring.questions_io.cloze_syntax import write_gaps
from app.authoring.questions_io.exchange import LeftOut, Written
from app.authoring.questions_io.rich import html_of_text, words_of
from app.catalogue.inline import media_in
from app.catalogue.questions import Question, essay, points, texts_of
from app.catalogue.questions.gaps import names_in
from app.catalogue.questions.typed import accepted_of
from app.core.i18n import gettext as _

ENDING = ".xml"
CONTENT_TYPE = "application/xml"
_KINDS = {
    "single": "multichoice", "multiple": "multichoice", "true_false": "truefalse", "short_text": "shortanswer",
    "numeric": "numerical", "matching": "matching", "ordering": "ordering", "cloze": "cloze", "drag_words": "ddwtos",
    "essay": "essay",
}  # fmt: skip
_CONTROL = re.compile(r"[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(asked: Sequence[Question], files: Mapping[str, bytes] | None = None) -> Written:
    """All questions, `files` (by the names their texts use) within; what of them Moodle cannot say."""
    files = files or {}
    root = E.quiz()
    left_out: list[LeftOut] = []
    topic = None
    for question in asked:
        if question.get("topic", "") != topic:
            topic = question.get("topic", "")
            root.append(E.question(E.category(E.text(f"$course$/top/{topic or 'chung'}")), type="category"))
        root.append(_question(question, files))
        left_out += [LeftOut(question["id"], reason) for reason in _losses(question, files)]
    content = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return Written(content, len(asked), tuple(left_out))


def _question(question: Question, files: Mapping[str, bytes]) -> Any:
    kind = question["kind"]
    node = E.question(
        E.name(E.text(_clean(question["id"]))), _html("questiontext", _asked(question), files),
        _html("generalfeedback", html_of_text(question["explanation"]), files, question["explanation"]),
        E.defaultgrade(f"{points(question):g}"), E.penalty("0"), E.idnumber(_clean(question["id"])),
        type=_KINDS[kind],
    )  # fmt: skip
    for one in _own(question, files):
        node.append(one)
    tags = [E.tag(E.text(f"{name}={question[name]}")) for name in ("difficulty", "skill") if name in question]
    if tags:
        node.append(E.tags(*tags))
    return node


def _asked(question: Question) -> str:
    html = html_of_text(question["text"])
    if question["kind"] == "cloze":
        return write_gaps(html, question["gaps"])
    if question["kind"] == "drag_words":
        numbers = {word: place for place, word in enumerate(_boxes(question), start=1)}
        for name in names_in(question["text"]):
            html = re.sub(r"\{\{\s*" + re.escape(name) + r"\s*\}\}", f"[[{numbers[question['words'][name]]}]]", html)
    return html


def _own(question: Question, files: Mapping[str, bytes]) -> list[Any]:
    match question["kind"]:
        case "single" | "multiple":
            return _options(question, files)
        case "true_false":
            right = question["answer"]
            return [
                E.answer(E.text(str(one).lower()), fraction="100" if one is right else "0") for one in (True, False)
            ]
        case "short_text":
            return [E.usecase("0")] + [
                E.answer(E.text(_clean(text)), fraction=f"{100 * credit:g}", format="moodle_auto_format")
                for text, credit in accepted_of(question["accepted"])
            ]
        case "numeric":
            return _numeric(question)
        case "matching":
            pairs = [(pair["left"], pair["right"]) for pair in question["pairs"]]
            extra = [("", right) for right in question.get("distractors", [])]
            return [E.shuffleanswers("true")] + [
                _html("subquestion", html_of_text(left), files, left, E.answer(E.text(_clean(words_of(right)))))
                for left, right in pairs + extra
            ]
        case "ordering":
            # As many as there are, each with its place as its share: how that kind keeps its order.
            return [E.layouttype("VERTICAL"), E.selecttype("ALL"), E.gradingtype("RELATIVE_NEXT_EXCLUDE_LAST")] + [
                _html("answer", html_of_text(item), files, item, fraction=f"{place}.0000000")
                for place, item in enumerate(question["items"], start=1)
            ]
        case "drag_words":
            return [E.shuffleanswers("1")] + [
                E.dragbox(E.text(_clean(word)), E.group("1"), E.infinite()) for word in _boxes(question)
            ]
        case "essay":
            lines = [f"{line['criterion']} ({line['points']:g})" for line in question["rubric"]]
            guide = "\n".join([*lines, *([question["sample"]] if question.get("sample") else [])])
            return [
                *_handed_in(question),
                _html("graderinfo", html_of_text(guide), files),
            ]
    return []


def _handed_in(question: Question) -> list[Any]:
    """How a text and files are wanted: a text is required unless files may stand for it."""
    text, most = essay.takes_text(question), essay.MOST_FILES if essay.takes_files(question) else 0
    return [
        E.responseformat("editor" if text else "noinline"), E.responserequired("0" if most else "1"),
        E.attachments(str(most)), E.attachmentsrequired("0" if text else "1"),
    ]  # fmt: skip


def _options(question: Question, files: Mapping[str, bytes]) -> list[Any]:
    rights = sum(bool(one.get("right")) for one in question["options"])
    is_single = question["kind"] == "single"
    share = f"{100 / rights:.5f}".rstrip("0").rstrip(".")
    wrong = "0" if is_single else f"-{share}"
    nodes = [E.single("true" if is_single else "false"), E.shuffleanswers("true"), E.answernumbering("abc")]
    for one in question["options"]:
        feedback = _html("feedback", html_of_text(one.get("feedback", "")), files, one.get("feedback", ""))
        fraction = share if one.get("right") else wrong
        nodes.append(_html("answer", html_of_text(one["text"]), files, one["text"], feedback, fraction=fraction))
    return nodes


def _numeric(question: Question) -> list[Any]:
    slack = question.get("tolerance", 0)
    if isinstance(slack, str):
        slack = abs(Decimal(str(question["answer"]))) * Decimal(slack.strip().rstrip("% ")) / 100
    answer = E.answer(E.text(_decimal(question["answer"])), E.tolerance(_decimal(slack)), fraction="100")
    nodes = [answer]
    if question.get("unit"):
        sizes = {question["unit"]: Decimal(1)} | {
            name: 1 / Decimal(str(size)) for name, size in question.get("units", {}).items()
        }
        nodes.append(E.unitgradingtype("0"))
        nodes.append(
            E.units(*[E.unit(E.multiplier(_decimal(size)), E.unit_name(_clean(name))) for name, size in sizes.items()])
        )
    return nodes


def _html(tag: str, html: str, files: Mapping[str, bytes], source: str = "", *children: Any, **attributes: str) -> Any:
    """A node with HTML in it, the pictures of `source` beside (those of the question's text if it has none)."""
    node = etree.Element(tag, format="html", **attributes)
    node.append(E.text(_clean(html)))
    for name in dict.fromkeys(re.findall(r"@@PLUGINFILE@@/([^\"]+)", html)):
        if name in files:
            node.append(E.file(base64.b64encode(files[name]).decode(), name=name, path="/", encoding="base64"))
    for child in children:
        node.append(child)
    return node


def _boxes(question: Question) -> list[str]:
    return list(dict.fromkeys([*question["words"].values(), *question.get("distractors", [])]))


def _decimal(number: float | Decimal) -> str:
    text = f"{Decimal(str(number)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _clean(text: str) -> str:
    """Without the signs XML has no way to hold."""
    return _CONTROL.sub("", text)


def _losses(question: Question, files: Mapping[str, bytes]) -> list[str]:
    lost = []
    media = [one for text in texts_of(question) for one in media_in(text)]
    if any(one.kind == "sound" for one in media):
        lost.append(_("Âm thanh không đi cùng; chỉ còn lời tả."))
    if any(one.kind == "image" and one.name not in files for one in media):
        lost.append(_("Thiếu tệp hình; chỉ còn lời tả."))
    if question.get("exact_marks") or "max_length" in question:
        lost.append(_("Moodle không ghi được “phải đúng dấu” và độ dài tối đa."))
    if question["kind"] == "cloze" and "points" in question:
        lost.append(_("Điểm của câu điền chỗ trống là tổng điểm các ô của Moodle."))
    if question["kind"] == "essay":
        lost.append(_("Tiêu chí chấm và bài mẫu thành lời dặn người chấm; giới hạn số chữ không ghi được."))
    if isinstance(question.get("tolerance"), str):
        lost.append(_("Khoảng sai tính theo phần trăm thành con số."))
    return lost
