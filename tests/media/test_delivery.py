"""GET /media/…: who may fetch what, in which parts, under which headers."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from httpx import Response
from starlette.types import Message

from app.core import clock
from app.core.db import Session
from app.core.storage import Storage
from app.identity.models import Account
from app.media import service
from app.media.models import Asset
from app.media.ranges import Part, RangeNotSatisfiable, wanted_part
from app.media.seals import seal_of
from app.media.sending import FilePart
from tests import factories
from tests.browser import Browser
from tests.media.samples import Samples

Adder = Callable[..., str]


@pytest.fixture
def add(db: Session, storage: Storage, samples: Samples) -> Adder:
    """Store a sample as an asset and commit; gives the address of one of its renditions."""

    def add(name: str, rendition: str, *, public: bool = True, by: Account | None = None, at: str | None = None) -> str:
        path = getattr(samples, name)
        with path.open("rb") as file:
            stored = service.store(storage, file, path.name)
        unit_id = factories.unit_id(db, at) if at else None
        asset = service.add_asset(db, stored, by=by.id if by else None, unit_id=unit_id)
        if public:
            service.make_public(db, [asset.id])
        address = f"/media/{asset.public_id}/{rendition}"
        db.commit()
        return address

    return add


@pytest.mark.parametrize(
    ("header", "part"),
    [
        (None, None),
        ("bytes=0-99", Part(0, 100)),
        ("bytes=0-0", Part(0, 1)),
        ("bytes=900-", Part(900, 1000)),
        ("bytes=900-5000", Part(900, 1000)),
        ("bytes=-100", Part(900, 1000)),
        ("bytes=-5000", Part(0, 1000)),
        ("BYTES = 5 - 9", Part(5, 10)),
        ("bytes=0-1,5-6", None),
        ("bytes=9-5", None),
        ("bytes=-", None),
        ("bytes=a-b", None),
        ("lines=1-2", None),
        ("bytes=" + "9" * 5000 + "-", None),
        ("", None),
    ],
)
def test_one_range_is_honoured_and_anything_else_gets_the_whole(header: str | None, part: Part | None) -> None:
    assert wanted_part(header, 1000) == part


@pytest.mark.parametrize("header", ["bytes=1000-", "bytes=5000-6000", "bytes=-0"])
def test_a_range_after_the_end_cannot_be_satisfied(header: str) -> None:
    with pytest.raises(RangeNotSatisfiable):
        wanted_part(header, 1000)


def test_a_player_fetches_parts_that_make_up_the_whole(browser: Browser, add: Adder, samples: Samples) -> None:
    url, whole = add("good_mp4", "180p.mp4"), samples.good_mp4.read_bytes()
    first = browser.get(url, headers={"range": "bytes=0-999"})
    rest = browser.get(url, headers={"range": "bytes=1000-"})
    assert (first.status_code, rest.status_code) == (206, 206)
    assert first.headers["content-range"] == f"bytes 0-999/{len(whole)}"
    assert first.content + rest.content == whole
    assert first.headers["content-type"] == "video/mp4"


def test_the_whole_is_sent_without_a_range_or_with_several(browser: Browser, add: Adder, samples: Samples) -> None:
    url, whole = add("good_mp4", "180p.mp4"), samples.good_mp4.read_bytes()
    for headers in ({}, {"range": "bytes=0-1,5-6"}):
        answer = browser.get(url, headers=headers)
        assert (answer.status_code, answer.content) == (200, whole)
        assert answer.headers["accept-ranges"] == "bytes"
        assert answer.headers["content-length"] == str(len(whole))


def test_head_says_what_get_would_send(browser: Browser, add: Adder) -> None:
    url = add("good_mp4", "180p.mp4")
    said, sent = browser.client.head(url), browser.get(url)
    assert said.content == b""
    for name in ("content-length", "content-type", "etag", "cache-control", "accept-ranges"):
        assert said.headers[name] == sent.headers[name]


def test_a_range_beyond_the_end_is_answered_with_the_size(browser: Browser, add: Adder, samples: Samples) -> None:
    answer = browser.get(add("good_mp4", "180p.mp4"), headers={"range": "bytes=99999999-"})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{samples.good_mp4.stat().st_size}"


def test_what_the_browser_has_is_not_sent_again(browser: Browser, add: Adder) -> None:
    url = add("photo_jpg", "480.webp")
    first = browser.get(url)
    again = browser.get(url, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_part_of_another_edition_is_not_glued_on(browser: Browser, add: Adder, samples: Samples) -> None:
    url = add("good_mp4", "180p.mp4")
    etag = browser.get(url).headers["etag"]
    assert browser.get(url, headers={"range": "bytes=0-9", "if-range": etag}).status_code == 206
    assert browser.get(url, headers={"range": "bytes=0-9", "if-range": '"other"'}).status_code == 200


@pytest.mark.parametrize(
    ("sample", "rendition", "content_type"),
    [
        ("photo_jpg", "480.webp", "image/webp"),
        ("good_mp4", "180p.mp4", "video/mp4"),
        ("good_mp4", "poster.jpg", "image/jpeg"),
    ],
)
def test_what_we_send_cannot_run_and_may_be_kept(
    browser: Browser, add: Adder, sample: str, rendition: str, content_type: str
) -> None:
    headers = browser.get(add(sample, rendition)).headers
    assert headers["content-type"] == content_type
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'; sandbox; style-src 'unsafe-inline'"
    assert headers["content-disposition"] == f'inline; filename="{rendition}"'
    assert headers["cache-control"] == "public, max-age=31536000, immutable"


def test_a_drawing_of_a_course_folder_is_sent_as_one(
    browser: Browser, db: Session, storage: Storage, samples: Samples
) -> None:
    path = samples.folder / "hinh.svg"
    path.write_bytes(b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 4"><path d="M0 0h8v4z"/></svg>')
    asset = service.add_local_file(db, storage, path)
    assert service.add_local_file(db, storage, path) is asset, "the same bytes are the same asset"
    service.make_public(db, [asset.id])
    db.commit()
    answer = browser.get(f"/media/{asset.public_id}/image.svg")
    assert answer.headers["content-type"] == "image/svg+xml"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.content == path.read_bytes()


def test_only_published_files_are_for_everyone(new_browser: Callable[[], Browser], db: Session, add: Adder) -> None:
    owner = factories.account(db, username="tacgia", role="author", at="24")
    factories.account(db, username="tacgia-bg", role="author", at=factories.BAC_GIANG)
    factories.account(db, username="nguoihoc")
    db.commit()
    url = add("photo_jpg", "480.webp", public=False, by=owner, at="24")
    unitless = add("diagram_png", "480.webp", public=False)

    anonymous, mine, elsewhere, learner = new_browser(), new_browser(), new_browser(), new_browser()
    mine.sign_in("tacgia")
    elsewhere.sign_in("tacgia-bg")
    learner.sign_in("nguoihoc")
    seen = {
        name: (who.get(url).status_code, who.get(unitless).status_code)
        for name, who in {"anonymous": anonymous, "mine": mine, "elsewhere": elsewhere, "learner": learner}.items()
    }
    assert seen == {"anonymous": (404, 404), "mine": (200, 200), "elsewhere": (404, 200), "learner": (404, 404)}
    asset = db.query(Asset).filter_by(public_id=url.split("/")[2]).one()
    service.make_public(db, [asset.id])
    db.commit()
    assert [who.get(url).status_code for who in (anonymous, elsewhere, learner)] == [200, 200, 200]


@pytest.mark.parametrize("path", ["/media/khong-co/480.webp", "/media/x/..%2f..%2fetc%2fpasswd", "/media/x/source"])
def test_what_is_not_there_is_not_found(browser: Browser, path: str) -> None:
    assert browser.get(path).status_code == 404


def test_a_draft_is_sent_from_a_sealed_address_that_opens_all_its_files_for_a_day_or_two(
    new_browser: Callable[[], Browser], db: Session, add: Adder
) -> None:
    factories.account(db, username="tacgia", role="author", at="24")
    first, other = (
        add("good_mp4", "180p.mp4", public=False, at="24"),
        add("photo_jpg", "480.webp", public=False, at="24"),
    )
    author, anybody = new_browser(), new_browser()
    evening = clock.start_of_day(clock.today()) + timedelta(hours=23, minutes=50)
    with clock.frozen(evening):
        author.sign_in("tacgia")
        sealed = author.get(first).url.path
        assert sealed != first
        assert author.get(first).url.path == sealed, "the same all day: browsers keep what they have"
        part = anybody.get(sealed, headers={"range": "bytes=0-9"})
        assert (part.status_code, len(part.content)) == (206, 10)
        assert part.headers["cache-control"] == "private, max-age=86400, immutable"
        assert anybody.get(sealed.replace("180p.mp4", "poster.jpg")).status_code == 200
    with clock.frozen(evening + timedelta(days=1)):
        assert anybody.get(sealed).status_code == 200
        _empty, _media, seal, public_id, name = sealed.split("/")
        later = seal.replace(seal[:4], str(int(seal[:4]) + 1))
        other_id = other.split("/")[2]
        for forged in (f"/media/{later}/{public_id}/{name}", f"/media/{seal}/{other_id}/480.webp", f"{sealed}x"):
            assert anybody.get(forged).status_code == 404
    with clock.frozen(evening + timedelta(days=1, minutes=11)):
        assert anybody.get(sealed).status_code == 404
        again = author.get(sealed)
        assert again.status_code == 200, "who may still see it is given a new seal"
        assert again.url.path not in (sealed, first)


def test_a_server_in_front_learns_where_a_file_lies_for_no_longer_than_its_seal_holds(
    browser: Browser, add: Adder, storage: Storage
) -> None:
    def place(address: str) -> Response:
        return browser.get(address.replace("/media/", "/media-place/", 1))

    with clock.frozen(clock.start_of_day(clock.today()) + timedelta(hours=23, minutes=50)):
        public, draft = add("photo_jpg", "480.webp"), add("good_mp4", "180p.mp4", public=False)
        public_id = draft.split("/")[2]
        sealed = f"/media/{seal_of(public_id)}/{public_id}/180p.mp4"
        for address, holds_s in ((public, 3600), (sealed, 600)):
            told, sent = place(address), browser.get(address)
            assert told.headers["cache-control"] == f"max-age={holds_s}"
            assert b"".join(storage.read(told.headers["x-media-key"])) == sent.content
            for name in ("content-type", "content-disposition", "cache-control"):
                assert told.headers[f"x-media-{name}"] == sent.headers[name]
        for address in (draft, sealed.replace("180p.mp4", "khong-co"), sealed.replace("-", "+"), f"{public}x"):
            refused = place(address)
            assert (refused.status_code, refused.headers["cache-control"]) == (403, "no-store")


def send_part(length: int, pieces: Iterator[bytes], heard: str) -> list[Message]:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": heard, "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(FilePart(pieces, length, 206, {})({"type": "http", "headers": []}, receive, send))
    return sent


def test_nobody_reads_on_for_somebody_who_has_gone() -> None:
    """As a phone does that jumps to another place of a long video."""
    pieces = iter([b"x"] * 100)
    sent = send_part(100, pieces, "http.disconnect")
    assert b"".join(message.get("body", b"") for message in sent) == b"x"
    assert len(list(pieces)) == 99


def test_a_file_that_ends_too_early_is_no_whole_answer() -> None:
    whole = send_part(3, iter([b"ab", b"c"]), "http.request")
    assert b"".join(message.get("body", b"") for message in whole) == b"abc"
    assert [message.get("more_body", False) for message in whole[1:]] == [True, True, False]
    with pytest.raises(EOFError):
        send_part(4, iter([b"ab", b"c"]), "http.request")
