"""The Excel template: a row a question, read as people type it (“Đúng”, “A; C”, “1.536”), and written so.

What columns A, B, … mean depends on the kind: options; pairs “trái -> phải”; items in their order; what belongs into
the gaps; criteria “nội dung (2)”. The second sheet of the template says so to people.
"""

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from app.authoring.questions_io.decoding import MOST_BYTES
from app.authoring.questions_io.exchange import (
    MOST_QUESTIONS,
    Collector,
    Found,
    LeftOut,
    Reading,
    Refused,
    Written,
    label,
)
from app.catalogue import questions
from app.catalogue.inline import media_in
from app.catalogue.questions import Question
from app.catalogue.questions.gaps import names_in
from app.catalogue.questions.numeric import read_number
from app.catalogue.questions.typed import accepted_of
from app.core.attachments import XLSX
from app.core.errors import Invalid
from app.core.i18n import gettext as _
from app.core.i18n import lazy
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
_MORE_KIND_WORDS = {"mot dap an": "single", "trac nghiem": "single", "nhieu dap an": "multiple", "ghep noi": "matching"}
HEADS = {
    "kind": "Loại câu", "text": "Câu hỏi", "answer": "Đáp án", "explanation": "Giải thích", "topic": "Chủ đề",
    "difficulty": "Độ khó", "skill": "Kỹ năng", "points": "Điểm", "tolerance": "Sai số", "unit": "Đơn vị",
}  # fmt: skip
REASON_HEAD = "Lý do chưa nhập"
_OPTION_HEAD = "Lựa chọn"
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_FEWEST_COLUMNS = 6
_HEAD_ROWS = 10
_TRUTH = {"dung": True, "d": True, "true": True, "t": True, "co": True, "1": True,
          "sai": False, "s": False, "false": False, "f": False, "khong": False, "0": False}  # fmt: skip
_LEVELS = {"1": 1, "2": 2, "3": 3, "de": 1, "vua": 2, "trung binh": 2, "tb": 2, "kho": 3}
_ARROW = re.compile(r"\s*(?:->|→|=>|⇒|–>)\s*")
_SHARE = re.compile(r"(.*\S)\s*\((\d{1,3}(?:[.,]\d+)?)\s*%\)", re.DOTALL)
_CRITERION = re.compile(r"(.*\S)\s*\((\d{1,3}(?:[.,]\d+)?)\s*(?:đ|điểm)?\)", re.DOTALL)
_EXAMPLES: tuple[tuple[str, str, tuple[str, ...], str, str], ...] = (
    ("single", "Màn hình nào là trang thật của Cổng Dịch vụ công?", ("dichvucong.gov.vn", "dichvucong-gov.com"), "A",
     "Chỉ cơ quan nhà nước dùng đuôi .gov.vn."),
    ("multiple", "Cần xem những gì khi kiểm tra chữ ký số?", ("Tên người ký", "Thời điểm ký", "Màu mực"), "A; B",
     "Tên và thời điểm nằm trong chữ ký số."),
    ("true_false", "Bản quét của văn bản đã ký số vẫn giữ chữ ký số.", (), "Sai", "Quét lại là tạo một tệp mới."),
    ("short_text", "Ứng dụng định danh điện tử của công dân tên là gì?", (), "VNeID; định danh điện tử (50%)",
     "Ứng dụng định danh điện tử quốc gia là VNeID."),
    ("numeric", "Một tệp 1,5 GB nặng bao nhiêu MB?", (), "1536", "1 GB bằng 1.024 MB."),
    ("matching", "Mỗi đuôi tệp là của loại tệp nào?", (".pdf -> Văn bản để in", ".mp4 -> Video", "-> Âm thanh"), "",
     "PDF giữ nguyên trang in, MP4 là video."),
    ("ordering", "Xếp các bước ký số.", ("Mở văn bản", "Chọn chứng thư số", "Nhập mã PIN"), "",
     "Phải mở văn bản trước."),
    ("cloze", "Không đưa mã {{1}} cho ai, kể cả người xưng là {{2}}.", ("OTP", "*cán bộ ngân hàng; người thân"), "",
     "Ngân hàng không bao giờ hỏi mã này."),
    ("drag_words", "Văn bản đến được {{1}}, rồi {{2}}.", ("đăng ký", "chuyển", "hủy"), "",
     "Phải đăng ký trước khi chuyển."),
    ("essay", "Anh/chị hướng dẫn người dân nhận tin nhắn lạ thế nào?", ("Nêu dấu hiệu lừa đảo (2)", "Chỉ nơi báo (3)"),
     "Không bấm đường liên kết; báo công an xã.", "Bài tốt nêu dấu hiệu trước."),
)  # fmt: skip


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


def write(asked: Sequence[Question]) -> Written:
    """All questions, a row each."""
    rows, left_out = [], []
    for question in asked:
        values = _values(question)
        if len(values["parts"]) > len(_LETTERS):
            left_out.append(LeftOut(question["id"], _("Nhiều hơn 26 lựa chọn.")))
            continue
        rows.append(values)
        left_out += [LeftOut(question["id"], reason) for reason in _losses(question)]
    return Written(_workbook(rows), len(rows), tuple(left_out))


def template() -> bytes:
    """An empty sheet with its heads, and one that says how to fill it, with an example of each kind."""
    return _workbook([], with_help=True)


def result(refused: Sequence[Refused]) -> bytes:
    """The rows that were not taken in, each with the reason: to be put right and uploaded as it is."""
    return _workbook([{**dict(one.cells), "reason": one.reason} for one in refused], reasons=True)


def _rows(content: bytes) -> Any:
    if len(content) > MOST_BYTES:
        raise Invalid(lazy("Tệp quá lớn: nhiều nhất %(size)s MB."), size=MOST_BYTES // 1024 // 1024)
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
    return {"rubric": rubric} | ({"sample": answer} if answer else {})


def _letters(answer: str, parts: Sequence[str]) -> set[int]:
    """Places of the options named: “A”, “A; C”, “a,c”, “AC”, or an option's own text."""
    whole = {place for place, part in enumerate(parts) if part and fold(part) == fold(answer)}
    said = re.split(r"[\s;,/.)]+|\bvà\b", answer.strip().upper())
    letters = [one for one in said if one and one != "VÀ"]
    if len(letters) == 1 and len(letters[0]) > 1:
        letters = list(letters[0])
    places = {_LETTERS.find(one) for one in letters if len(one) == 1}
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


def _values(question: Question) -> dict[str, Any]:
    """The cells of a question by column; `parts` are those of the letters."""
    kind = question["kind"]
    values: dict[str, Any] = {"kind": KIND_WORDS[kind], "text": question["text"], "parts": [], "answer": ""}
    values |= {
        name: question[name] for name in ("explanation", "topic", "difficulty", "skill", "points") if name in question
    }
    match kind:
        case "single" | "multiple":
            values["parts"] = [one["text"] for one in question["options"]]
            rights = [place for place, one in enumerate(question["options"]) if one.get("right")]
            values["answer"] = "; ".join(_LETTERS[place] for place in rights if place < len(_LETTERS))
        case "true_false":
            values["answer"] = "Đúng" if question["answer"] else "Sai"
        case "short_text":
            values["answer"] = _joined(question["accepted"])
        case "numeric":
            others = question.get("units", {}).items()
            units = [f"{name} = {f'{size:.10f}'.rstrip('0').rstrip('.').replace('.', ',')}" for name, size in others]
            values |= {"answer": question["answer"], "tolerance": question.get("tolerance", "")}
            values["unit"] = "; ".join([question["unit"], *units]) if question.get("unit") else ""
        case "matching":
            pairs = [f"{pair['left']} -> {pair['right']}" for pair in question["pairs"]]
            values["parts"] = pairs + [f"-> {one}" for one in question.get("distractors", [])]
        case "ordering":
            values["parts"] = list(question["items"])
        case "cloze":
            values["parts"] = [_gap_text(question["gaps"][name]) for name in names_in(question["text"])]
        case "drag_words":
            words = [question["words"][name] for name in names_in(question["text"])]
            values["parts"] = words + question.get("distractors", [])
        case "essay":
            values["parts"] = [f"{line['criterion']} ({line['points']:g})" for line in question["rubric"]]
            values["answer"] = question.get("sample", "")
    return values


def _joined(accepted: Sequence[Any]) -> str:
    return "; ".join(
        text.replace(";", "\\;") + ("" if share == 1 else f" ({100 * share:g}%)")
        for text, share in accepted_of(accepted)
    )


def _gap_text(gap: Mapping[str, Any]) -> str:
    if "options" not in gap:
        return _joined(gap["accepted"])
    return "; ".join(("*" if one == gap["right"] else "") + one.replace(";", "\\;") for one in gap["options"])


def _losses(question: Question) -> list[str]:
    lost = []
    if any(media_in(text) for text in questions.texts_of(question)):
        lost.append(_("Hình và âm thanh không đi cùng bảng tính; tên tệp còn trong chữ."))
    if any(one.get("feedback") for one in question.get("options", ())):
        lost.append(_("Không ghi lời riêng cho từng lựa chọn."))
    if question.get("exact_marks") or "max_length" in question:
        lost.append(_("Không ghi “phải đúng dấu” và độ dài tối đa."))
    if any(line.get("levels") for line in question.get("rubric", ())) or question.keys() & {"min_words", "max_words"}:
        lost.append(_("Không ghi các mức của tiêu chí chấm và giới hạn số chữ."))
    if any(gap.get("exact_marks") for gap in question.get("gaps", {}).values()):
        lost.append(_("Không ghi “phải đúng dấu” của chỗ trống."))
    return lost


def _workbook(rows: Sequence[Mapping[str, Any]], *, with_help: bool = False, reasons: bool = False) -> bytes:
    # Loaded with the first workbook, as in core/tables.py.
    import xlsxwriter

    width = max([_FEWEST_COLUMNS, *(len(row.get("parts", ())) for row in rows)])
    names = ["kind", "text", *range(width), *list(HEADS)[2:], *(["reason"] if reasons else [])]
    heads = HEADS | {place: f"{_OPTION_HEAD} {_LETTERS[place]}" for place in range(width)} | {"reason": REASON_HEAD}
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    bold = book.add_format({"bold": True, "bg_color": "#E8EEF7", "border": 1, "text_wrap": True, "valign": "vcenter"})
    wrap = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
    page = book.add_worksheet("Câu hỏi")
    page.freeze_panes(1, 2)
    for column, name in enumerate(names):
        page.set_column(column, column, 44 if name in ("text", "explanation", "reason") else 16, wrap)
        page.write_string(0, column, heads[name], bold)
    page.data_validation(1, 0, MOST_QUESTIONS, 0, {"validate": "list", "source": list(KIND_WORDS.values())})
    for line, row in enumerate(rows, start=1):
        parts = row.get("parts", ())
        for column, name in enumerate(names):
            value = (parts[name] if name < len(parts) else "") if isinstance(name, int) else row.get(name, "")
            if isinstance(value, int | float) and not isinstance(value, bool):
                page.write_number(line, column, value)
            elif value != "":
                page.write_string(line, column, str(value)[:32_000], wrap)
    if with_help:
        _add_help(book, bold, wrap)
    book.close()
    return out.getvalue()


def _add_help(book: Any, bold: Any, wrap: Any) -> None:
    page = book.add_worksheet("Hướng dẫn")
    page.set_column(0, 0, 18)
    page.set_column(1, 4, 44)
    lines = (
        _("Mỗi dòng một câu, ở trang “Câu hỏi”. Bắt buộc: Câu hỏi, Đáp án (hoặc các cột Lựa chọn), nên có Giải thích."),
        _("Chọn một, chọn nhiều: ghi chữ cái của ý đúng ở cột Đáp án, ví dụ B hoặc A; C."),
        _(
            "Đúng/Sai: ghi Đúng hoặc Sai. Trả lời ngắn: các cách viết cách nhau bằng dấu chấm phẩy, "
            "được nửa điểm ghi (50%)."
        ),
        _("Điền số: cột Sai số ghi 0,5 hoặc 5%; cột Đơn vị ghi MB, hoặc MB; GB = 1024."),
        _("Ghép cặp: mỗi cột Lựa chọn một cặp, viết: vế trái -> vế phải; vế phải thừa viết: -> vế phải."),
        _("Xếp thứ tự: các cột Lựa chọn theo thứ tự đúng."),
        _(
            "Điền chỗ trống, kéo từ: trong câu viết {{1}}, {{2}}; cột A là chỗ thứ nhất, B thứ hai."
            " Ô chọn: đánh dấu * trước ý đúng."
        ),
        _("Tự luận: mỗi cột Lựa chọn một tiêu chí, điểm trong ngoặc; cột Đáp án là bài mẫu."),
        _("Độ khó: 1 (dễ), 2 (vừa), 3 (khó). Chủ đề: vài chữ, ví dụ ky-so. Điểm để trống là 1."),
    )
    for line, text in enumerate(lines):
        page.write_string(line, 0, text)
    start = len(lines) + 1
    heads = (HEADS["kind"], HEADS["text"], f"{_OPTION_HEAD} A, B, C…", HEADS["answer"], HEADS["explanation"])
    for column, head in enumerate(heads):
        page.write_string(start, column, head, bold)
    for line, (kind, text, parts, answer, why) in enumerate(_EXAMPLES, start=start + 1):
        for column, value in enumerate((KIND_WORDS[kind], text, " | ".join(parts), answer, why)):
            page.write_string(line, column, value, wrap)
