"""What a file is, by its content: a name or a browser's claim proves nothing."""

from dataclasses import dataclass
from pathlib import Path

from app.core import attachments
from app.core.errors import Invalid
from app.core.i18n import lazy as _

HEAD_BYTES = 4096
_VIDEO_BRANDS = frozenset(
    {
        b"isom",
        b"iso2",
        b"iso4",
        b"iso5",
        b"iso6",
        b"mp41",
        b"mp42",
        b"avc1",
        b"M4V ",
        b"MSNV",
        b"dash",
        b"3gp4",
        b"3gp5",
    }
)


class NotAccepted(Invalid):
    """The file is none of the types we take, or is not what it claims to be."""

    title = _("Tệp này chưa dùng được")
    text = _(
        "Tệp “%(file)s” không phải loại được nhận. Hãy dùng ảnh JPEG, PNG, WebP, GIF; video MP4, MOV, WebM, MKV;"
        " tài liệu PDF, DOCX, PPTX, ODT, ODP; bảng tính XLSX, ODS; âm thanh MP3, M4A, OGG, WAV; phụ đề WebVTT hoặc SRT."
    )


@dataclass(frozen=True)
class FileType:
    """`kind`: image, video, caption, sound, document, download.

    `reader` is the only format libav or Pillow may open it as.
    """

    kind: str
    content_type: str
    reader: str
    ending: str


JPEG = FileType("image", "image/jpeg", "JPEG", ".jpg")
PNG = FileType("image", "image/png", "PNG", ".png")
WEBP = FileType("image", "image/webp", "WEBP", ".webp")
GIF = FileType("image", "image/gif", "GIF", ".gif")
SVG = FileType("image", "image/svg+xml", "SVG", ".svg")
MP4 = FileType("video", "video/mp4", "mov", ".mp4")
MOV = FileType("video", "video/quicktime", "mov", ".mov")
MATROSKA = FileType("video", "video/x-matroska", "matroska", ".mkv")
WEBM = FileType("video", "video/webm", "matroska", ".webm")
MP3 = FileType("sound", "audio/mpeg", "mp3", ".mp3")
M4A = FileType("sound", "audio/mp4", "mov", ".m4a")
OGG = FileType("sound", "audio/ogg", "ogg", ".ogg")
WAV = FileType("sound", "audio/wav", "wav", ".wav")
PDF = FileType("document", "application/pdf", "pdf", ".pdf")
DOCX = FileType("document", attachments.DOCX, "office", ".docx")
PPTX = FileType("document", attachments.PPTX, "office", ".pptx")
ODT = FileType("document", attachments.ODT, "office", ".odt")
ODP = FileType("document", attachments.ODP, "office", ".odp")
OFFICE = (DOCX, PPTX, ODT, ODP)
# Never drawn: a sheet is given to be filled in.
XLSX = FileType("download", attachments.XLSX, "office", ".xlsx")
ODS = FileType("download", attachments.ODS, "office", ".ods")
WEBVTT = FileType("caption", "text/vtt", "vtt", ".vtt")
SRT = FileType("caption", "text/vtt", "srt", ".srt")


class WrongKind(NotAccepted):
    """A good file in the place of another kind."""

    text = _("Tệp “%(file)s” không đặt được ở đây. Ô này nhận %(wanted)s.")


def file_type(head: bytes, file_name: str) -> FileType:
    """The type the first `HEAD_BYTES` show; the name only tells SubRip from other plain text. Raises NotAccepted."""
    if (
        found := _sound_type(head, file_name)
        or _by_signature(head)
        or _office_type(head, file_name)
        or _text_type(head, file_name)
    ):
        return found
    raise NotAccepted(file=file_name)


def local_file_type(path: Path) -> FileType:
    """`file_type` of a file on our own disk, where SVG is allowed too. Raises NotAccepted."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    # Whether it really is harmless SVG is for `svg.check_svg` to say.
    if path.suffix.lower() == ".svg" and b"<" in head and _by_signature(head) is None:
        return SVG
    return file_type(head, path.name)


def _by_signature(head: bytes) -> FileType | None:
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head.startswith((b"GIF87a", b"GIF89a")):
        return GIF
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return WEBP
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return WEBM if b"webm" in head[:64] else MATROSKA
    if head.startswith(b"%PDF-"):
        return PDF
    if head[4:8] == b"ftyp":
        return _iso_media_type(head)
    # QuickTime files of old cameras begin with another box.
    return MOV if head[4:8] in (b"moov", b"mdat", b"wide") else None


def _iso_media_type(head: bytes) -> FileType | None:
    """MP4 and MOV; HEIC pictures and M4A sound share the container and are none of ours."""
    size = min(int.from_bytes(head[:4], "big"), len(head))
    brands = {head[8:12], *(head[at : at + 4] for at in range(16, size, 4))}
    if head[8:12] == b"qt  ":
        return MOV
    return MP4 if brands & _VIDEO_BRANDS else None


def _sound_type(head: bytes, file_name: str) -> FileType | None:
    """Sound alone; a recorder's MP4 says so only by its name."""
    # A tag before the sound, or the first frame of MPEG 1 or 2, layer 3.
    if head.startswith((b"ID3", b"\xff\xfb", b"\xff\xfa", b"\xff\xf3", b"\xff\xf2")):
        return MP3
    if head.startswith(b"OggS"):
        return OGG
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return WAV
    is_named = head[4:8] == b"ftyp" and Path(file_name).suffix.lower() == ".m4a"
    return M4A if is_named or head[4:12] == b"ftypM4A " else None


def _office_type(head: bytes, file_name: str) -> FileType | None:
    """Only a guess: all of them are ZIP archives. `office.check_office_file` looks what it really is."""
    ending = Path(file_name).suffix.lower()
    return (
        next((one for one in (*OFFICE, XLSX, ODS) if one.ending == ending), None)
        if head.startswith(b"PK\x03\x04")
        else None
    )


def _text_type(head: bytes, file_name: str) -> FileType | None:
    text = head.removeprefix(b"\xef\xbb\xbf")
    if text.startswith(b"WEBVTT"):
        return WEBVTT
    return SRT if Path(file_name).suffix.lower() == ".srt" and b"-->" in text.replace(b"\0", b"") else None
