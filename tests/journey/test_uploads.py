"""A large video in Chromium (tus-js-client): the browser is closed half-way, the same file goes on from there."""

import struct
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Route, expect

from app.catalogue.service import save_version
from tests import factories
from tests.catalogue import making
from tests.journey.conftest import LiveServer, Screen
from tests.media import samples

_PIECE = 16 * 1024 * 1024


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A short film of a little more than one piece: MP4 with an empty box at its end (ISO 14496-12, 8.1.2)."""
    path = tmp_path / "hop-giao-ban.mp4"
    samples.video(path, seconds=1)
    with path.open("ab") as file:
        file.write(struct.pack(">I4s", _PIECE, b"free") + bytes(_PIECE - 8))
    return path


@pytest.mark.one_view
@pytest.mark.parametrize("width", [360, 1280])
def test_an_upload_goes_on_after_the_browser_was_closed(
    width: int, live: LiveServer, chromium: Browser, film: Path
) -> None:
    with live.runtime.database.writing() as db:
        unit = factories.unit_id(db, "24")
        save_version(db, live.runtime.storage, making.course(), unit, None)
        factories.account(db, username="tacgia", role="author", at="24")
    screen = Screen(chromium, live.url, width, "tai-len")
    page = screen.page
    screen.sign_in("tacgia", factories.PASSWORD)
    page.wait_for_url(lambda url: "/sign-in" not in url)
    begun: list[str] = []

    def hold_the_second_piece(route: Route) -> None:
        offset = route.request.headers.get("upload-offset", "")
        begun.append(offset)
        if offset == str(_PIECE) and begun.count(offset) == 1:
            return
        route.continue_()

    page.route("**/uploads/*", hold_the_second_piece)
    form = "/studio/khoa-thu/lessons/new"
    page.goto(form)
    with page.expect_request(lambda request: request.headers.get("upload-offset") == str(_PIECE)):
        page.locator("input[name=video]").set_input_files(film)
    screen.picture("dang-tai")
    page.goto("about:blank")

    page.goto(form)
    expect(page.locator("[data-unfinished]")).to_contain_text("hop-giao-ban.mp4")
    page.locator("input[name=video]").set_input_files(film)
    expect(page.locator("[data-arriving=here]")).to_contain_text("Đã nhận.")
    expect(page.locator("input[name=kept_video]")).to_have_count(1)
    expect(page.locator("[data-unfinished]")).to_have_count(0)
    assert [offset for offset in begun if offset] == ["0", str(_PIECE), str(_PIECE)]
    screen.picture("da-nhan")

    page.locator("input[name=document]").set_input_files(
        {"name": "bang.pdf", "mimeType": "x/y", "buffer": b"MZ" * 3000}
    )
    expect(page.locator("[data-arriving=refused]")).to_contain_text("không phải loại được nhận")
    screen.close()
