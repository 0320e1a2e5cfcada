"""Videos of other sites inside a lesson: which sites, and how an address of one becomes what a frame shows. Pure.

Nothing of the text goes into a frame's address but one id of plain letters: no host, no path, no other parameter.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, urlsplit

ID = "{id}"
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
# A name in the plain letters of the DNS: the parser of Markdown writes others as xn--….
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
_PLAIN = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True)
class Site:
    """`addresses`: such as www.youtube.com/watch?v={id}; `frame`: the https address that shows the video of that id."""

    name: str
    addresses: tuple[str, ...]
    frame: str

    @property
    def host(self) -> str:
        """Of the frame."""
        return urlsplit(self.frame).hostname or ""


# What a new installation begins with (migration 0064), and what `courses check` knows, which asks no database.
USUAL = (
    Site(
        "YouTube",
        (
            "www.youtube.com/watch?v={id}", "youtube.com/watch?v={id}", "m.youtube.com/watch?v={id}", "youtu.be/{id}",
            "www.youtube.com/shorts/{id}", "www.youtube.com/live/{id}",
        ),
        "https://www.youtube-nocookie.com/embed/{id}",
    ),
)  # fmt: skip
# Addresses somebody will have meant to be shown.
_LOOKS_LIKE_A_VIDEO = re.compile(
    r"^https?://[^/?#]*(youtu|vimeo|tiktok|dailymotion)|^https?://[^?#]*/(videos?|watch|embed|reel)\b", re.IGNORECASE
)


def framed(address: str, sites: Iterable[Site]) -> tuple[Site, str] | None:
    """The site and the address for a frame; None where no site of the list has such an address."""
    parts = _split(address)
    if parts is None:
        return None
    for site in sites:
        for pattern in site.addresses:
            if found := _id_in(parts, pattern):
                return site, site.frame.replace(ID, found)
    return None


def looks_like_a_video(address: str) -> bool:
    return bool(_LOOKS_LIKE_A_VIDEO.match(address))


def is_pattern(text: str) -> bool:
    """Host, path and at most one parameter, with one {id} for a part of the path or for the parameter."""
    parts = _split(f"https://{text}")
    return parts is not None and text.count(ID) == 1 and not parts.fragment and _id_in(parts, text) == ID


def is_frame(text: str) -> bool:
    """An https address with one {id} after its host, and nothing a policy of content would read otherwise."""
    parts = _split(text)
    return (
        parts is not None
        and parts.scheme == "https"
        and ID not in parts.netloc
        and text.count(ID) == 1
        and not set(text.replace(ID, "")) & set("{};,'\"<>\\")
    )


def _split(address: str) -> SplitResult | None:
    """Parts of an http(s) address without user, password and port; None for any other."""
    if not _PLAIN.fullmatch(address) or "\\" in address:
        return None
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    is_plain = parts.scheme in ("http", "https") and _HOST.fullmatch(parts.netloc.lower())
    return parts if is_plain else None


def _id_in(parts: SplitResult, pattern: str) -> str:
    """What stands in the place of {id}; empty where the address is not of this pattern."""
    wanted = urlsplit(f"https://{pattern}")
    if parts.netloc.lower() != wanted.netloc.lower():
        return ""
    here, there = _segments(parts), _segments(wanted)
    if len(here) != len(there):
        return ""
    pairs = list(zip(there, here, strict=True))
    asked = parse_qsl(wanted.query, keep_blank_values=True)
    given = parse_qsl(parts.query, keep_blank_values=True)
    for name, value in asked:
        values = [one for other, one in given if other == name]
        if len(values) != 1:
            return ""
        pairs.append((value, values[0]))
    if any(one != other for one, other in pairs if one != ID):
        return ""
    found = [other for one, other in pairs if one == ID]
    return found[0] if len(found) == 1 and (found[0] == ID or _ID.fullmatch(found[0])) else ""


def _segments(parts: SplitResult) -> list[str]:
    return parts.path.strip("/").split("/")
