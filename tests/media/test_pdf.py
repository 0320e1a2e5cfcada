"""PDF documents: known by content, drawn page by page, with their words; what cannot be shown is refused in words."""

import io
from collections.abc import Callable
from pathlib import Path

import pypdf
import pytest
import typst
from PIL import Image
from pypdf.actions import JavaScript
from sqlalchemy.orm import Session

from app.core.settings import ROOT
from app.core.storage import Storage
from app.media import pdf
from app.media.models import Asset
from app.media.paging import page_texts
from app.media.pdf import PdfInvalid, draw_pages
from app.media.queries import asset_views
from app.media.service import add_asset, store

# How a file is read and drawn asks nothing of the database.
pytestmark = pytest.mark.by_turns

FONTS = ROOT / "app" / "certificates" / "fonts"


def written(*pages: str) -> bytes:
    """A PDF with these words, one page each."""
    source = '#set text(font: "Be Vietnam Pro")\n' + "\n#pagebreak()\n".join(pages)
    made = typst.compile(source.encode(), font_paths=[str(FONTS)], ignore_system_fonts=True)
    assert isinstance(made, bytes)
    return made


def scanned() -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (400, 600), "white").save(data, "PDF")
    return data.getvalue()


def changed(change: Callable[[pypdf.PdfWriter], object]) -> bytes:
    writer = pypdf.PdfWriter(io.BytesIO(written("Bảng kiểm")))
    change(writer)
    data = io.BytesIO()
    writer.write(data)
    return data.getvalue()


def kept(db: Session, storage: Storage, content: bytes, name: str = "Bảng kiểm.pdf") -> Asset:
    return add_asset(db, store(storage, io.BytesIO(content), name), by=None, unit_id=None)


def test_every_page_becomes_a_small_picture_with_its_words(db: Session, storage: Storage) -> None:
    asset = kept(db, storage, written("Mở sổ rủi ro.", "Ký và *xem lại*."))
    assert (asset.kind, asset.state, asset.file_name) == ("document", "ready", "Bảng kiểm.pdf")
    view = asset_views(db, [asset.id])[asset.id]
    assert [(page.width, page.url.rsplit("/", 1)[1]) for page in view.pages] == [
        (1000, "page-001.webp"), (1000, "page-002.webp"),
    ]  # fmt: skip
    assert view.url
    assert view.url.endswith("/document.pdf")
    assert page_texts(storage, asset) == ("Mở sổ rủi ro.", "Ký và xem lại.")
    for rendition in asset.renditions:
        if rendition.content_type == "image/webp":
            picture = Image.open(io.BytesIO(b"".join(storage.read(rendition.storage_key))))
            assert (picture.format, picture.width, picture.height) == ("WEBP", 1000, rendition.height)
            assert rendition.size < 100_000


def test_the_file_itself_is_kept_byte_for_byte_to_download(db: Session, storage: Storage) -> None:
    content = written("Một trang.")
    asset = kept(db, storage, content)
    assert b"".join(storage.read(asset.storage_key)) == content


def test_a_scan_has_no_words(db: Session, storage: Storage) -> None:
    assert page_texts(storage, kept(db, storage, scanned())) == ("",)


def test_content_decides_not_the_name(db: Session, storage: Storage) -> None:
    assert kept(db, storage, written("Một trang."), "phim.mp4").kind == "document"


def _locked(writer: pypdf.PdfWriter) -> None:
    writer.encrypt(user_password="", owner_password="chủ", algorithm="RC4-128")


def _secret(writer: pypdf.PdfWriter) -> None:
    writer.encrypt(user_password="bí mật", algorithm="RC4-128")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (lambda: written("x")[:400], "đã bị hỏng"),
        (lambda: b"%PDF-1.7\n" + b"\0" * 5000, "đã bị hỏng"),
        (lambda: changed(_secret), "có mật khẩu"),
        (lambda: changed(_locked), "có mật khẩu"),
        (lambda: changed(lambda writer: writer.add_open_action(JavaScript("app.alert(1)"))), "mã chạy được"),
        (lambda: changed(lambda writer: [writer.add_blank_page(9, 9) for _page in range(200)]), "hơn 200 trang"),
    ],
)
def test_what_cannot_be_shown_is_refused_in_words_and_leaves_nothing(
    content: Callable[[], bytes], said: str, storage: Storage, tmp_path: Path
) -> None:
    with pytest.raises(PdfInvalid, match=said):
        store(storage, io.BytesIO(content()), "bang.pdf")
    assert list((tmp_path / "scratch").iterdir()) == []


def test_a_file_that_takes_too_long_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    worker = tmp_path / "worker.py"
    worker.write_text("while True: pass")
    monkeypatch.setattr(pdf, "_WORKER", worker)
    source = tmp_path / "bang.pdf"
    source.write_bytes(written("x"))
    with pytest.raises(PdfInvalid, match="quá nặng"):
        draw_pages(source, tmp_path, seconds=1)
