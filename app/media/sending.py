"""Bytes of a stored file as an answer: large pieces, each read in a thread, few events.

uvicorn has no sendfile; a piece that is read at once and handed over whole costs hardly more (docs/performance.md).
"""

from collections.abc import Iterator

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send


class FilePart(Response):
    """`length` bytes of `pieces`. The first is read here, in the thread that makes the answer: mostly it is all."""

    def __init__(self, pieces: Iterator[bytes], length: int, status: int, headers: dict[str, str]) -> None:
        super().__init__(None, status, headers)
        self._pieces = pieces
        self._length = length
        self._first = next(pieces, b"")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        request = Request(scope, receive)
        piece, left = self._first, self._length
        self._first = b""
        while (left := left - len(piece)) > 0:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            # Returns when that piece is on its way: a slow phone holds one piece in memory, not two.
            piece = b""
            await send({"type": "http.response.body", "body": b"", "more_body": True})
            # Nobody reads on from the disk for somebody who has gone.
            if await request.is_disconnected():
                return
            # A file that ends too early breaks the connection off, as it should.
            piece = await run_in_threadpool(_next, self._pieces)
        await send({"type": "http.response.body", "body": piece})


def _next(pieces: Iterator[bytes]) -> bytes:
    piece = next(pieces, b"")
    if not piece:
        raise EOFError
    return piece
