"""The list of sites with embedded videos, from the administrator's page to what a lesson's page allows."""

import re
from collections.abc import Callable

from app.core.db import Session
from tests import factories
from tests.authoring.conftest import BODY
from tests.authoring.test_studio import NEW, send
from tests.browser import Browser

WATCH = "https://www.youtube.com/watch?v=abc123"
ELSEWHERE = "https://vimeo.com/12345"


def policy(browser: Browser, address: str) -> str:
    return str(browser.get(address).headers["content-security-policy"])


def test_a_page_allows_only_the_frames_of_its_own_videos_and_only_while_they_are_on_the_list(
    author: Browser, publisher: Browser, new_browser: Callable[[], Browser], db: Session
) -> None:
    factories.account(db, username="vanhanh", role="operator")
    db.commit()
    body = f"{BODY}\n[Ký trong hai phút]({WATCH})\n\n[Phim khác]({ELSEWHERE})\n"
    saved = send(author, NEW, {"body": body})
    assert 'data-frame="https://www.youtube-nocookie.com/embed/abc123"' in saved.text
    assert f'<a href="{ELSEWHERE}" rel="noopener">Phim khác</a>' in saved.text
    assert "<iframe" not in saved.text, "nothing of the other site before somebody asks"
    told = publisher.get("/studio/ky-so/publish").text
    assert "Video của nơi khác chỉ là liên kết" in told
    assert ELSEWHERE in told
    assert WATCH not in told
    preview = str(saved.url.path)
    assert policy(author, preview).endswith("; frame-src https://www.youtube-nocookie.com")

    operator = new_browser().sign_in("vanhanh")
    listed = operator.get("/admin/embeds").text
    site = re.search(r'href="/admin/embeds/(\d+)">YouTube', listed)
    assert site
    wrong = {"name": "Vimeo", "addresses": "vimeo.com/{id}\nvimeo.com", "frame": "https://player.vimeo.com/video/{id}"}
    refused = operator.post("/admin/embeds/new", wrong)
    assert refused.status_code == 422
    assert "Dòng “vimeo.com” chưa đúng" in refused.text
    assert "https://player.vimeo.com/video/{id}" in refused.text, "what was typed is still there"
    operator.post("/admin/embeds/new", wrong | {"addresses": "https://vimeo.com/{id}"})
    operator.post(f"/admin/embeds/{site.group(1)}/drop")
    publisher.post("/studio/ky-so/publish", {"number": "2", "reason": "Thử."})
    author.post("/courses/ky-so/enrol", {"lesson": "KS01.1.2"})
    for address in (preview, "/learn/ky-so/KS01.1.2"):
        shown = author.get(address).text
        assert policy(author, address).endswith("; frame-src https://player.vimeo.com")
        assert 'data-frame="https://player.vimeo.com/video/12345"' in shown
        assert f'<a href="{WATCH}" rel="noopener">Ký trong hai phút</a>' in shown
    assert "frame-src" not in policy(author, "/learn/ky-so/KS01.1.1")
