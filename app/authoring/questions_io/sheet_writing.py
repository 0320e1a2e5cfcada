"""The Excel template, written: questions as rows, an empty sheet with its help, refused rows with their reasons."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

from app.authoring.questions_io.exchange import MOST_QUESTIONS, LeftOut, Refused, Written
from app.authoring.questions_io.sheet import ESSAY_WORDS, HEADS, KIND_WORDS, LETTERS, OPTION_HEAD, REASON_HEAD
from app.catalogue import questions
from app.catalogue.inline import media_in
from app.catalogue.questions import Question, essay
from app.catalogue.questions.gaps import names_in
from app.catalogue.questions.typed import accepted_of
from app.core.i18n import gettext as _

_FEWEST_COLUMNS = 6
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


def write(asked: Sequence[Question]) -> Written:
    """All questions, a row each."""
    rows, left_out = [], []
    for question in asked:
        values = _values(question)
        if len(values["parts"]) > len(LETTERS):
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
            values["answer"] = "; ".join(LETTERS[place] for place in rights if place < len(LETTERS))
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
            if essay.takes_files(question):
                both = ["text", "file"] if essay.takes_text(question) else ["file"]
                values["kind"] = next(words for words, wanted in ESSAY_WORDS.items() if wanted == both)
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
    heads = HEADS | {place: f"{OPTION_HEAD} {LETTERS[place]}" for place in range(width)} | {"reason": REASON_HEAD}
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    bold = book.add_format({"bold": True, "bg_color": "#E8EEF7", "border": 1, "text_wrap": True, "valign": "vcenter"})
    wrap = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
    page = book.add_worksheet("Câu hỏi")
    page.freeze_panes(1, 2)
    for column, name in enumerate(names):
        page.set_column(column, column, 44 if name in ("text", "explanation", "reason") else 16, wrap)
        page.write_string(0, column, heads[name], bold)
    page.data_validation(1, 0, MOST_QUESTIONS, 0, {"validate": "list", "source": [*KIND_WORDS.values(), *ESSAY_WORDS]})
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
        _(
            "Tự luận: mỗi cột Lựa chọn một tiêu chí, điểm trong ngoặc; cột Đáp án là bài mẫu."
            " Nhận tệp thì chọn loại câu “Tự luận: tệp” hoặc “Tự luận: chữ và tệp”."
        ),
        _("Độ khó: 1 (dễ), 2 (vừa), 3 (khó). Chủ đề: vài chữ, ví dụ ky-so. Điểm để trống là 1."),
    )
    for line, text in enumerate(lines):
        page.write_string(line, 0, text)
    start = len(lines) + 1
    heads = (HEADS["kind"], HEADS["text"], f"{OPTION_HEAD} A, B, C…", HEADS["answer"], HEADS["explanation"])
    for column, head in enumerate(heads):
        page.write_string(start, column, head, bold)
    for line, (kind, text, parts, answer, why) in enumerate(_EXAMPLES, start=start + 1):
        for column, value in enumerate((KIND_WORDS[kind], text, " | ".join(parts), answer, why)):
            page.write_string(line, column, value, wrap)
