"""What a provider says counts only if it is signed by the provider, for us, for this sign-in, now."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc.jwk import ECKey, OctKey

from app.core import clock
from app.core.settings import Settings
from app.identity.openid import openid_pages
from app.identity.openid.provider import Asked, NotProved, Provider, ProviderAway, Told
from tests.browser import Browser
from tests.learning.visiting import FORM
from tests.openid.hand_made import NONCE, SUBJECT, HandMade
from tests.openid.running import SECRET, use_provider

ASKED = Asked("state-1", NONCE, "v" * 60)
PAST, FUTURE = 1_700_000_000, 4_000_000_000


@pytest.fixture
def provider(hand_made: HandMade) -> Provider:
    return Provider(use_provider(Settings(), hand_made.url))  # type: ignore[call-arg]


def told(provider: Provider) -> Told:
    return provider.told("code-1", "", ASKED)


def test_an_honest_answer_is_taken(provider: Provider, hand_made: HandMade) -> None:
    hand_made.userinfo |= {"name": "Nguyễn Văn An", "email": "An@Example.VN", "email_verified": True}
    assert told(provider) == Told(hand_made.url, SUBJECT, "Nguyễn Văn An", "an@example.vn")
    assert hand_made.sent["code_verifier"] == [ASKED.verifier]
    assert (hand_made.sent["client_id"], hand_made.sent["client_secret"]) == (["hoc-so"], [SECRET])
    told(provider)
    assert hand_made.asked.count("/keys") == hand_made.asked.count("/.well-known/openid-configuration") == 1


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "nonce-2"}, {"nonce": None}, {"aud": "ai-khac"}, {"aud": None}, {"iss": "https://khac.example"},
        {"aud": ["hoc-so", "ai-khac"]}, {"azp": "ai-khac"}, {"exp": PAST}, {"exp": None}, {"iat": None}, {"sub": None},
        {"sub": ""}, {"iat": FUTURE}, {"exp": "mai"},
    ],
    ids=str,
)  # fmt: skip
def test_a_token_that_is_not_for_this_sign_in_is_refused(
    provider: Provider, hand_made: HandMade, claims: dict[str, Any]
) -> None:
    hand_made.claims = claims
    with pytest.raises(NotProved):
        told(provider)


@pytest.mark.parametrize("algorithm", ["none", "HS256", "stranger"])
def test_a_token_the_provider_did_not_sign_is_refused(provider: Provider, hand_made: HandMade, algorithm: str) -> None:
    if algorithm == "stranger":
        hand_made.signed_with = ECKey.generate_key("P-256", {"kid": "1"})
    else:
        # Unsigned, or with a MAC by what two know, our secret.
        hand_made.header = {"alg": algorithm, "kid": "1"}
        hand_made.signed_with = OctKey.import_key(SECRET)
    with pytest.raises(NotProved):
        told(provider)


def test_a_new_key_of_the_provider_is_fetched(provider: Provider, hand_made: HandMade) -> None:
    told(provider)
    hand_made.signed_with = ECKey.generate_key("P-256", {"kid": "2"})
    hand_made.header["kid"] = "2"
    with pytest.raises(NotProved):
        told(provider)
    hand_made.published.append(hand_made.signed_with)
    assert told(provider).subject == SUBJECT


def test_what_is_said_of_somebody_else_is_not_taken(provider: Provider, hand_made: HandMade) -> None:
    hand_made.userinfo = {"sub": "nguoi-2", "email": "b@example.vn", "email_verified": True}
    with pytest.raises(NotProved):
        told(provider)


@pytest.mark.parametrize("verified", ["true", 1, False, None])
def test_only_true_is_verified(provider: Provider, hand_made: HandMade, verified: object) -> None:
    hand_made.userinfo |= {
        "email": "a@example.vn", "email_verified": verified, "phone_number": "+84912000111",
        "phone_number_verified": verified, "citizen_id": "024190012345",
    }  # fmt: skip
    assert (told(provider).email, told(provider).phone, told(provider).identity) == ("", "", "")


def test_an_answer_of_another_issuer_is_refused(provider: Provider) -> None:
    with pytest.raises(NotProved):
        provider.told("code-1", "https://khac.example", ASKED)


def test_a_provider_that_is_another_or_not_there_is_told_from_a_wrong_answer(
    provider: Provider, hand_made: HandMade, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hand_made, "metadata", lambda: {"issuer": "https://khac.example"})
    with pytest.raises(ProviderAway):
        told(provider)
    hand_made.close()
    with pytest.raises(ProviderAway):
        told(provider)


# --- in the browser -----------------------------------------------------------------------------------------------


class TestBrowser:
    """What comes back is held against what this browser was sent out with."""

    @pytest.fixture
    def settings(self, settings: Settings, hand_made: HandMade) -> Settings:
        return use_provider(settings, hand_made.url)

    def set_out(self, browser: Browser, hand_made: HandMade) -> str:
        """The state the browser was sent out with; the provider will answer with its nonce."""
        sent = browser.get("/sign-in/provider", follow_redirects=False).headers["location"]
        query = parse_qs(urlsplit(sent).query)
        assert query["code_challenge_method"] == ["S256"]
        hand_made.claims["nonce"] = query["nonce"][0]
        return query["state"][0]

    def test_a_way_back_serves_the_browser_that_went_out_once_and_soon(
        self, browser: Browser, new_browser: Callable[[], Browser], hand_made: HandMade
    ) -> None:
        state = self.set_out(browser, hand_made)
        back = f"/sign-in/provider/back?code=code-1&state={state}"
        assert new_browser().get(back).status_code == 400
        assert browser.get(back.replace(state, "khac")).status_code == 400
        with clock.frozen(clock.now() + timedelta(minutes=16)):
            assert browser.get(back).status_code == 400
        assert hand_made.sent == {}
        assert browser.get(back).url.path == "/sign-up"
        assert browser.get(back).status_code == 400

    def test_who_changed_their_mind_is_back_at_the_door(self, browser: Browser, hand_made: HandMade) -> None:
        state = self.set_out(browser, hand_made)
        page = browser.get(f"/sign-in/provider/back?error=access_denied&state={state}")
        assert page.url.path == "/sign-in"
        assert "Chưa đăng nhập." in page.text

    def test_a_provider_that_does_not_answer_leaves_the_other_door(self, browser: Browser, hand_made: HandMade) -> None:
        hand_made.close()
        page = browser.get("/sign-in/provider")
        assert page.status_code == 502
        assert "đăng nhập bằng mật khẩu" in page.text

    def test_the_ways_are_not_gone_without_end(self, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(openid_pages, "MOST_WAYS", "8/hour")
        answers = [browser.get("/sign-in/provider", follow_redirects=False).status_code for _time in range(9)]
        assert answers == [303] * 8 + [429]

    def test_a_sign_up_too_late_after_the_provider_says_so(self, browser: Browser, hand_made: HandMade) -> None:
        browser.get("/sign-up")
        page = browser.post("/sign-up", FORM | {"provider": "1"})
        assert page.status_code == 400
        assert "đã quá lâu" in page.text
