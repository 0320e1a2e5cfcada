"""Questions are pure functions: what is asked, what an answer is, what it earns. Rules: docs/questions.md."""

from dataclasses import asdict
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.catalogue import questions
from app.catalogue.inline import Said
from app.catalogue.questions.asking import ReviewedChoices, ReviewedGaps, ReviewedLine, ReviewedRows
from app.core.errors import Invalid
from tests.catalogue.samples import SAMPLES

SINGLE: dict[str, Any] = {
    "id": "q1", "kind": "single", "text": "Chọn một", "explanation": "Vì thế.",
    "options": [{"text": "A"}, {"text": "B", "right": True}, {"text": "C"}],
}  # fmt: skip
MULTIPLE: dict[str, Any] = {
    "id": "q2", "kind": "multiple", "text": "Chọn nhiều", "explanation": "Vì thế.",
    "options": [{"text": "A", "right": True}, {"text": "B"}, {"text": "C", "right": True}, {"text": "D"}],
}  # fmt: skip
TRUE_FALSE: dict[str, Any] = {
    "id": "q3",
    "kind": "true_false",
    "text": "Đúng không?",
    "answer": False,
    "explanation": "Không.",
}
# Shuffled by nobody: choices c1 to c4 are Âm thanh, Bảng tính, Văn bản để đọc và in, Video.
MATCHING = questions.freeze(SAMPLES["matching"], None)
# i1 to i4 are: Chọn chứng thư số (2), Kiểm tra lại chữ ký (4), Mở văn bản (1), Nhập mã PIN (3).
ORDERING = questions.freeze(SAMPLES["ordering"], None)
SHORT_TEXT = SAMPLES["short_text"]
MARKED = SHORT_TEXT | {"accepted": ["hòa giải"], "exact_marks": True}
NUMERIC = SAMPLES["numeric"]
EXACT = {**NUMERIC, "answer": 2.5, "tolerance": 0.1, "unit": "", "units": {}}
# g1 to g3 of the gap 3 are: cán bộ ngân hàng, chính mình, người thân.
CLOZE = questions.freeze(SAMPLES["cloze"], None)
# w1 to w4 are: chuyển, đăng ký, hủy, lưu hồ sơ.
DRAG_WORDS = questions.freeze(SAMPLES["drag_words"], None)
ESSAY = SAMPLES["essay"]
FROZEN = {kind: questions.freeze(question, None) for kind, question in SAMPLES.items()}


@pytest.mark.parametrize(
    ("question", "answer", "points"),
    [
        (SINGLE, "o2", 1.0),
        (SINGLE, "o1", 0.0),
        (SINGLE, None, 0.0),
        (SINGLE, ["o2"], 0.0),
        (MULTIPLE, ["o1", "o3"], 1.0),
        (MULTIPLE, ["o1"], 0.5),
        (MULTIPLE, ["o1", "o3", "o2"], 0.5),
        (MULTIPLE, ["o1", "o2"], 0.0),
        (MULTIPLE, ["o1", "o2", "o3", "o4"], 0.0),
        (MULTIPLE, ["o2", "o4"], 0.0),
        (MULTIPLE, None, 0.0),
        (TRUE_FALSE, False, 1.0),
        (TRUE_FALSE, True, 0.0),
        (TRUE_FALSE, None, 0.0),
        (TRUE_FALSE, 0, 0.0),
        (MATCHING, {"p1": "c3", "p2": "c2", "p3": "c4"}, 1.0),
        (MATCHING, {"p1": "c3", "p2": "c2", "p3": "c1"}, 2 / 3),
        (MATCHING, {"p1": "c3"}, 1 / 3),
        (MATCHING, {"p1": "c3", "p2": "c3", "p3": "c3"}, 1 / 3),
        (MATCHING, None, 0.0),
        (ORDERING, {"i3": "1", "i1": "2", "i4": "3", "i2": "4"}, 1.0),
        # B, C, D, A of the document: two of three neighbours are still in order.
        (ORDERING, {"i1": "1", "i4": "2", "i2": "3", "i3": "4"}, 2 / 3),
        (ORDERING, {"i3": "4", "i1": "3", "i4": "2", "i2": "1"}, 0.0),
        (ORDERING, {"i3": "1", "i1": "1", "i4": "1", "i2": "1"}, 0.0),
        (ORDERING, {"i3": "1", "i1": "2"}, 1 / 3),
        (ORDERING, {"i3": "²"}, 0.0),
        (ORDERING, None, 0.0),
        (SHORT_TEXT, "  vneid. ", 1.0),
        (SHORT_TEXT, "VN EID", 1.0),
        (SHORT_TEXT, "dinh danh dien tu", 0.5),
        (SHORT_TEXT, "VNeIDs", 0.0),
        (SHORT_TEXT, None, 0.0),
        (MARKED, "Hoà  giải", 1.0),
        (MARKED, "hoa giai", 0.0),
        (MARKED, "hóa giải", 0.0),
        (NUMERIC, "1536", 1.0),
        (NUMERIC, "1.536 MB", 1.0),
        (NUMERIC, "1,5 GB", 1.0),
        (NUMERIC, "1,5gb", 1.0),
        (NUMERIC, "1.572.864 KB", 1.0),
        (NUMERIC, "1551,36", 1.0),
        (NUMERIC, "1551,37", 0.0),
        (NUMERIC, "1,5 TB", 0.0),
        (NUMERIC, "1,5", 0.0),
        (NUMERIC, "nhiều", 0.0),
        (EXACT, "2,6", 1.0),
        (EXACT, "2.4", 1.0),
        (EXACT, "2,61", 0.0),
        (EXACT, "-2,5", 0.0),
        (CLOZE, {"1": "12", "2": "otp", "3": "g1"}, 1.0),
        (CLOZE, {"1": "Mười hai", "3": "g2"}, 1 / 3),
        (CLOZE, {}, 0.0),
        (CLOZE, None, 0.0),
        (DRAG_WORDS, {"1": "w2", "2": "w1", "3": "w4"}, 1.0),
        (DRAG_WORDS, {"1": "w2", "2": "w2", "3": "w3"}, 1 / 3),
        (DRAG_WORDS, None, 0.0),
        (ESSAY, "Bài của tôi", None),
        (ESSAY, None, 0.0),
    ],
)
def test_an_answer_earns_what_the_rule_says(question: dict[str, Any], answer: Any, points: float | None) -> None:
    assert questions.grade(question, answer) == (points if points is None else pytest.approx(points))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1.234,5", "1234.5"), ("1 234,5", "1234.5"), ("1234,5", "1234.5"), ("1234.5", "1234.5"), ("1,234.5", "1234.5"),
        ("1.234", "1234"), ("1,234", "1.234"), ("1.5", "1.5"), ("0.125", "0.125"), ("1.234.567", "1234567"),
        ("1,234,567", "1234567"), ("-3", "-3"), ("−3", "-3"), ("+3", "3"), ("5.", "5"), ("12.3456", "12.3456"),
        ("1.23.456", None), ("1,23,4", None), ("1.234,567.8", None), ("", None), ("abc", None), ("1e5", None),
        ("1 2", None), ("٣", None), ("9" * 40, None), ("--1", None), ("1..2", None),
    ],
)  # fmt: skip
def test_numbers_are_read_as_vietnam_writes_them(text: str, number: str | None) -> None:
    read = questions.numeric.read_number(text)
    assert (None if read is None else str(read)) == number


@pytest.mark.parametrize(
    ("question", "fields", "answer"),
    [
        (SINGLE, {"": ["o2"]}, "o2"),
        (SINGLE, {}, None),
        (MULTIPLE, {"": ["o3", "o1", "o3"]}, ["o1", "o3"]),
        (MULTIPLE, {"": []}, None),
        (TRUE_FALSE, {"": ["true"]}, True),
        (TRUE_FALSE, {"": ["false"]}, False),
        (TRUE_FALSE, {}, None),
        (MATCHING, {"p1": ["c2"], "p2": [""]}, {"p1": "c2"}),
        (MATCHING, {"p1": [""]}, None),
        (ORDERING, {"i1": ["4"]}, {"i1": "4"}),
        (SHORT_TEXT, {"": [" VN\u200beID "]}, "VNeID"),
        (SHORT_TEXT, {"": ["  "]}, None),
        (NUMERIC, {"": ["1,5 GB"]}, "1,5 GB"),
        (CLOZE, {"1": [" 12 "], "2": [""], "3": ["g1"]}, {"1": "12", "3": "g1"}),
        (CLOZE, {"1": [""], "2": [""], "3": [""]}, None),
        (DRAG_WORDS, {"1": ["w4"]}, {"1": "w4"}),
        (ESSAY, {"": ["Một \r\nHai\r\n"]}, "Một\nHai"),
        (ESSAY, {"": [""]}, None),
    ],
)
def test_form_values_become_an_answer(question: dict[str, Any], fields: dict[str, list[str]], answer: Any) -> None:
    assert questions.parse(question, fields) == answer


@pytest.mark.parametrize(
    ("question", "fields"),
    [
        (SINGLE, {"": ["o9"]}),
        (SINGLE, {"": ["o1", "o2"]}),
        (SINGLE, {"": [""]}),
        (MULTIPLE, {"": ["o1", "<script>"]}),
        (TRUE_FALSE, {"": ["maybe"]}),
        (TRUE_FALSE, {"": ["true", "false"]}),
        (MATCHING, {"p1": ["c9"]}),
        (MATCHING, {"p9": ["c1"]}),
        (MATCHING, {"p1": ["c1", "c2"]}),
        (ORDERING, {"i1": ["5"]}),
        (ORDERING, {"i1": ["0"]}),
        (SHORT_TEXT, {"": ["a", "b"]}),
        (SHORT_TEXT, {"": ["a" * 201]}),
        (NUMERIC, {"": ["1" * 61]}),
        (CLOZE, {"4": ["x"]}),
        (CLOZE, {"3": ["cán bộ ngân hàng"]}),
        (CLOZE, {"1": ["a" * 201]}),
        (DRAG_WORDS, {"1": ["đăng ký"]}),
        (ESSAY, {"": ["a" * 20_001]}),
    ],
)
def test_values_no_page_of_ours_sends_are_refused(question: dict[str, Any], fields: dict[str, list[str]]) -> None:
    with pytest.raises(Invalid):
        questions.parse(question, fields)


def test_the_fields_of_a_question_are_its_own_and_those_of_its_parts() -> None:
    form = {"q1": ["a"], "q1:2": ["b"], "q1.2": ["c"], "q10": ["d"], "q10:1": ["e"]}
    assert questions.fields_of("q1", form) == {"": ["a"], "2": ["b"]}
    assert questions.fields_of("q2", form) == {}
    assert questions.field_name("q1", "2") == "q1:2"


# --- whatever is drawn, whatever is typed ---------------------------------------------------------------------------

KINDS = st.sampled_from(sorted(SAMPLES))
MARKED_BY_MACHINE = st.sampled_from(sorted(set(SAMPLES) - {"essay"}))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.sampled_from(["1", "p1", "i1"]), inner),
    max_leaves=8,
)


@given(kind=MARKED_BY_MACHINE, seed=st.integers() | st.none())
def test_the_solution_earns_everything_however_the_paper_was_shuffled(kind: str, seed: int | None) -> None:
    frozen = questions.freeze(SAMPLES[kind], None if seed is None else Random(seed))
    answer = questions.parse(frozen, questions.solution(frozen))
    assert questions.grade(frozen, answer) == 1


@given(kind=KINDS, seed=st.integers(), answer=JSON)
def test_no_answer_whatever_it_is_breaks_grading_or_showing(kind: str, seed: int, answer: Any) -> None:
    frozen = questions.freeze(SAMPLES[kind], Random(seed))
    credit = questions.grade(frozen, answer)
    assert credit is None if kind == "essay" and credit is None else 0 <= (credit or 0) <= 1
    questions.present(frozen, answer, Said.plainly)
    questions.review(frozen, answer, Said.plainly)


@given(kind=KINDS, fields=st.dictionaries(st.sampled_from(["", "1", "2", "p1", "i1"]), st.lists(st.text(), max_size=2)))
def test_naughty_strings_are_answers_or_refused(kind: str, fields: dict[str, list[str]]) -> None:
    try:
        answer = questions.parse(FROZEN[kind], fields)
    except Invalid:
        return
    assert 0 <= (questions.grade(FROZEN[kind], answer) or 0) <= 1


@given(text=st.text(max_size=60) | st.from_regex(r"[-+]?[\d., ]{1,40} ?[A-Za-z%]{0,3}", fullmatch=True))
def test_any_text_is_a_number_or_not(text: str) -> None:
    credit = questions.grade(NUMERIC, text)
    assert credit in (0.0, 1.0)
    assert isinstance(questions.review(NUMERIC, text, Said.plainly), ReviewedLine)


@given(kind=KINDS, seed=st.integers())
@settings(max_examples=50)
def test_what_an_open_paper_shows_is_the_same_whatever_is_right(kind: str, seed: int) -> None:
    frozen = questions.freeze(SAMPLES[kind], Random(seed))
    told = asdict(questions.present(frozen, None, Said.plainly))
    assert asdict(questions.present(_answers_moved(frozen), None, Said.plainly)) == told


@pytest.mark.parametrize("kind", ["matching", "ordering", "cloze", "drag_words"])
def test_no_number_of_a_choice_tells_where_it_belongs(kind: str) -> None:
    """Over many papers the solution uses every number in every place."""
    used: dict[str, set[str]] = {}
    for seed in range(80):
        frozen = questions.freeze(SAMPLES[kind], Random(seed))
        for part, values in questions.solution(frozen).items():
            if not isinstance(SAMPLES[kind].get("gaps", {}).get(part, {}).get("accepted"), list):
                used.setdefault(part, set()).update(values)
    assert all(len(values) >= 3 for values in used.values()), used


def _answers_moved(frozen: Any) -> Any:
    """The same question with something else right, as far as the kind has it in the paper."""
    match frozen["kind"]:
        case "single" | "multiple":
            return {**frozen, "options": [{**one, "right": not one["right"]} for one in frozen["options"]]}
        case "true_false":
            return {**frozen, "answer": not frozen["answer"]}
        case "matching":
            rights = [pair["right"] for pair in frozen["pairs"]]
            moved = zip(frozen["pairs"], rights[1:] + rights[:1], strict=True)
            return {**frozen, "pairs": [{**pair, "right": right} for pair, right in moved]}
        case "ordering":
            count = len(frozen["items"])
            return {**frozen, "items": [{**one, "place": count + 1 - one["place"]} for one in frozen["items"]]}
        case "short_text":
            return {**frozen, "accepted": ["khác"]}
        case "numeric":
            return {**frozen, "answer": 7, "tolerance": 0}
        case "cloze":
            options = [{**one, "right": not one["right"]} for one in frozen["gaps"]["3"]["options"]]
            gaps = {"1": {"accepted": ["x"]}, "2": {"accepted": ["y"]}, "3": {"options": options, "right": "z"}}
            return {**frozen, "gaps": gaps}
        case "drag_words":
            return {**frozen, "words": dict.fromkeys(frozen["words"], "khác")}
    return {**frozen, "sample": "khác"}


# --- the page of a result -------------------------------------------------------------------------------------------


def test_the_review_says_which_options_were_right_and_which_were_chosen() -> None:
    def seen(question: dict[str, Any], answer: Any) -> dict[str, tuple[bool, bool]]:
        view = questions.review(questions.freeze(question, None), answer, Said.plainly)
        assert isinstance(view, ReviewedChoices)
        return {option.id: (option.right, option.chosen) for option in view.options}

    assert seen(MULTIPLE, ["o1", "o2"]) == {
        "o1": (True, True), "o2": (False, True), "o3": (True, False), "o4": (False, False),
    }  # fmt: skip
    assert seen(TRUE_FALSE, False) == {"true": (False, False), "false": (True, True)}
    assert not any(chosen for _right, chosen in seen(SINGLE, None).values())


def test_the_review_of_rows_and_gaps_says_what_belongs_there() -> None:
    rows = questions.review(MATCHING, {"p1": "c3", "p2": "c1"}, Said.plainly)
    assert isinstance(rows, ReviewedRows)
    assert [(row.given and row.given.plain, row.right.plain, row.is_right) for row in rows.rows] == [
        ("Văn bản để đọc và in", "Văn bản để đọc và in", True), ("Âm thanh", "Bảng tính", False),
        (None, "Video", False),
    ]  # fmt: skip
    places = questions.review(ORDERING, {"i3": "1", "i1": "3"}, Said.plainly)
    assert isinstance(places, ReviewedRows)
    assert [(row.text.plain, row.given and row.given.plain) for row in places.rows][:2] == [
        ("Mở văn bản", "thứ 1"), ("Chọn chứng thư số", "thứ 3"),
    ]  # fmt: skip
    for question, answer in ((CLOZE, {"1": "8", "3": "g1"}), (DRAG_WORDS, {"1": "w1", "3": "w4"})):
        view = questions.review(question, answer, Said.plainly)
        assert isinstance(view, ReviewedGaps)
        assert [piece.credit for piece in view.pieces if not isinstance(piece, Said)] == [0.0, 0.0, 1.0]


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("1,5 GB", "Được hiểu là 1.536 MB."), ("nhiều", "Chưa đọc được con số hoặc đơn vị này."),
        ("", ""), ("1536", "Được hiểu là 1.536 MB."),
    ],
)  # fmt: skip
def test_the_review_of_a_number_says_how_it_was_read(text: str, note: str) -> None:
    view = questions.review(NUMERIC, text or None, Said.plainly)
    assert isinstance(view, ReviewedLine)
    assert (view.note, view.right) == (note, ("1.536 MB (chấp nhận lệch 1%)",))


# --- for authors ----------------------------------------------------------------------------------------------------


def without(kind: str, name: str) -> dict[str, Any]:
    return {field: value for field, value in SAMPLES[kind].items() if field != name}


@pytest.mark.parametrize(
    ("question", "part"),
    [
        (SINGLE | {"text": " "}, "nội dung"),
        (SINGLE | {"explanation": ""}, "giải thích"),
        (SINGLE | {"kind": "riddle"}, "single, multiple, true_false"),
        (SINGLE | {"points": 0}, "points"),
        (SINGLE | {"points": True}, "points"),
        (SINGLE | {"points": float("nan")}, "points"),
        (SINGLE | {"difficulty": 4}, "difficulty"),
        (SINGLE | {"topic": "Chủ đề"}, "topic"),
        (SINGLE | {"skill": "a b"}, "skill"),
        (SINGLE | {"pairs": []}, "Trường lạ “pairs”"),
        (SINGLE | {"options": [{"text": "A", "right": True}]}, "ít nhất hai"),
        (SINGLE | {"options": [{"text": "A"}, {"text": "B"}]}, "đúng một"),
        (SINGLE | {"options": [{"text": "A", "right": True}, {"text": "B", "right": True}]}, "đúng một"),
        (SINGLE | {"options": [{"text": "A", "right": True}, {"text": "a "}]}, "trùng"),
        (SINGLE | {"options": [{"text": "A", "right": "yes"}, {"text": "B"}]}, "options[1].right"),
        (SINGLE | {"options": [{"text": "A", "right": True}, {"right": False}]}, "thứ 2"),
        (SINGLE | {"options": [{"text": "A", "right": True}, {"text": "B", "note": "?"}]}, "options[2].note"),
        (SINGLE | {"options": "A"}, "danh sách"),
        (SINGLE | {"options": ["A", "B"]}, "options[1]"),
        (MULTIPLE | {"options": [{"text": "A"}, {"text": "B"}]}, "ít nhất một"),
        (TRUE_FALSE | {"answer": "false"}, "answer"),
        (TRUE_FALSE | {"options": []}, "options"),
        (SAMPLES["matching"] | {"pairs": SAMPLES["matching"]["pairs"][:1]}, "ít nhất hai"),
        (SAMPLES["matching"] | {"pairs": [{"left": "a", "right": "b"}, {"left": "c"}]}, "thứ 2"),
        (SAMPLES["matching"] | {"pairs": [{"left": "a", "right": "b"}, {"left": "A", "right": "c"}]}, "vế trái"),
        (SAMPLES["matching"] | {"pairs": [{"left": "a", "right": "b"}, {"left": "c", "right": "b"}],
                                "distractors": []}, "khác nhau"),
        (SAMPLES["matching"] | {"distractors": [str(number) for number in range(24)]}, "nhiều nhất 26"),
        (SAMPLES["matching"] | {"distractors": ["Video"]}, "mồi nhử"),
        (SAMPLES["ordering"] | {"items": ["a"]}, "từ 2 đến"),
        (SAMPLES["ordering"] | {"items": ["a", "A"]}, "trùng"),
        (SAMPLES["ordering"] | {"items": ["a", " "]}, "nội dung"),
        (SAMPLES["short_text"] | {"accepted": []}, "accepted"),
        (SAMPLES["short_text"] | {"accepted": [{"text": "a", "credit": 0.5}]}, "trọn điểm"),
        (SAMPLES["short_text"] | {"accepted": ["a", {"text": "b", "credit": 2}]}, "credit"),
        (SAMPLES["short_text"] | {"max_length": 3}, "max_length"),
        (SAMPLES["short_text"] | {"max_length": 2.5}, "max_length"),
        (without("numeric", "answer"), "answer"),
        (SAMPLES["numeric"] | {"answer": 1e300}, "answer"),
        (SAMPLES["numeric"] | {"tolerance": "nhiều"}, "tolerance"),
        (SAMPLES["numeric"] | {"tolerance": -1}, "tolerance"),
        (SAMPLES["numeric"] | {"units": {"GB": 0}}, "units"),
        (SAMPLES["numeric"] | {"units": {"mb": 1}}, "trùng tên"),
        (without("numeric", "unit"), "unit"),
        (SAMPLES["cloze"] | {"text": "Không có gì."}, "{{1}}"),
        (SAMPLES["cloze"] | {"text": "{{1}} {{1}} {{2}} {{3}}"}, "một lần"),
        (SAMPLES["cloze"] | {"text": "{{1}} {{2}} {{3}} {{4}}"}, "thiếu chỗ trống: 4"),
        (SAMPLES["cloze"] | {"text": "{{1}} {{2}}"}, "không có chỗ trống: 3"),
        (SAMPLES["cloze"] | {"gaps": SAMPLES["cloze"]["gaps"] | {"3": {"options": ["a", "b"], "right": "c"}}}, "right"),
        (SAMPLES["cloze"] | {"gaps": SAMPLES["cloze"]["gaps"] | {"3": {}}}, "Chỗ trống 3"),
        (SAMPLES["drag_words"] | {"words": {"1": "a", "2": "b"}}, "thiếu chỗ trống: 3"),
        (SAMPLES["drag_words"] | {"distractors": ["đăng ký"]}, "mồi nhử"),
        (SAMPLES["essay"] | {"rubric": []}, "rubric"),
        (SAMPLES["essay"] | {"rubric": [{"criterion": "a", "points": 0}]}, "thứ 1"),
        (SAMPLES["essay"] | {"rubric": [{"criterion": "a", "points": 1, "levels": [{"points": 2, "text": "b"}]}]},
         "levels"),
        (SAMPLES["essay"] | {"accept": ["video"]}, "accept"),
        (SAMPLES["essay"] | {"min_words": 500}, "min_words"),
    ],
)  # fmt: skip
def test_a_faulty_question_is_told_to_its_author(question: dict[str, Any], part: str) -> None:
    messages = questions.validate(question)
    assert any(part in message for message in messages), messages


@pytest.mark.parametrize("question", [SINGLE, MULTIPLE, TRUE_FALSE, *SAMPLES.values()])
def test_a_sound_question_has_no_faults(question: dict[str, Any]) -> None:
    labels = {"points": 2.5, "topic": "ky-so", "difficulty": 3, "skill": "1.2"}
    assert questions.validate(question) == []
    assert questions.validate(question | labels) == []


@pytest.mark.parametrize("question", [SINGLE, MULTIPLE])
def test_shuffling_keeps_the_ids_so_the_frozen_paper_grades_the_same(question: dict[str, Any]) -> None:
    for seed in range(20):
        frozen = questions.freeze(question, Random(seed))
        assert {option["id"] for option in frozen["options"]} == {f"o{n + 1}" for n in range(len(question["options"]))}
        assert questions.freeze(frozen, None) == frozen


def test_true_and_false_are_always_offered_in_this_order() -> None:
    assert [option["id"] for option in questions.freeze(TRUE_FALSE, Random(3))["options"]] == ["true", "false"]


def test_a_paper_of_before_the_new_kinds_still_shows_and_counts() -> None:
    old = {
        "id": "q1", "kind": "single", "text": "5 * 3 * 2?", "explanation": "Vì thế.",
        "options": [{"id": "o2", "text": "B", "right": True}, {"id": "o1", "text": "A", "right": False}],
    }  # fmt: skip
    view = questions.review(old, "o2", Said.plainly)
    assert isinstance(view, ReviewedChoices)
    assert [(option.id, option.right, option.chosen) for option in view.options] == [
        ("o2", True, True),
        ("o1", False, False),
    ]
    assert questions.grade(old, "o2") == 1
