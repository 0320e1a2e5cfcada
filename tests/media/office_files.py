"""Small office files, made part by part, good and bad."""

import io
import zipfile

from app.core.attachments import DOCX, ODP, ODS, ODT, PPTX, XLSX

_RELS = "http://schemas.openxmlformats.org/package/2006/relationships"
_DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_A = "http://schemas.openxmlformats.org/drawingml/2006/main"
_ODF = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" '
    'xmlns:script="urn:oasis:names:tc:opendocument:xmlns:script:1.0" xmlns:xlink="http://www.w3.org/1999/xlink"'
)


def docx(*paragraphs: str, more: dict[str, bytes] | None = None, main: str = DOCX) -> bytes:
    body = "".join(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>" for text in paragraphs)
    return _packed(
        {
            "[Content_Types].xml": _types("/word/document.xml", main),
            "_rels/.rels": _relations(f"{_DOCUMENT}/officeDocument", "word/document.xml"),
            "word/document.xml": f'<w:document xmlns:w="{_W}"><w:body>{body}</w:body></w:document>'.encode(),
        }
        | (more or {})
    )


def pptx(*slides: str, more: dict[str, bytes] | None = None) -> bytes:
    """For reading its words; an office would miss the parts that lay it out."""
    shown = {
        f"ppt/slides/slide{number}.xml": (
            f'<p:sld xmlns:p="urn:p" xmlns:a="{_A}"><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:sld>'.encode()
        )
        for number, text in enumerate(slides, start=1)
    }
    return _packed({"[Content_Types].xml": _types("/ppt/presentation.xml", PPTX)} | shown | (more or {}))


def xlsx(more: dict[str, bytes] | None = None) -> bytes:
    return _packed(
        {"[Content_Types].xml": _types("/xl/workbook.xml", XLSX), "xl/workbook.xml": b"<workbook/>"} | (more or {})
    )


def ods(body: str = "") -> bytes:
    return _opendocument(ODS, f"<office:spreadsheet>{body}</office:spreadsheet>", None)


def odt(body: str, more: dict[str, bytes] | None = None) -> bytes:
    return _opendocument(ODT, f"<office:text>{body}</office:text>", more)


def odp(*slides: str) -> bytes:
    drawn = "".join(f"<draw:page><text:p>{text}</text:p></draw:page>" for text in slides)
    return _opendocument(ODP, f"<office:presentation>{drawn}</office:presentation>", None)


def linked(target: str, kind: str = "image") -> dict[str, bytes]:
    """A relation to something outside of a DOCX."""
    return {"word/_rels/document.xml.rels": _relations(f"{_DOCUMENT}/{kind}", target, external=True)}


def _opendocument(kind: str, body: str, more: dict[str, bytes] | None) -> bytes:
    content = f"<office:document-content {_ODF}><office:body>{body}</office:body></office:document-content>"
    manifest = (
        '<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<m:file-entry m:full-path="/" m:media-type="{kind}"/>'
        '<m:file-entry m:full-path="content.xml" m:media-type="text/xml"/></m:manifest>'
    )
    parts = {"mimetype": kind.encode(), "content.xml": content.encode(), "META-INF/manifest.xml": manifest.encode()}
    return _packed(parts | (more or {}))


def _types(part: str, main: str) -> bytes:
    return (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="{part}" ContentType="{main}.main+xml"/></Types>'
    ).encode()


def _relations(kind: str, target: str, *, external: bool = False) -> bytes:
    mode = ' TargetMode="External"' if external else ""
    return (
        f'<Relationships xmlns="{_RELS}"><Relationship Id="r1" Type="{kind}" Target="{target}"{mode}/></Relationships>'
    ).encode()


def _packed(parts: dict[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            # OpenDocument wants its type first and as it is, to be known without unpacking.
            archive.writestr(name, content, zipfile.ZIP_STORED if name == "mimetype" else None)
    return data.getvalue()
