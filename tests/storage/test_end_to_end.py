"""The whole way with the files in an object store: upload, transcode, play, certificate, export, import of people."""

import hashlib
import io
import re
from collections.abc import Iterator
from pathlib import Path

import obstore
import obstore.exceptions
import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from app.certificates.models import Certificate
from app.core import clock
from app.core.db import Session
from app.core.jobs import Worker
from app.core.settings import Settings, get_settings
from app.core.storage import S3Storage, Storage
from app.media.uploads.parts import put_part
from tests import factories
from tests.authoring.conftest import studio_course
from tests.authoring.test_studio import NEW, send
from tests.browser import Browser
from tests.identity.workbooks import GOOD, workbook
from tests.media.samples import Samples, make_samples
from tests.media.test_uploads import Sender
from tests.seeded import Seeded
from tests.swift.running import Swift

pytestmark = pytest.mark.xdist_group("s3")
__all__ = ["studio_course"]


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    return make_samples(tmp_path_factory.mktemp("samples"))


@pytest.fixture
def settings(swift: Swift, seeded: Seeded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """The application of these tests keeps its files in the object store."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    get_settings.cache_clear()
    with seeded.copied(tmp_path) as url:
        yield swift.settings(Settings(data_dir=tmp_path, database_url=url, workers=0))  # type: ignore[call-arg]
    get_settings.cache_clear()


@pytest.mark.usefixtures("studio_course")
def test_a_video_is_uploaded_transcoded_and_played_in_parts(
    browser: Browser, worker: Worker, storage: Storage, samples: Samples, tmp_path: Path
) -> None:
    browser.sign_in("tacgia")
    saved = send(browser, NEW, picture=samples.photo_jpg, video=samples.lecture_mkv)
    assert saved.status_code == 200
    worker.run_all()
    page = browser.get(saved.url.path).text
    found = re.search(r'<source[^>]* src="(/media/[^"]+\.mp4)"', page)
    assert found, "the video is ready"
    whole = browser.get(found[1])
    assert (whole.status_code, whole.headers["content-type"]) == (200, "video/mp4")
    assert whole.content[4:8] == b"ftyp"
    first = browser.get(found[1], headers={"range": "bytes=0-999"})
    rest = browser.get(found[1], headers={"range": "bytes=1000-"})
    last = browser.get(found[1], headers={"range": "bytes=-10"})
    assert (first.status_code, rest.status_code, last.status_code) == (206, 206, 206)
    assert first.content + rest.content == whole.content
    assert last.content == whole.content[-10:]
    assert browser.get(found[1], headers={"range": f"bytes={len(whole.content)}-"}).status_code == 416
    picture = re.search(r'<img src="(/media/[^"]+)"', page)
    assert picture
    assert browser.get(picture[1]).headers["content-type"] == "image/webp"

    assert isinstance(storage, S3Storage)
    assert any(key.endswith("/source") for key in storage.all_keys("assets"))
    assert [path.name for path in (tmp_path / "scratch").rglob("*")] == [], "nothing stays on this machine"


@pytest.mark.usefixtures("studio_course")
def test_a_file_sent_in_pieces_lies_in_the_store_piece_by_piece_and_then_whole(
    browser: Browser, storage: Storage, samples: Samples, swift: Swift
) -> None:
    film = samples.lecture_mkv.read_bytes()
    sender = Sender(browser.sign_in("tacgia"))
    url = sender.begin(len(film))
    before = swift.held_bytes()
    assert sender.send(url, film[:10_000], 0).status_code == 204
    # A server stored a part and was killed before it could say so.
    put_part(storage, url.rpartition("/")[2], 10_000, film[10_000:15_000])
    assert sender.offset(url) == 15_000
    assert swift.held_bytes() == before + 15_000
    assert sender.send(url, film[15_000:], 15_000).status_code == 204
    taken = sender.finish(url)
    assert taken.status_code == 200, taken.text
    assert list(storage.all_keys("uploads")) == []
    digest = hashlib.sha256(film).hexdigest()
    assert b"".join(storage.read(f"assets/{digest[:2]}/{digest}/source")) == film


def test_certificates_exports_and_imports_lie_in_the_store(
    browser: Browser, db: Session, worker: Worker, storage: Storage
) -> None:
    learner = factories.person(db, "Nguyễn Thị Học")
    factories.post(db, learner, factories.BAC_GIANG)
    factories.account(db, learner, "hoc")
    factories.completion(db, learner, factories.course(db), clock.today())
    factories.account(db, username="tinh", role="province_admin", at="24")
    db.commit()
    worker.run_all()

    code = db.scalars(select(Certificate.code)).one()
    db.rollback()
    pdf = browser.sign_in("hoc").get(f"/certificates/{code}/pdf")
    assert pdf.content.startswith(b"%PDF-")

    browser.post("/sign-out")
    browser.sign_in("tinh")
    browser.post("/exports", {"what": "completions", "format": "xlsx"})
    worker.run_all()
    address = re.search(r'href="(/exports/\d+)"', browser.get("/exports").text)
    assert address
    sheet = load_workbook(io.BytesIO(browser.get(address[1]).content)).worksheets[0]
    assert "Nguyễn Thị Học" in {cell for row in sheet.iter_rows(values_only=True) for cell in row}

    files = {"file": ("danh-sach.xlsx", workbook([GOOD]))}
    checked = browser.post("/people/imports", files=files)
    worker.run_all()
    assert str(GOOD["Họ và tên"]) in browser.get(checked.url.path).text

    folders = {key.split("/")[0] for key in storage.all_keys()}
    assert folders >= {"certificates", "exports"}, folders


def test_a_store_that_went_away_is_a_page_that_says_so_and_a_server_that_is_not_ready(
    browser: Browser, db: Session, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    learner = factories.person(db)
    factories.account(db, learner, "hoc")
    factories.completion(db, learner, factories.course(db), clock.today())
    db.commit()
    worker.run_all()
    code = db.scalars(select(Certificate.code)).one()
    db.rollback()
    browser.sign_in("hoc")
    assert browser.get("/readyz").status_code == 200

    def away(*_args: object, **_options: object) -> None:
        raise obstore.exceptions.GenericError("HTTP error: error sending request")

    for name in ("get", "put", "head"):
        monkeypatch.setattr(obstore, name, away)
    page = browser.get(f"/certificates/{code}/pdf")
    assert page.status_code == 503
    assert "Nơi giữ tệp không trả lời" in page.text
    ready = browser.get("/readyz")
    assert (ready.status_code, ready.json()["checks"]["storage"]) == (503, False)
