"""A person's browser in tests: keeps cookies, sends the form token of the last page, follows redirects."""

import re
from typing import Any

import httpx
from starlette.testclient import TestClient

BASE_URL = "https://hocso.test"
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Browser:
    """`get` and `post` as a browser does them; `htmx_post` as htmx does."""

    def __init__(self, client: TestClient) -> None:
        self.client = client
        self.client.headers["accept"] = "text/html,application/xhtml+xml"
        self.token = ""

    def get(self, url: str, **options: Any) -> httpx.Response:
        return self._seen(self.client.get(url, **options))

    def post(
        self, url: str, data: dict[str, Any] | None = None, *, follow: bool = True, **options: Any
    ) -> httpx.Response:
        """Post a form with the token of a page of ours; opens the sign-in page for one if there was none."""
        if not self.token:
            self.get("/sign-in")
        fields = {"csrf_token": self.token} | (data or {})
        if "files" in options and "csrf_token=" not in url:
            # As our upload forms do: checked before the body is read.
            options["params"] = {"csrf_token": self.token} | options.get("params", {})
        return self._seen(self.client.post(url, data=fields, follow_redirects=follow, **options))

    def htmx_post(self, url: str, data: dict[str, Any] | None = None, **options: Any) -> httpx.Response:
        return self.post(url, data, headers={"hx-request": "true"}, **options)

    def post_json(self, url: str, body: object) -> httpx.Response:
        if not self.token:
            self.get("/sign-in")
        headers = {"x-csrf-token": self.token, "accept": "application/json"}
        return self.client.post(url, json=body, headers=headers)

    def sign_in(self, username: str, password: str = "mat-khau-thu-nghiem-1") -> "Browser":
        response = self.post("/sign-in", {"name": username, "password": password}, follow=False)
        assert response.status_code == 303, response.text
        assert "hs_session" in self.client.cookies, "sign-in did not succeed"
        # A page that costs little, for its token.
        self.get("/about")
        return self

    def _seen(self, response: httpx.Response) -> httpx.Response:
        if found := _TOKEN.search(response.text) if "html" in response.headers.get("content-type", "") else None:
            self.token = found.group(1)
        return response
