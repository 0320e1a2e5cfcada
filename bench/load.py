"""A small HTTP load: so many connections, each asking again as soon as it has its answer."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Load:
    """What a run saw: answers per second, milliseconds at the 99th percentile, bytes of one body."""

    per_second: float
    p99_ms: float
    body_bytes: int


def request_of(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """One HTTP/1.1 request as bytes."""
    lines = [f"{method} {path} HTTP/1.1", "host: bench", *(f"{name}: {value}" for name, value in headers.items())]
    if body:
        lines.append(f"content-length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def run_load(url: str, make_request: Callable[[int], bytes], *, connections: int, seconds: float) -> Load:
    """Ask `url` with `make_request(n)` for the n-th request; raises RuntimeError on any answer but 2xx."""
    parts = urlsplit(url)
    return asyncio.run(_run(parts.hostname or "", parts.port or 80, make_request, connections, seconds))


async def _run(host: str, port: int, make_request: Callable[[int], bytes], connections: int, seconds: float) -> Load:
    took: list[float] = []
    sizes: list[int] = []
    numbers = iter(range(10**9))
    deadline = time.perf_counter() + seconds

    async def one() -> None:
        reader, writer = await asyncio.open_connection(host, port)
        while time.perf_counter() < deadline:
            begun = time.perf_counter()
            writer.write(make_request(next(numbers)))
            sizes.append(await _read_answer(reader))
            took.append(time.perf_counter() - begun)
        writer.close()

    begun = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(connections)))
    spent = time.perf_counter() - begun
    took.sort()
    return Load(len(took) / spent, took[int(len(took) * 0.99)] * 1000, sizes[-1])


async def _read_answer(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 2"):
        raise RuntimeError(head.split(b"\r\n", 1)[0].decode())
    length = next(
        int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")
    )
    await reader.readexactly(length)
    return length
