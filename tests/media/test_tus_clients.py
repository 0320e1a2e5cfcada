"""Uploads by a client of other people: tuspy, over real HTTP."""

import hashlib
import io
from collections.abc import Iterator

import httpx
import pytest
from sqlalchemy import select
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError

from app.core.db import Database
from app.core.settings import Settings
from app.media.models import Asset
from tests.authoring.conftest import StudioCourse, studio_course
from tests.journey.conftest import LiveServer
from tests.media.samples import Samples

__all__ = ["studio_course"]

pytestmark = pytest.mark.by_turns


@pytest.fixture
def server(settings: Settings, studio_course: StudioCourse) -> Iterator[str]:
    live = LiveServer(settings)
    live.start()
    yield live.url
    live.stop()


@pytest.fixture
def client(server: str) -> TusClient:
    """Signed in as the author of the course, with what a page of ours would have given a script."""
    with httpx.Client(base_url=server, headers={"accept": "text/html"}) as browser:
        form = {"name": "tacgia", "password": "mat-khau-thu-nghiem-1", "csrf_token": _token(browser.get("/sign-in"))}
        assert browser.post("/sign-in", data=form).status_code == 303
        token = _token(browser.get("/account"))
        cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    return TusClient(f"{server}/uploads?course=ky-so", headers={"Cookie": cookies, "X-CSRF-Token": token})


def _token(page: httpx.Response) -> str:
    return page.text.partition('name="csrf_token" value="')[2].partition('"')[0]


def test_tuspy_sends_a_video_and_goes_on_where_it_was(
    client: TusClient, server: str, database: Database, samples: Samples
) -> None:
    film, told = samples.lecture_mkv.read_bytes(), {"filename": "bài giảng.mkv", "kind": "video"}
    first = client.uploader(file_stream=io.BytesIO(film), chunk_size=5000, metadata=told, upload_checksum=True)
    first.upload_chunk()
    assert first.offset == 5000
    second = client.uploader(file_stream=io.BytesIO(film), url=first.url, chunk_size=50_000, upload_checksum=True)
    assert second.offset == 5000
    second.upload()
    answer = httpx.post(f"{second.url}/finish", headers=client.headers | {"tus-resumable": "1.0.0"}, timeout=60)
    assert answer.status_code == 200, answer.text
    with database.reading() as db:
        asset = db.scalars(select(Asset).where(Asset.public_id == answer.json()["public_id"])).one()
    assert asset.sha256 == hashlib.sha256(film).hexdigest()


def test_tuspy_is_told_why_a_file_is_not_taken(client: TusClient) -> None:
    fake = io.BytesIO(b"MZ" + bytes(9000))
    sending = client.uploader(file_stream=fake, metadata={"filename": "phim.mkv", "kind": "video"})
    with pytest.raises(TusCommunicationError) as refused:
        sending.upload()
    assert refused.value.status_code == 422
    assert "không phải loại được nhận" in httpx.Response(422, content=refused.value.response_content).json()["detail"]
