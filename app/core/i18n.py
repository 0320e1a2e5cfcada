"""Languages. The msgid is the Vietnamese sentence; English is a translation in app/locale/en."""

import gettext as _gettext
import io
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALE_DIR = Path(__file__).resolve().parents[1] / "locale"
DEFAULT = "vi"
LANGUAGES = ("vi", "en")

_language: ContextVar[str] = ContextVar("language", default=DEFAULT)


def language() -> str:
    return _language.get()


def speak(lang: str) -> None:
    """Choose the language of the current request, job or command; unknown ones mean Vietnamese."""
    _language.set(lang if lang in LANGUAGES else DEFAULT)


def gettext(message: str, **values: object) -> str:
    """Translate a whole sentence; named placeholders as `%(name)s`."""
    text = _catalogue(language()).gettext(message)
    return text % values if values else text


def ngettext(singular: str, plural: str, count: int, **values: object) -> str:
    return _catalogue(language()).ngettext(singular, plural, count) % {"count": count, **values}


class lazy:
    """A sentence translated when it is read, for class attributes and constants."""

    __slots__ = ("message",)

    def __init__(self, message: str) -> None:
        self.message = message

    def __str__(self) -> str:
        return gettext(self.message)

    def __mod__(self, values: dict[str, object]) -> str:
        return gettext(self.message) % values


@lru_cache(maxsize=len(LANGUAGES))
def _catalogue(lang: str) -> _gettext.NullTranslations:
    """Compile the .po in memory: a few milliseconds, and no build step that can be forgotten."""
    path = LOCALE_DIR / lang / "LC_MESSAGES" / "messages.po"
    if not path.exists():
        return _gettext.NullTranslations()
    with path.open("rb") as source:
        catalogue = read_po(source, locale=lang)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return _gettext.GNUTranslations(compiled)
