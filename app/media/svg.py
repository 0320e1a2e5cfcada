"""Drawings in course folders: plain shapes and words only, none of what makes SVG a language for programs."""

import re
from dataclasses import dataclass
from xml.etree import ElementTree

from app.core.errors import Invalid
from app.core.i18n import lazy as _

MAX_BYTES = 512 * 1024
_SVG = "{http://www.w3.org/2000/svg}"
_HREFS = ("href", "{http://www.w3.org/1999/xlink}href")
_SHAPES = "path rect circle ellipse line polyline polygon text tspan textPath marker"
_HOLDERS = "svg g defs symbol use title desc metadata style"
_PAINTS = "linearGradient radialGradient stop pattern clipPath mask filter"
_EFFECTS = "feGaussianBlur feOffset feMerge feMergeNode feFlood feComposite feBlend feColorMatrix feDropShadow"
_ELEMENTS = frozenset(f"{_SHAPES} {_HOLDERS} {_PAINTS} {_EFFECTS}".split())
# What CSS could fetch or run; url(#name) points inside the drawing.
_REACHING_CSS = re.compile(r"url\(\s*['\"]?(?!#)|@import|expression\(|javascript:|\\", re.IGNORECASE)
_LENGTH = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(?:px)?\s*")


class SvgInvalid(Invalid):
    """The drawing holds something that could run, fetch or not be read."""

    title = _("Hình vẽ SVG chưa dùng được")


@dataclass(frozen=True)
class Drawing:
    """Size in pixels as the drawing asks for it; None where it says nothing."""

    width: int | None
    height: int | None


def check_svg(data: bytes, file_name: str) -> Drawing:
    """Raises SvgInvalid for anything beyond shapes, words and styles that stay inside the file."""
    if len(data) > MAX_BYTES:
        raise SvgInvalid(_("Hình vẽ “%(file)s” lớn quá %(limit)s kB."), file=file_name, limit=MAX_BYTES // 1024)
    # Entities can swell to gigabytes; no drawing program needs them.
    if b"<!DOCTYPE" in data.upper() or b"<!ENTITY" in data.upper():
        raise SvgInvalid(
            _("Hình vẽ “%(file)s” chứa khai báo DOCTYPE hoặc ENTITY. Hãy lưu lại dạng “plain SVG”."), file=file_name
        )
    try:
        root = ElementTree.fromstring(data)  # noqa: S314 - no entities get this far
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise SvgInvalid(
            _("Hình vẽ “%(file)s” không phải SVG đúng chuẩn: %(reason)s"), file=file_name, reason=error
        ) from error
    if root.tag != f"{_SVG}svg":
        raise SvgInvalid(_("Tệp “%(file)s” không phải hình vẽ SVG."), file=file_name)
    for element in root.iter():
        if reason := _reaches_out(element):
            raise SvgInvalid(
                _("Hình vẽ “%(file)s” chứa %(what)s, có thể chạy mã hoặc tải từ nơi khác. Hãy bỏ phần đó."),
                file=file_name,
                what=reason,
            )
    return _size(root)


def _reaches_out(element: ElementTree.Element) -> str:
    """The name of what is not allowed in one element, or nothing."""
    name = element.tag.removeprefix(_SVG) if isinstance(element.tag, str) else ""
    if name.startswith("{"):
        # Editors keep notes of their own (inkscape:…); browsers do nothing with foreign names except HTML's.
        return (
            "" if "w3.org/1999/xhtml" not in name and "w3.org/1998/Math" not in name else "<" + name.split("}")[1] + ">"
        )
    if name and name not in _ELEMENTS:
        return f"<{name}>"
    for key, value in element.attrib.items():
        if key.lower().startswith("on"):
            return key
        if key in _HREFS and not value.startswith("#"):
            return f"{key.split('}')[-1]}=“{value[:40]}”"
        if key not in _HREFS and _REACHING_CSS.search(value):
            return f"{key}=“{value[:40]}”"
    if name == "style" and _REACHING_CSS.search(element.text or ""):
        return "<style> url(…)"
    return ""


def _size(root: ElementTree.Element) -> Drawing:
    width, height = (_LENGTH.fullmatch(root.get(side, "")) for side in ("width", "height"))
    if width and height:
        return Drawing(round(float(width[1])), round(float(height[1])))
    box = re.split(r"[\s,]+", root.get("viewBox", "").strip())
    try:
        return Drawing(round(float(box[2])), round(float(box[3])))
    except (IndexError, ValueError):
        return Drawing(None, None)
