"""Videos of other sites: which addresses become a frame, and what a lesson shows of them and of files to download."""

import pytest

from app.catalogue.embed_sites import checked_site
from app.catalogue.embeds import USUAL, Site, framed, is_frame, is_pattern
from app.catalogue.markdown import READ, references, render_lesson
from app.catalogue.markdown import parse as parsed
from app.catalogue.render import DownloadBlock, EmbedBlock, HtmlBlock, asset_ids, resolve
from app.core.errors import Invalid
from app.media.queries import AssetView

FRAME = "https://www.youtube-nocookie.com/embed/abc_DEF-123"
WATCH = "https://www.youtube.com/watch?v=abc_DEF-123"
ELSEWHERE = Site("Nơi khác", ("phim.example/{id}/xem",), "https://nhung.example/p?id={id}")


@pytest.mark.parametrize(
    "address",
    [
        WATCH,
        "http://WWW.YouTube.com/watch?v=abc_DEF-123",
        f"{WATCH}&t=30s&list=XYZ#t=1",
        "https://youtu.be/abc_DEF-123?si=theo-doi",
        "https://youtu.be/abc_DEF-123/",
        "https://m.youtube.com/watch?app=desktop&v=abc_DEF-123",
        "https://www.youtube.com/shorts/abc_DEF-123",
    ],
)
def test_an_address_of_the_list_becomes_a_frame_of_the_list_and_nothing_else_of_it(address: str) -> None:
    assert framed(address, USUAL) == (USUAL[0], FRAME)


@pytest.mark.parametrize(
    "address",
    [
        "https://www.youtube.com.evil.example/watch?v=abc",
        "https://evil.example/www.youtube.com/watch?v=abc",
        "https://www.youtube.com@evil.example/watch?v=abc",
        "https://ai:khoa@www.youtube.com/watch?v=abc",
        "https://www.youtube.com:8443/watch?v=abc",
        "https://www.youtube.com:/watch?v=abc",
        "https://www.youtube.com./watch?v=abc",
        "https://www.youtubе.com/watch?v=abc",
        "https://xn--www-youtube-9ph.com/watch?v=abc",
        "https://www.youtube.com\\@evil.example/watch?v=abc",
        "https://www.youtube.com%2eevil.example/watch?v=abc",
        "https://[::1]/watch?v=abc",
        "https://[/watch?v=abc",
        "javascript://www.youtube.com/watch?v=abc",
        "//www.youtube.com/watch?v=abc",
        "ftp://youtu.be/abc",
        "https://www.youtube.com/redirect?q=https://evil.example",
        "https://www.youtube.com/watch?v=abc&v=def",
        "https://www.youtube.com/watch?v=../../evil",
        "https://www.youtube.com/watch?v=abc%22onload",
        "https://www.youtube.com/watch?v=",
        "https://www.youtube.com/watch",
        "https://youtu.be/abc/def",
        "https://youtu.be/",
        f"https://youtu.be/{'a' * 65}",
        "https://youtu.be/{id}x",
        "https://youtu.be/abc\ndef",
        "https://bacninh.gov.vn/",
    ],
)
def test_what_only_looks_like_one_stays_a_link(address: str) -> None:
    assert framed(address, USUAL) is None


@pytest.mark.parametrize("pattern", ["youtu.be/{id}", "a.example/x?v={id}", "a.example/{id}/xem", "a-b.example/{id}"])
def test_a_pattern_has_a_host_and_one_place_for_the_id(pattern: str) -> None:
    assert is_pattern(pattern)


@pytest.mark.parametrize(
    "pattern",
    ["a.example/x", "a.example/{id}/{id}", "{id}.example/x", "a.example/x{id}", "a.example:80/{id}", "b@a.example/{id}",
     "localhost/{id}", "127.0.0.1/{id}", "phím.example/{id}", "a.example/x#{id}", "", "a.example/x?v={id}&w={id}"],
)  # fmt: skip
def test_any_other_pattern_is_refused(pattern: str) -> None:
    assert not is_pattern(pattern)


@pytest.mark.parametrize(
    "frame",
    ["http://a.example/{id}", "https://a.example/x", "https://{id}.example/x", "https://a.example/{id};script-src",
     "https://a.example:8/{id}", "https://a@b.example/{id}", "https://a.example/{id} https://b.example",
     "https://a.example/{id}/{id}", "https://a.example/'{id}'", "//a.example/{id}"],
)  # fmt: skip
def test_what_a_frame_shows_is_one_https_address(frame: str) -> None:
    assert not is_frame(frame)
    with pytest.raises(Invalid) as refused:
        checked_site("", [], frame)
    assert set(refused.value.fields) == {"name", "addresses", "frame"}


def test_the_usual_list_and_another_hold_together() -> None:
    assert all(is_pattern(one) for site in USUAL for one in site.addresses)
    assert checked_site("Nơi khác", ["https://phim.example/{id}/xem", ""], ELSEWHERE.frame) == ELSEWHERE
    assert framed("https://phim.example/x1/xem", (*USUAL, ELSEWHERE)) == (ELSEWHERE, "https://nhung.example/p?id=x1")


def test_a_link_alone_is_embedded_where_its_site_is_on_the_list_and_a_link_in_its_text_elsewhere() -> None:
    text = f'Trước.\n\n[Phim **hay**]({WATCH} "Hai phút")\n\nSau.\n\n- [Phim]({WATCH})\n'
    stored = render_lesson(text, {}, {})
    assert [block["kind"] for block in stored] == ["html", "embed", "html"]
    assert all(block["kind"] in READ for block in stored)
    assert asset_ids(stored) == set()
    before, shown, after = resolve(stored, {}, sites=USUAL)
    assert shown == EmbedBlock("Phim hay", "Hai phút", WATCH, FRAME, USUAL[0])
    assert isinstance(after, HtmlBlock)
    assert WATCH in after.html
    (alone,) = resolve(stored, {}, sites=(ELSEWHERE,))
    assert isinstance(alone, HtmlBlock)
    assert f'<p><a href="{WATCH}" title="Hai phút" rel="noopener">Phim <strong>hay</strong></a></p>' in alone.html
    assert isinstance(before, HtmlBlock)


SHEET = AssetView(
    asset_id=5, kind="download", state="ready", url="/media/x/original.xlsx", poster_url=None, width=None, height=None,
    duration_s=None, size=2048, error=None, file_name="Mẫu kê.xlsx", original_url="/media/x/original.xlsx",
    original_size=2048,
)  # fmt: skip


def test_a_file_alone_is_a_card_to_download() -> None:
    for text in ('[Mẫu kê](mau-ke.xlsx "Điền ba ô")\n', '![Mẫu kê](mau-ke.xlsx "Điền ba ô")\n'):
        stored = render_lesson(text, {"mau-ke.xlsx": 5}, {})
        assert asset_ids(stored) == {5}
        assert resolve(stored, {5: SHEET}) == (
            DownloadBlock("Mẫu kê", "Điền ba ô", "ready", "/media/x/original.xlsx", 2048, "XLSX"),
        )
    (drawn,) = references(parsed("[Đơn](don.docx)\n"))
    assert (drawn.kind, drawn.alone, drawn.top, drawn.alt) == ("download", True, True, "Đơn")
    assert [block["kind"] for block in render_lesson("[Đơn](don.docx)\n", {"don.docx": 6}, {})] == ["download"]


@pytest.mark.parametrize("text", ["Tải [mẫu](a.xlsx) này.\n", "- [mẫu](a.xlsx)\n", "[](a.xlsx)\n", "[mẫu](b.xlsx)\n"])
def test_a_file_elsewhere_than_alone_with_a_name_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        render_lesson(text, {"a.xlsx": 5}, {})
