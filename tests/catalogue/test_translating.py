"""A lesson in another language: sections side by side, what is missing, what the original has moved on from."""

from dataclasses import replace

from app.catalogue.markdown import render_lesson
from app.catalogue.source import LessonSource, TranslationSource
from app.catalogue.translating import (
    HEAD,
    OPENING,
    carried_over,
    fingerprints,
    joined,
    render_translation,
    sections,
    translated,
)
from tests.catalogue import making

TEXT = """
Lời mở đầu.

## Hai văn bản, một buổi sáng

Chị Hoa nhận hai văn bản.

### Văn bản thứ nhất

![Phim](phim.mp4)

## Ba ý mang về

Xem [đoạn trên](#hai-van-ban-mot-buoi-sang).
"""
ENGLISH = """
## Two documents, one morning {#hai-van-ban-mot-buoi-sang}

Ms Hoa receives two documents.

### The first one

![A film](phim.mp4)
"""
FILES = {"phim.mp4": 7}


def lesson(text: str = TEXT) -> LessonSource:
    return making.lesson(markdown=text)


def english(original: LessonSource, text: str = ENGLISH, **fields: str) -> TranslationSource:
    own = {one.id for one in sections(text)} | {HEAD}
    made_from = tuple((name, said) for name, said in fingerprints(original).items() if name in own)
    return TranslationSource("en", markdown=text, made_from=made_from, **fields)


def drawn(original: LessonSource, translation: TranslationSource) -> list[dict[str, object]]:
    return render_translation(original, translation, FILES, {}, {}, "vi")


def test_sections_are_the_text_cut_at_its_headings() -> None:
    found = sections(TEXT)
    assert [one.id for one in found] == [OPENING, "hai-van-ban-mot-buoi-sang", "ba-y-mang-ve"]
    assert joined(found) == TEXT
    assert (found[2].heading, found[2].body) == ("Ba ý mang về", "Xem [đoạn trên](#hai-van-ban-mot-buoi-sang).")
    assert sections(ENGLISH)[0].heading == "Two documents, one morning"


def test_a_heading_inside_a_box_and_one_in_code_cut_nothing() -> None:
    text = "::: note\n## Trong khung\n:::\n\n```\n## Mã\n```\n"
    assert [one.id for one in sections(text)] == [OPENING]


def test_ids_stay_those_of_the_original_in_every_language() -> None:
    original = lesson()
    html = "".join(str(one.get("html", "")) for one in drawn(original, english(original)))
    for heading_id in ("hai-van-ban-mot-buoi-sang", "van-ban-thu-nhat", "ba-y-mang-ve"):
        assert f'id="{heading_id}"' in html
    assert "{#" not in html
    films = [one["id"] for one in drawn(original, english(original)) if one["kind"] == "video"]
    assert films == [one["id"] for one in render_lesson(TEXT, FILES, {}) if one["kind"] == "video"]


def test_what_is_not_translated_is_the_original_and_says_so() -> None:
    original = lesson()
    blocks = drawn(original, english(original))
    assert [(one["kind"], one.get("lang", one.get("why"))) for one in blocks] == [
        ("gap", "missing"), ("html", "vi"), ("html", "en"), ("video", "en"), ("gap", "missing"), ("html", "vi"),
    ]  # fmt: skip


def test_a_section_whose_original_changed_since_is_told_apart_until_it_is_made_anew() -> None:
    original = lesson()
    translation = english(original, title="Signing")
    # Where lines break is no change.
    assert [one.state for one in translated(lesson(TEXT.replace("hai văn", "hai\nvăn")), translation).parts] == [
        "missing", "done", "missing",
    ]  # fmt: skip
    changed = replace(lesson(TEXT.replace("nhận hai", "nhận ba")), title="Tên khác")
    state = translated(changed, translation)
    assert (state.head, state.done_count, state.old_count) == ("old", 1, 2)
    assert {"kind": "gap", "why": "old"} in drawn(changed, translation)


def test_what_must_be_watched_is_there_once_whatever_the_translation_shows() -> None:
    original = lesson()
    for text in (
        ENGLISH.replace("![A film](phim.mp4)", ""),
        ENGLISH + "\n![A film](phim.mp4)\n\n![Another](khac.mp4)\n",
    ):
        assert [one["id"] for one in drawn(original, english(original, text)) if one["kind"] == "video"] == ["phim"]


def test_what_a_lesson_says_by_itself_is_in_the_language_of_the_section() -> None:
    original = lesson("## Một\n\n::: warn\nA\n:::\n\n## Hai\n\n|A|B|\n|-|-|\n|1|2|\n")
    asked = "::: question\nWho?\n\n- [x] You\n- [ ] I\n\nFor a reason.\n:::\n\n|A|B|\n|-|-|\n|1|2|\n"
    blocks = drawn(original, english(original, f"## One {{#mot}}\n\n::: warn\nA\n:::\n\n{asked}"))
    said = str(blocks[0]["html"])
    for words in ("Common mistake", "Try it", "Right.", 'aria-label="Table: A, B"'):
        assert words in said
    assert "Bảng: A, B" in str(blocks[2]["html"])


def test_a_heading_in_other_words_keeps_its_translation() -> None:
    after = TEXT.replace("Hai văn bản, một buổi sáng", "Hai tờ giấy")
    moved = carried_over(english(lesson()), TEXT, after)
    state = translated(lesson(after), moved)
    assert [one.state for one in state.parts] == ["missing", "old", "missing"]
    assert not state.lost
    # Where sections came or went nobody can say what became of which.
    assert carried_over(english(lesson()), TEXT, after + "\n## Mới\n\nChữ.\n") == english(lesson())
