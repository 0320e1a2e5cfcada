"""English has a translation for every Vietnamese sentence, with the same placeholders."""

import re
from functools import cache
from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from app.core.i18n import LOCALE_DIR
from app.core.settings import ROOT

_PLACEHOLDER = re.compile(r"%\(\w+\)s|%%|\{\w+\}")
_METHODS = [("app/**.py", "python"), ("templates/**.html", "jinja2")]
_OPTIONS = {
    "templates/**.html": {"extensions": "jinja2.ext.do", "trim_blocks": "true", "lstrip_blocks": "true"},
}  # as in babel.cfg


@cache
def _sentences() -> set[str]:
    keywords = {"_": None, "lazy": None, "gettext": None, "ngettext": (1, 2)}
    found = extract_from_dir(ROOT, _METHODS, _OPTIONS, keywords=keywords, directory_filter=_ours)
    return {message[0] if isinstance(message, tuple) else message for _file, _line, message, *_rest in found}


def _ours(folder: str) -> bool:
    """The folders sentences live in, and the way to them."""
    parts = Path(folder).relative_to(ROOT).parts
    return not parts or parts[0] in ("app", "templates")


def test_every_sentence_is_translated_with_its_placeholders() -> None:
    with (LOCALE_DIR / "en" / "LC_MESSAGES" / "messages.po").open("rb") as source:
        english = read_po(source, locale="en")
    missing, differing = [], []
    for sentence in sorted(_sentences()):
        entry = english.get(sentence)
        texts = [] if entry is None else [entry.string] if isinstance(entry.string, str) else list(entry.string)
        if not texts or not all(texts):
            missing.append(sentence)
        elif any(set(_PLACEHOLDER.findall(text)) != set(_PLACEHOLDER.findall(sentence)) for text in texts):
            differing.append(sentence)
    assert not missing, f"{len(missing)} sentences without English, e.g. {missing[:5]}: run `make messages`"
    assert not differing, differing[:5]


def test_no_translation_is_left_over() -> None:
    with (LOCALE_DIR / "en" / "LC_MESSAGES" / "messages.po").open("rb") as source:
        english = read_po(source, locale="en")
    known = {message.id[0] if isinstance(message.id, tuple) else message.id for message in english if message.id}
    assert known <= _sentences()
