"""A small HTTP load: so many clients, each visiting again as soon as its last visit is over."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import uvloop


@dataclass(frozen=True)
class Load:
    """What a run saw: visits, visits per second, milliseconds at the 95th and the 99th percentile."""

    visits: int
    per_second: float
    p95_ms: float
    p99_ms: float


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[bytes, bytes]
    body: bytes


Ask = Callable[[bytes], Awaitable[Answer]]
# One visit of the n-th client, through its own connection.
Visit = Callable[[int, Ask], Awaitable[None]]


def request_of(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """One HTTP/1.1 request as bytes."""
    lines = [f"{method} {path} HTTP/1.1", "host: bench", *(f"{name}: {value}" for name, value in headers.items())]
    if body or method == "POST":
        lines.append(f"content-length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def run_load(url: str, visit: Visit, *, clients: int, seconds: float) -> Load:
    """Everybody visits until the time is over; raises RuntimeError on any answer but 2xx and 3xx."""
    parts = urlsplit(url)
    return uvloop.run(_run(parts.hostname or "", parts.port or 80, visit, clients, seconds))


async def _run(host: str, port: int, visit: Visit, clients: int, seconds: float) -> Load:
    took: list[float] = []
    begun = time.perf_counter()

    async def one(number: int) -> None:
        async with asking(host, port) as ask:
            while (start := time.perf_counter()) < begun + seconds:
                await visit(number, ask)
                took.append(time.perf_counter() - start)

    await asyncio.gather(*(one(number) for number in range(clients)))
    spent = time.perf_counter() - begun
    took.sort()
    p95, p99 = (took[int(len(took) * part)] * 1000 for part in (0.95, 0.99))
    return Load(len(took), len(took) / spent, p95, p99)


@asynccontextmanager
async def asking(host: str, port: int) -> AsyncIterator[Ask]:
    """One connection, for one request after the other."""
    reader, writer = await asyncio.open_connection(host, port)

    async def ask(request: bytes) -> Answer:
        writer.write(request)
        return await _read_answer(reader)

    yield ask
    writer.close()


async def _read_answer(reader: asyncio.StreamReader) -> Answer:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
    headers = {name.lower(): value.strip() for name, _colon, value in (line.partition(b":") for line in lines)}
    body = await reader.readexactly(int(headers.get(b"content-length", 0)))
    status = int(first.split(b" ")[1])
    if not 200 <= status < 400:
        raise RuntimeError(f"{first.decode()}: {body[:200]!r}")
    return Answer(status, headers, body)
