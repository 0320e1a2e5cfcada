"""The courses of this repository: sound as `courses check` says, spelled right, resting on known documents."""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from app.__main__ import main
from app.authoring.folder import read_course
from app.authoring.folder.loading import course_folders
from app.catalogue.laws import cited, law
from app.catalogue.markdown import parse, plain_texts, references
from app.catalogue.source import CourseSource
from app.core.settings import ROOT

COURSES = ROOT / "courses"
FOLDERS = list(course_folders(COURSES))
_DICTIONARY = ROOT / ".cache" / "hunspell-vi" / "usr" / "share" / "hunspell" / "vi_VN.dic"
# Words of other languages and units our lessons use; one a line.
_OTHER_WORDS = Path(__file__).with_name("other_words.txt")
_NO_WORDS = re.compile(r"\[[xX ]\]|https?://\S+|\S+@\S+|\S*[\d_/]\S*|\b\w+(?:\.\w+)+\b|\*\S+")
_WORD = re.compile(r"[^\W\d_]+")
# The dictionary writes hoá, thuỷ; lessons write hóa, thủy as newspapers do.
_TONE_FIRST = re.compile("([óòỏõọ])([ae])$|([úùủũụ])(y)$")
_TONES = {"ó": "́", "ò": "̀", "ỏ": "̉", "õ": "̃", "ọ": "̣", "ú": "́", "ù": "̀", "ủ": "̉", "ũ": "̃", "ụ": "̣"}


def test_courses_check_finds_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["courses", "check", str(COURSES)]) == 0, capsys.readouterr().out


@pytest.mark.parametrize("folder", FOLDERS, ids=[folder.name for folder in FOLDERS])
def test_every_word_is_spelled_right(folder: Path) -> None:
    wrong = sorted({f"{place}: {word}" for place, text in _texts(folder) for word in _wrong(text)})
    assert not wrong, "\n".join(wrong)


def test_a_wrong_word_is_found() -> None:
    assert _wrong("Bà con xem kỹ hóa đơn, xoá tuỳ ý, tùy ý; lo thuỷ lợi trên Zalo, https://sai.chinhta.vn.") == []
    assert _wrong("Ngừơi dân đươc hướng dẩnn.") == ["Ngừơi", "đươc", "dẩnn"]


@pytest.mark.parametrize("folder", FOLDERS, ids=[folder.name for folder in FOLDERS])
def test_every_document_a_course_names_is_known(folder: Path) -> None:
    """Nothing is cited that nobody looked up (app/catalogue/data/laws.csv); letters in stories have made-up numbers."""
    cited_as_source = {
        number for module in _course(folder).modules for lesson in module.lessons for source in lesson.sources
        for number, _day in cited(f"{source.title}; {source.ref}")
    }  # fmt: skip
    told = {number for _place, text in _texts(folder) for number, _day in cited(text) if "UBND" not in number}
    assert not sorted(number for number in cited_as_source | told if law(number) is None)


@cache
def _course(folder: Path) -> CourseSource:
    return read_course(folder)


def _texts(folder: Path) -> Iterator[tuple[str, str]]:
    """Everything people read in a course, with its file (and line)."""
    course = _course(folder)
    yield "course.yaml", f"{course.title}. {course.summary} {course.level} {course.certificate_title}"
    yield from _lesson_texts(course)
    for path in sorted(folder.rglob("*.svg")):
        # The pictures of a translation (01-hinh.en.svg) speak its language.
        if len(path.suffixes) > 1:
            continue
        yield path.name, " ".join(element.text or "" for element in ElementTree.parse(path).iter())
    for path in sorted(folder.rglob("*.slides.yaml")):
        deck = yaml.safe_load(path.read_text(encoding="utf-8"))
        for slide in deck["slides"]:
            yield path.name, " ".join((slide["title"], *slide["lines"], slide["caption"]))


def _lesson_texts(course: CourseSource) -> Iterator[tuple[str, str]]:
    for module in course.modules:
        yield "course.yaml", f"{module.title}. {module.objective}"
        for lesson in module.lessons:
            tokens = parse(lesson.markdown)
            first = lesson.front_matter.count("\n")
            for line, text in plain_texts(tokens):
                yield f"{lesson.stem}.md:{line + first}", text
            for shown in references(tokens):
                yield f"{lesson.stem}.md:{shown.line + first}", f"{shown.alt} {shown.caption}"
            cited_in = " ".join(f"{source.title}; {source.ref}." for source in lesson.sources)
            yield f"{lesson.stem}.md", f"{lesson.title}. {lesson.role}. {' '.join(lesson.objectives)} {cited_in}"
            for question in (lesson.quiz or {}).get("questions", ()):
                yield f"{lesson.stem}.quiz.yaml {question['id']}", " ".join(_said(question))


def _said(value: object, name: str = "") -> Iterator[str]:
    """The texts of a question; what answers to take as right may be spelled anyhow."""
    if isinstance(value, str) and name not in ("id", "kind", "file"):
        yield value
    elif isinstance(value, dict):
        for key, one in value.items():
            if key != "accepted":
                yield from _said(one, str(key))
    elif isinstance(value, list):
        for one in value:
            yield from _said(one, name)


def _wrong(text: str) -> list[str]:
    bare = _NO_WORDS.sub(" ", unicodedata.normalize("NFC", text))
    # What is in capitals is an abbreviation.
    return [word for word in _WORD.findall(bare) if not word.isupper() and not _is_known(word.lower())]


@cache
def _is_known(word: str) -> bool:
    return word in _known_words() or _TONE_FIRST.sub(_tone_last, word) in _known_words()


def _tone_last(found: re.Match[str]) -> str:
    vowels = found.group().strip()
    plain = unicodedata.normalize("NFD", vowels[0])[0]
    return unicodedata.normalize("NFC", f"{plain}{vowels[1]}{_TONES[vowels[0]]}")


@cache
def _known_words() -> frozenset[str]:
    listed = _DICTIONARY.read_text(encoding="utf-8").splitlines()[1:]
    ours = _OTHER_WORDS.read_text(encoding="utf-8").splitlines()
    return frozenset(line.split("/")[0].strip().lower() for line in (*listed, *ours))
