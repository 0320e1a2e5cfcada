"""The door answers what is usual; the rest goes into the house, with every byte of its body."""

import asyncio

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from app.core import i18n
from app.core.door import Door

KNOWN = (b"cookie", b"hs_browser=mot-may; lang=en")


async def hot(request: Request) -> Response:
    body = (await request.body()).decode()
    return Response(f"door {request.path_params} {request.state.browser} {i18n.language()} {body}")


async def house(scope: Scope, receive: Receive, send: Send) -> None:
    await Response(f"house {(await Request(scope, receive).body()).decode()}")(scope, receive, send)


def ask(*chunks: bytes, path: str = "/hot/7", method: str = "POST", headers: tuple[tuple[bytes, bytes], ...]) -> str:
    waiting = [
        {"type": "http.request", "body": chunk, "more_body": number + 1 < len(chunks)}
        for number, chunk in enumerate(chunks)
    ]
    said: list[Message] = []

    async def receive() -> Message:
        return waiting.pop(0)

    async def send(message: Message) -> None:
        said.append(message)

    scope = {"type": "http", "method": method, "path": path, "headers": list(headers), "state": {}, "query_string": b""}
    door = Door(house, [Route("/hot/{number}", hot, methods=["GET", "POST"])])
    asyncio.run(door(scope, receive, send))
    return bytes(said[1]["body"]).decode()


def test_the_usual_is_answered_at_the_door() -> None:
    assert ask(b"abc", headers=(KNOWN,)) == "door {'number': '7'} mot-may en abc"


@pytest.mark.parametrize(("headers", "place"), [((KNOWN, (b"range", b"bytes=0-9")), "door"), ((KNOWN,), "house")])
def test_a_part_of_a_file_is_given_at_the_door_and_the_whole_in_the_house(
    headers: tuple[tuple[bytes, bytes], ...], place: str
) -> None:
    assert ask(b"", method="GET", headers=headers).startswith(place)


@pytest.mark.parametrize(
    "headers", [(), ((b"cookie", b"lang=en"),), (KNOWN, (b"content-type", b"Multipart/form-data"))]
)
def test_an_unknown_browser_and_a_form_in_parts_go_into_the_house(headers: tuple[tuple[bytes, bytes], ...]) -> None:
    assert ask(b"abc", headers=headers) == "house abc"


def test_what_comes_in_pieces_or_is_large_goes_into_the_house_whole() -> None:
    assert ask(b"abc", b"def", b"ghi", headers=(KNOWN,)) == "house abcdefghi"
    large = b"x" * 70_000
    assert ask(large, headers=(KNOWN,)) == f"house {large.decode()}"


@pytest.mark.parametrize(("method", "path"), [("GET", "/hot/7"), ("POST", "/hot/7/more"), ("POST", "/")])
def test_other_requests_pass_by(method: str, path: str) -> None:
    assert ask(b"abc", method=method, path=path, headers=(KNOWN,)) == "house abc"
