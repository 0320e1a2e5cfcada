"""One OpenID Connect provider: where it sends people, and what it says of those who come back.

Authorization code flow with PKCE (OpenID Connect Core 1.0, RFC 7636, RFC 9207). Nothing here touches the database, and
nothing is asked of the network before somebody presses the button.
"""

import base64
import hashlib
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.client import HTTPException
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jwt import JWTClaimsRegistry

from app.core import clock
from app.core.errors import AppError
from app.core.i18n import lazy as _
from app.core.settings import Settings
from app.identity.identifiers import email_address, identity_number, phone_e164

# Signatures by a key only the provider has. Never "none", and never a MAC: its key would be one we share.
_ALGORITHMS = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA",
)  # fmt: skip
_KNOWN_FOR = timedelta(hours=1)
_LEEWAY_S = 60
_PATIENCE_S = 5
_MOST_BYTES = 1_000_000


class ProviderAway(AppError):
    """It does not answer, or not as the protocol wants; the details are for the log."""

    status = 502
    title = _("Chưa đăng nhập được")
    text = _("Hệ thống đăng nhập liên kết không trả lời. Hãy thử lại sau ít phút, hoặc đăng nhập bằng mật khẩu.")


class NotProved(AppError):
    """What came back proves nothing: another browser's, too late, or not signed by the provider for us."""

    status = 400
    title = _("Chưa đăng nhập được")
    text = _("Lần đăng nhập này không hợp lệ hoặc đã quá lâu. Hãy bắt đầu lại từ trang Đăng nhập.")


@dataclass(frozen=True)
class Asked:
    """What was asked of the provider, so that its answer can be held against it."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True)
class Told:
    """What the provider says of a person, in stored forms; empty where it says nothing.

    `email` and `phone` are only what the provider says it has verified, `identity` only what it is trusted to know.
    """

    issuer: str
    subject: str
    name: str = ""
    email: str = ""
    phone: str = ""
    identity: str = ""


class Provider:
    """The provider of the settings; `redirect_uri` is where it sends people back to."""

    def __init__(self, settings: Settings) -> None:
        self.issuer, self.label = settings.oidc_issuer, settings.oidc_label
        self.redirect_uri = f"{settings.public_url}/sign-in/provider/back"
        self._home = f"{settings.public_url}/"
        self._id, self._secret = settings.oidc_client_id, settings.oidc_client_secret.get_secret_value()
        self._scope, self._identity_claim = settings.oidc_scope, settings.oidc_identity_claim
        self._turn = threading.Lock()
        self._known: tuple[datetime, Mapping[str, Any]] | None = None
        self._keys: KeySet | None = None

    def authorization_url(self, asked: Asked) -> str:
        """Where to send the browser. Raises ProviderAway."""
        challenge = hashlib.sha256(asked.verifier.encode()).digest()
        query = {
            "response_type": "code", "client_id": self._id, "redirect_uri": self.redirect_uri, "scope": self._scope,
            "state": asked.state, "nonce": asked.nonce, "code_challenge_method": "S256",
            "code_challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
        }  # fmt: skip
        return _with_query(self._endpoint("authorization_endpoint"), query)

    def told(self, code: str, issuer: str, asked: Asked) -> Told:
        """What the provider says of whoever came back with this code. Raises ProviderAway, NotProved.

        `issuer` is the one the answer names, empty if it names none (RFC 9207).
        """
        is_named = self._metadata().get("authorization_response_iss_parameter_supported") is True
        if (issuer or is_named) and issuer != self.issuer:
            raise NotProved
        tokens = self._exchange(code, asked.verifier)
        claims = self._id_claims(tokens.get("id_token"), asked.nonce)
        return self._as_told(claims | self._more_claims(tokens.get("access_token"), claims["sub"]))

    def end_session_url(self) -> str | None:
        """Where one signs out of the provider itself, if it has such a page. Raises ProviderAway."""
        if not self._metadata().get("end_session_endpoint"):
            return None
        query = {"client_id": self._id, "post_logout_redirect_uri": self._home}
        return _with_query(self._endpoint("end_session_endpoint"), query)

    # --- what it publishes ----------------------------------------------------------------------------------------

    def _metadata(self) -> Mapping[str, Any]:
        with self._turn:
            if self._known is None or self._known[0] < clock.now():
                found = _fetch(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
                if found.get("issuer") != self.issuer:
                    raise ProviderAway from ValueError("the issuer names itself otherwise")
                self._known = clock.now() + _KNOWN_FOR, found
            return self._known[1]

    def _endpoint(self, name: str) -> str:
        url = str(self._metadata().get(name, ""))
        # A provider on https does not send passwords and codes through the open; one of a trial may be on loopback.
        if urlsplit(url).scheme not in {"https", urlsplit(self.issuer).scheme}:
            raise ProviderAway from ValueError(f"no usable {name}")
        return url

    def _key_set(self, *, anew: bool = False) -> KeySet:
        if self._keys is None or anew:
            try:
                self._keys = KeySet.import_key_set(_fetch(self._endpoint("jwks_uri")))  # type: ignore[arg-type]
            except (JoseError, KeyError, TypeError, ValueError) as error:
                raise ProviderAway from error
        return self._keys

    # --- what it says of somebody ---------------------------------------------------------------------------------

    def _exchange(self, code: str, verifier: str) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect_uri,
            "code_verifier": verifier,
        }  # fmt: skip
        ways = self._metadata().get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        headers = {}
        if "client_secret_basic" in ways:
            # Both are encoded as in a form before they are joined (RFC 6749, 2.3.1).
            pair = f"{quote(self._id, safe='')}:{quote(self._secret, safe='')}"
            headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            form |= {"client_id": self._id, "client_secret": self._secret}
        return _fetch(self._endpoint("token_endpoint"), form, headers)

    def _id_claims(self, token: object, nonce: str) -> dict[str, Any]:
        """OpenID Connect Core 3.1.3.7: signed by a key of the issuer, for us, for this sign-in, not too old."""
        if not isinstance(token, str):
            raise NotProved
        offered = self._metadata().get("id_token_signing_alg_values_supported", ["RS256"])
        algorithms = [one for one in _ALGORITHMS if one in offered]
        try:
            try:
                read = jwt.decode(token, self._key_set(), algorithms=algorithms)
            except InvalidKeyIdError:
                # Keys change: one we do not know may have come since.
                read = jwt.decode(token, self._key_set(anew=True), algorithms=algorithms)
            JWTClaimsRegistry(
                now=int(clock.now().timestamp()), leeway=_LEEWAY_S,
                iss={"essential": True, "value": self.issuer}, aud={"essential": True, "value": self._id},
                exp={"essential": True}, iat={"essential": True}, sub={"essential": True},
                nonce={"essential": True, "value": nonce},
            ).validate(read.claims)  # fmt: skip
        except (JoseError, TypeError, ValueError) as error:
            raise NotProved from error
        claims = read.claims
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if (several or "azp" in claims) and claims.get("azp") != self._id:
            raise NotProved
        if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= 255:
            raise NotProved
        return claims

    def _more_claims(self, access_token: object, subject: str) -> dict[str, Any]:
        """Many providers tell names and emails only here; what is said of another subject is not taken."""
        if not access_token or not self._metadata().get("userinfo_endpoint"):
            return {}
        said = _fetch(self._endpoint("userinfo_endpoint"), headers={"authorization": f"Bearer {access_token}"})
        if said.get("sub") != subject:
            raise NotProved
        return {name: value for name, value in said.items() if name not in ("iss", "sub", "aud", "exp", "nonce")}

    def _as_told(self, claims: Mapping[str, Any]) -> Told:
        def text(name: str) -> str:
            value = claims.get(name)
            return value.strip()[:254] if isinstance(value, str) else ""

        # `true` and nothing that merely looks like it.
        email = email_address(text("email")) if claims.get("email_verified") is True else None
        phone = phone_e164(text("phone_number")) if claims.get("phone_number_verified") is True else None
        number = identity_number(text(self._identity_claim)) if self._identity_claim else None
        return Told(
            self.issuer, claims["sub"], text("name")[:120], email or "", phone or "", number.digits if number else ""
        )


class _NoWayOn(urllib.request.HTTPRedirectHandler):
    """Endpoints are where the provider says they are; secrets do not follow a redirect."""

    def redirect_request(self, *args: object, **kwargs: object) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoWayOn)


def _fetch(url: str, form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A JSON object, by GET, or by POST of a form. Raises NotProved where it says no, else ProviderAway."""
    body = urlencode(form).encode() if form is not None else None
    request = urllib.request.Request(url, body, {"accept": "application/json", **(headers or {})})  # noqa: S310
    try:
        with _OPENER.open(request, timeout=_PATIENCE_S) as answer:
            said = json.loads(answer.read(_MOST_BYTES))
    except urllib.error.HTTPError as error:
        raise (NotProved if error.code in (400, 401) else ProviderAway) from error
    except (OSError, HTTPException, ValueError) as error:
        raise ProviderAway from error
    if not isinstance(said, dict):
        raise ProviderAway from ValueError("no JSON object")
    return said


def _with_query(url: str, query: Mapping[str, str]) -> str:
    return f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(query)}"
