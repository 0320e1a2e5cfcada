"""Languages: the Vietnamese sentence is the key and the answer when there is no other."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core import i18n
from app.core.errors import Invalid
from app.core.i18n import gettext, lazy, ngettext, speak

_CATALOGUE = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

msgid "Đã lưu."
msgstr "Saved."

msgid "Chào %(name)s"
msgstr "Hello %(name)s"

msgid "Chưa dịch"
msgstr ""

#, fuzzy
msgid "Dịch phỏng"
msgstr "A guess"

msgid "%(count)s người"
msgid_plural "%(count)s người"
msgstr[0] "%(count)s person"
msgstr[1] "%(count)s people"

msgid "Còn %(days)s ngày"
msgstr "%(day)s days left"
"""


@pytest.fixture(autouse=True)
def english(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An English catalogue of a few sentences; the test begins in Vietnamese."""
    (tmp_path / "en" / "LC_MESSAGES").mkdir(parents=True)
    (tmp_path / "en" / "LC_MESSAGES" / "messages.po").write_text(_CATALOGUE, encoding="utf-8")
    monkeypatch.setattr(i18n, "LOCALE_DIR", tmp_path)
    i18n._catalogue.cache_clear()
    speak("vi")
    yield
    speak("vi")
    i18n._catalogue.cache_clear()


def test_vietnamese_needs_no_catalogue() -> None:
    assert gettext("Đã lưu.") == "Đã lưu."
    assert gettext("Chào %(name)s", name="An") == "Chào An"
    assert gettext("Đạt 100%") == "Đạt 100%"
    assert ngettext("%(count)s người", "%(count)s người", 1) == "1 người"
    assert ngettext("%(count)s người", "%(count)s người", 5) == "5 người"


def test_english_is_a_translation_and_falls_back_to_the_sentence_itself() -> None:
    speak("en")
    assert gettext("Đã lưu.") == "Saved."
    assert gettext("Chào %(name)s", name="An") == "Hello An"
    assert gettext("Chưa dịch") == "Chưa dịch"
    assert gettext("Không có trong danh mục") == "Không có trong danh mục"
    assert gettext("Dịch phỏng") == "Dịch phỏng", "what nobody has looked at is not shown"
    assert ngettext("%(count)s người", "%(count)s người", 1) == "1 person"
    assert ngettext("%(count)s người", "%(count)s người", 5) == "5 people"


@pytest.mark.parametrize("language", ["", "fr", "VI", "../../etc", "en-US"])
def test_an_unknown_language_means_vietnamese(language: str) -> None:
    speak("en")
    speak(language)
    assert i18n.language() == "vi"


def test_a_lazy_sentence_is_translated_when_it_is_read() -> None:
    saved, hello = lazy("Đã lưu."), lazy("Chào %(name)s")
    assert (str(saved), f"{saved}", hello % {"name": "An"}) == ("Đã lưu.", "Đã lưu.", "Chào An")
    speak("en")
    assert (str(saved), f"{saved}", hello % {"name": "An"}) == ("Saved.", "Saved.", "Hello An")


def test_each_thread_speaks_its_own_language() -> None:
    spoken = []
    speak("en")
    thread = threading.Thread(target=lambda: spoken.append(i18n.language()))
    thread.start()
    thread.join()
    assert spoken == ["vi"]


def test_an_error_made_in_one_language_is_told_in_the_language_of_the_reader() -> None:
    error = Invalid(lazy("Chào %(name)s"), name="An")
    assert error.message == "Chào An"
    speak("en")
    assert error.message == "Hello An"


def test_a_translation_with_a_wrong_placeholder_does_not_hide_the_error() -> None:
    speak("en")
    assert Invalid(lazy("Còn %(days)s ngày"), days=3).message == "%(day)s days left"
