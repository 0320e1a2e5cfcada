"""The Excel template: a row a question, read as people type it (“Đúng”, “A; C”, “1.536”); sheet_writing.py writes so.

What columns A, B, … mean depends on the kind: options; pairs “trái -> phải”; items in their order; what belongs into
the gaps; criteria “nội dung (2)”. The second sheet of the template says so to people.
"""

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from app.authoring.questions_io.decoding import MOST_BYTES
from app.authoring.questions_io.exchange import (
    MOST_QUESTIONS,
    Collector,
    Found,
    Reading,
    label,
)
from app.catalogue import questions
from app.catalogue.questions.gaps import names_in
from app.catalogue.questions.numeric import read_number
from app.core.attachments import XLSX
from app.core.errors import Invalid
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.core.table_bombs import refuse_bombs
from app.core.tables import Cell, cell_text
from app.core.text import fold, several_lines

ENDING = ".xlsx"
CONTENT_TYPE = XLSX
# The words of the template; a reader takes them with or without marks, in any case.
KIND_WORDS = {
    "single": "Chọn một", "multiple": "Chọn nhiều", "true_false": "Đúng/Sai", "short_text": "Trả lời ngắn",
    "numeric": "Điền số", "matching": "Ghép cặp", "ordering": "Xếp thứ tự", "cloze": "Điền chỗ trống",
    "drag_words": "Kéo từ", "essay": "Tự luận",
}  # fmt: skip
# Of essays that want files, what an answer may be; those without want a text.
ESSAY_WORDS = {"Tự luận: tệp": ["file"], "Tự luận: chữ và tệp": ["text", "file"]}
_MORE_KIND_WORDS = {"mot dap an": "single", "trac nghiem": "single", "nhieu dap an": "multiple", "ghep noi": "matching"}
HEADS = {
    "kind": "Loại câu", "text": "Câu hỏi", "answer": "Đáp án", "explanation": "Giải thích", "topic": "Chủ đề",
    "difficulty": "Độ khó", "skill": "Kỹ năng", "points": "Điểm", "tolerance": "Sai số", "unit": "Đơn vị",
}  # fmt: skip
REASON_HEAD = "Lý do chưa nhập"
OPTION_HEAD = "Lựa chọn"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_HEAD_ROWS = 10
_TRUTH = {"dung": True, "d": True, "true": True, "t": True, "co": True, "1": True,
          "sai": False, "s": False, "false": False, "f": False, "khong": False, "0": False}  # fmt: skip
_LEVELS = {"1": 1, "2": 2, "3": 3, "de": 1, "vua": 2, "trung binh": 2, "tb": 2, "kho": 3}
_ARROW = re.compile(r"\s*(?:->|→|=>|⇒|–>)\s*")
_SHARE = re.compile(r"(.*\S)\s*\((\d{1,3}(?:[.,]\d+)?)\s*%\)", re.DOTALL)
_CRITERION = re.compile(r"(.*\S)\s*\((\d{1,3}(?:[.,]\d+)?)\s*(?:đ|điểm)?\)", re.DOTALL)


def read(content: bytes) -> Reading:
    """The questions of the first sheet; rows that do not fit are refused with their cells. Raises Invalid for any other
    file, and for a sheet without the columns of the template."""
    collector = Collector()
    columns: dict[str, int] = {}
    options: list[int] = []
    for number, row in enumerate(_rows(content), start=1):
        if not columns:
            columns, options = _columns(row)
            if not columns and number >= _HEAD_ROWS:
                break
            continue
        if number > MOST_QUESTIONS + _HEAD_ROWS:
            collector.refuse(number, "", _("Một tệp có nhiều nhất %(most)s câu.", most=MOST_QUESTIONS))
            break
        cells = {name: row[place] if place < len(row) else None for name, place in columns.items()}
        parts = [_lines(row[place]) if place < len(row) else "" for place in options]
        if not any(_lines(cell) for cell in cells.values()) and not any(parts):
            continue
        _take(collector, number, cells, parts)
    if not columns:
        raise Invalid(lazy("Không thấy dòng tiêu đề với các cột “Câu hỏi”, “Đáp án”. Hãy dùng tệp mẫu."))
    return collector.reading


def _rows(content: bytes) -> Any:
    if len(content) > MOST_BYTES:
        raise Invalid(lazy("Tệp quá lớn: nhiều nhất %(size)s MB."), size=MOST_BYTES // 1024 // 1024)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "questions.xlsx"
        path.write_bytes(content)
        refuse_bombs(path)
    try:
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0)
        yield from sheet.to_python(skip_empty_area=False, nrows=MOST_QUESTIONS + 2 * _HEAD_ROWS)
    except (CalamineError, IndexError, OSError, ValueError) as error:
        raise Invalid(lazy("Tệp này không phải bảng tính Excel (.xlsx) đọc được.")) from error


def _columns(row: Sequence[Cell]) -> tuple[dict[str, int], list[int]]:
    """Where the columns stand, and those of the options in the order of their letters; empty if this is no head."""
    known = {fold(head): name for name, head in HEADS.items()}
    columns: dict[str, int] = {}
    options: dict[str, int] = {}
    for place, cell in enumerate(row):
        head = fold(cell_text(cell)).strip(" *:")
        if name := known.get(head):
            columns.setdefault(name, place)
        elif found := re.fullmatch(r"(?:lua chon|phuong an|y)?\s*([a-z])", head):
            options.setdefault(found[1], place)
    if not {"text", "answer"} <= columns.keys():
        return {}, []
    return columns, [options[letter] for letter in sorted(options)]


def _take(collector: Collector, number: int, cells: Mapping[str, Cell], parts: list[str]) -> None:
    before = len(collector.refused)
    while parts and not parts[-1]:
        parts.pop()
    text = _lines(cells.get("text"))
    try:
        collector.keep(Found(number, _question(cells, text, parts)))
    except _Unreadable as error:
        collector.refuse(number, text, str(error))
    kept = {"parts": parts} | {name: _lines(cell) for name, cell in cells.items()}
    collector.refused[before:] = [replace(one, cells=kept) for one in collector.refused[before:]]


class _Unreadable(Exception):
    """A sentence for the author."""


def _question(cells: Mapping[str, Cell], text: str, parts: list[str]) -> dict[str, Any]:
    answer = cells.get("answer")
    kind = _kind(_lines(cells.get("kind")), _lines(answer), parts)
    question: dict[str, Any] = {"kind": kind, "text": text}
    if why := _lines(cells.get("explanation")):
        question["explanation"] = why
    if (points := cells.get("points")) not in (None, ""):
        question["points"] = _number(points, HEADS["points"])
    for name in ("topic", "skill"):
        if said := label(_lines(cells.get(name))):
            question[name] = said
    if level := fold(_lines(cells.get("difficulty"))):
        if level not in _LEVELS:
            raise _Unreadable(_("Độ khó “%(text)s” phải là 1, 2, 3 hoặc dễ, vừa, khó.", text=level))
        question["difficulty"] = _LEVELS[level]
    return question | _own(kind, cells, _lines(answer), parts, text)


def _kind(said: str, answer: str, parts: Sequence[str]) -> str:
    """The kind that is named; guessed from what is filled in where none is."""
    word = _bare(said)
    known = {_bare(name): kind for kind, name in KIND_WORDS.items()} | _MORE_KIND_WORDS
    known |= dict.fromkeys(map(_bare, ESSAY_WORDS), "essay")
    if word:
        if word not in known and said not in questions.KINDS:
            names = ", ".join(KIND_WORDS.values())
            raise _Unreadable(_("Loại câu “%(text)s” không có; dùng một trong: %(kinds)s.", text=said, kinds=names))
        return known.get(word, said)
    if parts:
        return "multiple" if len(_letters(answer, parts)) > 1 else "single"
    return "true_false" if fold(answer) in ("dung", "sai") else "short_text"


def _own(kind: str, cells: Mapping[str, Cell], answer: str, parts: list[str], text: str) -> dict[str, Any]:
    filled = [part for part in parts if part]
    match kind:
        case "single" | "multiple":
            rights = _letters(answer, parts)
            if not rights:
                raise _Unreadable(_("Đáp án “%(text)s” không phải là chữ cái của lựa chọn nào.", text=answer))
            places = [(place, part) for place, part in enumerate(parts) if part]
            return {
                "options": [{"text": part} | ({"right": True} if place in rights else {}) for place, part in places]
            }
        case "true_false":
            if fold(answer) not in _TRUTH:
                raise _Unreadable(_("Đáp án “%(text)s” phải là Đúng hoặc Sai.", text=answer))
            return {"answer": _TRUTH[fold(answer)]}
        case "short_text":
            return {"accepted": [_accepted(one) for one in _split(answer)]}
        case "numeric":
            return _numeric(cells)
        case "matching":
            sides = [_ARROW.split(part, maxsplit=1) for part in filled]
            if any(len(pair) != 2 for pair in sides):
                raise _Unreadable(_("Mỗi cặp viết: vế trái -> vế phải."))
            extra = [right for left, right in sides if not left]
            pairs = [{"left": left, "right": right} for left, right in sides if left]
            return {"pairs": pairs} | ({"distractors": extra} if extra else {})
        case "ordering":
            return {"items": filled}
        case "cloze":
            return {"gaps": {name: _gap(part) for name, part in zip(names_in(text), parts, strict=False)}}
        case "drag_words":
            names = names_in(text)
            extra = filled[len(names) :]
            words = dict(zip(names, filled, strict=False))
            return {"words": words} | ({"distractors": extra} if extra else {})
    rubric = [_criterion(part) for part in filled]
    said = _bare(_lines(cells.get("kind")))
    accept = next((wanted for words, wanted in ESSAY_WORDS.items() if _bare(words) == said), None)
    return {"rubric": rubric} | ({"sample": answer} if answer else {}) | ({"accept": accept} if accept else {})


def _letters(answer: str, parts: Sequence[str]) -> set[int]:
    """Places of the options named: “A”, “A; C”, “a,c”, “AC”, or an option's own text."""
    whole = {place for place, part in enumerate(parts) if part and fold(part) == fold(answer)}
    said = re.split(r"[\s;,/.)]+|\bvà\b", answer.strip().upper())
    letters = [one for one in said if one and one != "VÀ"]
    if len(letters) == 1 and len(letters[0]) > 1:
        letters = list(letters[0])
    places = {LETTERS.find(one) for one in letters if len(one) == 1}
    fits = all(len(one) == 1 for one in letters) and all(0 <= one < len(parts) and parts[one] for one in places)
    return places if letters and fits else whole


def _split(text: str) -> list[str]:
    r"""What semicolons or line breaks part; `\;` is a semicolon."""
    pieces = re.split(r"(?<!\\);|\n", text)
    return [one.replace("\\;", ";").strip() for one in pieces if one.strip()]


def _accepted(text: str) -> str | dict[str, Any]:
    found = _SHARE.fullmatch(text)
    return {"text": found[1], "credit": float(found[2].replace(",", ".")) / 100} if found else text


def _gap(part: str) -> dict[str, Any]:
    pieces = _split(part)
    right = next((one for one in pieces if one.startswith("*")), None)
    if right is None:
        return {"accepted": [_accepted(one) for one in pieces]}
    return {"options": [one.removeprefix("*").strip() for one in pieces], "right": right[1:].strip()}


def _criterion(part: str) -> dict[str, Any]:
    found = _CRITERION.fullmatch(part)
    return (
        {"criterion": found[1], "points": float(found[2].replace(",", "."))}
        if found
        else {"criterion": part, "points": 1}
    )


def _numeric(cells: Mapping[str, Cell]) -> dict[str, Any]:
    found: dict[str, Any] = {"answer": _number(cells.get("answer"), HEADS["answer"])}
    slack = cells.get("tolerance")
    if isinstance(slack, str) and slack.strip().endswith("%"):
        found["tolerance"] = f"{_number(slack.strip().rstrip('% '), HEADS['tolerance'])}%"
    elif slack not in (None, ""):
        found["tolerance"] = _number(slack, HEADS["tolerance"])
    names = _split(_lines(cells.get("unit")))
    if names:
        found["unit"] = names[0]
        others = [one.partition("=") for one in names[1:]]
        found |= (
            {"units": {name.strip(): _number(size, HEADS["unit"]) for name, _sign, size in others}} if others else {}
        )
    return found


def _number(cell: Cell, head: str) -> float:
    """A number Excel knows as one, or one typed the Vietnamese way."""
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        number = float(cell)
    else:
        read = read_number(_lines(cell))
        if read is None:
            raise _Unreadable(_("%(head)s: “%(text)s” không phải là một con số.", head=head, text=_lines(cell)[:40]))
        number = float(read)
    return int(number) if number.is_integer() else number


def _lines(cell: Cell) -> str:
    return several_lines(cell_text(cell)).strip()


def _bare(text: str) -> str:
    return " ".join(re.findall(r"[a-z]+", fold(text)))
