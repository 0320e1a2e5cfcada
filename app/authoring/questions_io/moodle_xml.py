"""Moodle XML (docs.moodle.org, “Moodle XML format”), read. Written by moodle_writing.py.

No entity is expanded, nothing is fetched, and a document type is refused: a question file needs none of them.
"""

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from lxml import etree

from app.authoring.questions_io.cloze_syntax import read_gaps
from app.authoring.questions_io.decoding import MOST_BYTES
from app.authoring.questions_io.exchange import Collector, Found, Reading, label, shared_out
from app.authoring.questions_io.rich import Rich, plain, text_of_html, words_of
from app.core.errors import Invalid
from app.core.i18n import gettext as _
from app.core.i18n import lazy

_NOT_XML = lazy("Tệp này không phải Moodle XML đọc được (dòng %(line)s).")
_GAP = re.compile(r"\[\[(\d{1,3})\]\]")
_PLAIN_FORMATS = ("plain_text", "moodle_auto_format")
# Kinds that are nothing to ask.
_SILENT = ("category", "description")


def read(content: bytes) -> Reading:
    """The questions of a file. Raises Invalid for what is no Moodle XML; a question that does not fit is refused."""
    root = _root(content)
    collector = Collector()
    topic = ""
    for node in root.iterchildren("question"):
        kind = node.get("type", "")
        if kind == "category":
            path = _text(node.find("category")).rstrip("/")
            name = path.rpartition("/")[2].strip()
            topic = "" if name in ("top", "$course$", "$system$", "chung") else label(name)
            continue
        if kind in _SILENT:
            continue
        try:
            collector.keep(_Question(node, topic).found())
        except _Unreadable as error:
            collector.refuse(
                node.sourceline or 0, words_of(_Question(node, topic).rich("questiontext").text), str(error)
            )
    if not collector.found and not collector.refused:
        raise Invalid(lazy("Tệp không có câu hỏi nào."))
    return collector.reading


class _Unreadable(Exception):
    """A sentence for the author."""


def _root(content: bytes) -> Any:
    if len(content) > MOST_BYTES:
        raise Invalid(lazy("Tệp quá lớn: nhiều nhất %(size)s MB."), size=MOST_BYTES // 1024 // 1024)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=False)
    try:
        # Something before the declaration is a common slip of exports.
        root = etree.fromstring(content.lstrip(), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Invalid(_NOT_XML, line=getattr(error, "lineno", None) or 1) from error
    if root.getroottree().docinfo.internalDTD is not None or root.tag != "quiz":
        raise Invalid(_NOT_XML, line=1)
    return root


class _Question:
    """One <question>, read field by field; what gets lost on the way is noted."""

    def __init__(self, node: Any, topic: str) -> None:
        self.node = node
        self.topic = topic
        self.notes: list[str] = []
        self.pictures: dict[str, bytes] = {}

    def found(self) -> Found:
        kind = self.node.get("type", "")
        read_kind = _KINDS.get(kind)
        if read_kind is None:
            raise _Unreadable(_("Loại câu “%(kind)s” của Moodle chưa có ở đây.", kind=kind or "?"))
        question: dict[str, Any] = {"text": self.said("questiontext")}
        if why := self.said("generalfeedback"):
            question["explanation"] = why
        # Cloze questions have no grade of their own in Moodle.
        points = _number(_text(self.node.find("defaultgrade")) or "1")
        if points and points != 1:
            question["points"] = _plain_number(points)
        question |= {"topic": self.topic} if self.topic else {}
        question |= self._tags()
        question |= read_kind(self)
        if self.said("correctfeedback") or self.said("incorrectfeedback") or self.node.find("hint") is not None:
            self.note(_("Bỏ lời nhắc và nhận xét chung theo kết quả."))
        return Found(self.node.sourceline or 0, question, tuple(dict.fromkeys(self.notes)), self.pictures)

    def note(self, text: str) -> None:
        self.notes.append(text)

    def rich(self, name: str) -> Rich:
        node = self.node.find(name)
        return Rich("") if node is None else _rich(node)

    def said(self, name: str) -> str:
        return self.take(self.rich(name))

    def take(self, rich: Rich) -> str:
        self.pictures |= rich.pictures
        self.notes += rich.lost
        return rich.text

    def answers(self) -> list[tuple[Any, float]]:
        """(node, share of the point in percent) of each answer."""
        found = [(node, _number(node.get("fraction") or "0")) for node in self.node.findall("answer")]
        return [(node, float(share or 0)) for node, share in found]

    def choice(self) -> dict[str, Any]:
        answers = self.answers()
        options = []
        for node, share in answers:
            option: dict[str, Any] = {"text": self.take(_rich(node))}
            if share > 0:
                option["right"] = True
            feedback = node.find("feedback")
            if feedback is not None and (said := self.take(_rich(feedback))):
                option["feedback"] = said
            options.append(option)
        rights = [share for _node, share in answers if share > 0]
        if not rights:
            raise _Unreadable(_("Không có lựa chọn nào được điểm."))
        is_single = _text(self.node.find("single")).lower() not in ("false", "0")
        if not shared_out(rights):
            self.note(_("Các ý đúng không bằng điểm nhau; ở đây mỗi ý đúng được như nhau."))
        return {"kind": "single" if is_single and len(rights) == 1 else "multiple", "options": options}

    def true_false(self) -> dict[str, Any]:
        right = next((node for node, share in self.answers() if share > 0), None)
        said = _text(right).strip().lower() if right is not None else ""
        if said not in ("true", "false"):
            raise _Unreadable(_("Câu đúng/sai không ghi đáp án true hoặc false."))
        if any(_text(node.find("feedback")) for node, _share in self.answers()):
            self.note(_("Bỏ lời nhận xét riêng của ý đúng, ý sai."))
        return {"kind": "true_false", "answer": said == "true"}

    def short_text(self) -> dict[str, Any]:
        accepted: list[Any] = []
        for node, share in self.answers():
            text = _text(node).strip()
            if share > 0 and "*" in text:
                self.note(_("Bỏ câu trả lời có dấu * thay cho chữ bất kỳ: “%(text)s”.", text=text[:60]))
            elif share > 0:
                accepted.append(text if share >= 100 else {"text": text, "credit": round(share / 100, 4)})
        return {"kind": "short_text", "accepted": accepted}

    def numeric(self) -> dict[str, Any]:
        best = next((node for node, share in self.answers() if share >= 100), None)
        answer = _number(_text(best)) if best is not None else None
        if best is None or answer is None:
            raise _Unreadable(_("Câu điền số không có đáp án được trọn điểm."))
        if len(self.answers()) > 1:
            self.note(_("Chỉ giữ đáp án được trọn điểm."))
        question: dict[str, Any] = {"kind": "numeric", "answer": _plain_number(answer)}
        if slack := _number(_text(best.find("tolerance")) or "0"):
            question["tolerance"] = _plain_number(abs(slack))
        units = [
            (_text(node.find("unit_name")).strip(), _number(_text(node.find("multiplier")) or "1"))
            for node in self.node.findall("units/unit")
        ]
        if units and units[0][0]:
            # Moodle says how many of a unit the answer is; we say how much of the answer's unit one of them is.
            question["unit"] = next((name for name, size in units if size == 1), units[0][0])
            others = {name: _plain_number(1 / size) for name, size in units if size and name != question["unit"]}
            question |= {"units": others} if others else {}
        return question

    def matching(self) -> dict[str, Any]:
        pairs, extra = [], []
        for node in self.node.findall("subquestion"):
            left, right = self.take(_rich(node)), plain(_text(node.find("answer")).strip())
            if left:
                pairs.append({"left": left, "right": right})
            elif right:
                extra.append(right)
        return {"kind": "matching", "pairs": pairs} | ({"distractors": extra} if extra else {})

    def ordering(self) -> dict[str, Any]:
        return {"kind": "ordering", "items": [self.take(_rich(node)) for node in self.node.findall("answer")]}

    def essay(self) -> dict[str, Any]:
        self.note(_("Câu tự luận chưa có tiêu chí chấm; tạm đặt một tiêu chí."))
        grader = self.said("graderinfo")
        rubric = [{"criterion": _("Nội dung bài làm"), "points": 1}]
        essay = {"kind": "essay", "rubric": rubric} | ({"sample": grader} if grader else {})
        return essay | ({"accept": accept} if (accept := self._accept()) else {})

    def _accept(self) -> list[str]:
        """A text, files or both; empty for a text alone, which need not be said."""
        if _text(self.node.find("attachments")).strip() in ("", "0"):
            return []
        if _text(self.node.find("filetypeslist")).strip():
            self.note(_("Bỏ danh sách loại tệp của Moodle; ở đây nhận PDF, DOCX, XLSX, PPTX và ảnh."))
        no_text = _text(self.node.find("responseformat")).strip() == "noinline"
        return ["file"] if no_text else ["text", "file"]

    def drag_words(self) -> dict[str, Any]:
        """[[2]] in the text is a gap whose word is the second of the list; words of no gap are distractors."""
        boxes = [_text(node.find("text")).strip() or _text(node).strip() for node in
                 (self.node.findall("dragbox") or self.node.findall("selectoption"))]  # fmt: skip
        text = self.said("questiontext")
        words: dict[str, str] = {}

        def gap(found: re.Match[str]) -> str:
            number = int(found[1])
            if not 1 <= number <= len(boxes):
                raise _Unreadable(_("Chỗ trống [[%(number)s]] không có từ nào.", number=number))
            name = str(len(words) + 1)
            words[name] = _words(boxes[number - 1])
            return "{{" + name + "}}"

        text = _GAP.sub(gap, text)
        extra = [word for word in dict.fromkeys(map(_words, boxes)) if word not in words.values()]
        return {"kind": "drag_words", "text": text, "words": words} | ({"distractors": extra} if extra else {})

    def cloze(self) -> dict[str, Any]:
        text, gaps, lost = read_gaps(self.said("questiontext"))
        if not gaps:
            raise _Unreadable(_("Không đọc được chỗ trống nào trong câu."))
        self.notes += lost
        return {"kind": "cloze", "text": text, "gaps": gaps}

    def _tags(self) -> dict[str, Any]:
        """What our own export keeps in tags."""
        found: dict[str, Any] = {}
        for node in self.node.findall("tags/tag"):
            name, sign, value = _text(node).strip().partition("=")
            if sign and name == "difficulty" and value in ("1", "2", "3"):
                found[name] = int(value)
            elif sign and name == "skill" and label(value):
                found[name] = label(value)
        return found


_KINDS: dict[str, Callable[[_Question], dict[str, Any]]] = {
    "multichoice": _Question.choice, "truefalse": _Question.true_false, "shortanswer": _Question.short_text,
    "numerical": _Question.numeric, "matching": _Question.matching, "ordering": _Question.ordering,
    "essay": _Question.essay, "ddwtos": _Question.drag_words, "gapselect": _Question.drag_words,
    "cloze": _Question.cloze,
}  # fmt: skip


def _rich(node: Any) -> Rich:
    """The text of a node that has <text> and perhaps <file>s, by its format; HTML where it says none."""
    text = _text(node)
    if node.get("format") in _PLAIN_FORMATS and not re.search(r"<[a-zA-Z/]", text):
        return Rich(plain(text.strip()))
    if node.get("format") == "markdown":
        return Rich(text.strip(), _files(node.findall("file")))
    return text_of_html(text, _files(node.findall("file")))


def _files(nodes: Sequence[Any]) -> dict[str, bytes]:
    files = {}
    for node in nodes:
        try:
            files[node.get("name", "")] = base64.b64decode(node.text or "", validate=False)
        except (binascii.Error, ValueError):
            continue
    return files


def _text(node: Any) -> str:
    """The words in a node, or in its <text>."""
    if node is None:
        return ""
    inner = node.find("text")
    return "".join((node if inner is None else inner).itertext()) if inner is not None else (node.text or "")


def _words(html: str) -> str:
    return words_of(text_of_html(html).text)


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number) < Decimal("1e15") else None


def _plain_number(number: Decimal) -> float:
    return int(number) if number == number.to_integral_value() else float(number)
