"""What a lesson's text must and must not hold. Pure; the studio may ask the same of what is typed there."""

import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import PurePosixPath

from markdown_it.token import Token

from app.catalogue import asides
from app.catalogue.lone_links import file_named
from app.catalogue.markdown import CONTAINERS, PLAYED, Reference, heading_ids, is_usable_link, links, parse, references
from app.catalogue.source import caption_name
from app.core.i18n import gettext as _

LEAST_STEPS = 3
_FENCE = re.compile(r"^ {0,3}:{3,}[ \t]*(.*?)[ \t]*$")
_CODE_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")

Found = tuple[int, str]


def check_text(text: str, files: Collection[str], language: str = "vi") -> list[Found]:
    """(line, message) for everything wrong in a lesson's text; lines count from 1. `files` lie beside the lesson."""
    return [(line, message) for line, message, _rule in check_text_by_rule(text, files, language)]


def check_text_by_rule(text: str, files: Collection[str], language: str = "vi") -> list[tuple[int, str, str]]:
    """The same, each with the rule it breaks (mending.ADVICE)."""
    tokens = parse(text, raw_html=True)
    layout = [*_headings(tokens), *_raw_html(tokens), *_boxes(text), *_questions(tokens)]
    if not text.strip():
        layout.append((1, _("Bài học chưa có chữ nào.")))
    if not any(token.type == "container_warn_open" for token in tokens):
        layout.append((1, _("Thiếu khung “::: warn Hay nhầm”: mỗi bài cần ít nhất một chỗ hay nhầm.")))
    shown = list(references(tokens))
    by_rule = (
        ("layout", layout), ("steps", _steps(tokens)), ("links", _links(tokens, heading_ids(text))),
        ("alt", _alts(shown)), ("captions", _captions(shown, files, language)), ("files", _references(shown, files)),
    )  # fmt: skip
    return sorted((line, message, rule) for rule, some in by_rule for line, message in some)


def check_translation(text: str, files: Collection[str], headings: Collection[str]) -> list[Found]:
    """The same for a translation, which may be a part of its lesson; `headings`: ids the original has."""
    tokens = parse(text, raw_html=True)
    layout = [*_headings(tokens), *_raw_html(tokens), *_boxes(text), *_questions(tokens)]
    shown = list(references(tokens))
    return sorted([*layout, *_links(tokens, headings), *_alts(shown), *_references(shown, files)])


def _headings(tokens: Sequence[Token]) -> Iterator[Found]:
    for token in tokens:
        if token.type == "heading_open" and token.tag == "h1":
            yield _line(token), _("Đề mục trong bài bắt đầu từ “##”; “#” là tên bài, lấy từ title.")


def _raw_html(tokens: Sequence[Token]) -> Iterator[Found]:
    for token in tokens:
        inline = [child.content for child in token.children or () if child.type == "html_inline"]
        html = token.content if token.type == "html_block" else inline[0] if inline else ""
        if html:
            yield (
                _line(token),
                _("Không dùng thẻ HTML (%(html)s). Hãy viết bằng Markdown.", html=html.strip().splitlines()[0][:40]),
            )


def _boxes(text: str) -> Iterator[Found]:
    """Boxes that were mistyped or never closed; both would show as text."""
    opened: list[int] = []
    code_fence = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if code := _CODE_FENCE.match(line):
            mark = code.group(1)[0]
            code_fence = "" if code_fence == mark else code_fence or mark
        elif not code_fence and (fence := _FENCE.match(line)):
            name = fence.group(1).split(" ")[0]
            if not name:
                if opened:
                    opened.pop()
                else:
                    yield number, _("Dòng “:::” này không đóng khung nào.")
            elif name not in CONTAINERS:
                yield (
                    number,
                    _("Không có khung “%(name)s”. Các khung: %(names)s.", name=name, names=", ".join(CONTAINERS)),
                )
                opened.append(number)
            else:
                opened.append(number)
    for number in opened:
        yield number, _("Khung này chưa được đóng bằng một dòng “:::”.")


def _steps(tokens: Sequence[Token]) -> Iterator[Found]:
    places = [place for place, token in enumerate(tokens) if token.type == "container_steps_open"]
    if not places:
        yield 1, _("Thiếu khung “::: steps”: mỗi bài cần ít nhất %(least)s bước làm.", least=LEAST_STEPS)
    for place in places:
        count = 0
        for token in tokens[place + 1 :]:
            if token.type == "container_steps_close" and token.level == tokens[place].level:
                break
            count += (
                token.type == "list_item_open" and token.level == tokens[place].level + 2 and token.markup in (".", ")")
            )
        if count < LEAST_STEPS:
            yield (
                _line(tokens[place]),
                _(
                    "Khung steps có %(count)s bước; cần một danh sách đánh số ít nhất %(least)s bước.",
                    count=count,
                    least=LEAST_STEPS,
                ),
            )


def _questions(tokens: Sequence[Token]) -> Iterator[Found]:
    for line in asides.faults(tokens):
        yield (
            line,
            _("Khung question cần một câu hỏi, các ý “- [x] đúng”, “- [ ] sai” và một đoạn vì sao ở sau."),
        )


def _links(tokens: Sequence[Token], headings: Collection[str]) -> Iterator[Found]:
    given = {one.name for one in references(tokens) if one.kind == "download"}
    for line, address in links(tokens):
        if file_named(address) in given:
            continue
        if address.startswith("#") and address[1:] not in headings:
            yield line, _("Liên kết “%(address)s” trỏ tới một đề mục bài này không có.", address=address)
        if not is_usable_link(address):
            yield (
                line,
                _(
                    "Liên kết “%(address)s” không mở được: dùng https://…, mailto:…, tel:…, /trang hoặc #de-muc.",
                    address=address,
                ),
            )


def _alts(found: Sequence[Reference]) -> Iterator[Found]:
    for one in found:
        if not one.alt:
            words = {
                "video": _("tên video"),
                "sound": _("tên đoạn âm thanh"),
                "document": _("tên tài liệu"),
                "download": _("tên tệp"),
            }
            word = words.get(one.kind, _("lời mô tả cho người không nhìn thấy hình"))
            yield one.line, _("Thiếu %(what)s trong ngoặc vuông: ![…](%(name)s).", what=word, name=one.name)


def _captions(found: Sequence[Reference], files: Collection[str], language: str) -> Iterator[Found]:
    for one in found:
        if one.kind in PLAYED and one.name in files and caption_name(one.name, language) not in files:
            yield (
                one.line,
                _(
                    "“%(name)s” thiếu phụ đề, lời cho người không nghe được: cần tệp “%(captions)s”.",
                    name=one.name,
                    captions=caption_name(one.name, language),
                ),
            )


def _references(found: Sequence[Reference], files: Collection[str]) -> Iterator[Found]:
    seen: set[str] = set()
    for one in found:
        name, line = one.name, one.line
        if "://" in name or name.startswith(("data:", "//")):
            yield line, _("“%(name)s”: hình và video phải là tệp nằm cạnh bài học, không lấy từ nơi khác.", name=name)
        elif PurePosixPath(name).name != name or "\\" in name or name.startswith("."):
            yield line, _("“%(name)s”: chỉ ghi tên tệp nằm cùng thư mục với bài học, không ghi đường dẫn.", name=name)
        elif one.kind == "other":
            yield (
                line,
                _(
                    "“%(name)s”: hình phải là svg, png, jpg, webp; video mp4, webm, mov; âm thanh mp3, m4a; tài liệu"
                    " pdf, docx, pptx, odt, odp; bảng tính xlsx, ods.",
                    name=name,
                ),
            )
        elif name not in files:
            yield line, _("Không có tệp “%(name)s” cạnh bài học.", name=name)
        elif one.kind == "download":
            if not (one.alone and one.top):
                yield (
                    line,
                    _(
                        "Tệp để tải về “%(name)s” phải đứng riêng một đoạn, ngoài khung và danh sách: [Tên](%(name)s).",
                        name=name,
                    ),
                )
        elif one.kind == "document":
            if not (one.alone and one.top):
                yield (
                    line,
                    _(
                        "Tài liệu “%(name)s” phải đứng riêng một đoạn, không nằm trong khung, danh sách hay giữa câu.",
                        name=name,
                    ),
                )
            if name in seen:
                yield line, _("Tài liệu “%(name)s” xuất hiện hai lần trong bài.", name=name)
            seen.add(name)
        elif one.kind in PLAYED:
            if not (one.alone and one.top):
                yield (
                    line,
                    _(
                        "Video hay âm thanh “%(name)s” phải đứng riêng một đoạn, không nằm trong khung, danh sách"
                        " hay giữa câu.",
                        name=name,
                    ),
                )
            if name in seen:
                yield line, _("Video hay âm thanh “%(name)s” xuất hiện hai lần trong bài.", name=name)
            seen.add(name)


def _line(token: Token) -> int:
    return token.map[0] + 1 if token.map else 1
