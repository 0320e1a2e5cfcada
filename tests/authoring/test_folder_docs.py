"""The documents of the format are right: their examples can be loaded, their tables name the keys the code knows."""

import re
from pathlib import Path

from app.authoring.folder import lesson_file, manifest, quality, read_course
from app.catalogue.markdown import CONTAINERS
from app.catalogue.questions import KINDS, validate
from tests.authoring.folders import write
from tests.catalogue.samples import SAMPLES

DOCUMENT = (Path(__file__).resolve().parents[2] / "docs" / "courses-format.md").read_text(encoding="utf-8")
_EXAMPLE = re.compile(r"^Tệp `([^`]+)`:\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_example_can_be_loaded(tmp_path: Path) -> None:
    files = _EXAMPLE.findall(DOCUMENT)
    assert len(files) == 5
    for name, text in files:
        write(tmp_path, name, text)
    source = read_course(tmp_path / "ky-so")
    quiz = source.modules[0].lessons[0].quiz
    assert quiz is not None
    assert len(quiz["questions"]) == 3


def test_every_kind_of_question_has_an_example_that_is_right() -> None:
    assert {question["kind"] for question in SAMPLES.values()} == set(KINDS)
    for question in SAMPLES.values():
        assert validate(question) == [], question["id"]


def test_every_key_and_box_is_described() -> None:
    for name in (*manifest.KEYS, *manifest.COMPLETION_KEYS, *lesson_file.KEYS, *(f"kind: {kind}" for kind in KINDS)):
        assert f"`{name}`" in DOCUMENT, name
    for box in CONTAINERS:
        assert f"::: {box}" in DOCUMENT, box


def test_the_limits_of_a_good_lesson_are_those_of_the_code() -> None:
    for limit in (
        f"từ {quality.LEAST_WORDS} đến {quality.MOST_WORDS:,}".replace(",", "."),
        f"{quality.MOST_WORDS_A_MINUTE} chữ cho mỗi phút",
        f"mỗi câu nhiều nhất {quality.LONGEST_SENTENCE_WORDS} chữ",
        f"trung bình cả bài nhiều nhất {quality.LONGEST_MEAN_WORDS} chữ",
        f"câu, đoạn trên {quality.COPIED_WORDS} chữ",
        f"ít nhất {quality.LEAST_ALT_LETTERS} ký tự",
        f"ít nhất {quality.LEAST_QUESTIONS} câu",
        f"ít nhất {quality.LEAST_EXPLANATION_WORDS} chữ",
        f"lệch nhiều nhất {quality.HOURS_TOLERANCE:.0%}",
    ):
        assert limit in DOCUMENT, limit
