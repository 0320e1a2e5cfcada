"""Captions are read strictly and say where they are wrong."""

import pytest

from app.media.captions import CaptionsInvalid, Cue, read_captions, remarks, shown_text, typed_text, webvtt

SRT = (
    "1\r\n00:00:01,000 --> 00:00:02,500\r\n<font color=red>Xin chào</font>\r\n\r\n"
    "2\r\n00:00:03,000 --> 00:00:04,000\r\n<i>anh/chị</i>\r\n"
)


def test_subrip_becomes_webvtt() -> None:
    assert webvtt(read_captions(SRT.encode(), "bai.srt")).decode() == (
        "WEBVTT\n\n00:00:01.000 --> 00:00:02.500\nXin chào\n\n00:00:03.000 --> 00:00:04.000\n<i>anh/chị</i>\n"
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_editors_write_different_encodings(encoding: str) -> None:
    assert read_captions(SRT.encode(encoding), "bai.srt")[0].text == "Xin chào"


def test_settings_notes_and_styles_are_left_out() -> None:
    head = "WEBVTT Bài 1\nKind: captions\n\nSTYLE\n::cue { color: red }\n\nNOTE nháp\n\n"
    text = head + "mo-dau\n00:01.000 --> 00:02.000 align:start\nChào\n"
    assert read_captions(text.encode(), "bai.vtt") == [Cue(1000, 2000, "Chào")]


def test_what_browsers_would_swallow_is_escaped() -> None:
    text = "WEBVTT\n\n00:01.000 --> 00:02.000\n5 < 7 & R&D &amp; <script>x</script>\n"
    assert read_captions(text.encode(), "bai.vtt")[0].text == "5 &lt; 7 &amp; R&amp;D &amp; x"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("WEBVTT\n\nxin chào các bạn\n", 3, "Thiếu dòng thời gian"),
        ("WEBVTT\n\n00:00:01 --> 00:00:02\nchào\n", 3, "Dòng thời gian sai"),
        ("WEBVTT\n\n1\n00:00:05.000 --> 00:00:02.000\nchào\n", 4, "kết thúc phải sau"),
        ("WEBVTT\n\n00:05.000 --> 00:06.000\na\n\n00:01.000 --> 00:02.000\nb\n", 6, "trước câu đứng trên"),
        ("WEBVTT\n\n00:05.000 --> 00:06.000\n\n", 3, "không có chữ"),
        ("WEBVTT\n\n00:01.000 --> 00:02.000\na\n00:03.000 --> 00:04.000\nb\n", 3, "dòng trống"),
        ("WEBVTT\n", 2, "Không có câu phụ đề"),
        ("", 1, "Không có câu phụ đề"),
    ],
)
def test_a_problem_names_its_line(text: str, line: int, said: str) -> None:
    with pytest.raises(CaptionsInvalid) as refused:
        read_captions(text.encode(), "bai.vtt")
    problem = refused.value.problems[0]
    assert problem.line == line
    assert said in problem.message


def test_all_problems_are_listed() -> None:
    text = "WEBVTT\n\nmột\n\nhai\n\nba\n"
    with pytest.raises(CaptionsInvalid) as refused:
        read_captions(text.encode(), "bai.vtt")
    assert [problem.line for problem in refused.value.problems] == [3, 5, 7]


def test_another_encoding_is_named_with_its_line() -> None:
    with pytest.raises(CaptionsInvalid, match="dòng 3: Chữ không ở dạng UTF-8"):
        read_captions("1\n00:00:01,000 --> 00:00:02,000\nĐặng".encode().replace("Đ".encode(), b"\xd0\xff"), "bai.srt")


def test_a_problem_names_its_cue() -> None:
    text = "WEBVTT\n\nNOTE nháp\n\n00:01.000 --> 00:02.000\na\n\n00:05.000 --> 00:03.000\nb\n"
    with pytest.raises(CaptionsInvalid) as refused:
        read_captions(text.encode(), "bai.vtt")
    assert [(problem.line, problem.cue) for problem in refused.value.problems] == [(8, 2)]


def test_who_speaks_is_kept_and_letters_are_composed() -> None:
    text = "WEBVTT\n\n00:01.000 --> 00:02.000\n<v.to Chi\u0323 Hoa>Cha\u0300o\n"
    assert read_captions(text.encode(), "bai.vtt")[0].text == "Chị Hoa: Chào"


@pytest.mark.parametrize(
    ("cues", "cue", "said"),
    [
        ([Cue(0, 2000, "một"), Cue(1500, 3000, "hai")], 2, "chồng lên nhau"),
        ([Cue(10_000, 12_000, "muộn")], 1, "video đã hết, nên không ai thấy"),
        ([Cue(8000, 12_000, "dài")], 1, "Kết thúc sau khi"),
        ([Cue(0, 1000, "chữ " * 10)], 1, "Đọc không kịp: 30 chữ cái"),
        ([Cue(0, 300, "à")], 1, "quá ngắn"),
        ([Cue(0, 5000, "a\nb\nc")], 1, "hai dòng"),
    ],
)
def test_what_can_be_shown_and_deserves_a_look(cues: list[Cue], cue: int, said: str) -> None:
    (remark,) = remarks(cues, 10.0)
    assert remark.cue == cue
    assert said in remark.message


def test_good_captions_need_no_remark() -> None:
    assert remarks([Cue(0, 2000, "<i>Chào anh/chị.</i>"), Cue(2000, 10_500, "Ta bắt đầu.")], 10.0) == []


@pytest.mark.parametrize(
    "typed", ["Chị Hoa", "<i>nghiêng</i>", "5 < 7 & 8 > 6", "R&D &amp; <b>", "a --> b", "một\nhai"]
)
def test_what_is_typed_comes_back_as_typed(typed: str) -> None:
    (cue,) = read_captions(webvtt([Cue(0, 1000, typed_text(typed))]), "bai.vtt")
    assert shown_text(cue.text) == typed


def test_a_blank_line_typed_does_not_end_the_cue() -> None:
    assert typed_text(" một \r\n\r\n hai ") == "một\nhai"
