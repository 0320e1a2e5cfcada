"""A small published course of the province, and the people who write it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.catalogue.service import publish, save_version
from app.catalogue.source import Citation, CourseSource, LessonSource, ModuleSource
from app.core.db import Session
from app.core.settings import get_settings
from app.core.storage import Storage
from tests import factories
from tests.browser import Browser
from tests.media.samples import Samples, make_samples

SLUG = "ky-so"
BODY = """## Chuyện của chị Hoa

Chị Hoa cần ký số một công văn.

::: steps
1. Mở văn bản.
2. Bấm nút Ký số.
3. Kiểm tra chữ ký.
:::

::: warn Hay nhầm
Ký rồi mà quên phát hành.
:::
"""


@dataclass(frozen=True)
class StudioCourse:
    """Addresses and ids of the course under test."""

    slug: str
    course_id: int
    version_id: int


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    return make_samples(tmp_path_factory.mktemp("samples"))


@pytest.fixture(autouse=True)
def own_data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Jobs and services read DATA_DIR from the process's settings."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    get_settings.cache_clear()
    yield tmp_path
    get_settings.cache_clear()


@pytest.fixture
def studio_course(db: Session, storage: Storage) -> StudioCourse:
    """KS01 of the province: one module, one published lesson; an author, a content administrator and a learner."""
    lesson = LessonSource(
        key="KS01.1.1",
        stem="01-mo-dau",
        title="Chữ ký số là gì",
        minutes=10,
        markdown=BODY,
        objectives=("Kể được ba bước ký số.",),
        role="Chị Hoa, văn thư một xã",
        sources=(Citation("Luật Giao dịch điện tử", "Luật số 20/2023/QH15"),),
    )
    source = CourseSource(
        slug=SLUG,
        code="KS01",
        title="Ký số trong công việc",
        summary="Ký số một văn bản từ đầu đến cuối.",
        access="open",
        hours=0.5,
        owner="Sở Khoa học và Công nghệ",
        contact="khcn@example.vn",
        modules=(ModuleSource("01-bat-dau", "Bắt đầu", "Ký được một văn bản", (lesson,)),),
    )
    version = publish(db, save_version(db, storage, source, factories.unit_id(db, "24"), None), None)
    made = StudioCourse(SLUG, version.course_id, version.id)
    factories.account(db, username="tacgia", role="author", at="24")
    factories.account(db, username="xuatban", role="content_admin", at="24")
    factories.account(db, username="tacgia-phuong", role="author", at=factories.BAC_GIANG)
    factories.account(db, username="nguoihoc")
    db.commit()
    return made


@pytest.fixture
def author(new_browser: Callable[[], Browser], studio_course: StudioCourse) -> Browser:
    return new_browser().sign_in("tacgia")


@pytest.fixture
def publisher(new_browser: Callable[[], Browser], studio_course: StudioCourse) -> Browser:
    return new_browser().sign_in("xuatban")
