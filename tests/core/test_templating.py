"""What templates show: dates and numbers as Vietnam writes them, everything escaped, nothing silently empty."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from jinja2 import UndefinedError
from markupsafe import Markup

from app.core import i18n, templating
from app.core.templating import (
    format_date,
    format_datetime,
    format_filesize,
    format_minutes,
    format_number,
    format_percent,
    make_environment,
)  # fmt: skip

LATE_EVENING_UTC = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (format_date(date(2026, 7, 1)), "01/07/2026"),
        (format_date(LATE_EVENING_UTC), "21/11/2026"),
        (format_date(None), "–"),
        (format_datetime(LATE_EVENING_UTC), "21/11/2026 06:30"),
        (format_datetime(None), "–"),
        (format_number(1234567), "1.234.567"),
        (format_number(1234.5, 1), "1.234,5"),
        (format_number(0), "0"),
        (format_number(-0.2), "0"),
        (format_number(-1234.56, 1), "-1.234,6"),
        (format_number(None), "–"),
        (format_percent(0.843), "84,3%"),
        (format_percent(1), "100%"),
        (format_percent(0), "0%"),
        (format_percent(1.25), "125%"),
        (format_percent(0.5, 0), "50%"),
        (format_percent(None), "–"),
        (format_filesize(None), "–"),
        (format_filesize(5_000), "4,9 kB"),
        (format_filesize(500_000), "488 kB"),
        (format_filesize(5 * 1024 * 1024), "5,0 MB"),
        (format_minutes(0), "0 giây"),
        (format_minutes(45), "45 giây"),
        (format_minutes(59.7), "1 phút"),
        (format_minutes(250), "4 phút 10 giây"),
    ],
)
def test_values_read_as_vietnam_writes_them(shown: str, text: str) -> None:
    assert shown == text


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ui").mkdir()
    (tmp_path / "ui" / "ui.html").write_text("{% macro tag(text) %}<b>{{ text }}</b>{% endmacro %}")
    (tmp_path / "page.html").write_text(
        "<main>{% block rows %}{{ ui.tag(name) }} {{ _('Chào %(name)s, 100%%', name=name) }}{% endblock %}</main>"
    )
    return tmp_path


def test_a_block_rendered_alone_is_the_part_of_the_page(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(templating, "environment", lambda: make_environment(folder))
    page = templating.render_template("page.html", {"name": "An"})
    assert page == "<main><b>An</b> Chào An, 100%</main>"
    assert f"<main>{templating.render_block('page.html', 'rows', {'name': 'An'})}</main>" == page


def test_what_people_typed_is_escaped_even_inside_a_sentence(folder: Path) -> None:
    page = make_environment(folder).get_template("page.html").render(name="<script>&")
    assert "<script>" not in page
    assert page.count("&lt;script&gt;&amp;") == 2


def test_a_name_nobody_passed_is_an_error(folder: Path) -> None:
    with pytest.raises(UndefinedError):
        make_environment(folder).get_template("page.html").render()


def test_a_remembered_piece_is_made_once_for_each_key_and_language(folder: Path) -> None:
    """What it holds is not looked at again: so everything it shows must be in its key."""
    (folder / "piece.html").write_text('{% call remembered("piece", key) %}{{ next() }} {{ name }}{% endcall %}')
    numbers = iter("123456")
    piece = make_environment(folder).get_template("piece.html")

    def shown(key: object, lang: str = "vi") -> str:
        i18n.speak(lang)
        return piece.render(key=key, next=numbers.__next__, name="<An>")

    assert [shown(("a", 1)), shown(("a", 1)), shown(("a", 2)), shown(("a", 1), "en")] == [
        "1 &lt;An&gt;", "1 &lt;An&gt;", "2 &lt;An&gt;", "3 &lt;An&gt;",
    ]  # fmt: skip
    assert [shown(None), shown(None)] == ["4 &lt;An&gt;", "5 &lt;An&gt;"], "seldom the same twice: not kept"


def test_a_macro_drawn_once_tells_texts_from_markup_and_languages_apart(folder: Path) -> None:
    (folder / "once.html").write_text("{% macro _b(text) %}<b>{{ text }}</b>{% endmacro %}{% set b = drawn_once(_b) %}")
    (folder / "page.html").write_text('{% import "once.html" as once %}{{ once.b(said) }}')
    page = make_environment(folder).get_template("page.html")

    def shown(said: object) -> str:
        return page.render(said=said)

    assert [shown("<i>"), shown(Markup("<i>")), shown("<i>")] == ["<b>&lt;i&gt;</b>", "<b><i></b>", "<b>&lt;i&gt;</b>"]
    sentence = i18n.lazy("Đăng nhập")
    said_in = []
    for language in ("vi", "en"):
        i18n.speak(language)
        said_in.append(shown(sentence))
    i18n.speak("vi")
    assert said_in == ["<b>Đăng nhập</b>", "<b>Sign in</b>"]


def test_a_bundle_is_its_files_one_after_the_other() -> None:
    whole = templating.static_bytes("css/all.css").decode()
    parts = [(templating.STATIC_DIR / part).read_text(encoding="utf-8") for part in templating.BUNDLES["css/all.css"]]
    assert whole == "\n".join(parts)
    # The studio's own, which no learner's page needs.
    alone = {"editor.css", "studio.css"}
    assert "css/editor.css" in Path("templates/authoring/lesson_form.html").read_text(encoding="utf-8")
    assert {path.name for path in (templating.STATIC_DIR / "css").glob("*.css")} - alone == {
        part.removeprefix("css/") for part in templating.BUNDLES["css/all.css"]
    }, "a style sheet that no page would see"


def test_the_address_of_a_static_file_changes_with_its_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(templating, "STATIC_DIR", tmp_path)
    addresses = set()
    for content in ("a", "b"):
        (tmp_path / "x.css").write_text(content)
        templating.static_digest.cache_clear()
        addresses.add(templating.static_url("x.css"))
    templating.static_digest.cache_clear()
    assert len(addresses) == 2
    assert all(address.startswith("/static/x.css?v=") for address in addresses)
    with pytest.raises(FileNotFoundError):
        templating.static_url("none.css")
