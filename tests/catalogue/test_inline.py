"""Short texts: a little Markdown, pictures and sounds, and never anything that acts."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.catalogue.inline import media_in, say
from app.media.queries import AssetView


def view(kind: str, url: str) -> AssetView:
    values: dict[str, Any] = dict.fromkeys(("poster_url", "width", "height", "duration_s", "error"))
    return AssetView(asset_id=1, kind=kind, state="ready", url=url, size=1, **values)


FILES = {"hình 1.svg": view("image", "/media/a/image.svg"), "nghe.mp3": view("sound", "/media/b/sound.mp3")}


@pytest.mark.parametrize(
    ("text", "html", "plain"),
    [
        ("Ký số là gì?", "Ký số là gì?", "Ký số là gì?"),
        ("**đậm**, *nghiêng*, `a<b`", "<strong>đậm</strong>, <em>nghiêng</em>, <code>a&lt;b</code>",
         "đậm, nghiêng, a<b"),
        ("một\nhai", "một<br>\nhai", "một hai"),
        ("5 * 3 * 2 = ten_tep_x \\*", "5 * 3 * 2 = ten_tep_x *", "5 * 3 * 2 = ten_tep_x *"),
        ("[chữ](https://la.vn) <b>x</b>", "[chữ](https://la.vn) &lt;b&gt;x&lt;/b&gt;", "[chữ](https://la.vn) <b>x</b>"),
        ("Xem ![Ba ô](<hình 1.svg>)", 'Xem <img src="/media/a/image.svg" alt="Ba ô">', "Xem Ba ô"),
        ("Xem ![Ba ô](mat.svg)", "Xem Ba ô", "Xem Ba ô"),
        ("Nghe ![Lời chào](nghe.mp3 \"Chào bác.\")", "Nghe ", "Nghe Lời chào"),
    ],
)  # fmt: skip
def test_a_text_shows_as_its_author_meant(text: str, html: str, plain: str) -> None:
    said = say(text, FILES)
    assert (said.html, said.plain) == (html, plain)


def test_a_sound_stands_apart_with_its_words() -> None:
    said = say('![Lời chào](nghe.mp3 "Chào bác.")', FILES)
    assert [(one.url, one.title, one.words) for one in said.sounds] == [("/media/b/sound.mp3", "Lời chào", "Chào bác.")]
    assert said.has_media
    assert [(one.name, one.kind) for one in media_in('![a](x.mp3 "b") ![c](d.png) ![e](f.mp4)')] == [
        ("x.mp3", "sound"), ("d.png", "image"), ("f.mp4", "video"),
    ]  # fmt: skip


@given(text=st.text(alphabet=st.sampled_from("a<>\"'&*_`![]()\\\n hình.svg:"), max_size=60))
def test_nothing_written_becomes_a_tag_of_its_authors(text: str) -> None:
    html = say(text, FILES).html
    for ours in ("<br>", "<strong>", "</strong>", "<em>", "</em>", "<code>", "</code>"):
        html = html.replace(ours, "")
    assert "<" not in html.replace('<img src="/media', "")
