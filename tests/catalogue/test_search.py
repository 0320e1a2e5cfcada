"""Search finds the same, in the same order, on both databases."""

import pytest

from app.catalogue.search import search
from app.catalogue.service import publish, save_version
from app.core.db import Session
from app.core.storage import Storage
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
