"""What a browser carries for us from one page to the next of a sign-in: sealed, so that nobody reads or makes it."""

from datetime import timedelta
from typing import Generic, TypeVar

import msgspec
from fastapi import Request

from app.core import clock
from app.core.settings import Settings
from app.core.web import Response
from app.identity import sealing
from app.identity.openid.provider import Asked, Told

Value = TypeVar("Value")


class Errand(msgspec.Struct, frozen=True):
    """Somebody was sent to the provider: to sign in, or, where an account is named, to link it."""

    asked: Asked
    next: str = ""
    account_id: int | None = None


class Answer(msgspec.Struct, frozen=True):
    """What the provider told of somebody who has something left to do: sign up, or say yes to linking."""

    told: Told
    account_id: int | None = None


class Carried(Generic[Value]):
    """A cookie that holds one value for a while."""

    def __init__(self, name: str, kind: type[Value], good_for: timedelta) -> None:
        self._name, self._kind, self._good_for = name, kind, good_for

    def put(self, response: Response, value: Value, settings: Settings) -> None:
        ends_at = (clock.now() + self._good_for).timestamp()
        sealed = sealing.seal_cookie(self._name, msgspec.json.encode((ends_at, value)))
        response.set_cookie(
            self._name, sealed, max_age=int(self._good_for.total_seconds()), httponly=True, samesite="lax",
            secure=settings.session_cookie_secure,
        )  # fmt: skip

    def read(self, request: Request) -> Value | None:
        """None if there is none, it is too old, or not of our making."""
        try:
            opened = sealing.unseal_cookie(self._name, request.cookies.get(self._name, ""))
            ends_at, value = msgspec.json.decode(opened, type=tuple[float, self._kind])  # type: ignore[name-defined]
        except (sealing.InvalidCookie, msgspec.MsgspecError):
            return None
        return value if ends_at > clock.now().timestamp() else None

    def drop(self, response: Response) -> None:
        response.delete_cookie(self._name, httponly=True, samesite="lax")


# Long enough to find one's password at the provider, and to fill in a form.
ERRAND = Carried("hs_errand", Errand, timedelta(minutes=15))
ANSWER = Carried("hs_answer", Answer, timedelta(minutes=30))
