"""A paragraph that is a link and nothing else: a file beside the lesson to download, or a page of another site."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from markdown_it.token import Token

from app.catalogue.tokens import words

# A name and no path: no scheme, no folder, no parameters.
_FILE = re.compile(r"[^\s/\\:?#]+\.[A-Za-z0-9]{1,5}")
_OUTER = re.compile(r"https?://", re.IGNORECASE)


@dataclass(frozen=True)
class LoneLink:
    address: str
    title: str
    caption: str

    @property
    def is_outer(self) -> bool:
        return bool(_OUTER.match(self.address))


def file_named(address: str) -> str:
    """The file beside the lesson that a link's address names; empty for any other address."""
    # The parser writes addresses as browsers want them, with %C3%AC for ì; a file has its plain name.
    name = unquote(address)
    return name if _FILE.fullmatch(name) else ""


def lone_link(children: Sequence[Token]) -> LoneLink | None:
    """The link a paragraph consists of."""
    if len(children) < 2 or children[0].type != "link_open" or children[-1].type != "link_close":
        return None
    inner = children[1:-1]
    if any(child.type in ("link_close", "image") for child in inner):
        return None
    said = "".join(words(child) for child in inner).strip()
    return LoneLink(str(children[0].attrs["href"]), said, str(children[0].attrs.get("title", "")).strip())
