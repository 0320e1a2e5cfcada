"""People arriving at a steady rate to sign in, as at eight in the morning: how long each waits.

`python -m bench.arrivals` measures it alone. Arrivals do not wait for each other, so a server that falls behind shows.
"""

import asyncio
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import uvloop

from bench.load import Visit, asking
from bench.servers import ours
from bench.visits import kinds
from bench.world import World, make_world, postgresql

PER_SECOND, SECONDS, AIM_S = 33, 60.0, 1.0


@dataclass(frozen=True)
class Arrivals:
    """Milliseconds from the instant somebody arrived until their answer; `cpu_ms` of the server for each."""

    count: int
    median_ms: float
    p95_ms: float
    longest_ms: float
    cpu_ms: float


def measure_sign_ins(world: World, seconds: float = SECONDS) -> Arrivals:
    """Sign-ins at PER_SECOND for so long, each on a connection of its own. Any answer but 2xx and 3xx is an error."""
    (sign_in,) = kinds(["signin"])
    with ours(world.environment) as server:
        visit = sign_in.make(server.url, world)
        uvloop.run(
            _arrive(server.url, visit, 2.0)
        )  # What a first visit prepares for all later ones is no part of theirs.
        before = server.cpu_s()
        took = sorted(uvloop.run(_arrive(server.url, visit, seconds)))
        cpu_ms = 1000 * (server.cpu_s() - before) / len(took)
    return Arrivals(len(took), 1000 * took[len(took) // 2], 1000 * took[int(len(took) * 0.95)], 1000 * took[-1], cpu_ms)


async def _arrive(url: str, visit: Visit, seconds: float) -> list[float]:
    parts = urlsplit(url)
    begun = time.perf_counter()

    async def one(number: int) -> float:
        due = begun + number / PER_SECOND
        await asyncio.sleep(due - time.perf_counter())
        async with asking(parts.hostname or "", parts.port or 80) as ask:
            await visit(number, ask)
        return time.perf_counter() - due

    return await asyncio.gather(*(one(number) for number in range(int(PER_SECOND * seconds))))


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print("SQLite", measure_sign_ins(make_world(folder, f"sqlite:///{folder}/hocso.db", 2_000)))
    with tempfile.TemporaryDirectory() as name, postgresql() as server:
        print("PostgreSQL", measure_sign_ins(make_world(Path(name), server.create("hocso_bench"), 2_000)))


if __name__ == "__main__":
    main()
