"""A course folder as one ZIP file: written byte for byte, and unpacked with suspicion."""

import re
import stat
import zipfile
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from app.authoring.folder import names
from app.catalogue.source import slugify
from app.core.errors import Invalid
from app.core.i18n import lazy as _
from app.core.templating import format_filesize

MOST_FILES = 3000
# course/module/file
MOST_DEPTH = 3
# Text shrinks to a tenth; what claims more than this is made to fill a disk.
MOST_RATIO = 200
_FREE_RATIO_BYTES = 1024 * 1024
_CHUNK = 1024 * 1024
# These are as small as they get.
_PACKED = (".mp4", ".webm", ".mov", ".mp3", ".m4a", ".png", ".jpg", ".jpeg", ".webp", ".pdf", ".docx", ".pptx",
           ".odt", ".odp")  # fmt: skip
_EARLIEST = (1980, 1, 1, 0, 0, 0)


def write_zip(folder: Path, out: BinaryIO) -> None:
    """The course folder under its own name, its modules even where they are empty; the same folder, the same bytes."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            name = f"{folder.name}/{path.relative_to(folder).as_posix()}"
            if path.is_dir():
                archive.writestr(zipfile.ZipInfo(f"{name}/", _EARLIEST), b"")
                continue
            info = zipfile.ZipInfo(name, _EARLIEST)
            info.external_attr = 0o644 << 16
            info.compress_type = zipfile.ZIP_STORED if path.suffix.lower() in _PACKED else zipfile.ZIP_DEFLATED
            with path.open("rb") as source, archive.open(info, "w") as target:
                while chunk := source.read(_CHUNK):
                    target.write(chunk)


def unpack_course(file: BinaryIO, file_name: str, into: Path, *, most_bytes: int) -> Path:
    """The one course folder of a ZIP, unpacked below `into`; nothing is written beside it.

    A ZIP of what is in the folder, without the folder itself, is named after the file. Raises Invalid for what is no
    ZIP, holds no course or more than one, or is made to do harm: too many or too large files, links, paths that lead
    elsewhere.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            entries = [one for one in archive.infolist() if not _is_hidden(one.filename)]
            _must_be_harmless(entries, most_bytes)
            root = _root(entries, file_name)
            folder = into / root
            folder.mkdir(parents=True)
            left = most_bytes
            for entry in entries:
                parts = PurePosixPath(entry.filename).parts
                place = into.joinpath(*parts) if parts and parts[0] == root else folder.joinpath(*parts)
                if entry.is_dir():
                    place.mkdir(parents=True, exist_ok=True)
                else:
                    place.parent.mkdir(parents=True, exist_ok=True)
                    left = _copy(archive, entry, place, left, most_bytes)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError, ValueError, RuntimeError) as error:
        raise Invalid(
            _("Tệp này không phải tệp ZIP mở được. Hãy nén lại thư mục khóa học thành một tệp ZIP.")
        ) from error
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise Invalid(_("Trong tệp ZIP có tệp và thư mục cùng tên.")) from error
    return folder


def _is_hidden(name: str) -> bool:
    """What systems add by themselves: hidden files, and the second halves of files of a Mac."""
    return any((part.startswith(".") and part != "..") or part == "__MACOSX" for part in PurePosixPath(name).parts)


def _must_be_harmless(entries: list[zipfile.ZipInfo], most_bytes: int) -> None:
    if len(entries) > MOST_FILES:
        raise Invalid(_("Tệp ZIP có quá %(most)s tệp, không phải một khóa học."), most=MOST_FILES)
    if sum(entry.file_size for entry in entries) > most_bytes:
        raise Invalid(_("Khóa học mở ra nặng quá %(most)s."), most=format_filesize(most_bytes))
    seen: set[str] = set()
    for entry in entries:
        name = entry.filename
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or not path.parts or re.search(r"[\\:\x00-\x1f]", name):
            raise Invalid(_("Tên “%(name)s” trong tệp ZIP dẫn ra ngoài thư mục khóa học."), name=name[:100])
        if len(path.parts) > MOST_DEPTH:
            raise Invalid(_("“%(name)s”: khóa học chỉ có thư mục khóa học và thư mục học phần."), name=name[:100])
        if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise Invalid(_("“%(name)s” là liên kết tới nơi khác; hãy chép tệp thật vào thư mục."), name=name[:100])
        if entry.file_size > _FREE_RATIO_BYTES and entry.file_size > MOST_RATIO * max(entry.compress_size, 1):
            raise Invalid(_("“%(name)s” nén quá chặt để là tệp của một khóa học."), name=name[:100])
        if entry.flag_bits & 1:
            raise Invalid(_("Tệp ZIP có mật khẩu. Hãy nén lại không đặt mật khẩu."))
        folded = str(path).casefold()
        if folded in seen:
            raise Invalid(_("Trong tệp ZIP có hai tệp cùng tên “%(name)s”."), name=name[:100])
        seen.add(folded)


def _root(entries: list[zipfile.ZipInfo], file_name: str) -> str:
    """The name of the course's folder."""
    paths = {PurePosixPath(entry.filename).parts for entry in entries}
    if (names.MANIFEST,) in paths:
        base = slugify(PurePosixPath(file_name.replace("\\", "/")).stem)[: names.LONGEST_SLUG].strip("-")
        return base or "khoa-hoc"
    roots = sorted({parts[0] for parts in paths if len(parts) == 2 and parts[1] == names.MANIFEST})
    if not roots:
        raise Invalid(_("Không thấy course.yaml trong tệp ZIP. Hãy nén đúng thư mục của khóa học."))
    if len(roots) > 1 or any(parts[0] != roots[0] for parts in paths):
        raise Invalid(_("Tệp ZIP có nhiều thư mục. Mỗi lần nạp một khóa học, một thư mục."))
    return roots[0]


def _copy(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, place: Path, left: int, most_bytes: int) -> int:
    """Counts what really comes: the sizes an archive names are only a claim."""
    with archive.open(entry) as source, place.open("xb") as target:
        while chunk := source.read(_CHUNK):
            left -= len(chunk)
            if left < 0:
                raise Invalid(_("Khóa học mở ra nặng quá %(most)s."), most=format_filesize(most_bytes))
            target.write(chunk)
    return left
