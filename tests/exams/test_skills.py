"""Results by skill area: pure functions."""

from app.exams.skills import AreaScore, area_of, by_area, together

PAPER = {
    "questions": [
        {"id": "a", "skill": "KNS4"}, {"id": "b", "skill": "kns1.3", "points": 3}, {"id": "c"},
        {"id": "d", "skill": "RIENG.1"},
    ]
}  # fmt: skip
RESULT = {"questions": {"a": {"score": 1}, "b": {"score": 0.5}, "c": {"score": 0}, "d": {"score": 1}}}
AREAS = (
    AreaScore("KNS1", "Sử dụng dịch vụ công trực tuyến", 1.5, 3),
    AreaScore("KNS4", "Tự bảo vệ mình trên không gian mạng", 1, 1),
    AreaScore("RIENG", "RIENG", 1, 1),
    AreaScore("", "", 0, 1),
)


def test_a_skill_lies_in_the_area_its_code_begins_with() -> None:
    assert [area_of(code) for code in ("KNS1", " kns1.2 ", "NLS6.1.a", "")] == ["KNS1", "KNS1", "NLS6", ""]


def test_known_areas_come_first_and_questions_without_a_skill_last() -> None:
    assert by_area(PAPER, RESULT) == AREAS


def test_papers_add_up() -> None:
    both = together([AREAS, AREAS])
    assert [(one.code, one.score, one.max) for one in both] == [
        ("KNS1", 3, 6), ("KNS4", 2, 2), ("RIENG", 2, 2), ("", 0, 2),
    ]  # fmt: skip
    assert together([]) == ()
