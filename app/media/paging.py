"""Documents as they are served: their pages as pictures, and the words of each, as files on the shelf."""

from collections.abc import Sequence
from pathlib import Path

from app.core.storage import Storage
from app.media import pdf
from app.media.models import Asset
from app.media.shelf import Shelf, Shelved

# The rendition of a document that holds the words of its pages (pdf.parted).
PAGE_TEXTS = "pages.txt"


def shelve_pages(shelf: Shelf, source: Path, scratch: Path, name: str) -> tuple[Sequence[str], list[Shelved]]:
    """The words of every page of a PDF, and the files made: all words, then each page. Raises PdfInvalid."""
    pages = pdf.draw_pages(source, scratch, name)
    words = [page.text for page in pages]
    return words, [
        shelf.put(PAGE_TEXTS, "text/plain", pdf.joined(words).encode()),
        *(
            shelf.put(f"page-{number:03}.webp", "image/webp", page.path, page.width, page.height)
            for number, page in enumerate(pages, start=1)
        ),
    ]


def document_words(storage: Storage, asset: Asset) -> tuple[str, ...]:
    """The words of each page of a document, empty for a page that is only a picture; nothing until it was read."""
    key = next((rendition.storage_key for rendition in asset.renditions if rendition.name == PAGE_TEXTS), None)
    return pdf.parted(b"".join(storage.read(key)).decode()) if key else ()


def page_texts(storage: Storage, asset: Asset) -> tuple[str, ...]:
    """`document_words` of a document whose pages can be shown; nothing for one that is only to be downloaded."""
    has_pages = any(rendition.name.startswith("page-") for rendition in asset.renditions)
    return document_words(storage, asset) if has_pages else ()
