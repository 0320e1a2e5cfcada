"""Questions are pure functions: what is right, what is asked, what is earned."""

from random import Random
from typing import Any

import pytest

from app.catalogue import questions
from app.core.errors import Invalid

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
    ],
)
def test_an_answer_earns_what_the_rule_says(question: dict[str, Any], answer: Any, points: float) -> None:
    assert questions.grade(question, answer) == points


@pytest.mark.parametrize("question", [SINGLE, MULTIPLE])
def test_shuffling_keeps_the_ids_so_the_frozen_paper_grades_the_same(question: dict[str, Any]) -> None:
    for seed in range(20):
        frozen = question | {"options": questions.present(question, Random(seed))}
        assert {option["id"] for option in frozen["options"]} == {f"o{n + 1}" for n in range(len(question["options"]))}
        right = [option["id"] for option in frozen["options"] if option["right"]]
        assert questions.grade(frozen, right[0] if question is SINGLE else right) == 1.0
        assert questions.present(frozen, None) == frozen["options"]


def test_true_and_false_are_always_offered_in_this_order() -> None:
    assert [option["id"] for option in questions.present(TRUE_FALSE, Random(3))] == ["true", "false"]


@pytest.mark.parametrize(
    ("question", "values", "answer"),
    [
        (SINGLE, ["o2"], "o2"),
        (SINGLE, [], None),
        (MULTIPLE, ["o3", "o1", "o3"], ["o1", "o3"]),
        (MULTIPLE, [], None),
        (TRUE_FALSE, ["true"], True),
        (TRUE_FALSE, ["false"], False),
        (TRUE_FALSE, [], None),
    ],
)
def test_form_values_become_an_answer(question: dict[str, Any], values: list[str], answer: Any) -> None:
    assert questions.parse(question, values) == answer


@pytest.mark.parametrize(
    ("question", "values"),
    [
        (SINGLE, ["o9"]),
        (SINGLE, ["o1", "o2"]),
        (SINGLE, [""]),
        (MULTIPLE, ["o1", "<script>"]),
        (TRUE_FALSE, ["maybe"]),
        (TRUE_FALSE, ["true", "false"]),
    ],
)
def test_values_no_page_of_ours_sends_are_refused(question: dict[str, Any], values: list[str]) -> None:
    with pytest.raises(Invalid):
        questions.parse(question, values)


def test_the_review_says_which_were_right_and_which_were_chosen() -> None:
    seen = {option.id: (option.right, option.chosen) for option in questions.describe(MULTIPLE, ["o1", "o2"])}
    assert seen == {"o1": (True, True), "o2": (False, True), "o3": (True, False), "o4": (False, False)}
    assert [option.chosen for option in questions.describe(TRUE_FALSE, False)] == [False, True]
    assert not any(option.chosen for option in questions.describe(SINGLE, None))


@pytest.mark.parametrize(
    ("question", "part"),
    [
        (SINGLE | {"text": " "}, "nội dung"),
        (SINGLE | {"explanation": ""}, "giải thích"),
        (SINGLE | {"kind": "essay"}, "single, multiple, true_false"),
        (SINGLE | {"options": [{"text": "A", "right": True}]}, "ít nhất hai"),
        (SINGLE | {"options": [{"text": "A"}, {"text": "B"}]}, "đúng một"),
        (SINGLE | {"options": [{"text": "A", "right": True}, {"text": "B", "right": True}]}, "đúng một"),
        (SINGLE | {"options": [{"text": "A", "right": True}, {"text": "a "}]}, "trùng"),
        (SINGLE | {"options": [{"text": "A", "right": "yes"}, {"text": "B"}]}, "true hoặc false"),
        (SINGLE | {"options": [{"text": "A", "right": True}, {"txt": "B"}]}, "thứ 2"),
        (SINGLE | {"options": [{"text": "A", "right": True}, {"text": "B", "note": "?"}]}, "note"),
        (SINGLE | {"options": "A"}, "ít nhất hai"),
        (MULTIPLE | {"options": [{"text": "A"}, {"text": "B"}]}, "ít nhất một"),
        (TRUE_FALSE | {"answer": "false"}, "answer"),
        (TRUE_FALSE | {"options": []}, "options"),
    ],
)
def test_a_faulty_question_is_told_to_its_author(question: dict[str, Any], part: str) -> None:
    assert any(part in message for message in questions.validate(question))


@pytest.mark.parametrize("question", [SINGLE, MULTIPLE, TRUE_FALSE])
def test_a_sound_question_has_no_faults(question: dict[str, Any]) -> None:
    assert questions.validate(question) == []
    assert questions.input_type(question) == ("checkbox" if question is MULTIPLE else "radio")
