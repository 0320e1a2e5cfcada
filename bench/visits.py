"""What is measured: one visit of each kind, as a browser makes it, compressed answers and all."""

import json
import re
from collections import deque
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from itertools import count
from urllib.parse import urlencode

import httpx

from bench.load import Ask, Visit, request_of
from bench.world import COURSE, LESSON, PASSWORD, QUIZ_LESSON, UNIT, Learner, Video, World

# Short enough that the server's clock allows all of them: it credits two seconds of video per second.
_SPAN_S = 0.02
_FORM = "application/x-www-form-urlencoded"
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
_STAMP = re.compile(r'data-stamp="([^"]+)"')
_BROWSER = "may-do-cua-phep-do"


@dataclass(frozen=True)
class Kind:
    """One line of the tables; `short` is its name on the command line.

    `peer_ms`: CPU of a well-known peer on the same kind of machine, as issue B gives it. `aim_ms` is a
    fiftieth of it, for a save of progress a hundredth; None where the issue names no figure.
    """

    short: str
    name: str
    peer_ms: str
    aim_ms: float | None
    make: Callable[[str, World], Visit]


def kinds(only: Collection[str] = ()) -> tuple[Kind, ...]:
    """All that is measured, or of it what `only` names."""
    return tuple(kind for kind in _all() if not only or kind.short in only)


def _all() -> tuple[Kind, ...]:
    return (
        Kind("catalogue", "danh mục khóa học", "76–114", 1.9, _page("/courses", signed_in=False)),
        Kind("my", "việc học của tôi", "101", 2.0, _page("/my")),
        Kind("course", "trang khóa học 40 bài", "152", 3.0, _page(f"/courses/{COURSE}")),
        Kind("lesson", "bài học", "93", 1.9, _page(f"/learn/{COURSE}/{LESSON}")),
        Kind("signin", "đăng nhập", "52", 1.0, _sign_in),
        Kind("progress", "lưu tiến độ", "22", 0.22, _save_progress),
        Kind("attempt", "một lượt làm bài 10 câu, trọn vẹn", "507", 10.1, _attempt),
        Kind("coverage", "bảng bao phủ", "–", None, _page("/coverage")),
        Kind("unit", "bao phủ, một đơn vị", "–", None, _page(f"/coverage/BG-CBCC?unit={UNIT}")),
    )


def bare_save() -> bytes:
    """A save of progress as it comes over the wire, for a server that only reads and answers it."""
    headers = {"content-type": "application/json", "cookie": "hs_session=-; hs_browser=-", "x-csrf-token": "-"}
    body = {
        "stamp": "17:DO40.3.2:1795250000000:" + "-" * 32, "block": "video-1", "client": "may-do-1", "seq": 1,
        "spans": [[1.0, 1.02]], "position": 1.0,
    }  # fmt: skip
    return request_of("POST", "/", headers, json.dumps(body).encode())


def cookies_of(learner: Learner) -> str:
    return f"hs_session={learner.session}; hs_browser={_BROWSER}"


def _headers(learner: Learner | None) -> dict[str, str]:
    cookies = cookies_of(learner) if learner else f"hs_browser={_BROWSER}"
    return {"accept": "text/html", "accept-encoding": "gzip", "cookie": cookies}


def _page(path: str, *, signed_in: bool = True) -> Callable[[str, World], Visit]:
    def make(_url: str, world: World) -> Visit:
        requests = [request_of("GET", path, _headers(learner if signed_in else None)) for learner in world.learners]

        async def visit(client: int, ask: Ask) -> None:
            await ask(requests[client % len(requests)])

        return visit

    return make


def _sign_in(url: str, world: World) -> Visit:
    headers = _headers(None)
    token = _found(_TOKEN, httpx.get(f"{url}/sign-in", headers=headers).text)
    headers |= {"content-type": _FORM}
    requests = [
        request_of(
            "POST", "/sign-in", headers,
            urlencode({"csrf_token": token, "name": learner.username, "password": PASSWORD}).encode(),
        )
        for learner in world.learners
    ]  # fmt: skip

    async def visit(client: int, ask: Ask) -> None:
        await ask(requests[client % len(requests)])

    return visit


def _save_progress(url: str, world: World) -> Visit:
    pages = [_OpenLesson(url, world.video, learner) for learner in world.learners]

    async def visit(client: int, ask: Ask) -> None:
        await ask(pages[client % len(pages)].save())

    return visit


class _OpenLesson:
    """An open lesson: its stamp and form token, as a browser holds them."""

    _page_numbers = count()

    def __init__(self, url: str, video: Video, learner: Learner) -> None:
        text = httpx.get(f"{url}/learn/{video.course}/{video.lesson}", headers=_headers(learner)).text
        self._stamp = _found(_STAMP, text)
        self._headers = {
            "cookie": cookies_of(learner), "x-csrf-token": _found(_TOKEN, text), "content-type": "application/json",
            "accept": "application/json",
        }  # fmt: skip
        self._video = video
        self._client = f"may-do-{next(self._page_numbers)}"
        self._numbers = count()

    def save(self) -> bytes:
        number = next(self._numbers)
        start = number * _SPAN_S % 60
        body = {
            "stamp": self._stamp, "block": self._video.block, "client": self._client, "seq": number,
            "spans": [[round(start, 2), round(start + _SPAN_S, 2)]], "position": start,
        }  # fmt: skip
        return request_of("POST", "/progress", self._headers, json.dumps(body).encode())


def _attempt(url: str, world: World) -> Visit:
    """Rules, start, paper, ten answers as each is chosen, hand in, result: fifteen requests."""
    quiz = f"/learn/{COURSE}/{QUIZ_LESSON}/quiz"
    tokens = [_found(_TOKEN, httpx.get(f"{url}{quiz}", headers=_headers(learner)).text) for learner in world.learners]

    # Whoever has waited longest: nobody takes it a hundred times, so that no page has a hundred attempts to list.
    waiting = deque(range(len(tokens)))

    async def visit(_client: int, ask: Ask) -> None:
        number = waiting.popleft()
        look = _headers(world.learners[number])
        send = look | {"x-csrf-token": tokens[number], "content-type": _FORM}
        await ask(request_of("GET", quiz, look))
        attempt = (await ask(request_of("POST", quiz, send))).headers[b"location"].decode()
        await ask(request_of("GET", attempt, look))
        for answer in _answers():
            await ask(request_of("POST", f"{attempt}/answers", send | {"hx-request": "true"}, answer))
        await ask(request_of("POST", f"{attempt}/submit", send))
        await ask(request_of("GET", attempt, look))
        waiting.append(number)

    return visit


def _answers() -> Iterator[bytes]:
    for number in range(10):
        yield urlencode({"question": f"q{number}", "value": "a", "seq": number}).encode()


def _found(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    if match is None:
        raise RuntimeError(f"the page holds no {pattern.pattern}")
    return match[1]
