# ruff: noqa: E501 - files and tables of cases are read better unbroken
"""Question files: what goes out comes back, what people really send is read, and nothing makes a trace."""

import io
from typing import Any

import openpyxl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.authoring.questions_io import FORMATS, read, sheet, sheet_writing, write
from app.catalogue import questions
from app.core.errors import Invalid
from tests.catalogue.samples import SAMPLES

# What a format keeps of a sample; `None` for a kind it has no place for. Where it says less, what is left.
_KEPT: dict[str, dict[str, Any]] = {
    "gift": {"ordering": None, "cloze": None, "drag_words": None, "numeric": {"unit": None, "units": None, "tolerance": 15.36},
             "essay": {"rubric": [{"criterion": "Nội dung bài làm", "points": 1}], "accept": None, "min_words": None,
                       "max_words": None, "sample": None}},
    "moodle-xml": {"numeric": {"tolerance": 15.36},
                   "essay": {"rubric": [{"criterion": "Nội dung bài làm", "points": 1}], "accept": None,
                             "min_words": None, "max_words": None, "sample": ...}},
    "aiken": {kind: None for kind in SAMPLES if kind not in ("single", "true_false")},
    "xlsx": {"single": {"options": ...},
             "essay": {"rubric": [{"criterion": "Nêu được dấu hiệu lừa đảo", "points": 2},
                                  {"criterion": "Chỉ được việc cần làm và nơi báo", "points": 3}],
                       "accept": None, "min_words": None, "max_words": None}},
}  # fmt: skip


@pytest.mark.parametrize("kind", SAMPLES)
@pytest.mark.parametrize("name", FORMATS)
def test_what_goes_out_comes_back(name: str, kind: str) -> None:
    sample = SAMPLES[kind] | {"topic": "ky-so", "difficulty": 2, "skill": "1.2"}
    written = write(name, [sample])
    changed = _KEPT[name].get(kind, {})
    if changed is None:
        assert written.written_count == 0
        assert [one.id for one in written.left_out] == [sample["id"]]
        return
    (found,) = read(name, written.content).found
    expected = {field: value for field, value in sample.items() if field != "id"} | changed
    expected = {field: value for field, value in expected.items() if value is not None}
    if name == "aiken":
        keys = ("kind", "text", "options", "answer")
        expected = {field: value for field, value in expected.items() if field in keys}
        expected["text"] = found.question["text"]
        found.question.pop("explanation")
        expected.pop("options", None)
        found.question.pop("options", None)
    for field, value in expected.items():
        if value is ...:
            expected[field] = found.question.get(field)
    expected["text"] = str(expected["text"]).strip()
    assert found.question == expected
    if changed:
        assert written.left_out, "what was lost is named"


def test_an_option_list_keeps_its_right_ones_and_feedback_through_gift_and_moodle() -> None:
    for name in ("gift", "moodle-xml"):
        (found,) = read(name, write(name, [SAMPLES["single"]]).content).found
        assert found.question["options"] == SAMPLES["single"]["options"]


# --- GIFT -------------------------------------------------------------------------------------------------------------

_GIFT = {
    "::Q1:: 1+1\\=2? {T}": ("true_false", {"text": "1+1=2?", "answer": True}),
    "Ai? {=A ~B ~C}": ("single", {"options": [{"text": "A", "right": True}, {"text": "B"}, {"text": "C"}]}),
    "Ai? {~%50%A ~%50%B ~%-100%C}": (
        "multiple", {"options": [{"text": "A", "right": True}, {"text": "B", "right": True}, {"text": "C"}]}),
    "Ai? {~%33.33333%A ~%33.33333%B ~%33.33333%C ~%-100%D#sai rồi}": (
        "multiple", {"options": [{"text": "A", "right": True}, {"text": "B", "right": True}, {"text": "C", "right": True},
                                 {"text": "D", "feedback": "sai rồi"}]}),
    "Hai cộng hai {=bốn =4}": ("short_text", {"accepted": ["bốn", "4"]}),
    "Năm? {#1975:2}": ("numeric", {"answer": 1975, "tolerance": 2}),
    "Pi? {#3.141..3.142}": ("numeric", {"answer": 3.1415, "tolerance": 0.0005}),
    "Năm? {#=1822:0 =%50%1822:2}": ("numeric", {"answer": 1822}),
    "Ghép {=a -> 1 =b -> 2 = -> 3}": (
        "matching", {"pairs": [{"left": "a", "right": "1"}, {"left": "b", "right": "2"}], "distractors": ["3"]}),
    "Viết bài. {}": ("essay", {}),
    "Hà {=Nội ~Nam} là thủ đô.": ("single", {"text": "Hà \\_\\_\\_\\_\\_ là thủ đô."}),
    "[html]<p>Ai <b>đúng</b>?</p> {T####[html]<i>Vì thế</i>}": (
        "true_false", {"text": "Ai **đúng**?", "explanation": "*Vì thế*"}),
    "Dấu\\: \\{ \\} \\~ \\= \\# \\\\ {F}": ("true_false", {"text": "Dấu: { } ~ = # \\\\"}),
}  # fmt: skip


@pytest.mark.parametrize("text", _GIFT)
def test_gift_as_its_description_has_it(text: str) -> None:
    kind, fields = _GIFT[text]
    reading = read("gift", text.encode())
    assert not reading.refused
    (found,) = reading.found
    assert found.question["kind"] == kind
    assert {name: found.question[name] for name in fields} == fields


@pytest.mark.parametrize("accept", [["file"], ["text", "file"]], ids="+".join)
@pytest.mark.parametrize("name", ["moodle-xml", "xlsx", "gift"])
def test_an_essay_that_wants_files_says_so_or_is_told_as_lost(name: str, accept: list[str]) -> None:
    written = write(name, [SAMPLES["essay"] | {"accept": accept}])
    (found,) = read(name, written.content).found
    if name == "gift":
        assert "accept" not in found.question
        assert any("tệp" in one.reason for one in written.left_out)
    else:
        assert found.question["accept"] == accept


def test_gift_takes_categories_comments_and_windows_line_ends() -> None:
    text = "\ufeff// một tệp thật\r\n$CATEGORY: $course$/An toàn thông tin\r\n\r\n::a::Câu một {T}\r\n\r\n\r\nCâu hai\r\n{\r\n=đúng\r\n~sai\r\n}\r\n"
    found = read("gift", text.encode()).found
    assert [(one.place, one.question["topic"]) for one in found] == [(4, "an-toan-thong-tin"), (7, "an-toan-thong-tin")]


def test_a_file_of_old_windows_is_read_with_its_marks() -> None:
    # Windows-1258 has the vowels whole and the tones apart: ê 0xEA, sắc 0xEC, nặng 0xF2.
    (found,) = read("gift", b"Ti\xea\xecng Vi\xea\xf2t {T}").found
    assert found.question["text"] == "Tiếng Việt"
    assert "Windows-1258" in found.notes[0]


def test_what_gift_cannot_give_is_refused_by_line() -> None:
    refused = read("gift", "Chỉ là mô tả\n\nThiếu ngoặc {=a ~b\n\nKhông đáp án {~a ~b}\n".encode()).refused
    assert [one.place for one in refused] == [1, 3, 5]
    assert all(one.reason for one in refused)


# --- Aiken ------------------------------------------------------------------------------------------------------------


def test_aiken_with_brackets_bom_and_a_translated_answer() -> None:
    text = "\ufeffCâu một?\r\nA) thứ nhất\r\nB) thứ hai\r\nANSWER: A\r\n\r\nHà Nội là thủ đô.\r\nA. Đúng\r\nB. Sai\r\nĐÁP ÁN: B\r\n\r\nHỏng\r\nA. một\r\nANSWER: C\r\n"
    reading = read("aiken", text.encode())
    assert [one.question["kind"] for one in reading.found] == ["single", "true_false"]
    assert reading.found[1].question["answer"] is False
    assert [(one.place, one.text) for one in reading.refused] == [(11, "Hỏng")]


# --- Moodle XML -------------------------------------------------------------------------------------------------------


def moodle(*inner: str) -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8"?><quiz>{"".join(inner)}</quiz>'.encode()


PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def test_moodle_html_becomes_our_text_and_its_pictures_files() -> None:
    (found,) = read("moodle-xml", moodle(
        '<question type="category"><category><text>$course$/top/Ký số</text></category></question>',
        '<question type="multichoice"><questiontext format="html"><text><![CDATA[<p>Trong <b>hình</b>&nbsp;là gì?<br>'
        '<img src="@@PLUGINFILE@@/anh%201.png" alt="Con dấu"><script>alert(1)</script></p>]]></text>'
        f'<file name="anh 1.png" encoding="base64">{PNG}</file></questiontext><single>true</single>'
        '<answer fraction="100" format="html"><text>Dấu *đỏ*</text></answer>'
        '<answer fraction="0"><text>&lt;p&gt;Bút&lt;/p&gt;</text></answer></question>',
    )).found  # fmt: skip
    assert found.question["text"] == "Trong **hình** là gì?\n![Con dấu](anh-1.png)"
    assert found.pictures.keys() == {"anh-1.png"}
    assert found.question["options"] == [{"text": "Dấu \\*đỏ\\*", "right": True}, {"text": "Bút"}]
    assert found.question["topic"] == "ky-so"


@pytest.mark.parametrize(
    "content",
    [
        b'<?xml version="1.0"?><!DOCTYPE quiz [<!ENTITY a SYSTEM "file:///etc/passwd">]><quiz><question type="essay"/></quiz>',
        b'<!DOCTYPE quiz [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><quiz>&b;</quiz>',
        b"<html></html>", b"", b"khong phai xml", b"<quiz>", b"\xff\xfe<",
    ],
)  # fmt: skip
def test_what_is_no_question_file_or_a_trap_is_refused(content: bytes) -> None:
    with pytest.raises(Invalid):
        read("moodle-xml", content)


def test_kinds_moodle_has_and_we_do_not_are_named() -> None:
    reading = read(
        "moodle-xml", moodle('<question type="calculated"><questiontext><text>1+{x}</text></questiontext></question>')
    )
    assert "calculated" in reading.refused[0].reason


def test_moodle_cloze_and_gap_selection_are_read() -> None:
    cloze = '<question type="cloze"><questiontext format="html"><text>Thủ đô: {1:SHORTANSWER:=Hà Nội~%50%Thăng Long#cũ}, {1:MC:=đúng~sai}.</text></questiontext></question>'
    gaps = '<question type="gapselect"><questiontext><text>Ký [[2]] rồi [[1]]</text></questiontext><selectoption><text>gửi</text></selectoption><selectoption><text>số</text></selectoption><selectoption><text>bỏ</text></selectoption></question>'
    first, second = (one.question for one in read("moodle-xml", moodle(cloze, gaps)).found)
    assert first["text"] == "Thủ đô: {{1}}, {{2}}."
    assert first["gaps"] == {
        "1": {"accepted": ["Hà Nội", {"text": "Thăng Long", "credit": 0.5}]},
        "2": {"options": ["đúng", "sai"], "right": "đúng"},
    }
    assert (second["text"], second["words"]) == ("Ký {{1}} rồi {{2}}", {"1": "số", "2": "gửi"})
    assert second["distractors"] == ["bỏ"]


# --- the sheet --------------------------------------------------------------------------------------------------------


def typed(*rows: tuple[Any, ...]) -> bytes:
    book = openpyxl.Workbook()
    page = book.active
    page.append(
        ["Loại câu", "Câu hỏi", "Lựa chọn A", "Lựa chọn B", "Lựa chọn C", "Đáp án", "Giải thích", "Độ khó", "Sai số"]
    )
    for row in rows:
        page.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("row", "fields"),
    [
        (("", "Ai?", "x", "y", "z", "b"), {"kind": "single", "options": [{"text": "x"}, {"text": "y", "right": True}, {"text": "z"}]}),
        (("Chọn nhiều", "Ai?", "x", "y", "z", "A;C"), {"kind": "multiple"}),
        (("", "Ai?", "x", "y", "z", "a, b và c"), {"kind": "multiple"}),
        (("chon nhieu", "Ai?", "x", "y", "z", "AC"), {"kind": "multiple"}),
        (("Chọn một", "Ai?", "x", "y", "z", "y"), {"kind": "single"}),
        (("", "Đúng không?", None, None, None, "ĐÚNG"), {"kind": "true_false", "answer": True}),
        (("Đúng/Sai", "Đúng không?", None, None, None, False), {"kind": "true_false", "answer": False}),
        (("Điền số", "Bao nhiêu?", None, None, None, 1.234, "", "khó", "5%"), {"answer": 1.234, "tolerance": "5%", "difficulty": 3}),
        (("Điền số", "Bao nhiêu?", None, None, None, "1.234", "", 1.0, 0.5), {"answer": 1234, "tolerance": 0.5, "difficulty": 1}),
        (("Trả lời ngắn", "Tên?", None, None, None, "VNeID; VN eID (50%)"), {"accepted": ["VNeID", {"text": "VN eID", "credit": 0.5}]}),
        (("Ghép cặp", "Nối", "a -> 1", "b → 2", "-> 3", None), {"pairs": [{"left": "a", "right": "1"}, {"left": "b", "right": "2"}], "distractors": ["3"]}),
    ],
)  # fmt: skip
def test_the_sheet_reads_what_people_type(row: tuple[Any, ...], fields: dict[str, Any]) -> None:
    reading = read("xlsx", typed(row))
    assert not reading.refused, reading.refused
    assert {name: reading.found[0].question[name] for name in fields} == fields
    assert reading.found[0].place == 2


def test_a_wrong_row_comes_back_with_its_reason_and_the_others_are_taken() -> None:
    reading = read(
        "xlsx", typed(("", "Ai?", "x", "y", "", "D"), ("", "Ai?", "x", "y", "", "A"), ("Lạ", "Gì?", "", "", "", "1"))
    )
    assert len(reading.found) == 1
    page = openpyxl.load_workbook(io.BytesIO(sheet_writing.result(reading.refused))).active
    lines = [[cell.value for cell in line] for line in page.iter_rows()]
    assert (lines[0][-1], len(lines)) == (sheet.REASON_HEAD, 3)
    assert (lines[1][1], lines[1][2], lines[1][-1]) == (
        "Ai?",
        "x",
        "Đáp án “D” không phải là chữ cái của lựa chọn nào.",
    )
    assert [one.place for one in read("xlsx", sheet_writing.result(reading.refused)).refused] == [2, 3], (
        "it can be sent in again"
    )


def test_the_template_is_empty_and_its_examples_are_right() -> None:
    assert read("xlsx", sheet_writing.template()).found == ()
    for kind, text, parts, answer, why in sheet_writing._EXAMPLES:
        question = sheet._question(
            {"kind": sheet.KIND_WORDS[kind], "answer": answer, "explanation": why}, text, list(parts)
        )
        assert question["kind"] == kind
        assert questions.validate({"id": "x", **question}) == []


# --- anything at all --------------------------------------------------------------------------------------------------

_PIECES = st.text(alphabet="abĐộ{}=~#%:[]\\->\n $/.;*()'\"<&1250ANSWER", max_size=120)


@pytest.mark.parametrize("name", FORMATS)
@given(content=st.one_of(st.binary(max_size=200), _PIECES.map(str.encode)))
def test_any_bytes_are_read_or_refused_in_words(name: str, content: bytes) -> None:
    try:
        reading = read(name, content)
    except Invalid as error:
        assert error.message  # noqa: PT017 - either way is right
        return
    for one in reading.found:
        assert questions.validate({"id": "x", **one.question}) == []
    assert all(one.reason for one in reading.refused)


@given(text=_PIECES)
def test_any_text_in_moodle_is_read_or_refused_in_words(text: str) -> None:
    from html import escape

    kinds = ("multichoice", "cloze", "ddwtos", "numerical", "matching", "shortanswer", "essay", "ordering", "truefalse")
    inner = f"<questiontext><text>{escape(text)}</text></questiontext><answer fraction='100'><text>{escape(text)}</text></answer>"
    content = moodle(*[f'<question type="{kind}">{inner}</question>' for kind in kinds])
    for one in read("moodle-xml", content).found:
        assert questions.validate({"id": "x", **one.question}) == []


_WORDS = st.text(alphabet="aĐộ *_`\\{}=~#%:[]!()<>&.;|\"'", min_size=1, max_size=30).filter(lambda text: text.strip())


@settings(max_examples=60)
@pytest.mark.parametrize("name", FORMATS)
@example(asked="\\", right="\\\\:", wrong=":")
@example(asked=":", right="<a>", wrong=":")
@example(asked=":", right="`:``:`", wrong=":")
@given(asked=_WORDS, right=_WORDS, wrong=_WORDS)
def test_signs_of_the_format_in_a_text_do_no_harm(name: str, asked: str, right: str, wrong: str) -> None:
    """Whatever an author writes, the file holds one question with its right option where it was."""
    from app.authoring.questions_io.rich import words_of

    question = {"id": "x", "kind": "single", "text": f"Hỏi {asked}?", "explanation": "Vì thế.",
                "options": [{"text": f"a{wrong}z"}, {"text": f"b{right}z", "right": True}]}  # fmt: skip
    if questions.validate(question):
        return
    (found,) = read(name, write(name, [question]).content).found
    assert [bool(one.get("right")) for one in found.question["options"]] == [False, True]
    said = " ".join(words_of(found.question["options"][1]["text"]).split())
    assert said == " ".join(words_of(question["options"][1]["text"]).split())
