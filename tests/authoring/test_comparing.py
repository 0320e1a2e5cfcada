"""Two texts of a lesson: what went and what came is told word by word, and nothing of either is left out."""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from app.authoring.comparing import Line, Part, compare, lines
from app.catalogue.source import FileSource, LessonSource

LESSON = LessonSource(key="KS01.1.1", stem="01-mo-dau", title="Ký số", minutes=10, markdown="Một.\n\nHai ba bốn năm.")


def told(line: Line) -> list[str]:
    signs = {"same": "", "removed": "-", "added": "+"}
    return [signs[run.kind] + run.text for run in line.runs]


def test_a_changed_paragraph_tells_its_words() -> None:
    [part] = compare(LESSON, replace(LESSON, markdown="Một.\n\nHai ba sáu năm."))
    assert (part.name, [line.kind for line in part.lines]) == ("body", ["same", "changed"])
    assert told(part.lines[1]) == ["Hai ba", "-bốn", "+sáu", "năm."]


def test_a_paragraph_written_anew_stands_whole_beside_the_one_that_went() -> None:
    [part] = compare(LESSON, replace(LESSON, markdown="Một.\n\nKhác hẳn đi rồi."))
    assert [line.kind for line in part.lines] == ["same", "removed", "added"]


def test_what_did_not_change_may_be_passed_over_where_it_is_long() -> None:
    before = [f"Đoạn {number}." for number in range(7)]
    part = Part("body", tuple(lines(before, [*before[:4], "Khác hẳn.", *before[5:]])))
    assert [(len(one.lines), one.is_long) for one in part.stretches] == [(4, True), (2, False), (2, False)]


def test_lines_of_a_list_stay_lines() -> None:
    before, after = "1. Mở văn bản\n2. Bấm nút", "1. Mở văn bản\n2. Bấm nút Ký"
    [line] = lines([before], [after])
    assert told(line) == ["1. Mở văn bản \n 2. Bấm nút", "+Ký"]


def test_a_right_choice_and_a_file_of_the_same_name_are_told() -> None:
    asked = {
        "id": "q1",
        "kind": "single",
        "text": "Ai ký?",
        "options": [{"text": "Hoa", "right": True}, {"text": "Bình"}],
    }
    other = asked | {"options": [{"text": "Hoa"}, {"text": "Bình", "right": True}]}
    before = replace(LESSON, quiz={"questions": [asked]}, files=(FileSource("a.webp", asset_id=1),))
    after = replace(LESSON, quiz={"questions": [other]}, files=(FileSource("a.webp", asset_id=2),))
    parts = {part.name: part for part in compare(before, after)}
    assert list(parts) == ["files", "quiz"]
    assert "✓" in "".join(told(parts["quiz"].lines[0]))
    assert compare(replace(before, quiz={"pass_percent": 70}), replace(before, quiz={"pass_percent": 80})) == (
        Part("other", ()),
    )
    assert compare(before, before) == ()


paragraphs = st.lists(st.lists(st.sampled_from(["một", "hai", "ba\n", "bốn"]), min_size=1, max_size=6), max_size=6)


@given(before=paragraphs, after=paragraphs)
def test_both_texts_are_there_word_by_word(before: list[list[str]], after: list[list[str]]) -> None:
    old, new = ([" ".join(words) for words in text] for text in (before, after))
    found = list(lines(old, new))

    def words(without: str) -> Sequence[str]:
        return " ".join(run.text for line in found for run in line.runs if run.kind != without).split()

    assert words("added") == " ".join(old).split()
    assert words("removed") == " ".join(new).split()
