"""From stored blocks to what a page shows: addresses of files put in, videos with their posters and captions, documents
with their pages, videos of the sites that may be embedded today.

Learning's lesson page and the studio's preview both use it.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import PurePosixPath
from typing import Any, Literal

from markupsafe import Markup

from app.catalogue.embeds import Site, framed
from app.catalogue.transcripts import line_id
from app.media.languages import language_name, language_order
from app.media.qualities import Quality
from app.media.queries import AssetView, StoryboardView

_ASSET = re.compile(r'src="(asset|thumb):(\d+)"')
_LARGE = re.compile(r'href="asset:(\d+)"')
# How wide a lesson's column is: the whole of a phone, 68 letters elsewhere (css/lesson.css).
_COLUMN = "(max-width: 48rem) 100vw, 42rem"
# A picture of a gallery: half of a phone, a third of the column.
_SMALL = "(max-width: 48rem) 46vw, 14rem"


@dataclass(frozen=True)
class HtmlBlock:
    """A run of text, pictures and tables, rendered by us."""

    html: Markup
    kind: Literal["html"] = "html"
    # What it is written in, where that may differ from the rest of the lesson; else empty.
    lang: str = ""

    @property
    def has_gallery(self) -> bool:
        """Whether pictures in it open large (js/gallery.js)."""
        return "data-zoom" in self.html


@dataclass(frozen=True)
class VideoTrack:
    """Captions of one language and their words, for reading instead of watching.

    `starts`: seconds, one a line; empty in versions that were kept without.
    """

    language: str
    label: str
    url: str
    lines: tuple[str, ...]
    starts: tuple[float, ...] = ()

    def line_id(self, block_id: str, number: int) -> str:
        return line_id(block_id, self.language, number)


@dataclass(frozen=True)
class VideoBlock:
    """A video. `state` is that of its asset: only "ready" has a `url`; "failed" has an `error`.

    `url` is the lightest plain file, of `size` bytes: what plays where no script can choose.

    `id` stays the same as long as the author keeps the file's name, so what was watched carries over to a new version.
    """

    id: str
    asset_id: int
    title: str
    caption: str
    state: str
    url: str
    poster_url: str
    duration_s: float | None
    size: int | None
    error: str
    tracks: tuple[VideoTrack, ...]
    # The playlist of all sizes (HLS); empty where there is only the one file.
    stream_url: str = ""
    qualities: tuple[Quality, ...] = ()
    # Small pictures to look for a place by; none for a short video.
    storyboard: StoryboardView | None = None
    # Heard, not watched; `loudspeaker_url` gives an MP3 for players that know nothing else.
    is_sound: bool = False
    loudspeaker_url: str = ""
    loudspeaker_size: int = 0
    # Filmed with the phone held upright.
    is_upright: bool = False
    kind: Literal["video"] = "video"
    lang: str = ""


@dataclass(frozen=True)
class DocumentPage:
    """A page as a picture and as words; `text` is empty for a scan."""

    number: int
    url: str
    width: int | None
    height: int | None
    text: str


@dataclass(frozen=True)
class DocumentBlock:
    """A document shown page by page; `url` to download the PDF, `size` in bytes. `id` as of a video.

    Of an office file `original_url` gives the file itself; `pages` is empty where that is all there is. `state` as of
    a video.
    """

    id: str
    title: str
    caption: str
    state: str
    url: str
    size: int
    pages: tuple[DocumentPage, ...]
    file_name: str = ""
    original_url: str = ""
    original_size: int = 0
    kind: Literal["document"] = "document"
    lang: str = ""

    @property
    def is_slides(self) -> bool:
        """Pages wider than high: side by side, one at a time, where no script turns them."""
        return len(self.pages) > 1 and all((page.width or 0) > (page.height or 0) for page in self.pages)


@dataclass(frozen=True)
class GapBlock:
    """A word to the reader before a section that is not translated (missing), or whose original changed since (old)."""

    why: Literal["missing", "old"]
    kind: Literal["gap"] = "gap"


@dataclass(frozen=True)
class DownloadBlock:
    """A file to work with, `size` in bytes; `ending` such as XLSX. `state` as of a video."""

    title: str
    caption: str
    state: str
    url: str
    size: int
    ending: str
    lang: str = ""
    kind: Literal["download"] = "download"


@dataclass(frozen=True)
class EmbedBlock:
    """A video of another site: `frame` is asked for only once somebody wants it; `url` is its page there."""

    title: str
    caption: str
    url: str
    frame: str
    site: Site
    lang: str = ""
    kind: Literal["embed"] = "embed"


Block = HtmlBlock | VideoBlock | DocumentBlock | GapBlock | DownloadBlock | EmbedBlock


def asset_ids(blocks: Iterable[Mapping[str, Any]]) -> set[int]:
    """Every asset the stored blocks show."""
    found: set[int] = set()
    for block in blocks:
        if block["kind"] == "html":
            found |= {int(number) for _size, number in _ASSET.findall(block["html"])}
        elif block["kind"] not in ("gap", "embed"):
            found |= {block["asset_id"], *(track["asset_id"] for track in block.get("tracks", {}).values())}
    return found


def resolve(
    blocks: Sequence[Mapping[str, Any]],
    views: Mapping[int, AssetView],
    language: str = "vi",
    sites: Sequence[Site] = (),
) -> tuple[Block, ...]:
    """Stored blocks as a page shows them; `views` must hold every id of `asset_ids(blocks)`.

    Captions in `language` come first. `sites`: those whose videos may be embedded today.
    """
    resolved: list[Block] = []
    for block in blocks:
        found = framed(block["url"], sites) if block["kind"] == "embed" else None
        shown = _embed(block, *found) if found else _RESOLVE[block["kind"]](block, views, language)
        before = resolved[-1] if resolved else None
        if isinstance(shown, HtmlBlock) and isinstance(before, HtmlBlock) and shown.lang == before.lang:
            # A link that is embedded nowhere stands in the run of text it was written in.
            resolved[-1] = HtmlBlock(before.html + Markup("\n") + shown.html, lang=shown.lang)
        else:
            resolved.append(shown)
    return tuple(resolved)


def picture_attributes(view: AssetView, sizes: str = _COLUMN) -> str:
    """Where a picture is, in which sizes, and how large it will be shown."""
    # The size keeps the page from jumping when a picture arrives late.
    size = f' width="{view.width}" height="{view.height}"' if view.width and view.height else ""
    choice = f' srcset="{escape(view.srcset)}" sizes="{sizes}"' if view.srcset else ""
    return f'src="{escape(view.url or "")}"{choice}{size}'


def _html(block: Mapping[str, Any], views: Mapping[int, AssetView], _language: str) -> HtmlBlock:
    def address(found: re.Match[str]) -> str:
        return picture_attributes(views[int(found.group(2))], _SMALL if found.group(1) == "thumb" else _COLUMN)

    def large(found: re.Match[str]) -> str:
        return f'href="{escape(views[int(found.group(1))].largest_url)}"'

    # Our own renderer made it from text with every sign escaped (markdown.py).
    html = Markup(_LARGE.sub(large, _ASSET.sub(address, block["html"])))  # noqa: S704
    return HtmlBlock(html, lang=block.get("lang", ""))


def _video(block: Mapping[str, Any], views: Mapping[int, AssetView], wanted: str) -> VideoBlock:
    view = views[block["asset_id"]]
    return VideoBlock(
        id=block["id"],
        asset_id=view.asset_id,
        title=block["title"],
        caption=block["caption"],
        state=view.state,
        url=view.light_url or view.url or "",
        poster_url=view.poster_url or "",
        duration_s=view.duration_s,
        size=view.light_size or view.size,
        error=view.error or "",
        tracks=tuple(
            VideoTrack(
                language,
                language_name(language),
                views[track["asset_id"]].url or "",
                tuple(track["lines"]),
                tuple(track.get("starts", ())),
            )
            for language, track in sorted(
                block["tracks"].items(), key=lambda one: (one[0] != wanted, language_order(one[0]))
            )
        ),
        stream_url=view.stream_url or "",
        is_sound=block.get("is_sound", False),
        loudspeaker_url=view.loudspeaker_url or "",
        loudspeaker_size=view.loudspeaker_size,
        qualities=view.qualities,
        storyboard=view.storyboard,
        is_upright=(view.height or 0) > (view.width or 0),
        lang=block.get("lang", ""),
    )


def _document(block: Mapping[str, Any], views: Mapping[int, AssetView], _language: str) -> DocumentBlock:
    view = views[block["asset_id"]]
    # A version that was published before the pages were drawn counts none, and shows none.
    drawn = view.pages if len(view.pages) == len(block["pages"]) else ()
    return DocumentBlock(
        id=block["id"],
        title=block["title"],
        caption=block["caption"],
        state=view.state,
        url=view.url or "",
        size=view.size,
        file_name=view.file_name,
        original_url=view.original_url or "",
        original_size=view.original_size,
        lang=block.get("lang", ""),
        pages=tuple(
            DocumentPage(number, page.url, page.width, page.height, text)
            for number, (page, text) in enumerate(zip(drawn, block["pages"], strict=False), start=1)
        ),
    )


def _gap(block: Mapping[str, Any], _views: Mapping[int, AssetView], _language: str) -> GapBlock:
    return GapBlock(block["why"])


def _download(block: Mapping[str, Any], views: Mapping[int, AssetView], _language: str) -> DownloadBlock:
    view = views[block["asset_id"]]
    url, size = (view.original_url, view.original_size) if view.original_url else (view.url or "", view.size)
    ending = PurePosixPath(view.file_name).suffix.removeprefix(".").upper()
    return DownloadBlock(block["title"], block["caption"], view.state, url, size, ending, lang=block.get("lang", ""))


def _embed(block: Mapping[str, Any], site: Site, frame: str) -> EmbedBlock:
    return EmbedBlock(block["title"], block["caption"], block["url"], frame, site, lang=block.get("lang", ""))


_RESOLVE: dict[str, Callable[[Mapping[str, Any], Mapping[int, AssetView], str], Block]] = {
    "html": _html, "video": _video, "document": _document, "gap": _gap, "download": _download, "embed": _html,
}  # fmt: skip
