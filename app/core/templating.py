"""Jinja2 for pages, fragments and emails: strict, escaped, in the reader's language."""

import hashlib
from collections.abc import Callable, Hashable, Mapping
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from app.core import clock, i18n
from app.core.i18n import gettext as _
from app.core.memory import Memory
from app.core.settings import ROOT

STATIC_DIR = ROOT / "app" / "static"
# Files sent as one: on a weak signal every further request of a first view costs more than its bytes.
BUNDLES = {
    "css/all.css": tuple(
        f"css/{name}.css"
        for name in (
            "base", "layout", "parts", "forms", "lesson", "coverage", "learning", "portal", "units", "print",
        )
    ),
    # One module each: what one file defines, the others may call.
    "js/lesson.js": ("js/outbox.js", "js/player.js"),
    "js/film.js": ("js/stream.js", "js/controls.js", "js/transcript.js", "js/storyboard.js"),
}  # fmt: skip
# Of about 4 kB each.
_FRAGMENTS = 2000


def format_date(value: date | datetime | None) -> str:
    """dd/mm/yyyy in Vietnam; an en dash for what has no date."""
    if value is None:
        return "–"
    if isinstance(value, datetime):
        value = value.astimezone(clock.VIETNAM)
    return value.strftime("%d/%m/%Y")


def format_datetime(value: datetime | None) -> str:
    return "–" if value is None else value.astimezone(clock.VIETNAM).strftime("%d/%m/%Y %H:%M")


def format_number(value: float | None, digits: int = 0) -> str:
    """1.234,5 as Vietnam writes it, in every language of the interface."""
    if value is None:
        return "–"
    # Adding zero keeps a small negative number from reading "-0".
    return f"{round(value, digits) + 0.0:,.{digits}f}".replace(",", "\0").replace(".", ",").replace("\0", ".")


def format_percent(ratio: float | None, digits: int = 1) -> str:
    """A ratio as 84,3%; whole ones without decimals."""
    if ratio is None:
        return "–"
    text = format_number(ratio * 100, digits)
    return (text.removesuffix("," + "0" * digits) if digits else text) + "%"


def format_filesize(size: int | None) -> str:
    if size is None:
        return "–"
    if size == 0:
        return "0 kB"
    if size < 1024 * 1024:
        return f"{format_number(max(size / 1024, 0.1), 1 if size < 10240 else 0)} kB"
    if size < 1024**3:
        return f"{format_number(size / 1024 / 1024, 1)} MB"
    return f"{format_number(size / 1024**3, 1)} GB"


def format_minutes(seconds: float) -> str:
    """A span of time in words: “4 phút 10 giây”; “24 giờ” where it is whole hours from two on."""
    minutes, rest = divmod(round(seconds), 60)
    if minutes >= 120 and not rest and not minutes % 60:
        return _("%(hours)s giờ", hours=minutes // 60)
    if not minutes:
        return _("%(seconds)s giây", seconds=rest)
    if not rest:
        return _("%(minutes)s phút", minutes=minutes)
    return _("%(minutes)s phút %(seconds)s giây", minutes=minutes, seconds=rest)


def format_clock(seconds: float) -> str:
    """A place in a video as players write it: 1:05, 1:02:03."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}" if minutes >= 60 else f"{minutes}:{rest:02}"


def static_url(path: str) -> str:
    """The address of a static file with the hash of its content, so that it may be cached for ever."""
    return f"/static/{path}?v={static_digest(path)}"


@lru_cache(maxsize=512)
def static_digest(path: str) -> str:
    """The hash a file's address carries, 12 characters; raises OSError if there is no such file."""
    return hashlib.sha256(static_bytes(path)).hexdigest()[:12]


def static_bytes(path: str) -> bytes:
    """What a static file or a bundle of them holds; raises OSError if there is no such file."""
    if path not in BUNDLES:
        return (STATIC_DIR / path).read_bytes()
    return b"\n".join((STATIC_DIR / part).read_bytes() for part in BUNDLES[path])


def say(message: str, **values: object) -> Markup:
    """`_` in templates: the sentence in the reader's language, with what is put into it escaped.

    Jinja's own does the same at five times the cost, and a page has a hundred sentences.
    """
    sentence = _sentence(message, i18n.language())
    return sentence % values if values else sentence % ()


@lru_cache(maxsize=4096)
def _sentence(message: str, _language: str) -> Markup:
    # Sentences are our own: from the templates and their translations.
    return Markup(_(message))  # noqa: S704


class Fragments:
    """Pieces of pages that come out the same whenever their key and the language are the same.

    `{% call remembered("outline", module, states) %}…{% endcall %}` renders what it holds once. Everything it shows
    must be in the key: values that compare by what they hold, such as frozen dataclasses. With `none` in the key it
    is rendered anew, for what is seldom the same twice.
    """

    def __init__(self) -> None:
        self._memory = Memory(_FRAGMENTS)

    def remembered(self, *key: Hashable, caller: Callable[[], Markup]) -> Markup:
        if None in key:
            return caller()
        spoken: tuple[Hashable, ...] = (i18n.language(), *key)
        known: Markup | None = self._memory.get(spoken)
        if known is None:
            known = caller()
            self._memory.keep(spoken, known)
        return known


def drawn_once(macro: Callable[..., Markup]) -> Callable[..., Markup]:
    """A macro that looks at its arguments alone: for the same ones, in the same language, it is drawn once.

    Told apart by type too: a text that is to be escaped equals its Markup.
    """
    kept = lru_cache(maxsize=_FRAGMENTS, typed=True)(lambda _language, *args, **named: macro(*args, **named))
    return lambda *args, **named: kept(i18n.language(), *args, **named)


def make_environment(folder: Path = ROOT / "templates") -> Environment:
    environment = Environment(
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        # A page looks at a dozen files; asking the disk about each, every time, is for who edits them.
        auto_reload=False,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    environment.install_gettext_callables(i18n.gettext, i18n.ngettext, newstyle=True)  # type: ignore[attr-defined]
    environment.filters |= {
        "date": format_date, "datetime": format_datetime, "number": format_number, "percent": format_percent,
        "filesize": format_filesize, "minutes": format_minutes, "clock": format_clock,
    }  # fmt: skip
    environment.globals |= {
        "_": say,
        "static": static_url,
        "today": clock.today,
        "remembered": Fragments().remembered,
        "drawn_once": drawn_once,
        # The macros of a file that look at nothing of the page: what `import` gives, found once.
        "macros": lru_cache(maxsize=100)(lambda name: environment.get_template(name).module),
    }
    # Macros as a global: a top-level import is not seen when a block is rendered alone.
    environment.globals["ui"] = environment.get_template("ui/ui.html").module
    return environment


@lru_cache(maxsize=1)
def environment() -> Environment:
    return make_environment()


def render_template(name: str, context: Mapping[str, Any]) -> str:
    return environment().get_template(name).render(context)


def render_block(name: str, block: str, context: Mapping[str, Any]) -> str:
    """One block of a page's template, alone: the fragment htmx swaps in."""
    template: Template = environment().get_template(name)
    return "".join(template.blocks[block](template.new_context(dict(context))))
