"""Lesson text becomes blocks a page can show under a strict content-security policy."""

import re

import pytest

from app.catalogue.markdown import Track, parse, plain_texts, references, render_lesson
from app.catalogue.render import HtmlBlock, VideoBlock, asset_ids, resolve
from app.catalogue.transcripts import SpokenLine
from app.core.errors import Invalid
from app.media.queries import AssetView

FILES = {"a.svg": 1, "b.mp4": 2, "b.vi.vtt": 3, "hình.png": 4}


def html_of(text: str) -> str:
    blocks = render_lesson(text, FILES, {})
    assert [block["kind"] for block in blocks] == ["html"]
    return str(blocks[0]["html"])


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("## Bước đầu\n", '<h2 id="buoc-dau">Bước đầu</h2>'),
        ("# Tên bài lần nữa\n", '<h2 id="ten-bai-lan-nua">Tên bài lần nữa</h2>'),
        ("## A\n\n## A\n", '<h2 id="a-2">A</h2>'),
        ("::: note Ghi chú <b>\nx\n:::\n", '<div class="note">\n<p class="name">Ghi chú &lt;b&gt;</p>'),
        ("::: warn\nx\n:::\n", '<div class="note warn">\n<p class="name">Hay nhầm</p>'),
        ("::: example Thử\nx\n:::\n", '<div class="note example">'),
        ("::: steps\n1. Một\n2. Hai\n:::\n", '<ol class="steps">\n<li>\n<div>Một</div></li>'),
        ("1. Một\n2. Hai\n", "<ol>\n<li>Một</li>"),
        ("Xem [Luật](https://vbpl.vn/1)\n", '<a href="https://vbpl.vn/1" rel="noopener">'),
        ("[trang](/courses)\n", '<a href="/courses">'),
        ("[lạ](bai-2.md)\n", "<a>lạ</a>"),
        ("[lạ](//xau.example)\n", "<a>lạ</a>"),
        (
            '![Sơ đồ](a.svg "Chú thích")\n',
            '<figure><img src="asset:1" alt="Sơ đồ" loading="lazy"><figcaption>Chú thích</figcaption></figure>',
        ),
        ("Xem ![dấu](a.svg) này\n", '<p>Xem <img src="asset:1" alt="dấu" loading="lazy" /> này</p>'),
        ("![Tên có dấu](hình.png)\n", 'src="asset:4"'),
        ("<script>alert(1)</script>\n", "&lt;script&gt;"),
        ("[x](javascript:alert(1))\n", "[x](javascript:alert(1))"),
        ("| A | B | C |\n|--|--|--:|\n| 1 | 2 | 3 |\n", '<td data-label="B">\n<div>2</div></td>'),
        ("| A | B | C |\n|--|--|--:|\n| 1 | 2 | 3 |\n", '<td class="n" data-label="C">'),
        ("| A | B | C |\n|--|--|--|\n| 1 | | |\n", '<th scope="row">1</th>\n<td></td>'),
        ("| A | B |\n|--|--|\n| 1 | 2 |\n", "<table>\n"),
        ("| A | B | C |\n|--|--|--|\n| 1 | 2 | 3 |\n", 'aria-label="Bảng: A, B, C"><table class="cards">'),
    ],
)
def test_markdown_becomes_the_html_of_the_look(text: str, part: str) -> None:
    assert part in html_of(text)


def test_no_inline_style_reaches_the_page() -> None:
    assert "style=" not in html_of("| A |\n|:-:|\n| 1 |\n")


def test_a_video_divides_the_text_and_carries_what_is_said() -> None:
    blocks = render_lesson(
        'Trước\n\n![Tên](b.mp4 "Dài 1 phút")\n\nSau\n',
        FILES,
        {"b.mp4": {"vi": Track(3, [SpokenLine(0.0, "Một."), SpokenLine(2.5, "Hai.")])}},
    )
    assert [block["kind"] for block in blocks] == ["html", "video", "html"]
    assert blocks[1] == {
        "kind": "video", "id": "b", "asset_id": 2, "title": "Tên", "caption": "Dài 1 phút",
        "tracks": {"vi": {"asset_id": 3, "lines": ["Một.", "Hai."], "starts": [0.0, 2.5]}},
    }  # fmt: skip


@pytest.mark.parametrize(
    "text", ["::: note\n![V](b.mp4)\n:::\n", "- ![V](b.mp4)\n", "Xem ![V](b.mp4) nhé\n", "## ![V](b.mp4)\n"]
)
def test_a_video_in_a_box_or_a_sentence_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        render_lesson(text, FILES, {})


def test_a_file_that_is_not_there_is_named_with_its_line() -> None:
    with pytest.raises(Invalid, match=re.escape("Dòng 3")) as caught:
        render_lesson("Một\n\n![x](mat.svg)\n", FILES, {})
    assert "mat.svg" in caught.value.message


def test_references_know_where_they_stand() -> None:
    text = 'Một\nhai ![x](a.svg)\n\n![y](b.mp4 "Chú")\n\n::: note\n![z](a.svg)\n:::\n'
    found = [(one.name, one.kind, one.line, one.alone, one.top) for one in references(parse(text))]
    assert found == [
        ("a.svg", "image", 2, False, True),
        ("b.mp4", "video", 4, True, True),
        ("a.svg", "image", 7, True, False),
    ]


def test_the_words_of_a_lesson_are_found_with_their_lines() -> None:
    assert list(plain_texts(parse("## Đầu\n\nMột **hai**\nba\n"))) == [(1, "Đầu"), (3, "Một hai ba")]


def test_two_videos_of_one_name_get_ids_of_their_own() -> None:
    blocks = render_lesson("![V](b.mp4)\n\n![V](b.mp4)\n", FILES, {})
    assert [block["id"] for block in blocks] == ["b", "b-2"]


def view(asset_id: int, **fields: object) -> AssetView:
    values: dict[str, object] = {
        "kind": "image",
        "state": "ready",
        "url": f"/media/x{asset_id}/f",
        "poster_url": None,
        "width": None,
        "height": None,
        "duration_s": None,
        "size": 10,
        "error": None,
    }
    return AssetView(asset_id=asset_id, **(values | fields))  # type: ignore[arg-type]


def test_addresses_are_put_in_when_a_lesson_is_shown() -> None:
    blocks = render_lesson(
        'Nói src="asset:2" thôi\n\n![Sơ đồ](a.svg)\n\n![V](b.mp4)\n',
        FILES,
        {"b.mp4": {"vi": Track(3, [SpokenLine(0.0, "Một.")])}},
    )
    assert asset_ids(blocks) == {1, 2, 3}
    views = {
        1: view(1, width=40, height=20, srcset="/s 480w, /m 960w"),
        2: view(2, kind="video", duration_s=5.0),
        3: view(3),
    }
    text, video = resolve(blocks, views)
    assert isinstance(text, HtmlBlock)
    assert 'src="/media/x1/f" srcset="/s 480w, /m 960w" sizes=' in text.html
    assert 'width="40" height="20"' in text.html
    assert "src=&quot;asset:2&quot;" in text.html
    assert isinstance(video, VideoBlock)
    assert (video.url, video.duration_s, video.tracks[0].url, video.tracks[0].lines) == (
        "/media/x2/f",
        5.0,
        "/media/x3/f",
        ("Một.",),
    )


QUESTION = """::: question
Tin nhắn nào **giả**?

- [x] Giục *chuyển* tiền
- [ ] Hẹn giờ khám

Kẻ lừa đảo thúc giục.
:::
"""


def test_a_question_inside_the_text_says_whether_an_option_is_right_and_why() -> None:
    html = html_of(QUESTION)
    right, wrong = re.findall(r"<details[^>]*><summary>(.*?)</summary>\n(.*?)</details>", html, re.DOTALL)
    assert (right[0], wrong[0]) == ("Giục <em>chuyển</em> tiền", "Hẹn giờ khám")
    assert "Đúng." in right[1]
    assert "thúc giục" in right[1]
    assert "Chưa đúng" in wrong[1]
    assert "thúc giục" not in wrong[1]


def test_questions_of_one_lesson_open_apart() -> None:
    names = re.findall(r'name="(hoi-\d)"', html_of(f"{QUESTION}\n{QUESTION}"))
    assert names == ["hoi-1", "hoi-1", "hoi-2", "hoi-2"]


def test_a_box_without_marked_options_keeps_all_its_words() -> None:
    html = html_of("::: question Tự hỏi\nVì sao?\n\n- một\n- hai\n:::\n")
    assert all(word in html for word in ("Tự hỏi", "Vì sao?", "một", "hai"))
    assert "<details" not in html


def test_tables_of_the_same_heads_have_names_of_their_own_and_an_empty_corner_is_no_head() -> None:
    table = "| | Mạng | Sim |\n|---|---|---|\n| Ở nhà | có | có |\n"
    html = html_of(f"{table}\n{table}")
    assert re.findall(r'aria-label="([^"]*)"', html) == ["Bảng: Mạng, Sim", "Bảng: Mạng, Sim (2)"]
    assert '<th scope="col"></th>' not in html
    assert html.count("<td></td>") == 2
    assert html.count('<th scope="col">') == 4
