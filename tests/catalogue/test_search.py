"""Search finds the same, in the same order, on both databases."""

from pathlib import Path

import pytest

from app.catalogue.search import places_spoken, search
from app.catalogue.service import publish, save_version
from app.catalogue.shelf import shelf as shelf_page
from app.catalogue.source import FileSource
from app.core.db import Session
from app.core.storage import Storage
from app.media.models import Asset
from tests import factories
from tests.catalogue import making

LESSONS = {
    "1": ("Sổ tay an toàn", "Mật khẩu mạnh. Liên hệ dichvucong.gov.vn, hộp thư ho-tro@vidu.vn."),
    "2": ("Nền tảng số", "Tổ công nghệ số cộng đồng: năm 2024-2025, mẫu 01/BC."),
    "3": ("Nên tăng tốc", "Bác Sơn toàn bấm nhầm, hồ sơ lan man. COVID19 và 1e5."),
    "4": ("Hộp thư điện tử", "nen tang viết không dấu; e-learning; R&D; đường dây nóng 1022."),
}


@pytest.fixture
def shelf(db: Session, storage: Storage) -> Session:
    lessons = [
        making.lesson(f"THU.1.{number}", title, f"## Mở\n\n{words}\n", quiz=None)
        for number, (title, words) in LESSONS.items()
    ]
    source = making.course(*lessons, summary="Để thử tìm kiếm.")
    publish(db, save_version(db, storage, source, factories.unit_id(db, "24"), by=None), by=None)
    db.commit()
    return db


@pytest.mark.parametrize(
    ("q", "lessons"),
    [
        ("nền tảng", "234"),  # exact marks first, then in the order of the course
        ("nên tăng", "324"),
        ("nen tang", "423"),
        ("an", "1"),  # not in “toàn”, “lan man”
        ("so", "123"),  # “sổ”, “số”, “sơ”; not in “Sơn”
        ("ho so", "3"),  # side by side: not “hộ… số”, not “…ho so…” inside words
        ("to cong nghe so", "2"),
        ("gov", "1"),
        ("vn", "1"),
        ("ho-tro@vidu", "1"),
        ("2025", "2"),
        ("01", "2"),
        ("bc", "2"),
        ("1e5", "3"),
        ("covid", "3"),
        ("e", "4"),
        ("R&D", "4"),
        ("02", ""),  # part of 1022 only
        ("102", "4"),
        ("khong-co", ""),
        ("%", ""),
        ("_", ""),
        ("'", ""),
        ("mẫu 2024", "2"),
    ],
)
def test_the_same_lessons_in_the_same_order(shelf: Session, q: str, lessons: str) -> None:
    found = [hit.lesson_key for hit in search(shelf, q) if hit.lesson_key]
    assert "".join(key.rsplit(".", 1)[1] for key in found) == lessons


def test_words_said_in_a_video_are_found_with_their_moment(db: Session, storage: Storage, tmp_path: Path) -> None:
    film = Asset(
        public_id="phim", kind="video", state="ready", file_name="phim.mp4", content_type="video/mp4", size=1000,
        sha256="0" * 64, storage_key="x", duration_s=9.0, created_at=factories.clock.now(),
    )  # fmt: skip
    db.add(film)
    db.flush()
    files = (
        FileSource("phim.mp4", asset_id=film.id),
        making.captions(tmp_path, "phim.en.vtt", "Good morning."),
        making.captions(tmp_path, "phim.vi.vtt", "Chào anh/chị.", "Cảnh giác với mã độc.", "Mã độc tống tiền."),
    )
    lesson = making.lesson("THU.1.1", "Mở đầu", "![Phim](phim.mp4)\n", quiz=None, files=files)
    publish(db, save_version(db, storage, making.course(lesson), factories.unit_id(db, "24"), by=None), by=None)
    db.commit()
    hits = search(db, "ma doc")
    assert [hit.lesson_key for hit in hits] == ["THU.1.1"]
    assert list(places_spoken(db, hits, "mã độc").values()) == ["phim-vi-2"]
    assert places_spoken(db, hits, "không ai nói") == {}
    card = shelf_page(db, query="ma doc").cards[0]
    assert [(one.url, one.is_spoken) for one in card.found_in] == [("/learn/khoa-thu/THU.1.1#phim-vi-2", True)]
