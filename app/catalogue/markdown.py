"""Lesson text: CommonMark with tables, call-outs, steps, galleries, figures, videos, documents, downloads and embedded
videos, turned into blocks.

Raw HTML is not understood and shows as text. Files are named by the author (`hinh.svg`) and kept as `asset:12`, so that
a rendered lesson does not depend on where files live; render.py puts the addresses in.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any, Literal
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.container import container_plugin

from app.catalogue import asides
from app.catalogue.lone_links import file_named, lone_link
from app.catalogue.source import slugify
from app.catalogue.tokens import raw, with_boxes, with_tables, words
from app.catalogue.transcripts import SpokenLine
from app.core.errors import Invalid
from app.core.i18n import lazy as _

CALL_OUTS = ("note", "warn", "example")
CONTAINERS = (*CALL_OUTS, "steps", "gallery", asides.NAME)
IMAGE_ENDINGS = (".svg", ".png", ".jpg", ".jpeg", ".webp")
VIDEO_ENDINGS = (".mp4", ".webm", ".mov", ".mkv")
SOUND_ENDINGS = (".mp3", ".m4a")
DOCUMENT_ENDINGS = (".pdf", ".docx", ".pptx", ".odt", ".odp")
# Not shown in a lesson, only given to be filled in or worked with; documents may be given so as well.
SHEET_ENDINGS = (".xlsx", ".ods")
DOWNLOADED_ENDINGS = (*SHEET_ENDINGS, *DOCUMENT_ENDINGS)
_LINK = re.compile(r"^(https?://|mailto:|tel:|/(?!/)|#)", re.IGNORECASE)
_BLOCK_ID_LENGTH = 40


MediaKind = Literal["image", "video", "sound", "document", "download", "other"]
# Blocks that are words to read, or stand among them: who read the lesson saw them too.
READ = ("html", "download", "embed")
# What is played and followed by its seconds.
PLAYED: tuple[MediaKind, ...] = ("video", "sound")


@dataclass(frozen=True)
class Reference:
    """A file the text shows. `line` counts from 1; `alone`: a paragraph of its own; `top`: in no list or box."""

    name: str
    kind: MediaKind
    line: int
    alt: str
    caption: str
    alone: bool
    top: bool


@dataclass(frozen=True)
class Track:
    """Captions of one language: the stored file and its words, one line a cue."""

    asset_id: int
    lines: Sequence[SpokenLine]


def parse(text: str, *, raw_html: bool = False) -> list[Token]:
    """Tokens of a lesson; `raw_html` finds HTML tokens instead of reading them as text, for checks."""
    return _parser(raw_html).parse(text)


def render_lesson(
    text: str,
    files: Mapping[str, int],
    tracks: Mapping[str, Mapping[str, Track]],
    pages: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> list[dict[str, Any]]:
    """The blocks kept in LessonVersion.blocks.

    `files`: name -> asset id; `tracks`: video name -> language -> captions; `pages`: document name -> the words of
    each page, where they can be shown. Raises Invalid when the text names a file that is not there, or a video or
    document stands where it cannot be shown.
    """
    return render_tokens(_parser(False).parse(text), files, tracks, pages)


def say_in(language: str, gap: str = "") -> Token:
    """What follows is in this language; `gap`: why it is not as it should be (translating.py)."""
    return Token("language", "", 0, meta={"lang": language, "gap": gap})


def render_tokens(
    tokens: list[Token],
    files: Mapping[str, int],
    tracks: Mapping[str, Mapping[str, Track]],
    pages: Mapping[str, Sequence[str]],
) -> list[dict[str, Any]]:
    """As `render_lesson`, of a text that is parsed already; the blocks after a `say_in` bear its "lang"."""
    md = _parser(False)
    for reference in references(tokens):
        _must_be_usable(reference, files)
    tokens = _with_figures(tokens, files)
    name_headings(tokens)
    _point_links_and_images(tokens, files)
    tokens = with_tables(with_boxes(asides.with_questions(tokens)))
    blocks: list[dict[str, Any]] = []
    taken: set[str] = set()
    run: list[Token] = []
    said: dict[str, str] = {}
    for token in tokens:
        if token.type not in (*PLAYED, "document", "download", "embed", "language"):
            run.append(token)
            continue
        blocks += [one | said for one in _html_block(md, run)]
        run = []
        if token.type == "language":
            said = {"lang": token.meta["lang"]}
            blocks += [{"kind": "gap", "why": token.meta["gap"]}] if token.meta["gap"] else []
            continue
        if token.type in ("download", "embed"):
            named = {"kind": token.type, "title": token.content, "caption": token.info} | said
            if token.type == "download":
                blocks.append(named | {"asset_id": files[token.meta["name"]]})
            else:
                # Where its site is not on the list it is the link it was written as.
                link = _html_block(md, token.meta["paragraph"])[0]["html"]
                blocks.append(named | {"url": token.meta["url"], "html": link})
            continue
        name = token.meta["name"]
        shown = {
            "kind": token.type, "id": _block_id(name, taken), "asset_id": files[name], "title": token.content,
            "caption": token.info,
        }  # fmt: skip
        if token.type in PLAYED:
            # A sound is heard, followed and counted as a video is watched.
            shown |= {"kind": "video"} | ({"is_sound": True} if token.type == "sound" else {})
            shown["tracks"] = {
                language: {
                    "asset_id": track.asset_id,
                    "lines": [line.text for line in track.lines],
                    "starts": [line.start_s for line in track.lines],
                }
                for language, track in tracks.get(name, {}).items()
            }
        else:
            shown["pages"] = list(pages.get(name, ()))
        blocks.append(shown | said)
    return blocks + [one | said for one in _html_block(md, run)]


def plain_texts(tokens: Iterable[Token]) -> Iterator[tuple[int, str]]:
    """The words of each paragraph, heading, list item and cell with the line they begin on, counted from 1."""
    line = 1
    for token in tokens:
        line = token.map[0] + 1 if token.map else line
        if token.type == "inline":
            text = "".join(
                " " if child.type in ("softbreak", "hardbreak") else words(child) for child in token.children or ()
            )
            if text.strip():
                yield line, text
        elif token.type in ("fence", "code_block"):
            yield line, token.content


def references(tokens: Iterable[Token]) -> Iterator[Reference]:
    """Every picture, video or document the text shows, in order."""
    line = 1
    depth = 0
    parent = ""
    for token in tokens:
        line = token.map[0] + 1 if token.map else line
        depth += token.nesting
        if token.type != "inline":
            parent = token.type
            continue
        children = token.children or []
        here = line
        for child in children:
            if child.type in ("softbreak", "hardbreak"):
                here += 1
            elif child.type == "image":
                name = file_name_of(child)
                yield Reference(
                    name=name,
                    kind=media_kind(name),
                    line=here,
                    alt=child.content.strip(),
                    caption=str(child.attrs.get("title", "")).strip(),
                    alone=len(children) == 1 and parent == "paragraph_open",
                    top=depth == 1,
                )
            elif child.type == "link_open" and (name := downloaded(child)):
                link = lone_link(children)
                yield Reference(
                    name=name,
                    kind="download",
                    line=here,
                    alt=link.title if link else name,
                    caption=link.caption if link else "",
                    alone=link is not None and parent == "paragraph_open",
                    top=depth == 1,
                )


def links(tokens: Iterable[Token]) -> Iterator[tuple[int, str]]:
    """Line and address of every link."""
    line = 1
    for token in tokens:
        line = token.map[0] + 1 if token.map else line
        for child in token.children or ():
            if child.type == "link_open":
                yield line, str(child.attrs["href"])


def downloaded(link: Token) -> str:
    """The file a link gives to be downloaded; empty for a link to somewhere."""
    name = file_named(str(link.attrs["href"]))
    return name if name.lower().endswith(DOWNLOADED_ENDINGS) else ""


def heading_ids(text: str) -> set[str]:
    """What a link of the lesson may point at with “#…”."""
    tokens = parse(text)
    name_headings(tokens)
    return {str(token.attrs["id"]) for token in tokens if token.type == "heading_open"}


def is_usable_link(address: str) -> bool:
    """http(s), mail, telephone, a page of this site or a heading of this lesson."""
    return bool(_LINK.match(address))


def _parser(raw_html: bool) -> MarkdownIt:
    md = MarkdownIt("commonmark", {"html": raw_html}).enable("table")
    for name in CONTAINERS:
        container_plugin(md, name)
    return md


def media_kind(name: str) -> MediaKind:
    """What a file's name says it is."""
    ending = PurePosixPath(name).suffix.lower()
    kinds: tuple[tuple[MediaKind, tuple[str, ...]], ...] = (
        ("video", VIDEO_ENDINGS), ("image", IMAGE_ENDINGS), ("document", DOCUMENT_ENDINGS),
        ("sound", SOUND_ENDINGS), ("download", SHEET_ENDINGS),
    )  # fmt: skip
    return next((kind for kind, endings in kinds if ending in endings), "other")


def file_name_of(image: Token) -> str:
    """The file a picture of the text names."""
    # The parser writes addresses as browsers want them, with %C3%AC for ì; a file has its plain name.
    return unquote(str(image.attrs["src"]))


def _must_be_usable(reference: Reference, files: Mapping[str, int]) -> None:
    if reference.name not in files:
        raise Invalid(
            _("Dòng %(line)s nhắc đến tệp “%(name)s” nhưng chưa có tệp này."), line=reference.line, name=reference.name
        )
    if reference.kind in PLAYED and not (reference.alone and reference.top):
        raise Invalid(
            _("Dòng %(line)s: “%(name)s” phải đứng riêng một đoạn, ngoài khung, danh sách và câu chữ."),
            line=reference.line,
            name=reference.name,
        )
    if reference.kind == "download" and not (reference.alone and reference.top and reference.alt):
        raise Invalid(
            _("Dòng %(line)s: tệp để tải về “%(name)s” phải có tên trong ngoặc vuông và đứng riêng một đoạn."),
            line=reference.line,
            name=reference.name,
        )
    if reference.kind == "document" and not (reference.alone and reference.top and reference.alt):
        raise Invalid(
            _("Dòng %(line)s: tài liệu “%(name)s” phải có tên trong ngoặc vuông và đứng riêng một đoạn, ngoài khung."),
            line=reference.line,
            name=reference.name,
        )


def _block_id(name: str, taken: set[str]) -> str:
    """From the file's name, so that a new edition of the lesson keeps what was watched of the same video."""
    # A document is measured otherwise than a video, and a sound has another length: none must be taken for another.
    path = PurePosixPath(name)
    ending = {"document": "-pdf", "sound": "-sound"}.get(media_kind(name), "")
    base = (slugify(path.stem)[: _BLOCK_ID_LENGTH - 3 - len(ending)].strip("-") or "video") + ending
    block_id, count = base, 1
    while block_id in taken:
        count += 1
        block_id = f"{base}-{count}"
    taken.add(block_id)
    return block_id


def _html_block(md: MarkdownIt, tokens: list[Token]) -> list[dict[str, Any]]:
    html = md.renderer.render(tokens, md.options, {}).strip()
    return [{"kind": "html", "html": html}] if html else []


# --- shaping tokens ----------------------------------------------------------------------------------------------


def _with_figures(tokens: list[Token], files: Mapping[str, int]) -> list[Token]:
    """A picture alone in a paragraph becomes a figure; a video, document, file or outer link alone in one a token that
    says so.

    In a gallery every picture becomes a small figure that leads to the large one.
    """
    shaped: list[Token] = []
    place = 0
    in_gallery = False
    while place < len(tokens):
        token = tokens[place]
        children = tokens[place + 1].children or [] if token.type == "paragraph_open" else []
        if token.type.startswith("container_gallery"):
            in_gallery = token.nesting == 1
        if in_gallery and children and all(_is_picture_or_break(child) for child in children):
            shaped += [_small_figure(child, files) for child in children if child.type == "image"]
            place += 3
        elif len(children) == 1 and children[0].type == "image":
            shaped.append(_figure(children[0], files))
            place += 3  # the paragraph's opening, its content, its end
        elif token.level == 0 and (link := lone_link(children)) and (link.is_outer or downloaded(children[0])):
            meta = {"name": downloaded(children[0]), "url": link.address, "paragraph": tokens[place : place + 3]}
            shaped.append(
                Token("embed" if link.is_outer else "download", "", 0, content=link.title, info=link.caption, meta=meta)
            )
            place += 3
        else:
            shaped.append(token)
            place += 1
    return shaped


def _is_picture_or_break(child: Token) -> bool:
    return child.type in ("softbreak", "hardbreak") or (
        child.type == "image" and media_kind(file_name_of(child)) == "image"
    )


def _small_figure(image: Token, files: Mapping[str, int]) -> Token:
    asset_id, alt = files[file_name_of(image)], escape(image.content.strip())
    caption = str(image.attrs.get("title", "")).strip()
    said = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    shown = f'<img src="thumb:{asset_id}" alt="{alt}" loading="lazy">'
    return raw(f'<figure><a href="asset:{asset_id}" data-zoom>{shown}</a>{said}</figure>\n')


def _figure(image: Token, files: Mapping[str, int]) -> Token:
    name = file_name_of(image)
    caption = str(image.attrs.get("title", "")).strip()
    if (kind := media_kind(name)) in (*PLAYED, "document", "download"):
        return Token(kind, "", 0, content=image.content.strip(), info=caption, meta={"name": name})
    said = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    alt = escape(image.content.strip())
    return raw(f'<figure><img src="asset:{files[name]}" alt="{alt}" loading="lazy">{said}</figure>\n')


def name_headings(tokens: Sequence[Token]) -> None:
    """Ids to link to, unless a heading has its own already.

    The page around has the only heading of the first level: one written here is of the second.
    """
    for token in tokens:
        if token.tag == "h1":
            token.tag = "h2"
    taken = {str(token.attrs["id"]) for token in tokens if token.type == "heading_open" and "id" in token.attrs}
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open" and "id" not in opening.attrs:
            base = slugify("".join(words(child) for child in inline.children or ())) or "muc"
            heading_id, count = base, 1
            while heading_id in taken:
                count += 1
                heading_id = f"{base}-{count}"
            taken.add(heading_id)
            opening.attrSet("id", heading_id)


def _point_links_and_images(tokens: Iterable[Token], files: Mapping[str, int]) -> None:
    for token in tokens:
        if token.type == "embed":
            _point_links_and_images(token.meta["paragraph"], files)
        for child in token.children or ():
            if child.type == "image":
                child.attrSet("src", f"asset:{files[file_name_of(child)]}")
                child.attrSet("loading", "lazy")
            elif child.type == "link_open":
                address = str(child.attrs["href"])
                if not is_usable_link(address):
                    del child.attrs["href"]
                elif address.lower().startswith("http"):
                    child.attrSet("rel", "noopener")
