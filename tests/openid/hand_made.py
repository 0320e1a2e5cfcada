"""A provider made by hand, which says whatever a test wants it to say."""

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey

from app.core import clock

SUBJECT, NONCE = "nguoi-1", "nonce-1"


class HandMade:
    """`claims` are what its id_token says more or otherwise than an honest one, None for what it leaves out."""

    def __init__(self) -> None:
        self.key = ECKey.generate_key("P-256", {"kid": "1"})
        self.published = [self.key]
        self.claims: dict[str, Any] = {}
        self.userinfo: dict[str, Any] = {"sub": SUBJECT}
        self.header: dict[str, Any] = {"alg": "ES256", "kid": "1"}
        self.signed_with: ECKey | OctKey = self.key
        self.asked: list[str] = []
        self.sent: dict[str, list[str]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.url, "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token", "jwks_uri": f"{self.url}/keys",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            # It would take anything, had we not our own mind.
            "id_token_signing_alg_values_supported": ["ES256", "HS256", "none"],
        }  # fmt: skip

    def tokens(self) -> dict[str, Any]:
        now = int(clock.now().timestamp())
        honest = {"iss": self.url, "sub": SUBJECT, "aud": "hoc-so", "iat": now, "exp": now + 300, "nonce": NONCE}
        claims = {name: value for name, value in (honest | self.claims).items() if value is not None}
        if self.header["alg"] == "none":
            parts = (base64.urlsafe_b64encode(json.dumps(part).encode()) for part in (self.header, claims))
            token = ".".join(part.decode().rstrip("=") for part in parts) + "."
        else:
            token = jwt.encode(dict(self.header), claims, self.signed_with, algorithms=[self.header["alg"]])
        return {"access_token": "a", "token_type": "Bearer", "id_token": token}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._say(
                    {
                        "/.well-known/openid-configuration": provider.metadata,
                        "/keys": lambda: KeySet(list(provider.published)).as_dict(),
                        "/userinfo": lambda: provider.userinfo,
                    }[self.path]()
                )

            def do_POST(self) -> None:
                provider.sent = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
                self._say(provider.tokens())

            def _say(self, said: object) -> None:
                provider.asked.append(self.path)
                body = json.dumps(said).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                pass

        return Handler


@pytest.fixture
def hand_made() -> Iterator[HandMade]:
    provider = HandMade()
    yield provider
    provider.close()
