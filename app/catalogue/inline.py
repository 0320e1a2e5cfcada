"""Short texts of an author, as questions have: emphasis, code, line breaks, pictures and sounds. No links, no HTML.

Files are named as in lessons: `![description](picture.svg)`. A sound carries its words with it, for those who cannot
hear: `![title](sound.mp3 "what is said")`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from html import escape, unescape
from pathlib import PurePosixPath
from typing import Literal

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from app.catalogue.markdown import SOUND_ENDINGS, file_name_of, media_kind
from app.catalogue.render import picture_attributes
from app.media.queries import AssetView

_md = MarkdownIt("zero", {"breaks": True}).enable(["newline", "escape", "backticks", "emphasis", "image"])
# Most texts have none of the signs that mean anything.
_MARKED = re.compile(r"[*_`!\\\n]")
_IMAGE = re.compile(r'<img src="file:([^"]*)" alt="([^"]*)"[^>]*>')


@dataclass(frozen=True)
class Medium:
    """A file a text shows; `alt` describes a picture or names a sound, `words` are what a sound says."""

    name: str
    kind: Literal["image", "sound", "video", "document", "download", "other"]
    alt: str
    words: str


@dataclass(frozen=True)
class Sound:
    """To stand after the text it belongs to: a player may not stand inside a label."""

    url: str
    title: str
    words: str


@dataclass(frozen=True)
class Said:
    """A text as a page shows it; `plain` is for list boxes, pictures by their description."""

    html: Markup
    plain: str
    sounds: tuple[Sound, ...] = ()

    @property
    def has_media(self) -> bool:
        return bool(self.sounds) or "<img " in self.html

    def __html__(self) -> str:
        return self.html

    @classmethod
    def plainly(cls, text: str) -> "Said":
        return cls(Markup.escape(text), text)


def say(text: str, files: Mapping[str, AssetView]) -> Said:
    """The text with the addresses of its files put in; a file that is not among `files` shows as its description."""
    if not _MARKED.search(text):
        return Said.plainly(text)
    html, plain, media = _read(text)
    if not media:
        return Said(Markup(html), plain)  # noqa: S704
    sounds = tuple(
        Sound(view.url or "", one.alt, one.words)
        for one in media
        if one.kind == "sound" and (view := files.get(one.name))
    )

    def picture(found: re.Match[str]) -> str:
        view = files.get(unescape(found[1]))
        return f'<img {picture_attributes(view)} alt="{found[2]}">' if view else found[2]

    # Our own renderer made it from text with every sign escaped.
    return Said(Markup(_IMAGE.sub(picture, html)), plain, sounds)  # noqa: S704


def media_in(text: str) -> tuple[Medium, ...]:
    """The files a text shows, in order."""
    return _read(text)[2] if "![" in text else ()


@lru_cache(maxsize=4096)
def _read(text: str) -> tuple[str, str, tuple[Medium, ...]]:
    """HTML with files by name, the words alone, and the files."""
    tokens = _md.parseInline(text)
    children = tokens[0].children or []
    media = tuple(_medium(child) for child in children if child.type == "image")
    shown = [child for child in children if child.type != "image" or _medium(child).kind != "sound"]
    for child in shown:
        if child.type == "image":
            child.attrs = {"src": f"file:{escape(_medium(child).name)}", "alt": ""}
    html = _md.renderer.render(shown, _md.options, {})
    plain = "".join(" " if child.type in ("softbreak", "hardbreak") else child.content for child in children)
    return html, " ".join(plain.split()), media


def _medium(image: Token) -> Medium:
    name = file_name_of(image)
    is_sound = PurePosixPath(name).suffix.lower() in SOUND_ENDINGS
    words = str(image.attrs.get("title", "")).strip()
    return Medium(name, "sound" if is_sound else media_kind(name), image.content.strip(), words)
