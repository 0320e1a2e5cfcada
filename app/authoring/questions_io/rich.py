"""Between the HTML of other systems and our short texts: emphasis, code, line breaks, pictures; the words of others."""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser
from pathlib import PurePosixPath
from urllib.parse import unquote

from app.catalogue.inline import media_in, say
from app.core.i18n import gettext as _
from app.core.text import several_lines

# How Moodle marks a file of its own in a text.
PLUGIN_FILE = "@@PLUGINFILE@@/"
_MARKS = {"b": "**", "strong": "**", "i": "*", "em": "*"}
_BREAKS = {"p", "div", "br", "li", "ul", "ol", "tr", "table", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "blockquote"}
_UNSEEN = {"script", "style", "head", "title", "template"}
_SIGNS = re.compile(r"([\\*_`]|!(?=\[))")
_PICTURE_ENDINGS = {"image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif", "image/webp": ".webp"}
_NAME = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass
class Rich:
    """A text of ours, made from HTML. `pictures` by the name the text has for them; `lost` says what is not in it."""

    text: str
    pictures: dict[str, bytes] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)


def text_of_html(html: str, files: Mapping[str, bytes] | None = None) -> Rich:
    """Our text of an HTML fragment, however broken; `files` are those that came with it, by their name there."""
    reader = _Reader(files or {})
    reader.feed(html)
    reader.close()
    text = "".join(reader.parts).replace("\u00a0", " ")
    lines = (re.sub(r"[ \t\r\f\v]+", " ", line).strip() for line in text.split("\n"))
    joined = re.sub(r"\n{2,}", "\n", several_lines("\n".join(lines)))
    # Emphasis of nothing would show as stars.
    return Rich(re.sub(r"\*\*\s*\*\*", "", joined), reader.pictures, reader.lost)


def plain(text: str) -> str:
    """Words as they are, as a text of ours that shows just them."""
    return _SIGNS.sub(r"\\\1", text)


def words_of(text: str) -> str:
    """What a text of ours shows, without emphasis; pictures by their description."""
    return say(text, {}).plain if "\n" not in text else "\n".join(say(line, {}).plain for line in text.split("\n"))


def html_of_text(text: str) -> str:
    """Our text as HTML; pictures as files of the same document."""
    html = str(say(text, {}).html) if not media_in(text) else _with_pictures(text)
    return html.replace("<br />\n", "<br>").replace("<br>\n", "<br>").replace("\n", "<br>")


def _with_pictures(text: str) -> str:
    pieces = []
    rest = text
    for medium in media_in(text):
        found = re.search(rf"!\[[^\]]*\]\({re.escape(medium.name)}[^)]*\)", rest)
        if found is None:
            continue
        pieces.append(str(say(rest[: found.start()], {}).html))
        pieces.append(f'<img src="{PLUGIN_FILE}{escape(medium.name)}" alt="{escape(medium.alt)}">')
        rest = rest[found.end() :]
    return "".join([*pieces, str(say(rest, {}).html)])


class _Reader(HTMLParser):
    def __init__(self, files: Mapping[str, bytes]) -> None:
        super().__init__(convert_charrefs=True)
        self.files = files
        self.parts: list[str] = []
        self.pictures: dict[str, bytes] = {}
        self.lost: list[str] = []
        self._hidden = 0
        # Between backticks every sign is itself.
        self._in_code = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in _UNSEEN:
            self._hidden += 1
        elif tag == "img":
            self._picture(given)
        elif tag in ("audio", "video", "iframe", "object", "embed"):
            self.lost.append(_("Bỏ phần “%(tag)s”: chỉ hình được nhập.", tag=tag))
        elif tag in _BREAKS:
            self.parts.append("\n")
        elif tag in _MARKS:
            self.parts.append(_MARKS[tag])
        elif tag == "code":
            self._in_code = True

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._hidden = max(0, self._hidden - 1)
        elif tag in _BREAKS and tag != "br":
            self.parts.append("\n")
        elif tag in _MARKS:
            self.parts.append(_MARKS[tag])
        elif tag == "code":
            self._in_code = False

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            said = re.sub(r"\s+", " ", data)
            self.parts.append(_code(said) if self._in_code else plain(said))

    def _picture(self, given: Mapping[str, str]) -> None:
        source = given.get("src", "")
        alt = " ".join(given.get("alt", "").replace("[", "(").replace("]", ")").split()) or _("hình trong câu hỏi")
        content, name = b"", ""
        if source.startswith(PLUGIN_FILE):
            name = unquote(source.removeprefix(PLUGIN_FILE).partition("?")[0])
            content = self.files.get(name, b"")
        elif source.startswith("data:"):
            content, name = _inlined(source, len(self.pictures) + 1)
        if not content:
            self.lost.append(_("Không có tệp của hình “%(alt)s”, chỉ giữ lời tả.", alt=alt))
            self.parts.append(plain(f"({alt})"))
            return
        name = _NAME.sub("-", PurePosixPath(name).name).lstrip(".-") or "hinh.png"
        self.pictures[name] = content
        self.parts.append(f"![{alt}]({name})")


def _code(text: str) -> str:
    """Between more backticks than stand together in the text."""
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    pad = " " if text[:1] == "`" or text[-1:] == "`" else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def _inlined(source: str, number: int) -> tuple[bytes, str]:
    head, _sign, body = source.partition(",")
    ending = _PICTURE_ENDINGS.get(head.removeprefix("data:").partition(";")[0], "")
    if not ending or not head.endswith(";base64"):
        return b"", ""
    try:
        return base64.b64decode(unquote(body), validate=False), f"hinh-{number}{ending}"
    except (binascii.Error, ValueError):
        return b"", ""
