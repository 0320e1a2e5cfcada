"""PDF documents of lessons: every page as a picture, with its words, drawn by a bounded process of its own."""

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.core.errors import Invalid
from app.core.i18n import lazy as _
from app.core.text import nfc

MOST_PAGES = 200
SECONDS_MOST = 120
_WORKER = Path(__file__).with_name("pdf_worker.py")
# Between the words of two pages, as in every text made from a PDF.
PAGE_BREAK = "\f"


class PdfInvalid(Invalid):
    """The file is no PDF we can show; the text says why and what to do."""

    title = _("Tệp PDF chưa dùng được")


_REFUSALS = {
    "broken": _("Tệp PDF “%(file)s” đã bị hỏng. Hãy mở thử trên máy, lưu hoặc in lại thành PDF rồi tải lên."),
    "encrypted": _("Tệp PDF “%(file)s” có mật khẩu hoặc bị khóa. Hãy bỏ mật khẩu rồi tải lên."),
    "active": _("Tệp PDF “%(file)s” chứa mã chạy được. Hãy in lại thành PDF rồi tải lên."),
    "long": _("Tệp PDF “%(file)s” có hơn %(most)s trang. Hãy chia thành các tệp ngắn hơn."),
    "empty": _("Tệp PDF “%(file)s” không có trang nào."),
    "slow": _("Tệp PDF “%(file)s” quá nặng nên không vẽ kịp các trang. Hãy chia nhỏ hoặc giảm cỡ ảnh rồi tải lên."),
}


@dataclass(frozen=True)
class Page:
    """One page, drawn into a file. `text`: its words, line by line; empty for a scan."""

    path: Path
    width: int
    height: int
    text: str


def draw_pages(source: Path, folder: Path, file_name: str = "", seconds: int = SECONDS_MOST) -> Sequence[Page]:
    """Every page of a PDF as a WebP picture in `folder`; raises PdfInvalid. Takes about a tenth of a second a page."""
    # The script itself, not a module: its process needs nothing of the application. -P keeps its folder off the path.
    command = [sys.executable, "-P", str(_WORKER), str(source), str(folder), str(seconds), str(MOST_PAGES)]
    try:
        done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=2 * seconds, check=False)
        # Killed by its own bounds or by the file: says nothing.
        said = (
            json.loads(done.stdout)
            if done.returncode == 0
            else {"refused": "broken" if done.returncode > 0 else "slow"}
        )
    except subprocess.TimeoutExpired:
        said = {"refused": "slow"}
    if refused := said.get("refused"):
        raise PdfInvalid(_REFUSALS[refused], file=file_name or source.name, most=MOST_PAGES)
    return [
        Page(folder / f"{number:03}.webp", page["width"], page["height"], _clean(page["text"]))
        for number, page in enumerate(said["pages"], start=1)
    ]


def joined(texts: Sequence[str]) -> str:
    """The words of all pages as one text, to be stored; `parted` gives them back."""
    return PAGE_BREAK.join(texts)


def parted(text: str) -> tuple[str, ...]:
    return tuple(text.split(PAGE_BREAK))


def _clean(text: str) -> str:
    """Lines without control signs and hyphens of PDFium's own (U+FFFE marks a word broken at the line's end)."""
    plain = re.sub(r"\ufffe\s*", "", text)
    lines = (nfc(re.sub(r"[\x00-\x1f\x7f]+", " ", line)).strip() for line in re.split(r"[\r\n]+", plain))
    return "\n".join(line for line in lines if line)
