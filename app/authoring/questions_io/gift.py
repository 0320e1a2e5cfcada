"""GIFT, the question text format of Moodle (docs.moodle.org, “GIFT format”), in and out.

A question is a paragraph: `::name:: text { answers }`. Five signs have a meaning and are written with a backslash where
they are meant as themselves. Comments above a question may hold `[id:…]` and `[tag:…]`; ours carry what GIFT has no
place for (`[tag:difficulty=2]`), the category is the topic.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from app.authoring.questions_io.decoding import text_of
from app.authoring.questions_io.exchange import (
    Collector,
    Found,
    LeftOut,
    Reading,
    Written,
    label,
    shared_out,
)
from app.authoring.questions_io.rich import html_of_text, plain, text_of_html, words_of
from app.catalogue import questions
from app.catalogue.inline import media_in
from app.catalogue.questions import Question, essay
from app.catalogue.questions.typed import accepted_of
from app.core.i18n import gettext as _

ENDING = ".gift"
CONTENT_TYPE = "text/plain; charset=utf-8"
KINDS = ("single", "multiple", "true_false", "short_text", "numeric", "matching", "essay")
_SIGNS = "\\~=#{}:"
# Escaped signs wait as characters of nobody's, so that the others can be cut by.
_WAITING = {sign: chr(0xE000 + place) for place, sign in enumerate(_SIGNS)}
_BACK = str.maketrans({stand_in: sign for sign, stand_in in _WAITING.items()})
_ESCAPED = re.compile(rf"\\([{re.escape(_SIGNS)}n])")
_HEAD = re.compile(r"\s*(?:::(?P<name>.*?)::)?\s*(?P<rest>.*)", re.DOTALL)
_FORMAT = re.compile(r"\s*\[(html|moodle|plain|markdown)\]\s*", re.IGNORECASE)
_ANSWER = re.compile(r"([=~])([^=~]*)")
_WEIGHT = re.compile(r"\s*%(-?\d+(?:[.,]\d+)?)%")
_TAG = re.compile(r"\[(tag|id):([^\]]*)\]")
_HTML = re.compile(r"</?[a-zA-Z][^>]*>|&[a-z]+;")
_ESSAY_POINTS = 1
_TRUTH = {"T": True, "TRUE": True, "F": False, "FALSE": False}


@dataclass(frozen=True)
class _Answer:
    """One of the answers: its sign (= or ~), its share of the point in percent if it says one, text and feedback."""

    sign: str
    share: float | None
    text: str
    feedback: str


@dataclass(frozen=True)
class _Block:
    """A paragraph of the file, its comments apart, and the category in force."""

    line: int
    text: str
    labels: dict[str, Any]


def read(content: bytes) -> Reading:
    """The questions of a file. Raises Invalid for what is no text; what is wrong in a text is in the answer."""
    text, guessed = text_of(content)
    collector = Collector()
    notes = (_("Tệp không phải UTF-8, đã đọc theo Windows-1258: hãy xem lại dấu."),) if guessed else ()
    for block in _blocks(text):
        try:
            collector.keep(_question(block, notes))
        except _Unreadable as error:
            collector.refuse(block.line, block.text, str(error))
    return collector.reading


def write(asked: Sequence[Question]) -> Written:
    """All questions GIFT can say, and what of them it cannot."""
    pieces, left_out = [], []
    topic = None
    count = 0
    for question in asked:
        if question["kind"] not in KINDS:
            left_out.append(LeftOut(question["id"], _("GIFT không có loại câu này.")))
            continue
        if question.get("topic", "") != topic:
            topic = question.get("topic", "")
            pieces.append(f"$CATEGORY: {topic or 'chung'}")
        pieces.append(_written(question))
        left_out += [LeftOut(question["id"], reason) for reason in _losses(question)]
        count += 1
    return Written(("\n\n".join(pieces) + "\n").encode(), count, tuple(left_out))


class _Unreadable(Exception):
    """A sentence for the author."""


def _blocks(text: str) -> Iterator[_Block]:
    category, start, lines, labels = "", 0, list[str](), dict[str, Any]()
    for number, line in enumerate([*text.split("\n"), ""], start=1):
        stripped = line.strip()
        if stripped.startswith("//"):
            labels |= _labels(stripped)
        elif stripped.startswith("$CATEGORY:") and not lines:
            category = label(stripped.removeprefix("$CATEGORY:").rstrip("/").rpartition("/")[2].strip())
        elif stripped:
            start = start if lines else number
            lines.append(line)
        elif lines:
            topic = {"topic": category} if category and category != "chung" else {}
            yield _Block(start, "\n".join(lines), topic | labels)
            lines, labels = [], {}


def _labels(comment: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in _TAG.findall(comment):
        key, sign, said = value.partition("=")
        if name != "tag" or not sign or key not in ("points", "difficulty", "skill"):
            continue
        if key == "skill":
            found[key] = label(said)
        elif re.fullmatch(r"\d{1,3}(\.\d{1,4})?", said):
            found[key] = float(said) if "." in said else int(said)
    return found


def _question(block: _Block, notes: tuple[str, ...]) -> Found:
    raw = _ESCAPED.sub(lambda found: "\n" if found[1] == "n" else _WAITING[found[1]], block.text)
    head = _HEAD.fullmatch(raw)
    rest = head["rest"] if head else raw
    before, opened, inside = rest.partition("{")
    answers, closed, after = inside.rpartition("}")
    if not opened:
        raise _Unreadable(_("Không có phần đáp án trong dấu { }; đây chỉ là một đoạn mô tả."))
    if not closed:
        raise _Unreadable(_("Thiếu dấu } sau phần đáp án, hoặc có dòng trống ở giữa."))
    text_format = (found := _FORMAT.match(before)) and found[1].lower()
    asked = before[found.end() :] if found else before
    if after.strip():
        asked = f"{asked.rstrip()} _____ {after.strip()}"
    # Moodle cuts the general feedback first: what follows four of these signs.
    answers, _sign, why = answers.partition("####")
    question: dict[str, Any] = {"text": _said(asked, text_format or ""), **block.labels}
    if why.strip():
        question["explanation"] = _said(why, text_format or "")
    own, more = _own(answers, text_format or "")
    return Found(block.line, question | own, (*notes, *more))


def _own(raw: str, text_format: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The fields of the question's kind, and what was lost."""
    stripped = raw.strip()
    if not stripped:
        rubric = [{"criterion": _("Nội dung bài làm"), "points": _ESSAY_POINTS}]
        return {"kind": "essay", "rubric": rubric}, (_("Câu tự luận chưa có tiêu chí chấm; tạm đặt một tiêu chí."),)
    truth = stripped.partition("#")[0].strip().upper()
    if truth in _TRUTH:
        notes = (_("Bỏ lời nhận xét riêng của ý đúng, ý sai."),) if "#" in stripped else ()
        return {"kind": "true_false", "answer": _TRUTH[truth]}, notes
    if stripped.startswith("#"):
        return _numeric(stripped[1:])
    answers = [_answer(sign, body, text_format) for sign, body in _ANSWER.findall(stripped)]
    if not answers:
        raise _Unreadable(_("Đáp án phải bắt đầu bằng dấu = hoặc ~."))
    if all(one.sign == "=" for one in answers):
        if all("->" in one.text for one in answers):
            return _matching(answers), ()
        return _short_text(answers)
    return _choice(answers)


def _answer(sign: str, body: str, text_format: str) -> _Answer:
    weight = _WEIGHT.match(body)
    rest = body[weight.end() :] if weight else body
    text, _sign, feedback = rest.partition("#")
    share = float(weight[1].replace(",", ".")) if weight else None
    return _Answer(sign, share, _said(text, text_format), _said(feedback, text_format))


def _choice(answers: Sequence[_Answer]) -> tuple[dict[str, Any], tuple[str, ...]]:
    shares = [one.share if one.share is not None else 100.0 if one.sign == "=" else 0.0 for one in answers]
    options = [
        {"text": one.text}
        | ({"right": True} if share > 0 else {})
        | ({"feedback": one.feedback} if one.feedback else {})
        for one, share in zip(answers, shares, strict=True)
    ]
    rights = [share for share in shares if share > 0]
    if not rights:
        raise _Unreadable(_("Không có lựa chọn nào được điểm."))
    notes = () if shared_out(rights) else (_("Các ý đúng không bằng điểm nhau; ở đây mỗi ý đúng được như nhau."),)
    is_single = len(rights) == 1 and rights[0] > 99
    return {"kind": "single" if is_single else "multiple", "options": options}, notes


def _short_text(answers: Sequence[_Answer]) -> tuple[dict[str, Any], tuple[str, ...]]:
    accepted: list[Any] = []
    for one in answers:
        share = 100 if one.share is None else one.share
        # What people type has no emphasis: words only.
        words = words_of(one.text)
        if share > 0:
            accepted.append(words if share >= 100 else {"text": words, "credit": round(share / 100, 4)})
    notes = (_("Bỏ lời nhận xét riêng của từng câu trả lời."),) if any(one.feedback for one in answers) else ()
    return {"kind": "short_text", "accepted": accepted}, notes


def _matching(answers: Sequence[_Answer]) -> dict[str, Any]:
    pairs = [[side.strip() for side in one.text.split("->", 1)] for one in answers]
    extra = [right for left, right in pairs if not left]
    return {
        "kind": "matching", "pairs": [{"left": left, "right": right} for left, right in pairs if left],
    } | ({"distractors": extra} if extra else {})  # fmt: skip


def _numeric(raw: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """`3.14:0.01`, `3.1..3.2`, or several of them behind = with shares: the first that earns everything counts."""
    several = _ANSWER.findall(raw) if raw.lstrip().startswith(("=", "~")) else [("=", raw)]
    best, others = None, 0
    for _sign, body in several:
        weight = _WEIGHT.match(body)
        value = (body[weight.end() :] if weight else body).partition("#")[0].strip()
        if value and best is None and (weight is None or float(weight[1].replace(",", ".")) >= 100):
            best = value
        else:
            others += bool(value)
    if best is None:
        raise _Unreadable(_("Câu điền số không có đáp án được trọn điểm."))
    low, dots, high = best.partition("..")
    if dots:
        least, most = _decimal(low), _decimal(high)
        answer, slack = (least + most) / 2, abs(most - least) / 2
    else:
        value, _sign, within = best.replace(_WAITING[":"], ":").partition(":")
        answer, slack = _decimal(value), abs(_decimal(within)) if within.strip() else Decimal(0)
    question: dict[str, Any] = {"kind": "numeric", "answer": _plain_number(answer)}
    if slack:
        question["tolerance"] = _plain_number(slack)
    return question, (_("Chỉ giữ đáp án được trọn điểm."),) if others else ()


def _said(raw: str, text_format: str) -> str:
    """A text of ours from one of GIFT's; a format of its own goes before that of the question."""
    if found := _FORMAT.match(raw):
        text_format, raw = found[1].lower(), raw[found.end() :]
    text = raw.translate(_BACK).strip()
    if text_format == "markdown":
        return text
    if text_format == "html" or (text_format in ("", "moodle") and _HTML.search(text)):
        return text_of_html(text.replace("\n", "<br>")).text
    return plain(text)


def _written(question: Question) -> str:
    tags = [f"[id:{question['id']}]"]
    tags += [f"[tag:{name}={question[name]}]" for name in ("points", "difficulty", "skill") if name in question]
    text = _shown(question["text"])
    # What names no format is read in the question's.
    words = "[plain]" if text.startswith("[markdown]") else ""
    why = f"####{_shown(question['explanation'], words)}"
    # Fields come in the order of the file; a name helps to find the question again.
    return f"// {' '.join(tags)}\n::{_escaped(question['id'])}::{text} {{{_answers(question, words)}\n{why}}}"


def _answers(question: Question, words: str) -> str:
    match question["kind"]:
        case "single":
            return "".join(f"\n{'=' if one.get('right') else '~'}{_option(one, words)}" for one in question["options"])
        case "multiple":
            rights = sum(bool(one.get("right")) for one in question["options"])
            share = f"{100 / rights:.5f}".rstrip("0").rstrip(".")
            return "".join(
                f"\n~%{'' if one.get('right') else '-'}{share}%{_option(one, words)}" for one in question["options"]
            )
        case "true_false":
            return "TRUE" if question["answer"] else "FALSE"
        case "short_text":
            return "".join(
                f"\n={'' if credit == 1 else f'%{_percent(credit)}%'}{_escaped(text)}"
                for text, credit in accepted_of(question["accepted"])
            )
        case "numeric":
            slack = _slack(question)
            return f"#{_number(question['answer'])}" + (f":{_number(slack)}" if slack else "")
        case "matching":
            pairs = [(_shown(pair["left"], words), _escaped(words_of(pair["right"]))) for pair in question["pairs"]]
            extra = [("", _escaped(words_of(one))) for one in question.get("distractors", [])]
            return "".join(f"\n={left} -> {right}" for left, right in pairs + extra)
    return ""


def _option(option: dict[str, Any], words: str) -> str:
    return _shown(option["text"], words) + (f"#{_shown(option['feedback'], words)}" if option.get("feedback") else "")


def _shown(text: str, words_are: str = "") -> str:
    """Marked as Markdown only where it is more than words; pictures stay behind as their description."""
    for medium in media_in(text):
        text = re.sub(rf"!\[[^\]]*\]\({re.escape(medium.name)}[^)]*\)", plain(f"({medium.alt})"), text)
    words = words_of(text)
    if plain(words) != text:
        return f"[markdown]{_escaped(text)}"
    # Else “<a>” would be read as HTML.
    return f"{'[plain]' if _HTML.search(words) else words_are}{_escaped(words)}"


def _escaped(text: str) -> str:
    return re.sub(rf"[{re.escape(_SIGNS)}]", lambda found: f"\\{found[0]}", text).replace("\n", "\\n")


def _losses(question: Question) -> list[str]:
    """What of a question GIFT cannot say, in sentences."""
    lost = []
    if any(media_in(text) for text in questions.texts_of(question)):
        lost.append(_("Hình và âm thanh không đi cùng tệp GIFT; chỉ còn lời tả."))
    if question.get("unit") or question.get("units"):
        lost.append(_("GIFT không ghi đơn vị của đáp án."))
    if question.get("exact_marks") or "max_length" in question:
        lost.append(_("GIFT không ghi được “phải đúng dấu” và độ dài tối đa."))
    if question["kind"] == "essay":
        lost.append(_("GIFT không ghi tiêu chí chấm, giới hạn số chữ và bài mẫu."))
        if essay.takes_files(question):
            lost.append(_("GIFT không ghi được câu nhận tệp; đọc lại thành câu viết chữ."))
    if question["kind"] == "matching" and any(html_of_text(one["right"]) != one["right"] for one in question["pairs"]):
        lost.append(_("Vế phải chỉ giữ chữ, không giữ đậm nghiêng."))
    return lost


def _slack(question: Question) -> float:
    slack = question.get("tolerance", 0)
    if not isinstance(slack, str):
        return float(slack)
    return float(abs(Decimal(str(question["answer"]))) * Decimal(slack.strip().rstrip("% ")) / 100)


def _decimal(text: str) -> Decimal:
    try:
        number = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number) > Decimal("1e15"):
        raise _Unreadable(_("“%(text)s” không phải là một con số.", text=text.translate(_BACK).strip()[:40]))
    return number


def _plain_number(number: Decimal) -> float:
    return int(number) if number == number.to_integral_value() else float(number)


def _number(number: float) -> str:
    return f"{Decimal(str(number)):f}"


def _percent(share: float) -> str:
    return f"{100 * share:.4f}".rstrip("0").rstrip(".")
