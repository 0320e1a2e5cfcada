"""What a press on a button makes of the cues of a form, and what keeps them from being saved."""

import pytest

from app.authoring.caption_form import CueRow, edited, judged, milliseconds, shift_ms, time_text

ROWS = (
    CueRow("0:01.000", "0:03.000", "Chào anh chị."),
    CueRow("0:03.000", "0:07.000", "Ta ký số một công văn."),
    CueRow("0:10.000", "0:12.000", "Xong."),
)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("1:05,25", 65_250), ("1:02:03.004", 3_723_004), ("7", 7000), ("83.5", 83_500), ("0:00.000", 0)]
    + [(wrong, None) for wrong in ("", "1:60", "một", "-1", "1:2:3:4", "1:05.1234", "١:٠٥")],
)
def test_times_as_people_write_them(typed: str, meant: int | None) -> None:
    assert milliseconds(typed) == meant
    if meant is not None:
        assert milliseconds(time_text(meant)) == meant


@pytest.mark.parametrize(
    ("typed", "meant"), [("2,5", 2500), ("-0.25", -250), ("\u22121", -1000), ("+3", 3000), ("x", None), ("", None)]
)
def test_seconds_to_shift_by(typed: str, meant: int | None) -> None:
    assert shift_ms(typed) == meant


def test_a_new_cue_fits_between_its_neighbours() -> None:
    assert [(row.start, row.end) for row in edited(ROWS, "add:2")][2] == ("0:07.000", "0:10.000")
    assert edited(ROWS, "add:3")[3] == CueRow("0:12.000", "0:15.000")
    assert edited(ROWS, "add:0")[0] == CueRow("0:00.000", "0:01.000")


def test_a_cue_is_split_where_the_cursor_stood() -> None:
    first, second = edited(ROWS, "split:2", cursor=8)[1:3]
    assert (first.text, second.text) == ("Ta ký số", "một công văn.")
    assert (first.start, first.end) == ("0:03.000", second.start)
    assert second.end == "0:07.000"
    assert [row.text for row in edited(ROWS, "split:2")[1:3]] == ["Ta ký số một", "công văn."], "else in the middle"
    assert edited(ROWS, "split:3") == ROWS, "a single word stays whole"


def test_cues_are_merged_deleted_and_shifted() -> None:
    merged = edited(ROWS, "merge:1")
    assert merged[0] == CueRow("0:01.000", "0:07.000", "Chào anh chị.\nTa ký số một công văn.")
    assert edited(ROWS, "delete:2") == (ROWS[0], ROWS[2])
    shifted = edited((*ROWS, CueRow("hỏng", "0:20.000", "x")), "shift", shift="-2")
    assert [row.start for row in shifted] == ["0:00.000", "0:01.000", "0:08.000", "hỏng"]
    assert edited((ROWS[2], ROWS[0]), "sort") == (ROWS[0], ROWS[2])


@pytest.mark.parametrize(
    "action", ["keep", "delete:9", "merge:3", "split:0", "add:-1", "add:99", "delete:x", "shift", ""]
)
def test_what_names_no_cue_changes_nothing(action: str) -> None:
    assert edited(ROWS, action) == ROWS


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (CueRow("lúc đầu", "0:20.000", "x"), "phút:giây"),
        (CueRow("0:20.000", "0:20.000", "x"), "kết thúc phải sau"),
        (CueRow("0:02.000", "0:20.000", "x"), "trước câu đứng trên"),
        (CueRow("0:13.000", "0:20.000", " "), "không có chữ"),
        (CueRow("0:13.000", "0:20.000", "x" * 1001), "Câu dài quá"),
    ],
)
def test_what_is_wrong_stands_at_its_cue(row: CueRow, said: str) -> None:
    judged_rows = judged((*ROWS, CueRow(), row), 60.0)
    assert [bool(one.error) for one in judged_rows] == [False, False, False, True], "an empty row is left out"
    assert said in judged_rows[3].error
    assert judged_rows[3].text == row.text, "and what was typed is still there"


def test_remarks_stand_at_their_cue() -> None:
    assert [len(row.remarks) for row in judged(ROWS, 11.5)] == [0, 0, 0]
    assert [len(row.remarks) for row in judged(ROWS, 9.0)] == [0, 0, 1]
