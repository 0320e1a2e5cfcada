"""One block of a run: everything measured on one database with one number of people."""

import sys
import time
from dataclasses import dataclass, field

from bench.arrivals import Arrivals, measure_sign_ins
from bench.attempts import measure_attempts
from bench.commits import Commits, measure_commits
from bench.first_view import FirstView, first_view
from bench.load import Ask, Load, Visit, request_of, run_load
from bench.servers import Running, floor, ours
from bench.visits import bare_save, kinds
from bench.world import COURSE, LESSON, World

CLIENTS = (1, 8, 32, 128)
# Enough to keep one process busy, few enough that waiting is not what is measured.
_CPU_CLIENTS = 8


@dataclass(frozen=True)
class Measured:
    """`loads` by number of clients; `cpu_ms` of the server's process for one visit, with eight clients; `crowd_ms` with
    the most of them."""

    loads: dict[int, Load]
    cpu_ms: float
    crowd_ms: float


@dataclass(frozen=True)
class Plan:
    """What a block measures: all kinds, or those that `only` names and nothing else."""

    only: frozenset[str] = frozenset()
    with_views: bool = False


@dataclass
class Block:
    """`kinds` by name; `floor` and `save_floor` are bare Starlette in the same block, asked and sent a little JSON."""

    database: str
    people: int
    floor: Measured
    save_floor: Measured
    kinds: dict[str, Measured] = field(default_factory=dict)
    rest_mb: float = 0.0
    load_mb: float = 0.0
    commits: Commits | None = None
    attempt_ms: float = 0.0
    sign_ins: Arrivals | None = None
    views: list[FirstView] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"{self.database}, {self.people:,} người".replace(",", ".").replace(". ", ", ")


def say(line: str) -> None:
    """Where a run is; not part of its result."""
    print(f"{time.strftime('%H:%M:%S')}  {line}", file=sys.stderr, flush=True)


def measure(database: str, people: int, world: World, seconds: float, plan: Plan) -> Block:
    """Floors first, then each kind at each number of clients; then memory, the commits alone, the first views."""
    with floor() as bare:
        asked, sent = (_measure(bare, _Bare(one).visit, seconds) for one in (request_of("GET", "/", {}), bare_save()))
    block = Block(database, people, asked, sent)
    say(f"{block.name}: sàn {block.floor.loads[_CPU_CLIENTS].per_second:,.0f} lượt/giây")
    with ours(world.environment) as server:
        block.rest_mb = server.memory_mb()
        for kind in kinds(plan.only):
            measured = block.kinds[kind.name] = _measure(server, kind.make(server.url, world), seconds)
            block.load_mb = max(block.load_mb, server.memory_mb())
            rate = f"{measured.loads[_CPU_CLIENTS].per_second:,.1f} lượt/giây"
            say(f"{block.name}: {kind.name}: {measured.cpu_ms:.2f} ms CPU, {rate}, {server.memory_mb():.0f} MB")
        if plan.with_views and not plan.only:
            for path, learner in (("/courses", None), (f"/learn/{COURSE}/{LESSON}", world.learners[0])):
                if view := first_view(server.url, path, learner):
                    block.views.append(view)
    if not plan.only:
        block.commits = measure_commits(world, seconds * 2)
        block.attempt_ms = measure_attempts(world)
        block.sign_ins = measure_sign_ins(world)
    return block


class _Bare:
    def __init__(self, request: bytes) -> None:
        self._request = request

    async def visit(self, _client: int, ask: Ask) -> None:
        await ask(self._request)


def _measure(server: Running, visit: Visit, seconds: float) -> Measured:
    # What a first visit prepares for all later ones is no part of theirs.
    run_load(server.url, visit, clients=_CPU_CLIENTS, seconds=seconds / 4)
    loads, cpu_ms = {}, {}
    for clients in CLIENTS:
        before = server.cpu_s()
        loads[clients] = run_load(server.url, visit, clients=clients, seconds=seconds)
        cpu_ms[clients] = 1000 * (server.cpu_s() - before) / loads[clients].visits
    return Measured(loads, cpu_ms[_CPU_CLIENTS], cpu_ms[CLIENTS[-1]])
