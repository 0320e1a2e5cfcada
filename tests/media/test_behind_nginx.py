"""Files of courses as they are deployed: nginx sends them, from a folder or out of an object store, without Python."""

import io
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest
from PIL import Image

from app.core import clock
from app.core.db import Session
from app.core.settings import Settings, get_settings
from app.core.storage import Storage
from app.media import service
from app.media.models import Asset
from app.media.playlists import CONTENT_TYPE
from app.media.seals import seal_of
from app.media.shelf import Shelf
from tests import factories
from tests.authoring.conftest import studio_course
from tests.browser import Browser
from tests.journey.conftest import LiveServer
from tests.media.test_uploads import Sender
from tests.nginx.running import Nginx
from tests.seeded import Seeded

__all__ = ["studio_course"]

pytestmark = pytest.mark.by_turns
_SEGMENTS, _SEGMENT_BYTES = 30, 100_000
# Three slices of a store's file, the last one not whole.
_FILM = random.Random(1).randbytes(_SEGMENTS * _SEGMENT_BYTES)


@dataclass
class Deployed:
    """`open` gives a browser that knows only nginx; `server` is what stands behind it."""

    nginx: Nginx
    server: LiveServer
    open: Callable[[], Browser]


@pytest.fixture(params=["disk", pytest.param("store", marks=pytest.mark.xdist_group("s3"))])
def settings(
    request: pytest.FixtureRequest, seeded: Seeded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Settings]:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    get_settings.cache_clear()
    with seeded.copied(tmp_path) as url:
        settings = Settings(  # type: ignore[call-arg]
            data_dir=tmp_path, database_url=url, media_url=f"file://{tmp_path}/media", workers=0,
            trusted_proxies="127.0.0.1", session_cookie_secure=True,
        )  # fmt: skip
        yield request.getfixturevalue("swift").settings(settings) if request.param == "store" else settings


@pytest.fixture
def deployed(settings: Settings, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Deployed]:
    server = LiveServer(settings)
    server.start()
    with ExitStack() as stack:
        stack.callback(server.stop)
        store = "" if settings.media_url.startswith("file:") else request.getfixturevalue("swift").url
        nginx = stack.enter_context(Nginx(tmp_path / "nginx", server.url, tmp_path / "media", store).running())

        def open_browser() -> Browser:
            client = httpx.Client(base_url=nginx.url, verify=False, follow_redirects=True)
            return Browser(stack.enter_context(client))  # type: ignore[arg-type]

        yield Deployed(nginx, server, open_browser)


def film(db: Session, storage: Storage, *, public: bool) -> str:
    """A video of one rung in thirty segments, of the province's authors; the address of its playlists' folder."""
    asset = Asset(
        public_id=f"film-{public}", kind="video", state="stored", file_name="film.mp4", content_type="video/mp4",
        size=len(_FILM), sha256="0" * 64, storage_key="assets/00/source", unit_id=factories.unit_id(db, "24"),
        created_at=clock.now(),
    )  # fmt: skip
    db.add(asset)
    db.flush()
    lines = [
        f"#EXTINF:4.0,\n#EXT-X-BYTERANGE:{_SEGMENT_BYTES}@{number * _SEGMENT_BYTES}\n480p.m4s"
        for number in range(_SEGMENTS)
    ]
    with Shelf(storage, asset.sha256) as shelf:
        made = [
            shelf.put("480p.m4s", "video/mp4", _FILM, 854, 480),
            shelf.put("480p.m3u8", CONTENT_TYPE, "\n".join(["#EXTM3U", *lines, "#EXT-X-ENDLIST", ""]).encode()),
            shelf.put("captions.vtt", "text/vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\nChào.\n".encode()),
        ]
    service.finish(db, asset, made)
    if public:
        service.make_public(db, [asset.id])
    db.commit()
    return f"/media/{asset.public_id}/"


def segments(viewer: Browser, playlist_url: str) -> Iterator[tuple[str, str]]:
    """Where a player finds each segment, and which part of that file."""
    playlist = viewer.get(playlist_url)
    assert playlist.status_code == 200, playlist.text
    lines = playlist.text.splitlines()
    for place, line in enumerate(lines):
        if line.startswith("#EXT-X-BYTERANGE:"):
            length, start = map(int, line.partition(":")[2].split("@"))
            yield urljoin(str(playlist.url), lines[place + 1]), f"bytes={start}-{start + length - 1}"


@pytest.mark.usefixtures("studio_course")
def test_nginx_sends_what_was_uploaded_and_asks_no_server_for_a_segment(
    deployed: Deployed, db: Session, storage: Storage
) -> None:
    author, stranger = deployed.open().sign_in("tacgia"), deployed.open()
    drawn = io.BytesIO()
    Image.new("RGB", (600, 400), "#ac3820").save(drawn, "JPEG")
    sender, picture = Sender(author), drawn.getvalue()
    upload = sender.begin(len(picture), name="anh.jpg", kind="image")
    assert sender.send(upload, picture, 0).status_code == 204
    taken = sender.finish(upload)
    assert taken.status_code == 200, taken.text
    uploaded = f"/media/{db.query(Asset).filter_by(kind='image').one().public_id}/480.webp"
    db.rollback()
    shown = author.get(uploaded)
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/webp")
    assert stranger.get(uploaded).status_code == 404

    found = {
        who: list(segments(viewer, f"{film(db, storage, public=public)}480p.m3u8"))
        for who, viewer, public in (("draft", author, False), ("everyone", stranger, True))
    }
    assert "/film-False/" in found["draft"][0][0]
    assert stranger.get("/media/film-False/480p.m3u8").status_code == 404
    for parts in found.values():
        assert stranger.get(parts[0][0], headers={"range": parts[0][1]}).status_code == 206
    asked = deployed.nginx.asked_behind()
    assert len([path for path in asked if path.endswith(".m4s")]) == 0
    deployed.server.stop()
    for parts in found.values():
        answers = [stranger.get(url, headers={"range": part}) for url, part in parts]
        assert [answer.status_code for answer in answers] == [206] * _SEGMENTS
        assert b"".join(answer.content for answer in answers) == _FILM
    assert deployed.nginx.asked_behind() == asked


def test_nginx_answers_as_the_server_behind_would(deployed: Deployed, db: Session, storage: Storage) -> None:
    public, draft = film(db, storage, public=True), film(db, storage, public=False)
    viewer = deployed.open()
    with httpx.Client(base_url=deployed.server.url) as direct:
        for headers in (
            {}, {"range": "bytes=0-0"}, {"range": "bytes=1048570-1048590"}, {"range": "bytes=2999990-"},
            {"range": "bytes=-7"}, {"range": "bytes=0-1,5-6"}, {"range": "bytes=3000000-"},
            {"range": "bytes=0-9", "if-range": '"another"'},
        ):  # fmt: skip
            ours, behind = (who.get(f"{public}480p.m4s", headers=headers) for who in (viewer, direct))
            assert ours.status_code == behind.status_code, headers
            compared = ["content-range", "content-security-policy", "x-content-type-options"]
            # There is nothing to show of a part that is not there.
            if ours.status_code != 416:
                assert ours.content == behind.content, headers
                compared += ["cross-origin-resource-policy", "content-length", "content-type", "content-disposition"]
                compared += ["cache-control"]
            for name in compared:
                assert ours.headers.get_list(name) == behind.headers.get_list(name), (headers, name)
        whole = viewer.get(f"{public}480p.m4s")
        assert whole.headers["accept-ranges"] == "bytes"
        etag = whole.headers["etag"]
        assert viewer.get(f"{public}480p.m4s", headers={"if-none-match": etag}).status_code == 304
        kept = viewer.get(f"{public}480p.m4s", headers={"range": "bytes=0-9", "if-range": etag})
        assert (kept.status_code, kept.content) == (206, _FILM[:10])
        head = viewer.client.head(f"{public}480p.m4s")
        assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(_FILM)))

    text = viewer.get(f"{public}480p.m3u8", headers={"accept-encoding": "gzip"})
    assert text.headers["content-encoding"] == "gzip"
    assert text.text.startswith("#EXTM3U")
    assert viewer.get(f"{public}captions.vtt").headers["content-type"] == "text/vtt; charset=utf-8"

    with clock.frozen(clock.now() - timedelta(days=3)):
        over = seal_of("film-False")
    factories.account(db, username="tacgia", role="author", at="24")
    db.commit()
    # One day for all that follows, whatever the hour.
    with clock.frozen(clock.now()):
        assert_only_its_seal_opens(viewer, public, draft, over)


def assert_only_its_seal_opens(viewer: Browser, public: str, draft: str, over: str) -> None:
    seal = seal_of("film-False")
    sealed = draft.replace("/media/", f"/media/{seal}/")
    assert viewer.get(f"{sealed}480p.m4s").content == _FILM
    for closed in (
        f"{draft}480p.m4s", f"{sealed.replace(seal, over)}480p.m4s", f"{sealed.replace(seal, seal[:-1] + '!')}480p.m4s",
        f"{sealed.replace(seal, f'9{seal[1:]}')}480p.m4s", f"{sealed}source", f"{sealed}../../{public}x",
        f"/media-place{public.removeprefix('/media')}480p.m4s", "/media/", "/media/x/480p.m4s",
    ):  # fmt: skip
        answer = viewer.get(closed)
        assert answer.status_code == 404, closed
        assert "x-media-key" not in answer.headers
    anew = viewer.sign_in("tacgia").get(f"{sealed.replace(seal, over)}480p.m4s", headers={"range": "bytes=0-9"})
    assert (anew.status_code, anew.content, anew.url.path) == (206, _FILM[:10], f"{sealed}480p.m4s")
